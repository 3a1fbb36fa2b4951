/* Device memory in pieces of large blocks: a trace takes and gives back a few thousand arrays, and cudaMalloc
 * and cudaFree stop the device each time. */
#pragma once

#include <cuda_runtime.h>

#include <map>
#include <stdint.h>
#include <vector>

namespace engram
{
/* Whether a call has worked. What it leaves as the thread's last error is cleared, for the next launch not to
 * find it. */
static inline bool
works (cudaError_t error)
{
  if (error != cudaSuccess)
    cudaGetLastError ();
  return error == cudaSuccess;
}

struct PoolBlock
{
  char *memory;
  size_t n_bytes, used;
  std::map<size_t, size_t> free; /* offset → bytes, never two in a row */
};

/* Given back, but ops queued before `sequence` may still use it. */
struct PoolPending
{
  void *memory;
  uint64_t sequence;
};

struct Pool
{
  /* FALSE: each array is a cudaMalloc of its own, so that whatever checks device memory sees their bounds. */
  bool pooled;
  std::map<char *, PoolBlock *> blocks;
  std::map<char *, size_t> taken; /* address → bytes */
  uint64_t sequence;              /* of ops, on any stream */
  std::vector<PoolPending> pending;
};

/* Not cleared, aligned to 256 bytes; NULL when there is none. */
void *pool_take (Pool &pool, size_t n_bytes);
/* Nothing may use it any more. */
void pool_give (Pool &pool, void *memory);
/* Gives blocks of which nothing is taken back to the device. */
void pool_trim (Pool &pool);
}
