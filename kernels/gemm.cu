/* y[r] = x[r] · wᵀ + bias, by cuBLAS. What is row-major here is its transpose to cuBLAS.
 *
 * Weights stay as the checkpoint has them and are widened into the stream's scratch before their product: for
 * w [n, k] that moves 6·n·k bytes where the product does 2·rows·n·k operations, 6% of its time at 1,000
 * rows on an H100. */
#include "stream.cuh"

#include <limits.h>

namespace engram
{
/* A factor of a product, and its type. */
struct Factor
{
  const void *data;
  cudaDataType_t type;
};

static Factor
weight_factor (EgStream *stream, const EgMatrix *w)
{
  const size_t n = w->rows * w->cols;
  const bool narrow = stream->backend->precision == EG_PRECISION_BF16;
  if (w->dtype == EG_DTYPE_F32 && !narrow)
    return Factor{ w->data, CUDA_R_32F };
  if (w->dtype == EG_DTYPE_BF16 && narrow)
    return Factor{ w->data, CUDA_R_16BF };
  void *own = scratch (stream, SCRATCH_WEIGHTS, n * (narrow ? sizeof (uint16_t) : sizeof (float)));
  if (own && !narrow)
    queue_widen (stream, static_cast<float *> (own), w, 0, n);
  else if (own && w->dtype == EG_DTYPE_F16)
    launch ("narrow_half", narrow_half_kernel, elementwise_grid (n), dim3 (elementwise_threads), 0,
            stream->compute, static_cast<__nv_bfloat16 *> (own), static_cast<const uint16_t *> (w->data), n);
  else if (own)
    launch ("narrow", narrow_kernel, dim3 ((unsigned)w->rows), dim3 (elementwise_threads), 0, stream->compute,
            static_cast<__nv_bfloat16 *> (own), static_cast<const float *> (w->data), (size_t)w->cols,
            (size_t)w->cols);
  return Factor{ own, narrow ? CUDA_R_16BF : CUDA_R_32F };
}

/* The rows' factor; *ldx becomes its leading dimension. */
static Factor
row_factor (EgStream *stream, const float *x, gsize *ldx, gsize n_rows, gsize k)
{
  if (stream->backend->precision != EG_PRECISION_BF16)
    return Factor{ x, CUDA_R_32F };
  void *own = scratch (stream, SCRATCH_ROWS, n_rows * k * sizeof (uint16_t));
  if (own)
    launch ("narrow", narrow_kernel, dim3 ((unsigned)n_rows), dim3 (elementwise_threads), 0, stream->compute,
            static_cast<__nv_bfloat16 *> (own), x, (size_t)*ldx, (size_t)k);
  *ldx = k;
  return Factor{ own, CUDA_R_16BF };
}

/* Within an op; added to y where it has a bias, which lies there already. */
static void
queue_gemm (EgStream *stream, const EgGemm *op)
{
  const EgMatrix *w = op->w;
  gsize ldx = op->ldx;
  if (MAX (MAX (ldx, op->ldy), MAX (op->n_rows, MAX (w->rows, w->cols))) > INT_MAX)
    {
      fail_memory (stream); /* more than cuBLAS takes: half a group may be less */
      return;
    }
  const Factor weights = weight_factor (stream, w),
               rows = row_factor (stream, op->x, &ldx, op->n_rows, w->cols);
  if (!weights.data || !rows.data)
    return;
  const float one = 1.0f, beta = op->bias ? 1.0f : 0.0f;
  check_blas (stream,
              cublasGemmEx (stream->blas, w->transposed ? CUBLAS_OP_N : CUBLAS_OP_T, CUBLAS_OP_N,
                            (int)w->rows, (int)op->n_rows, (int)w->cols, &one, weights.data, weights.type,
                            (int)(w->transposed ? w->rows : w->cols), rows.data, rows.type, (int)ldx, &beta,
                            op->y, CUDA_R_32F, (int)op->ldy,
                            stream->backend->precision == EG_PRECISION_TF32 ? CUBLAS_COMPUTE_32F_FAST_TF32
                                                                            : CUBLAS_COMPUTE_32F,
                            CUBLAS_GEMM_DEFAULT));
}

static void
cuda_gemm (EgStream *stream, const EgGemm *op)
{
  if (op->n_rows == 0 || op->w->rows == 0 || !begin_op (stream))
    return;
  if (op->bias)
    launch ("fill_rows", fill_rows_kernel, dim3 ((unsigned)op->n_rows), dim3 (elementwise_threads), 0,
            stream->compute, op->y, (size_t)op->ldy, op->bias, (size_t)op->w->rows);
  queue_gemm (stream, op);
  end_op (stream);
}
}
