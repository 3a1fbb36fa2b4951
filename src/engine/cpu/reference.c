/* The formulas of engine/backend.h as they stand there, accumulated in double precision, with libm's
 * functions. Slow and plain on purpose: every other backend is tested against it, op by op. */
#include "engine/backend.h"

#include "core/half.h"

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

static float
element (const EgMatrix *w, gsize row, gsize col)
{
  const gsize at = row * w->cols + col;
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
reference_gemm (EgStream *stream,
                float *y,
                gsize ldy,
                const float *x,
                gsize ldx,
                gsize n_rows,
                const EgMatrix *w,
                const float *bias)
{
  for (gsize r = 0; r < n_rows; r++)
    for (gsize j = 0; j < w->rows; j++)
      {
        double sum = bias ? (double)bias[j] : 0.0;
        for (gsize k = 0; k < w->cols; k++)
          sum += (double)x[r * ldx + k] * (double)element (w, j, k);
        y[r * ldy + j] = (float)sum;
      }
}

static void
reference_rmsnorm (
    EgStream *stream, float *y, const float *x, gsize n_rows, gsize d, const float *weight, float eps)
{
  for (gsize r = 0; r < n_rows; r++)
    {
      double sum = 0;
      for (gsize i = 0; i < d; i++)
        sum += (double)x[r * d + i] * (double)x[r * d + i];
      for (gsize i = 0; i < d; i++)
        y[r * d + i]
            = (float)((double)x[r * d + i] / sqrt (sum / (double)d + (double)eps) * (double)weight[i]);
    }
}

static void
reference_conv_silu (EgStream *stream,
                     float *c,
                     const float *x,
                     gsize ldx,
                     const EgRows *segments,
                     gsize n_segments,
                     gsize n_inner,
                     gsize n_conv,
                     const float *w,
                     const float *bias)
{
  for (gsize s = 0; s < n_segments; s++)
    for (gsize t = 0; t < segments[s].n_rows; t++)
      for (gsize i = 0; i < n_inner; i++)
        {
          double sum = bias ? (double)bias[i] : 0.0;
          for (gsize k = 0; k < n_conv; k++)
            {
              const gssize at = (gssize)(t + k) - (gssize)(n_conv - 1);
              const float in = at >= 0 ? x[(segments[s].row + (gsize)at) * ldx + i]
                                       : segments[s].history[(t + k) * n_inner + i];
              sum += (double)w[k * n_inner + i] * (double)in;
            }
          c[(segments[s].row + t) * n_inner + i] = (float)silu (sum);
        }
}

static void
reference_softplus (EgStream *stream, float *x, gsize n)
{
  for (gsize i = 0; i < n; i++)
    x[i] = x[i] > 30.0f ? x[i] : (float)log1p (exp ((double)x[i]));
}

static void
reference_scan (EgStream *stream,
                float *y,
                const float *delta,
                const float *c,
                const float *b_rows,
                const float *c_rows,
                gsize ldbc,
                const EgRows *segments,
                gsize n_segments,
                gsize n_inner,
                gsize n_state,
                const float *a,
                const float *skip,
                const float *z,
                gsize ldz)
{
  for (gsize s = 0; s < n_segments; s++)
    for (gsize i = 0; i < n_inner; i++)
      {
        const EgRows *segment = &segments[s];
        g_autofree double *h = g_new0 (double, n_state);
        for (gsize n = 0; segment->state && n < n_state; n++)
          h[n] = (double)segment->state[n * n_inner + i];
        for (gsize t = 0; t < segment->n_rows; t++)
          {
            const gsize row = segment->row + t;
            const double step = (double)delta[row * n_inner + i], in = (double)c[row * n_inner + i];
            const gboolean set = segment->set_state && t >= segment->set_first && t < segment->set_end;
            double out = (double)skip[i] * in;
            for (gsize n = 0; n < n_state; n++)
              {
                h[n] = exp2 (step * (double)a[n * n_inner + i]) * h[n]
                       + step * (double)b_rows[row * ldbc + n] * in;
                if (set)
                  h[n] = (double)segment->set_state[((t - segment->set_first) * n_state + n) * n_inner + i];
                out += (double)c_rows[row * ldbc + n] * h[n];
                if (segment->keep_state && t >= segment->keep_first && t < segment->keep_end
                    && (t - segment->keep_first) % segment->keep_step == 0)
                  segment->keep_state[((t - segment->keep_first) / segment->keep_step * n_state + n) * n_inner
                                      + i]
                      = (float)h[n];
              }
            const gsize out_row = segment->out_row + t - segment->out_first;
            if (t >= segment->out_first)
              y[out_row * n_inner + i] = (float)(z ? out * silu ((double)z[out_row * ldz + i]) : out);
          }
      }
}

static void
reference_gate (EgStream *stream, float *y, const float *z, gsize ldz, gsize n_rows, gsize n_inner)
{
  for (gsize r = 0; r < n_rows; r++)
    for (gsize i = 0; i < n_inner; i++)
      y[r * n_inner + i] = (float)((double)y[r * n_inner + i] * silu ((double)z[r * ldz + i]));
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
    to[i] = element (table, row, i);
}

static void
reference_head (EgStream *stream,
                EgHeadRow *answers,
                const float *x,
                gsize n_rows,
                const EgMatrix *head,
                const EgHeadQuery *query)
{
  g_autofree double *logits = g_new (double, head->rows);
  for (gsize r = 0; r < n_rows; r++)
    {
      EgHeadRow row = { .max = -INFINITY };
      for (gsize v = 0; v < head->rows; v++)
        {
          logits[v] = 0;
          for (gsize k = 0; k < head->cols; k++)
            logits[v] += (double)x[r * head->cols + k] * (double)element (head, v, k);
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
      answers[r] = row;
    }
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
    .rmsnorm = reference_rmsnorm,
    .conv_silu = reference_conv_silu,
    .softplus = reference_softplus,
    .scan = reference_scan,
    .gate = reference_gate,
    .add = reference_add,
    .copy_rows = reference_copy_rows,
    .embed = reference_embed,
    .head = reference_head,
    .top = reference_top,
  };
  return &backend;
}
