/* The formulas of engine/back.h as they stand there, accumulated in double precision. Slow and plain on
 * purpose: the test of central differences holds them to the forward ops, and every other backend to them. */
#include "engine/cpu/back.h"

#include <math.h>
#include <string.h>

static double
sigmoid (double x)
{
  return 1.0 / (1.0 + exp (-x));
}

static double
silu_slope (double x)
{
  return sigmoid (x) * (1.0 + x * (1.0 - sigmoid (x)));
}

static void
back_gemm (EgStream *stream, const EgGemmBack *op)
{
  for (gsize r = 0; r < op->n_rows; r++)
    for (gsize k = 0; k < op->w->cols; k++)
      {
        double sum = op->add ? (double)op->dx[r * op->lddx + k] : 0.0;
        for (gsize j = 0; j < op->w->rows; j++)
          sum += (double)op->dy[r * op->lddy + j] * (double)eg_reference_element (op->w, j, k);
        op->dx[r * op->lddx + k] = (float)sum;
      }
}

static void
back_norm (EgStream *stream, const EgNormBack *op)
{
  const double d = (double)op->d;
  for (gsize r = 0; r < op->n_rows; r++)
    {
      const float *x = op->x + r * op->d, *dy = op->dy + r * op->d;
      double mean = 0, squares = 0, sum = 0, product = 0;
      for (gsize i = 0; op->is_layer_norm && i < op->d; i++)
        mean += (double)x[i] / d;
      for (gsize i = 0; i < op->d; i++)
        squares += ((double)x[i] - mean) * ((double)x[i] - mean);
      const double s = 1.0 / sqrt (squares / d + (double)op->eps);
      for (gsize i = 0; i < op->d; i++)
        {
          const double g = (double)dy[i] * (double)op->weight[i];
          sum += op->is_layer_norm ? g / d : 0.0;
          product += g * ((double)x[i] - mean) * s / d;
        }
      for (gsize i = 0; i < op->d; i++)
        {
          const double g = (double)dy[i] * (double)op->weight[i];
          op->dx[r * op->d + i] += (float)(s * (g - sum - ((double)x[i] - mean) * s * product));
        }
    }
}

/* What silu is applied to, of a segment's row t. */
static double
conv_sum (const EgConvBack *op, const EgConvRows *segment, gsize t, gsize i)
{
  double sum = op->bias ? (double)op->bias[i] : 0.0;
  for (gsize k = 0; k < op->n_conv; k++)
    {
      const gssize at = (gssize)(t + k) - (gssize)(op->n_conv - 1);
      const float in = at >= 0 ? op->x[(segment->row + (gsize)at) * op->ldx + i]
                               : segment->history[(t + k) * op->n_inner + i];
      sum += (double)op->w[k * op->n_inner + i] * (double)in;
    }
  return sum;
}

static void
back_conv_silu (EgStream *stream, const EgConvBack *op)
{
  const gsize D = op->n_inner, K = op->n_conv;
  for (gsize s = 0; s < op->n_segments; s++)
    for (gsize i = 0; i < D; i++)
      {
        const EgConvRows *segment = &op->segments[s];
        float *du = op->dc + segment->row * D + i;
        for (gsize t = 0; t < segment->n_rows; t++)
          du[t * D] = (float)((double)du[t * D] * silu_slope (conv_sum (op, segment, t, i)));
        for (gsize t = 0; t < segment->n_rows; t++)
          {
            double sum = 0;
            for (gsize k = 0; k < K; k++)
              if (t + K - 1 - k < segment->n_rows)
                sum += (double)op->w[k * D + i] * (double)du[(t + K - 1 - k) * D];
            op->dx[(segment->row + t) * op->lddx + i] = (float)sum;
          }
      }
}

static void
back_gate (EgStream *stream, const EgGateBack *op)
{
  for (gsize r = 0; r < op->n_rows; r++)
    for (gsize i = 0; i < op->n_inner; i++)
      {
        float *dy = &op->dy[r * op->n_inner + i];
        const double z = (double)op->z[r * op->ldz + i], y = (double)op->y[r * op->n_inner + i];
        op->dz[r * op->lddz + i] = (float)((double)*dy * y * silu_slope (z));
        *dy = (float)((double)*dy * z * sigmoid (z));
      }
}

/* ---- scan ---- */

static double
decay (const EgScanBack *op, gsize row, gsize n, gsize i)
{
  return exp2 ((double)op->delta[row * op->n_inner + i] * (double)op->a[n * op->n_inner + i]);
}

/* h after all rows of all lanes, of one channel: [rows, N] */
static void
run_states (const EgScanBack *op, gsize i, double *states)
{
  const gsize D = op->n_inner, N = op->n_state;
  for (gsize l = 0; l < op->n_lanes; l++)
    for (gsize n = 0; n < N; n++)
      {
        double h = op->lanes[l].state ? (double)op->lanes[l].state[n * D + i] : 0.0;
        for (gsize row = op->lanes[l].row; row < op->lanes[l].row + op->lanes[l].n_rows; row++)
          {
            const double put = (double)op->delta[row * D + i] * (double)op->b_rows[row * op->ldbc + n]
                               * (double)op->c[row * D + i];
            h = decay (op, row, n, i) * h + put;
            states[row * N + n] = h;
          }
      }
}

static void
add_state_dots (
    const EgScanBack *op, const double *states, gsize row, gsize n, double gradient, double direct)
{
  const gsize N = op->n_state;
  for (gsize p = 0; p < op->n_dots; p++)
    {
      const EgDotRows *it = &op->dots[p];
      if (row < it->gradient || row >= it->gradient + it->n_rows)
        continue;
      const gsize t = row - it->gradient;
      const double difference = states[(it->source + t) * N + n] - states[(it->base + t) * N + n];
      op->full[it->out + t] += (float)(gradient * difference);
      op->direct[it->out + t] += (float)(direct * difference);
    }
}

/* One channel of one lane; carried: [N] zeros */
static void
back_channel (const EgScanBack *op, const EgScanLane *lane, gsize i, const double *states, double *carried)
{
  const gsize D = op->n_inner, N = op->n_state;
  for (gsize t = lane->n_rows; t-- > 0;)
    {
      const gsize row = lane->row + t;
      const double step = (double)op->delta[row * D + i], in = (double)op->c[row * D + i];
      const double dy = (double)op->dy[row * D + i];
      double d_step = 0, d_in = (double)op->skip[i] * dy;
      for (gsize n = 0; n < N; n++)
        {
          const double b = (double)op->b_rows[row * op->ldbc + n],
                       read = (double)op->c_rows[row * op->ldbc + n];
          const double before = t > 0         ? states[(row - 1) * N + n]
                                : lane->state ? (double)lane->state[n * D + i]
                                              : 0.0;
          const double g = read * dy + carried[n], e = decay (op, row, n, i);
          add_state_dots (op, states, row, n, g, read * dy);
          d_step += g * (G_LN2 * (double)op->a[n * D + i] * e * before + b * in);
          d_in += g * step * b;
          op->db[row * op->lddbc + n] += (float)(g * step * in);
          op->dcr[row * op->lddbc + n] += (float)(dy * states[row * N + n]);
          carried[n] = e * g;
        }
      op->ddelta[row * D + i] = (float)d_step;
      op->dc[row * D + i] = (float)d_in;
    }
}

static void
clear_scan (const EgScanBack *op)
{
  for (gsize l = 0; l < op->n_graded; l++)
    for (gsize t = 0; t < op->lanes[l].n_rows; t++)
      {
        const gsize row = op->lanes[l].row + t;
        memset (op->db + row * op->lddbc, 0, op->n_state * sizeof (float));
        memset (op->dcr + row * op->lddbc, 0, op->n_state * sizeof (float));
      }
  for (gsize p = 0; p < op->n_dots; p++)
    {
      memset (op->full + op->dots[p].out, 0, op->dots[p].n_rows * sizeof (float));
      memset (op->direct + op->dots[p].out, 0, op->dots[p].n_rows * sizeof (float));
    }
}

static void
back_scan (EgStream *stream, const EgScanBack *op)
{
  gsize n_rows = 0;
  for (gsize l = 0; l < op->n_lanes; l++)
    n_rows = MAX (n_rows, op->lanes[l].row + op->lanes[l].n_rows);
  g_autofree double *states = g_new (double, n_rows * op->n_state);
  clear_scan (op);
  for (gsize i = 0; i < op->n_inner; i++)
    {
      run_states (op, i, states);
      for (gsize l = 0; l < op->n_graded; l++)
        {
          g_autofree double *carried = g_new0 (double, op->n_state);
          back_channel (op, &op->lanes[l], i, states, carried);
        }
    }
}

/* ---- attention ---- */

/* Keys or values of a position, among a segment's spans. */
static const float *
at_position (const EgAttention *op, const EgAttentionRows *segment, gsize position, gboolean values)
{
  const EgAttentionSpan *span = &op->spans[segment->span];
  for (; position >= span->n; span++)
    position -= span->n;
  return (values ? span->values : span->keys) + position * span->ld;
}

static double
product (const float *a, const float *b, gsize n)
{
  double sum = 0;
  for (gsize i = 0; i < n; i++)
    sum += (double)a[i] * (double)b[i];
  return sum;
}

/* Of one row and head; p, ds: [positions], filled. at: the head's first channel. */
static void
back_attend (
    const EgAttentionBack *back, const EgAttentionRows *segment, gsize t, gsize at, double *p, double *ds)
{
  const EgAttention *op = back->op;
  const gsize n = segment->first + t + 1, row = segment->row + t, w = op->d_head;
  const float *q = op->q + row * op->ldq + at, *dy = back->dy + row * op->n_heads * w + at;
  double max = -INFINITY, sum = 0, mean = 0;
  for (gsize s = 0; s < n; s++)
    {
      p[s] = (double)op->scale * product (q, at_position (op, segment, s, FALSE) + at, w);
      max = MAX (max, p[s]);
    }
  for (gsize s = 0; s < n; s++)
    sum += p[s] = exp (p[s] - max);
  for (gsize s = 0; s < n; s++)
    {
      p[s] /= sum;
      ds[s] = product (dy, at_position (op, segment, s, TRUE) + at, w);
      mean += p[s] * ds[s];
    }
  for (gsize s = 0; s < n; s++)
    {
      ds[s] = (double)op->scale * p[s] * (ds[s] - mean);
      const float *k = at_position (op, segment, s, FALSE) + at;
      for (gsize i = 0; i < w; i++)
        back->dq[row * back->ldd + at + i] += (float)(ds[s] * (double)k[i]);
      if (s < segment->first)
        continue;
      float *dk = back->dk + (segment->row + s - segment->first) * back->ldd + at;
      float *dv = back->dv + (segment->row + s - segment->first) * back->ldd + at;
      for (gsize i = 0; i < w; i++)
        {
          dk[i] += (float)(ds[s] * (double)q[i]);
          dv[i] += (float)(p[s] * (double)dy[i]);
        }
    }
}

static void
back_attention (EgStream *stream, const EgAttentionBack *back)
{
  const EgAttention *op = back->op;
  const gsize width = op->n_heads * op->d_head;
  for (gsize s = 0; s < op->n_segments; s++)
    {
      const EgAttentionRows *segment = &op->segments[s];
      g_autofree double *p = g_new (double, 2 * (segment->first + segment->n_rows));
      float *all[] = { back->dq, back->dk, back->dv };
      for (gsize i = 0; i < G_N_ELEMENTS (all); i++)
        for (gsize t = 0; t < segment->n_rows; t++)
          memset (all[i] + (segment->row + t) * back->ldd, 0, width * sizeof (float));
      for (gsize t = 0; t < segment->n_rows; t++)
        for (gsize h = 0; h < op->n_heads; h++)
          back_attend (back, segment, t, h * op->d_head, p, p + segment->first + segment->n_rows);
    }
}

/* ---- the rest ---- */

static double
slope (EgActivation activation, double x)
{
  const double k = sqrt (2 / G_PI);
  const double th = tanh (k * (x + 0.044715 * x * x * x));
  switch (activation)
    {
    case EG_ACTIVATION_SOFTPLUS:
      return sigmoid (x);
    case EG_ACTIVATION_GELU:
      return 0.5 * erfc (-x * G_SQRT2 / 2) + x * exp (-0.5 * x * x) / sqrt (2 * G_PI);
    case EG_ACTIVATION_GELU_TANH:
      return 0.5 * (1 + th) + 0.5 * x * (1 - th * th) * k * (1 + 3 * 0.044715 * x * x);
    case EG_ACTIVATION_RELU:
      return x < 0 ? 0 : 1;
    case EG_ACTIVATION_SILU:
      return silu_slope (x);
    default:
      g_assert_not_reached ();
    }
}

static void
back_activate (EgStream *stream, EgActivation activation, float *d, const float *x, gsize n)
{
  for (gsize i = 0; i < n; i++)
    d[i] = (float)((double)d[i] * slope (activation, (double)x[i]));
}

static void
back_logits (EgStream *stream, const EgLogitsBack *op)
{
  for (gsize r = 0; r < op->n_rows; r++)
    {
      float *row = op->logits + r * op->n;
      double max = -INFINITY, sum = 0;
      for (gsize v = 0; v < op->n; v++)
        max = MAX (max, (double)row[v]);
      for (gsize v = 0; v < op->n; v++)
        sum += exp ((double)row[v] - max);
      for (gsize v = 0; v < op->n; v++)
        row[v] = (float)((double)op->probability * exp ((double)row[v] - max) / sum
                         + (op->weights ? (double)op->weight * (double)op->weights[v] : 0.0)
                         + (v == op->target ? (double)op->target_part : 0.0)
                         + (v == op->against ? (double)op->against_part : 0.0));
    }
}

static void
back_dots (EgStream *stream, const EgDots *op)
{
  for (gsize p = 0; p < op->n; p++)
    for (gsize t = 0; t < op->rows[p].n_rows; t++)
      {
        const EgDotRows *it = &op->rows[p];
        const float *g = op->gradient + (it->gradient + t) * op->ldg;
        const float *source = op->values + (it->source + t) * op->ldv;
        const float *base = op->values + (it->base + t) * op->ldv;
        double sum = 0;
        for (gsize j = 0; j < op->width; j++)
          sum += (double)g[j] * ((double)source[j] - (double)base[j]);
        op->dots[it->out + t] = (float)sum;
      }
}

/* Σ_{j ≤ t} du[v]·w[j − v + K − 1]·(the difference of x[j]) */
static double
conv_dot (const EgConvDots *op, const EgDotRows *it, gsize t, gsize v)
{
  const gsize D = op->n_inner, K = op->n_conv;
  double sum = 0;
  for (gsize j = v + 1 > K ? v + 1 - K : 0; j <= t; j++)
    for (gsize i = 0; i < D; i++)
      sum += (double)op->du[(it->gradient + v) * D + i] * (double)op->w[(j + K - 1 - v) * D + i]
             * ((double)op->x[(it->source + j) * op->ldx + i] - (double)op->x[(it->base + j) * op->ldx + i]);
  return sum;
}

static void
back_conv_dots (EgStream *stream, const EgConvDots *op)
{
  for (gsize p = 0; p < op->n; p++)
    for (gsize t = 0; t < op->rows[p].n_rows; t++)
      {
        const EgDotRows *it = &op->rows[p];
        double full = 0, direct = 0;
        for (gsize v = t + 1; v < MIN (t + op->n_conv, it->n_rows); v++)
          {
            const double dot = conv_dot (op, it, t, v);
            full += dot;
            direct += v == t + 1 ? dot : 0.0;
          }
        op->full[it->out + t] = (float)full;
        op->direct[it->out + t] = (float)direct;
      }
}

const EgBackOps eg_reference_back = {
  .gemm = back_gemm,
  .norm = back_norm,
  .conv_silu = back_conv_silu,
  .scan = back_scan,
  .scan_heads = eg_reference_back_scan_heads,
  .step_size = eg_reference_back_step_size,
  .group_norm = eg_reference_back_group_norm,
  .gate = back_gate,
  .attention = back_attention,
  .activate = back_activate,
  .logits = back_logits,
  .dots = back_dots,
  .conv_dots = back_conv_dots,
};
