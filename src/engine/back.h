/* The op table's backward half: from the gradient of a number with respect to what an op writes, that with
 * respect to what it reads; of activations alone, never of weights. What the estimates of src/preview/ are
 * made of (docs/design.md §12).
 *
 * Rows are those of engine/backend.h. Several runs' rows are stacked, those whose gradient is wanted first:
 * row r of a gradient belongs to row r of the values, of which there may be more. All memory is device
 * memory, but for tables of rows. A rotation (EgRotary) goes back by the op itself with its frequencies' sign
 * turned. */
#pragma once

#include "engine/backend.h"

G_BEGIN_DECLS

/**
 * EgGemmBack: dx[r, 0…w->cols) = dy[r, 0…w->rows) · w, or added to what is there.
 * @dx: [n_rows, w->cols] with leading dimension @lddx; @dy: [n_rows, w->rows] with leading dimension @lddy
 */
typedef struct
{
  float *dx;
  gsize lddx;
  const float *dy;
  gsize lddy, n_rows;
  const EgMatrix *w;
  gboolean add;
} EgGemmBack;

/**
 * EgNormBack: of EgNorm, added to dx, all dense rows of width d. With s = 1 / sqrt (mean (x²) + eps), g = dy
 * · weight: dx += s·g − x·s³·mean (g·x); of a LayerNorm, with s of the variance and u = (x − mean (x))·s: dx
 * += s·(g − mean (g) − u·mean (g·u)).
 */
typedef struct
{
  float *dx;
  const float *dy, *x;
  gsize n_rows, d;
  const float *weight;
  gboolean is_layer_norm;
  float eps;
} EgNormBack;

/**
 * EgConvBack: of EgConv. du = dc · silu′ (u), u what silu was applied to; dx[t, i] = Σ_k w[k, i] ·
 * du[t+K−1−k, i] within each segment.
 * @dx: [rows, D] with leading dimension @lddx
 * @dc: [rows, D] dense; becomes du
 * @x, @segments …: as the op has them, of the rows whose gradient is wanted
 */
typedef struct
{
  float *dx;
  gsize lddx;
  float *dc;
  const float *x;
  gsize ldx;
  const EgConvRows *segments;
  gsize n_segments;
  gsize n_inner, n_conv;
  const float *w, *bias;
} EgConvBack;

/**
 * EgGateBack: of EgGate. dz = dy · y · silu′ (z), then dy becomes dy · silu (z).
 * @dy: [n_rows, D] dense; @dz: [n_rows, D] with leading dimension @lddz
 * @y: [n_rows, D] dense, as it was before the gate; @z: with leading dimension @ldz
 */
typedef struct
{
  float *dy, *dz;
  gsize lddz;
  const float *y, *z;
  gsize ldz, n_rows, n_inner;
} EgGateBack;

/**
 * EgDotRows: rows of a gradient, and of the values between which the difference is taken: n_rows each.
 * @out: of the first row's answer
 */
typedef struct
{
  gsize gradient, source, base, n_rows, out;
} EgDotRows;

/**
 * EgDots: dots[out + i] = Σ_j gradient[r, j] · (values[source, j] − values[base, j]): by how much putting the
 * source's value in the base's place changes the number, to first order.
 * @gradient, @values: rows of `width`, with leading dimensions
 */
typedef struct
{
  float *dots;
  const float *gradient;
  gsize ldg;
  const float *values;
  gsize ldv, width;
  const EgDotRows *rows;
  gsize n;
} EgDots;

/**
 * EgConvDots: the same of what later rows of the segment read of a row and those before it:
 * full[out + t] = Σ_{v > t} Σ_{j ≤ t} du[v]·w[j − v + K − 1]·(x[source + j] − x[base + j]); direct: of v = t
 * + 1 alone. Rows before the first do not differ.
 * @du: [rows, D] dense, of EgConvBack; the segment's are all of the EgDotRows
 */
typedef struct
{
  float *full, *direct;
  const float *du;
  const float *x;
  gsize ldx;
  const EgDotRows *rows;
  gsize n;
  gsize n_inner, n_conv;
  const float *w;
} EgConvDots;

/**
 * EgScanLane: one run's rows, in the order of positions. @state: [N, D] h before the first; %NULL for zeros
 */
typedef struct
{
  gsize row, n_rows;
  const float *state;
} EgScanLane;

/**
 * EgScanBack: of EgScan without a gate. With E = 2^(Δ[t,i]·A₂[n,i]) and G[t] the gradient of h[t], which the
 * row itself and the next one read:
 *   G[t] = C[t]·dy[t] + E[t+1]·G[t+1]
 *   ddelta[t,i] = Σ_n G·(ln 2·A₂·E·h[t−1] + B·c)        dc[t,i] = skip·dy + Σ_n G·Δ·B
 *   db[t,n] = Σ_i G·Δ·c                                  dcr[t,n] = Σ_i dy·h[t]
 *   full[out + t] = Σ_{n,i} G[t]·(h_source[t] − h_base[t])   direct[…] = Σ C[t]·dy[t]·(…): of the row's own
 * reading of h alone.
 * @lanes: [n_lanes] all runs, those whose gradients are wanted, @n_graded, first
 * @dy, @ddelta, @dc: [graded rows, D] dense; @db, @dcr: [graded rows, N] with leading dimension @lddbc
 * @dots: [n_dots]; may be none
 */
typedef struct
{
  float *ddelta, *dc, *db, *dcr;
  gsize lddbc;
  const float *dy;
  const float *delta, *c;
  const float *b_rows, *c_rows;
  gsize ldbc;
  const EgScanLane *lanes;
  gsize n_lanes, n_graded;
  const EgDotRows *dots;
  gsize n_dots;
  float *full, *direct;
  gsize n_inner, n_state;
  const float *a, *skip;
} EgScanBack;

/**
 * EgHeadScanBack: of EgHeadScan, as EgScanBack of EgScan. Of head i, in group g, and its channel p, with E =
 * 2^(Δ[t,i]·A₂[i]):
 *   G[t,n,p] = C[t,g,n]·dy[t,i,p] + E[t+1]·G[t+1,n,p]
 *   ddelta[t,i] = Σ_{n,p} G·(ln 2·A₂·E·h[t−1] + B·c)      dc[t,i,p] = skip·dy + Σ_n G·Δ·B
 *   db[t,g,n] = Σ_{i in g, p} G·Δ·c                       dcr[t,g,n] = Σ_{i in g, p} dy·h[t]
 * @state of a lane: [H, N, P]
 * @ddelta: [graded rows, H] dense; @dc: [graded rows, D], and @db and @dcr: [graded rows, G·N], all with
 * leading dimension @ldd; @dy: [graded rows, D] dense
 */
typedef struct
{
  float *ddelta, *dc, *db, *dcr;
  gsize ldd;
  const float *dy;
  const float *delta, *c;
  const float *b_rows, *c_rows;
  gsize ld;
  const EgScanLane *lanes;
  gsize n_lanes, n_graded;
  const EgDotRows *dots;
  gsize n_dots;
  float *full, *direct;
  gsize n_heads, d_head, n_groups, n_state;
  const float *a, *skip;
} EgHeadScanBack;

/**
 * EgStepSizeBack: of EgStepSize. dx[r, i] = ddelta[r, i]·softplus′ (x[r, i] + bias[i]) where that is within
 * its limits, and 0 past them.
 * @dx: [n_rows, H] with leading dimension @lddx; @ddelta: dense
 */
typedef struct
{
  float *dx;
  gsize lddx;
  const float *ddelta;
  const float *x;
  gsize ldx, n_rows, n_heads;
  const float *bias;
  float least, most;
} EgStepSizeBack;

/**
 * EgGroupNormBack: of EgGroupNorm, in place: with s = 1 / sqrt (mean (x²) + eps), g = d · weight of a part, d
 * becomes s·g − x·s³·mean (g·x).
 * @d: [n_rows, n_groups·width] with leading dimension @ldd; @x: as it was before the norm, with @ldx
 */
typedef struct
{
  float *d;
  gsize ldd;
  const float *x;
  gsize ldx, n_rows, n_groups, width;
  const float *weight;
  float eps;
} EgGroupNormBack;

/**
 * EgAttentionBack: of EgAttention. dq, and dk and dv of the segments' own rows: with p the softmax, dp[s] =
 * dy[t]·v[s], ds = p·(dp − Σ p·dp): dq[t] = scale·Σ ds·k[s]; dk[s] = scale·Σ_t ds·q[t]; dv[s] = Σ_t p·dy[t].
 * @dq, @dk, @dv: [rows, H·d_head], each with leading dimension @ldd; overwritten
 * @dy: [rows, H·d_head] dense, of every row
 * @op: the op itself, each of whose segments wants every row: out_first 0, out_row its row; without cuts
 */
typedef struct
{
  float *dq, *dk, *dv;
  gsize ldd;
  const float *dy;
  const EgAttention *op;
} EgAttentionBack;

/**
 * EgLogitsBack: logits [n_rows, V] become gradients of softmax·(…) and the rest by
 * d[v] = probability·softmax (logits)[v] + (weights ? weight·weights[v] : 0) + target_part·[v = target] +
 * against_part·[v = against].
 */
typedef struct
{
  float *logits;
  gsize n_rows, n;
  gsize target, against;
  const float *weights;
  float probability, weight, target_part, against_part;
} EgLogitsBack;

/* A backend's; what each computes stands at its struct. */
struct _EgBackOps
{
  void (*gemm) (EgStream *stream, const EgGemmBack *op);
  void (*norm) (EgStream *stream, const EgNormBack *op);
  void (*conv_silu) (EgStream *stream, const EgConvBack *op);
  void (*scan) (EgStream *stream, const EgScanBack *op);
  void (*scan_heads) (EgStream *stream, const EgHeadScanBack *op);
  void (*step_size) (EgStream *stream, const EgStepSizeBack *op);
  void (*group_norm) (EgStream *stream, const EgGroupNormBack *op);
  void (*gate) (EgStream *stream, const EgGateBack *op);
  void (*attention) (EgStream *stream, const EgAttentionBack *op);
  /* d[i] *= f′ (x[i]), n floats. */
  void (*activate) (EgStream *stream, EgActivation activation, float *d, const float *x, gsize n);
  void (*logits) (EgStream *stream, const EgLogitsBack *op);
  void (*dots) (EgStream *stream, const EgDots *op);
  void (*conv_dots) (EgStream *stream, const EgConvDots *op);
};

G_END_DECLS
