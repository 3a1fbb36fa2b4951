/* GPT-2 as a family: its sites, its tensors, its numbers. */
#include "network/gpt2/private.h"

#include <glib/gi18n.h>

enum
{
  DIM_0,
  DIM_D,
  DIM_2_D,
  DIM_3_D,
  DIM_INNER,
};

static void
get_dims (const EgSizes *sizes, gsize dims[EG_MAX_DIMS])
{
  dims[DIM_D] = sizes->d_model;
  dims[DIM_2_D] = 2 * sizes->d_model;
  dims[DIM_3_D] = 3 * sizes->d_model;
  dims[DIM_INNER] = ((const EgGpt2Sizes *)sizes)->n_inner;
}

static const EgSiteInfo sites[GPT2_N_SITES] = {
  [GPT2_RESID] = { "resid", N_ ("Residual stream"), N_ ("The residual stream after the layer"),
                   .kept = EG_KEPT_RESID, .width = DIM_D, .after = TRUE, .stays = TRUE },
  [GPT2_ATTN] = { "attn", N_ ("Attention output"),
                  N_ ("The attention’s output before it is added to the residual stream"),
                  .kept = EG_KEPT_VALUE, .width = DIM_D, .stays = TRUE },
  [GPT2_MLP]
  = { "mlp", N_ ("MLP output"), N_ ("The MLP’s output before it is added to the residual stream"),
      .kept = EG_KEPT_VALUE, .width = DIM_D, .after = TRUE, .added_to = GPT2_RESID_MID, .stays = TRUE },
  /* TRANSLATORS: sites of an attention layer: what the heads look for, what they find it by, what they take.
   */
  [GPT2_QUERY] = { "query", N_ ("Queries"), N_ ("q: what the token’s heads look for"), .kept = EG_KEPT_INPUT,
                   .width = DIM_D, .stays = TRUE },
  /* TRANSLATORS: a site of an attention layer: what the heads find the token by. */
  [GPT2_KEY] = { "key", N_ ("Keys"), N_ ("k: what this and later tokens’ heads find the token by"),
                 .kept = EG_KEPT_INPUT, .width = DIM_D, .offset = DIM_D, .carried = TRUE },
  /* TRANSLATORS: a site of an attention layer: what the heads take from the token. */
  [GPT2_VALUE] = { "value", N_ ("Values"), N_ ("v: what this and later tokens’ heads take from the token"),
                   .kept = EG_KEPT_INPUT, .width = DIM_D, .offset = DIM_2_D, .carried = TRUE },
  /* TRANSLATORS: a site: what all heads of an attention layer have read. */
  [GPT2_HEADS] = { "heads", N_ ("Heads"), N_ ("What the heads have read, before the output projection"),
                   .kept = EG_KEPT_VALUE, .width = DIM_D, .stays = TRUE },
  [GPT2_MLP_ACT] = { "mlp_act", N_ ("MLP neurons"), N_ ("The MLP’s neurons after their activation"),
                     .kept = EG_KEPT_VALUE, .width = DIM_INNER, .stays = TRUE },
  [GPT2_RESID_MID] = { "resid_mid", N_ ("Residual stream, middle"),
                       N_ ("The residual stream between the layer’s attention and its MLP"),
                       .kept = EG_KEPT_VALUE, .width = DIM_D, .stays = TRUE },
};

#define AT(field) .offset = offsetof (EgGpt2Layer, field)

static const EgTensorSpec tensors[] = {
  { "ln_1.weight", EG_ROLE_VECTOR, 1, { DIM_D }, AT (norm_1) },
  { "ln_1.bias", EG_ROLE_VECTOR, 1, { DIM_D }, AT (norm_1_bias) },
  { "attn.c_attn.weight", EG_ROLE_TRANSPOSED_MATRIX, 2, { DIM_D, DIM_3_D }, AT (attn) },
  { "attn.c_attn.bias", EG_ROLE_VECTOR, 1, { DIM_3_D }, AT (attn_bias) },
  { "attn.c_proj.weight", EG_ROLE_TRANSPOSED_MATRIX, 2, { DIM_D, DIM_D }, AT (attn_proj) },
  { "attn.c_proj.bias", EG_ROLE_VECTOR, 1, { DIM_D }, AT (attn_proj_bias) },
  { "ln_2.weight", EG_ROLE_VECTOR, 1, { DIM_D }, AT (norm_2) },
  { "ln_2.bias", EG_ROLE_VECTOR, 1, { DIM_D }, AT (norm_2_bias) },
  { "mlp.c_fc.weight", EG_ROLE_TRANSPOSED_MATRIX, 2, { DIM_D, DIM_INNER }, AT (fc) },
  { "mlp.c_fc.bias", EG_ROLE_VECTOR, 1, { DIM_INNER }, AT (fc_bias) },
  { "mlp.c_proj.weight", EG_ROLE_TRANSPOSED_MATRIX, 2, { DIM_INNER, DIM_D }, AT (fc_proj) },
  { "mlp.c_proj.bias", EG_ROLE_VECTOR, 1, { DIM_D }, AT (fc_proj_bias) },
};

/* The causal mask, which old checkpoints store. */
static const char *const ignored[] = { "attn.bias", "attn.masked_bias", NULL };

static const EgSizeField size_fields[] = {
  { "n_head", offsetof (EgGpt2Sizes, n_heads), FALSE },
  { "d_head", offsetof (EgGpt2Sizes, d_head), FALSE },
  { "n_inner", offsetof (EgGpt2Sizes, n_inner), FALSE },
  { "n_positions", offsetof (EgGpt2Sizes, sizes.n_positions), FALSE },
};

/* a and m. */
static gsize
row_width (const EgSizes *sizes)
{
  return sizes->d_model + ((const EgGpt2Sizes *)sizes)->n_inner;
}

/* In the last layer, q is computed of every row, too, but only the last one's is needed. */
static EgFlops
get_flops (const EgSizes *sizes)
{
  const double d = (double)sizes->d_model, inner = (double)((const EgGpt2Sizes *)sizes)->n_inner;
  return (EgFlops){
    .row = 2 * d * d, .output = 2 * d * d + 2 * d * inner, .known_row = 2 * d * d, .known_output = d * d
  };
}

static const EgKnownModel known[] = {
  { "distilbert/distilgpt2", 81912576, 4 },         { "openai-community/gpt2", 124439808, 4 },
  { "openai-community/gpt2-medium", 354823168, 4 }, { "openai-community/gpt2-large", 774030080, 4 },
  { "openai-community/gpt2-xl", 1557611200, 4 },    { NULL, 0, 0 },
};

const EgFamily eg_family_gpt2 = {
  .name = "gpt2",
  .title = N_ ("GPT-2 (transformer)"),
  .known = known,
  .recognizes = eg_gpt2_recognizes,
  .read = eg_gpt2_read,
  .sizes_size = sizeof (EgGpt2Sizes),
  .fields = size_fields,
  .n_fields = G_N_ELEMENTS (size_fields),
  .get_dims = get_dims,
  .sites = sites,
  .n_sites = GPT2_N_SITES,
  .knockout_site = GPT2_HEADS,
  .root = "transformer.",
  .embedding = "wte.weight",
  .positions = "wpe.weight",
  .norm = "ln_f.weight",
  .norm_bias = "ln_f.bias",
  .head = "lm_head.weight",
  .layer_prefix = "h.",
  .tensors = tensors,
  .n_tensors = G_N_ELEMENTS (tensors),
  .layer_size = sizeof (EgGpt2Layer),
  .ignored = ignored,
  .row_width = row_width,
  .get_flops = get_flops,
  .own_new = eg_gpt2_own_new,
  .own_free = eg_gpt2_own_free,
  .reserve = eg_gpt2_reserve,
  .run_layer = eg_gpt2_run_layer,
  .run_back = eg_gpt2_run_back,
};
