/* Traces that estimates lead: checked by their own cells, given up where they are wrong, stopped, continued,
 * made exact site by site, always to the same numbers. */
#include "preview/lead.h"
#include "preview/preview.h"
#include "preview/show.h"
#include "trace/run/prompt.h"
#include "trace/run/trace.h"

#include <math.h>
#include <string.h>

static EgModel *
open_demo (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_build_filename (g_getenv ("ENGRAM_DATA_DIR"), "demo", NULL);
  EgModel *model = eg_model_open (folder, NULL, &error);
  g_assert_no_error (error);
  return model;
}

static EgTraceRequest *
new_request (const char *sites)
{
  EgTraceRequest *request = eg_trace_request_new ("The Space Needle is located in downtown", "Space Needle");
  request->threads = 2;
  if (sites != NULL)
    {
      g_strfreev (request->sites);
      request->sites = g_strsplit (sites, ",", -1);
    }
  return request;
}

/* Estimates, or their contraries: as high as they were low. */
static EgTraceResult *
make_estimates (EgModel *model, const EgTraceRequest *request, gboolean contrary)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EgPreview) preview = eg_preview_new (model, request, NULL, &error);
  g_assert_no_error (error);
  EgTraceResult *result = eg_preview_make_result (preview);
  for (gsize i = 0; contrary && i < result->n_grids; i++)
    for (gsize cell = 0; cell < eg_trace_grid_n_cells (result->grids[i]); cell++)
      result->grids[i]->estimate[cell] = 1 - result->grids[i]->estimate[cell];
  return result;
}

static EgPreviewLead *
make_lead (EgModel *model, const EgTraceRequest *request, EgTraceResult *estimates)
{
  g_autoptr (GError) error = NULL;
  EgPreviewLead *lead = eg_preview_lead_new (model, request, estimates, 0, &error);
  g_assert_no_error (error);
  return lead;
}

/* A trace that is followed. keeps: whether its threads keep to the order after the last progress */
typedef struct
{
  EgPreviewLead *lead;
  gboolean keeps;
} Follower;

static void
on_progress (const EgTraceProgress *progress, gpointer data)
{
  Follower *follower = data;
  EgTracedPrompt *prompt = progress->trace;
  eg_preview_lead_show (follower->lead, progress->result);
  eg_preview_lead_follow (follower->lead, progress);
  pthread_mutex_lock (&prompt->pool->lock);
  follower->keeps = prompt->rounds.schedule->is_ordered;
  pthread_mutex_unlock (&prompt->pool->lock);
}

static EgTraceResult *
run_led (Follower *follower, EgModel *model, const EgTraceRequest *request, EgTracePartial **left)
{
  g_autoptr (GError) error = NULL;
  EgTraceResult *result = eg_trace_run_ordered (follower->lead->order, NULL, model, request, NULL,
                                                on_progress, follower, left, &error);
  g_assert_no_error (error);
  return result;
}

static void
assert_same (const EgTraceResult *a, const EgTraceResult *b, gsize site)
{
  for (gsize cell = 0; cell < eg_trace_grid_n_cells (a->grids[site]); cell++)
    g_assert_cmpfloat_with_epsilon (a->grids[site]->scores[0][cell], b->grids[site]->scores[0][cell], 2e-7);
}

/* Wherever the order comes from, and whether it is kept to its end. */
static void
test_fallback (void)
{
  g_autoptr (EgModel) model = open_demo ();
  g_autoptr (EgTraceRequest) request = new_request (NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (EgTraceResult) usual = eg_trace_run (model, request, NULL, NULL, NULL, &error);
  for (int contrary = 0; contrary < 2; contrary++)
    {
      g_autoptr (EgTraceResult) estimates = make_estimates (model, request, contrary);
      g_autoptr (EgPreviewLead) lead = make_lead (model, request, estimates);
      Follower follower = { lead, FALSE };
      g_autoptr (EgTraceResult) result = run_led (&follower, model, request, NULL);
      g_assert_cmpuint (lead->checks[0].n, ==, EG_TRACE_ORDER_HIGHEST + EG_TRACE_ORDER_CHANCE);
      g_assert_cmpint (lead->checks[0].is_trusted, ==, !contrary);
      g_assert_cmpint (follower.keeps, ==, !contrary);
      g_assert_true (result->complete);
      g_assert_false (result->estimated);
      assert_same (result, usual, 0);
      /* All cells say the same of them as those that were looked at first. */
      const EgPreviewCheck all = eg_preview_check_whole (result->grids[0]);
      g_assert_cmpuint (all.n, >, lead->checks[0].n);
      g_assert_cmpint (all.is_trusted, ==, !contrary);
    }
}

typedef struct
{
  EgPreviewLead *lead;
  GCancellable *cancellable;
  EgTraceResult *result;
  gsize n_estimated; /* when it was stopped */
} Stop;

static void
stop_early (const EgTraceProgress *progress, gpointer data)
{
  Stop *stop = data;
  Follower follower = { stop->lead, FALSE };
  on_progress (progress, &follower);
  if (stop->result == NULL)
    stop->result = eg_trace_result_ref (progress->result);
  if (progress->n_cells > 0)
    g_cancellable_cancel (stop->cancellable);
}

static gsize
count_estimated (const EgTraceGrid *grid)
{
  gsize n = 0;
  for (gsize cell = 0; cell < eg_trace_grid_n_cells (grid); cell++)
    n += isnan (grid->scores[0][cell]) && !isnan (grid->estimate[cell]);
  return n;
}

/* Both kinds are there, apart; and the same order, made of the result alone, goes on to the same bits. */
static void
test_stopped (void)
{
  g_autoptr (EgModel) model = open_demo ();
  g_autoptr (EgTraceRequest) request = new_request (NULL);
  g_autoptr (GError) error = NULL;
  request->samples = 40;
  g_autoptr (EgTraceResult) estimates = make_estimates (model, request, FALSE);
  g_autoptr (EgPreviewLead) lead = make_lead (model, request, estimates);
  g_autoptr (EgTraceResult) whole = run_led (&(Follower){ lead, FALSE }, model, request, NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (EgTracePartial) left = NULL;
  Stop stop = { .lead = lead, .cancellable = cancellable };
  g_assert_null (
      eg_trace_run_ordered (lead->order, NULL, model, request, cancellable, stop_early, &stop, &left, NULL));
  g_autoptr (EgTraceResult) stopped = stop.result;
  g_assert_nonnull (left);
  g_assert_cmpuint (count_estimated (stopped->grids[0]), >, 0);
  g_assert_cmpuint (count_estimated (stopped->grids[0]), <, eg_trace_grid_n_cells (stopped->grids[0]));
  g_autoptr (EgPreviewLead) again = make_lead (model, request, stopped);
  g_assert_cmpint (memcmp (again->order->turns, lead->order->turns, lead->order->n_cells), ==, 0);
  Follower follower = { again, FALSE };
  g_autoptr (EgTraceResult) continued
      = eg_trace_run_ordered (again->order, left, model, request, NULL, on_progress, &follower, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (continued->complete);
  for (gsize cell = 0; cell < eg_trace_grid_n_cells (whole->grids[0]); cell++)
    g_assert_cmpfloat (continued->grids[0]->scores[0][cell], ==, whole->grids[0]->scores[0][cell]);
}

/* One site, then the other: what is exact stays, and what is estimated is told apart. */
static void
test_site (void)
{
  g_autoptr (EgModel) model = open_demo ();
  g_autoptr (EgTraceRequest) request = new_request ("resid,mixer");
  g_autoptr (GError) error = NULL;
  g_autoptr (EgTraceResult) usual = eg_trace_run (model, request, NULL, NULL, NULL, &error);
  g_autoptr (EgTraceResult) estimates = make_estimates (model, request, FALSE);
  g_autoptr (EgPreviewLead) lead = make_lead (model, request, estimates);
  g_autoptr (EgTracePartial) left = NULL;
  eg_preview_lead_keep_site (lead, 1);
  g_autoptr (EgTraceResult) one = run_led (&(Follower){ lead, FALSE }, model, request, &left);
  g_assert_false (one->complete);
  g_assert_true (one->estimated);
  g_assert_cmpuint (count_estimated (one->grids[1]), ==, 0);
  g_assert_cmpuint (count_estimated (one->grids[0]), >, 30);
  assert_same (one, usual, 1);
  g_assert_cmpuint (lead->checks[0].n, ==, 0);
  g_assert_true (lead->checks[1].is_trusted);
  /* What it leaves goes on to all of it. */
  g_assert_nonnull (left);
  g_autoptr (EgTraceResult) both = eg_trace_run_from (left, model, request, NULL, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (both->complete);
  assert_same (both, usual, 0);
  assert_same (both, usual, 1);
}

static void
test_other_request (void)
{
  g_autoptr (EgModel) model = open_demo ();
  g_autoptr (EgTraceRequest) request = new_request (NULL), other = new_request ("resid,mixer");
  g_autoptr (EgTraceResult) estimates = make_estimates (model, request, FALSE);
  g_autoptr (GError) error = NULL;
  g_assert_null (eg_preview_lead_new (model, other, estimates, 0, &error));
  g_assert_nonnull (error);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/preview-lead/wrong-estimates-are-found-out-and-change-no-number", test_fallback);
  g_test_add_func ("/preview-lead/stopped-half-way-both-kinds-stay-apart-and-go-on", test_stopped);
  g_test_add_func ("/preview-lead/one-site-is-made-exact-and-then-the-other", test_site);
  g_test_add_func ("/preview-lead/estimates-of-another-request-are-refused", test_other_request);
  return g_test_run ();
}
