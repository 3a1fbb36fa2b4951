/* The formulas of engine/backend.h as they stand there, accumulated in double precision, with libm's
 * functions. Slow and plain on purpose: every other backend is tested against it, op by op. */
#include "engine/backend.h"

#include "core/half.h"
#include "engine/cpu/back.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct _EgStream
{
  int unused;
};

static EgStream *
reference_stream_new (EgBackend *self, gsize n_threads)
{
  return g_new0 (EgStream, 1);
}

static void
reference_stream_free (EgStream *stream)
{
  g_free (stream);
}

static float *
reference_alloc (EgBackend *self, gsize n_floats)
{
  return calloc (MAX (n_floats, 1), sizeof (float));
}

static void
reference_release (EgBackend *self, float *memory)
{
  free (memory);
}

static void
reference_copy (EgStream *stream, float *to, const float *from, gsize n)
{
  memcpy (to, from, n * sizeof *to);
}

float
eg_reference_element (const EgMatrix *w, gsize row, gsize col)
{
  const gsize at = w->transposed ? col * w->rows + row : row * w->cols + col;
  if (w->dtype == EG_DTYPE_F32)
    return ((const float *)w->data)[at];
  const guint16 bits = ((const guint16 *)w->data)[at];
  return w->dtype == EG_DTYPE_F16 ? eg_half_to_float (bits) : eg_bfloat16_to_float (bits);
}

static double
silu (double x)
{
  return x / (1.0 + exp (-x));
}

static void
reference_gemm (EgStream *stream, const EgGemm *op)
{
  for (gsize r = 0; r < op->n_rows; r++)
    for (gsize j = 0; j < op->w->rows; j++)
      {
        double sum = op->bias ? (double)op->bias[j] : 0.0;
        for (gsize k = 0; k < op->w->cols; k++)
          sum += (double)op->x[r * op->ldx + k] * (double)eg_reference_element (op->w, j, k);
        op->y[r * op->ldy + j] = (float)sum;
      }
}

static void
reference_norm (EgStream *stream, const EgNorm *op)
{
  for (gsize r = 0; r < op->n_rows; r++)
    {
      const float *x = op->x + r * op->d;
      double sum = 0, squares = 0;
      for (gsize i = 0; i < op->d; i++)
        sum += (double)x[i];
      const double mean = op->bias ? sum / (double)op->d : 0.0;
      for (gsize i = 0; i < op->d; i++)
        squares += ((double)x[i] - mean) * ((double)x[i] - mean);
      const double deviation = sqrt (squares / (double)op->d + (double)op->eps);
      for (gsize i = 0; i < op->d; i++)
        op->y[r * op->d + i] = (float)(((double)x[i] - mean) / deviation * (double)op->weight[i]
                                       + (op->bias ? (double)op->bias[i] : 0.0));
    }
}

static void
reference_conv_silu (EgStream *stream, const EgConv *op)
{
  for (gsize s = 0; s < op->n_segments; s++)
    for (gsize t = 0; t < op->segments[s].n_rows; t++)
      for (gsize i = 0; i < op->n_inner; i++)
        {
          const EgConvRows *segment = &op->segments[s];
          double sum = op->bias ? (double)op->bias[i] : 0.0;
          for (gsize k = 0; k < op->n_conv; k++)
            {
              const gssize at = (gssize)(t + k) - (gssize)(op->n_conv - 1);
              const float in = at >= 0 ? op->x[(segment->row + (gsize)at) * op->ldx + i]
                                       : segment->history[(t + k) * op->n_inner + i];
              sum += (double)op->w[k * op->n_inner + i] * (double)in;
            }
          op->c[(segment->row + t) * op->n_inner + i] = (float)silu (sum);
        }
}

static gboolean
is_kept (const EgScanRows *segment, gsize t)
{
  return segment->keep_state && t >= segment->keep_first && t < segment->keep_end
         && (t - segment->keep_first) % segment->keep_step == 0;
}

/* Makes h [n_state] of a segment's channel i what it is after its row t; returns y before its gate. */
static double
scan_step (const EgScan *op, const EgScanRows *segment, gsize t, gsize i, double *h)
{
  const gsize row = segment->row + t, n_inner = op->n_inner, n_state = op->n_state;
  const double step = (double)op->delta[row * n_inner + i], in = (double)op->c[row * n_inner + i];
  const gboolean set = segment->set_state && t >= segment->set_first && t < segment->set_end;
  double out = (double)op->skip[i] * in;
  for (gsize n = 0; n < n_state; n++)
    {
      h[n] = exp2 (step * (double)op->a[n * n_inner + i]) * h[n]
             + step * (double)op->b_rows[row * op->ldbc + n] * in;
      if (set)
        h[n] = (double)segment->set_state[((t - segment->set_first) * n_state + n) * n_inner + i];
      out += (double)op->c_rows[row * op->ldbc + n] * h[n];
      if (is_kept (segment, t))
        segment->keep_state[((t - segment->keep_first) / segment->keep_step * n_state + n) * n_inner + i]
            = (float)h[n];
    }
  return out;
}

static void
reference_scan (EgStream *stream, const EgScan *op)
{
  const gsize n_inner = op->n_inner;
  g_autofree double *h = g_new (double, op->n_state);
  for (gsize s = 0; s < op->n_segments; s++)
    for (gsize i = 0; i < n_inner; i++)
      {
        const EgScanRows *segment = &op->segments[s];
        for (gsize n = 0; n < op->n_state; n++)
          h[n] = segment->state ? (double)segment->state[n * n_inner + i] : 0.0;
        for (gsize t = 0; t < segment->n_rows; t++)
          {
            const double out = scan_step (op, segment, t, i, h);
            const gsize out_row = segment->out_row + t - segment->out_first;
            if (t >= segment->out_first)
              op->y[out_row * n_inner + i]
                  = (float)(op->z ? out * silu ((double)op->z[out_row * op->ldz + i]) : out);
          }
      }
}

/* Makes h [n_state] of a segment's head i, channel p, what it is after its row t; returns y. */
static double
head_step (const EgHeadScan *op, const EgScanRows *segment, gsize t, gsize i, gsize p, double *h)
{
  const gsize row = segment->row + t, N = op->n_state, P = op->d_head, D = op->n_heads * P;
  const gsize group = i / (op->n_heads / op->n_groups);
  const double step = (double)op->delta[row * op->n_heads + i], in = (double)op->c[row * op->ld + i * P + p];
  const gboolean set = segment->set_state && t >= segment->set_first && t < segment->set_end;
  double out = (double)op->skip[i] * in;
  for (gsize n = 0; n < N; n++)
    {
      const gsize at = (i * N + n) * P + p, bc = row * op->ld + group * N + n;
      h[n] = exp2 (step * (double)op->a[i]) * h[n] + step * (double)op->b_rows[bc] * in;
      if (set)
        h[n] = (double)segment->set_state[(t - segment->set_first) * N * D + at];
      out += (double)op->c_rows[bc] * h[n];
      if (is_kept (segment, t))
        segment->keep_state[(t - segment->keep_first) / segment->keep_step * N * D + at] = (float)h[n];
    }
  return out;
}

static void
reference_scan_heads (EgStream *stream, const EgHeadScan *op)
{
  const gsize N = op->n_state, P = op->d_head, D = op->n_heads * P;
  g_autofree double *h = g_new (double, N);
  for (gsize s = 0; s < op->n_segments; s++)
    for (gsize k = 0; k < D; k++)
      {
        const EgScanRows *segment = &op->segments[s];
        const gsize i = k / P, p = k % P;
        for (gsize n = 0; n < N; n++)
          h[n] = segment->state ? (double)segment->state[(i * N + n) * P + p] : 0.0;
        for (gsize t = 0; t < segment->n_rows; t++)
          {
            const double out = head_step (op, segment, t, i, p, h);
            if (t >= segment->out_first)
              op->y[(segment->out_row + t - segment->out_first) * D + k] = (float)out;
          }
      }
}

static double
softplus (double x)
{
  return x > 30.0 ? x : log1p (exp (x));
}

static void
reference_step_size (EgStream *stream, const EgStepSize *op)
{
  for (gsize r = 0; r < op->n_rows; r++)
    for (gsize i = 0; i < op->n_heads; i++)
      op->delta[r * op->n_heads + i] = (float)fmin (
          fmax (softplus ((double)op->x[r * op->ldx + i] + (double)op->bias[i]), (double)op->least),
          (double)op->most);
}

static void
reference_group_norm (EgStream *stream, const EgGroupNorm *op)
{
  for (gsize r = 0; r < op->n_rows; r++)
    for (gsize g = 0; g < op->n_groups; g++)
      {
        float *x = op->x + r * op->ld + g * op->width;
        double squares = 0;
        for (gsize i = 0; i < op->width; i++)
          squares += (double)x[i] * (double)x[i];
        const double deviation = sqrt (squares / (double)op->width + (double)op->eps);
        for (gsize i = 0; i < op->width; i++)
          x[i] = (float)((double)x[i] / deviation
                         * (op->weight ? (double)op->weight[g * op->width + i] : 1.0));
      }
}

static void
reference_gate (EgStream *stream, const EgGate *op)
{
  for (gsize r = 0; r < op->n_rows; r++)
    for (gsize i = 0; i < op->n_inner; i++)
      op->y[r * op->n_inner + i]
          = (float)((double)op->y[r * op->n_inner + i] * silu ((double)op->z[r * op->ldz + i]));
}

/* Keys or values of a position, among a segment's spans. */
static const float *
at_position (const EgAttention *op, const EgAttentionRows *segment, gsize position, gboolean values)
{
  const EgAttentionSpan *span = &op->spans[segment->span];
  for (; position >= span->n; span++)
    position -= span->n;
  return (values ? span->values : span->keys) + position * span->ld;
}

static gboolean
reads (const EgAttentionRows *segment, gsize row, gsize position)
{
  const gboolean cut = row >= segment->cut_first && row < segment->cut_end && position >= segment->from_begin
                       && position < segment->from_end;
  return position <= segment->first + row && !cut;
}

/* Of one row and head; scores: [positions], filled. at: the head's first channel. */
static void
attend (const EgAttention *op, const EgAttentionRows *segment, gsize row, gsize at, double *scores)
{
  const gsize n = segment->first + row + 1, out_row = segment->out_row + row - segment->out_first;
  const float *q = op->q + (segment->row + row) * op->ldq + at;
  double max = -INFINITY, sum = 0;
  for (gsize s = 0; s < n; s++)
    {
      scores[s] = -INFINITY;
      if (!reads (segment, row, s))
        continue;
      const float *k = at_position (op, segment, s, FALSE) + at;
      double product = 0;
      for (gsize i = 0; i < op->d_head; i++)
        product += (double)q[i] * (double)k[i];
      scores[s] = (double)op->scale * product;
      max = MAX (max, scores[s]);
    }
  for (gsize s = 0; s < n; s++)
    sum += exp (scores[s] - max);
  for (gsize i = 0; i < op->d_head; i++)
    {
      double out = 0;
      for (gsize s = 0; s < n; s++)
        if (reads (segment, row, s))
          out += exp (scores[s] - max) / sum * (double)at_position (op, segment, s, TRUE)[at + i];
      op->y[out_row * op->n_heads * op->d_head + at + i] = (float)out;
    }
}

static void
reference_attention (EgStream *stream, const EgAttention *op)
{
  for (gsize s = 0; s < op->n_segments; s++)
    {
      const EgAttentionRows *segment = &op->segments[s];
      EgAttentionRows whole = *segment;
      whole.cut_end = whole.cut_first;
      g_autofree double *scores = g_new (double, segment->first + segment->n_rows);
      for (gsize row = segment->out_first; row < segment->n_rows; row++)
        for (gsize h = 0; h < op->n_heads; h++)
          attend (op, eg_attention_cuts_head (segment, h) ? segment : &whole, row, h * op->d_head, scores);
    }
}

static void
reference_rotate (EgStream *stream, const EgRotary *op)
{
  const gsize half = op->n_rotary / 2;
  for (gsize s = 0; s < op->n_segments; s++)
    for (gsize t = 0; t < op->segments[s].n_rows; t++)
      for (gsize h = 0; h < op->n_heads; h++)
        {
          const gsize row = op->segments[s].row + t;
          const float *x = op->x + row * op->ldx + h * op->d_head;
          float *y = op->y + row * op->ldy + h * op->d_head;
          for (gsize i = 0; i < op->d_head; i++)
            {
              if (i >= 2 * half)
                {
                  y[i] = x[i];
                  continue;
                }
              const double angle = (double)((float)(op->segments[s].first + t) * op->frequencies[i % half]);
              const double other = i < half ? -(double)x[i + half] : (double)x[i - half];
              y[i] = (float)((double)x[i] * cos (angle) + other * sin (angle));
            }
        }
}

static double
activated (EgActivation activation, double x)
{
  switch (activation)
    {
    case EG_ACTIVATION_SOFTPLUS:
      return softplus (x);
    case EG_ACTIVATION_GELU:
      return x * 0.5 * erfc (-x * G_SQRT2 / 2);
    case EG_ACTIVATION_GELU_TANH:
      return x * 0.5 * (1 + tanh (sqrt (2 / G_PI) * (x + 0.044715 * x * x * x)));
    case EG_ACTIVATION_RELU:
      return x < 0 ? 0 : x;
    case EG_ACTIVATION_SILU:
      return silu (x);
    default:
      g_assert_not_reached ();
    }
}

static void
reference_activate (EgStream *stream, EgActivation activation, float *x, gsize n)
{
  for (gsize i = 0; i < n; i++)
    x[i] = (float)activated (activation, (double)x[i]);
}

static void
reference_add (EgStream *stream, float *y, const float *x, gsize n)
{
  for (gsize i = 0; i < n; i++)
    y[i] += x[i];
}

static void
reference_copy_rows (EgStream *stream, const EgRowCopy *copies, gsize n, gsize width)
{
  for (gsize i = 0; i < n; i++)
    memcpy (copies[i].to, copies[i].from, width * sizeof (float));
}

static void
reference_embed (EgStream *stream, float *to, const EgMatrix *table, gsize row)
{
  for (gsize i = 0; i < table->cols; i++)
    to[i] = eg_reference_element (table, row, i);
}

/* logits: [head->rows], filled. */
static EgHeadRow
ask_row (const EgHead *op, gsize r, double *logits)
{
  const EgMatrix *head = op->head;
  const EgHeadQuery *query = op->query;
  EgHeadRow row = { .max = -INFINITY };
  for (gsize v = 0; v < head->rows; v++)
    {
      logits[v] = 0;
      for (gsize k = 0; k < head->cols; k++)
        logits[v] += (double)op->x[r * head->cols + k] * (double)eg_reference_element (head, v, k);
      row.max = MAX (row.max, logits[v]);
    }
  row.target = logits[query->target];
  row.against = logits[query->against];
  for (gsize v = 0; v < head->rows; v++)
    {
      row.sum += exp (logits[v] - row.max);
      row.weighted += query->weights ? (double)query->weights[v] * logits[v] : 0.0;
      row.above += query->rank && logits[v] > row.target;
    }
  return row;
}

static void
reference_head (EgStream *stream, const EgHead *op)
{
  g_autofree double *logits = g_new (double, op->head->rows);
  for (gsize r = 0; r < op->n_rows; r++)
    op->answers[r] = ask_row (op, r, logits);
}

static double
reference_top (EgStream *stream, EgTopValue *found, const float *values, gsize n, gsize k)
{
  g_autofree gboolean *taken = g_new0 (gboolean, n);
  double sum = 0;
  for (gsize i = 0; i < k; i++)
    {
      gsize best = n;
      for (gsize v = 0; v < n; v++)
        if (!taken[v]
            && (best == n || values[v] > values[best] || (isnan (values[best]) && !isnan (values[v]))))
          best = v;
      taken[best] = TRUE;
      found[i] = (EgTopValue){ best, values[best] };
    }
  for (gsize v = 0; v < n; v++)
    sum += exp ((double)values[v] - (double)found[0].value);
  return sum;
}

EgBackend *
eg_backend_reference (void)
{
  static EgBackend backend = {
    .name = "reference",
    .stream_new = reference_stream_new,
    .stream_free = reference_stream_free,
    .alloc = reference_alloc,
    .release = reference_release,
    .upload = reference_copy,
    .download = reference_copy,
    .gemm = reference_gemm,
    .norm = reference_norm,
    .conv_silu = reference_conv_silu,
    .scan = reference_scan,
    .scan_heads = reference_scan_heads,
    .step_size = reference_step_size,
    .group_norm = reference_group_norm,
    .gate = reference_gate,
    .attention = reference_attention,
    .rotate = reference_rotate,
    .activate = reference_activate,
    .add = reference_add,
    .copy_rows = reference_copy_rows,
    .embed = reference_embed,
    .head = reference_head,
    .top = reference_top,
    .back = &eg_reference_back,
  };
  return &backend;
}
