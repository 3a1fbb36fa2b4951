/* A block with a selective scan, as Mamba-1 and Falcon-Mamba have it (docs/design.md §3): all of a family but
 * its name and its config.json. */
#pragma once

#include "network/layer.h"
#include "network/ssm/lanes.h"

G_BEGIN_DECLS

/**
 * EgSelectiveSizes: @d_inner: D; @d_state: N; @d_conv: K; @dt_rank: R
 * @use_bias: in_proj and out_proj have biases; @use_conv_bias: conv1d has one
 * @norm_selection: δ, B and C each go through an RMSNorm without weights, by @selection_eps
 */
typedef struct
{
  EgSizes sizes;
  gsize d_inner, d_state, d_conv, dt_rank;
  gboolean use_bias, use_conv_bias, norm_selection;
  float selection_eps;
} EgSelectiveSizes;

/**
 * EgSelectiveLayer: @in_proj [2D, d], @x_proj [R+2N, D], @dt_proj [D, R], @out_proj [d, D]
 * @norm [d]; @in_bias [2D] and @out_bias [d] or %NULL; @dt_bias [D]; @skip [D] (the checkpoint's D)
 * @conv [K, D]: the checkpoint's conv1d.weight [D, 1, K], turned; @conv_bias [D] or %NULL
 * @a [N, D]: −exp (A_log)·log₂e, turned
 */
typedef struct
{
  EgMatrix in_proj, x_proj, dt_proj, out_proj;
  const float *norm, *in_bias, *conv, *conv_bias, *dt_bias, *a, *skip, *out_bias;
} EgSelectiveLayer;

/**
 * EgSelectiveSite: the value at (layer l, position t).
 * @SELECTIVE_MIXER: o, the block's output before it is added to the residual stream; [d]
 * @SELECTIVE_CONV_IN: x, before the convolution; [D]
 * @SELECTIVE_CONV: c, after the convolution and silu; [D]
 * @SELECTIVE_GATE: z, before silu; [D]
 * @SELECTIVE_DELTA: Δ, after softplus; [D]
 * @SELECTIVE_B, @SELECTIVE_C: B and C, each alone; [N]
 * @SELECTIVE_SELECTION: Δ, B and C together
 * @SELECTIVE_STATE: h[t], after its update and before y[t] reads it; carried on to t + 1; [N, D]
 * @SELECTIVE_CONV_STATE: what positions t+1 … t+K−1 read of x at t−K+2 … t; c[t] itself keeps its value
 * @SELECTIVE_SSM: y, before the gate; [D]
 */
typedef enum
{
  SELECTIVE_RESID = EG_SITE_RESID,
  SELECTIVE_MIXER,
  SELECTIVE_CONV_IN,
  SELECTIVE_CONV,
  SELECTIVE_GATE,
  SELECTIVE_DELTA,
  SELECTIVE_B,
  SELECTIVE_C,
  SELECTIVE_SELECTION,
  SELECTIVE_STATE,
  SELECTIVE_CONV_STATE,
  SELECTIVE_SSM,
  SELECTIVE_N_SITES,
} EgSelectiveSite;

/**
 * EgSelectiveBack: of a pass backward: @dxz, @dc, @dy, @ddelta, @ddbc: [graded rows, width] gradients;
 * @before [rows, D]: Δ before its softplus; @plain: [δ | B | C] before its norms; @history: [runs, K − 1, D]
 */
typedef struct
{
  EgBuffer history, before, plain, dxz, dc, dy, ddelta, ddbc;
} EgSelectiveBack;

/**
 * EgSelectiveOwn: a workspace's: @c, @dbc, @delta, @y: [rows, width] each: c; [δ | B | C]; Δ; y
 * @span_c, @span_dbc, @span_delta: the same for rows that are only run again for their state
 */
typedef struct
{
  EgSsmLanes lanes;
  EgBuffer c, dbc, delta, y;
  EgBuffer span_c, span_dbc, span_delta;
  EgSelectiveBack back;
} EgSelectiveOwn;

/* selective-tables.c */
#define SELECTIVE_N_TENSORS 12
#define SELECTIVE_N_FIELDS  6
extern const EgSiteInfo eg_selective_sites[SELECTIVE_N_SITES];
extern const EgTensorSpec eg_selective_tensors[SELECTIVE_N_TENSORS];
extern const EgSizeField eg_selective_fields[SELECTIVE_N_FIELDS];
void eg_selective_get_dims (const EgSizes *sizes, gsize dims[EG_MAX_DIMS]);
gsize eg_selective_row_width (const EgSizes *sizes);
EgFlops eg_selective_get_flops (const EgSizes *sizes);

/* selective.c */
gpointer eg_selective_own_new (void);
void eg_selective_own_free (gpointer own);
gboolean eg_selective_reserve (EgWorkspace *workspace, gsize n_rows, GError **error);
gboolean eg_selective_run_layer (EgWorkspace *workspace, const EgLayerRun *run, GError **error);

/* c = silu (conv (x)) */
void eg_selective_convolve (
    EgWorkspace *workspace, const float *x, gsize ldx, const EgConvRows *segments, gsize n, float *c);
/* What the layer's scan reads. */
EgScan eg_selective_scan_of (EgWorkspace *workspace, const float *c, const float *dbc, const float *delta);

/* [δ | B | C] each through its norm, in place. */
void eg_selective_norm (EgWorkspace *workspace, float *dbc, gsize n_rows);

/* selective-back.c */
gboolean eg_selective_run_back (EgWorkspace *workspace, const EgLayerBack *back, GError **error);

G_END_DECLS
