/* Streams, events and memory. Work is queued and done at the last moment at which somebody waits for it
 * (control.h), so that a wait that is missing leaves its work undone. */
#include "internal.h"

#include <stdlib.h>
#include <vector>

namespace cuda_host
{
std::recursive_mutex lock;

static CudaHostOrder order;
static size_t memory_limit = (size_t)2 << 30, memory_used, memory_peak;
static long launches_left = -1;
static long mallocs_before_failure = -1, mallocs_failing;
static uint64_t n_launches, n_products, n_copies, n_mallocs;
static int driver = CUDART_VERSION, n_devices = 1, multiprocessors = 4;
static int capabilities[CUDA_HOST_MOST_DEVICES] = { 90 };
static long host_allocs_failing, blas_failing;
static unsigned contexts;
static bool has_code = true;
static cudaError_t lost = cudaSuccess;
static std::vector<Stream *> streams;
static unsigned n_streams; /* since the start */

struct Pinned
{
  char *memory;
  size_t n_bytes;
};
static std::vector<Pinned> pinned;

typedef std::lock_guard<std::recursive_mutex> Guard;

/* What cudaGetLastError will say to this thread, of the device since it was last lost or healed. */
struct LastError
{
  cudaError_t error;
  unsigned life;
};
static thread_local LastError last_error;
static unsigned life;

/* What a call returns is kept until somebody asks; a later success changes nothing. */
static cudaError_t
tell (cudaError_t error)
{
  if (error != cudaSuccess)
    last_error = LastError{ error, life };
  return error;
}

static void
run_until (Stream *stream, uint64_t position)
{
  while (stream->done < position && !stream->tasks.empty ())
    {
      std::function<void ()> task = std::move (stream->tasks.front ());
      stream->tasks.pop_front ();
      task ();
      stream->done++;
    }
}

static void
run_all ()
{
  for (size_t i = 0; i < streams.size (); i++)
    run_until (streams[i], streams[i]->queued);
}

static bool
is_early (const Stream *stream)
{
  switch (order)
    {
    case CUDA_HOST_AT_ONCE:
      return true;
    case CUDA_HOST_COPIES_FIRST:
      return !stream->computes;
    case CUDA_HOST_ODD_FIRST:
      return stream->lane % 2 == 1;
    case CUDA_HOST_EVEN_FIRST:
      return stream->lane % 2 == 0;
    default:
      return false;
    }
}

void
queue (Stream *stream, std::function<void ()> task)
{
  if (!stream)
    fail ("the default stream is used");
  stream->tasks.push_back (std::move (task));
  stream->queued++;
  if (is_early (stream))
    run_until (stream, stream->queued);
}

void
count_product (Stream *stream)
{
  n_products++;
  if (stream)
    stream->computes = true;
}

bool
blas_fails ()
{
  Guard guard (lock);
  return blas_failing > 0 && blas_failing-- > 0;
}

bool
is_lost ()
{
  return lost != cudaSuccess;
}

void
launch (const char *name,
        dim3 grid,
        dim3 block,
        size_t shared,
        Stream *stream,
        void (*run) (const void *),
        void *arguments,
        size_t n_bytes,
        void (*free_arguments) (void *))
{
  Guard guard (lock);
  n_launches++;
  if (stream)
    stream->computes = true;
  const Launch it{ name, grid, block, shared, run, arguments, n_bytes };
  queue (stream, [it, arguments, free_arguments] {
    if (launches_left == 0)
      lost = cudaErrorLaunchFailure;
    else if (launches_left > 0)
      launches_left--;
    if (!is_lost ())
      run_launch (it);
    free_arguments (arguments);
  });
}

static bool
is_pinned (const void *memory)
{
  for (const Pinned &it : pinned)
    if ((const char *)memory >= it.memory && (const char *)memory < it.memory + it.n_bytes)
      return true;
  return false;
}

static void
copy_now (void *to, const void *from, size_t n_bytes, cudaMemcpyKind kind)
{
  if (is_lost ())
    return;
  if (kind != cudaMemcpyHostToDevice)
    device_access (from, n_bytes, READ, "cudaMemcpyAsync");
  if (kind != cudaMemcpyDeviceToHost)
    device_access (to, n_bytes, WRITE, "cudaMemcpyAsync");
  copy_bytes (to, from, n_bytes);
}
}

using namespace cuda_host;

cudaError_t
cudaDriverGetVersion (int *version)
{
  *version = driver;
  return cudaSuccess;
}

cudaError_t
cudaRuntimeGetVersion (int *version)
{
  *version = CUDART_VERSION;
  return cudaSuccess;
}

cudaError_t
cudaGetDeviceCount (int *count)
{
  *count = 0;
  if (driver < CUDART_VERSION)
    return tell (cudaErrorInsufficientDriver);
  *count = n_devices;
  return tell (n_devices > 0 ? cudaSuccess : cudaErrorNoDevice);
}

cudaError_t
cudaGetDeviceProperties (cudaDeviceProp *properties, int device)
{
  if (device < 0 || device >= n_devices)
    return tell (cudaErrorInvalidDevice);
  *properties = cudaDeviceProp{ "cuda-host", memory_limit, capabilities[device] / 10,
                                capabilities[device] % 10, multiprocessors };
  return cudaSuccess;
}

/* Clocks in kHz, of a device as slow as this one. */
cudaError_t
cudaDeviceGetAttribute (int *value, cudaDeviceAttr which, int device)
{
  *value = 0;
  if (device < 0 || device >= n_devices)
    return tell (cudaErrorInvalidDevice);
  *value = which == cudaDevAttrMultiProcessorCount    ? multiprocessors
           : which == cudaDevAttrGlobalMemoryBusWidth ? 64
                                                      : 1000;
  return cudaSuccess;
}

cudaError_t
cuda_host::find_code (const void *kernel)
{
  return tell (!kernel ? cudaErrorInvalidValue : has_code ? cudaSuccess : cudaErrorNoKernelImageForDevice);
}

cudaError_t
cudaSetDevice (int device)
{
  if (device < 0 || device >= n_devices)
    return tell (cudaErrorInvalidDevice);
  Guard guard (lock);
  if (memory_limit == 0)
    return tell (cudaErrorMemoryAllocation);
  contexts |= 1u << device;
  return tell (lost);
}

cudaError_t
cudaMemGetInfo (size_t *free, size_t *total)
{
  Guard guard (lock);
  *total = memory_limit;
  *free = memory_limit > memory_used ? memory_limit - memory_used : 0;
  return tell (lost);
}

cudaError_t
cudaMalloc (void **memory, size_t n_bytes)
{
  Guard guard (lock);
  *memory = nullptr;
  if (is_lost ())
    return tell (lost);
  if (n_bytes == 0)
    return cudaSuccess;
  n_mallocs++;
  if (mallocs_before_failure > 0)
    mallocs_before_failure--;
  else if (mallocs_before_failure == 0 && mallocs_failing > 0)
    {
      mallocs_failing--;
      return tell (cudaErrorMemoryAllocation);
    }
  if (n_bytes > memory_limit || memory_used > memory_limit - n_bytes)
    return tell (cudaErrorMemoryAllocation);
  *memory = device_map (n_bytes);
  if (!*memory)
    return tell (cudaErrorMemoryAllocation);
  memory_used += n_bytes;
  memory_peak = memory_used > memory_peak ? memory_used : memory_peak;
  return cudaSuccess;
}

cudaError_t
cudaFree (void *memory)
{
  Guard guard (lock);
  if (!memory)
    return cudaSuccess;
  run_all (); /* cudaFree waits for the whole device */
  if (!is_device (memory))
    fail ("cudaFree of %p, which is not device memory", memory);
  memory_used -= device_size (memory);
  device_unmap (memory);
  return tell (lost);
}

cudaError_t
cudaHostAlloc (void **memory, size_t n_bytes, unsigned)
{
  Guard guard (lock);
  *memory = nullptr;
  if (host_allocs_failing > 0 && host_allocs_failing-- > 0)
    return tell (cudaErrorMemoryAllocation);
  *memory = malloc (n_bytes);
  if (!*memory)
    return tell (cudaErrorMemoryAllocation);
  pinned.push_back (Pinned{ (char *)*memory, n_bytes });
  return cudaSuccess;
}

cudaError_t
cudaFreeHost (void *memory)
{
  Guard guard (lock);
  if (!memory)
    return cudaSuccess;
  run_all ();
  for (size_t i = 0; i < pinned.size (); i++)
    if (pinned[i].memory == memory)
      {
        free (memory);
        pinned.erase (pinned.begin () + (long)i);
        return cudaSuccess;
      }
  fail ("cudaFreeHost of %p, which is not pinned memory", memory);
}

/* As on a GPU, pageable memory is read when the call is made, pinned memory when its turn comes. */
cudaError_t
cudaMemcpyAsync (void *to, const void *from, size_t n_bytes, cudaMemcpyKind kind, cudaStream_t stream)
{
  Guard guard (lock);
  if (is_lost ())
    return tell (lost);
  n_copies++;
  if (kind == cudaMemcpyHostToDevice && !is_pinned (from))
    {
      auto *staged = new std::vector<char> (n_bytes);
      copy_bytes (staged->data (), from, n_bytes);
      queue (stream, [=] {
        copy_now (to, staged->data (), n_bytes, kind);
        delete staged;
      });
      return cudaSuccess;
    }
  queue (stream, [=] { copy_now (to, from, n_bytes, kind); });
  if (kind == cudaMemcpyDeviceToHost && !is_pinned (to))
    run_until (stream, stream->queued);
  return tell (lost);
}

cudaError_t
cudaStreamCreateWithFlags (cudaStream_t *stream, unsigned flags)
{
  Guard guard (lock);
  if (flags != cudaStreamNonBlocking)
    fail ("a stream that waits for the default stream");
  *stream = new Stream;
  (*stream)->lane = n_streams++ / 2;
  streams.push_back (*stream);
  return tell (lost);
}

cudaError_t
cudaStreamDestroy (cudaStream_t stream)
{
  Guard guard (lock);
  run_until (stream, stream->queued);
  for (size_t i = 0; i < streams.size (); i++)
    if (streams[i] == stream)
      streams.erase (streams.begin () + (long)i);
  delete stream;
  return tell (lost);
}

cudaError_t
cudaStreamSynchronize (cudaStream_t stream)
{
  Guard guard (lock);
  run_until (stream, stream->queued);
  return tell (lost);
}

cudaError_t
cudaStreamWaitEvent (cudaStream_t stream, cudaEvent_t event, unsigned)
{
  Guard guard (lock);
  Stream *other = event->stream;
  const uint64_t position = event->position;
  if (other)
    queue (stream, [=] { run_until (other, position); });
  return tell (lost);
}

cudaError_t
cudaEventCreateWithFlags (cudaEvent_t *event, unsigned)
{
  *event = new Event;
  return tell (lost);
}

cudaError_t
cudaEventDestroy (cudaEvent_t event)
{
  delete event;
  return tell (lost);
}

cudaError_t
cudaEventRecord (cudaEvent_t event, cudaStream_t stream)
{
  Guard guard (lock);
  event->stream = stream;
  event->position = stream->queued;
  return tell (lost);
}

cudaError_t
cudaEventSynchronize (cudaEvent_t event)
{
  Guard guard (lock);
  if (event->stream)
    run_until (event->stream, event->position);
  return tell (lost);
}

cudaError_t
cudaGetLastError (void)
{
  const LastError last = last_error;
  last_error = LastError{ cudaSuccess, life };
  return is_lost () ? lost : last.life == life ? last.error : cudaSuccess;
}

const char *
cudaGetErrorString (cudaError_t error)
{
  switch (error)
    {
    case cudaSuccess:
      return "no error";
    case cudaErrorMemoryAllocation:
      return "out of memory";
    case cudaErrorInsufficientDriver:
      return "CUDA driver version is insufficient for CUDA runtime version";
    case cudaErrorNoDevice:
      return "no CUDA-capable device is detected";
    case cudaErrorNoKernelImageForDevice:
      return "no kernel image is available for execution on the device";
    case cudaErrorLaunchFailure:
      return "unspecified launch failure";
    default:
      return "another error";
    }
}

/* ---- control.h ---- */

void
cuda_host_set_order (CudaHostOrder wanted)
{
  Guard guard (lock);
  run_all ();
  order = wanted;
}

void
cuda_host_set_memory (size_t n_bytes)
{
  Guard guard (lock);
  memory_limit = n_bytes;
}

void
cuda_host_fail_mallocs (long after, long n_failures)
{
  Guard guard (lock);
  mallocs_before_failure = after;
  mallocs_failing = n_failures;
}

uint64_t
cuda_host_mallocs (void)
{
  return n_mallocs;
}

void
cuda_host_lose_after (long n)
{
  Guard guard (lock);
  launches_left = n;
  lost = cudaSuccess;
  life++;
}

void
cuda_host_set_driver (int version)
{
  driver = version;
}

void
cuda_host_set_device (int n, int major, int minor)
{
  n_devices = n;
  for (int i = 0; i < CUDA_HOST_MOST_DEVICES; i++)
    capabilities[i] = 10 * major + minor;
}

void
cuda_host_set_capability (int device, int major, int minor)
{
  capabilities[device] = 10 * major + minor;
}

void
cuda_host_set_code (int has)
{
  has_code = has != 0;
}

unsigned
cuda_host_contexts (void)
{
  return contexts;
}

void
cuda_host_fail_host_allocs (long n)
{
  Guard guard (lock);
  host_allocs_failing = n;
}

void
cuda_host_fail_blas (long n)
{
  Guard guard (lock);
  blas_failing = n;
}

void
cuda_host_set_multiprocessors (int n)
{
  multiprocessors = n;
}

size_t
cuda_host_memory_used (void)
{
  return memory_used;
}

size_t
cuda_host_memory_peak (void)
{
  return memory_peak;
}

uint64_t
cuda_host_launches (void)
{
  return n_launches;
}

uint64_t
cuda_host_products (void)
{
  return n_products;
}

uint64_t
cuda_host_copies (void)
{
  return n_copies;
}
