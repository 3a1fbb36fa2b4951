/* What is said of how good estimates were: when they are confirmed, and when they are not to be trusted. */
#include "preview/check.h"

#include <math.h>
#include <string.h>

#define N_LAYERS 4
#define N_TOKENS 5
#define N_CELLS  (N_LAYERS * N_TOKENS)

/* Of a trace whose corrupted runs have 0.1 and whose clean one 0.9. */
static EgTraceResult *
make_result (const double *scores, const double *estimates)
{
  EgTraceRequest *request = eg_trace_request_new ("a b c d e", "b");
  EgTraceTokens *tokens = eg_trace_tokens_new (N_TOKENS);
  tokens->tokens = g_strsplit ("a b c d e", " ", -1);
  const char *const sites[] = { "resid" };
  EgTraceResult *result = eg_trace_result_new (request, tokens, N_LAYERS, sites, 1);
  result->ends[0] = (EgTraceEnds){ .high = 0.9, .low = 0.1, .low_sem = 0.01 };
  eg_trace_result_add_estimates (result);
  memcpy (result->grids[0]->scores[0], scores, N_CELLS * sizeof *scores);
  memcpy (result->grids[0]->estimate, estimates, N_CELLS * sizeof *estimates);
  return result;
}

static void
test_near (void)
{
  double scores[N_CELLS], estimates[N_CELLS];
  const guint8 known[N_CELLS] = { TRUE };
  for (gsize i = 0; i < N_CELLS; i++)
    {
      scores[i] = 0.1 + 0.04 * (double)i;
      estimates[i] = scores[i] + (i % 2 ? 0.01 : -0.01);
    }
  estimates[0] = 0.9; /* known without being computed: it says nothing */
  scores[7] = NAN;    /* not computed */
  g_autoptr (EgTraceResult) result = make_result (scores, estimates);
  const EgPreviewCheck check = eg_preview_check (result->grids[0], estimates, known);
  g_assert_cmpuint (check.n, ==, N_CELLS - 2);
  g_assert_cmpfloat_with_epsilon (check.largest, 0.01, 1e-12);
  g_assert_cmpuint (check.n_top, ==, 10);
  g_assert_cmpuint (check.n_confirmed, ==, 10);
  g_assert_cmpuint (check.n_common, ==, 10);
  g_assert_cmpfloat (check.pearson, >, 0.98);
  g_assert_cmpfloat_with_epsilon (check.spearman, 1, 1e-9);
  g_assert_true (check.is_trusted);
  g_autofree char *sentence = eg_preview_check_describe (&check);
  g_assert_nonnull (strstr (sentence, "within 0.01 (10 of 10 highest confirmed)"));
}

/* What was estimated high is low, and the other way round. */
static void
test_wrong (void)
{
  double scores[N_CELLS], estimates[N_CELLS];
  const guint8 known[N_CELLS] = { 0 };
  for (gsize i = 0; i < N_CELLS; i++)
    {
      scores[i] = 0.1 + 0.04 * (double)(i * 7 % N_CELLS);
      estimates[i] = 0.1 + 0.04 * (double)i;
    }
  g_autoptr (EgTraceResult) result = make_result (scores, estimates);
  const EgPreviewCheck check = eg_preview_check (result->grids[0], estimates, known);
  g_assert_cmpfloat (check.pearson, <, 0.5);
  g_assert_cmpuint (check.n_confirmed, <, 10);
  g_assert_false (check.is_trusted);
  g_autofree char *sentence = eg_preview_check_describe (&check);
  g_assert_nonnull (strstr (sentence, "not to be trusted"));
}

static void
test_nothing (void)
{
  double scores[N_CELLS], estimates[N_CELLS];
  const guint8 known[N_CELLS] = { 0 };
  for (gsize i = 0; i < N_CELLS; i++)
    {
      scores[i] = NAN;
      estimates[i] = 0.5;
    }
  g_autoptr (EgTraceResult) result = make_result (scores, estimates);
  const EgPreviewCheck check = eg_preview_check (result->grids[0], estimates, known);
  g_assert_cmpuint (check.n, ==, 0);
  g_assert_null (eg_preview_check_describe (&check));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/preview-check/near-estimates-are-confirmed", test_near);
  g_test_add_func ("/preview-check/wrong-estimates-are-not-to-be-trusted", test_wrong);
  g_test_add_func ("/preview-check/nothing-computed-says-nothing", test_nothing);
  return g_test_run ();
}
