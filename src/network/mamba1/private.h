/* What the files of Mamba-1 share. */
#pragma once

#include "network/layer.h"
#include "network/mamba1/mamba1.h"
#include "network/ssm/lanes.h"

G_BEGIN_DECLS

/**
 * EgMamba1Sizes: @d_inner: D; @d_state: N; @d_conv: K; @dt_rank: R
 * @use_bias: in_proj and out_proj have biases; @use_conv_bias: conv1d has one
 */
typedef struct
{
  EgSizes sizes;
  gsize d_inner, d_state, d_conv, dt_rank;
  gboolean use_bias, use_conv_bias;
} EgMamba1Sizes;

/**
 * EgMamba1Layer: @in_proj [2D, d], @x_proj [R+2N, D], @dt_proj [D, R], @out_proj [d, D]
 * @norm [d]; @in_bias [2D] and @out_bias [d] or %NULL; @dt_bias [D]; @skip [D] (the checkpoint's D)
 * @conv [K, D]: the checkpoint's conv1d.weight [D, 1, K], turned; @conv_bias [D] or %NULL
 * @a [N, D]: −exp (A_log)·log₂e, turned
 */
typedef struct
{
  EgMatrix in_proj, x_proj, dt_proj, out_proj;
  const float *norm, *in_bias, *conv, *conv_bias, *dt_bias, *a, *skip, *out_bias;
} EgMamba1Layer;

/**
 * EgMamba1Site: the value at (layer l, position t).
 * @MAMBA1_MIXER: o, the block's output before it is added to the residual stream; [d]
 * @MAMBA1_CONV_IN: x, before the convolution; [D]
 * @MAMBA1_CONV: c, after the convolution and silu; [D]
 * @MAMBA1_GATE: z, before silu; [D]
 * @MAMBA1_DELTA: Δ, after softplus; [D]
 * @MAMBA1_B, @MAMBA1_C: B and C, each alone; [N]
 * @MAMBA1_SELECTION: Δ, B and C together
 * @MAMBA1_STATE: h[t], after its update and before y[t] reads it; carried on to t + 1; [N, D]
 * @MAMBA1_CONV_STATE: what positions t+1 … t+K−1 read of x at t−K+2 … t; c[t] itself keeps its value
 * @MAMBA1_SSM: y, before the gate; [D]
 */
typedef enum
{
  MAMBA1_RESID = EG_SITE_RESID,
  MAMBA1_MIXER,
  MAMBA1_CONV_IN,
  MAMBA1_CONV,
  MAMBA1_GATE,
  MAMBA1_DELTA,
  MAMBA1_B,
  MAMBA1_C,
  MAMBA1_SELECTION,
  MAMBA1_STATE,
  MAMBA1_CONV_STATE,
  MAMBA1_SSM,
  MAMBA1_N_SITES,
} EgMamba1Site;

/**
 * EgMamba1Back: of a pass backward: @dxz, @dc, @dy, @ddelta, @ddbc: [graded rows, width] gradients;
 * @before [rows, D]: Δ before its softplus; @history: [runs, K − 1, D]
 */
typedef struct
{
  EgBuffer history, before, dxz, dc, dy, ddelta, ddbc;
} EgMamba1Back;

/**
 * EgMamba1Own: a workspace's: @c, @dbc, @delta, @y: [rows, width] each: c; [δ | B | C]; Δ; y
 * @span_c, @span_dbc, @span_delta: the same for rows that are only run again for their state
 */
typedef struct
{
  EgSsmLanes lanes;
  EgBuffer c, dbc, delta, y;
  EgBuffer span_c, span_dbc, span_delta;
  EgMamba1Back back;
} EgMamba1Own;

/* config.c */
gboolean eg_mamba1_recognizes (const EgFields *fields);
gboolean eg_mamba1_read (const EgFields *fields, gpointer sizes, GError **error);

/* layer.c */
gpointer eg_mamba1_own_new (void);
void eg_mamba1_own_free (gpointer own);
gboolean eg_mamba1_reserve (EgWorkspace *workspace, gsize n_rows, GError **error);
gboolean eg_mamba1_run_layer (EgWorkspace *workspace, const EgLayerRun *run, GError **error);

/* c = silu (conv (x)) */
void eg_mamba1_convolve (
    EgWorkspace *workspace, const float *x, gsize ldx, const EgConvRows *segments, gsize n, float *c);
/* What the layer's scan reads. */
EgScan eg_mamba1_scan_of (EgWorkspace *workspace, const float *c, const float *dbc, const float *delta);

/* back.c */
gboolean eg_mamba1_run_back (EgWorkspace *workspace, const EgLayerBack *back, GError **error);

G_END_DECLS
