/* The part of cuBLAS that kernels/ uses, by OpenBLAS. Column-major, as in cuBLAS's reference manual. */
#pragma once

#include <cuda_runtime.h>

enum cublasStatus_t
{
  CUBLAS_STATUS_SUCCESS = 0,
  CUBLAS_STATUS_NOT_INITIALIZED = 1,
  CUBLAS_STATUS_ALLOC_FAILED = 3,
  CUBLAS_STATUS_INVALID_VALUE = 7,
  CUBLAS_STATUS_EXECUTION_FAILED = 13,
};

enum cublasOperation_t
{
  CUBLAS_OP_N = 0,
  CUBLAS_OP_T = 1,
};

enum cudaDataType_t
{
  CUDA_R_32F = 0,
  CUDA_R_16BF = 14,
};

enum cublasComputeType_t
{
  CUBLAS_COMPUTE_32F = 68,
  CUBLAS_COMPUTE_32F_FAST_TF32 = 77,
};

enum cublasGemmAlgo_t
{
  CUBLAS_GEMM_DEFAULT = -1,
};

struct cublasContext;
typedef cublasContext *cublasHandle_t;

cublasStatus_t cublasCreate (cublasHandle_t *handle);
cublasStatus_t cublasDestroy (cublasHandle_t handle);
cublasStatus_t cublasSetStream (cublasHandle_t handle, cudaStream_t stream);
cublasStatus_t cublasSetWorkspace (cublasHandle_t handle, void *workspace, size_t n_bytes);
cublasStatus_t cublasGemmEx (cublasHandle_t handle,
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
                             cublasGemmAlgo_t algorithm);
