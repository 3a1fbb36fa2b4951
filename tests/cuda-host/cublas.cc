/* Products by OpenBLAS, in float32, whatever the inputs' type: what a type or a mode loses is taken from the
 * inputs first. */
#include "internal.h"

#include <cblas.h>
#include <cuda_bf16.h>
#include <vector>

using namespace cuda_host;

struct cublasContext
{
  cudaStream_t stream = nullptr;
};

cublasStatus_t
cublasCreate (cublasHandle_t *handle)
{
  *handle = nullptr;
  if (is_lost () || blas_fails ())
    return CUBLAS_STATUS_NOT_INITIALIZED;
  *handle = new cublasContext;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t
cublasDestroy (cublasHandle_t handle)
{
  delete handle;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t
cublasSetStream (cublasHandle_t handle, cudaStream_t stream)
{
  handle->stream = stream;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t
cublasSetWorkspace (cublasHandle_t, void *workspace, size_t n_bytes)
{
  return n_bytes == 0 || (is_device (workspace) && device_size (workspace) >= n_bytes)
             ? CUBLAS_STATUS_SUCCESS
             : CUBLAS_STATUS_INVALID_VALUE;
}

/* A column-major [rows, columns] as it takes part in the product, dense. A copy, since OpenBLAS's calls of
 * memcpy and memset are AddressSanitizer's, for which device memory is not to be touched. */
static std::vector<float>
operand (const void *data, cudaDataType_t type, int rows, int columns, int ld, bool tf32)
{
  const size_t size = type == CUDA_R_32F ? sizeof (float) : sizeof (__nv_bfloat16);
  std::vector<float> own ((size_t)rows * (size_t)columns);
  for (int c = 0; c < columns; c++)
    {
      const char *column = (const char *)data + (size_t)c * (size_t)ld * size;
      float *to = own.data () + (size_t)c * (size_t)rows;
      device_access (column, (size_t)rows * size, READ, "cublasGemmEx");
      for (int r = 0; r < rows; r++)
        if (type == CUDA_R_16BF)
          to[r] = __bfloat162float (((const __nv_bfloat16 *)column)[r]);
        else if (tf32)
          to[r] = from_bits<float> (((uint32_t)to_bits (((const float *)column)[r]) + 0x1000) & ~0x1fffu);
        else
          to[r] = ((const float *)column)[r];
    }
  return own;
}

cublasStatus_t
cublasGemmEx (cublasHandle_t handle,
              cublasOperation_t of_a,
              cublasOperation_t of_b,
              int m,
              int n,
              int k,
              const void *alpha,
              const void *a,
              cudaDataType_t a_type,
              int lda,
              const void *b,
              cudaDataType_t b_type,
              int ldb,
              const void *beta,
              void *c,
              cudaDataType_t c_type,
              int ldc,
              cublasComputeType_t compute,
              cublasGemmAlgo_t)
{
  const int a_rows = of_a == CUBLAS_OP_N ? m : k, a_columns = of_a == CUBLAS_OP_N ? k : m;
  const int b_rows = of_b == CUBLAS_OP_N ? k : n, b_columns = of_b == CUBLAS_OP_N ? n : k;
  if (m <= 0 || n <= 0 || k <= 0 || lda < a_rows || ldb < b_rows || ldc < m || a_type != b_type
      || c_type != CUDA_R_32F)
    return CUBLAS_STATUS_INVALID_VALUE;
  const float alpha_now = *(const float *)alpha, beta_now = *(const float *)beta;
  std::lock_guard<std::recursive_mutex> guard (lock);
  count_product (handle->stream);
  queue (handle->stream, [=] {
    if (is_lost ())
      return;
    const bool tf32 = compute == CUBLAS_COMPUTE_32F_FAST_TF32;
    const std::vector<float> x = operand (a, a_type, a_rows, a_columns, lda, tf32);
    const std::vector<float> y = operand (b, b_type, b_rows, b_columns, ldb, tf32);
    std::vector<float> sums (beta_now == 0 ? std::vector<float> ((size_t)m * (size_t)n)
                                           : operand (c, c_type, m, n, ldc, false));
    cblas_sgemm (CblasColMajor, of_a == CUBLAS_OP_N ? CblasNoTrans : CblasTrans,
                 of_b == CUBLAS_OP_N ? CblasNoTrans : CblasTrans, m, n, k, alpha_now, x.data (), a_rows,
                 y.data (), b_rows, beta_now, sums.data (), m);
    for (int j = 0; j < n; j++)
      {
        float *column = (float *)c + (size_t)j * (size_t)ldc;
        device_access (column, (size_t)m * sizeof (float), WRITE, "cublasGemmEx");
        copy_bytes (column, sums.data () + (size_t)j * (size_t)m, (size_t)m * sizeof (float));
      }
  });
  return is_lost () ? CUBLAS_STATUS_EXECUTION_FAILED : CUBLAS_STATUS_SUCCESS;
}
