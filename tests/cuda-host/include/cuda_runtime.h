/* Stands in for the part of the CUDA runtime that kernels/ uses, so that the same .cu sources can be compiled
 * by g++ or clang++ and run on a processor, checked more strictly than a GPU does it (cuda-host/README.md). A
 * test tool: it is never offered to a user as a device. Names, arguments and meaning are those of the CUDA
 * Runtime API's reference manual. */
#pragma once

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <tuple>
#include <type_traits>

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __launch_bounds__(...)

#define CUDART_VERSION 13000

/* ---- vector types ---- */

struct dim3
{
  unsigned x, y, z;
  constexpr
  dim3 (unsigned x = 1, unsigned y = 1, unsigned z = 1)
      : x (x), y (y), z (z)
  {
  }
};

struct uint3
{
  unsigned x, y, z;
};

struct alignas (8) float2 { float x, y; };

struct alignas (16) float4 { float x, y, z, w; };

static inline float4
make_float4 (float x, float y, float z, float w)
{
  return float4{ x, y, z, w };
}

/* ---- what a thread sees ---- */

namespace cuda_host
{
struct Builtins
{
  uint3 thread, block;
  dim3 block_dim, grid_dim;
};
extern Builtins builtins;

void *dynamic_shared ();
void block_barrier (const char *file, int line);
uint64_t shuffle_xor (unsigned mask, uint64_t value, int lane_mask, const char *file, int line);
uint64_t shuffle_down (unsigned mask, uint64_t value, unsigned delta, const char *file, int line);
uint64_t shuffle (unsigned mask, uint64_t value, int lane, const char *file, int line);
unsigned ballot (unsigned mask, bool predicate, const char *file, int line);
void warp_barrier (unsigned mask, const char *file, int line);
void atomic_begin (const void *address, size_t size);
void atomic_end ();

template <typename T>
uint64_t
to_bits (T value)
{
  static_assert (sizeof (T) <= 8, "");
  uint64_t bits = 0;
  __builtin_memcpy (&bits, &value, sizeof value);
  return bits;
}

template <typename T>
T
from_bits (uint64_t bits)
{
  T value;
  __builtin_memcpy (&value, &bits, sizeof value);
  return value;
}
}

#define threadIdx (::cuda_host::builtins.thread)
#define blockIdx  (::cuda_host::builtins.block)
#define blockDim  (::cuda_host::builtins.block_dim)
#define gridDim   (::cuda_host::builtins.grid_dim)

#define __syncthreads()     ::cuda_host::block_barrier (__FILE__, __LINE__)
#define __syncwarp(mask)    ::cuda_host::warp_barrier (mask, __FILE__, __LINE__)
#define __ballot_sync(m, p) ::cuda_host::ballot (m, p, __FILE__, __LINE__)
#define __any_sync(m, p)    (::cuda_host::ballot (m, p, __FILE__, __LINE__) != 0)
#define __all_sync(m, p)    (::cuda_host::ballot (m, !(p), __FILE__, __LINE__) == 0)
#define __shfl_xor_sync(mask, value, lane_mask)                                                              \
  ::cuda_host::from_bits<std::decay_t<decltype (value)> > (                                                  \
      ::cuda_host::shuffle_xor (mask, ::cuda_host::to_bits (value), lane_mask, __FILE__, __LINE__))
#define __shfl_down_sync(mask, value, delta)                                                                 \
  ::cuda_host::from_bits<std::decay_t<decltype (value)> > (                                                  \
      ::cuda_host::shuffle_down (mask, ::cuda_host::to_bits (value), delta, __FILE__, __LINE__))
#define __shfl_sync(mask, value, lane)                                                                       \
  ::cuda_host::from_bits<std::decay_t<decltype (value)> > (                                                  \
      ::cuda_host::shuffle (mask, ::cuda_host::to_bits (value), lane, __FILE__, __LINE__))

template <typename T>
T
atomicAdd (T *address, T value)
{
  cuda_host::atomic_begin (address, sizeof (T));
  const T old = *address;
  *address = old + value;
  cuda_host::atomic_end ();
  return old;
}

static inline float
rsqrtf (float x)
{
  return 1.0f / sqrtf (x);
}

/* ---- the host's side ---- */

enum cudaError_t
{
  cudaSuccess = 0,
  cudaErrorInvalidValue = 1,
  cudaErrorMemoryAllocation = 2,
  cudaErrorInsufficientDriver = 35,
  cudaErrorInvalidDeviceFunction = 98,
  cudaErrorNoDevice = 100,
  cudaErrorInvalidDevice = 101,
  cudaErrorNoKernelImageForDevice = 209,
  cudaErrorECCUncorrectable = 214,
  cudaErrorIllegalAddress = 700,
  cudaErrorLaunchFailure = 719,
};

struct cudaDeviceProp
{
  char name[256];
  size_t totalGlobalMem;
  int major, minor, multiProcessorCount;
};

enum cudaDeviceAttr
{
  cudaDevAttrClockRate = 13,
  cudaDevAttrMultiProcessorCount = 16,
  cudaDevAttrMemoryClockRate = 36,
  cudaDevAttrGlobalMemoryBusWidth = 37,
};

struct cudaFuncAttributes
{
  int binaryVersion;
};

enum cudaMemcpyKind
{
  cudaMemcpyHostToDevice = 1,
  cudaMemcpyDeviceToHost = 2,
  cudaMemcpyDeviceToDevice = 3,
};

#define cudaStreamNonBlocking                       1
#define cudaEventDisableTiming                      2
#define cudaHostAllocDefault                        0
#define cudaFuncAttributeMaxDynamicSharedMemorySize 8

namespace cuda_host
{
struct Stream;
struct Event;
}
typedef cuda_host::Stream *cudaStream_t;
typedef cuda_host::Event *cudaEvent_t;

cudaError_t cudaDriverGetVersion (int *version);
cudaError_t cudaRuntimeGetVersion (int *version);
cudaError_t cudaGetDeviceCount (int *count);
cudaError_t cudaGetDeviceProperties (cudaDeviceProp *properties, int device);
cudaError_t cudaDeviceGetAttribute (int *value, cudaDeviceAttr which, int device);
cudaError_t cudaSetDevice (int device);
cudaError_t cudaMemGetInfo (size_t *free, size_t *total);
cudaError_t cudaMalloc (void **memory, size_t n_bytes);
cudaError_t cudaFree (void *memory);
cudaError_t cudaHostAlloc (void **memory, size_t n_bytes, unsigned flags);
cudaError_t cudaFreeHost (void *memory);
cudaError_t
cudaMemcpyAsync (void *to, const void *from, size_t n_bytes, cudaMemcpyKind kind, cudaStream_t stream);
cudaError_t cudaStreamCreateWithFlags (cudaStream_t *stream, unsigned flags);
cudaError_t cudaStreamDestroy (cudaStream_t stream);
cudaError_t cudaStreamSynchronize (cudaStream_t stream);
cudaError_t cudaStreamWaitEvent (cudaStream_t stream, cudaEvent_t event, unsigned flags);
cudaError_t cudaEventCreateWithFlags (cudaEvent_t *event, unsigned flags);
cudaError_t cudaEventDestroy (cudaEvent_t event);
cudaError_t cudaEventRecord (cudaEvent_t event, cudaStream_t stream);
cudaError_t cudaEventSynchronize (cudaEvent_t event);
cudaError_t cudaGetLastError (void);
const char *cudaGetErrorString (cudaError_t error);

namespace cuda_host
{
cudaError_t find_code (const void *kernel);
}

template <typename T>
cudaError_t
cudaFuncGetAttributes (cudaFuncAttributes *attributes, T *kernel)
{
  *attributes = cudaFuncAttributes{};
  return cuda_host::find_code (reinterpret_cast<const void *> (kernel));
}

namespace cuda_host
{
/* run (arguments) is one thread; the n_bytes of the arguments are all that a kernel may read on the host.
 * They are freed by free_arguments once the kernel has run. */
void launch (const char *name,
             dim3 grid,
             dim3 block,
             size_t shared,
             Stream *stream,
             void (*run) (const void *),
             void *arguments,
             size_t n_bytes,
             void (*free_arguments) (void *));

template <typename... Parameters> struct Call
{
  void (*kernel) (Parameters...);
  std::tuple<Parameters...> arguments;

  static void
  run (const void *self)
  {
    const Call *call = static_cast<const Call *> (self);
    std::apply (call->kernel, call->arguments);
  }

  static void
  free (void *self)
  {
    delete static_cast<Call *> (self);
  }
};

/* What `kernel<<<grid, block, shared, stream>>> (arguments…)` is under nvcc. */
template <typename... Parameters, typename... Arguments>
void
launch_kernel (const char *name,
               void (*kernel) (Parameters...),
               dim3 grid,
               dim3 block,
               size_t shared,
               Stream *stream,
               Arguments... arguments)
{
  auto *call = new Call<Parameters...>{ kernel, std::tuple<Parameters...> (arguments...) };
  launch (name, grid, block, shared, stream, Call<Parameters...>::run, call, sizeof *call,
          Call<Parameters...>::free);
}
}
