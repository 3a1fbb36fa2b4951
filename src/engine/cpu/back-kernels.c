/* The backward ops' loops over contiguous channels, without calls, so that the compiler makes vectors of
 * them; compiled once for each instruction set, as kernels.c is. */
#include "engine/cpu/back-kernels.h"

#include "engine/cpu/sums.h"
#include "engine/cpu/vector-math.h"

#include <math.h>
#include <string.h>

#define BLOCK EG_SCAN_BACK_BLOCK

static inline float
sigmoid (float x)
{
  return 1.0f / (1.0f + fast_exp (-x));
}

static inline float
silu_slope (float x)
{
  const float s = sigmoid (x);
  return s * (1.0f + x * (1.0f - s));
}

/* ---- norm ---- */

static void
norm_row (const EgNormBack *op, float *restrict dx, const float *restrict dy, const float *restrict x)
{
  const gsize d = op->d;
  const float *restrict weight = op->weight;
  float partial[LANES] = { 0 };
  double mean = 0, squares = 0, sum = 0, product = 0;
  for (gsize i = 0; op->is_layer_norm && i < d; i++)
    mean += (double)x[i];
  const float centre = (float)(mean / (double)d);
  for (gsize i = 0; i < d; i++)
    partial[i % LANES] += (x[i] - centre) * (x[i] - centre);
  for (gsize j = 0; j < LANES; j++)
    squares += (double)partial[j];
  const double s = 1.0 / sqrt (squares / (double)d + (double)op->eps);
  for (gsize i = 0; i < d; i++)
    {
      sum += (double)(dy[i] * weight[i]);
      product += (double)(dy[i] * weight[i] * (x[i] - centre));
    }
  const float scale = (float)s, flat = op->is_layer_norm ? (float)(s * sum / (double)d) : 0.0f;
  const float slope = (float)(s * s * s * product / (double)d);
  for (gsize i = 0; i < d; i++)
    dx[i] += scale * dy[i] * weight[i] - flat - slope * (x[i] - centre);
}

static void
norm (const EgNormBack *op, gsize first, gsize end)
{
  for (gsize r = first; r < end; r++)
    norm_row (op, op->dx + r * op->d, op->dy + r * op->d, op->x + r * op->d);
}

/* ---- gate ---- */

static inline void
gate_row (float *restrict dy, float *restrict dz, const float *restrict y, const float *restrict z, gsize n)
{
  for (gsize i = 0; i < n; i++)
    {
      const float s = sigmoid (z[i]);
      dz[i] = dy[i] * y[i] * s * (1.0f + z[i] * (1.0f - s));
      dy[i] *= z[i] * s;
    }
}

static void
gate (const EgGateBack *op, gsize first, gsize end)
{
  for (gsize r = first; r < end; r++)
    gate_row (op->dy + r * op->n_inner, op->dz + r * op->lddz, op->y + r * op->n_inner, op->z + r * op->ldz,
              op->n_inner);
}

/* ---- convolution ---- */

/* What silu was applied to, of a segment's row t. */
static inline void
conv_sums (float *restrict u, const EgConvBack *op, const EgConvRows *segment, gsize t)
{
  const gsize n = op->n_inner;
  const float *restrict bias = op->bias;
  for (gsize i = 0; i < n; i++)
    u[i] = bias ? bias[i] : 0.0f;
  for (gsize k = 0; k < op->n_conv; k++)
    {
      const float *restrict from = t + k >= op->n_conv - 1
                                       ? op->x + (segment->row + t + k - (op->n_conv - 1)) * op->ldx
                                       : segment->history + (t + k) * n;
      const float *restrict tap = op->w + k * n;
      for (gsize i = 0; i < n; i++)
        u[i] += tap[i] * from[i];
    }
}

static inline void
multiply_slopes (float *restrict d, const float *restrict u, gsize n)
{
  for (gsize i = 0; i < n; i++)
    d[i] *= silu_slope (u[i]);
}

static inline void
add_product (float *restrict y, const float *restrict a, const float *restrict b, gsize n)
{
  for (gsize i = 0; i < n; i++)
    y[i] += a[i] * b[i];
}

static void
conv_silu (const EgConvBack *op, gsize index, float *scratch)
{
  const gsize n = op->n_inner, K = op->n_conv;
  const EgConvRows *segment = &op->segments[index];
  float *du = op->dc + segment->row * n;
  for (gsize t = 0; t < segment->n_rows; t++)
    {
      conv_sums (scratch, op, segment, t);
      multiply_slopes (du + t * n, scratch, n);
    }
  for (gsize t = 0; t < segment->n_rows; t++)
    {
      float *dx = op->dx + (segment->row + t) * op->lddx;
      memset (dx, 0, n * sizeof *dx);
      for (gsize k = 0; k < K; k++)
        if (t + K - 1 - k < segment->n_rows)
          add_product (dx, op->w + k * n, du + (t + K - 1 - k) * n, n);
    }
}

/* ---- scan ---- */

/* A row's channels of a block. */
typedef struct
{
  const float *delta, *c, *dy, *b_row, *c_row;
  gsize width;
} Row;

static inline void
state_step (float *restrict h,
            const float *restrict before,
            const float *restrict delta,
            const float *restrict c,
            const float *restrict a,
            float b,
            gsize width)
{
  for (gsize i = 0; i < width; i++)
    h[i] = fast_exp2 (delta[i] * a[i]) * before[i] + b * delta[i] * c[i];
}

/* h after each row of each lane: [rows, N, BLOCK] */
static void
run_states (const EgScanBack *op, gsize i0, gsize width, float *states)
{
  const gsize D = op->n_inner, N = op->n_state;
  float first[BLOCK];
  for (gsize l = 0; l < op->n_lanes; l++)
    {
      const EgScanLane *lane = &op->lanes[l];
      for (gsize t = 0; t < lane->n_rows; t++)
        {
          const gsize row = lane->row + t;
          for (gsize n = 0; n < N; n++)
            {
              float *h = states + (row * N + n) * BLOCK;
              const float *before = h - N * BLOCK;
              if (t == 0)
                {
                  for (gsize i = 0; i < width; i++)
                    first[i] = lane->state ? lane->state[n * D + i0 + i] : 0.0f;
                  before = first;
                }
              state_step (h, before, op->delta + row * D + i0, op->c + row * D + i0, op->a + n * D + i0,
                          op->b_rows[row * op->ldbc + n], width);
            }
        }
    }
}

/* One number of the state, at one row: what its gradient g adds to the others; carried becomes that of the
 * row before. */
static inline void
back_step (float *restrict g,
           float *restrict carried,
           float *restrict d_step,
           float *restrict d_in,
           const float *restrict before,
           const Row *row,
           const float *restrict a,
           float b,
           float read)
{
  const float *restrict delta = row->delta, *restrict c = row->c, *restrict dy = row->dy;
  for (gsize i = 0; i < row->width; i++)
    {
      const float e = fast_exp2 (delta[i] * a[i]);
      g[i] = read * dy[i] + carried[i];
      d_step[i] += g[i] * ((float)G_LN2 * a[i] * e * before[i] + b * c[i]);
      d_in[i] += g[i] * b;
      carried[i] = e * g[i];
    }
}

static inline void
add_state_dots (const EgScanBack *op,
                const float *states,
                gsize at,
                gsize n,
                const float *g,
                float read,
                const Row *row,
                float *dots)
{
  const gsize N = op->n_state;
  for (gsize p = 0; p < op->n_dots; p++)
    {
      const EgDotRows *it = &op->dots[p];
      if (at < it->gradient || at >= it->gradient + it->n_rows)
        continue;
      const gsize t = at - it->gradient;
      const float *source = states + ((it->source + t) * N + n) * BLOCK;
      const float *base = states + ((it->base + t) * N + n) * BLOCK;
      dots[2 * (it->out + t)] += dot_difference (g, source, base, row->width);
      dots[2 * (it->out + t) + 1] += read * dot_difference (row->dy, source, base, row->width);
    }
}

static void
back_row (const EgScanBack *op,
          const EgScanLane *lane,
          gsize t,
          gsize i0,
          const Row *row,
          const float *states,
          float *carried,
          float *sums,
          float *dots)
{
  const gsize D = op->n_inner, N = op->n_state, at = lane->row + t, width = row->width;
  float g[BLOCK], first[BLOCK], d_in[BLOCK], put[BLOCK];
  float *d_step = op->ddelta + at * D + i0, *dc = op->dc + at * D + i0;
  for (gsize i = 0; i < width; i++)
    {
      d_step[i] = d_in[i] = 0.0f;
      put[i] = row->delta[i] * row->c[i];
    }
  for (gsize n = 0; n < N; n++)
    {
      const float *h = states + (at * N + n) * BLOCK, *before = h - N * BLOCK;
      const float read = row->c_row[n];
      if (t == 0)
        {
          for (gsize i = 0; i < width; i++)
            first[i] = lane->state ? lane->state[n * D + i0 + i] : 0.0f;
          before = first;
        }
      back_step (g, carried + n * BLOCK, d_step, d_in, before, row, op->a + n * D + i0, row->b_row[n], read);
      add_state_dots (op, states, at, n, g, read, row, dots);
      sums[at * 2 * N + n] = dot (g, put, width);
      sums[at * 2 * N + N + n] = dot (row->dy, h, width);
    }
  for (gsize i = 0; i < width; i++)
    dc[i] = op->skip[i0 + i] * row->dy[i] + row->delta[i] * d_in[i];
}

static void
scan (const EgScanBack *op, gsize i0, float *scratch, float *sums, float *dots)
{
  const gsize D = op->n_inner, N = op->n_state, width = MIN (BLOCK, D - i0);
  float *carried = scratch, *states = scratch + N * BLOCK;
  for (gsize p = 0; p < op->n_dots; p++)
    memset (dots + 2 * op->dots[p].out, 0, 2 * op->dots[p].n_rows * sizeof *dots);
  run_states (op, i0, width, states);
  for (gsize l = 0; l < op->n_graded; l++)
    {
      const EgScanLane *lane = &op->lanes[l];
      memset (carried, 0, N * BLOCK * sizeof *carried);
      for (gsize t = lane->n_rows; t-- > 0;)
        {
          const gsize at = lane->row + t;
          const Row row = { op->delta + at * D + i0,    op->c + at * D + i0,        op->dy + at * D + i0,
                            op->b_rows + at * op->ldbc, op->c_rows + at * op->ldbc, width };
          back_row (op, lane, t, i0, &row, states, carried, sums, dots);
        }
    }
}

/* ---- attention ---- */

/* Keys or values of a position, among a segment's spans. */
static inline const float *
at_position (const EgAttention *op, const EgAttentionRows *segment, gsize position, gboolean values)
{
  const EgAttentionSpan *span = &op->spans[segment->span];
  for (; position >= span->n; span++)
    position -= span->n;
  return (values ? span->values : span->keys) + position * span->ld;
}

static inline void
add_scaled (float *restrict y, const float *restrict x, float scale, gsize n)
{
  for (gsize i = 0; i < n; i++)
    y[i] += scale * x[i];
}

/* Of one row and head; p, ds: [positions], filled. */
static void
attend_row (
    const EgAttentionBack *back, const EgAttentionRows *segment, gsize t, gsize at, float *p, float *ds)
{
  const EgAttention *op = back->op;
  const gsize n = segment->first + t + 1, row = segment->row + t, w = op->d_head;
  const float *q = op->q + row * op->ldq + at, *dy = back->dy + row * op->n_heads * w + at;
  float max = -INFINITY, sum = 0, mean = 0;
  for (gsize s = 0; s < n; s++)
    {
      p[s] = op->scale * dot (q, at_position (op, segment, s, FALSE) + at, w);
      max = MAX (max, p[s]);
    }
  for (gsize s = 0; s < n; s++)
    sum += p[s] = fast_exp (p[s] - max);
  for (gsize s = 0; s < n; s++)
    {
      p[s] /= sum;
      ds[s] = dot (dy, at_position (op, segment, s, TRUE) + at, w);
      mean += p[s] * ds[s];
    }
  for (gsize s = 0; s < n; s++)
    {
      ds[s] = op->scale * p[s] * (ds[s] - mean);
      add_scaled (back->dq + row * back->ldd + at, at_position (op, segment, s, FALSE) + at, ds[s], w);
      if (s < segment->first)
        continue;
      const gsize own = segment->row + s - segment->first;
      add_scaled (back->dk + own * back->ldd + at, q, ds[s], w);
      add_scaled (back->dv + own * back->ldd + at, dy, p[s], w);
    }
}

static void
attend (const EgAttentionBack *back, gsize index, gsize head, float *scratch)
{
  const EgAttentionRows *segment = &back->op->segments[index];
  const gsize w = back->op->d_head, at = head * w, n = segment->first + segment->n_rows;
  for (gsize t = 0; t < segment->n_rows; t++)
    {
      const gsize from = (segment->row + t) * back->ldd + at;
      memset (back->dq + from, 0, w * sizeof (float));
      memset (back->dk + from, 0, w * sizeof (float));
      memset (back->dv + from, 0, w * sizeof (float));
    }
  for (gsize t = 0; t < segment->n_rows; t++)
    attend_row (back, segment, t, at, scratch, scratch + n);
}

/* ---- the rest ---- */

static inline float
gelu_slope (float x)
{
  const float tail = fast_normal_tail (x);
  return (x < 0.0f ? tail : 1.0f - tail) + x * 0.39894228f * fast_exp (-0.5f * x * x);
}

/* s = ½·(1 + tanh (u)), whose slope is 2·s·(1 − s)·u′. */
static inline float
gelu_tanh_slope (float x)
{
  const float s = sigmoid (1.59576912f * (x + 0.044715f * x * x * x));
  return s + x * s * (1.0f - s) * 1.59576912f * (1.0f + 0.134145f * x * x);
}

static void
activate (EgActivation activation, float *restrict d, const float *restrict x, gsize n)
{
  switch (activation)
    {
    case EG_ACTIVATION_SOFTPLUS:
      for (gsize i = 0; i < n; i++)
        d[i] *= sigmoid (x[i]);
      break;
    case EG_ACTIVATION_GELU:
      for (gsize i = 0; i < n; i++)
        d[i] *= gelu_slope (x[i]);
      break;
    case EG_ACTIVATION_GELU_TANH:
      for (gsize i = 0; i < n; i++)
        d[i] *= gelu_tanh_slope (x[i]);
      break;
    case EG_ACTIVATION_RELU:
      for (gsize i = 0; i < n; i++)
        d[i] = x[i] < 0.0f ? 0.0f : d[i];
      break;
    case EG_ACTIVATION_SILU:
      for (gsize i = 0; i < n; i++)
        d[i] *= silu_slope (x[i]);
      break;
    case EG_N_ACTIVATIONS:
      break;
    }
}

/* e^(x − max) in place of each; returns the sum. */
static inline double
exponentiate (float *restrict row, gsize n, float max)
{
  float partial[LANES] = { 0 };
  const gsize whole = n - n % LANES;
  for (gsize v = 0; v < whole; v += LANES)
    for (gsize j = 0; j < LANES; j++)
      {
        row[v + j] = fast_exp (row[v + j] - max);
        partial[j] += row[v + j];
      }
  double sum = 0;
  for (gsize j = 0; j < LANES; j++)
    sum += (double)partial[j];
  for (gsize v = whole; v < n; v++)
    sum += (double)(row[v] = fast_exp (row[v] - max));
  return sum;
}

static void
logits (const EgLogitsBack *op, gsize r)
{
  float *restrict row = op->logits + r * op->n;
  const float *restrict weights = op->weights;
  float max = -INFINITY;
  for (gsize v = 0; v < op->n; v++)
    max = row[v] > max ? row[v] : max;
  /* What is not the target's, by itself: 1 − p, of a p near 1, would be mostly rounding. */
  const double own = (double)fast_exp (row[op->target] - max);
  row[op->target] = -INFINITY;
  const double rest = exponentiate (row, op->n, max), sum = own + rest;
  const float scale = (float)((double)op->probability / sum);
  for (gsize v = 0; v < op->n; v++)
    row[v] = scale * row[v] + (weights ? op->weight * weights[v] : 0.0f);
  row[op->target]
      += (float)((double)(op->probability + op->target_part) - (double)op->probability * rest / sum);
  row[op->against] += op->against_part;
}

static void
dots (const EgDots *op, gsize index)
{
  const EgDotRows *it = &op->rows[index];
  for (gsize t = 0; t < it->n_rows; t++)
    op->dots[it->out + t] = dot_difference (op->gradient + (it->gradient + t) * op->ldg,
                                            op->values + (it->source + t) * op->ldv,
                                            op->values + (it->base + t) * op->ldv, op->width);
}

/* Σ du·w·(source − base) */
static inline float
dot_tap (const float *restrict du,
         const float *restrict w,
         const float *restrict source,
         const float *restrict base,
         gsize n)
{
  float partial[LANES] = { 0 };
  const gsize whole = n - n % LANES;
  for (gsize i = 0; i < whole; i += LANES)
    for (gsize j = 0; j < LANES; j++)
      partial[j] += du[i + j] * w[i + j] * (source[i + j] - base[i + j]);
  float sum = sum_lanes (partial);
  for (gsize i = whole; i < n; i++)
    sum += du[i] * w[i] * (source[i] - base[i]);
  return sum;
}

static void
conv_dots (const EgConvDots *op, gsize index)
{
  const EgDotRows *it = &op->rows[index];
  const gsize n = op->n_inner, K = op->n_conv;
  for (gsize t = 0; t < it->n_rows; t++)
    {
      float full = 0, direct = 0;
      for (gsize v = t + 1; v < MIN (t + K, it->n_rows); v++)
        for (gsize j = v + 1 > K ? v + 1 - K : 0; j <= t; j++)
          {
            const float found
                = dot_tap (op->du + (it->gradient + v) * n, op->w + (j + K - 1 - v) * n,
                           op->x + (it->source + j) * op->ldx, op->x + (it->base + j) * op->ldx, n);
            full += found;
            direct += v == t + 1 ? found : 0.0f;
          }
      op->full[it->out + t] = full;
      op->direct[it->out + t] = direct;
    }
}

const EgCpuBackKernels EG_BACK_KERNELS = {
  .heads = &EG_BACK_HEADS,
  .norm = norm,
  .gate = gate,
  .conv_silu = conv_silu,
  .scan = scan,
  .attend = attend,
  .activate = activate,
  .logits = logits,
  .dots = dots,
  .conv_dots = conv_dots,
};
