/* A trace as the window sees it, with estimates before it or in its place; and what is said of them. */
#include "app/page/estimate-line.h"
#include "app/page/tracing.h"
#include "app/shell/writer.h"
#include "fixture.h"
#include "preview/worth.h"
#include "trace/run/saved.h"

#include <glib/gstdio.h>
#include <string.h>

static EgModel *model;

static EgTraceRequest *
new_request (guint samples, const char *sites)
{
  EgTraceRequest *request = eg_trace_request_new ("The Space Needle is located in downtown", "Space Needle");
  request->samples = samples;
  request->threads = 1;
  g_strfreev (request->sites);
  request->sites = g_strsplit (sites, ",", -1);
  return request;
}

/* What a trace was while it was under way. */
typedef struct
{
  gboolean estimated_first; /* its first result was of estimates alone */
  gsize n_changes;
} Seen;

static void
on_progress (EgTracing *tracing, gpointer cells, gulong n_cells, gpointer data)
{
  Seen *seen = data;
  const EgTraceResult *result = eg_tracing_get_result (tracing);

  if (seen->n_changes++ == 0)
    seen->estimated_first = result->grids[0]->estimate != NULL && !eg_trace_result_has_scores (result);
}

static gboolean
has_ended (EgTracing *tracing)
{
  return eg_tracing_get_state (tracing) != EG_TRACING_RUNNING;
}

static EgTracing *
trace (guint samples, const char *sites, EgEstimateUse use, Seen *seen)
{
  g_autoptr (EgTraceRequest) request = new_request (samples, sites);
  EgTracing *tracing = eg_tracing_new ();

  *seen = (Seen){ 0 };
  g_signal_connect (tracing, "progress", G_CALLBACK (on_progress), seen);
  eg_tracing_start (tracing, model, request, use);
  return tracing;
}

/* The demo model's traces are over before anybody has looked at an estimate. */
static void
test_short (void)
{
  Seen seen;
  g_autoptr (EgTracing) tracing = trace (10, "resid", EG_ESTIMATE_FIRST, &seen);

  fixture_wait_for (has_ended (tracing));
  g_assert_cmpint (eg_tracing_get_state (tracing), ==, EG_TRACING_DONE);
  g_assert_null (eg_tracing_get_result (tracing)->grids[0]->estimate);
  g_assert_null (eg_tracing_get_check (tracing, 0));
}

/* Here, more than a moment is long. */
#define LONG 2e9

/* Of long ones, estimates are the first thing there is, and are checked before half of it is done. */
static void
test_long (void)
{
  Seen seen;
  g_autoptr (EgTracing) tracing = trace (700, "resid,state", EG_ESTIMATE_FIRST, &seen);

  fixture_wait_for (eg_tracing_get_check (tracing, 0) != NULL);
  g_assert_true (seen.estimated_first);
  g_assert_true (eg_tracing_get_check (tracing, 0)->is_trusted);
  g_assert_cmpint (eg_tracing_get_state (tracing), ==, EG_TRACING_RUNNING);
  g_autofree char *line
      = eg_estimate_line (eg_tracing_get_result (tracing)->grids[0], eg_tracing_get_check (tracing, 0), TRUE);
  g_assert_true (g_str_has_prefix (line, "Estimated; spot check: within 0."));
  eg_tracing_stop (tracing);
  fixture_wait_for (has_ended (tracing));
  g_assert_cmpint (eg_tracing_get_state (tracing), ==, EG_TRACING_STOPPED);
  g_assert_true (eg_tracing_can_continue (tracing));
}

static void
test_never (void)
{
  Seen seen;
  g_autoptr (EgTracing) tracing = trace (700, "resid,state", EG_ESTIMATE_NEVER, &seen);

  fixture_wait_for (seen.n_changes > 3);
  g_assert_false (seen.estimated_first);
  g_assert_null (eg_tracing_get_result (tracing)->grids[0]->estimate);
  eg_tracing_stop (tracing);
  fixture_wait_for (has_ended (tracing));
}

/* Alone, then site by site, to a trace that is complete and the same as any other. */
static void
test_only (void)
{
  Seen seen, other;
  g_autoptr (EgTracing) tracing = trace (10, "resid,mixer", EG_ESTIMATE_ONLY, &seen);
  g_autoptr (EgTracing) usual = trace (10, "resid,mixer", EG_ESTIMATE_NEVER, &other);

  fixture_wait_for (has_ended (tracing) && has_ended (usual));
  EgTraceResult *result = eg_tracing_get_result (tracing);
  g_assert_true (result->estimated);
  g_assert_false (eg_trace_result_has_scores (result));
  g_assert_false (eg_tracing_can_continue (tracing));
  g_autofree char *line = eg_estimate_line (result->grids[0], NULL, FALSE);
  g_assert_nonnull (strstr (line, "not computed"));
  g_autofree char *headline = eg_estimate_headline (result->grids[0]);
  g_assert_nonnull (strstr (headline, "␣Needle"));

  g_assert_true (eg_tracing_can_make_exact (tracing, 1));
  eg_tracing_make_exact (tracing, model, 1);
  fixture_wait_for (has_ended (tracing));
  result = eg_tracing_get_result (tracing);
  g_assert_cmpint (eg_tracing_get_state (tracing), ==, EG_TRACING_DONE);
  g_assert_false (eg_trace_grid_has_estimated (result->grids[1]));
  g_assert_true (eg_trace_grid_has_estimated (result->grids[0]));
  g_assert_false (eg_tracing_can_make_exact (tracing, 1));
  eg_tracing_make_exact (tracing, model, 0);
  fixture_wait_for (has_ended (tracing));
  result = eg_tracing_get_result (tracing);
  g_assert_true (result->complete);
  g_assert_false (result->estimated);
  for (gsize i = 0; i < 2; i++)
    for (gsize cell = 0; cell < eg_trace_grid_n_cells (result->grids[i]); cell++)
      g_assert_cmpfloat_with_epsilon (result->grids[i]->scores[0][cell],
                                      eg_tracing_get_result (usual)->grids[i]->scores[0][cell], 2e-7);
  g_autofree char *end = eg_estimate_line (result->grids[0], NULL, FALSE);
  g_assert_true (g_str_has_prefix (end, "The estimate before was at most 0."));
  g_autofree char *details = eg_estimate_details (result->grids[0]);
  g_assert_nonnull (strstr (details, "Largest miss: Layer "));
}

/* What has none is traced, without a word. */
static void
test_missing (void)
{
  Seen seen;
  g_autoptr (EgTraceRequest) request = new_request (3, "resid");
  g_autoptr (EgTracing) tracing = eg_tracing_new ();

  request->metric = EG_METRIC_RANK;
  seen = (Seen){ 0 };
  g_signal_connect (tracing, "progress", G_CALLBACK (on_progress), &seen);
  eg_tracing_start (tracing, model, request, EG_ESTIMATE_ONLY);
  fixture_wait_for (has_ended (tracing));
  g_assert_cmpint (eg_tracing_get_state (tracing), ==, EG_TRACING_DONE);
  g_assert_true (eg_tracing_get_result (tracing)->complete);
  g_assert_null (eg_estimate_line (eg_tracing_get_result (tracing)->grids[0], NULL, FALSE));
}

static void
on_written (GObject *source, GAsyncResult *async_result, gpointer data)
{
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;

  eg_write_finish (async_result, &path, &error);
  g_assert_no_error (error);
  *(gboolean *)data = TRUE;
}

/* Saved half-way, as a person does, and shown again: both kinds are there, and it goes on to the same bits.
 */
static void
test_saved (void)
{
  Seen seen, again_seen = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("engram-estimate-XXXXXX", &error);
  g_autofree char *path = g_build_filename (folder, "half.npz", NULL);
  g_autoptr (EgTracing) tracing = NULL;
  gboolean written = FALSE;

  /* Where it is done before it can be stopped, again. */
  for (int i = 0; i < 20 && (tracing == NULL || eg_tracing_get_state (tracing) != EG_TRACING_STOPPED); i++)
    {
      g_clear_object (&tracing);
      tracing = trace (50, "resid,state", EG_ESTIMATE_FIRST, &seen);
      fixture_wait_for (seen.n_changes > 2);
      eg_tracing_stop (tracing);
      fixture_wait_for (has_ended (tracing));
    }
  g_assert_cmpint (eg_tracing_get_state (tracing), ==, EG_TRACING_STOPPED);
  const EgTraceGrid *grid = eg_tracing_get_result (tracing)->grids[0];
  g_assert_true (eg_trace_grid_has_estimated (grid) || seen.estimated_first);
  eg_write_async (grid, eg_tracing_get_partial (tracing), NULL, path, on_written, &written);
  fixture_wait_for (written);

  EgSavedTrace *saved = eg_saved_trace_load (path, &error);
  g_assert_no_error (error);
  g_assert_true (eg_saved_trace_check (saved, NULL));
  g_autoptr (EgTraceResult) result = eg_trace_result_ref (saved->result);
  g_assert_nonnull (result->grids[0]->estimate);
  g_assert_cmpint (eg_trace_grid_has_estimated (result->grids[1]), ==,
                   eg_trace_grid_has_estimated (eg_tracing_get_result (tracing)->grids[1]));
  g_autoptr (EgTracing) again = eg_tracing_new ();
  g_signal_connect (again, "progress", G_CALLBACK (on_progress), &again_seen);
  eg_tracing_show (again, result, saved);
  g_assert_cmpint (eg_tracing_get_state (again), ==, EG_TRACING_STOPPED);
  eg_tracing_continue (again, model);
  eg_tracing_continue (tracing, model);
  fixture_wait_for (has_ended (again) && has_ended (tracing));
  for (gsize i = 0; i < 2; i++)
    {
      const EgTraceGrid *one = eg_tracing_get_result (tracing)->grids[i],
                        *two = eg_tracing_get_result (again)->grids[i];
      g_assert_true (two->result->complete);
      for (gsize cell = 0; cell < eg_trace_grid_n_cells (one); cell++)
        g_assert_cmpfloat (one->scores[0][cell], ==, two->scores[0][cell]);
    }
  g_unlink (path);
  g_rmdir (folder);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_test_init (&argc, &argv, NULL);
  g_autofree char *folder = g_test_build_filename (G_TEST_DIST, "..", "data", "demo", NULL);
  model = eg_model_open (folder, NULL, &error);
  g_assert_no_error (error);
  g_test_add_func ("/app/estimate/short-traces-have-none", test_short);
  g_test_add_func ("/app/estimate/long-traces-begin-with-it-and-check-it", test_long);
  g_test_add_func ("/app/estimate/never-means-never", test_never);
  g_test_add_func ("/app/estimate/alone-and-then-exact-site-by-site", test_only);
  g_test_add_func ("/app/estimate/requests-that-have-none-are-traced", test_missing);
  g_test_add_func ("/app/estimate/saved-half-way-it-goes-on-to-the-same-bits", test_saved);
  eg_preview_worth_set_least (LONG);
  const int status = g_test_run ();
  eg_model_unref (model);
  return status;
}
