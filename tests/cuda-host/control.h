/* What a test may ask of cuda-host besides CUDA itself. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C"
{
#endif

  /* When work queued on a stream is done: at the last moment at which somebody waits for it, so that a
   * missing wait leaves something undone and is seen (the default); or at once, so that what came too early
   * is. */
  void cuda_host_set_eager (int eager);

  /* cudaMalloc fails once so many bytes are in use; also what cudaMemGetInfo says. */
  void cuda_host_set_memory (size_t n_bytes);

  /* After so many more calls of cudaMalloc, as many fail; then they work again. */
  void cuda_host_fail_mallocs (long after, long n_failures);

  /* The next launches succeed, then the device is lost for good. −1: never (the default; heals a lost one).
   */
  void cuda_host_lose_after (long n_launches);

  /* Of the driver (13000; 0 where there is none), the number of devices (1), its compute capability (9.0). */
  void cuda_host_set_driver (int version);
  void cuda_host_set_device (int n_devices, int major, int minor);

  /* What is in use, the most that was, and the number of launches since the start. */
  size_t cuda_host_memory_used (void);
  size_t cuda_host_memory_peak (void);
  uint64_t cuda_host_launches (void);
  uint64_t cuda_host_mallocs (void);

#ifdef __cplusplus
}
#endif
