/* Two maps beside each other: whose tokens are the same, differences, curves, the correlation. */
#include "core/error.h"
#include "trace/compare/comparison.h"

#include <math.h>
#include <string.h>

/* A map of so many layers; tokens are separated by |; scores and their errors are to be filled in. Between
 * 0.1 and 0.9. The subject's tokens are first … last. */
static EgTraceGrid *
new_map (const char *tokens, gsize first, gsize last, gsize n_layers)
{
  static const char *const site[] = { "resid" };
  g_auto (GStrv) texts = g_strsplit (tokens, "|", -1);
  g_autofree char *prompt = g_strjoinv ("", texts);
  EgTraceTokens *it = eg_trace_tokens_new (g_strv_length (texts));
  it->tokens = g_steal_pointer (&texts);
  it->subject = g_strdup ("?");
  it->subject_first = first;
  it->subject_last = last;
  EgTraceResult *result = eg_trace_result_new (eg_trace_request_new (prompt, "?"), it, n_layers, site, 1);
  result->ends[0] = (EgTraceEnds){ .high = 0.9, .low = 0.1, .low_sem = 0.01 };
  return result->grids[0];
}

/* scores: [layers, tokens] */
static EgTraceGrid *
new_filled (const char *tokens, gsize n_layers, const double *scores, double sem)
{
  EgTraceGrid *map = new_map (tokens, 1, 1, n_layers);
  for (gsize i = 0; i < eg_trace_grid_n_cells (map); i++)
    {
      map->scores[0][i] = scores[i];
      map->sem[0][i] = sem;
    }
  return map;
}

/* ---- tokens ---- */

/* "0-1=0,2=1-2": which tokens are which, those that are the same and single with ! behind them. */
static char *
align (const char *a, const char *prompt_a, const char *b, const char *prompt_b)
{
  g_autoptr (EgTraceGrid) map_a = new_map (a, 0, 0, 1), map_b = new_map (b, 0, 0, 1);
  g_autofree char *joined_a = g_strdup (map_a->result->request->prompt);
  g_autofree char *joined_b = g_strdup (map_b->result->request->prompt);
  g_autoptr (GPtrArray) groups = eg_tokens_align (map_a->result->tokens, prompt_a ? prompt_a : joined_a,
                                                  map_b->result->tokens, prompt_b ? prompt_b : joined_b);
  g_autoptr (GString) text = g_string_new (NULL);
  for (guint i = 0; i < groups->len; i++)
    {
      const EgTokenGroup *it = groups->pdata[i];
      g_string_append_printf (text, "%s%zu-%zu=%zu-%zu%s", i > 0 ? "," : "", it->a[0], it->a[1] - 1, it->b[0],
                              it->b[1] - 1, eg_token_group_is_same (it) ? "!" : "");
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
test_alignment (void)
{
  static const struct
  {
    const char *a, *prompt_a, *b, *prompt_b, *groups;
  } cases[] = {
    { "The| Eiffel| Tower", NULL, "The| Eiffel| Tower", NULL, "0-0=0-0!,1-1=1-1!,2-2=2-2!" },
    /* cut differently */
    { "The| Eiffel| Tower", NULL, "The| Ei|ffel| Tower", NULL, "0-0=0-0!,1-1=1-2,2-2=3-3!" },
    { "ab|cd|ef", NULL, "a|bc|def", NULL, "0-2=0-2" },
    { "ab|cd|ef", NULL, "abc|d|ef", NULL, "0-1=0-1,2-2=2-2!" },
    /* other prompts, of the same length and of another */
    { "The| Eiffel| is| in", NULL, "The| Louvre| is| in", NULL, "0-0=0-0!,1-1=1-1,2-2=2-2!,3-3=3-3!" },
    { "The| Eiffel| Tower| is", NULL, "The| Louvre| is", NULL, "0-0=0-0!,1-2=1-1,3-3=2-2!" },
    { "x| y", NULL, "z| w", NULL, "0-1=0-1" },
    /* a first token that stands for nothing */
    { "<s>|The| end", "The end", "The| end", NULL, "1-1=0-0!,2-2=1-1!" },
    /* tokens within a character: it stays whole */
    { "a|\xef\xbf\xbd|\xef\xbf\xbd| b", "a🗼 b", "a|🗼| b", NULL, "0-0=0-0!,1-3=1-2" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *groups = align (cases[i].a, cases[i].prompt_a, cases[i].b, cases[i].prompt_b);
      g_test_message ("%s / %s", cases[i].a, cases[i].b);
      g_assert_cmpstr (groups, ==, cases[i].groups);
    }
}

/* ---- numbers ---- */

static void
assert_near (double found, double expected)
{
  if (isnan (expected))
    g_assert_true (isnan (found));
  else
    g_assert_cmpfloat_with_epsilon (found, expected, 1e-12);
}

static void
test_same_shape (void)
{
  const double scores_a[] = { 0.1, 0.5, NAN, 0.9, 0.3, 0.2 }, scores_b[] = { 0.1, 0.2, 0.3, 0.5, 0.35, 0.6 };
  const double differences[] = { 0, 0.3, NAN, 0.4, -0.05, -0.4 };
  g_autoptr (EgTraceGrid) a = new_filled ("x|y|z", 2, scores_a, 0.03),
                          b = new_filled ("x|y|z", 2, scores_b, 0.04);
  g_autoptr (GError) error = NULL;
  g_autoptr (EgComparison) it = eg_comparison_new (a, b, FALSE, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (it->n_rows, ==, 2);
  g_assert_cmpuint (it->groups->len, ==, 3);
  for (gsize i = 0; i < 6; i++)
    {
      assert_near (it->difference[i], differences[i]);
      assert_near (it->sem[i], 0.05);
      /* within 0.1 */
      g_assert_true (eg_comparison_is_small (it, i / 3, i % 3) == (i == 0 || i == 4));
    }
  /* numpy.corrcoef of the five cells that both know */
  assert_near (it->correlation, 0.3259601202601325);
  assert_near (it->curve_a.average[0], 0.3);
  assert_near (it->curve_a.average[1], 1.4 / 3);
  assert_near (it->curve_a.subject[0], 0.5);
  assert_near (it->curve_b.subject[1], 0.35);
  assert_near (it->curve_b.depth[0], 0);
  assert_near (it->curve_b.depth[1], 1);
}

/* From the corrupted run to the clean one, as a map shows it. */
static void
test_normalized (void)
{
  const double scores_a[] = { 0.1, 0.5 }, scores_b[] = { 0.9, 0.3 };
  g_autoptr (EgTraceGrid) a = new_filled ("x|y", 1, scores_a, 0.04), b = new_filled ("x|y", 1, scores_b, 0);
  g_autoptr (GError) error = NULL;
  g_autoptr (EgComparison) it = eg_comparison_new (a, b, TRUE, &error);
  g_assert_no_error (error);
  assert_near (it->difference[0], -1);
  assert_near (it->difference[1], 0.25);
  assert_near (it->sem[0], 0.05);
  assert_near (it->curve_a.depth[0], 0);
}

/* Five layers beside three: the shallower map is read between its layers. */
static void
test_other_depth (void)
{
  const double scores_a[] = { 0.1, 0.2, 0.3, 0.4, 0.5 }, scores_b[] = { 0, 0.4, 0.2 };
  const double of_b[] = { 0, 0.2, 0.4, 0.3, 0.2 };
  g_autoptr (EgTraceGrid) a = new_filled ("x", 5, scores_a, 0.03), b = new_filled ("x", 3, scores_b, 0.04);
  g_autoptr (GError) error = NULL;
  a->result->tokens->subject_first = a->result->tokens->subject_last = 0;
  b->result->tokens->subject_first = b->result->tokens->subject_last = 0;
  g_autoptr (EgComparison) it = eg_comparison_new (a, b, FALSE, &error),
                           turned = eg_comparison_new (b, a, FALSE, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (it->n_rows, ==, 5);
  for (gsize l = 0; l < 5; l++)
    {
      assert_near (it->difference[l], scores_a[l] - of_b[l]);
      assert_near (turned->difference[l], of_b[l] - scores_a[l]);
      assert_near (it->sem[l], 0.05); /* between layers too: their errors may go together */
      assert_near (it->curve_a.depth[l], 0.25 * (double)l);
    }
  assert_near (it->curve_b.depth[1], 0.5);
  assert_near (it->correlation, turned->correlation);
}

static void
test_refused (void)
{
  const double flat[] = { 0.5, 0.5, 0.5 };
  g_autoptr (EgTraceGrid) a = new_filled ("x|y|z", 1, flat, 0.1), b = new_filled ("x|y|z", 1, flat, 0.1);
  g_autoptr (GError) error = NULL;
  g_autoptr (EgComparison) same = eg_comparison_new (a, b, FALSE, &error);
  g_assert_no_error (error);
  g_assert_true (isnan (same->correlation)); /* nothing varies */
  b->result->ends[0].low = 0.9;
  g_assert_null (eg_comparison_new (a, b, TRUE, &error));
  g_assert_cmpstr (error->message, ==,
                   "A map whose corrupted runs are as good as its clean one has no normalized scores");
  g_clear_error (&error);
  ((EgTraceRequest *)b->result->request)->direction = EG_DIRECTION_DAMAGE;
  g_assert_null (eg_comparison_new (a, b, FALSE, &error));
  g_assert_cmpstr (error->message, ==, "One of the two maps restores, and the other one damages");
  g_clear_error (&error);
  ((EgTraceRequest *)b->result->request)->direction = EG_DIRECTION_RESTORE;
  b->result->metrics[0] = EG_METRIC_LOGIT;
  g_assert_null (eg_comparison_new (a, b, FALSE, &error));
  g_assert_error (error, EG_ERROR, EG_ERROR_INVALID);
  g_assert_true (g_str_has_prefix (error->message, "One map is of "));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/comparison/tokens-are-aligned-by-characters", test_alignment);
  g_test_add_func ("/comparison/difference-error-and-correlation", test_same_shape);
  g_test_add_func ("/comparison/normalized", test_normalized);
  g_test_add_func ("/comparison/other-depths-meet-at-relative-depth", test_other_depth);
  g_test_add_func ("/comparison/what-cannot-be-compared-is-said", test_refused);
  return g_test_run ();
}
