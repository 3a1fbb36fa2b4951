/* y[r] = x[r] / sqrt (mean (x[r]²) + eps) · weight. One block a row: read twice, the second time from the
 * cache. */
#include "stream.cuh"

namespace engram
{
static const unsigned norm_threads = 256;

__global__ void
rmsnorm_kernel (float *y, const float *x, unsigned d, const float *weight, float eps)
{
  const float *row = x + (size_t)blockIdx.x * d;
  float *to = y + (size_t)blockIdx.x * d;
  float sum = 0;
  for (unsigned i = threadIdx.x; i < d; i += norm_threads)
    sum += row[i] * row[i];
  sum = block_sum (sum, shared_memory<float> ());
  const float scale = 1.0f / sqrtf (sum / (float)d + eps);
  for (unsigned i = threadIdx.x; i < d; i += norm_threads)
    to[i] = row[i] * scale * weight[i];
}

static void
cuda_rmsnorm (
    EgStream *stream, float *y, const float *x, gsize n_rows, gsize d, const float *weight, float eps)
{
  if (n_rows == 0 || !begin_op (stream))
    return;
  launch ("rmsnorm", rmsnorm_kernel, dim3 ((unsigned)n_rows), dim3 (norm_threads),
          norm_threads / warp_size * sizeof (float), stream->compute, y, x, (unsigned)d, weight, eps);
  end_op (stream);
}
}
