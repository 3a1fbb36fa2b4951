/* Compiled several times, with EG_KERNELS naming the table and the compiler's flags naming the instruction
 * set. The loops run over contiguous channels, without calls, so that the compiler makes vectors of them. */
#include "engine/cpu/kernels.h"

#include "core/half.h"
#include "engine/cpu/vector-math.h"

#include <math.h>
#ifdef __F16C__
#include <immintrin.h>
#endif

#define LANES 16

/* 1 / sqrt (mean (x²) + eps) */
static float
rms_scale (const float *restrict x, gsize d, float eps)
{
  float partial[LANES] = { 0 };
  const gsize whole = d - d % LANES;
  for (gsize i = 0; i < whole; i += LANES)
    for (gsize j = 0; j < LANES; j++)
      partial[j] += x[i + j] * x[i + j];
  double sum = 0;
  for (gsize j = 0; j < LANES; j++)
    sum += (double)partial[j];
  for (gsize i = whole; i < d; i++)
    sum += (double)x[i] * (double)x[i];
  return (float)(1.0 / sqrt (sum / (double)d + (double)eps));
}

static void
rms_norm_row (float *restrict y, const float *restrict x, gsize d, const float *restrict weight, float eps)
{
  const float scale = rms_scale (x, d, eps);
  for (gsize i = 0; i < d; i++)
    y[i] = x[i] * scale * weight[i];
}

/* Twice over the row: the variance of what is left of the mean. */
static void
layer_norm_row (float *restrict y,
                const float *restrict x,
                gsize d,
                const float *restrict weight,
                const float *restrict bias,
                float eps)
{
  float partial[LANES] = { 0 }, squares[LANES] = { 0 };
  const gsize whole = d - d % LANES;
  for (gsize i = 0; i < whole; i += LANES)
    for (gsize j = 0; j < LANES; j++)
      partial[j] += x[i + j];
  double sum = 0;
  for (gsize j = 0; j < LANES; j++)
    sum += (double)partial[j];
  for (gsize i = whole; i < d; i++)
    sum += (double)x[i];
  const float mean = (float)(sum / (double)d);
  for (gsize i = 0; i < whole; i += LANES)
    for (gsize j = 0; j < LANES; j++)
      squares[j] += (x[i + j] - mean) * (x[i + j] - mean);
  sum = 0;
  for (gsize j = 0; j < LANES; j++)
    sum += (double)squares[j];
  for (gsize i = whole; i < d; i++)
    sum += (double)(x[i] - mean) * (double)(x[i] - mean);
  const float scale = (float)(1.0 / sqrt (sum / (double)d + (double)eps));
  for (gsize i = 0; i < d; i++)
    y[i] = (x[i] - mean) * scale * weight[i] + bias[i];
}

static void
norm (const EgNorm *op)
{
  for (gsize r = 0; r < op->n_rows; r++)
    if (op->bias)
      layer_norm_row (op->y + r * op->d, op->x + r * op->d, op->d, op->weight, op->bias, op->eps);
    else
      rms_norm_row (op->y + r * op->d, op->x + r * op->d, op->d, op->weight, op->eps);
}

static inline void
scale_row (float *restrict x, gsize d, const float *restrict weight, float scale)
{
  if (weight)
    for (gsize i = 0; i < d; i++)
      x[i] = x[i] * scale * weight[i];
  else
    for (gsize i = 0; i < d; i++)
      x[i] *= scale;
}

static void
group_norm (const EgGroupNorm *op)
{
  for (gsize r = 0; r < op->n_rows; r++)
    for (gsize g = 0; g < op->n_groups; g++)
      {
        float *x = op->x + r * op->ld + g * op->width;
        scale_row (x, op->width, op->weight ? op->weight + g * op->width : NULL,
                   rms_scale (x, op->width, op->eps));
      }
}

/* The usual width, in one pass. */
static void
conv_row_of_4 (float *restrict out,
               const float *restrict x0,
               const float *restrict x1,
               const float *restrict x2,
               const float *restrict x3,
               gsize n_inner,
               const float *restrict w,
               const float *restrict bias)
{
  const float *restrict w1 = w + n_inner, *restrict w2 = w + 2 * n_inner, *restrict w3 = w + 3 * n_inner;
  for (gsize i = 0; i < n_inner; i++)
    out[i] = fast_silu (bias[i] + w[i] * x0[i] + w1[i] * x1[i] + w2[i] * x2[i] + w3[i] * x3[i]);
}

/* What tap k of a segment's row t reads: row t − K + 1 + k; before its first row, history's last K − 1. */
static inline const float *
conv_input (const EgConv *op, const EgConvRows *segment, gsize t, gsize k)
{
  return t + k >= op->n_conv - 1 ? op->x + (segment->row + t + k - (op->n_conv - 1)) * op->ldx
                                 : segment->history + (t + k) * op->n_inner;
}

static void
conv_row (float *restrict out, const EgConv *op, const EgConvRows *segment, gsize t)
{
  const gsize n_inner = op->n_inner;
  const float *restrict bias = op->bias;
  for (gsize i = 0; i < n_inner; i++)
    out[i] = bias ? bias[i] : 0.0f;
  for (gsize k = 0; k < op->n_conv; k++)
    {
      const float *restrict from = conv_input (op, segment, t, k), *restrict tap = op->w + k * n_inner;
      for (gsize i = 0; i < n_inner; i++)
        out[i] += tap[i] * from[i];
    }
  for (gsize i = 0; i < n_inner; i++)
    out[i] = fast_silu (out[i]);
}

static void
conv_silu (const EgConv *op)
{
  for (gsize s = 0; s < op->n_segments; s++)
    {
      const EgConvRows *segment = &op->segments[s];
      for (gsize t = 0; t < segment->n_rows; t++)
        {
          float *out = op->c + (segment->row + t) * op->n_inner;
          if (op->n_conv == 4 && op->bias)
            conv_row_of_4 (out, conv_input (op, segment, t, 0), conv_input (op, segment, t, 1),
                           conv_input (op, segment, t, 2), conv_input (op, segment, t, 3), op->n_inner, op->w,
                           op->bias);
          else
            conv_row (out, op, segment, t);
        }
    }
}

/* One loop for each, so that each is straight-line code. */
static void
activate (EgActivation activation, float *restrict x, gsize n)
{
  switch (activation)
    {
    case EG_ACTIVATION_SOFTPLUS:
      for (gsize i = 0; i < n; i++)
        x[i] = fast_softplus (x[i]);
      break;
    case EG_ACTIVATION_GELU:
      for (gsize i = 0; i < n; i++)
        x[i] = fast_gelu (x[i]);
      break;
    case EG_ACTIVATION_GELU_TANH:
      for (gsize i = 0; i < n; i++)
        x[i] = fast_gelu_tanh (x[i]);
      break;
    case EG_ACTIVATION_RELU:
      for (gsize i = 0; i < n; i++)
        x[i] = x[i] < 0.0f ? 0.0f : x[i];
      break;
    case EG_ACTIVATION_SILU:
      for (gsize i = 0; i < n; i++)
        x[i] = fast_silu (x[i]);
      break;
    case EG_N_ACTIVATIONS:
      break;
    }
}

static inline void
write_output (float *restrict y, const float *restrict out, const float *restrict z, gsize width)
{
  if (z)
    for (gsize i = 0; i < width; i++)
      y[i] = out[i] * fast_silu (z[i]);
  else
    for (gsize i = 0; i < width; i++)
      y[i] = out[i];
}

/* One token, `width` channels: h and a are [n_state, EG_SCAN_BLOCK] and [n_state, D]; y and z may be NULL. */
static inline void
scan_step (float *restrict h,
           float *restrict y,
           const float *restrict delta,
           const float *restrict c,
           const float *restrict b_row,
           const float *restrict c_row,
           gsize n_state,
           gsize n_inner,
           const float *restrict a,
           const float *restrict skip,
           const float *restrict z,
           gsize width)
{
  float input[EG_SCAN_BLOCK], out[EG_SCAN_BLOCK];
  for (gsize i = 0; i < width; i++)
    {
      input[i] = delta[i] * c[i];
      out[i] = skip[i] * c[i];
    }
  for (gsize n = 0; n < n_state; n++)
    {
      const float b = b_row[n], read = c_row[n];
      float *restrict hn = h + n * EG_SCAN_BLOCK;
      const float *restrict an = a + n * n_inner;
      for (gsize i = 0; i < width; i++)
        {
          hn[i] = fast_exp2 (delta[i] * an[i]) * hn[i] + b * input[i];
          out[i] += read * hn[i];
        }
    }
  if (y)
    write_output (y, out, z, width);
}

/* The same with a given h, [n_state, D]. */
static inline void
set_step (float *restrict h,
          const float *restrict state,
          float *restrict y,
          const float *restrict c,
          const float *restrict c_row,
          gsize n_state,
          gsize n_inner,
          const float *restrict skip,
          const float *restrict z,
          gsize width)
{
  float out[EG_SCAN_BLOCK];
  for (gsize i = 0; i < width; i++)
    out[i] = skip[i] * c[i];
  for (gsize n = 0; n < n_state; n++)
    for (gsize i = 0; i < width; i++)
      {
        h[n * EG_SCAN_BLOCK + i] = state[n * n_inner + i];
        out[i] += c_row[n] * state[n * n_inner + i];
      }
  if (y)
    write_output (y, out, z, width);
}

/* Where h of a segment's row t is kept; NULL where it is not. */
static inline float *
kept_state (const EgScanRows *segment, gsize t, gsize n_floats)
{
  if (!segment->keep_state || t < segment->keep_first || t >= segment->keep_end
      || (t - segment->keep_first) % segment->keep_step != 0)
    return NULL;
  return segment->keep_state + (t - segment->keep_first) / segment->keep_step * n_floats;
}

/* A segment's row t, channels i0 … i0 + width − 1. */
static inline void
scan_row (const EgScan *op, const EgScanRows *segment, gsize t, gsize i0, gsize width, float *h)
{
  const gsize row = segment->row + t, n_inner = op->n_inner, n_state = op->n_state;
  const gboolean wanted = t >= segment->out_first;
  const gsize out_row = wanted ? segment->out_row + t - segment->out_first : 0;
  float *out = wanted ? op->y + out_row * n_inner + i0 : NULL;
  const float *gate = wanted && op->z ? op->z + out_row * op->ldz + i0 : NULL;
  const float *d_row = op->delta + row * n_inner + i0, *x_row = op->c + row * n_inner + i0;
  const float *b_row = op->b_rows + row * op->ldbc, *c_row = op->c_rows + row * op->ldbc;
  /* The same rows' next channels: too far away for the processor to foresee. */
  for (gsize i = EG_SCAN_BLOCK; i < 2 * EG_SCAN_BLOCK; i += 16)
    {
      __builtin_prefetch (d_row + i);
      __builtin_prefetch (x_row + i);
      if (gate)
        __builtin_prefetch (gate + i);
    }
  if (segment->set_state && t >= segment->set_first && t < segment->set_end)
    set_step (h, segment->set_state + (t - segment->set_first) * n_state * n_inner + i0, out, x_row, c_row,
              n_state, n_inner, op->skip + i0, gate, width);
  else if (width == EG_SCAN_BLOCK)
    scan_step (h, out, d_row, x_row, b_row, c_row, n_state, n_inner, op->a + i0, op->skip + i0, gate,
               EG_SCAN_BLOCK);
  else
    scan_step (h, out, d_row, x_row, b_row, c_row, n_state, n_inner, op->a + i0, op->skip + i0, gate, width);
  float *kept = kept_state (segment, t, n_state * n_inner);
  for (gsize n = 0; kept && n < n_state; n++)
    memcpy (kept + n * n_inner + i0, h + n * EG_SCAN_BLOCK, width * sizeof *h);
}

static void
scan (const EgScan *op, float *h)
{
  for (gsize s = 0; s < op->n_segments; s++)
    for (gsize i0 = 0; i0 < op->n_inner; i0 += EG_SCAN_BLOCK)
      {
        const EgScanRows *segment = &op->segments[s];
        const gsize width = MIN (EG_SCAN_BLOCK, op->n_inner - i0);
        for (gsize n = 0; n < op->n_state; n++)
          for (gsize i = 0; i < width; i++)
            h[n * EG_SCAN_BLOCK + i] = segment->state ? segment->state[n * op->n_inner + i0 + i] : 0.0f;
        for (gsize t = 0; t < segment->n_rows; t++)
          scan_row (op, segment, t, i0, width, h);
      }
}

static void
step_size (const EgStepSize *op)
{
  for (gsize r = 0; r < op->n_rows; r++)
    for (gsize i = 0; i < op->n_heads; i++)
      {
        const float step = fast_softplus (op->x[r * op->ldx + i] + op->bias[i]);
        const float above = step < op->least ? op->least : step;
        op->delta[r * op->n_heads + i] = above > op->most ? op->most : above;
      }
}

static inline void
gate_row (float *restrict y, const float *restrict z, gsize n)
{
  for (gsize i = 0; i < n; i++)
    y[i] *= fast_silu (z[i]);
}

static void
gate (const EgGate *op)
{
  for (gsize r = 0; r < op->n_rows; r++)
    gate_row (op->y + r * op->n_inner, op->z + r * op->ldz, op->n_inner);
}

/* One head. cosines, sines: [half]. */
static inline void
rotate_head (float *restrict y,
             const float *restrict x,
             const float *restrict cosines,
             const float *restrict sines,
             gsize half,
             gsize n)
{
  for (gsize i = 0; i < half; i++)
    {
      y[i] = x[i] * cosines[i] - x[i + half] * sines[i];
      y[i + half] = x[i + half] * cosines[i] + x[i] * sines[i];
    }
  for (gsize i = 2 * half; i < n; i++)
    y[i] = x[i];
}

static void
rotate (const EgRotary *op, float *scratch)
{
  const gsize half = op->n_rotary / 2;
  float *cosines = scratch, *sines = scratch + half;
  for (gsize s = 0; s < op->n_segments; s++)
    for (gsize t = 0; t < op->segments[s].n_rows; t++)
      {
        const gsize row = op->segments[s].row + t;
        for (gsize i = 0; i < half; i++)
          {
            const float angle = (float)(op->segments[s].first + t) * op->frequencies[i];
            cosines[i] = (float)cos ((double)angle);
            sines[i] = (float)sin ((double)angle);
          }
        for (gsize h = 0; h < op->n_heads; h++)
          rotate_head (op->y + row * op->ldy + h * op->d_head, op->x + row * op->ldx + h * op->d_head,
                       cosines, sines, half, op->d_head);
      }
}

static void
add (float *restrict y, const float *restrict x, gsize n)
{
  for (gsize i = 0; i < n; i++)
    y[i] += x[i];
}

static void
log_sum_exp (const float *restrict logits, gsize n, float *max, double *sum)
{
  const gsize whole = n - n % LANES;
  float highest[LANES], partial[LANES] = { 0 };
  for (gsize j = 0; j < LANES; j++)
    highest[j] = *max;
  for (gsize i = 0; i < whole; i += LANES)
    for (gsize j = 0; j < LANES; j++)
      highest[j] = logits[i + j] > highest[j] ? logits[i + j] : highest[j];
  float new_max = *max;
  for (gsize j = 0; j < LANES; j++)
    new_max = MAX (new_max, highest[j]);
  for (gsize i = whole; i < n; i++)
    new_max = MAX (new_max, logits[i]);

  for (gsize i = 0; i < whole; i += LANES)
    for (gsize j = 0; j < LANES; j++)
      partial[j] += fast_exp (logits[i + j] - new_max);
  double total = *sum > 0 ? *sum * exp ((double)*max - (double)new_max) : 0.0;
  for (gsize j = 0; j < LANES; j++)
    total += (double)partial[j];
  for (gsize i = whole; i < n; i++)
    total += (double)fast_exp (logits[i] - new_max);
  *max = new_max;
  *sum = total;
}

static double
weighted_sum (const float *restrict logits, const float *restrict weights, gsize n)
{
  const gsize whole = n - n % LANES;
  double partial[LANES] = { 0 }, total = 0;
  for (gsize i = 0; i < whole; i += LANES)
    for (gsize j = 0; j < LANES; j++)
      partial[j] += (double)logits[i + j] * (double)weights[i + j];
  for (gsize j = 0; j < LANES; j++)
    total += partial[j];
  for (gsize i = whole; i < n; i++)
    total += (double)logits[i] * (double)weights[i];
  return total;
}

static gsize
count_above (const float *restrict logits, gsize n, float value)
{
  /* 32 bits a lane, as wide as the floats: a panel has far fewer rows. */
  guint32 count = 0;
  for (gsize i = 0; i < n; i++)
    count += logits[i] > value ? 1 : 0;
  return count;
}

/* A file's numbers may stand at odd addresses. */
typedef guint16 Narrow __attribute__ ((aligned (1), may_alias));

static void
widen_half (const void *from, gsize n, float *restrict to)
{
  const Narrow *restrict narrow = from;
  gsize i = 0;
#ifdef __F16C__
  /* One instruction, which compilers do not find in those formulas: a tenth of the demo model's trace. */
  for (; i + 8 <= n; i += 8)
    {
      __m128i halves;
      memcpy (&halves, narrow + i, sizeof halves);
      _mm256_storeu_ps (to + i, _mm256_cvtph_ps (halves));
    }
#endif
  for (; i < n; i++)
    to[i] = eg_half_to_float (GUINT16_FROM_LE (narrow[i]));
}

static void
widen_bfloat16 (const void *from, gsize n, float *restrict to)
{
  const Narrow *restrict narrow = from;
  for (gsize i = 0; i < n; i++)
    to[i] = eg_bfloat16_to_float (GUINT16_FROM_LE (narrow[i]));
}

const EgCpuKernels EG_KERNELS = {
  .name = EG_KERNELS_NAME,
  .packed = &EG_PACKED,
  .norm = norm,
  .conv_silu = conv_silu,
  .scan = scan,
  .scan_head = EG_SCAN_HEAD,
  .step_size = step_size,
  .group_norm = group_norm,
  .gate = gate,
  .attend = EG_ATTEND,
  .rotate = rotate,
  .activate = activate,
  .add = add,
  .log_sum_exp = log_sum_exp,
  .weighted_sum = weighted_sum,
  .count_above = count_above,
  .widen_half = widen_half,
  .widen_bfloat16 = widen_bfloat16,
  .back = &EG_BACK_KERNELS,
};
