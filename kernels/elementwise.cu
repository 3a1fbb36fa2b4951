/* Ops that look at each number once: bound by memory alone. Four numbers a thread where they are aligned. */
#include "stream.cuh"

namespace engram
{
static const unsigned elementwise_threads = 256;
static const size_t elementwise_blocks = 65536; /* threads go on with what is left */

static bool
fours (const void *a, const void *b, size_t n)
{
  return ((uintptr_t)a | (uintptr_t)b) % 16 == 0 && n % 4 == 0;
}

static dim3
elementwise_grid (size_t n)
{
  const size_t blocks = (n + elementwise_threads - 1) / elementwise_threads;
  return dim3 ((unsigned)(blocks < elementwise_blocks ? blocks : elementwise_blocks));
}

__device__ static __forceinline__ float4
operator+ (float4 a, float4 b)
{
  return make_float4 (a.x + b.x, a.y + b.y, a.z + b.z, a.w + b.w);
}

template <typename T>
__global__ void
add_kernel (T *y, const T *x, size_t n)
{
  for (size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x; i < n; i += (size_t)gridDim.x * blockDim.x)
    y[i] = y[i] + x[i];
}

/* y[r, i] *= silu (z[r, i]); y dense [rows, width]. */
__global__ void
gate_kernel (float *y, const float *z, size_t ldz, size_t width)
{
  for (size_t i = threadIdx.x; i < width; i += elementwise_threads)
    y[(size_t)blockIdx.x * width + i] *= silu (z[(size_t)blockIdx.x * ldz + i]);
}

/* y[r, 0 … n−1] = bias */
__global__ void
fill_rows_kernel (float *y, size_t ldy, const float *bias, size_t n)
{
  for (size_t j = threadIdx.x; j < n; j += elementwise_threads)
    y[(size_t)blockIdx.x * ldy + j] = bias[j];
}

__device__ static __forceinline__ float
widened (uint16_t bits, bool half)
{
  return half ? __half2float (__ushort_as_half (bits)) : __bfloat162float (__ushort_as_bfloat16 (bits));
}

/* F16 or BF16 to float32. */
__global__ void
widen_kernel (float *to, const uint16_t *from, size_t n, bool half)
{
  for (size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x; i < n; i += (size_t)gridDim.x * blockDim.x)
    to[i] = widened (from[i], half);
}

/* Rows of float32, or of F16, to dense rows of BF16. */
__global__ void
narrow_kernel (__nv_bfloat16 *to, const float *from, size_t ld, size_t width)
{
  for (size_t i = threadIdx.x; i < width; i += elementwise_threads)
    to[(size_t)blockIdx.x * width + i] = __float2bfloat16 (from[(size_t)blockIdx.x * ld + i]);
}

__global__ void
narrow_half_kernel (__nv_bfloat16 *to, const uint16_t *from, size_t n)
{
  for (size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x; i < n; i += (size_t)gridDim.x * blockDim.x)
    to[i] = __float2bfloat16 (widened (from[i], true));
}

/* One block a row: [to] = [from], width numbers. */
__global__ void
copy_rows_kernel (const EgRowCopy *copies, size_t width)
{
  const EgRowCopy copy = copies[blockIdx.x];
  if (((uintptr_t)copy.to | (uintptr_t)copy.from) % 16 == 0 && width % 4 == 0)
    for (size_t i = threadIdx.x; i < width / 4; i += elementwise_threads)
      reinterpret_cast<float4 *> (copy.to)[i] = reinterpret_cast<const float4 *> (copy.from)[i];
  else
    for (size_t i = threadIdx.x; i < width; i += elementwise_threads)
      copy.to[i] = copy.from[i];
}

static void
cuda_add (EgStream *stream, float *y, const float *x, gsize n)
{
  if (n == 0 || !begin_op (stream))
    return;
  if (fours (y, x, n))
    launch ("add", add_kernel<float4>, elementwise_grid (n / 4), dim3 (elementwise_threads), 0,
            stream->compute, reinterpret_cast<float4 *> (y), reinterpret_cast<const float4 *> (x),
            (size_t)n / 4);
  else
    launch ("add", add_kernel<float>, elementwise_grid (n), dim3 (elementwise_threads), 0, stream->compute, y,
            x, (size_t)n);
  end_op (stream);
}

static void
cuda_gate (EgStream *stream, const EgGate *op)
{
  if (op->n_rows == 0 || !begin_op (stream))
    return;
  launch ("gate", gate_kernel, dim3 ((unsigned)op->n_rows), dim3 (elementwise_threads), 0, stream->compute,
          op->y, op->z, (size_t)op->ldz, (size_t)op->n_inner);
  end_op (stream);
}

static void
cuda_copy_rows (EgStream *stream, const EgRowCopy *copies, gsize n, gsize width)
{
  if (n == 0 || width == 0 || !begin_op (stream))
    return;
  const EgRowCopy *table = upload_table (stream, copies, n);
  if (table)
    launch ("copy_rows", copy_rows_kernel, dim3 ((unsigned)n), dim3 (elementwise_threads), 0, stream->compute,
            table, (size_t)width);
  end_op (stream);
}

/* n numbers of a matrix's type from an element on, as float32. */
static void
queue_widen (EgStream *stream, float *to, const EgMatrix *matrix, size_t first, size_t n)
{
  launch ("widen", widen_kernel, elementwise_grid (n), dim3 (elementwise_threads), 0, stream->compute, to,
          static_cast<const uint16_t *> (matrix->data) + first, n, matrix->dtype == EG_DTYPE_F16);
}

static void
cuda_embed (EgStream *stream, float *to, const EgMatrix *table, gsize row)
{
  const size_t d = table->cols;
  if (!begin_op (stream))
    return;
  if (table->dtype == EG_DTYPE_F32)
    check (stream, cudaMemcpyAsync (to, static_cast<const float *> (table->data) + row * d,
                                    d * sizeof (float), cudaMemcpyDeviceToDevice, stream->compute));
  else
    queue_widen (stream, to, table, row * d, d);
  end_op (stream);
}
}
