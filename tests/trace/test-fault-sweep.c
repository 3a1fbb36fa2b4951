/* Every allocation, op and copy of a whole trace fails once, and for good: the trace ends with one clear
 * error, or with the right numbers where smaller groups are enough; nothing is left behind, and the next
 * trace of the same model works. Of many calls, some are tried; all of them with -m slow. */
#include "golden.h"
#include "rounding.h"

#include "core/error.h"
#include "engine/wrap/faults.h"
#include "trace/run/predict.h"

#include <math.h>
#include <string.h>

/* Calls of a kind that are tried, about, but for the first ones, where each step of the beginning is. */
#define N_TRIED 16
#define N_FIRST 8

/* What a request has beside its prompt. */
typedef struct
{
  const char *sites, *corruption;
  EgDirection direction;
  EgSweep sweep;
  guint samples, threads;
} Case;

static const Case cases[] = {
  { "resid", NULL, EG_DIRECTION_RESTORE, EG_SWEEP_CELLS, 3, 1 },
  { "all", NULL, EG_DIRECTION_DAMAGE, EG_SWEEP_LAYERS, 2, 2 },
  { "resid", "swap:Rome", EG_DIRECTION_RESTORE, EG_SWEEP_CELLS, 1, 2 },
  { "all", "swap:Rome", EG_DIRECTION_DAMAGE, EG_SWEEP_POSITIONS, 1, 1 },
};

typedef struct
{
  EgBackend *backend;
  EgModel *model;
  EgTraceRequest *request;
  EgTraceResult *expected;
  guint64 n_calls[EG_N_FAULT_KINDS];
  guint n_errors, n_results;
} Sweep;

static void
assert_nothing_left (EgBackend *backend)
{
  g_assert_cmpuint (eg_backend_faults_live_memory (backend), ==, 0);
  g_assert_cmpuint (eg_backend_faults_live_streams (backend), ==, 0);
}

static void
compare_grids (const EgTraceGrid *found, const EgTraceGrid *expected, gsize m, double tolerance)
{
  for (gsize i = 0; i < eg_trace_grid_n_cells (expected); i++)
    rounding_assert_near (found->scores[m][i], expected->scores[m][i], tolerance);
}

/* Groups that were halved have rows in matrices of other heights. */
static void
assert_right (const Sweep *self, const EgTraceResult *found)
{
  const EgTraceResult *expected = self->expected;
  g_assert_true (found->complete);
  g_assert_cmpint (found->tokens->target_id, ==, expected->tokens->target_id);
  for (gsize m = 0; m < expected->n_metrics; m++)
    {
      const EgMetric metric = expected->metrics[m];
      const double tolerance = metric == EG_METRIC_RANK ? 1
                                                        : rounding_tolerance (eg_model_get_name (self->model),
                                                                              eg_metric_get_name (metric));
      rounding_assert_near (found->ends[m].high, expected->ends[m].high, tolerance);
      rounding_assert_near (found->ends[m].low, expected->ends[m].low, tolerance);
      for (gsize g = 0; g < expected->n_grids; g++)
        compare_grids (found->grids[g], expected->grids[g], m, tolerance);
    }
}

/* Of what failed, and of nothing that followed from it. */
static void
assert_clear (const GError *error, const EgFault *fault)
{
  const gboolean lost = fault->state == EG_STREAM_LOST;
  const gboolean is_memory = g_error_matches (error, EG_ERROR, EG_ERROR_MEMORY);
  const gboolean is_device = g_error_matches (error, EG_ERROR, EG_ERROR_DEVICE);
  const gboolean names_cause = !lost || fault->kind == EG_FAULT_ALLOC
                               || (is_device && strstr (error->message, "has stopped working"));
  if (!(is_memory || is_device) || !names_cause || strchr (error->message, '\n')
      || strstr (error->message, "nan"))
    g_error ("call %" G_GUINT64_FORMAT " of kind %d (state %d, %s): “%s”", fault->after, fault->kind,
             fault->state, fault->for_good ? "for good" : "once", error->message);
}

static void
fail_at (Sweep *self, const EgFault *fault)
{
  g_autoptr (GError) error = NULL, none = NULL;
  eg_backend_faults_set (self->backend, fault);
  g_autoptr (EgTraceResult) found = eg_trace_run (self->model, self->request, NULL, NULL, NULL, &error);
  g_assert_true ((found == NULL) == (error != NULL));
  if (found)
    assert_right (self, found);
  else
    assert_clear (error, fault);
  self->n_errors += found == NULL;
  self->n_results += found != NULL;
  /* A lost device cannot give a result, but a worker may find no work for a stream that is none. */
  if (found && fault->state == EG_STREAM_LOST && fault->kind != EG_FAULT_ALLOC
      && fault->kind != EG_FAULT_STREAM)
    g_assert_cmpuint (eg_backend_faults_failed (self->backend), ==, 0);
  assert_nothing_left (self->backend);

  eg_backend_faults_set (self->backend, NULL);
  g_autoptr (EgTraceResult) next = eg_trace_run (self->model, self->request, NULL, NULL, NULL, &none);
  g_assert_no_error (none);
  assert_right (self, next);
}

/* The next call to try after one. */
static guint64
step (guint64 n, guint64 n_calls)
{
  return g_test_slow () || n < N_FIRST ? n + 1 : n + MAX (n_calls / N_TRIED, 1);
}

static void
sweep_kind (Sweep *self, EgFaultKind kind)
{
  const guint64 n_calls = self->n_calls[kind];
  self->n_errors = self->n_results = 0;
  for (guint64 n = 0; n < n_calls; n = step (n, n_calls))
    for (int for_good = 0; for_good < 2; for_good++)
      for (EgStreamState state = EG_STREAM_NO_MEMORY; state <= EG_STREAM_LOST; state++)
        if (kind != EG_FAULT_ALLOC || for_good || state == EG_STREAM_NO_MEMORY)
          {
            const EgFault fault = { .kind = kind, .after = n, .for_good = for_good, .state = state };
            fail_at (self, &fault);
          }
  g_test_message ("kind %d: %" G_GUINT64_FORMAT " calls, %u errors, %u results in spite of it", kind, n_calls,
                  self->n_errors, self->n_results);
  g_assert_true (n_calls == 0 || self->n_errors > 0);
}

static EgTraceRequest *
request_of (const Case *it)
{
  EgTraceRequest *request = eg_trace_request_new ("The Eiffel Tower is in", "Eiffel Tower");
  g_assert_true (eg_trace_request_set_sites (request, it->sites, NULL));
  request->samples = it->samples;
  request->threads = it->threads;
  request->direction = it->direction;
  request->sweep = it->sweep;
  request->all_metrics = TRUE;
  if (it->corruption)
    g_assert_true (eg_corruption_parse_kind (&request->corruption, it->corruption, NULL));
  return request;
}

static EgModel *
open_with (const char *name, EgBackend *backend)
{
  EgModel *model = golden_open (name);
  eg_network_set_backend (eg_model_get_network (model), backend);
  return model;
}

static void
test_trace (gconstpointer name)
{
  EgBackend *backend = eg_backend_faults_new (eg_backend_cpu ());
  g_autoptr (EgModel) model = open_with (name, backend);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (EgTraceRequest) request = request_of (&cases[i]);
      eg_backend_faults_set (backend, NULL);
      g_autoptr (EgTraceResult) expected = eg_trace_run (model, request, NULL, NULL, NULL, &error);
      g_assert_no_error (error);
      Sweep sweep = { .backend = backend, .model = model, .request = request, .expected = expected };
      for (EgFaultKind kind = 0; kind < EG_N_FAULT_KINDS; kind++)
        sweep.n_calls[kind] = eg_backend_faults_count (backend, kind);
      g_test_message ("%s, %s", cases[i].sites, cases[i].corruption ? cases[i].corruption : "noise");
      for (EgFaultKind kind = 0; kind < EG_N_FAULT_KINDS; kind++)
        {
          sweep_kind (&sweep, kind);
          /* Groups of many runs are halved. */
          if (i == 0 && (kind == EG_FAULT_ALLOC || kind == EG_FAULT_OP))
            g_assert_cmpuint (sweep.n_results, >, 0);
        }
    }
  g_clear_pointer (&model, eg_model_unref);
  eg_backend_faults_free (backend);
}

/* Of a prediction, every call. */
static void
test_prediction (gconstpointer name)
{
  EgBackend *backend = eg_backend_faults_new (eg_backend_cpu ());
  g_autoptr (EgModel) model = open_with (name, backend);
  g_autoptr (EgPrediction) expected = eg_predict (model, "The Eiffel Tower is in", 5, NULL, NULL);
  guint64 n_calls[EG_N_FAULT_KINDS];
  for (EgFaultKind kind = 0; kind < EG_N_FAULT_KINDS; kind++)
    n_calls[kind] = eg_backend_faults_count (backend, kind);
  for (EgFaultKind kind = 0; kind < EG_N_FAULT_KINDS; kind++)
    for (guint64 n = 0; n < n_calls[kind]; n++)
      for (EgStreamState state = EG_STREAM_NO_MEMORY; state <= EG_STREAM_LOST; state++)
        {
          const EgFault fault = { .kind = kind, .after = n, .state = state };
          g_autoptr (GError) error = NULL;
          eg_backend_faults_set (backend, &fault);
          g_assert_null (eg_predict (model, "The Eiffel Tower is in", 5, NULL, &error));
          assert_clear (error, &fault);
          assert_nothing_left (backend);
          eg_backend_faults_set (backend, NULL);
          g_autoptr (EgPrediction) next = eg_predict (model, "The Eiffel Tower is in", 5, NULL, NULL);
          g_assert_cmpuint (next->predictions[0].id, ==, expected->predictions[0].id);
        }
  g_clear_pointer (&model, eg_model_unref);
  eg_backend_faults_free (backend);
}

int
main (int argc, char **argv)
{
  static const char *const models[] = { "expand2", "gpt2-hub", "neox-pythia", NULL };
  g_test_init (&argc, &argv, NULL);
  golden_add_tests (models, "/fault-sweep/*/a-trace-ends-clearly-and-leaves-nothing", test_trace);
  golden_add_tests (models, "/fault-sweep/*/a-prediction-ends-clearly-and-leaves-nothing", test_prediction);
  return g_test_run ();
}
