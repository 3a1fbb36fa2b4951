/* Norms of rows (EgNorm). One block a row: read two or three times, but for the first from the cache. */
#include "stream.cuh"

namespace engram
{
static const unsigned norm_threads = 256;

/* y[r] = x[r] / sqrt (mean (x[r]²) + eps) · weight */
__global__ void
rms_norm_kernel (float *y, const float *x, unsigned d, const float *weight, float eps)
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

/* y[r] = (x[r] − mean) / sqrt (mean ((x[r] − mean)²) + eps) · weight + bias */
__global__ void
layer_norm_kernel (float *y, const float *x, unsigned d, const float *weight, const float *bias, float eps)
{
  const float *row = x + (size_t)blockIdx.x * d;
  float *to = y + (size_t)blockIdx.x * d, *parts = shared_memory<float> ();
  float sum = 0, squares = 0;
  for (unsigned i = threadIdx.x; i < d; i += norm_threads)
    sum += row[i];
  const float mean = block_sum (sum, parts) / (float)d;
  for (unsigned i = threadIdx.x; i < d; i += norm_threads)
    squares += (row[i] - mean) * (row[i] - mean);
  const float scale = 1.0f / sqrtf (block_sum (squares, parts) / (float)d + eps);
  for (unsigned i = threadIdx.x; i < d; i += norm_threads)
    to[i] = (row[i] - mean) * scale * weight[i] + bias[i];
}

static void
cuda_norm (EgStream *stream, const EgNorm *op)
{
  const dim3 grid ((unsigned)op->n_rows), block (norm_threads);
  const size_t shared = norm_threads / warp_size * sizeof (float);
  if (op->n_rows == 0 || !begin_op (stream))
    return;
  if (op->bias)
    launch ("layer_norm", layer_norm_kernel, grid, block, shared, stream->compute, op->y, op->x,
            (unsigned)op->d, op->weight, op->bias, op->eps);
  else
    launch ("rms_norm", rms_norm_kernel, grid, block, shared, stream->compute, op->y, op->x, (unsigned)op->d,
            op->weight, op->eps);
  end_op (stream);
}
}
