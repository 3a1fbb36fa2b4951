/* c[t, i] = silu (bias[i] + Σ_k w[k, i] · x[t−K+1+k, i]) within each segment. A thread has one channel and
 * goes down `conv_rows` rows with the last K inputs in registers: each is read once, but for the K − 1 at a
 * thread's beginning. */
#include "stream.cuh"

namespace engram
{
static const unsigned conv_threads = 128, conv_rows = 32;

/* EgConv, with its segments in device memory. */
struct ConvArguments
{
  float *c;
  const float *x;
  size_t ldx;
  const EgConvRows *segments;
  size_t n_inner;
  unsigned n_conv;
  const float *w, *bias;
};

/* x[t, i], t counted within the segment; before its first row, what it continues. */
__device__ static __forceinline__ float
conv_input (const ConvArguments &it, const EgConvRows &segment, unsigned n_conv, long t, size_t i)
{
  return t >= 0 ? it.x[(segment.row + (size_t)t) * it.ldx + i]
                : segment.history[(size_t)(t + (long)n_conv - 1) * it.n_inner + i];
}

/* The rows that a thread goes down: FALSE when there is none. */
__device__ static __forceinline__ bool
conv_range (const EgConvRows &segment, size_t i, size_t n_inner, long *first, long *end)
{
  *first = (long)blockIdx.z * conv_rows;
  *end = *first + conv_rows < (long)segment.n_rows ? *first + conv_rows : (long)segment.n_rows;
  return i < n_inner && *first < *end;
}

template <unsigned K>
__global__ void
conv_silu_kernel (ConvArguments it)
{
  const EgConvRows &segment = it.segments[blockIdx.x];
  const size_t i = (size_t)blockIdx.y * conv_threads + threadIdx.x, D = it.n_inner;
  long first, end;
  if (!conv_range (segment, i, D, &first, &end))
    return;
  const float start = it.bias ? it.bias[i] : 0.0f;
  float tap[K], window[K];
#pragma unroll
  for (unsigned k = 0; k < K; k++)
    {
      tap[k] = it.w[k * D + i];
      window[k] = k > 0 ? conv_input (it, segment, K, first - (long)K + (long)k, i) : 0.0f;
    }
  for (long t = first; t < end; t++)
    {
      const size_t row = segment.row + (size_t)t;
      float sum = start;
#pragma unroll
      for (unsigned k = 0; k < K; k++)
        {
          window[k] = k + 1 < K ? window[k + 1] : it.x[row * it.ldx + i];
          sum += tap[k] * window[k];
        }
      it.c[row * D + i] = silu (sum);
    }
}

/* For any K: every input is read K times, from the cache. */
__global__ void
conv_silu_any_kernel (ConvArguments it)
{
  const EgConvRows &segment = it.segments[blockIdx.x];
  const size_t i = (size_t)blockIdx.y * conv_threads + threadIdx.x;
  long first, end;
  if (!conv_range (segment, i, it.n_inner, &first, &end))
    return;
  for (long t = first; t < end; t++)
    {
      float sum = it.bias ? it.bias[i] : 0.0f;
      for (unsigned k = 0; k < it.n_conv; k++)
        sum += it.w[k * it.n_inner + i]
               * conv_input (it, segment, it.n_conv, t - (long)it.n_conv + 1 + (long)k, i);
      it.c[(segment.row + (size_t)t) * it.n_inner + i] = silu (sum);
    }
}

/* Of all rows and channels; z is 0 where there are no rows. */
static dim3
conv_grid (const EgConvRows *segments, gsize n, gsize n_inner)
{
  gsize most_rows = 0;
  for (gsize s = 0; s < n; s++)
    most_rows = MAX (most_rows, segments[s].n_rows);
  return dim3 ((unsigned)n, blocks_for (n_inner, conv_threads), blocks_for (most_rows, conv_rows));
}

static void
cuda_conv_silu (EgStream *stream, const EgConv *op)
{
  const dim3 grid = conv_grid (op->segments, op->n_segments, op->n_inner);
  if (grid.z == 0 || !begin_op (stream))
    return;
  const EgConvRows *table = upload_table (stream, op->segments, op->n_segments);
  auto *kernel = op->n_conv == 4   ? conv_silu_kernel<4>
                 : op->n_conv == 3 ? conv_silu_kernel<3>
                 : op->n_conv == 2 ? conv_silu_kernel<2>
                                   : conv_silu_any_kernel;
  if (table)
    launch (
        "conv_silu", kernel, grid, dim3 (conv_threads), 0, stream->compute,
        ConvArguments{ op->c, op->x, op->ldx, table, op->n_inner, (unsigned)op->n_conv, op->w, op->bias });
  end_op (stream);
}
}
