#include "cuda-fixture.h"

#include <math.h>

EgModel *
cuda_open_demo (void)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "..", "data", "demo", NULL);
  GError *error = NULL;
  EgModel *model = eg_model_open (path, NULL, &error);
  g_assert_no_error (error);
  return model;
}

EgModel *
cuda_place (EgModel *model, EgPrecision precision)
{
  GError *error = NULL;
  EgBackend *backend = eg_cuda_open (0, precision, &error);
  g_assert_no_error (error);
  EgModel *placed = eg_model_place (model, backend, &error);
  g_assert_no_error (error);
  return placed;
}

/* NaN beside NaN is no difference: a cell that has none. */
static double
difference (double a, double b)
{
  if (isnan (a) || isnan (b))
    return isnan (a) && isnan (b) ? 0 : INFINITY;
  return fabs (a - b);
}

/* One of the metrics that both have. */
static void
compare_scores (const EgTraceGrid *found, const EgTraceGrid *expected, gsize m, double tolerance)
{
  const EgMetric metric = expected->result->metrics[m];
  const EgTraceEnds *a = &found->result->ends[m], *b = &expected->result->ends[m];
  double worst = fmax (difference (a->high, b->high), difference (a->low, b->low));
  for (gsize i = 0; i < eg_trace_grid_n_cells (expected); i++)
    worst = fmax (worst, difference (found->scores[m][i], expected->scores[m][i]));
  g_test_message ("%s: greatest difference %.2g", eg_metric_get_name (metric), worst);
  g_assert_cmpfloat (worst, <=,
                     metric == EG_METRIC_PROB   ? tolerance
                     : metric == EG_METRIC_RANK ? 1
                                                : 20 * tolerance);
}

void
cuda_compare (const EgTraceResult *found, const EgTraceResult *expected, double tolerance)
{
  g_assert_cmpuint (found->n_grids, ==, expected->n_grids);
  g_assert_cmpuint (found->n_metrics, ==, expected->n_metrics);
  g_assert_cmpint (found->tokens->target_id, ==, expected->tokens->target_id);
  for (gsize i = 0; i < expected->n_grids; i++)
    {
      const EgTraceGrid *a = found->grids[i], *b = expected->grids[i];
      g_assert_cmpuint (eg_trace_grid_n_cells (a), ==, eg_trace_grid_n_cells (b));
      g_assert_cmpstr (a->site, ==, b->site);
      g_test_message ("%s", b->site);
      for (gsize m = 0; m < expected->n_metrics; m++)
        {
          g_assert_cmpint (found->metrics[m], ==, expected->metrics[m]);
          compare_scores (a, b, m, tolerance);
        }
    }
}

void
cuda_compare_traces (EgModel *model, EgModel *placed, const EgTraceRequest *request, double tolerance)
{
  GError *error = NULL;
  g_autoptr (EgTraceResult) expected = eg_trace_run (model, request, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_autoptr (EgTraceResult) found = eg_trace_run (placed, request, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  cuda_compare (found, expected, tolerance);
}
