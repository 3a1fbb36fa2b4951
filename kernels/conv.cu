/* c[t, i] = silu (bias[i] + Σ_k w[k, i] · x[t−K+1+k, i]) within each segment. A thread has one channel and
 * goes down `conv_rows` rows with the last K inputs in registers: each is read once, but for the K − 1 at a
 * thread's beginning. */
#include "stream.cuh"

namespace engram
{
static const unsigned conv_threads = 128, conv_rows = 32;

/* x[t, i], t counted within the segment; before its first row, what it continues. */
__device__ static __forceinline__ float
conv_input (
    const EgRows &segment, const float *x, size_t ldx, size_t n_inner, size_t n_conv, long t, size_t i)
{
  return t >= 0 ? x[(segment.row + (size_t)t) * ldx + i]
                : segment.history[(size_t)(t + (long)n_conv - 1) * n_inner + i];
}

/* The rows that a thread goes down: FALSE when there is none. */
__device__ static __forceinline__ bool
conv_range (const EgRows &segment, size_t i, size_t n_inner, long *first, long *end)
{
  *first = (long)blockIdx.z * conv_rows;
  *end = *first + conv_rows < (long)segment.n_rows ? *first + conv_rows : (long)segment.n_rows;
  return i < n_inner && *first < *end;
}

template <unsigned K>
__global__ void
conv_silu_kernel (float *c,
                  const float *x,
                  size_t ldx,
                  const EgRows *segments,
                  size_t n_inner,
                  unsigned n_conv,
                  const float *w,
                  const float *bias)
{
  const EgRows &segment = segments[blockIdx.x];
  const size_t i = (size_t)blockIdx.y * conv_threads + threadIdx.x;
  long first, end;
  if (!conv_range (segment, i, n_inner, &first, &end))
    return;
  const float start = bias ? bias[i] : 0.0f;
  float tap[K], window[K];
#pragma unroll
  for (unsigned k = 0; k < K; k++)
    {
      tap[k] = w[k * n_inner + i];
      window[k] = k > 0 ? conv_input (segment, x, ldx, n_inner, K, first - (long)K + (long)k, i) : 0.0f;
    }
  for (long t = first; t < end; t++)
    {
      const size_t row = segment.row + (size_t)t;
      float sum = start;
#pragma unroll
      for (unsigned k = 0; k < K; k++)
        {
          window[k] = k + 1 < K ? window[k + 1] : x[row * ldx + i];
          sum += tap[k] * window[k];
        }
      c[row * n_inner + i] = silu (sum);
    }
}

/* For any K: every input is read K times, from the cache. */
__global__ void
conv_silu_any_kernel (float *c,
                      const float *x,
                      size_t ldx,
                      const EgRows *segments,
                      size_t n_inner,
                      unsigned n_conv,
                      const float *w,
                      const float *bias)
{
  const EgRows &segment = segments[blockIdx.x];
  const size_t i = (size_t)blockIdx.y * conv_threads + threadIdx.x;
  long first, end;
  if (!conv_range (segment, i, n_inner, &first, &end))
    return;
  for (long t = first; t < end; t++)
    {
      float sum = bias ? bias[i] : 0.0f;
      for (unsigned k = 0; k < n_conv; k++)
        sum += w[k * n_inner + i]
               * conv_input (segment, x, ldx, n_inner, n_conv, t - (long)n_conv + 1 + (long)k, i);
      c[(segment.row + (size_t)t) * n_inner + i] = silu (sum);
    }
}

static void
cuda_conv_silu (EgStream *stream,
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
  gsize most_rows = 0;
  for (gsize s = 0; s < n_segments; s++)
    most_rows = MAX (most_rows, segments[s].n_rows);
  if (most_rows == 0 || !begin_op (stream))
    return;
  const EgRows *table = upload_table (stream, segments, n_segments);
  const dim3 grid ((unsigned)n_segments, blocks_for (n_inner, conv_threads),
                   blocks_for (most_rows, conv_rows));
  auto *kernel = n_conv == 4   ? conv_silu_kernel<4>
                 : n_conv == 3 ? conv_silu_kernel<3>
                 : n_conv == 2 ? conv_silu_kernel<2>
                               : conv_silu_any_kernel;
  if (table)
    launch ("conv_silu", kernel, grid, dim3 (conv_threads), 0, stream->compute, c, x, ldx, table, n_inner,
            (unsigned)n_conv, w, bias);
  end_op (stream);
}
}
