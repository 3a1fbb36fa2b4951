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

static void
compare_scores (
    EgMetric metric, const EgTraceScores *found, const EgTraceScores *expected, gsize n, double tolerance)
{
  double worst = fmax (difference (found->high_score, expected->high_score),
                       difference (found->low_score, expected->low_score));
  for (gsize i = 0; i < n; i++)
    worst = fmax (worst, difference (found->scores[i], expected->scores[i]));
  g_test_message ("%s: greatest difference %.2g", eg_metric_get_name (metric), worst);
  g_assert_cmpfloat (worst, <=,
                     metric == EG_METRIC_PROB   ? tolerance
                     : metric == EG_METRIC_RANK ? 1
                                                : 20 * tolerance);
}

void
cuda_compare (const EgTraceResult *found, const EgTraceResult *expected, double tolerance)
{
  const gsize n_sites = eg_trace_result_n_sites (expected);
  g_assert_cmpuint (eg_trace_result_n_sites (found), ==, n_sites);
  g_assert_cmpint (found->target_id, ==, expected->target_id);
  for (gsize i = 0; i < n_sites; i++)
    {
      const EgTraceResult *a = eg_trace_result_get_site ((EgTraceResult *)found, i),
                          *b = eg_trace_result_get_site ((EgTraceResult *)expected, i);
      const gsize n = b->n_layers * b->n_tokens;
      const EgTraceScores a_own
          = { .scores = a->scores, .high_score = a->high_score, .low_score = a->low_score },
          b_own = { .scores = b->scores, .high_score = b->high_score, .low_score = b->low_score };
      g_assert_cmpuint (a->n_layers * a->n_tokens, ==, n);
      g_assert_cmpint (a->site, ==, b->site);
      g_test_message ("%s", eg_site_get_name (b->site));
      compare_scores (b->metric, &a_own, &b_own, n, tolerance);
      for (EgMetric m = 0; m < EG_N_METRICS; m++)
        {
          g_assert_cmpint (a->others[m] != NULL, ==, b->others[m] != NULL);
          if (b->others[m])
            compare_scores (m, a->others[m], b->others[m], n, tolerance);
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
