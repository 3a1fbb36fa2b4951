/* What the files of GPT-2 share. With d = d_model, H heads of width d/H, I = n_inner:
 *   n = LayerNorm (r; ln_1)         [q | k | v] = n W_attn + b
 *   a[t, h] = Σ_{s ≤ t} softmax_s (scale · q[t, h]·k[s, h]) v[s, h]
 *   r = r + (a W_o + b)             scale = 1/√(d/H) if scale_attn_weights, and /(l + 1) if by inverse layer
 *   m = f (LayerNorm (r; ln_2) W_fc + b);  r = r + (m W_proj + b)
 * logits = LayerNorm (r_last; ln_f) E_headᵀ; r⁰ = E[token] + P[position]. */
#pragma once

#include "network/attention/lanes.h"
#include "network/attention/mlp.h"
#include "network/gpt2/gpt2.h"

G_BEGIN_DECLS

/**
 * EgGpt2Sizes: @n_heads: H; @d_head: d/H; @n_inner: I
 * @activation: f; @scale_weights, @scale_by_layer: of the scale
 */
typedef struct
{
  EgSizes sizes;
  gsize n_heads, d_head, n_inner;
  EgActivation activation;
  gboolean scale_weights, scale_by_layer;
} EgGpt2Sizes;

/**
 * EgGpt2Layer: the checkpoint's matrices [in, out] turned: @attn [3d, d], @attn_proj [d, d], @fc [I, d],
 * @fc_proj [d, I]; each with its bias; @norm_1, @norm_2 [d] with theirs
 */
typedef struct
{
  EgMatrix attn, attn_proj, fc, fc_proj;
  const float *attn_bias, *attn_proj_bias, *fc_bias, *fc_proj_bias;
  const float *norm_1, *norm_1_bias, *norm_2, *norm_2_bias;
} EgGpt2Layer;

/**
 * EgGpt2Site: the value at (layer l, position t).
 * @GPT2_ATTN, @GPT2_MLP: each block's output before it is added to the residual stream; [d]
 * @GPT2_QUERY, @GPT2_KEY, @GPT2_VALUE: q, k, v of all heads; [d]. Keys and values are what this and later
 * positions read
 * @GPT2_HEADS: a, what the heads read, before the output projection; [d]
 * @GPT2_MLP_ACT: m; [I]
 * @GPT2_RESID_MID: r between the two blocks; [d]
 */
typedef enum
{
  GPT2_RESID = EG_SITE_RESID,
  GPT2_ATTN,
  GPT2_MLP,
  GPT2_QUERY,
  GPT2_KEY,
  GPT2_VALUE,
  GPT2_HEADS,
  GPT2_MLP_ACT,
  GPT2_RESID_MID,
  GPT2_N_SITES,
} EgGpt2Site;

/* Of a pass backward: @mid: r between the blocks; @before [rows, I]: m before f; @dm, @dy, @dqkv: [graded
 * rows, width] gradients. */
typedef struct
{
  EgBuffer mid, before, dm, dy, dqkv;
} EgGpt2Back;

/* A workspace's: @y [rows, d]: a; @m [rows, I]. */
typedef struct
{
  EgAttentionLanes lanes;
  EgBuffer y, m;
  EgGpt2Back back;
} EgGpt2Own;

/* config.c */
gboolean eg_gpt2_recognizes (const EgFields *fields);
gboolean eg_gpt2_read (const EgFields *fields, gpointer sizes, GError **error);

/* layer.c: of the layer that the workspace is in */
EgMlp eg_gpt2_mlp_of (const EgWorkspace *workspace);
gpointer eg_gpt2_own_new (void);
void eg_gpt2_own_free (gpointer own);
gboolean eg_gpt2_reserve (EgWorkspace *workspace, gsize n_rows, GError **error);
gboolean eg_gpt2_run_layer (EgWorkspace *workspace, const EgLayerRun *run, GError **error);
float eg_gpt2_scale_of (const EgGpt2Sizes *sizes, gsize layer);

/* back.c */
gboolean eg_gpt2_run_back (EgWorkspace *workspace, const EgLayerBack *back, GError **error);

G_END_DECLS
