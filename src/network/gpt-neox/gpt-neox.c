/* GPT-NeoX as a family: its sites, its tensors, its numbers. */
#include "network/gpt-neox/private.h"

#include <glib/gi18n.h>

enum
{
  DIM_0,
  DIM_D,
  DIM_2_D,
  DIM_3_D,
  DIM_INNER,
  DIM_HEADS,
};

static void
get_dims (const EgSizes *sizes, gsize dims[EG_MAX_DIMS])
{
  const EgNeoxSizes *self = (const EgNeoxSizes *)sizes;
  dims[DIM_D] = sizes->d_model;
  dims[DIM_2_D] = 2 * sizes->d_model;
  dims[DIM_3_D] = 3 * sizes->d_model;
  dims[DIM_INNER] = self->n_inner;
  dims[DIM_HEADS] = self->n_heads;
}

static const EgSiteInfo sites[NEOX_N_SITES] = {
  [NEOX_RESID] = { "resid", N_ ("Residual stream"), N_ ("The residual stream after the layer"),
                   .kept = EG_KEPT_RESID, .width = DIM_D, .after = TRUE, .stays = TRUE },
  [NEOX_ATTN] = { "attn", N_ ("Attention output"),
                  N_ ("The attention’s output before it is added to the residual stream"),
                  .kept = EG_KEPT_VALUE, .width = DIM_D, .stays = TRUE },
  [NEOX_MLP]
  = { "mlp", N_ ("MLP output"), N_ ("The MLP’s output before it is added to the residual stream"),
      .kept = EG_KEPT_VALUE, .width = DIM_D, .after = TRUE, .added_to = NEOX_RESID_MID, .stays = TRUE },
  [NEOX_QUERY] = { "query", N_ ("Queries"),
                   N_ ("q: what the token’s heads look for, before it is rotated by its position"),
                   .kept = EG_KEPT_INPUT, .width = DIM_D, .stays = TRUE },
  [NEOX_KEY]
  = { "key", N_ ("Keys"),
      N_ ("k: what this and later tokens’ heads find the token by, before it is rotated by its position"),
      .kept = EG_KEPT_INPUT, .width = DIM_D, .offset = DIM_D, .carried = TRUE },
  [NEOX_VALUE] = { "value", N_ ("Values"), N_ ("v: what this and later tokens’ heads take from the token"),
                   .kept = EG_KEPT_INPUT, .width = DIM_D, .offset = DIM_2_D, .carried = TRUE },
  [NEOX_HEADS] = { "heads", N_ ("Heads"), N_ ("What the heads have read, before the output projection"),
                   .kept = EG_KEPT_VALUE, .width = DIM_D, .stays = TRUE },
  [NEOX_MLP_ACT] = { "mlp_act", N_ ("MLP neurons"), N_ ("The MLP’s neurons after their activation"),
                     .kept = EG_KEPT_VALUE, .width = DIM_INNER, .stays = TRUE },
  [NEOX_RESID_MID] = { "resid_mid", N_ ("Residual stream, middle"),
                       N_ ("The residual stream with the layer’s attention added, and without its MLP"),
                       .kept = EG_KEPT_VALUE, .width = DIM_D, .stays = TRUE },
};

#define AT(field) .offset = offsetof (EgNeoxLayer, field)
#define BY_HEADS  .groups = DIM_HEADS, .parts = 3
#define WITH_BIAS .wanted = offsetof (EgNeoxSizes, attention_bias), .field = "attention_bias"

static const EgTensorSpec tensors[] = {
  { "input_layernorm.weight", EG_ROLE_VECTOR, 1, { DIM_D }, AT (norm_1) },
  { "input_layernorm.bias", EG_ROLE_VECTOR, 1, { DIM_D }, AT (norm_1_bias) },
  { "attention.query_key_value.weight", EG_ROLE_SORTED_MATRIX, 2, { DIM_3_D, DIM_D }, AT (qkv), BY_HEADS },
  { "attention.query_key_value.bias",
    EG_ROLE_SORTED_VECTOR,
    1,
    { DIM_3_D },
    AT (qkv_bias),
    BY_HEADS,
    WITH_BIAS },
  { "attention.dense.weight", EG_ROLE_MATRIX, 2, { DIM_D, DIM_D }, AT (dense) },
  { "attention.dense.bias", EG_ROLE_VECTOR, 1, { DIM_D }, AT (dense_bias), WITH_BIAS },
  { "post_attention_layernorm.weight", EG_ROLE_VECTOR, 1, { DIM_D }, AT (norm_2) },
  { "post_attention_layernorm.bias", EG_ROLE_VECTOR, 1, { DIM_D }, AT (norm_2_bias) },
  { "mlp.dense_h_to_4h.weight", EG_ROLE_MATRIX, 2, { DIM_INNER, DIM_D }, AT (fc) },
  { "mlp.dense_h_to_4h.bias", EG_ROLE_VECTOR, 1, { DIM_INNER }, AT (fc_bias) },
  { "mlp.dense_4h_to_h.weight", EG_ROLE_MATRIX, 2, { DIM_D, DIM_INNER }, AT (fc_proj) },
  { "mlp.dense_4h_to_h.bias", EG_ROLE_VECTOR, 1, { DIM_D }, AT (fc_proj_bias) },
};

/* The causal mask and the frequencies, which old checkpoints store. */
static const char *const ignored[]
    = { "attention.bias", "attention.masked_bias", "attention.rotary_emb.inv_freq", NULL };

static const EgSizeField size_fields[] = {
  { "n_head", offsetof (EgNeoxSizes, n_heads), FALSE },
  { "d_head", offsetof (EgNeoxSizes, d_head), FALSE },
  { "n_rotary", offsetof (EgNeoxSizes, n_rotary), FALSE },
  { "n_inner", offsetof (EgNeoxSizes, n_inner), FALSE },
  { "parallel_residual", offsetof (EgNeoxSizes, parallel), TRUE },
};

/* q', a and m. */
static gsize
row_width (const EgSizes *sizes)
{
  return 2 * sizes->d_model + ((const EgNeoxSizes *)sizes)->n_inner;
}

/* In the last layer, q is computed of every row, too, but only the last one's is needed. */
static EgFlops
get_flops (const EgSizes *sizes)
{
  const double d = (double)sizes->d_model, inner = (double)((const EgNeoxSizes *)sizes)->n_inner;
  return (EgFlops){
    .row = 2 * d * d, .output = 2 * d * d + 2 * d * inner, .known_row = 2 * d * d, .known_output = d * d
  };
}

static const EgKnownModel known[] = {
  { "EleutherAI/pythia-70m", 70426624, 2 },
  { "EleutherAI/pythia-160m", 162322944, 2 },
  { "EleutherAI/pythia-410m", 405334016, 2 },
  { "EleutherAI/pythia-1b", 1011781632, 2 },
  { "EleutherAI/pythia-1.4b", 1414647808, 2 },
  { "EleutherAI/pythia-2.8b", 2775208960, 2 },
  { "EleutherAI/pythia-6.9b", 6857302016, 2 },
  { "EleutherAI/pythia-12b", 11846072320, 2 },
  { NULL, 0, 0 },
};

const EgFamily eg_family_gpt_neox = {
  .name = "gpt_neox",
  .title = N_ ("GPT-NeoX (transformer)"),
  .known = known,
  .recognizes = eg_neox_recognizes,
  .read = eg_neox_read,
  .sizes_size = sizeof (EgNeoxSizes),
  .fields = size_fields,
  .n_fields = G_N_ELEMENTS (size_fields),
  .get_dims = get_dims,
  .sites = sites,
  .n_sites = NEOX_N_SITES,
  .knockout_site = NEOX_HEADS,
  .root = "gpt_neox.",
  .embedding = "embed_in.weight",
  .norm = "final_layer_norm.weight",
  .norm_bias = "final_layer_norm.bias",
  .head = "embed_out.weight|lm_head.weight",
  .layer_prefix = "layers.",
  .tensors = tensors,
  .n_tensors = G_N_ELEMENTS (tensors),
  .layer_size = sizeof (EgNeoxLayer),
  .ignored = ignored,
  .row_width = row_width,
  .get_flops = get_flops,
  .own_new = eg_neox_own_new,
  .own_free = eg_neox_own_free,
  .reserve = eg_neox_reserve,
  .run_layer = eg_neox_run_layer,
  .run_back = eg_neox_run_back,
};
