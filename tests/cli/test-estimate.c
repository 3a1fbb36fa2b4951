/* engram-cli trace --estimate: what is printed, streamed and written of estimates, and that it is never
 * called a score. */
#include "command.h"

#include <math.h>
#include <string.h>

#define TRACE "trace", EIFFEL, "--subject", SUBJECT

static JsonObject *
json_of (const Outcome *outcome, JsonNode **node)
{
  g_assert_cmpint (outcome->status, ==, 0);
  *node = parse (outcome->out);
  return json_node_get_object (*node);
}

/* The cells of a member, row after row; NaN for null. (transfer full) */
static GArray *
cells_of (JsonObject *object, const char *name)
{
  GArray *cells = g_array_new (FALSE, FALSE, sizeof (double));
  JsonArray *rows = json_object_get_array_member (object, name);
  for (guint l = 0; l < json_array_get_length (rows); l++)
    for (guint t = 0; t < json_array_get_length (json_array_get_array_element (rows, l)); t++)
      {
        const double value = number (json_array_get_array_element (rows, l), t);
        g_array_append_val (cells, value);
      }
  return cells;
}

static gsize
count_numbers (const GArray *cells)
{
  gsize n = 0;
  for (guint i = 0; i < cells->len; i++)
    n += !isnan (g_array_index (cells, double, i));
  return n;
}

static void
test_json_has_estimates_in_place_of_scores (void)
{
  g_auto (Outcome) outcome = RUN (TRACE, "--estimate", "--site", "resid,mixer", "--json");
  g_autoptr (JsonNode) node = NULL;
  JsonObject *document = json_of (&outcome, &node);
  g_assert_true (json_object_get_boolean_member (document, "estimated"));
  g_assert_false (json_object_has_member (document, "scores"));
  g_assert_false (json_object_has_member (document, "most_important"));
  JsonObject *mixer
      = json_array_get_object_element (json_object_get_array_member (document, "more_sites"), 0);
  g_assert_cmpstr (json_object_get_string_member (mixer, "site"), ==, "mixer");
  g_assert_false (json_object_has_member (mixer, "scores"));
  g_autoptr (GArray) resid = cells_of (document, "estimate");
  g_autoptr (GArray) of_mixer = cells_of (mixer, "estimate");
  g_assert_cmpuint (count_numbers (resid), ==, 8 * 6);
  g_assert_cmpuint (count_numbers (of_mixer), ==, 8 * 6);
  /* Where all is put back, it is the clean run; before the subject, the corrupted one. */
  g_assert_cmpfloat_with_epsilon (g_array_index (resid, double, 7 * 6 + 5),
                                  json_object_get_double_member (document, "high_score"), 1e-6);
  g_assert_cmpfloat_with_epsilon (g_array_index (resid, double, 0),
                                  json_object_get_double_member (document, "low_score"), 1e-6);
}

/* The demo's prompts: the exact cells that matter are those that the estimate names. */
static void
test_estimates_find_what_matters (void)
{
  g_auto (Outcome) quick = RUN (TRACE, "--estimate", "--json"), slow = RUN (TRACE, "--json");
  g_autoptr (JsonNode) estimated = NULL;
  g_autoptr (JsonNode) exact = NULL;
  g_autoptr (GArray) a = cells_of (json_of (&quick, &estimated), "estimate");
  g_autoptr (GArray) b = cells_of (json_of (&slow, &exact), "scores");
  double n = a->len, ma = 0, mb = 0, ab = 0, aa = 0, bb = 0;
  for (guint i = 0; i < a->len; i++)
    {
      ma += g_array_index (a, double, i) / n;
      mb += g_array_index (b, double, i) / n;
    }
  for (guint i = 0; i < a->len; i++)
    {
      const double x = g_array_index (a, double, i) - ma, y = g_array_index (b, double, i) - mb;
      ab += x * y;
      aa += x * x;
      bb += y * y;
    }
  g_test_message ("Pearson %.3f", ab / sqrt (aa * bb));
  g_assert_cmpfloat (ab / sqrt (aa * bb), >=, 0.93);
}

static void
test_exact_top_computes_the_highest (void)
{
  g_auto (Outcome) outcome = RUN (TRACE, "--estimate", "--exact-top", "4", "--json"),
                   all = RUN (TRACE, "--json");
  g_autoptr (JsonNode) node = NULL;
  g_autoptr (JsonNode) exact = NULL;
  JsonObject *document = json_of (&outcome, &node);
  g_autoptr (GArray) scores = cells_of (document, "scores");
  g_autoptr (GArray) of_all = cells_of (json_of (&all, &exact), "scores");
  g_assert_true (json_object_get_boolean_member (document, "estimated"));
  g_assert_nonnull (strstr (outcome.err, "spot check"));
  /* 4 and 10 at random, and the 13 that cost nothing: before the subject, and in the last layer. */
  g_assert_cmpuint (count_numbers (scores), ==, 4 + 10 + 13);
  for (guint i = 0; i < scores->len; i++)
    if (!isnan (g_array_index (scores, double, i)))
      g_assert_cmpfloat_with_epsilon (g_array_index (scores, double, i), g_array_index (of_all, double, i),
                                      2e-7);
}

/* All estimates before the first cell; without them, the usual stream. Both end in the same scores. */
static void
test_stream_begins_with_estimates (void)
{
  g_auto (Outcome) with = RUN (TRACE, "--stream"), without = RUN (TRACE, "--stream", "--no-estimate");
  g_auto (GStrv) lines = g_strsplit (g_strchomp (with.out), "\n", -1);
  gsize n = 0;
  gboolean cells = FALSE;
  for (gsize i = 0; lines[i] != NULL; i++)
    {
      g_autoptr (JsonNode) node = json_from_string (lines[i], NULL);
      JsonObject *event = json_node_get_object (node);
      const gboolean is_estimate = strcmp (json_object_get_string_member (event, "event"), "estimate") == 0;
      g_assert_false (is_estimate && cells);
      cells = cells || !is_estimate;
      n += is_estimate;
      if (is_estimate)
        assert_keys (event, (const char *[]){ "event", "layer", "position", "estimate", NULL });
    }
  g_assert_cmpuint (n, ==, 8 * 6);
  g_assert_null (strstr (without.out, "estimate"));
}

/* .npz: `estimated`, estimate, estimate_SITE, and no scores; it opens again. */
static void
test_files_say_that_they_are_estimates (void)
{
  g_autofree char *folder = new_folder ();
  g_autofree char *command
      = g_strdup_printf ("cd '%s' && \"$ENGRAM_CLI\" trace '" EIFFEL "' --subject '" SUBJECT
                         "' --estimate --site resid,state -o a.npz -o a.csv >out && unzip -l a.npz",
                         folder);
  g_auto (Outcome) outcome = run_shell (command);
  g_assert_cmpint (outcome.status, ==, 0);
  g_assert_nonnull (strstr (outcome.out, "estimated.npy"));
  g_assert_nonnull (strstr (outcome.out, "estimate.npy"));
  g_assert_nonnull (strstr (outcome.out, "estimate_state.npy"));
  g_assert_null (strstr (outcome.out, "scores"));
  g_autofree char *path = g_build_filename (folder, "a.csv", NULL);
  g_autofree char *text = NULL;
  g_file_get_contents (path, &text, NULL, NULL);
  g_assert_nonnull (
      strstr (text, "\nsite,layer,position,token,score,sem,normalized,normalized_unclipped,estimate\n"));
  remove_folder (folder);
}

/* Its bar and its caption say what its lines are. */
static void
test_figures_look_estimated (void)
{
  g_autofree char *folder = g_dir_make_tmp ("engram-estimate-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "a.svg", NULL);
  g_autofree char *text = NULL;
  const char *arguments[12] = { TRACE, "--estimate", "-o", path };
  g_auto (Outcome) outcome = run_argv (arguments);
  g_assert_cmpint (outcome.status, ==, 0);
  g_file_get_contents (path, &text, NULL, NULL);
  g_assert_nonnull (strstr (text, "hatched: estimated"));
  g_assert_nonnull (strstr (text, "estimated to first order, not computed"));
  remove_folder (folder);
}

/* One sentence each. */
static void
test_what_cannot_be_estimated_says_why (void)
{
  const char *const refused[][6] = { { "--estimate", "--metric", "rank" },
                                     { "--estimate", "--freeze", "mixer" },
                                     { "--estimate", "--knockout", "1-6:1-2>5" },
                                     { "--estimate", "--no-estimate" },
                                     { "--exact-top", "3" },
                                     { "--ig", "5" } };
  for (gsize i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      const char *arguments[12] = { TRACE };
      for (gsize j = 0; j < 6; j++)
        arguments[4 + j] = refused[i][j];
      g_auto (Outcome) outcome = run_argv (arguments);
      g_assert_cmpint (outcome.status, !=, 0);
      assert_one_sentence (outcome.err);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cli-estimate/json-has-estimates-in-place-of-scores",
                   test_json_has_estimates_in_place_of_scores);
  g_test_add_func ("/cli-estimate/estimates-find-what-matters", test_estimates_find_what_matters);
  g_test_add_func ("/cli-estimate/exact-top-computes-the-highest", test_exact_top_computes_the_highest);
  g_test_add_func ("/cli-estimate/stream-begins-with-estimates", test_stream_begins_with_estimates);
  g_test_add_func ("/cli-estimate/files-say-that-they-are-estimates", test_files_say_that_they_are_estimates);
  g_test_add_func ("/cli-estimate/what-cannot-be-estimated-says-why", test_what_cannot_be_estimated_says_why);
  g_test_add_func ("/cli-estimate/figures-look-estimated", test_figures_look_estimated);
  return g_test_run ();
}
