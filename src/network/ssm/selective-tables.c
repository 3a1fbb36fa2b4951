/* What blocks with a selective scan have: sites, tensors, numbers. */
#include "network/ssm/decay.h"
#include "network/ssm/selective.h"

#include <glib/gi18n.h>

enum
{
  DIM_0,
  DIM_D_MODEL,
  DIM_D_INNER,
  DIM_2_D_INNER,
  DIM_D_STATE,
  DIM_D_CONV,
  DIM_DT_RANK,
  DIM_DBC,
};

void
eg_selective_get_dims (const EgSizes *sizes, gsize dims[EG_MAX_DIMS])
{
  const EgSelectiveSizes *self = (const EgSelectiveSizes *)sizes;
  dims[DIM_D_MODEL] = sizes->d_model;
  dims[DIM_D_INNER] = self->d_inner;
  dims[DIM_2_D_INNER] = 2 * self->d_inner;
  dims[DIM_D_STATE] = self->d_state;
  dims[DIM_D_CONV] = self->d_conv;
  dims[DIM_DT_RANK] = self->dt_rank;
  dims[DIM_DBC] = self->dt_rank + 2 * self->d_state;
}

const EgSiteInfo eg_selective_sites[SELECTIVE_N_SITES] = {
  [SELECTIVE_RESID] = { "resid", N_ ("Residual stream"), N_ ("The residual stream after the layer"),
                        .kept = EG_KEPT_RESID, .width = DIM_D_MODEL, .after = TRUE, .stays = TRUE },
  [SELECTIVE_MIXER]
  = { "mixer", N_ ("Mixer output"), N_ ("The block’s output before it is added to the residual stream"),
      .kept = EG_KEPT_VALUE, .width = DIM_D_MODEL, .after = TRUE, .added_to = SELECTIVE_RESID,
      .stays = TRUE },
  [SELECTIVE_CONV_IN] = { "conv_in", N_ ("Convolution input"), N_ ("x: what enters the convolution"),
                          .kept = EG_KEPT_INPUT, .width = DIM_D_INNER },
  [SELECTIVE_CONV] = { "conv", N_ ("Convolution output"), N_ ("c: the convolution’s output after silu"),
                       .kept = EG_KEPT_VALUE, .width = DIM_D_INNER },
  /* TRANSLATORS: a site: what the output of a layer is multiplied by. */
  [SELECTIVE_GATE] = { "gate", N_ ("Gate"), N_ ("z: what the block’s output is gated with"),
                       .kept = EG_KEPT_INPUT, .width = DIM_D_INNER, .offset = DIM_D_INNER, .stays = TRUE },
  [SELECTIVE_DELTA]
  = { "delta", N_ ("Step size Δ"), N_ ("Δ: how much of the token is taken in, and how much is forgotten"),
      .kept = EG_KEPT_VALUE, .width = DIM_D_INNER },
  [SELECTIVE_B] = { "B", N_ ("Input projection B"), N_ ("B: how the token is written into the state"),
                    .kept = EG_KEPT_VALUE, .width = DIM_D_STATE },
  [SELECTIVE_C] = { "C", N_ ("Output projection C"), N_ ("C: how the state is read"), .kept = EG_KEPT_VALUE,
                    .width = DIM_D_STATE, .stays = TRUE },
  [SELECTIVE_SELECTION]
  = { "selection", N_ ("Selection Δ, B, C"), N_ ("The selection parameters Δ, B and C together"),
      .parts = EG_SITE_BIT (SELECTIVE_DELTA) | EG_SITE_BIT (SELECTIVE_B) | EG_SITE_BIT (SELECTIVE_C) },
  [SELECTIVE_STATE]
  /* TRANSLATORS: a site: the hidden state that a layer carries from token to token. */
  = { "state", N_ ("State"), N_ ("h: the memory after the token’s update, read by it and carried on"),
      .carried = TRUE },
  [SELECTIVE_CONV_STATE]
  = { "conv_state", N_ ("Convolution state"),
      N_ ("What later tokens’ convolutions read of this token and those before"), .later = 1 },
  [SELECTIVE_SSM] = { "ssm", N_ ("SSM output"), N_ ("y: what is read from the state, before the gate"),
                      .kept = EG_KEPT_VALUE, .width = DIM_D_INNER, .stays = TRUE },
};

#define BIAS      .wanted = offsetof (EgSelectiveSizes, use_bias), .field = "use_bias"
#define CONV_BIAS .wanted = offsetof (EgSelectiveSizes, use_conv_bias), .field = "use_conv_bias"
#define AT(field) .offset = offsetof (EgSelectiveLayer, field)

const EgTensorSpec eg_selective_tensors[SELECTIVE_N_TENSORS] = {
  { "norm.weight", EG_ROLE_VECTOR, 1, { DIM_D_MODEL }, AT (norm) },
  { "mixer.in_proj.weight", EG_ROLE_MATRIX, 2, { DIM_2_D_INNER, DIM_D_MODEL }, AT (in_proj) },
  { "mixer.in_proj.bias", EG_ROLE_VECTOR, 1, { DIM_2_D_INNER }, AT (in_bias), BIAS },
  { "mixer.conv1d.bias", EG_ROLE_VECTOR, 1, { DIM_D_INNER }, AT (conv_bias), CONV_BIAS },
  { "mixer.x_proj.weight", EG_ROLE_MATRIX, 2, { DIM_DBC, DIM_D_INNER }, AT (x_proj) },
  { "mixer.dt_proj.weight", EG_ROLE_MATRIX, 2, { DIM_D_INNER, DIM_DT_RANK }, AT (dt_proj) },
  { "mixer.dt_proj.bias", EG_ROLE_VECTOR, 1, { DIM_D_INNER }, AT (dt_bias) },
  { "mixer.D", EG_ROLE_VECTOR, 1, { DIM_D_INNER }, AT (skip) },
  { "mixer.out_proj.weight", EG_ROLE_MATRIX, 2, { DIM_D_MODEL, DIM_D_INNER }, AT (out_proj) },
  { "mixer.out_proj.bias", EG_ROLE_VECTOR, 1, { DIM_D_MODEL }, AT (out_bias), BIAS },
  { "mixer.conv1d.weight", EG_ROLE_TURNED_VECTOR, 3, { DIM_D_INNER, DIM_0, DIM_D_CONV }, AT (conv) },
  { "mixer.A_log",
    EG_ROLE_TURNED_VECTOR,
    2,
    { DIM_D_INNER, DIM_D_STATE },
    AT (a),
    .map = eg_ssm_decay_of_log },
};

const EgSizeField eg_selective_fields[SELECTIVE_N_FIELDS] = {
  { "d_inner", offsetof (EgSelectiveSizes, d_inner), FALSE },
  { "d_state", offsetof (EgSelectiveSizes, d_state), FALSE },
  { "d_conv", offsetof (EgSelectiveSizes, d_conv), FALSE },
  { "dt_rank", offsetof (EgSelectiveSizes, dt_rank), FALSE },
  { "use_bias", offsetof (EgSelectiveSizes, use_bias), TRUE },
  { "use_conv_bias", offsetof (EgSelectiveSizes, use_conv_bias), TRUE },
};

gsize
eg_selective_row_width (const EgSizes *sizes)
{
  const EgSelectiveSizes *self = (const EgSelectiveSizes *)sizes;
  /* c, Δ, y and [δ | B | C]; a segment of one row has a history, too. */
  return (3 + self->d_conv - 1) * self->d_inner + self->dt_rank + 2 * self->d_state;
}

EgFlops
eg_selective_get_flops (const EgSizes *sizes)
{
  const EgSelectiveSizes *self = (const EgSelectiveSizes *)sizes;
  const double d = (double)sizes->d_model, D = (double)self->d_inner;
  const double R = (double)self->dt_rank, N = (double)self->d_state;
  return (EgFlops){
    .row = d * D + D * (R + 2 * N) + R * D, .output = d * D + D * d, .known_row = d * D, .known_output = d * D
  };
}
