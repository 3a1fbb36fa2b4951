/* What a test may ask of cuda-host besides CUDA itself. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C"
{
#endif

  /**
   * CudaHostOrder: when work queued on a stream is done.
   * @CUDA_HOST_LATE: at the last moment at which somebody waits for it, so that a missing wait leaves
   * something undone and is seen (the default)
   * @CUDA_HOST_AT_ONCE: so that what came too early is seen
   * @CUDA_HOST_COPIES_FIRST: at once on streams that only copy, late on those that compute: a copy that does
   * not wait until its place is no longer used is seen
   * @CUDA_HOST_ODD_FIRST, @CUDA_HOST_EVEN_FIRST: at once on the streams of every second lane (two streams, in
   * the order in which they are made), late on the others': an op that reads what another lane's op is still
   * to write is seen in one of the two, and one that overwrites what another's is still to read
   */
  typedef enum
  {
    CUDA_HOST_LATE,
    CUDA_HOST_AT_ONCE,
    CUDA_HOST_COPIES_FIRST,
    CUDA_HOST_ODD_FIRST,
    CUDA_HOST_EVEN_FIRST,
    CUDA_HOST_N_ORDERS,
  } CudaHostOrder;
  void cuda_host_set_order (CudaHostOrder order);

  /* cudaMalloc fails once so many bytes are in use; also what cudaMemGetInfo says. 0: other programs have
   * taken all of it, and the device cannot even be set. */
  void cuda_host_set_memory (size_t n_bytes);

  /* After so many more calls of cudaMalloc, as many fail; then they work again. */
  void cuda_host_fail_mallocs (long after, long n_failures);

  /* The next launches succeed, then the device is lost for good. −1: never (the default; heals a lost one).
   */
  void cuda_host_lose_after (long n_launches);

  /* So many next calls of cudaHostAlloc, of cublasCreate fail, the latter as it does where memory is short:
   * it says that it is not initialised. */
  void cuda_host_fail_host_allocs (long n);
  void cuda_host_fail_blas (long n);

  /* Of the driver (13000; 0 where there is none), the number of devices (1), the compute capability of all
   * (9.0) and of one of them. */
#define CUDA_HOST_MOST_DEVICES 16
  void cuda_host_set_driver (int version);
  void cuda_host_set_device (int n_devices, int major, int minor);
  void cuda_host_set_capability (int device, int major, int minor);

  /* Whether the module has code for the devices (yes). */
  void cuda_host_set_code (int has_code);

  /* Those that were set so far, one bit each: on a GPU that takes a context, and some of its memory. */
  unsigned cuda_host_contexts (void);

  /* How large a GPU it seems to be (4). */
  void cuda_host_set_multiprocessors (int n);

  /* What is in use, the most that was, and since the start the number of kernels launched, of products by
   * cuBLAS, of copies, and of cudaMalloc's calls. */
  size_t cuda_host_memory_used (void);
  size_t cuda_host_memory_peak (void);
  uint64_t cuda_host_launches (void);
  uint64_t cuda_host_products (void);
  uint64_t cuda_host_copies (void);
  uint64_t cuda_host_mallocs (void);

#ifdef __cplusplus
}
#endif
