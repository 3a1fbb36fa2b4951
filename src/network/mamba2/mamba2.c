/* Mamba-2 as a family: its sites, its tensors, its numbers. */
#include "network/mamba2/private.h"

#include "network/ssm/decay.h"

#include <glib/gi18n.h>

enum
{
  DIM_0,
  DIM_D_MODEL,
  DIM_D_INNER,
  DIM_HEADS,
  DIM_GROUPS_STATE,
  DIM_XBC,
  DIM_GATE_AT,
  DIM_PROJ,
  DIM_D_CONV,
};

static void
get_dims (const EgSizes *sizes, gsize dims[EG_MAX_DIMS])
{
  const EgMamba2Sizes *self = (const EgMamba2Sizes *)sizes;
  dims[DIM_D_MODEL] = sizes->d_model;
  dims[DIM_D_INNER] = self->d_inner;
  dims[DIM_HEADS] = self->n_heads;
  dims[DIM_GROUPS_STATE] = self->n_groups * self->d_state;
  dims[DIM_XBC] = self->d_xbc;
  dims[DIM_GATE_AT] = self->d_xbc + self->n_heads;
  dims[DIM_PROJ] = self->d_proj;
  dims[DIM_D_CONV] = self->d_conv;
}

static const EgSiteInfo sites[MAMBA2_N_SITES] = {
  [MAMBA2_RESID] = { "resid", N_ ("Residual stream"), N_ ("The residual stream after the layer"),
                     .kept = EG_KEPT_RESID, .width = DIM_D_MODEL, .after = TRUE, .stays = TRUE },
  [MAMBA2_MIXER]
  = { "mixer", N_ ("Mixer output"), N_ ("The block’s output before it is added to the residual stream"),
      .kept = EG_KEPT_VALUE, .width = DIM_D_MODEL, .after = TRUE, .added_to = MAMBA2_RESID, .stays = TRUE },
  [MAMBA2_CONV_IN] = { "conv_in", N_ ("Convolution input"), N_ ("x, B and C: what enters the convolution"),
                       .kept = EG_KEPT_INPUT, .width = DIM_XBC },
  [MAMBA2_CONV] = { "conv", N_ ("Convolution output"), N_ ("c, B and C: the convolution’s output after silu"),
                    .kept = EG_KEPT_VALUE, .width = DIM_XBC },
  [MAMBA2_GATE] = { "gate", N_ ("Gate"), N_ ("z: what the block’s output is gated with"),
                    .kept = EG_KEPT_INPUT, .width = DIM_D_INNER, .offset = DIM_GATE_AT, .stays = TRUE },
  [MAMBA2_DELTA] = { "delta", N_ ("Step size Δ"),
                     N_ ("Δ: how much of the token each head takes in, and how much it forgets"),
                     .kept = EG_KEPT_VALUE, .width = DIM_HEADS },
  [MAMBA2_B] = { "B", N_ ("Input projection B"), N_ ("B: how the token is written into the state"),
                 .kept = EG_KEPT_VALUE, .width = DIM_GROUPS_STATE },
  [MAMBA2_C] = { "C", N_ ("Output projection C"), N_ ("C: how the state is read"), .kept = EG_KEPT_VALUE,
                 .width = DIM_GROUPS_STATE, .stays = TRUE },
  [MAMBA2_SELECTION]
  = { "selection", N_ ("Selection Δ, B, C"), N_ ("The selection parameters Δ, B and C together"),
      .parts = EG_SITE_BIT (MAMBA2_DELTA) | EG_SITE_BIT (MAMBA2_B) | EG_SITE_BIT (MAMBA2_C) },
  [MAMBA2_STATE]
  = { "state", N_ ("State"), N_ ("h: the heads’ memory after the token’s update, read by it and carried on"),
      .carried = TRUE },
  [MAMBA2_CONV_STATE]
  = { "conv_state", N_ ("Convolution state"),
      N_ ("What later tokens’ convolutions read of this token and those before"), .later = 1 },
  [MAMBA2_SSM] = { "ssm", N_ ("SSM output"), N_ ("y: what is read from the state, before the gate"),
                   .kept = EG_KEPT_VALUE, .width = DIM_D_INNER, .stays = TRUE },
  [MAMBA2_NORM]
  = { "norm", N_ ("Normed output"), N_ ("y after the gate and the norm, before the output projection"),
      .kept = EG_KEPT_VALUE, .width = DIM_D_INNER, .stays = TRUE },
};

#define BIAS      .wanted = offsetof (EgMamba2Sizes, use_bias), .field = "use_bias"
#define CONV_BIAS .wanted = offsetof (EgMamba2Sizes, use_conv_bias), .field = "use_conv_bias"
#define AT(field) .offset = offsetof (EgMamba2Layer, field)

static const EgTensorSpec tensors[] = {
  { "norm.weight", EG_ROLE_VECTOR, 1, { DIM_D_MODEL }, AT (norm) },
  { "mixer.in_proj.weight", EG_ROLE_MATRIX, 2, { DIM_PROJ, DIM_D_MODEL }, AT (in_proj) },
  { "mixer.in_proj.bias", EG_ROLE_VECTOR, 1, { DIM_PROJ }, AT (in_bias), BIAS },
  { "mixer.conv1d.weight", EG_ROLE_TURNED_VECTOR, 3, { DIM_XBC, DIM_0, DIM_D_CONV }, AT (conv) },
  { "mixer.conv1d.bias", EG_ROLE_VECTOR, 1, { DIM_XBC }, AT (conv_bias), CONV_BIAS },
  { "mixer.dt_bias", EG_ROLE_VECTOR, 1, { DIM_HEADS }, AT (dt_bias) },
  { "mixer.A_log", EG_ROLE_VECTOR, 1, { DIM_HEADS }, AT (a), .map = eg_ssm_decay_of_log },
  { "mixer.D", EG_ROLE_VECTOR, 1, { DIM_HEADS }, AT (skip) },
  { "mixer.norm.weight", EG_ROLE_VECTOR, 1, { DIM_D_INNER }, AT (gate_norm) },
  { "mixer.out_proj.weight", EG_ROLE_MATRIX, 2, { DIM_D_MODEL, DIM_D_INNER }, AT (out_proj) },
  { "mixer.out_proj.bias", EG_ROLE_VECTOR, 1, { DIM_D_MODEL }, AT (out_bias), BIAS },
};

static const EgSizeField size_fields[] = {
  { "d_inner", offsetof (EgMamba2Sizes, d_inner), FALSE },
  { "n_heads", offsetof (EgMamba2Sizes, n_heads), FALSE },
  { "d_head", offsetof (EgMamba2Sizes, d_head), FALSE },
  { "n_groups", offsetof (EgMamba2Sizes, n_groups), FALSE },
  { "d_state", offsetof (EgMamba2Sizes, d_state), FALSE },
  { "d_conv", offsetof (EgMamba2Sizes, d_conv), FALSE },
  { "use_bias", offsetof (EgMamba2Sizes, use_bias), TRUE },
  { "use_conv_bias", offsetof (EgMamba2Sizes, use_conv_bias), TRUE },
};

static gsize
row_width (const EgSizes *sizes)
{
  const EgMamba2Sizes *self = (const EgMamba2Sizes *)sizes;
  /* [c | B | C], Δ and y; a segment of one row has a history, too. */
  return self->d_conv * self->d_xbc + self->n_heads + self->d_inner;
}

static EgFlops
get_flops (const EgSizes *sizes)
{
  const EgMamba2Sizes *self = (const EgMamba2Sizes *)sizes;
  const double d = (double)sizes->d_model, D = (double)self->d_inner;
  const double known = d * (double)(self->d_proj - self->d_inner);
  return (EgFlops){ .row = known, .output = 2 * d * D, .known_row = known, .known_output = d * D };
}

static const EgKnownModel known[] = {
  { "state-spaces/mamba2-130m", 128989632, 0 },
  { "state-spaces/mamba2-370m", 368346624, 0 },
  { "state-spaces/mamba2-780m", 780161280, 0 },
  { "state-spaces/mamba2-1.3b", 1343757312, 0 },
  { "state-spaces/mamba2-2.7b", 2702599680, 0 },
  { "AntonV/mamba2-130m-hf", 128989632, 0 },
  { "AntonV/mamba2-370m-hf", 368346624, 0 },
  { "AntonV/mamba2-780m-hf", 780161280, 0 },
  { "AntonV/mamba2-1.3b-hf", 1343757312, 0 },
  { "AntonV/mamba2-2.7b-hf", 2702599680, 0 },
  { NULL, 0, 0 },
};

const EgFamily eg_family_mamba2 = {
  .name = "mamba2",
  .title = N_ ("Mamba-2 (state space model with heads)"),
  .known = known,
  .recognizes = eg_mamba2_recognizes,
  .read = eg_mamba2_read,
  .sizes_size = sizeof (EgMamba2Sizes),
  .fields = size_fields,
  .n_fields = G_N_ELEMENTS (size_fields),
  .get_dims = get_dims,
  .sites = sites,
  .n_sites = MAMBA2_N_SITES,
  .knockout_site = MAMBA2_STATE,
  .root = "backbone.",
  /* The original layout's name has no s. */
  .embedding = "embedding.weight|embeddings.weight",
  .norm = "norm_f.weight",
  .head = "lm_head.weight",
  .layer_prefix = "layers.",
  .tensors = tensors,
  .n_tensors = G_N_ELEMENTS (tensors),
  .layer_size = sizeof (EgMamba2Layer),
  .row_width = row_width,
  .get_flops = get_flops,
  .own_new = eg_mamba2_own_new,
  .own_free = eg_mamba2_own_free,
  .reserve = eg_mamba2_reserve,
  .run_layer = eg_mamba2_run_layer,
  .run_back = eg_mamba2_run_back,
};
