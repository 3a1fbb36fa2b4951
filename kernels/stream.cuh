/* A device and its streams, as all ops see them. */
#pragma once

#include "common.cuh"
#include "pool.cuh"

#include "engine/cuda/module.h"

#include <cublas_v2.h>

#include <condition_variable>
#include <libintl.h>
#include <mutex>
#include <vector>

/* Sentences are in the language that the program has chosen for its own. */
#define _(text) gettext (text)

#define EG_CUDA_MOST_STATES 256

namespace engram
{
struct CudaBackend
{
  EgBackend table; /* the first: ops get it as their EgBackend */
  int device;
  EgPrecision precision;
  char name[192];
  std::mutex lock; /* over all that follows, and the streams' `begun`, `queued` and `done` */
  Pool pool;
  std::condition_variable moved; /* an op has ended */
  std::vector<EgStream *> streams;
};

/* What a stream needs besides its ops' arguments; each grows as needed. */
enum Scratch
{
  SCRATCH_WEIGHTS,
  SCRATCH_ROWS,
  SCRATCH_LOGITS,
  SCRATCH_ANSWERS,
  SCRATCH_BLAS,
  SCRATCH_STATES, /* of passes backward */
  SCRATCH_STEPS,
  N_SCRATCHES,
};

/* Tables on their way to the device: written into pinned memory, copied by the compute stream. Each half is
 * used again once all that was copied from it has arrived. */
struct Tables
{
  char *host, *device;
  size_t half_size, used; /* of the half in use */
  int half;
  cudaEvent_t left[2]; /* recorded when a half is left */
};

/* Weights on their way: pinned pieces, filled by turns. */
static const size_t piece_size = (size_t)16 << 20;
struct Pieces
{
  char *memory[2];
  cudaEvent_t copied[2];
  int next;
};
}

struct _EgStream
{
  engram::CudaBackend *backend;
  cudaStream_t compute, copy;
  cublasHandle_t blas;
  void *scratch[engram::N_SCRATCHES];
  size_t scratch_size[engram::N_SCRATCHES];
  engram::Tables tables;
  engram::Pieces pieces;
  cudaEvent_t arrived[EG_STREAM_SLOTS], left[EG_STREAM_SLOTS];
  char *answers; /* pinned */
  size_t answers_size;
  /* The backend's sequence number of the op begun last, of the last one all of whose work is queued, and that
   * up to which all are done. */
  uint64_t begun, queued, done;
  bool waits; /* for memory, in an op */
  EgStreamState state;
  char why[EG_CUDA_WHY];
};

namespace engram
{
/* From now on the stream's ops do nothing, and it says why. The first failure stays. */
void fail_memory (EgStream *stream);
void fail_lost (EgStream *stream, const char *why);
bool check (EgStream *stream, cudaError_t error);
bool check_blas (EgStream *stream, cublasStatus_t status);

/* Around every op: begin_op is FALSE when the stream has failed; where it was TRUE, end_op follows when the
 * op's work is queued, or when it has failed. */
bool begin_op (EgStream *stream);
void end_op (EgStream *stream);

/* Memory of at least n bytes whose content ops of this stream may use until the same kind is asked for again;
 * NULL when the stream has failed. */
void *scratch (EgStream *stream, Scratch kind, size_t n_bytes);

/* A host table's copy in device memory, for the next kernel; NULL when the stream has failed. A kernel that
 * needs two takes them at once, since to make place for one may give back that of another: the second one's
 * begins table_place (n_bytes) after the first one's. */
const void *upload_bytes (
    EgStream *stream, const void *table, size_t n_bytes, const void *other = nullptr, size_t n_other = 0);
size_t table_place (size_t n_bytes);

template <typename T>
const T *
upload_table (EgStream *stream, const T *table, size_t n)
{
  return static_cast<const T *> (upload_bytes (stream, table, n * sizeof (T)));
}

/* Ends the op and waits for it; then what lies at `from`, until the next call. NULL when the stream has
 * failed.
 */
const void *fetch (EgStream *stream, const void *from, size_t n_bytes);
}
