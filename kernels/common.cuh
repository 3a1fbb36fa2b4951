/* What all kernels begin with. The sources are compiled by nvcc for GPUs, and by g++ and clang++ against
 * tests/cuda-host for tests; whatever differs between the two is here.
 *
 * Kernels take all their shared memory at the launch (shared_memory ()), and get their tables (EgScanRows,
 * EgRowCopy …) in device memory. */
#pragma once

#include <cuda_runtime.h>

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "engine/backend.h"

#include <stdint.h>

namespace engram
{
static const unsigned warp_size = 32, all_lanes = 0xffffffffu;

#ifdef __CUDACC__
template <typename... Parameters, typename... Arguments>
void
launch (const char *name,
        void (*kernel) (Parameters...),
        dim3 grid,
        dim3 block,
        size_t shared,
        cudaStream_t stream,
        Arguments... arguments)
{
  /* clang-format off */
  kernel<<<grid, block, shared, stream>>> (arguments...);
  /* clang-format on */
}

template <typename T>
__device__ T *
shared_memory ()
{
  extern __shared__ float4 engram_shared[];
  return reinterpret_cast<T *> (engram_shared);
}
#else
using cuda_host::launch_kernel;
#define launch launch_kernel

template <typename T>
T *
shared_memory ()
{
  return static_cast<T *> (cuda_host::dynamic_shared ());
}
#endif

static inline unsigned
blocks_for (size_t n, size_t per_block)
{
  return (unsigned)((n + per_block - 1) / per_block);
}

/* x / (1 + exp (−x)) */
__device__ static __forceinline__ float
silu (float x)
{
  return x / (1.0f + expf (-x));
}

/* The sum of a value over the block's threads, for all of them. The block is whole warps, at most 32; `parts`
 * is shared memory for a value a warp. Ends with a barrier before parts may be used again. */
template <typename T>
__device__ __forceinline__ T
block_sum (T value, T *parts)
{
  for (int step = warp_size / 2; step > 0; step /= 2)
    value += __shfl_xor_sync (all_lanes, value, step);
  if (threadIdx.x % warp_size == 0)
    parts[threadIdx.x / warp_size] = value;
  __syncthreads ();
  T sum = 0;
  for (unsigned i = 0; i < blockDim.x / warp_size; i++)
    sum += parts[i];
  __syncthreads ();
  return sum;
}

__device__ __forceinline__ float
block_max (float value, float *parts)
{
  for (int step = warp_size / 2; step > 0; step /= 2)
    value = fmaxf (value, __shfl_xor_sync (all_lanes, value, step));
  if (threadIdx.x % warp_size == 0)
    parts[threadIdx.x / warp_size] = value;
  __syncthreads ();
  float most = parts[0];
  for (unsigned i = 1; i < blockDim.x / warp_size; i++)
    most = fmaxf (most, parts[i]);
  __syncthreads ();
  return most;
}
}
