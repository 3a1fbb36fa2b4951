/* The backend that fails on demand: which call fails, what is left of it, and that nothing else changes. */
#include "engine/wrap/faults.h"

#ifdef EG_HAVE_CUDA_HOST
#include "engine/cuda/cuda.h"
const EgCudaModule *eg_cuda_module (void);
#endif

#include <math.h>
#include <string.h>

#define WIDTH 8

/* One of each kind of call, in this order. */
typedef struct
{
  float uploaded[WIDTH], downloaded[WIDTH];
  EgHeadRow answer;
  EgTopValue found;
  EgStreamState state;
  gboolean has_memory;
} Outcome;

static Outcome
run_calls (EgBackend *be)
{
  Outcome it = { 0 };
  EgStream *stream = be->stream_new (be, 1);
  float *x = be->alloc (be, WIDTH), *y = be->alloc (be, WIDTH);
  it.has_memory = x && y;
  if (it.has_memory)
    {
      const EgMatrix head = { x, EG_DTYPE_F32, 1, WIDTH };
      const EgHeadQuery query = { 0 };
      const EgHead op = { &it.answer, y, 1, &head, &query };
      for (gsize i = 0; i < WIDTH; i++)
        it.uploaded[i] = (float)i;
      be->upload (stream, x, it.uploaded, WIDTH);
      be->upload (stream, y, it.uploaded, WIDTH);
      be->add (stream, y, x, WIDTH);
      be->download (stream, it.downloaded, y, WIDTH);
      be->head (stream, &op);
      be->top (stream, &it.found, y, WIDTH, 1);
    }
  const char *why = NULL;
  it.state = be->check (stream, &why);
  g_assert_true ((why != NULL) == (it.state != EG_STREAM_WORKS));
  be->release (be, x);
  be->release (be, y);
  be->stream_free (stream);
  return it;
}

static void
assert_works (EgBackend *be)
{
  const Outcome it = run_calls (be);
  g_assert_cmpint (it.state, ==, EG_STREAM_WORKS);
  for (gsize i = 0; i < WIDTH; i++)
    g_assert_cmpfloat (it.downloaded[i], ==, 2 * (float)i);
  g_assert_cmpfloat (it.answer.target, ==, 280);
  g_assert_cmpuint (it.found.index, ==, WIDTH - 1);
}

static void
assert_nothing_left (EgBackend *be)
{
  g_assert_cmpuint (eg_backend_faults_live_memory (be), ==, 0);
  g_assert_cmpuint (eg_backend_faults_live_streams (be), ==, 0);
}

/* Of run_calls. */
static const guint64 n_calls[EG_N_FAULT_KINDS] = { 2, 1, 3, 2, 1, 0 };

static void
test_works_and_counts (void)
{
  EgBackend *be = eg_backend_faults_new (eg_backend_cpu ());
  g_assert_cmpstr (be->name, ==, eg_backend_cpu ()->name);
  assert_works (be);
  for (EgFaultKind kind = 0; kind < EG_N_FAULT_KINDS; kind++)
    g_assert_cmpuint (eg_backend_faults_count (be, kind), ==, n_calls[kind]);
  g_assert_cmpuint (eg_backend_faults_failed (be), ==, 0);
  eg_backend_faults_set (be, NULL);
  g_assert_cmpuint (eg_backend_faults_count (be, EG_FAULT_OP), ==, 0);
  assert_nothing_left (be);
  eg_backend_faults_free (be);
}

/* After a failure what comes to the host is NaN, whether it is the first call that fails or a later one. */
static void
assert_failed (const Outcome *it, const EgFault *fault)
{
  if (fault->kind == EG_FAULT_ALLOC)
    {
      g_assert_false (it->has_memory);
      g_assert_cmpint (it->state, ==, EG_STREAM_WORKS);
      return;
    }
  g_assert_cmpint (it->state, ==, fault->state);
  g_assert_true (isnan (it->found.value));
  const gboolean before_head = fault->kind != EG_FAULT_OP || fault->after < 2;
  const gboolean before_download = fault->kind != EG_FAULT_OP || fault->after < 1;
  g_assert_true (isnan (it->answer.target) == before_head);
  g_assert_true ((isnan (it->downloaded[WIDTH - 1]) != 0) == before_download);
}

static void
test_every_call (void)
{
  EgBackend *be = eg_backend_faults_new (eg_backend_cpu ());
  for (EgFaultKind kind = 0; kind < EG_N_FAULT_KINDS; kind++)
    for (guint64 after = 0; after <= n_calls[kind]; after++)
      {
        const EgFault fault
            = { .kind = kind, .after = after, .state = after % 2 ? EG_STREAM_LOST : EG_STREAM_NO_MEMORY };
        eg_backend_faults_set (be, &fault);
        if (after < n_calls[kind])
          {
            const Outcome it = run_calls (be);
            assert_failed (&it, &fault);
            g_assert_cmpuint (eg_backend_faults_failed (be), ==, 1);
          }
        assert_works (be);
        assert_nothing_left (be);
      }
  eg_backend_faults_free (be);
}

/* A stream's ops that come after a failure touch nothing, and another stream knows nothing of it. */
static void
test_one_stream_alone (void)
{
  const EgFault fault = { .kind = EG_FAULT_OP, .state = EG_STREAM_NO_MEMORY };
  EgBackend *be = eg_backend_faults_new (eg_backend_cpu ());
  EgStream *failed = be->stream_new (be, 1), *other = be->stream_new (be, 1);
  float *x = be->alloc (be, 1), *y = be->alloc (be, 1), value = 1;
  const char *why;
  be->upload (failed, x, &value, 1);
  be->upload (failed, y, &value, 1);
  eg_backend_faults_set (be, &fault);
  for (guint i = 0; i < 3; i++)
    be->add (failed, y, x, 1);
  be->add (other, y, x, 1);
  g_assert_cmpint (be->check (failed, &why), ==, EG_STREAM_NO_MEMORY);
  g_assert_cmpint (be->check (other, &why), ==, EG_STREAM_WORKS);
  be->download (other, &value, y, 1);
  g_assert_cmpfloat (value, ==, 2);
  /* What a failed stream leaves out is not counted. */
  g_assert_cmpuint (eg_backend_faults_count (be, EG_FAULT_OP), ==, 2);
  be->release (be, x);
  be->release (be, y);
  be->stream_free (failed);
  be->stream_free (other);
  eg_backend_faults_free (be);
}

static void
test_for_good (void)
{
  EgBackend *be = eg_backend_faults_new (eg_backend_cpu ());
  EgFault fault = { .kind = EG_FAULT_OP, .after = 1, .for_good = TRUE, .state = EG_STREAM_NO_MEMORY };
  eg_backend_faults_set (be, &fault);
  for (guint i = 0; i < 3; i++)
    {
      const Outcome it = run_calls (be);
      g_assert_cmpint (it.state, ==, EG_STREAM_NO_MEMORY);
      g_assert_true (it.has_memory);
    }
  g_assert_cmpuint (eg_backend_faults_failed (be), ==, 3);

  /* A lost device gives neither memory nor streams that work. */
  fault.state = EG_STREAM_LOST;
  eg_backend_faults_set (be, &fault);
  const Outcome first = run_calls (be), second = run_calls (be);
  g_assert_true (first.has_memory);
  g_assert_false (second.has_memory);
  g_assert_cmpint (first.state, ==, EG_STREAM_LOST);
  g_assert_cmpint (second.state, ==, EG_STREAM_LOST);

  eg_backend_faults_set (be, NULL);
  assert_works (be);
  assert_nothing_left (be);
  eg_backend_faults_free (be);
}

static void
test_counts_what_is_left (void)
{
  EgBackend *be = eg_backend_faults_new (eg_backend_cpu ());
  EgStream *stream = be->stream_new (be, 1);
  float *memory = be->alloc (be, 1);
  g_assert_cmpuint (eg_backend_faults_live_memory (be), ==, 1);
  g_assert_cmpuint (eg_backend_faults_live_streams (be), ==, 1);
  be->release (be, memory);
  be->stream_free (stream);
  assert_nothing_left (be);
  eg_backend_faults_free (be);
}

static void
test_given_back_twice (void)
{
  if (g_test_subprocess ())
    {
      EgBackend *be = eg_backend_faults_new (eg_backend_cpu ());
      float *memory = be->alloc (be, 1);
      be->release (be, memory);
      be->release (be, memory);
      return;
    }
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_failed ();
  g_test_trap_assert_stderr ("*or twice*");
}

/* ---- threads ---- */

#define N_THREADS 4
#define N_ROUNDS  200

static gpointer
run_rounds (gpointer data)
{
  EgBackend *be = data;
  gsize n_failed = 0;
  for (guint i = 0; i < N_ROUNDS; i++)
    n_failed += run_calls (be).state != EG_STREAM_WORKS;
  return GSIZE_TO_POINTER (n_failed);
}

static void
test_threads (void)
{
  const EgFault fault = { .kind = EG_FAULT_UPLOAD, .after = 333, .state = EG_STREAM_LOST };
  EgBackend *be = eg_backend_faults_new (eg_backend_cpu ());
  GThread *threads[N_THREADS];
  gsize n_failed = 0;
  eg_backend_faults_set (be, &fault);
  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("test-faults", run_rounds, be);
  for (guint i = 0; i < N_THREADS; i++)
    n_failed += GPOINTER_TO_SIZE (g_thread_join (threads[i]));
  g_assert_cmpuint (n_failed, ==, 1);
  g_assert_cmpuint (eg_backend_faults_failed (be), ==, 1);
  g_assert_cmpuint (eg_backend_faults_count (be, EG_FAULT_ALLOC), ==, 2 * N_THREADS * N_ROUNDS);
  assert_nothing_left (be);
  eg_backend_faults_free (be);
}

#ifdef EG_HAVE_CUDA_HOST
/* Every function of the table, which all are there with a GPU; gradients are not. */
static void
assert_complete (const EgBackend *be)
{
  for (gsize at = G_STRUCT_OFFSET (EgBackend, stream_new); at < G_STRUCT_OFFSET (EgBackend, back);
       at += sizeof (gpointer))
    {
      gpointer function;
      memcpy (&function, (const char *)be + at, sizeof function);
      g_assert_nonnull (function);
    }
}

/* What only some backends have is there, fails, and is passed on. */
static void
test_round_a_gpu (void)
{
  g_autoptr (GError) error = NULL;
  eg_cuda_use_module (eg_cuda_module ());
  EgBackend *cuda = eg_cuda_open (0, EG_PRECISION_FP32, &error);
  g_assert_no_error (error);
  EgBackend *be = eg_backend_faults_new (cuda);
  assert_complete (cuda);
  assert_complete (be);
  assert_works (be);
  g_assert_cmpuint (be->n_lanes, ==, cuda->n_lanes);
  g_assert_cmpuint (be->group_rows, ==, cuda->group_rows);
  g_assert_cmpuint (be->most_states, ==, cuda->most_states);
  g_assert_cmpuint (be->memory_free (be), >, 0);

  const EgFault fault = { .kind = EG_FAULT_STAGE, .after = 1, .state = EG_STREAM_LOST };
  const float weights[2] = { 3, 4 };
  const char *why;
  float found[2];
  EgStream *stream = be->stream_new (be, 1);
  float *memory = be->alloc (be, 2);
  eg_backend_faults_set (be, &fault);
  be->stage (stream, 0, memory, weights, sizeof weights);
  be->use_slot (stream, 0);
  be->wait (stream);
  be->download (stream, found, memory, 2);
  g_assert_cmpmem (found, sizeof found, weights, sizeof weights);
  be->leave_slot (stream, 0);
  g_assert_cmpint (be->check (stream, &why), ==, EG_STREAM_WORKS);
  be->stage (stream, 1, memory, weights, sizeof weights);
  g_assert_cmpint (be->check (stream, &why), ==, EG_STREAM_LOST);
  be->release (be, memory);
  be->stream_free (stream);
  eg_backend_faults_free (be);
  eg_cuda_use_module (NULL);
}
#endif

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/faults/without-any-all-works-and-is-counted", test_works_and_counts);
  g_test_add_func ("/faults/each-call-fails-once-and-the-next-run-works", test_every_call);
  g_test_add_func ("/faults/a-failed-stream-does-nothing-and-others-work", test_one_stream_alone);
  g_test_add_func ("/faults/for-good", test_for_good);
  g_test_add_func ("/faults/counts-what-is-left", test_counts_what_is_left);
  g_test_add_func ("/faults/memory-given-back-twice-is-seen", test_given_back_twice);
  g_test_add_func ("/faults/one-call-fails-among-threads", test_threads);
#ifdef EG_HAVE_CUDA_HOST
  g_test_add_func ("/faults/round-a-gpu", test_round_a_gpu);
#endif
  return g_test_run ();
}
