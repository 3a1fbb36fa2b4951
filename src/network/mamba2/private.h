/* What the files of Mamba-2 share. With d = d_model, D = d_inner = H·P (H heads of width P), G groups of
 * heads, N = d_state, K = d_conv, head i in group g = i / (H/G): n = RMSNorm (r)·w               [z | x | B |
 * C | dt] = n W_inᵀ        widths D, D, G·N, G·N, H [c | B | C] = silu (conv ([x | B | C])) depthwise,
 * causal, as Mamba-1's Δ = softplus (dt + dt_bias) within its limits       [H] h[t,i,n,p] = exp
 * (Δ[t,i]·A[i])·h[t−1,i,n,p] + Δ[t,i]·B[t,g,n]·c[t,i,p]      A = −exp (A_log) y[t,i,p] = Σ_n
 * C[t,g,n]·h[t,i,n,p] + D_skip[i]·c[t,i,p] o = RMSNorm of each group's part of (y ⊙ silu (z)), ·w_norm,
 * W_outᵀ;   r = r + o logits as Mamba-1's. In memory an input row is [x | B | C | dt | z], and a state is [H,
 * N, P]. */
#pragma once

#include "network/layer.h"
#include "network/mamba2/mamba2.h"
#include "network/ssm/lanes.h"

G_BEGIN_DECLS

/**
 * EgMamba2Sizes: @d_inner: D; @n_heads: H; @d_head: P; @n_groups: G; @d_state: N; @d_conv: K
 * @d_xbc: D + 2·G·N, the width of the convolution; @d_proj: of all that in_proj gives
 * @use_bias: in_proj and out_proj have biases; @use_conv_bias: conv1d has one
 * @least_step, @most_step: the limits of Δ; 0 and ∞: none
 * @gate_eps: of the norm after the gate
 */
typedef struct
{
  EgSizes sizes;
  gsize d_inner, n_heads, d_head, n_groups, d_state, d_conv;
  gsize d_xbc, d_proj;
  gboolean use_bias, use_conv_bias;
  float least_step, most_step, gate_eps;
} EgMamba2Sizes;

/**
 * EgMamba2Layer: @in_proj [d_proj, d], rows z, x, B, C, dt; @out_proj [d, D]
 * @norm [d]; @in_bias [d_proj] and @out_bias [d] or %NULL; @dt_bias [H]; @skip [H] (the checkpoint's D)
 * @conv [K, d_xbc]: the checkpoint's conv1d.weight [d_xbc, 1, K], turned; @conv_bias [d_xbc] or %NULL
 * @a [H]: −exp (A_log)·log₂e; @gate_norm [D]
 */
typedef struct
{
  EgMatrix in_proj, out_proj;
  const float *norm, *in_bias, *conv, *conv_bias, *dt_bias, *a, *skip, *gate_norm, *out_bias;
} EgMamba2Layer;

/**
 * EgMamba2Site: the value at (layer l, position t).
 * @MAMBA2_MIXER: o, the block's output before it is added to the residual stream; [d]
 * @MAMBA2_CONV_IN: x, B and C, before the convolution; [d_xbc]
 * @MAMBA2_CONV: c, B and C, after the convolution and silu; [d_xbc]
 * @MAMBA2_GATE: z, before silu; [D]
 * @MAMBA2_DELTA: Δ, after softplus and within its limits; [H]
 * @MAMBA2_B, @MAMBA2_C: B and C, after the convolution, each alone; [G, N]
 * @MAMBA2_SELECTION: Δ, B and C together
 * @MAMBA2_STATE: h[t], after its update and before y[t] reads it; carried on to t + 1; [H, N, P]
 * @MAMBA2_CONV_STATE: what positions t+1 … t+K−1 read of x, B and C at t−K+2 … t; t itself keeps its own
 * @MAMBA2_SSM: y, before the gate; [D]
 * @MAMBA2_NORM: what out_proj reads: y, gated and normed; [D]
 */
typedef enum
{
  MAMBA2_RESID = EG_SITE_RESID,
  MAMBA2_MIXER,
  MAMBA2_CONV_IN,
  MAMBA2_CONV,
  MAMBA2_GATE,
  MAMBA2_DELTA,
  MAMBA2_B,
  MAMBA2_C,
  MAMBA2_SELECTION,
  MAMBA2_STATE,
  MAMBA2_CONV_STATE,
  MAMBA2_SSM,
  MAMBA2_NORM,
  MAMBA2_N_SITES,
} EgMamba2Site;

/**
 * EgMamba2Back: of a pass backward: @gated, @normed: [rows, D] y after the gate, and after its norm
 * @dinput, @dconv, @dy, @ddelta: [graded rows, width] gradients; @history: [runs, K − 1, d_xbc]
 */
typedef struct
{
  EgBuffer history, gated, normed, dinput, dconv, dy, ddelta;
} EgMamba2Back;

/**
 * EgMamba2Own: a workspace's: @c, @delta, @y: [rows, width] each: [c | B | C]; Δ; y
 * @span_c, @span_delta: the same for rows that are only run again for their state
 */
typedef struct
{
  EgSsmLanes lanes;
  EgBuffer c, delta, y;
  EgBuffer span_c, span_delta;
  EgMamba2Back back;
} EgMamba2Own;

/* config.c */
gboolean eg_mamba2_recognizes (const EgFields *fields);
gboolean eg_mamba2_read (const EgFields *fields, gpointer sizes, GError **error);

/* layer.c */
gpointer eg_mamba2_own_new (void);
void eg_mamba2_own_free (gpointer own);
gboolean eg_mamba2_reserve (EgWorkspace *workspace, gsize n_rows, GError **error);
gboolean eg_mamba2_run_layer (EgWorkspace *workspace, const EgLayerRun *run, GError **error);
/* [c | B | C] of rows of x, ldx apart */
void eg_mamba2_convolve (
    EgWorkspace *workspace, const float *x, gsize ldx, const EgConvRows *segments, gsize n, float *c);
/* Δ of rows with dt after [x | B | C], ldx apart */
void eg_mamba2_compute_steps (EgWorkspace *workspace, const float *x, gsize ldx, gsize n_rows, float *delta);
/* What the layer's scan reads. */
EgHeadScan eg_mamba2_scan_of (EgWorkspace *workspace, const float *c, const float *delta);
/* Of n rows of y, dense, in place; z: with leading dimension ldz. */
void eg_mamba2_gate (EgWorkspace *workspace, float *y, const float *z, gsize ldz, gsize n_rows);
void eg_mamba2_norm (EgWorkspace *workspace, float *y, gsize n_rows);

/* back.c */
gboolean eg_mamba2_run_back (EgWorkspace *workspace, const EgLayerBack *back, GError **error);

G_END_DECLS
