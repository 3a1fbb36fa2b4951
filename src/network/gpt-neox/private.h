/* What the files of GPT-NeoX share. With d = d_model, H heads of width d/H, I = intermediate_size:
 *   [q | k | v] = LayerNorm (r; input) W_qkv + b        stored head by head: q, k, v of the first head, …
 *   q', k' = q, k of each head with its first R numbers rotated by the position (EgRotary)
 *   a[t, h] = Σ_{s ≤ t} softmax_s (q'[t, h]·k'[s, h] / √(d/H)) v[s, h];  o = a W_o + b
 *   mlp (x) = f (LayerNorm (x; post_attention) W_fc + b) W_proj + b
 * in parallel: r = r + o + mlp (r); in turn: r = r + o, then r = r + mlp (r).
 * logits = LayerNorm (r_last; final) W_headᵀ; r⁰ = E[token]. */
#pragma once

#include "network/attention/lanes.h"
#include "network/attention/mlp.h"
#include "network/gpt-neox/gpt-neox.h"

G_BEGIN_DECLS

/**
 * EgNeoxSizes: @n_heads: H; @d_head: d/H; @n_inner: I
 * @n_rotary: R, even, may be 0
 * @rotated: what the frequencies are powers of: those of a number i < R/2 is base^(−2i/rotated); R or R − 1
 * @activation: f; @parallel: the MLP reads r before the attention is added; @attention_bias: of W_qkv and W_o
 */
typedef struct
{
  EgSizes sizes;
  gsize n_heads, d_head, n_inner;
  gsize n_rotary, rotated;
  double rotary_base;
  EgActivation activation;
  gboolean parallel, attention_bias;
} EgNeoxSizes;

/**
 * EgNeoxLayer: @qkv [3d, d], rows in the order q, k, v of all heads; @dense [d, d], @fc [I, d], @fc_proj [d,
 * I];
 * @norm_1 (input_layernorm), @norm_2 (post_attention_layernorm) [d]; each with its bias, those of the
 * attention %NULL without attention_bias
 */
typedef struct
{
  EgMatrix qkv, dense, fc, fc_proj;
  const float *qkv_bias, *dense_bias, *fc_bias, *fc_proj_bias;
  const float *norm_1, *norm_1_bias, *norm_2, *norm_2_bias;
} EgNeoxLayer;

/**
 * EgNeoxSite: the value at (layer l, position t).
 * @NEOX_ATTN, @NEOX_MLP: each block's output before it is added to the residual stream; [d]
 * @NEOX_QUERY, @NEOX_KEY, @NEOX_VALUE: q, k, v of all heads, before they are rotated; [d]
 * @NEOX_HEADS: a; [d]
 * @NEOX_MLP_ACT: the MLP's neurons; [I]
 * @NEOX_RESID_MID: r + o; [d]
 */
typedef enum
{
  NEOX_RESID = EG_SITE_RESID,
  NEOX_ATTN,
  NEOX_MLP,
  NEOX_QUERY,
  NEOX_KEY,
  NEOX_VALUE,
  NEOX_HEADS,
  NEOX_MLP_ACT,
  NEOX_RESID_MID,
  NEOX_N_SITES,
} EgNeoxSite;

/**
 * EgNeoxBack: of a pass backward: @mid: r + o; @before [rows, I]: m before f; @dm, @dy, @dqkv: [graded rows,
 * width] gradients; @turned: [graded rows, 2d] those of q' and k'
 */
typedef struct
{
  EgBuffer mid, before, dm, dy, dqkv, turned;
} EgNeoxBack;

/**
 * EgNeoxOwn: a workspace's.
 * @segments: EgRotaryRows of the group; @frequencies: float [n_rotary/2]; @back_frequencies: their negatives
 * @q: [rows, d]: q'; @y: [rows, d]: a; @m: [rows, I]
 */
typedef struct
{
  EgAttentionLanes lanes;
  GArray *segments, *frequencies, *back_frequencies;
  EgBuffer q, y, m;
  EgNeoxBack back;
} EgNeoxOwn;

/* config.c */
gboolean eg_neox_recognizes (const EgFields *fields);
gboolean eg_neox_read (const EgFields *fields, gpointer sizes, GError **error);

/* layer.c: of the layer that the workspace is in */
EgMlp eg_neox_mlp_of (const EgWorkspace *workspace);
gpointer eg_neox_own_new (void);
void eg_neox_own_free (gpointer own);
gboolean eg_neox_reserve (EgWorkspace *workspace, gsize n_rows, GError **error);
gboolean eg_neox_run_layer (EgWorkspace *workspace, const EgLayerRun *run, GError **error);
float eg_neox_scale_of (const EgNeoxSizes *sizes);
/* to = rows [rows, d] of from, rotated by their positions (own->segments); back: turned back by them. */
void eg_neox_rotate (
    EgWorkspace *workspace, float *to, gsize ld_to, const float *from, gsize ld_from, gboolean back);

/* back.c */
gboolean eg_neox_run_back (EgWorkspace *workspace, const EgLayerBack *back, GError **error);

G_END_DECLS
