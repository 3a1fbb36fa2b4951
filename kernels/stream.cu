/* Streams: failures, scratch, tables, and what comes to the device and back. */
#include "stream.cuh"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

namespace engram
{
static const size_t tables_least = (size_t)256 << 10, blas_workspace = (size_t)32 << 20;

__attribute__ ((format (printf, 3, 4))) static void
fail (EgStream *stream, EgStreamState state, const char *format, ...)
{
  va_list values;
  if (stream->state != EG_STREAM_WORKS)
    return;
  stream->state = state;
  va_start (values, format);
  vsnprintf (stream->why, sizeof stream->why, format, values);
  va_end (values);
}

void
fail_memory (EgStream *stream)
{
  fail (stream, EG_STREAM_NO_MEMORY, _ ("There is not enough memory on %s"), stream->backend->name);
}

void
fail_lost (EgStream *stream, const char *why)
{
  fail (stream, EG_STREAM_LOST, _ ("%s has stopped working (%s)"), stream->backend->name, why);
}

bool
check (EgStream *stream, cudaError_t error)
{
  if (works (error))
    return stream->state == EG_STREAM_WORKS;
  if (error == cudaErrorMemoryAllocation)
    fail_memory (stream);
  else
    fail_lost (stream, cudaGetErrorString (error));
  return false;
}

bool
check_blas (EgStream *stream, cublasStatus_t status)
{
  if (status == CUBLAS_STATUS_SUCCESS)
    return true;
  /* What the device says, which is the cause, if it says something. */
  if (status != CUBLAS_STATUS_ALLOC_FAILED && !check (stream, cudaGetLastError ()))
    return false;
  char why[64];
  snprintf (why, sizeof why, "cuBLAS: %d", (int)status);
  if (status == CUBLAS_STATUS_ALLOC_FAILED)
    fail_memory (stream);
  else
    fail_lost (stream, why);
  return false;
}

bool
begin_op (EgStream *stream)
{
  if (stream->state != EG_STREAM_WORKS)
    return false;
  if (!check (stream, cudaSetDevice (stream->backend->device))) /* of this thread */
    return false;
  std::lock_guard<std::mutex> guard (stream->backend->lock);
  stream->begun = ++stream->backend->pool.sequence;
  return true;
}

void
end_op (EgStream *stream)
{
  check (stream, cudaGetLastError ());
  CudaBackend *backend = stream->backend;
  std::lock_guard<std::mutex> guard (backend->lock);
  stream->queued = stream->begun;
  /* Who is woken moves again, until it has looked. */
  for (EgStream *it : backend->streams)
    it->waits = false;
  backend->moved.notify_all ();
}

/* Gives what nobody uses any more back to the pool. With the lock. */
static void
settle_pending (CudaBackend *backend)
{
  std::vector<PoolPending> left;
  for (const PoolPending &it : backend->pool.pending)
    {
      bool in_use = false;
      for (const EgStream *stream : backend->streams)
        in_use = in_use || (stream->done < it.sequence && stream->done < stream->begun);
      if (in_use)
        left.push_back (it);
      else
        pool_give (backend->pool, it.memory);
    }
  backend->pool.pending.swap (left);
}

/* Everything that is queued is done, or its stream has failed; not so an op that has begun, of which
 * something may still be to be queued. With the lock, which end_op takes, too. */
static void
wait_for_all (CudaBackend *backend, EgStream *asking)
{
  for (EgStream *stream : backend->streams)
    {
      cudaStreamSynchronize (stream->copy);
      cudaStreamSynchronize (stream->compute);
      stream->done = stream->queued;
    }
  for (EgStream *stream : backend->streams)
    if (stream == asking || stream->waits)
      {
        /* It queues nothing meanwhile: nothing that has been given back by now is its op's. */
        stream->begun = ++backend->pool.sequence;
        stream->done = stream->queued = stream->begun - 1;
      }
  settle_pending (backend);
}

/* Whether another thread is in an op, which keeps what has been given back since from being taken again. Not
 * one that waits for memory itself. With the lock. */
static bool
others_move (const CudaBackend *backend, const EgStream *asking)
{
  for (const EgStream *stream : backend->streams)
    if (stream != asking && !stream->waits && stream->queued < stream->begun)
      return true;
  return false;
}

/* asking: the stream whose op needs it; NULL for none, and then this thread is in no op. What others give
 * back is waited for. */
static void *
take_memory (CudaBackend *backend, EgStream *asking, size_t n_bytes)
{
  std::unique_lock<std::mutex> guard (backend->lock);
  cudaSetDevice (backend->device);
  settle_pending (backend);
  void *memory = pool_take (backend->pool, n_bytes);
  while (!memory)
    {
      wait_for_all (backend, asking);
      pool_trim (backend->pool);
      memory = pool_take (backend->pool, n_bytes);
      if (memory || backend->pool.pending.empty () || !others_move (backend, asking))
        break;
      if (asking)
        asking->waits = true;
      backend->moved.wait (guard);
      if (asking)
        asking->waits = false;
    }
  return memory;
}

static void
give_memory (CudaBackend *backend, void *memory)
{
  if (!memory)
    return;
  std::lock_guard<std::mutex> guard (backend->lock);
  cudaSetDevice (backend->device);
  backend->pool.pending.push_back (PoolPending{ memory, backend->pool.sequence });
  settle_pending (backend);
}

static float *
cuda_alloc (EgBackend *self, gsize n_floats)
{
  gsize n_bytes;
  if (!g_size_checked_mul (&n_bytes, n_floats, sizeof (float)))
    return nullptr;
  return static_cast<float *> (take_memory (reinterpret_cast<CudaBackend *> (self), nullptr, n_bytes));
}

static void
cuda_release (EgBackend *self, float *memory)
{
  give_memory (reinterpret_cast<CudaBackend *> (self), memory);
}

static guint64
cuda_memory_free (EgBackend *self)
{
  auto *backend = reinterpret_cast<CudaBackend *> (self);
  std::lock_guard<std::mutex> guard (backend->lock);
  size_t n_free = 0, total = 0;
  cudaSetDevice (backend->device);
  settle_pending (backend);
  if (!works (cudaMemGetInfo (&n_free, &total)))
    return 0;
  for (const auto &it : backend->pool.blocks)
    n_free += it.second->n_bytes - it.second->used;
  return n_free;
}

void *
scratch (EgStream *stream, Scratch kind, size_t n_bytes)
{
  if (stream->state != EG_STREAM_WORKS)
    return nullptr;
  if (stream->scratch_size[kind] >= n_bytes)
    return stream->scratch[kind];
  give_memory (stream->backend, stream->scratch[kind]);
  stream->scratch[kind] = take_memory (stream->backend, stream, n_bytes);
  stream->scratch_size[kind] = stream->scratch[kind] ? n_bytes : 0;
  if (!stream->scratch[kind])
    fail_memory (stream);
  return stream->scratch[kind];
}

/* ---- tables ---- */

static void
free_tables (EgStream *stream)
{
  cudaFreeHost (stream->tables.host);
  give_memory (stream->backend, stream->tables.device);
  stream->tables.host = stream->tables.device = nullptr;
  stream->tables.half_size = 0;
}

/* Both halves anew, of at least n bytes. */
static bool
grow_tables (EgStream *stream, size_t n_bytes)
{
  Tables &tables = stream->tables;
  size_t size = tables_least;
  while (size < n_bytes)
    size *= 2;
  if (!check (stream, cudaStreamSynchronize (stream->compute)))
    return false;
  free_tables (stream);
  void *host = nullptr;
  if (!check (stream, cudaHostAlloc (&host, 2 * size, cudaHostAllocDefault)))
    return false;
  tables.host = static_cast<char *> (host);
  tables.device = static_cast<char *> (take_memory (stream->backend, stream, 2 * size));
  tables.half_size = tables.device ? size : 0;
  tables.used = 0;
  tables.half = 0;
  if (!tables.device)
    fail_memory (stream);
  return tables.device != nullptr;
}

size_t
table_place (size_t n_bytes)
{
  return (n_bytes + 63) / 64 * 64;
}

const void *
upload_bytes (EgStream *stream, const void *table, size_t n_bytes, const void *other, size_t n_other)
{
  Tables &tables = stream->tables;
  const size_t n_all = other ? table_place (n_bytes) + n_other : n_bytes;
  if (stream->state != EG_STREAM_WORKS || (n_all > tables.half_size && !grow_tables (stream, n_all)))
    return nullptr;
  if (tables.used + n_all > tables.half_size)
    {
      check (stream, cudaEventRecord (tables.left[tables.half], stream->compute));
      tables.half = !tables.half;
      tables.used = 0;
      check (stream, cudaEventSynchronize (tables.left[tables.half]));
    }
  const size_t at = (size_t)tables.half * tables.half_size + tables.used;
  tables.used += table_place (n_all);
  memcpy (tables.host + at, table, n_bytes);
  if (other)
    memcpy (tables.host + at + table_place (n_bytes), other, n_other);
  check (stream, cudaMemcpyAsync (tables.device + at, tables.host + at, n_all, cudaMemcpyHostToDevice,
                                  stream->compute));
  return stream->state == EG_STREAM_WORKS ? tables.device + at : nullptr;
}

/* ---- to the device and back ---- */

/* Ends an op whose last work is queued, and waits for it. */
static bool
end_and_wait (EgStream *stream)
{
  end_op (stream);
  const bool ok = check (stream, cudaStreamSynchronize (stream->compute));
  std::lock_guard<std::mutex> guard (stream->backend->lock);
  stream->done = stream->queued;
  settle_pending (stream->backend);
  return ok;
}

static void
cuda_wait (EgStream *stream)
{
  if (begin_op (stream))
    end_and_wait (stream);
}

/* Waits, so that ops of other streams find it, too. */
static void
cuda_upload (EgStream *stream, float *to, const float *from, gsize n)
{
  if (n == 0 || !begin_op (stream))
    return;
  check (stream, cudaMemcpyAsync (to, from, n * sizeof (float), cudaMemcpyHostToDevice, stream->compute));
  end_and_wait (stream);
}

static void
cuda_download (EgStream *stream, float *to, const float *from, gsize n)
{
  memset (to, 0xff, n * sizeof (float)); /* NaN, if nothing comes */
  if (n == 0 || !begin_op (stream))
    return;
  check (stream, cudaMemcpyAsync (to, from, n * sizeof (float), cudaMemcpyDeviceToHost, stream->compute));
  end_and_wait (stream);
}

/* Pinned memory for n bytes of answers. */
static bool
reserve_answers (EgStream *stream, size_t n_bytes)
{
  void *memory = nullptr;
  if (stream->answers_size >= n_bytes)
    return true;
  cudaFreeHost (stream->answers);
  stream->answers = nullptr;
  stream->answers_size = 0;
  if (!check (stream, cudaHostAlloc (&memory, n_bytes, cudaHostAllocDefault)))
    return false;
  stream->answers = static_cast<char *> (memory);
  stream->answers_size = n_bytes;
  return true;
}

const void *
fetch (EgStream *stream, const void *from, size_t n_bytes)
{
  if (stream->state == EG_STREAM_WORKS && reserve_answers (stream, n_bytes))
    check (stream, cudaMemcpyAsync (stream->answers, from, n_bytes, cudaMemcpyDeviceToHost, stream->compute));
  return end_and_wait (stream) ? stream->answers : nullptr;
}

/* ---- weights ---- */

static bool
make_pieces (EgStream *stream)
{
  for (int i = 0; i < 2; i++)
    {
      void *memory = nullptr;
      if (stream->pieces.memory[i])
        continue;
      if (!check (stream, cudaHostAlloc (&memory, piece_size, cudaHostAllocDefault)))
        return false;
      stream->pieces.memory[i] = static_cast<char *> (memory);
    }
  return true;
}

static void
queue_pieces (EgStream *stream, guint slot, void *to, const void *from, size_t n_bytes)
{
  Pieces &pieces = stream->pieces;
  check (stream, cudaStreamWaitEvent (stream->copy, stream->left[slot], 0));
  for (size_t at = 0; at < n_bytes; at += piece_size)
    {
      const size_t n = MIN (piece_size, n_bytes - at);
      const int i = pieces.next;
      pieces.next = !i;
      check (stream, cudaEventSynchronize (pieces.copied[i]));
      memcpy (pieces.memory[i], static_cast<const char *> (from) + at, n);
      check (stream, cudaMemcpyAsync (static_cast<char *> (to) + at, pieces.memory[i], n,
                                      cudaMemcpyHostToDevice, stream->copy));
      check (stream, cudaEventRecord (pieces.copied[i], stream->copy));
    }
  check (stream, cudaEventRecord (stream->arrived[slot], stream->copy));
}

static void
cuda_stage (EgStream *stream, guint slot, void *to, const void *from, gsize n_bytes)
{
  if (n_bytes == 0 || !begin_op (stream))
    return;
  if (make_pieces (stream))
    queue_pieces (stream, slot, to, from, n_bytes);
  end_op (stream);
}

static void
cuda_use_slot (EgStream *stream, guint slot)
{
  if (!begin_op (stream))
    return;
  check (stream, cudaStreamWaitEvent (stream->compute, stream->arrived[slot], 0));
  end_op (stream);
}

static void
cuda_leave_slot (EgStream *stream, guint slot)
{
  if (!begin_op (stream))
    return;
  check (stream, cudaEventRecord (stream->left[slot], stream->compute));
  end_op (stream);
}

static EgStreamState
cuda_check (EgStream *stream, const char **why)
{
  /* Nor may another stream, or one that gave memory, have lost the device. */
  if (stream->state == EG_STREAM_WORKS)
    check (stream, cudaGetLastError ());
  *why = stream->state == EG_STREAM_WORKS ? nullptr : stream->why;
  return stream->state;
}

/* ---- their lives ---- */

/* cuBLAS takes memory for itself, and where there is none it does not always say so. */
static bool
create_blas (EgStream *stream)
{
  const cublasStatus_t status = cublasCreate (&stream->blas);
  if (status == CUBLAS_STATUS_SUCCESS)
    return true;
  stream->blas = nullptr;
  if (status == CUBLAS_STATUS_NOT_INITIALIZED && check (stream, cudaGetLastError ()))
    fail_memory (stream);
  return check_blas (stream, status);
}

static EgStream *
cuda_stream_new (EgBackend *self, gsize)
{
  auto *stream = new EgStream ();
  stream->backend = reinterpret_cast<CudaBackend *> (self);
  stream->state = EG_STREAM_WORKS;
  check (stream, cudaSetDevice (stream->backend->device));
  check (stream, cudaStreamCreateWithFlags (&stream->compute, cudaStreamNonBlocking));
  check (stream, cudaStreamCreateWithFlags (&stream->copy, cudaStreamNonBlocking));
  for (int i = 0; i < 2; i++)
    {
      check (stream, cudaEventCreateWithFlags (&stream->tables.left[i], cudaEventDisableTiming));
      check (stream, cudaEventCreateWithFlags (&stream->pieces.copied[i], cudaEventDisableTiming));
    }
  for (int i = 0; i < EG_STREAM_SLOTS; i++)
    {
      check (stream, cudaEventCreateWithFlags (&stream->arrived[i], cudaEventDisableTiming));
      check (stream, cudaEventCreateWithFlags (&stream->left[i], cudaEventDisableTiming));
    }
  {
    std::lock_guard<std::mutex> guard (stream->backend->lock);
    stream->backend->streams.push_back (stream);
  }
  if (stream->state == EG_STREAM_WORKS && create_blas (stream))
    {
      /* Of its own, so that its results do not depend on what else runs; cuBLAS has a smaller one where
       * memory is short. */
      void *workspace = take_memory (stream->backend, nullptr, blas_workspace);
      stream->scratch[SCRATCH_BLAS] = workspace;
      check_blas (stream, cublasSetStream (stream->blas, stream->compute));
      if (workspace)
        check_blas (stream, cublasSetWorkspace (stream->blas, workspace, blas_workspace));
    }
  return stream;
}

static void
cuda_stream_free (EgStream *stream)
{
  CudaBackend *backend = stream->backend;
  cudaSetDevice (backend->device);
  if (stream->copy)
    cudaStreamSynchronize (stream->copy);
  if (stream->compute)
    cudaStreamSynchronize (stream->compute);
  if (stream->blas)
    cublasDestroy (stream->blas);
  {
    std::lock_guard<std::mutex> guard (backend->lock);
    for (size_t i = 0; i < backend->streams.size (); i++)
      if (backend->streams[i] == stream)
        {
          backend->streams.erase (backend->streams.begin () + (long)i);
          break;
        }
  }
  free_tables (stream);
  for (void *memory : stream->scratch)
    give_memory (backend, memory);
  cudaFreeHost (stream->answers);
  for (int i = 0; i < 2; i++)
    {
      cudaFreeHost (stream->pieces.memory[i]);
      cudaEventDestroy (stream->pieces.copied[i]);
      cudaEventDestroy (stream->tables.left[i]);
    }
  for (int i = 0; i < EG_STREAM_SLOTS; i++)
    {
      cudaEventDestroy (stream->arrived[i]);
      cudaEventDestroy (stream->left[i]);
    }
  if (stream->copy)
    cudaStreamDestroy (stream->copy);
  if (stream->compute)
    cudaStreamDestroy (stream->compute);
  delete stream;
}
}
