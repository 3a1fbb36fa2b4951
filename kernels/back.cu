/* The ops' gradients (engine/back.h), but for scans and attention. Each sum is one block's, in a fixed order.
 */
#include "stream.cuh"

#include "engine/back.h"

#include <limits.h>
#include <math.h>

namespace engram
{
static const unsigned back_threads = 256;
static const size_t back_shared = back_threads / warp_size * sizeof (double);

__device__ static __forceinline__ float
sigmoid (float x)
{
  return 1.0f / (1.0f + expf (-x));
}

__device__ static __forceinline__ float
silu_slope (float x)
{
  const float s = sigmoid (x);
  return s * (1.0f + x * (1.0f - s));
}

/* ---- products ---- */

/* What is row-major here is its transpose to cuBLAS: dxᵀ = wᵀ·dyᵀ. */
static void
back_gemm (EgStream *stream, const EgGemmBack *op)
{
  const EgMatrix *w = op->w;
  gsize lddy = op->lddy;
  if (op->n_rows == 0 || w->cols == 0 || !begin_op (stream))
    return;
  if (MAX (MAX (lddy, op->lddx), MAX (op->n_rows, MAX (w->rows, w->cols))) > INT_MAX)
    fail_memory (stream);
  const Factor weights = stream->state == EG_STREAM_WORKS ? weight_factor (stream, w) : Factor{};
  const Factor rows = weights.data ? row_factor (stream, op->dy, &lddy, op->n_rows, w->rows) : Factor{};
  const float one = 1.0f, beta = op->add ? 1.0f : 0.0f;
  if (rows.data)
    check_blas (stream,
                cublasGemmEx (stream->blas, w->transposed ? CUBLAS_OP_T : CUBLAS_OP_N, CUBLAS_OP_N,
                              (int)w->cols, (int)op->n_rows, (int)w->rows, &one, weights.data, weights.type,
                              (int)(w->transposed ? w->rows : w->cols), rows.data, rows.type, (int)lddy,
                              &beta, op->dx, CUDA_R_32F, (int)op->lddx,
                              stream->backend->precision == EG_PRECISION_TF32 ? CUBLAS_COMPUTE_32F_FAST_TF32
                                                                              : CUBLAS_COMPUTE_32F,
                              CUBLAS_GEMM_DEFAULT));
  end_op (stream);
}

/* ---- norms ---- */

/* One block a row. */
__global__ void
back_norm_kernel (
    float *dx, const float *dy, const float *x, unsigned d, const float *weight, bool centred, float eps)
{
  const size_t at = (size_t)blockIdx.x * d;
  double *parts = shared_memory<double> (), mean = 0, squares = 0, sum = 0, product = 0;
  for (unsigned i = threadIdx.x; centred && i < d; i += back_threads)
    mean += (double)x[at + i];
  mean = centred ? block_sum (mean, parts) / (double)d : 0.0;
  const float centre = (float)mean;
  for (unsigned i = threadIdx.x; i < d; i += back_threads)
    {
      const float own = x[at + i] - centre, g = dy[at + i] * weight[i];
      squares += (double)(own * own);
      sum += (double)g;
      product += (double)(g * own);
    }
  squares = block_sum (squares, parts);
  sum = block_sum (sum, parts);
  product = block_sum (product, parts);
  const double s = 1.0 / sqrt (squares / (double)d + (double)eps);
  const float scale = (float)s, flat = centred ? (float)(s * sum / (double)d) : 0.0f;
  const float slope = (float)(s * s * s * product / (double)d);
  for (unsigned i = threadIdx.x; i < d; i += back_threads)
    dx[at + i] += scale * dy[at + i] * weight[i] - flat - slope * (x[at + i] - centre);
}

static void
back_norm (EgStream *stream, const EgNormBack *op)
{
  if (op->n_rows == 0 || !begin_op (stream))
    return;
  launch ("back_norm", back_norm_kernel, dim3 ((unsigned)op->n_rows), dim3 (back_threads), back_shared,
          stream->compute, op->dx, op->dy, op->x, (unsigned)op->d, op->weight, (bool)op->is_layer_norm,
          op->eps);
  end_op (stream);
}

/* One block a part of a row. */
__global__ void
back_group_norm_kernel (
    float *d, size_t ldd, const float *x, size_t ldx, unsigned width, const float *weight, float eps)
{
  const size_t first = (size_t)blockIdx.y * width;
  float *own = d + (size_t)blockIdx.x * ldd + first;
  const float *from = x + (size_t)blockIdx.x * ldx + first;
  double *parts = shared_memory<double> (), squares = 0, product = 0;
  for (unsigned i = threadIdx.x; i < width; i += back_threads)
    {
      const float g = weight ? own[i] * weight[first + i] : own[i];
      squares += (double)(from[i] * from[i]);
      product += (double)(g * from[i]);
    }
  squares = block_sum (squares, parts);
  product = block_sum (product, parts);
  const double s = 1.0 / sqrt (squares / (double)width + (double)eps);
  const float scale = (float)s, slope = (float)(s * s * s * product / (double)width);
  for (unsigned i = threadIdx.x; i < width; i += back_threads)
    own[i] = scale * (weight ? own[i] * weight[first + i] : own[i]) - slope * from[i];
}

static void
back_group_norm (EgStream *stream, const EgGroupNormBack *op)
{
  if (op->n_rows == 0 || !begin_op (stream))
    return;
  launch ("back_group_norm", back_group_norm_kernel, dim3 ((unsigned)op->n_rows, (unsigned)op->n_groups),
          dim3 (back_threads), back_shared, stream->compute, op->d, (size_t)op->ldd, op->x, (size_t)op->ldx,
          (unsigned)op->width, op->weight, op->eps);
  end_op (stream);
}

/* ---- convolution ---- */

/* EgConvBack, with its segments in device memory. */
struct BackConvArguments
{
  ConvArguments forward; /* without c */
  float *dx, *du;
  size_t lddx;
};

/* du = dc · silu′ (u), in place. */
__global__ void
back_conv_slopes_kernel (BackConvArguments it)
{
  const ConvArguments &forward = it.forward;
  const EgConvRows &segment = forward.segments[blockIdx.x];
  const size_t i = (size_t)blockIdx.y * conv_threads + threadIdx.x, D = forward.n_inner;
  long first, end;
  if (!conv_range (segment, i, D, &first, &end))
    return;
  for (long t = first; t < end; t++)
    {
      float sum = forward.bias ? forward.bias[i] : 0.0f;
      for (unsigned k = 0; k < forward.n_conv; k++)
        sum += forward.w[k * D + i]
               * conv_input (forward, segment, forward.n_conv, t - (long)forward.n_conv + 1 + (long)k, i);
      it.du[(segment.row + (size_t)t) * D + i] *= silu_slope (sum);
    }
}

/* dx[t] = Σ_k w[k]·du[t+K−1−k] */
__global__ void
back_conv_kernel (BackConvArguments it)
{
  const ConvArguments &forward = it.forward;
  const EgConvRows &segment = forward.segments[blockIdx.x];
  const size_t i = (size_t)blockIdx.y * conv_threads + threadIdx.x, D = forward.n_inner;
  long first, end;
  if (!conv_range (segment, i, D, &first, &end))
    return;
  for (long t = first; t < end; t++)
    {
      float sum = 0.0f;
      for (unsigned k = 0; k < forward.n_conv; k++)
        {
          const size_t from = (size_t)t + forward.n_conv - 1 - k;
          if (from < segment.n_rows)
            sum += forward.w[k * D + i] * it.du[(segment.row + from) * D + i];
        }
      it.dx[(segment.row + (size_t)t) * it.lddx + i] = sum;
    }
}

static void
back_conv_silu (EgStream *stream, const EgConvBack *op)
{
  const dim3 grid = conv_grid (op->segments, op->n_segments, op->n_inner);
  if (grid.z == 0 || !begin_op (stream))
    return;
  const EgConvRows *table = upload_table (stream, op->segments, op->n_segments);
  const BackConvArguments arguments
      = { { nullptr, op->x, op->ldx, table, op->n_inner, (unsigned)op->n_conv, op->w, op->bias },
          op->dx,
          op->dc,
          op->lddx };
  if (table)
    {
      launch ("back_conv_slopes", back_conv_slopes_kernel, grid, dim3 (conv_threads), 0, stream->compute,
              arguments);
      launch ("back_conv", back_conv_kernel, grid, dim3 (conv_threads), 0, stream->compute, arguments);
    }
  end_op (stream);
}

/* ---- what looks at each number once ---- */

__global__ void
back_gate_kernel (float *dy, float *dz, size_t lddz, const float *y, const float *z, size_t ldz, size_t width)
{
  const size_t r = blockIdx.x;
  for (size_t i = threadIdx.x; i < width; i += elementwise_threads)
    {
      const float d = dy[r * width + i], in = z[r * ldz + i];
      dz[r * lddz + i] = d * y[r * width + i] * silu_slope (in);
      dy[r * width + i] = d * silu (in);
    }
}

static void
back_gate (EgStream *stream, const EgGateBack *op)
{
  if (op->n_rows == 0 || !begin_op (stream))
    return;
  launch ("back_gate", back_gate_kernel, dim3 ((unsigned)op->n_rows), dim3 (elementwise_threads), 0,
          stream->compute, op->dy, op->dz, (size_t)op->lddz, op->y, op->z, (size_t)op->ldz,
          (size_t)op->n_inner);
  end_op (stream);
}

__global__ void
back_step_size_kernel (EgStepSizeBack it)
{
  const size_t r = blockIdx.x;
  for (size_t i = threadIdx.x; i < it.n_heads; i += elementwise_threads)
    {
      const float x = it.x[r * it.ldx + i] + it.bias[i], step = activated<EG_ACTIVATION_SOFTPLUS> (x);
      const bool within = step >= it.least && step <= it.most;
      it.dx[r * it.lddx + i] = within ? it.ddelta[r * it.n_heads + i] * sigmoid (x) : 0.0f;
    }
}

static void
back_step_size (EgStream *stream, const EgStepSizeBack *op)
{
  if (op->n_rows == 0 || !begin_op (stream))
    return;
  launch ("back_step_size", back_step_size_kernel, dim3 ((unsigned)op->n_rows), dim3 (elementwise_threads), 0,
          stream->compute, *op);
  end_op (stream);
}

template <EgActivation A>
__device__ static __forceinline__ float
activation_slope (float x)
{
  const float s = sigmoid (1.59576912f * (x + 0.044715f * x * x * x));
  switch (A)
    {
    case EG_ACTIVATION_SOFTPLUS:
      return sigmoid (x);
    case EG_ACTIVATION_GELU:
      return 0.5f * erfcf (-0.707106781f * x) + x * 0.39894228f * expf (-0.5f * x * x);
    case EG_ACTIVATION_GELU_TANH:
      return s + x * s * (1.0f - s) * 1.59576912f * (1.0f + 0.134145f * x * x);
    case EG_ACTIVATION_RELU:
      return x < 0.0f ? 0.0f : 1.0f;
    case EG_ACTIVATION_SILU:
      return silu_slope (x);
    default:
      return 0.0f;
    }
}

template <EgActivation A>
__global__ void
back_activate_kernel (float *d, const float *x, size_t n)
{
  for (size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x; i < n; i += (size_t)gridDim.x * blockDim.x)
    d[i] *= activation_slope<A> (x[i]);
}

static void
back_activate (EgStream *stream, EgActivation activation, float *d, const float *x, gsize n)
{
  if (n == 0 || activation >= EG_N_ACTIVATIONS || !begin_op (stream))
    return;
  auto *kernel = activation == EG_ACTIVATION_SOFTPLUS    ? back_activate_kernel<EG_ACTIVATION_SOFTPLUS>
                 : activation == EG_ACTIVATION_GELU      ? back_activate_kernel<EG_ACTIVATION_GELU>
                 : activation == EG_ACTIVATION_GELU_TANH ? back_activate_kernel<EG_ACTIVATION_GELU_TANH>
                 : activation == EG_ACTIVATION_RELU      ? back_activate_kernel<EG_ACTIVATION_RELU>
                                                         : back_activate_kernel<EG_ACTIVATION_SILU>;
  launch ("back_activate", kernel, elementwise_grid (n), dim3 (elementwise_threads), 0, stream->compute, d, x,
          (size_t)n);
  end_op (stream);
}

/* ---- logits ---- */

/* One block a row. What is not the target's is summed by itself: 1 − p, of a p near 1, would be mostly
 * rounding. */
__global__ void
back_logits_kernel (EgLogitsBack it)
{
  double *parts = shared_memory<double> (), rest = 0;
  float *row = it.logits + (size_t)blockIdx.x * it.n;
  float max = row[0];
  for (size_t v = threadIdx.x; v < it.n; v += back_threads)
    max = fmaxf (max, row[v]);
  max = block_max (max, reinterpret_cast<float *> (parts));
  for (size_t v = threadIdx.x; v < it.n; v += back_threads)
    rest += v == it.target ? 0.0 : (double)expf (row[v] - max);
  rest = block_sum (rest, parts);
  const double sum = rest + (double)expf (row[it.target] - max), probability = (double)it.probability;
  const float scale = (float)(probability / sum);
  __syncthreads (); /* the target's logit is read above, and written below */
  for (size_t v = threadIdx.x; v < it.n; v += back_threads)
    {
      float d = v == it.target ? (float)((double)(it.probability + it.target_part) - probability * rest / sum)
                               : scale * expf (row[v] - max);
      if (it.weights)
        d += it.weight * it.weights[v];
      row[v] = v == it.against ? d + it.against_part : d;
    }
}

static void
back_logits (EgStream *stream, const EgLogitsBack *op)
{
  if (op->n_rows == 0 || op->n == 0 || !begin_op (stream))
    return;
  launch ("back_logits", back_logits_kernel, dim3 ((unsigned)op->n_rows), dim3 (back_threads), back_shared,
          stream->compute, *op);
  end_op (stream);
}

/* ---- what values change ---- */

/* The most rows of the pairs, as blocks in y. */
static unsigned
count_dot_rows (const EgDotRows *rows, gsize n)
{
  gsize most = 0;
  for (gsize p = 0; p < n; p++)
    most = MAX (most, rows[p].n_rows);
  return (unsigned)most;
}

/* A block a pair and row of a kernel whose op has the pairs as its rows, n of them. */
template <class Op>
static void
queue_dots (EgStream *stream, const char *name, void (*kernel) (Op), const Op *op)
{
  const unsigned most = count_dot_rows (op->rows, op->n);
  if (most == 0 || !begin_op (stream))
    return;
  Op arguments = *op;
  arguments.rows = upload_table (stream, op->rows, op->n);
  if (arguments.rows)
    launch (name, kernel, dim3 ((unsigned)op->n, most), dim3 (back_threads), back_shared, stream->compute,
            arguments);
  end_op (stream);
}

/* One block a pair and row; it.rows in device memory. */
__global__ void
dots_kernel (EgDots it)
{
  const EgDotRows rows = it.rows[blockIdx.x];
  const size_t t = blockIdx.y;
  if (t >= rows.n_rows)
    return;
  const float *g = it.gradient + (rows.gradient + t) * it.ldg;
  const float *source = it.values + (rows.source + t) * it.ldv, *base = it.values + (rows.base + t) * it.ldv;
  float sum = 0.0f;
  for (size_t j = threadIdx.x; j < it.width; j += back_threads)
    sum += g[j] * (source[j] - base[j]);
  const double whole = block_sum ((double)sum, shared_memory<double> ());
  if (threadIdx.x == 0)
    it.dots[rows.out + t] = (float)whole;
}

static void
back_dots (EgStream *stream, const EgDots *op)
{
  queue_dots (stream, "dots", dots_kernel, op);
}

/* One block a pair and row; it.rows in device memory. */
__global__ void
conv_dots_kernel (EgConvDots it)
{
  const EgDotRows rows = it.rows[blockIdx.x];
  const size_t t = blockIdx.y, D = it.n_inner, K = it.n_conv;
  if (t >= rows.n_rows)
    return;
  double full = 0, direct = 0;
  for (size_t v = t + 1; v < rows.n_rows && v < t + K; v++)
    {
      float sum = 0.0f;
      for (size_t j = v + 1 > K ? v + 1 - K : 0; j <= t; j++)
        for (size_t i = threadIdx.x; i < D; i += back_threads)
          sum += it.du[(rows.gradient + v) * D + i] * it.w[(j + K - 1 - v) * D + i]
                 * (it.x[(rows.source + j) * it.ldx + i] - it.x[(rows.base + j) * it.ldx + i]);
      full += (double)sum;
      direct += v == t + 1 ? (double)sum : 0.0;
    }
  full = block_sum (full, shared_memory<double> ());
  direct = block_sum (direct, shared_memory<double> ());
  if (threadIdx.x != 0)
    return;
  it.full[rows.out + t] = (float)full;
  it.direct[rows.out + t] = (float)direct;
}

static void
back_conv_dots (EgStream *stream, const EgConvDots *op)
{
  queue_dots (stream, "conv_dots", conv_dots_kernel, op);
}
}
