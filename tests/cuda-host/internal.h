/* What the parts of cuda-host share. All of it runs under one lock (runtime.cc): one block at a time, its
 * threads as fibers of the host's thread that waits for the stream. */
#pragma once

#include "control.h"

#include <cublas_v2.h>
#include <cuda_runtime.h>

#include <deque>
#include <functional>
#include <mutex>

namespace cuda_host
{
/* Ends the program with what a GPU would have punished, and where in the launch. */
[[noreturn]] void fail (const char *format, ...) __attribute__ ((format (printf, 1, 2)));

/* ---- checker.cc: every access of a kernel ---- */

enum Access
{
  READ,
  WRITE,
  ATOMIC,
};

/* The thread that runs, as far as races are concerned. */
struct Who
{
  uint32_t block;      /* serial number of the block's run, from 1 on, ever growing */
  uint32_t thread;     /* in the block */
  uint32_t epoch;      /* barriers of the block so far */
  uint32_t warp_epoch; /* barriers of its warp so far */
};

/* The block that runs. */
struct Running
{
  const char *kernel;
  bool in_atomic; /* its accesses are checked already */
  Who who;
  uint32_t first_block; /* of this launch */
  char *shared;
  size_t n_shared;
  const char *stack; /* the running fiber's */
  size_t n_stack;
  const char *arguments;
  size_t n_arguments;
};
extern Running running;
/* Whether it is this thread of the host that runs it: others go on with host code meanwhile. */
extern thread_local bool in_kernel;

/* Device memory: never mapped where nothing is allocated, with unmapped pages between allocations. */
void *device_map (size_t n_bytes);
void device_unmap (void *memory);
bool is_device (const void *address);
/* The size of the allocation that begins here. */
size_t device_size (const void *memory);
/* Checks what a library (memcpy, cuBLAS) reads or writes; writing makes it initialised. */
void device_access (const void *memory, size_t n_bytes, Access kind, const char *what);
/* A block begins: its shared memory is not initialised. */
void forget_shared ();
/* Plain copying that sanitizers do not look at. */
void copy_bytes (void *to, const void *from, size_t n_bytes);

/* ---- fibers.cc: blocks, threads, warps ---- */

struct Launch
{
  const char *name;
  dim3 grid, block;
  size_t shared;
  void (*run) (const void *);
  const void *arguments;
  size_t n_arguments;
};
void run_launch (const Launch &launch);

/* ---- runtime.cc: streams, events, memory ---- */

struct Stream
{
  std::deque<std::function<void ()> > tasks;
  uint64_t queued = 0, done = 0;
  bool computes = false; /* kernels or products were queued on it */
  unsigned lane = 0;     /* two streams after each other are a lane */
};

struct Event
{
  Stream *stream = nullptr;
  uint64_t position = 0; /* tasks of the stream that must be done */
};

extern std::recursive_mutex lock;
void queue (Stream *stream, std::function<void ()> task);
void count_product (Stream *stream);
bool is_lost ();
/* Whether this cublasCreate is one of those that fail. */
bool blas_fails ();
}
