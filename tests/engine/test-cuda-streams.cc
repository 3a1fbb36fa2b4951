/* Streams of the CUDA engine when something fails, and the memory that they share: on cuda-host. */
#include "stream.cuh"

#include "control.h"

#include <glib.h>
#include <math.h>

extern "C" const EgCudaModule *eg_cuda_module (void);

static EgBackend *
open_backend (bool pooled)
{
  char why[EG_CUDA_WHY];
  if (pooled)
    g_unsetenv ("ENGRAM_CUDA_NO_POOL");
  else
    g_setenv ("ENGRAM_CUDA_NO_POOL", "1", TRUE);
  EgBackend *backend = eg_cuda_module ()->open (0, EG_PRECISION_FP32, why);
  g_assert_nonnull (backend);
  return backend;
}

static void
assert_works (EgBackend *backend, EgStream *stream)
{
  const char *why = nullptr;
  g_assert_cmpint (backend->check (stream, &why), ==, EG_STREAM_WORKS);
  g_assert_null (why);
}

static void
assert_no_memory (EgBackend *backend, EgStream *stream)
{
  const char *why = nullptr;
  g_assert_cmpint (backend->check (stream, &why), ==, EG_STREAM_NO_MEMORY);
  g_assert_cmpstr (why, ==, "There is not enough memory on cuda:0 (cuda-host)");
}

/* [n] device: 1, 2, 3 … */
static float *
new_numbers (EgBackend *backend, EgStream *stream, gsize n)
{
  float *memory = backend->alloc (backend, n);
  g_autofree float *numbers = g_new (float, n);
  for (gsize i = 0; i < n; i++)
    numbers[i] = (float)(i + 1);
  backend->upload (stream, memory, numbers, n);
  return memory;
}

/* x·headᵀ of one row with a head of F16, whose every number is 1. */
static EgHeadRow
ask_head (EgBackend *backend, EgStream *stream, const float *x, gsize d, const void *head, gsize n_vocab)
{
  const EgMatrix matrix = { head, EG_DTYPE_F16, n_vocab, d };
  const EgHeadQuery query = { 3, 3, nullptr, FALSE };
  EgHeadRow row;
  const EgHead op = { &row, x, 1, &matrix, &query };
  backend->head (stream, &op);
  return row;
}

static float *
new_half_ones (EgBackend *backend, EgStream *stream, gsize n)
{
  g_autofree guint16 *ones = g_new (guint16, n);
  for (gsize i = 0; i < n; i++)
    ones[i] = 0x3c00;
  float *memory = backend->alloc (backend, n / 2);
  backend->upload (stream, memory, (const float *)ones, n / 2);
  return memory;
}

/* The head's weights are to be widened, and there is no memory for that: no kernel reads logits that no
 * product has written. */
static void
test_head_without_memory (void)
{
  EgBackend *backend = open_backend (false);
  EgStream *stream = backend->stream_new (backend, 1);
  const gsize d = 8, n_vocab = 64;
  float *x = new_numbers (backend, stream, d), *head = new_half_ones (backend, stream, n_vocab * d);
  cuda_host_fail_mallocs (2, 100); /* after the answers' and the logits' */
  const EgHeadRow lacking = ask_head (backend, stream, x, d, head, n_vocab);
  cuda_host_fail_mallocs (-1, 0);
  g_assert_true (isnan (lacking.target));
  assert_no_memory (backend, stream);
  backend->stream_free (stream);

  stream = backend->stream_new (backend, 1);
  const EgHeadRow row = ask_head (backend, stream, x, d, head, n_vocab);
  g_assert_cmpfloat (row.target, ==, 36);
  g_assert_cmpfloat (row.sum, ==, (double)n_vocab);
  assert_works (backend, stream);
  backend->release (backend, x);
  backend->release (backend, head);
  backend->stream_free (stream);
  eg_cuda_module ()->close (backend);
}

/* No pinned memory for answers, for weights on their way, for tables: the next stream of the same thread
 * knows nothing of it. */
static void
test_no_pinned_memory (void)
{
  EgBackend *backend = open_backend (false);
  EgStream *stream = backend->stream_new (backend, 1);
  const gsize n = 64;
  float *x = new_numbers (backend, stream, n), *y = new_numbers (backend, stream, n);
  backend->stream_free (stream);
  for (int kind = 0; kind < 3; kind++)
    {
      EgTopValue found;
      const float host[1] = { 1 };
      const EgRowCopy copy = { y, x };
      stream = backend->stream_new (backend, 1);
      assert_works (backend, stream);
      cuda_host_fail_host_allocs (1);
      if (kind == 0)
        backend->top (stream, &found, x, n, 1);
      else if (kind == 1)
        backend->stage (stream, 0, y, host, sizeof host);
      else
        backend->copy_rows (stream, &copy, 1, n);
      cuda_host_fail_host_allocs (0);
      assert_no_memory (backend, stream);
      backend->stream_free (stream);
      stream = backend->stream_new (backend, 1);
      backend->add (stream, y, x, n);
      assert_works (backend, stream);
      backend->stream_free (stream);
    }
  backend->release (backend, x);
  backend->release (backend, y);
  eg_cuda_module ()->close (backend);
}

/* cuBLAS says no more than that it is not initialised when it finds no memory. */
static void
test_cublas_without_memory (void)
{
  EgBackend *backend = open_backend (false);
  cuda_host_fail_blas (1);
  EgStream *lacking = backend->stream_new (backend, 1), *stream = backend->stream_new (backend, 1);
  assert_no_memory (backend, lacking);
  assert_works (backend, stream);
  backend->stream_free (lacking);
  backend->stream_free (stream);
  eg_cuda_module ()->close (backend);
}

/* A lane's op has begun, and nothing of it is queued yet, when another lane that is short of memory waits for
 * all that is queued: what the op uses is not given out again before it is done. */
static void
test_memory_of_an_op_that_has_begun (void)
{
  EgBackend *backend = open_backend (true);
  EgStream *a = backend->stream_new (backend, 1), *b = backend->stream_new (backend, 1);
  const gsize n = 1024, n_bytes = n * sizeof (float);
  float *from = new_numbers (backend, a, n), *used = backend->alloc (backend, n);

  g_assert_true (engram::begin_op (a));
  cuda_host_fail_mallocs (0, 1);
  float *large = backend->alloc (backend, (gsize)32 << 20); /* waits for all, then there is some */
  g_assert_nonnull (large);
  cuda_host_fail_mallocs (-1, 0);
  cudaMemcpyAsync (used, from, n_bytes, cudaMemcpyDeviceToDevice, a->compute);
  engram::end_op (a);
  backend->release (backend, used);
  float *other = backend->alloc (backend, n);
  g_assert_true (other != used);

  /* When it is done, there it is. */
  backend->wait (a);
  float *again = backend->alloc (backend, n);
  g_assert_true (again == used);
  float *const all[] = { from, large, other, again };
  for (float *memory : all)
    backend->release (backend, memory);
  backend->stream_free (a);
  backend->stream_free (b);
  eg_cuda_module ()->close (backend);
}

/* An op that has itself waited for memory goes on: what it uses afterwards is not free before it is done. */
static void
test_memory_of_an_op_that_has_waited (void)
{
  EgBackend *backend = open_backend (true);
  EgStream *a = backend->stream_new (backend, 1);
  const gsize n = 1024, n_bytes = n * sizeof (float);
  float *from = new_numbers (backend, a, n), *used = backend->alloc (backend, n);

  g_assert_true (engram::begin_op (a));
  cuda_host_fail_mallocs (0, 1);
  g_assert_nonnull (engram::scratch (a, engram::SCRATCH_ROWS, (size_t)128 << 20));
  cuda_host_fail_mallocs (-1, 0);
  cudaMemcpyAsync (used, from, n_bytes, cudaMemcpyDeviceToDevice, a->compute);
  engram::end_op (a);
  backend->release (backend, used);
  float *other = backend->alloc (backend, n);
  g_assert_true (other != used);
  backend->release (backend, from);
  backend->release (backend, other);
  backend->stream_free (a);
  eg_cuda_module ()->close (backend);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cuda/streams/head-without-memory", test_head_without_memory);
  g_test_add_func ("/cuda/streams/no-pinned-memory", test_no_pinned_memory);
  g_test_add_func ("/cuda/streams/cublas-without-memory", test_cublas_without_memory);
  g_test_add_func ("/cuda/streams/memory-of-an-op-that-has-begun", test_memory_of_an_op_that_has_begun);
  g_test_add_func ("/cuda/streams/memory-of-an-op-that-has-waited", test_memory_of_an_op_that_has_waited);
  return g_test_run ();
}
