/* A study of forty facts in both demo models against PyTorch's and NumPy's (tests/golden/make_study.py). */
#include "../golden-file.h"
#include "study/documents.h"
#include "study/study-run.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#define SCORE_TOLERANCE 1e-5
#define TOLERANCE       1e-12

/* ---- the golden document ---- */

static JsonObject *
load_golden (void)
{
  static JsonNode *root = NULL;
  if (root == NULL)
    root = golden_file ("study/golden.json");
  return json_node_get_object (root);
}

static JsonObject *
get_study (guint i)
{
  return json_array_get_object_element (json_object_get_array_member (load_golden (), "studies"), i);
}

static JsonObject *
get_fact (JsonObject *study, guint i)
{
  return json_array_get_object_element (json_object_get_array_member (study, "facts"), i);
}

/* The value of one cell of a traced fact. */
static double
get_score (JsonObject *fact, guint layer, guint token)
{
  JsonArray *layers = json_object_get_array_member (fact, "scores");
  return json_array_get_double_element (json_array_get_array_element (layers, layer), token);
}

static char *
get_facts_path (void)
{
  return g_test_build_filename (G_TEST_DIST, "golden", "study", "facts.jsonl", NULL);
}

static EgModel *
open_model (JsonObject *study)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "..", "data",
                                                 json_object_get_string_member (study, "model"), NULL);
  g_autoptr (GError) error = NULL;
  EgModel *model = eg_model_open (path, NULL, &error);
  g_assert_no_error (error);
  return model;
}

/* ---- the same facts, as Engram knows them ---- */

/* What the golden document says of a fact, as a study's own. */
static EgStudyFact *
make_fact (EgFact *fact, JsonObject *known, gsize n_layers)
{
  EgStudyFact *self = eg_study_fact_new (fact);
  JsonArray *range = json_object_get_array_member (known, "subject_range");
  const char *state = json_object_get_string_member (known, "state");
  for (self->state = 0; !g_str_equal (state, eg_study_state_get_name (self->state)); self->state++)
    g_assert_cmpint (self->state + 1, <, EG_N_STUDY_STATES);
  self->n_tokens = (gsize)json_object_get_int_member (known, "n_tokens");
  self->subject_first = (gsize)json_array_get_int_element (range, 0);
  self->subject_last = (gsize)json_array_get_int_element (range, 1);
  if (self->state != EG_STUDY_TRACED)
    return self;
  self->high = json_object_get_double_member (known, "high");
  self->low = json_object_get_double_member (known, "low");
  eg_study_fact_reserve (self, 1, n_layers);
  for (guint l = 0; l < n_layers; l++)
    for (guint t = 0; t < self->n_tokens; t++)
      self->scores[0][l * self->n_tokens + t] = (float)get_score (known, l, t);
  return self;
}

/* backwards: the last fact is added first. */
static EgStudyValues *
make_values (JsonObject *study, gboolean backwards)
{
  g_autofree char *path = get_facts_path ();
  g_autoptr (GError) error = NULL;
  g_autoptr (EgFactReader) reader = eg_fact_reader_open (path, &error);
  g_autoptr (EgModel) model = open_model (study);
  g_autoptr (EgTraceRequest) request = eg_trace_request_new ("", NULL);
  g_autoptr (EgStudySettings) settings = eg_study_settings_new (model, request);
  g_autoptr (GPtrArray) facts = g_ptr_array_new_with_free_func ((GDestroyNotify)eg_study_fact_unref);
  g_assert_no_error (error);
  for (guint i = 0;; i++)
    {
      EgFact *fact;
      eg_fact_reader_next (reader, &fact, &error);
      g_assert_no_error (error);
      if (fact == NULL)
        break;
      g_ptr_array_add (facts, make_fact (fact, get_fact (study, i), settings->n_layers));
    }
  EgStudyValues *values = eg_study_values_new (settings, facts->len);
  for (guint i = 0; i < facts->len; i++)
    eg_study_values_add (values, facts->pdata[backwards ? facts->len - 1 - i : i]);
  return values;
}

/* ---- statistics ---- */

static void
check_array (const double *values, JsonObject *expected, const char *name, gsize n)
{
  if (!json_object_has_member (expected, name))
    {
      g_assert_true (isnan (values[0]));
      return;
    }
  JsonArray *array = json_object_get_array_member (expected, name);
  g_assert_cmpuint (json_array_get_length (array), ==, n);
  for (guint i = 0; i < n; i++)
    g_assert_cmpfloat_with_epsilon (values[i], json_array_get_double_element (array, i), TOLERANCE);
}

/* node: null of a role that no fact has. */
static void
check_statistics (const EgStatistics *statistics, JsonNode *node, gsize n_layers)
{
  if (JSON_NODE_HOLDS_NULL (node))
    {
      g_assert_cmpuint (statistics->n, ==, 0);
      return;
    }
  JsonObject *expected = json_node_get_object (node);
  check_array (statistics->mean, expected, "mean", n_layers);
  check_array (statistics->sem, expected, "sem", n_layers);
  check_array (statistics->lower, expected, "lower", n_layers);
  check_array (statistics->upper, expected, "upper", n_layers);
  g_assert_cmpint (statistics->peak, ==, json_object_get_int_member (expected, "peak"));
  if (!json_object_has_member (expected, "peak_lower"))
    return;
  g_assert_cmpint (statistics->peak_lower, ==, json_object_get_int_member (expected, "peak_lower"));
  g_assert_cmpint (statistics->peak_upper, ==, json_object_get_int_member (expected, "peak_upper"));
}

static void
check_summary (const EgStudySummary *summary, JsonObject *expected)
{
  for (EgStudyQuantity quantity = 0; quantity < EG_N_STUDY_QUANTITIES; quantity++)
    {
      JsonArray *roles = json_object_get_array_member (expected, eg_study_quantity_get_name (quantity));
      for (EgRole role = 0; role < EG_N_ROLES; role++)
        check_statistics (eg_study_summary_get (summary, 0, quantity, role),
                          json_array_get_element (roles, role), summary->n_layers);
    }
}

static void
test_averages_and_intervals_are_numpys (void)
{
  for (guint i = 0; i < 2; i++)
    for (guint backwards = 0; backwards < 2; backwards++)
      {
        JsonObject *study = get_study (i);
        g_autoptr (EgStudyValues) values = make_values (study, backwards != 0);
        gsize location;
        g_assert_true (eg_study_values_find_relation (values, "location", &location));
        g_autoptr (EgStudySummary) all = eg_study_summary_new (values, -1, EG_STATISTICS_RESAMPLES);
        g_autoptr (EgStudySummary) of_relation
            = eg_study_summary_new (values, (gssize)location, EG_STATISTICS_RESAMPLES);
        check_summary (all, json_object_get_object_member (study, "all"));
        check_summary (of_relation, json_object_get_object_member (
                                        json_object_get_object_member (study, "relations"), "location"));
        g_assert_cmpuint (all->n_facts, ==, i == 0 ? 39 : 38);
        g_assert_cmpuint (all->counts[EG_STUDY_UNKNOWN], ==, 1);
        g_assert_cmpuint (all->counts[EG_STUDY_UNAFFECTED], ==, i);
      }
}

static void
test_relations_differ_as_numpy_says (void)
{
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (EgStudyValues) values = make_values (get_study (i), FALSE);
      JsonObject *expected = json_object_get_object_member (get_study (i), "location_minus_tongue");
      JsonArray *roles = json_object_get_array_member (expected, "roles");
      g_autoptr (GError) error = NULL;
      gsize location, tongue;
      g_assert_true (eg_study_values_find_relation (values, "location", &location));
      g_assert_true (eg_study_values_find_relation (values, "tongue", &tongue));
      g_autoptr (EgStudyComparison) comparison = eg_study_comparison_new (
          &(EgStudySide){ values, 0, (gssize)location }, &(EgStudySide){ values, 0, (gssize)tongue },
          EG_STATISTICS_RESAMPLES, &error);
      g_assert_no_error (error);
      g_assert_false (comparison->is_paired);
      for (guint k = 0; k < json_array_get_length (roles); k++)
        check_statistics (comparison->difference[EG_STUDY_EFFECT][json_array_get_int_element (roles, k)],
                          json_array_get_element (json_object_get_array_member (expected, "effect"), k),
                          comparison->n_rows);
    }
}

static void
test_models_differ_fact_by_fact_at_the_same_depth (void)
{
  JsonObject *expected = json_object_get_object_member (load_golden (), "models");
  g_autoptr (EgStudyValues) a = make_values (get_study (0), FALSE), b = make_values (get_study (1), TRUE);
  g_autoptr (GError) error = NULL;
  g_autoptr (EgStudyComparison) comparison = eg_study_comparison_new (
      &(EgStudySide){ a, 0, -1 }, &(EgStudySide){ b, 0, -1 }, EG_STATISTICS_RESAMPLES, &error);
  g_assert_no_error (error);
  g_assert_true (comparison->is_paired);
  g_assert_cmpuint (comparison->n_rows, ==, 8);
  g_assert_cmpuint (comparison->n_a, ==, (gsize)json_object_get_int_member (expected, "facts"));
  for (EgRole role = 0; role < EG_N_ROLES; role++)
    {
      const EgStatistics *difference = comparison->difference[EG_STUDY_EFFECT][role];
      check_statistics (difference,
                        json_array_get_element (json_object_get_array_member (expected, "effect"), role), 8);
      const EgStatistics *of_b = comparison->of_b[EG_STUDY_EFFECT][role];
      g_assert_cmpuint (of_b->width, ==, 6);
      for (gsize row = 0; row < 8; row++)
        g_assert_cmpfloat_with_epsilon (comparison->of_a[EG_STUDY_EFFECT][role]->mean[row]
                                            - eg_statistics_at_depth (of_b->mean, 6, (double)row / 7),
                                        difference->mean[row], TOLERANCE);
    }
}

/* ---- a run ---- */

static void
check_fact (EgStudyFolder *folder, JsonObject *study, guint i)
{
  g_autoptr (GError) error = NULL;
  EgStudyFact *found = NULL;
  eg_study_folder_get (folder, i, &found, &error);
  g_assert_no_error (error);
  g_autoptr (EgStudyFact) fact = found;
  JsonObject *expected = get_fact (study, i);
  JsonArray *range = json_object_get_array_member (expected, "subject_range");
  g_assert_cmpstr (eg_study_state_get_name (fact->state), ==,
                   json_object_get_string_member (expected, "state"));
  g_assert_cmpint ((gint64)fact->subject_first, ==, json_array_get_int_element (range, 0));
  g_assert_cmpint ((gint64)fact->subject_last, ==, json_array_get_int_element (range, 1));
  g_assert_cmpint (fact->target_id, ==, json_object_get_int_member (expected, "target_id"));
  if (fact->state == EG_STUDY_UNKNOWN)
    return;
  g_assert_cmpfloat_with_epsilon (fact->high, json_object_get_double_member (expected, "high"),
                                  SCORE_TOLERANCE);
  g_assert_cmpfloat_with_epsilon (fact->low, json_object_get_double_member (expected, "low"),
                                  SCORE_TOLERANCE);
  for (guint l = 0; l < fact->n_layers; l++)
    for (guint t = 0; t < fact->n_tokens; t++)
      g_assert_cmpfloat_with_epsilon (fact->scores[0][l * fact->n_tokens + t], get_score (expected, l, t),
                                      SCORE_TOLERANCE);
}

static void
remove_folder (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *file = g_build_filename (path, name, NULL);
      g_remove (file);
    }
  g_rmdir (path);
}

/* Its averages are those of PyTorch's scores, as nearly as the scores are. */
static void
check_means (EgStudyFolder *folder, JsonObject *study)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EgStudyValues) values = eg_study_values_load (folder, &error);
  g_assert_no_error (error);
  g_autoptr (EgStudySummary) summary = eg_study_summary_new (values, -1, 0);
  JsonArray *roles = json_object_get_array_member (json_object_get_object_member (study, "all"), "effect");
  for (EgRole role = 0; role < EG_N_ROLES; role++)
    {
      JsonArray *mean = json_object_get_array_member (json_array_get_object_element (roles, role), "mean");
      for (guint l = 0; l < summary->n_layers; l++)
        g_assert_cmpfloat_with_epsilon (eg_study_summary_get (summary, 0, EG_STUDY_EFFECT, role)->mean[l],
                                        json_array_get_double_element (mean, l), SCORE_TOLERANCE);
    }
}

static void
test_a_study_is_pytorchs (gconstpointer data)
{
  JsonObject *study = get_study (GPOINTER_TO_UINT (data));
  g_autoptr (GError) error = NULL;
  g_autofree char *facts = get_facts_path ();
  g_autofree char *path = g_dir_make_tmp ("engram-study-XXXXXX", &error);
  g_autoptr (EgModel) model = open_model (study);
  g_autoptr (EgTraceRequest) request = eg_trace_request_new ("", NULL);
  g_autoptr (EgStudySettings) settings = eg_study_settings_new (model, request);
  EgStudyFolder *folder = eg_study_folder_begin (path, facts, 0, settings, &error);
  g_assert_no_error (error);
  eg_study_run (folder, model, 2, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (eg_study_folder_count_facts (folder), ==, 40);
  for (guint i = 0; i < 40; i++)
    check_fact (folder, study, i);
  check_means (folder, study);
  eg_study_folder_unref (folder);
  remove_folder (path);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/study/golden/averages-and-intervals-are-numpys", test_averages_and_intervals_are_numpys);
  g_test_add_func ("/study/golden/relations-differ-as-numpy-says", test_relations_differ_as_numpy_says);
  g_test_add_func ("/study/golden/models-differ-fact-by-fact-at-the-same-depth",
                   test_models_differ_fact_by_fact_at_the_same_depth);
  g_test_add_data_func ("/study/golden/a-study-is-pytorchs/demo", GUINT_TO_POINTER (0),
                        test_a_study_is_pytorchs);
  g_test_add_data_func ("/study/golden/a-study-is-pytorchs/demo-gpt2", GUINT_TO_POINTER (1),
                        test_a_study_is_pytorchs);
  return g_test_run ();
}
