/* What cuda-host promises: right kernels run as on a GPU, and each kind of wrong one is caught. Every wrong
 * kernel stands beside the right one from which it differs by one mistake. */
#include "control.h"

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>
#include <cublas_v2.h>

#include <glib.h>

#define LAUNCH(kernel, grid, block, shared, ...)                                                             \
  cuda_host::launch_kernel (#kernel, kernel, grid, block, shared, stream, __VA_ARGS__)

static cudaStream_t stream;
static const unsigned all_lanes = 0xffffffffu;

template <typename T>
static T *
shared ()
{
  return static_cast<T *> (cuda_host::dynamic_shared ());
}

static float *
allocate (size_t n)
{
  void *memory = nullptr;
  g_assert_cmpint (cudaMalloc (&memory, n * sizeof (float)), ==, cudaSuccess);
  return static_cast<float *> (memory);
}

/* [n]: 1, 2, 3 … */
static float *
allocate_numbers (size_t n)
{
  float *memory = allocate (n);
  g_autofree float *numbers = g_new (float, n);
  for (size_t i = 0; i < n; i++)
    numbers[i] = (float)(i + 1);
  cudaMemcpyAsync (memory, numbers, n * sizeof (float), cudaMemcpyHostToDevice, stream);
  return memory;
}

static void
download (float *to, const float *from, size_t n)
{
  cudaMemcpyAsync (to, from, n * sizeof (float), cudaMemcpyDeviceToHost, stream);
  g_assert_cmpint (cudaStreamSynchronize (stream), ==, cudaSuccess);
}

/* ---- right and wrong kernels; `wrong` is the mistake ---- */

/* y[i] = 2 x[i] */
static void
double_kernel (float *y, const float *x, unsigned n, bool wrong)
{
  const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n || wrong)
    y[i] = 2 * x[i];
}

/* Not for UBSan, which would end the program before the checker sees the access. */
__attribute__ ((no_sanitize ("undefined"))) static void
vector_kernel (float4 *y, const float *x, unsigned offset)
{
  if (threadIdx.x == 0)
    *y = *reinterpret_cast<const float4 *> (x + offset);
}

/* y[block] = Σ x of the block, by halves. */
static void
sum_kernel (float *y, const float *x, bool wrong)
{
  float *part = shared<float> ();
  part[threadIdx.x] = x[blockIdx.x * blockDim.x + threadIdx.x];
  for (unsigned half = blockDim.x / 2; half > 0; half /= 2)
    {
      if (!wrong || half != 32)
        __syncthreads ();
      if (threadIdx.x < half)
        part[threadIdx.x] += part[threadIdx.x + half];
    }
  if (threadIdx.x == 0)
    y[blockIdx.x] = part[0];
}

/* The same within a warp: lanes are kept in step by __syncwarp alone. */
static void
warp_sum_kernel (float *y, const float *x, bool wrong)
{
  float *part = shared<float> ();
  part[threadIdx.x] = x[threadIdx.x];
  for (unsigned half = 16; half > 0; half /= 2)
    {
      __syncwarp (all_lanes);
      const float more = part[threadIdx.x ^ half];
      if (!wrong)
        __syncwarp (all_lanes);
      part[threadIdx.x] += more;
    }
  y[threadIdx.x] = part[threadIdx.x];
}

static void
shuffle_kernel (float *y, const float *x, unsigned mask)
{
  float value = x[threadIdx.x];
  if (mask >> threadIdx.x & 1)
    for (int step = 16; step > 0; step /= 2)
      value += __shfl_xor_sync (mask, value, step);
  const unsigned odd = __ballot_sync (all_lanes, threadIdx.x % 2 == 1);
  y[threadIdx.x] = odd == 0xaaaaaaaau ? value : -1;
}

static void
half_barrier_kernel (float *y, bool wrong)
{
  y[threadIdx.x] = 1;
  if (!wrong || threadIdx.x < 32)
    __syncthreads ();
}

static void
early_end_kernel (float *y, bool wrong)
{
  if (wrong && threadIdx.x == 40)
    return;
  __syncthreads ();
  y[threadIdx.x] = 1;
}

static void
two_barriers_kernel (float *y, bool wrong)
{
  if (wrong && threadIdx.x < 32)
    __syncthreads ();
  else
    __syncthreads ();
  y[threadIdx.x] = 1;
}

static void
shared_bounds_kernel (float *y, bool wrong)
{
  float *part = shared<float> ();
  part[threadIdx.x + (wrong ? 1 : 0)] = 1;
  __syncthreads ();
  y[threadIdx.x] = part[wrong ? 1 : threadIdx.x];
}

static void
shared_uninitialised_kernel (float *y, bool wrong)
{
  float *part = shared<float> ();
  if (!wrong || threadIdx.x != 7)
    part[threadIdx.x] = 1;
  __syncthreads ();
  y[threadIdx.x] = part[threadIdx.x ^ 1];
}

static void
global_race_kernel (float *y, bool wrong)
{
  y[wrong ? threadIdx.x : blockIdx.x * blockDim.x + threadIdx.x] = 1;
}

/* As when a scan reads the state that another block of the same launch keeps. */
static void
global_read_race_kernel (float *y, bool wrong)
{
  if (blockIdx.x == 0)
    y[0] = 2;
  else if (wrong)
    y[1] = y[0];
}

static void
count_kernel (float *y, bool wrong)
{
  if (wrong)
    *y += 1;
  else
    atomicAdd (y, 1.0f);
}

static void
host_memory_kernel (float *y, const float *x)
{
  y[threadIdx.x] = x[threadIdx.x];
}

/* ---- right ---- */

static void
test_kernels (void)
{
  float host[256];
  float *x = allocate_numbers (256), *y = allocate (256);
  LAUNCH (double_kernel, 3, 96, 0, y, (const float *)x, 256u, false);
  download (host, y, 256);
  for (int i = 0; i < 256; i++)
    g_assert_cmpfloat (host[i], ==, 2.0f * (float)(i + 1));

  LAUNCH (sum_kernel, 2, 128, 128 * sizeof (float), y, (const float *)x, false);
  download (host, y, 2);
  g_assert_cmpfloat (host[0], ==, 128 * 129 / 2);
  g_assert_cmpfloat (host[1], ==, 256 * 257 / 2 - 128 * 129 / 2);

  LAUNCH (warp_sum_kernel, 1, 32, 32 * sizeof (float), y, (const float *)x, false);
  download (host, y, 32);
  for (int i = 0; i < 32; i++)
    g_assert_cmpfloat (host[i], ==, 32 * 33 / 2);

  LAUNCH (shuffle_kernel, 1, 32, 0, y, (const float *)x, all_lanes);
  download (host, y, 32);
  for (int i = 0; i < 32; i++)
    g_assert_cmpfloat (host[i], ==, 32 * 33 / 2);

  LAUNCH (half_barrier_kernel, 1, 64, 0, y, false);
  LAUNCH (early_end_kernel, 1, 64, 0, y, false);
  LAUNCH (two_barriers_kernel, 1, 64, 0, y, false);
  LAUNCH (shared_bounds_kernel, 1, 64, 64 * sizeof (float), y, false);
  LAUNCH (shared_uninitialised_kernel, 1, 64, 64 * sizeof (float), y, false);
  LAUNCH (global_race_kernel, 2, 64, 0, y, false);
  LAUNCH (global_read_race_kernel, 2, 1, 0, y, false);
  LAUNCH (count_kernel, 2, 64, 0, y, false);
  download (host, y, 1);
  g_assert_cmpfloat (host[0], ==, 2 + 128);
  LAUNCH (vector_kernel, 1, 32, 0, reinterpret_cast<float4 *> (y), (const float *)x, 4u);
  download (host, y, 4);
  g_assert_cmpfloat (host[3], ==, 8);
  cudaFree (x);
  cudaFree (y);
}

/* Column-major [2, 3]ᵀ · [2, 2] with leading dimensions of its own. */
static void
test_cublas (void)
{
  float *a = allocate_numbers (9), *b = allocate_numbers (6), *c = allocate (8), host[8];
  const float one = 1, zero = 0;
  cublasHandle_t handle;
  cublasCreate (&handle);
  cublasSetStream (handle, stream);
  g_assert_cmpint (cublasGemmEx (handle, CUBLAS_OP_T, CUBLAS_OP_N, 3, 2, 2, &one, a, CUDA_R_32F, 3, b,
                                 CUDA_R_32F, 3, &zero, c, CUDA_R_32F, 4, CUBLAS_COMPUTE_32F,
                                 CUBLAS_GEMM_DEFAULT),
                   ==, CUBLAS_STATUS_SUCCESS);
  download (host, c, 3);
  g_assert_cmpfloat (host[0], ==, 1 * 1 + 2 * 2);
  g_assert_cmpfloat (host[2], ==, 7 * 1 + 8 * 2);
  download (host, c + 4, 3);
  g_assert_cmpfloat (host[1], ==, 4 * 4 + 5 * 5);
  cublasDestroy (handle);
  cudaFree (a);
  cudaFree (b);
  cudaFree (c);
}

static void
test_half_types (void)
{
  g_assert_cmpfloat (__half2float (__ushort_as_half (0x3c00)), ==, 1.0f);
  g_assert_cmpfloat (__half2float (__ushort_as_half (0xc500)), ==, -5.0f);
  g_assert_cmpfloat (__half2float (__ushort_as_half (0x8001)), ==, -0x1p-24f);
  g_assert_true (isinf (__half2float (__ushort_as_half (0x7c00))));
  g_assert_cmpfloat (__bfloat162float (__ushort_as_bfloat16 (0x4040)), ==, 3.0f);
  g_assert_cmpint (__float2bfloat16 (1.00390625f).bits, ==, 0x3f80); /* ties to even */
  g_assert_cmpint (__float2bfloat16 (1.01171875f).bits, ==, 0x3f82);
}

/* Work waits until somebody waits for it, and goes in the order of events. */
static void
test_streams (void)
{
  cudaStream_t compute = stream, copy;
  cudaEvent_t copied;
  void *pinned;
  float host[4] = { 0 };
  cudaStreamCreateWithFlags (&copy, cudaStreamNonBlocking);
  cudaEventCreateWithFlags (&copied, cudaEventDisableTiming);
  cudaHostAlloc (&pinned, 4 * sizeof (float), cudaHostAllocDefault);
  float *x = allocate (4), *y = allocate (4), *from = static_cast<float *> (pinned);
  for (int i = 0; i < 4; i++)
    from[i] = 1;
  cudaMemcpyAsync (x, from, 4 * sizeof (float), cudaMemcpyHostToDevice, copy);
  cudaEventRecord (copied, copy);
  from[3] = 5; /* too early: the copy has not been made */
  cudaStreamWaitEvent (compute, copied, 0);
  LAUNCH (double_kernel, 1, 32, 0, y, (const float *)x, 4u, false);
  download (host, y, 4);
  g_assert_cmpfloat (host[0], ==, 2);
  g_assert_cmpfloat (host[3], ==, 10);
  cudaStreamDestroy (copy);
  cudaEventDestroy (copied);
  cudaFreeHost (pinned);
  cudaFree (x);
  cudaFree (y);
}

/* A copy into a place that a kernel, queued before it on another stream, has still to read: in one order of
 * work it comes too early, unless it waits. */
static void
test_copies_first (void)
{
  cudaStream_t copy;
  cudaEvent_t read;
  void *pinned;
  float host[4];
  cudaStreamCreateWithFlags (&copy, cudaStreamNonBlocking);
  cudaEventCreateWithFlags (&read, cudaEventDisableTiming);
  cudaHostAlloc (&pinned, 4 * sizeof (float), cudaHostAllocDefault);
  float *x = allocate_numbers (4), *y = allocate (4), *from = static_cast<float *> (pinned);
  for (int i = 0; i < 4; i++)
    from[i] = 100;
  for (int waits = 0; waits < 2; waits++)
    {
      const float numbers[] = { 1, 2, 3, 4 };
      cudaMemcpyAsync (x, numbers, sizeof numbers, cudaMemcpyHostToDevice, stream);
      cuda_host_set_order (CUDA_HOST_COPIES_FIRST);
      LAUNCH (double_kernel, 1, 32, 0, y, (const float *)x, 4u, false);
      cudaEventRecord (read, stream);
      if (waits)
        cudaStreamWaitEvent (copy, read, 0);
      cudaMemcpyAsync (x, pinned, 4 * sizeof (float), cudaMemcpyHostToDevice, copy);
      cuda_host_set_order (CUDA_HOST_LATE);
      download (host, y, 4);
      g_assert_cmpfloat (host[3], ==, waits ? 8 : 200);
    }
  cudaStreamDestroy (copy);
  cudaEventDestroy (read);
  cudaFreeHost (pinned);
  cudaFree (x);
  cudaFree (y);
}

/* A kernel that reads what one of another lane has still to write: seen in one of two orders, whichever of
 * them is waited for first. */
static void
test_lanes (void)
{
  cudaStream_t lanes[4];
  for (cudaStream_t &it : lanes)
    cudaStreamCreateWithFlags (&it, cudaStreamNonBlocking);
  float *x = allocate_numbers (4), *y = allocate (4), *z = allocate (4), host[4];
  cudaStreamSynchronize (stream);
  const CudaHostOrder orders[] = { CUDA_HOST_ODD_FIRST, CUDA_HOST_EVEN_FIRST };
  int n_early = 0;
  for (const CudaHostOrder it : orders)
    {
      LAUNCH (double_kernel, 1, 32, 0, y, (const float *)x, 4u, false); /* 2 */
      cudaStreamSynchronize (stream);
      cuda_host_set_order (it);
      cuda_host::launch_kernel ("double", double_kernel, 1, 32, 0, lanes[0], y, (const float *)y, 4u, false);
      cuda_host::launch_kernel ("double", double_kernel, 1, 32, 0, lanes[2], z, (const float *)y, 4u, false);
      cudaStreamSynchronize (lanes[0]);
      cudaStreamSynchronize (lanes[2]);
      cuda_host_set_order (CUDA_HOST_LATE);
      download (host, z, 4);
      g_assert_true (host[0] == 4 || host[0] == 8);
      n_early += host[0] == 4;
    }
  g_assert_cmpint (n_early, ==, 1);
  for (cudaStream_t it : lanes)
    cudaStreamDestroy (it);
  cudaFree (x);
  cudaFree (y);
  cudaFree (z);
}

static void
test_faults (void)
{
  void *memory = nullptr;
  const size_t used = cuda_host_memory_used ();
  cuda_host_set_memory (used + 1000);
  g_assert_cmpint (cudaMalloc (&memory, 1001), ==, cudaErrorMemoryAllocation);
  g_assert_cmpint (cudaMalloc (&memory, 1000), ==, cudaSuccess);
  cudaFree (memory);
  cuda_host_set_memory ((size_t)2 << 30);

  float *x = allocate_numbers (4), *y = allocate (4);
  cuda_host_lose_after (1);
  LAUNCH (double_kernel, 1, 32, 0, y, (const float *)x, 4u, false);
  g_assert_cmpint (cudaStreamSynchronize (stream), ==, cudaSuccess);
  LAUNCH (double_kernel, 1, 32, 0, y, (const float *)x, 4u, false);
  g_assert_cmpint (cudaStreamSynchronize (stream), ==, cudaErrorLaunchFailure);
  g_assert_cmpint (cudaMalloc (&memory, 4), ==, cudaErrorLaunchFailure);
  cuda_host_lose_after (-1);
  cudaFree (x);
  cudaFree (y);

  cuda_host_set_memory (0);
  g_assert_cmpint (cudaSetDevice (0), ==, cudaErrorMemoryAllocation);
  cuda_host_set_memory ((size_t)2 << 30);

  int n = -1;
  cuda_host_set_driver (12040);
  g_assert_cmpint (cudaGetDeviceCount (&n), ==, cudaErrorInsufficientDriver);
  cuda_host_set_driver (13000);
  cuda_host_set_device (0, 9, 0);
  g_assert_cmpint (cudaGetDeviceCount (&n), ==, cudaErrorNoDevice);
  cuda_host_set_device (1, 9, 0);
}

/* As on a GPU: what a call has returned is the thread's last error until somebody asks. */
static void
test_last_error (void)
{
  void *memory = nullptr;
  cuda_host_fail_host_allocs (1);
  g_assert_cmpint (cudaHostAlloc (&memory, 4, cudaHostAllocDefault), ==, cudaErrorMemoryAllocation);
  g_assert_null (memory);
  g_assert_cmpint (cudaHostAlloc (&memory, 4, cudaHostAllocDefault), ==, cudaSuccess);
  cudaFreeHost (memory);
  g_assert_cmpint (cudaGetLastError (), ==, cudaErrorMemoryAllocation);
  g_assert_cmpint (cudaGetLastError (), ==, cudaSuccess);
}

static void
test_devices (void)
{
  cudaDeviceProp properties;
  cuda_host_set_device (2, 9, 0);
  cuda_host_set_capability (1, 7, 5);
  g_assert_cmpint (cudaGetDeviceProperties (&properties, 0), ==, cudaSuccess);
  g_assert_cmpint (properties.major * 10 + properties.minor, ==, 90);
  g_assert_cmpint (cudaGetDeviceProperties (&properties, 1), ==, cudaSuccess);
  g_assert_cmpint (properties.major * 10 + properties.minor, ==, 75);
  g_assert_cmpuint (cuda_host_contexts () & 2u, ==, 0);
  g_assert_cmpint (cudaSetDevice (1), ==, cudaSuccess);
  g_assert_cmpuint (cuda_host_contexts () & 2u, ==, 2);
  cuda_host_set_device (1, 9, 0);
}

/* ---- wrong ---- */

typedef struct
{
  const char *name, *expected;
  void (*run) (void);
} Wrong;

static void
run_out_of_bounds (void)
{
  float *x = allocate_numbers (64), *y = allocate (63);
  LAUNCH (double_kernel, 1, 64, 0, y, (const float *)x, 63u, true);
}

static void
run_read_out_of_bounds (void)
{
  float *x = allocate_numbers (63), *y = allocate (64);
  LAUNCH (double_kernel, 1, 64, 0, y, (const float *)x, 63u, true);
}

static void
run_after_free (void)
{
  float *x = allocate_numbers (64), *y = allocate (64);
  cudaFree (x);
  LAUNCH (double_kernel, 1, 64, 0, y, (const float *)x, 64u, false);
}

static void
run_misaligned (void)
{
  float *x = allocate_numbers (64), *y = allocate (64);
  LAUNCH (vector_kernel, 1, 32, 0, reinterpret_cast<float4 *> (y), (const float *)x, 1u);
}

static void
run_uninitialised (void)
{
  float *x = allocate (64), *y = allocate (64);
  LAUNCH (double_kernel, 1, 64, 0, y, (const float *)x, 64u, false);
}

static void
run_missing_barrier (void)
{
  float *x = allocate_numbers (256), *y = allocate (64);
  LAUNCH (sum_kernel, 2, 128, 128 * sizeof (float), y, (const float *)x, true);
}

static void
run_missing_warp_barrier (void)
{
  float *x = allocate_numbers (32), *y = allocate (32);
  LAUNCH (warp_sum_kernel, 1, 32, 32 * sizeof (float), y, (const float *)x, true);
}

static void
run_lane_not_in_mask (void)
{
  float *x = allocate_numbers (32), *y = allocate (32);
  LAUNCH (shuffle_kernel, 1, 32, 0, y, (const float *)x, 0x7fffffffu);
}

static void
run_barrier_of_some (void)
{
  LAUNCH (half_barrier_kernel, 1, 64, 0, allocate (64), true);
}

static void
run_early_end (void)
{
  LAUNCH (early_end_kernel, 1, 64, 0, allocate (64), true);
}

static void
run_two_barriers (void)
{
  LAUNCH (two_barriers_kernel, 1, 64, 0, allocate (64), true);
}

static void
run_shared_bounds (void)
{
  LAUNCH (shared_bounds_kernel, 1, 64, 64 * sizeof (float), allocate (64), true);
}

static void
run_shared_uninitialised (void)
{
  LAUNCH (shared_uninitialised_kernel, 1, 64, 64 * sizeof (float), allocate (64), true);
}

static void
run_global_race (void)
{
  LAUNCH (global_race_kernel, 2, 64, 0, allocate (128), true);
}

static void
run_global_read_race (void)
{
  LAUNCH (global_read_race_kernel, 2, 1, 0, allocate_numbers (2), true);
}

static void
run_no_atomic (void)
{
  LAUNCH (count_kernel, 2, 64, 0, allocate_numbers (1), true);
}

static void
run_host_memory (void)
{
  static float host[32];
  LAUNCH (host_memory_kernel, 1, 32, 0, allocate (32), (const float *)host);
}

static void
run_host_reads_device (void)
{
  float *x = allocate_numbers (4);
  cudaStreamSynchronize (stream);
  g_print ("%g", (double)x[1]);
}

static void
run_no_wait (void)
{
  cudaStream_t copy;
  void *pinned;
  cudaStreamCreateWithFlags (&copy, cudaStreamNonBlocking);
  cudaHostAlloc (&pinned, 64 * sizeof (float), cudaHostAllocDefault);
  float *x = allocate (64), *y = allocate (64);
  cudaMemcpyAsync (x, pinned, 64 * sizeof (float), cudaMemcpyHostToDevice, copy);
  LAUNCH (double_kernel, 1, 64, 0, y, (const float *)x, 64u, false);
}

static void
run_too_much_shared (void)
{
  LAUNCH (shared_bounds_kernel, 1, 64, 49 << 10, allocate (64), false);
}

static void
run_cublas_out_of_bounds (void)
{
  float *a = allocate_numbers (4), *c = allocate (3);
  const float one = 1, zero = 0;
  cublasHandle_t handle;
  cublasCreate (&handle);
  cublasSetStream (handle, stream);
  cublasGemmEx (handle, CUBLAS_OP_N, CUBLAS_OP_N, 2, 2, 2, &one, a, CUDA_R_32F, 2, a, CUDA_R_32F, 2, &zero, c,
                CUDA_R_32F, 2, CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT);
}

static const Wrong wrongs[] = {
  { "write-out-of-bounds", "*write out of bounds*", run_out_of_bounds },
  { "read-out-of-bounds", "*read out of bounds*", run_read_out_of_bounds },
  { "access-after-free", "*after cudaFree*", run_after_free },
  { "misaligned", "*misaligned: 16 bytes*", run_misaligned },
  { "uninitialised", "*global memory read that was not initialised*", run_uninitialised },
  { "missing-barrier", "*race in shared memory*no barrier between*", run_missing_barrier },
  { "missing-warp-barrier", "*race in shared memory*no barrier between*", run_missing_warp_barrier },
  { "lane-not-in-mask", "*lane*not in the mask*", run_lane_not_in_mask },
  { "barrier-of-some", "*barrier is not reached by all*", run_barrier_of_some },
  { "thread-ends-before-barrier", "*barrier is not reached by all*63 threads wait*", run_early_end },
  { "two-barriers", "*barrier is not reached by all*others at*", run_two_barriers },
  { "shared-out-of-bounds", "*shared memory out of bounds*", run_shared_bounds },
  { "shared-uninitialised", "*shared memory read that was not initialised*", run_shared_uninitialised },
  { "blocks-write-the-same", "*race in global memory*overwrites*another block*", run_global_race },
  { "block-reads-what-another-writes", "*race in global memory*", run_global_read_race },
  { "count-without-atomics", "*race in global memory*", run_no_atomic },
  { "kernel-touches-host-memory", "*touches host memory*", run_host_memory },
  { "host-touches-device-memory", "*host code touches device memory*", run_host_reads_device },
  { "no-wait-for-the-copy", "*not initialised*", run_no_wait },
  { "too-much-shared-memory", "*bytes of shared memory*", run_too_much_shared },
  { "cublas-out-of-bounds", "*cublasGemmEx out of bounds*", run_cublas_out_of_bounds },
};

static void
test_wrong (gconstpointer data)
{
  const Wrong *wrong = static_cast<const Wrong *> (data);
  if (g_test_subprocess ())
    {
      wrong->run ();
      cudaStreamSynchronize (stream);
      return;
    }
  g_test_trap_subprocess (NULL, 0, (GTestSubprocessFlags)0);
  g_test_trap_assert_failed ();
  g_test_trap_assert_stderr (wrong->expected);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  cudaStreamCreateWithFlags (&stream, cudaStreamNonBlocking);
  g_test_add_func ("/cuda-host/kernels-run-as-on-a-gpu", test_kernels);
  g_test_add_func ("/cuda-host/products-by-cublas", test_cublas);
  g_test_add_func ("/cuda-host/half-types", test_half_types);
  g_test_add_func ("/cuda-host/streams-and-events", test_streams);
  g_test_add_func ("/cuda-host/copies-that-come-too-early", test_copies_first);
  g_test_add_func ("/cuda-host/lanes-in-either-order", test_lanes);
  g_test_add_func ("/cuda-host/faults", test_faults);
  g_test_add_func ("/cuda-host/last-error", test_last_error);
  g_test_add_func ("/cuda-host/devices", test_devices);
  for (const Wrong &wrong : wrongs)
    {
      g_autofree char *path = g_strconcat ("/cuda-host/catches/", wrong.name, NULL);
      g_test_add_data_func (path, &wrong, test_wrong);
    }
  const int status = g_test_run ();
  cudaStreamDestroy (stream);
  return status;
}
