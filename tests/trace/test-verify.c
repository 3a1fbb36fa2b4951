/* What is said of a trace before it is made: how long it takes, and how exact it is here. */
#include "trace/run/verify.h"

#include "golden.h"
#include "rounding.h"
#include "trace/plan/forecast.h"

#include <math.h>

static EgTraceRequest *
make_request (void)
{
  EgTraceRequest *request = eg_trace_request_new ("The Eiffel Tower is in", "Eiffel Tower");
  request->samples = 1;
  return request;
}

static double
score (const EgTraceResult *result, const EgVerification *found)
{
  return eg_trace_grid_score (result->grids[0], found->layer, found->position);
}

/* The cells are those of whole traces by either. */
static void
test_traces (gconstpointer name)
{
  g_autoptr (EgModel) model = golden_open (name);
  g_autoptr (EgModel) plain = golden_open (name);
  g_autoptr (EgTraceRequest) request = make_request ();
  g_autoptr (GError) error = NULL;
  EgVerification found;
  g_assert_true (eg_trace_verify (model, plain, request, 8, NULL, NULL, NULL, &found, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (found.n_cells, >, 0);
  g_assert_cmpuint (found.n_cells, <=, 8);
  g_assert_cmpfloat (found.largest, <=, rounding_tolerance (name, "prob"));
  g_autoptr (EgTraceResult) fast = eg_trace_run (model, request, NULL, NULL, NULL, NULL);
  g_autoptr (EgTraceResult) slow = eg_trace_run (plain, request, NULL, NULL, NULL, NULL);
  /* Results hold float32. */
  g_assert_cmpfloat (fabs (found.largest - fabs (score (fast, &found) - score (slow, &found))), <=, 2e-7);
}

typedef struct
{
  double last;
  gsize n_calls;
  GCancellable *cancellable; /* cancelled when half is done; or NULL */
} Following;

static void
follow (double done, gpointer data)
{
  Following *self = data;
  g_assert_cmpfloat (done, >, self->last);
  g_assert_cmpfloat (done, <=, 1);
  self->last = done;
  self->n_calls++;
  if (self->cancellable != NULL && done >= 0.5)
    g_cancellable_cancel (self->cancellable);
}

/* Whoever follows changes no number, and can stop it. */
static void
test_followed (gconstpointer name)
{
  g_autoptr (EgModel) model = golden_open (name);
  g_autoptr (EgModel) plain = golden_open (name);
  g_autoptr (EgTraceRequest) request = make_request ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  EgVerification alone, followed;
  Following whole = { 0 }, half = { .cancellable = cancellable };
  g_assert_true (eg_trace_verify (model, plain, request, 8, NULL, NULL, NULL, &alone, NULL));
  g_assert_true (eg_trace_verify (model, plain, request, 8, NULL, follow, &whole, &followed, NULL));
  g_assert_cmpfloat (whole.last, ==, 1);
  g_assert_cmpuint (whole.n_calls, ==, 3 + followed.n_cells);
  g_assert_cmpmem (&alone, sizeof alone, &followed, sizeof followed);
  g_assert_false (eg_trace_verify (model, plain, request, 8, cancellable, follow, &half, &followed, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpfloat (half.last, <, 0.7);
}

static void
wrong_gemm (EgStream *stream, const EgGemm *op)
{
  eg_backend_cpu ()->gemm (stream, op);
  for (gsize r = 0; r < op->n_rows; r++)
    op->y[r * op->ldy] += 0.01f;
}

static void
test_wrong_device (void)
{
  g_autoptr (EgModel) model = golden_open ("deep");
  g_autoptr (EgModel) plain = golden_open ("deep");
  g_autoptr (EgTraceRequest) request = make_request ();
  EgBackend wrong = *eg_backend_cpu ();
  EgVerification right, found;
  g_assert_true (eg_trace_verify (model, plain, request, 8, NULL, NULL, NULL, &right, NULL));
  wrong.gemm = wrong_gemm;
  eg_network_set_backend (eg_model_get_network (model), &wrong);
  g_assert_true (eg_trace_verify (model, plain, request, 8, NULL, NULL, NULL, &found, NULL));
  g_test_message ("right: %.2g, wrong: %.2g", right.largest, found.largest);
  g_assert_cmpfloat (found.largest, >, 100 * right.largest);
}

static void
test_few_cells (void)
{
  g_autoptr (EgModel) model = golden_open ("expand2");
  g_autoptr (EgModel) plain = golden_open ("expand2");
  g_autoptr (EgTraceRequest) request = make_request ();
  EgVerification found;
  g_assert_true (eg_trace_verify (model, plain, request, 100000, NULL, NULL, NULL, &found, NULL));
  /* Those that are computed: not before the subject, nor after the last layer but at the last token. */
  g_assert_cmpuint (found.n_cells, >, 8);
  g_assert_cmpuint (found.n_cells, <, 1000);
}

static void
test_forecast (void)
{
  g_autoptr (EgModel) model = golden_open ("deep");
  const double rate = eg_trace_measure_rate (model);
  g_assert_cmpfloat (rate, >, 1e6);
  const double one = eg_trace_forecast (model, 16, 10, NULL, 1, rate);
  const double twice = eg_trace_forecast (model, 16, 20, NULL, 1, rate);
  const double shared = eg_trace_forecast (model, 16, 10, NULL, 2, rate);
  const double faster = eg_trace_forecast (model, 16, 10, NULL, 1, 3 * rate);
  g_assert_cmpfloat (one, >, 0);
  g_assert_cmpfloat (fabs (shared * 2 / one - 1), <, 1e-12);
  g_assert_cmpfloat (fabs (faster * 3 / one - 1), <, 1e-12);
  /* But for the clean run, twice the samples are twice the work. */
  g_assert_cmpfloat (twice / one, >, 1.9);
  g_assert_cmpfloat (twice / one, <=, 2);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  golden_add_tests (golden_models, "/verify/cells-are-those-of-whole-traces/*", test_traces);
  golden_add_tests (golden_gpt2_models, "/verify/cells-are-those-of-whole-traces/*", test_traces);
  golden_add_tests (golden_models, "/verify/followed-and-stopped/*", test_followed);
  golden_add_tests (golden_gpt2_models, "/verify/followed-and-stopped/*", test_followed);
  g_test_add_func ("/verify/a-device-that-errs-is-found", test_wrong_device);
  g_test_add_func ("/verify/no-more-cells-than-there-are", test_few_cells);
  g_test_add_func ("/verify/a-forecast-follows-work-rate-and-threads", test_forecast);
  return g_test_run ();
}
