/* Rotary position embedding: a thread has a pair of numbers of a row, and does it in every head, so that each
 * angle's sine and cosine are computed once a row. */
#include "stream.cuh"

namespace engram
{
static const unsigned rotary_threads = 128;

/* EgRotary, with its tables in device memory. */
struct RotaryArguments
{
  float *y;
  size_t ldy;
  const float *x;
  size_t ldx;
  const EgRotaryRows *segments;
  size_t n_heads, d_head, half;
  const float *frequencies;
};

__device__ static __forceinline__ void
rotate_pair (const RotaryArguments &it, const float *x, float *y, float position, size_t i)
{
  float sine, cosine;
  sincosf (position * it.frequencies[i], &sine, &cosine);
  for (size_t h = 0; h < it.n_heads; h++)
    {
      const float first = x[h * it.d_head + i], second = x[h * it.d_head + i + it.half];
      y[h * it.d_head + i] = first * cosine - second * sine;
      y[h * it.d_head + i + it.half] = second * cosine + first * sine;
    }
}

/* One block a row: segment x, its row y and every gridDim.y-th after it. Thread i < half has the numbers i
 * and i + half, the others those that are not rotated. */
__global__ void
rotate_kernel (RotaryArguments it)
{
  const EgRotaryRows &segment = it.segments[blockIdx.x];
  for (size_t t = blockIdx.y; t < segment.n_rows; t += gridDim.y)
    {
      const float *x = it.x + (segment.row + t) * it.ldx;
      float *y = it.y + (segment.row + t) * it.ldy;
      for (size_t i = threadIdx.x; i < it.d_head - it.half; i += rotary_threads)
        if (i < it.half)
          rotate_pair (it, x, y, (float)(segment.first + t), i);
        else
          for (size_t h = 0; h < it.n_heads; h++)
            y[h * it.d_head + i + it.half] = x[h * it.d_head + i + it.half];
    }
}

static void
cuda_rotate (EgStream *stream, const EgRotary *op)
{
  gsize most_rows = 0;
  for (gsize s = 0; s < op->n_segments; s++)
    most_rows = MAX (most_rows, op->segments[s].n_rows);
  if (most_rows == 0 || !begin_op (stream))
    return;
  const size_t half = op->n_rotary / 2, n_bytes = op->n_segments * sizeof *op->segments;
  const char *tables = static_cast<const char *> (
      upload_bytes (stream, op->segments, n_bytes, op->frequencies, half * sizeof (float)));
  if (tables)
    launch ("rotate", rotate_kernel, dim3 ((unsigned)op->n_segments, (unsigned)MIN (most_rows, (gsize)1024)),
            dim3 (rotary_threads), 0, stream->compute,
            RotaryArguments{ op->y, op->ldy, op->x, op->ldx, reinterpret_cast<const EgRotaryRows *> (tables),
                             op->n_heads, op->d_head, half,
                             reinterpret_cast<const float *> (tables + table_place (n_bytes)) });
  end_op (stream);
}
}
