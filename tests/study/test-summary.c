/* What becomes of facts: values by role, relations, comparisons, documents and tables. */
#include "core/error.h"
#include "study/documents.h"
#include "study/slurm.h"
#include "study/tables.h"

#include <math.h>
#include <string.h>

#define N_LAYERS 2

/* ---- studies by hand ---- */

static EgStudySettings *
make_settings (void)
{
  static const char *const sites[] = { "resid", "mixer", NULL };
  EgStudySettings *settings = g_new0 (EgStudySettings, 1);
  settings->request = eg_trace_request_new (NULL, NULL);
  settings->model = g_strdup ("tiny_1%");
  settings->n_facts = 4;
  settings->shard = settings->n_shards = 1;
  settings->n_layers = N_LAYERS;
  settings->n_sites = 2;
  settings->sites = g_strdupv ((char **)sites);
  return settings;
}

/* Traced; the score at (layer, token) of a site is base + token/10 + layer + 100·site. */
static EgStudyFact *
make_fact (gsize index,
           const char *prompt,
           const char *relation,
           gsize n_tokens,
           gsize first,
           gsize last,
           float base)
{
  g_autofree char *id = g_strdup_printf ("%zu", index);
  EgFact *fact = eg_fact_new (id, prompt, "subject");
  fact->index = index;
  fact->relation = g_strdup (relation);
  EgStudyFact *self = eg_study_fact_new (fact);
  self->state = EG_STUDY_TRACED;
  self->n_tokens = n_tokens;
  self->subject_first = first;
  self->subject_last = last;
  self->high = 2.5;
  self->low = 0.5;
  eg_study_fact_reserve (self, 2, N_LAYERS);
  for (gsize site = 0; site < 2; site++)
    for (gsize l = 0; l < N_LAYERS; l++)
      for (gsize t = 0; t < n_tokens; t++)
        self->scores[site][l * n_tokens + t] = base + (float)t / 10 + (float)l + 100 * (float)site;
  return self;
}

static EgStudyFact *
make_unknown (gsize index, const char *relation)
{
  g_autofree char *id = g_strdup_printf ("%zu", index);
  EgFact *fact = eg_fact_new (id, "a prompt", "subject");
  fact->index = index;
  fact->relation = g_strdup (relation);
  EgStudyFact *self = eg_study_fact_new (fact);
  self->state = EG_STUDY_UNKNOWN;
  return self;
}

/* Takes the fact over. */
static void
add (EgStudyValues *values, EgStudyFact *fact)
{
  eg_study_values_add (values, fact);
  eg_study_fact_unref (fact);
}

static EgStudyValues *
make_values (void)
{
  g_autoptr (EgStudySettings) settings = make_settings ();
  EgStudyValues *values = eg_study_values_new (settings, 4);
  add (values, make_fact (2, "c", "b,\"x", 6, 1, 3, 0.5f));
  add (values, make_fact (0, "a", "a_1", 5, 0, 1, 0));
  add (values, make_unknown (1, "a_1"));
  return values;
}

static double
mean_of (const EgStudyValues *values, EgStudyQuantity quantity, EgRole role, gsize layer, gsize *n)
{
  g_autoptr (EgStudySummary) summary = eg_study_summary_new (values, -1, 0);
  const EgStatistics *statistics = eg_study_summary_get (summary, 0, quantity, role);
  *n = statistics->n;
  return statistics->mean[layer];
}

/* ---- values ---- */

static void
test_a_role_is_the_mean_over_its_tokens_of_each_fact (void)
{
  g_autoptr (EgStudyValues) values = make_values ();
  static const struct
  {
    gsize n;
    double mean;
  } expected[EG_N_ROLES] = {
    [EG_ROLE_SUBJECT_FIRST] = { 2, (0.0 + 0.6) / 2 },
    [EG_ROLE_SUBJECT_MIDDLE] = { 1, 0.7 },
    [EG_ROLE_SUBJECT_LAST] = { 2, (0.1 + 0.8) / 2 },
    [EG_ROLE_AFTER_FIRST] = { 2, (0.2 + 0.9) / 2 },
    [EG_ROLE_FURTHER] = { 1, 0.3 },
    [EG_ROLE_LAST] = { 2, (0.4 + 1.0) / 2 },
  };
  for (EgRole role = 0; role < EG_N_ROLES; role++)
    for (gsize l = 0; l < N_LAYERS; l++)
      {
        gsize n;
        g_assert_cmpfloat_with_epsilon (mean_of (values, EG_STUDY_SCORE, role, l, &n),
                                        expected[role].mean + (double)l, 1e-6);
        g_assert_cmpuint (n, ==, expected[role].n);
        g_assert_cmpfloat_with_epsilon (mean_of (values, EG_STUDY_EFFECT, role, l, &n),
                                        expected[role].mean + (double)l - 0.5, 1e-6);
        g_assert_cmpfloat_with_epsilon (mean_of (values, EG_STUDY_NORMALIZED, role, l, &n),
                                        (expected[role].mean + (double)l - 0.5) / 2, 1e-6);
      }
  g_assert_cmpuint (((EgStudyRow *)values->rows->pdata[0])->index, ==, 0);
}

static void
test_damage_is_what_is_lost (void)
{
  g_autoptr (EgStudyValues) values = make_values ();
  gsize n;
  values->settings->request->direction = EG_DIRECTION_DAMAGE;
  g_assert_cmpfloat_with_epsilon (mean_of (values, EG_STUDY_EFFECT, EG_ROLE_LAST, 1, &n), 2.5 - 1.7, 1e-6);
  g_assert_cmpfloat_with_epsilon (mean_of (values, EG_STUDY_NORMALIZED, EG_ROLE_LAST, 1, &n), 0.4, 1e-6);
}

/* Scores grow with the layer by 1: restoring lowers a divergence most in layer 0, damage raises it most in 1.
 */
static void
test_an_effect_is_positive_whichever_way_a_metric_is_better (void)
{
  static const struct
  {
    EgMetric metric;
    EgDirection direction;
    double high, low, effects[N_LAYERS];
    gssize effect_peak, score_peak;
  } cases[] = {
    { EG_METRIC_PROB, EG_DIRECTION_RESTORE, 2.5, 0.5, { 0.2, 1.2 }, 1, 1 },
    { EG_METRIC_PROB, EG_DIRECTION_DAMAGE, 2.5, 0.5, { 1.8, 0.8 }, 0, 0 },
    { EG_METRIC_KL, EG_DIRECTION_RESTORE, 0, 2, { 1.3, 0.3 }, 0, 0 },
    { EG_METRIC_RANK, EG_DIRECTION_RESTORE, 0, 2, { 1.3, 0.3 }, 0, 0 },
    { EG_METRIC_KL, EG_DIRECTION_DAMAGE, 0, 2, { 0.7, 1.7 }, 1, 1 },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (EgStudyValues) values = make_values ();
      EgRole best;
      values->settings->request->metric = cases[i].metric;
      values->settings->request->direction = cases[i].direction;
      for (guint k = 0; k < values->rows->len; k++)
        {
          EgStudyRow *row = values->rows->pdata[k];
          row->high = cases[i].high;
          row->low = cases[i].low;
        }
      g_autoptr (EgStudySummary) summary = eg_study_summary_new (values, -1, 0);
      const EgStatistics *effect = eg_study_summary_get (summary, 0, EG_STUDY_EFFECT, EG_ROLE_LAST);
      const EgStatistics *part = eg_study_summary_get (summary, 0, EG_STUDY_NORMALIZED, EG_ROLE_LAST);
      for (gsize l = 0; l < N_LAYERS; l++)
        {
          g_assert_cmpfloat_with_epsilon (effect->mean[l], cases[i].effects[l], 1e-6);
          g_assert_cmpfloat_with_epsilon (part->mean[l], cases[i].effects[l] / 2, 1e-6);
        }
      g_assert_cmpint (effect->peak, ==, cases[i].effect_peak);
      g_assert_cmpint (part->peak, ==, cases[i].effect_peak);
      g_assert_cmpint (eg_study_summary_get (summary, 0, EG_STUDY_SCORE, EG_ROLE_LAST)->peak, ==,
                       cases[i].score_peak);
      /* Of a middle token the scores are the highest, of a first or further one the lowest. */
      g_assert_true (eg_study_summary_find_best (summary, 0, EG_STUDY_SCORE, &best));
      g_assert_cmpint (best, ==, cases[i].score_peak == 1 ? EG_ROLE_SUBJECT_MIDDLE : EG_ROLE_SUBJECT_FIRST);
    }
}

static void
test_what_has_no_way_has_no_part_of_it (void)
{
  g_autoptr (EgStudyValues) values = make_values ();
  gsize n;
  ((EgStudyRow *)values->rows->pdata[0])->high = 0.5;
  mean_of (values, EG_STUDY_NORMALIZED, EG_ROLE_LAST, 0, &n);
  g_assert_cmpuint (n, ==, 1);
  mean_of (values, EG_STUDY_EFFECT, EG_ROLE_LAST, 0, &n);
  g_assert_cmpuint (n, ==, 2);
}

static void
test_a_cell_without_a_score_leaves_its_fact_out_of_the_role (void)
{
  g_autoptr (EgStudyValues) values = make_values ();
  g_autoptr (EgStudyFact) fact = make_fact (3, "d", NULL, 6, 1, 3, 9);
  gsize n;
  fact->scores[0][1] = NAN;
  eg_study_values_add (values, fact);
  mean_of (values, EG_STUDY_SCORE, EG_ROLE_SUBJECT_FIRST, 0, &n);
  g_assert_cmpuint (n, ==, 2);
  mean_of (values, EG_STUDY_SCORE, EG_ROLE_SUBJECT_LAST, 0, &n);
  g_assert_cmpuint (n, ==, 3);
}

static void
test_relations_count_what_is_set_apart (void)
{
  g_autoptr (EgStudyValues) values = make_values ();
  gsize relation;
  g_assert_true (eg_study_values_find_relation (values, "a_1", &relation));
  g_autoptr (EgStudySummary) summary = eg_study_summary_new (values, (gssize)relation, 0);
  EgRole best;
  g_assert_cmpstr (summary->relation, ==, "a_1");
  g_assert_cmpuint (summary->n_facts, ==, 1);
  g_assert_cmpuint (summary->counts[EG_STUDY_UNKNOWN], ==, 1);
  g_assert_true (eg_study_summary_find_best (summary, 0, EG_STUDY_EFFECT, &best));
  g_assert_cmpint (best, ==, EG_ROLE_FURTHER);
  g_assert_false (eg_study_values_find_relation (values, "a_2", &relation));
}

/* ---- comparisons ---- */

static void
test_facts_are_paired_where_half_of_them_are_there_in_both (void)
{
  g_autoptr (EgStudySettings) settings = make_settings ();
  g_autoptr (EgStudyValues) a = eg_study_values_new (settings, 4), b = eg_study_values_new (settings, 4);
  const char *const prompts_a[] = { "same", "same", "x", "y" }, *const prompts_b[]
                                                                = { "same", "z", "same", "w" };
  g_autoptr (GError) error = NULL;
  for (gsize i = 0; i < 4; i++)
    {
      add (a, make_fact (i, prompts_a[i], NULL, 5, 0, 1, (float)i));
      add (b, make_fact (i, prompts_b[i], NULL, 5, 0, 1, 10 * (float)i));
    }
  g_autoptr (EgStudyComparison) paired
      = eg_study_comparison_new (&(EgStudySide){ a, 0, -1 }, &(EgStudySide){ b, 0, -1 }, 0, &error);
  g_assert_no_error (error);
  g_assert_true (paired->is_paired);
  g_assert_cmpuint (paired->n_a, ==, 2);
  /* (0 − 0) and (1 − 20) */
  const EgStatistics *difference = paired->difference[EG_STUDY_SCORE][EG_ROLE_LAST];
  g_assert_cmpfloat_with_epsilon (difference->mean[0], -9.5, 1e-6);
  g_assert_cmpfloat_with_epsilon (difference->sem[0], 9.5, 1e-6);

  add (a, make_fact (4, "v", NULL, 5, 0, 1, 4));
  add (b, make_fact (4, "u", NULL, 5, 0, 1, 4));
  g_autoptr (EgStudyComparison) apart
      = eg_study_comparison_new (&(EgStudySide){ a, 0, -1 }, &(EgStudySide){ b, 1, -1 }, 0, &error);
  g_assert_no_error (error);
  g_assert_false (apart->is_paired);
  g_assert_cmpuint (apart->n_b, ==, 5);
  g_assert_cmpfloat_with_epsilon (apart->difference[EG_STUDY_SCORE][EG_ROLE_LAST]->mean[0], 2 - 12.8 - 100,
                                  1e-5);
}

static void
test_sides_are_named_by_what_differs (void)
{
  g_autoptr (EgStudyValues) a = make_values (), b = make_values ();
  const EgStudySide side_a = { a, 0, -1 }, side_b = { b, 1, 0 };
  g_autofree char *alike = eg_study_side_describe (&side_a, &side_b);
  b->settings->request->window = 3;
  b->settings->request->samples = 2;
  g_autofree char *of_a = eg_study_side_describe (&side_a, &side_b);
  g_autofree char *of_b = eg_study_side_describe (&side_b, &side_a);
  g_assert_cmpstr (alike, ==, "tiny_1%, resid");
  g_assert_cmpstr (of_a, ==, "tiny_1%, resid, samples 10, window 1");
  g_assert_true (g_str_has_prefix (of_b, "tiny_1%, mixer, "));
  g_assert_true (g_str_has_suffix (of_b, ", samples 2, window 3"));
}

static void
test_the_samples_of_facts_that_need_unlike_numbers_are_bounds (void)
{
  g_autoptr (EgStudyValues) values = make_values ();
  values->settings->request->until_sem = 0.01;
  g_autoptr (JsonObject) document = eg_study_to_json (values, 0);
  g_autofree char *latex = eg_study_to_latex (values, FALSE, 0, 1, EG_STUDY_EFFECT, 0);
  g_assert_cmpfloat (json_object_get_double_member (document, "until_sem"), ==, 0.01);
  g_assert_cmpint (json_object_get_int_member (document, "max_samples"), ==, 1000);
  g_assert_nonnull (strstr (latex, ", 10 to 1000 samples until standard errors are at most 0.01, seed 1; "));
}

static void
test_only_like_studies_are_compared (void)
{
  g_autoptr (EgStudyValues) a = make_values (), b = make_values ();
  const EgStudySide side_a = { a, 0, -1 }, side_b = { b, 0, -1 };
  g_autoptr (GError) error = NULL;
  b->settings->request->metric = EG_METRIC_KL;
  g_assert_null (eg_study_comparison_new (&side_a, &side_b, 0, &error));
  g_assert_error (error, EG_ERROR, EG_ERROR_INVALID);
  g_assert_nonnull (strstr (error->message, "prob and kl"));
  g_clear_error (&error);
  b->settings->request->metric = EG_METRIC_PROB;
  b->settings->is_estimated = TRUE;
  g_assert_null (eg_study_comparison_new (&side_a, &side_b, 0, &error));
  g_assert_error (error, EG_ERROR, EG_ERROR_INVALID);
  g_clear_error (&error);
  b->settings->is_estimated = FALSE;
  g_ptr_array_set_size (b->rows, 0);
  g_assert_null (eg_study_comparison_new (&side_a, &side_b, 0, &error));
  g_assert_error (error, EG_ERROR, EG_ERROR_INVALID);
}

/* ---- documents and tables ---- */

static void
test_the_document_is_as_documented (void)
{
  g_autoptr (EgStudyValues) values = make_values ();
  g_autoptr (JsonObject) document = eg_study_to_json (values, 10);
  JsonObject *facts = json_object_get_object_member (document, "facts");
  JsonObject *sites = json_object_get_object_member (document, "sites");
  JsonObject *resid = json_object_get_object_member (sites, "resid");
  JsonObject *relation
      = json_object_get_object_member (json_object_get_object_member (document, "relations"), "a_1");
  g_assert_cmpint (json_object_get_int_member (facts, "total"), ==, 4);
  g_assert_cmpint (json_object_get_int_member (facts, "traced"), ==, 2);
  g_assert_cmpint (json_object_get_int_member (facts, "left"), ==, 1);
  g_assert_cmpint (json_object_get_int_member (document, "layers"), ==, N_LAYERS);
  g_assert_true (json_object_has_member (sites, "mixer"));
  JsonArray *last
      = json_array_get_array_element (json_object_get_array_member (resid, "effect"), EG_ROLE_LAST);
  g_assert_cmpfloat_with_epsilon (json_array_get_double_element (last, 1), 1.2, 1e-6);
  g_assert_cmpint (json_array_get_int_element (json_object_get_array_member (resid, "n"), EG_ROLE_FURTHER),
                   ==, 1);
  g_assert_cmpint (
      json_array_get_int_element (json_object_get_array_member (resid, "effect_peak"), EG_ROLE_LAST), ==, 1);
  JsonObject *alone
      = json_object_get_object_member (json_object_get_object_member (relation, "sites"), "resid");
  JsonArray *sem = json_array_get_array_element (json_object_get_array_member (alone, "sem"), EG_ROLE_LAST);
  g_assert_true (json_array_get_null_element (sem, 0)); /* of one fact */
  g_assert_cmpint (json_object_get_int_member (json_object_get_object_member (relation, "facts"), "unknown"),
                   ==, 1);
}

static void
test_estimates_are_not_called_scores (void)
{
  g_autoptr (EgStudyValues) values = make_values ();
  values->settings->is_estimated = TRUE;
  g_autoptr (JsonObject) document = eg_study_to_json (values, 0);
  JsonObject *resid
      = json_object_get_object_member (json_object_get_object_member (document, "sites"), "resid");
  g_autofree char *csv = eg_study_to_csv (values, 0);
  g_assert_true (json_object_has_member (resid, "estimate"));
  g_assert_false (json_object_has_member (resid, "score"));
  g_assert_null (strstr (csv, ",score,"));
}

static void
test_tables_quote_what_their_readers_would_misread (void)
{
  g_autoptr (EgStudyValues) values = make_values ();
  g_autofree char *csv = eg_study_to_csv (values, 10);
  g_autofree char *latex = eg_study_to_latex (values, TRUE, 0, 1, EG_STUDY_EFFECT, 10);
  g_auto (GStrv) lines = g_strsplit (csv, "\r\n", -1);
  /* All facts and two relations, by two sites, roles, quantities and layers; a head, and nothing at the end.
   */
  g_assert_cmpuint (g_strv_length (lines), ==, 3 * 2 * EG_N_ROLES * EG_N_STUDY_QUANTITIES * N_LAYERS + 2);
  g_assert_nonnull (strstr (csv, "\r\n\"b,\"\"x\",resid,last,effect,0,1,0.5,"));
  g_assert_nonnull (strstr (csv, "\r\n,mixer,further,score,0,1,100."));
  g_assert_nonnull (strstr (latex, "\\textit{a\\_1}"));
  g_assert_nonnull (strstr (latex, "% Engram: tiny\\_1\\%, resid, effect of 2 facts, metric prob, direction "
                                   "restore, 10 samples, seed 1; "));
  g_assert_nonnull (strstr (latex, "Last token & 1 & 1 & -- & $0.900$ & -- \\\\"));
}

/* ---- scripts for a cluster ---- */

static void
test_scripts_quote_what_a_shell_would_misread (void)
{
  char *arguments[] = { (char *)"my facts.csv", (char *)"--model=it's", NULL };
  char *more[] = { (char *)"--account=x", NULL };
  const EgSlurmJob job = { .program = "/usr/bin/engram-cli",
                           .directory = "/home/a b",
                           .folder = "/data/a study",
                           .arguments = arguments,
                           .n_shards = 7,
                           .n_cpus = 4,
                           .time = "1:00:00",
                           .more = more };
  g_autofree char *array = eg_slurm_job_make_array (&job), *merge = eg_slurm_job_make_merge (&job);
  g_autoptr (GError) error = NULL;
  g_assert_true (eg_slurm_job_check (&job, &error));
  g_assert_no_error (error);
  g_assert_true (g_str_has_prefix (array, "#!/bin/bash\n"));
  g_assert_nonnull (strstr (array, "\n#SBATCH --array=1-7\n"));
  g_assert_nonnull (strstr (array, "\n#SBATCH --output=\"/data/a study/log/shard-%a.log\"\n"));
  g_assert_nonnull (strstr (array, "\n#SBATCH --cpus-per-task=4\n"));
  g_assert_nonnull (strstr (array, "\n#SBATCH --account=x\n"));
  g_assert_nonnull (strstr (array, "\ncd '/home/a b'\n"));
  g_assert_nonnull (strstr (array, " \\\n  'my facts.csv' \\\n  '--model=it'\\''s' \\\n"));
  /* The shell's place is taken by the program, in the last command. */
  g_assert_nonnull (strstr (array, "\nexec \"$program\" study run"));
  g_assert_null (strstr (merge, "--cpus-per-task"));
}

static void
test_scripts_are_refused_that_slurm_would_misread (void)
{
  char *arguments[] = { (char *)"facts", NULL };
  char *more[] = { (char *)"--account=x\nrm", NULL };
  EgSlurmJob job
      = { .program = "/p", .directory = "/", .folder = "/a%b", .arguments = arguments, .n_shards = 1 };
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (GError) error = NULL;
      g_assert_false (eg_slurm_job_check (&job, &error));
      g_assert_error (error, EG_ERROR, EG_ERROR_INVALID);
      job.folder = "/a";
      job.time = i == 0 ? "1 hour" : NULL;
      job.more = i == 1 ? more : NULL;
    }
  g_assert_true (eg_slurm_job_check (&job, NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/values/a-role-is-the-mean-over-its-tokens-of-each-fact",
                   test_a_role_is_the_mean_over_its_tokens_of_each_fact);
  g_test_add_func ("/values/damage-is-what-is-lost", test_damage_is_what_is_lost);
  g_test_add_func ("/values/an-effect-is-positive-whichever-way-a-metric-is-better",
                   test_an_effect_is_positive_whichever_way_a_metric_is_better);
  g_test_add_func ("/values/what-has-no-way-has-no-part-of-it", test_what_has_no_way_has_no_part_of_it);
  g_test_add_func ("/values/a-cell-without-a-score-leaves-its-fact-out-of-the-role",
                   test_a_cell_without_a_score_leaves_its_fact_out_of_the_role);
  g_test_add_func ("/values/relations-count-what-is-set-apart", test_relations_count_what_is_set_apart);
  g_test_add_func ("/study-comparison/facts-are-paired-where-half-of-them-are-there-in-both",
                   test_facts_are_paired_where_half_of_them_are_there_in_both);
  g_test_add_func ("/study-comparison/sides-are-named-by-what-differs", test_sides_are_named_by_what_differs);
  g_test_add_func ("/documents/the-samples-of-facts-that-need-unlike-numbers-are-bounds",
                   test_the_samples_of_facts_that_need_unlike_numbers_are_bounds);
  g_test_add_func ("/study-comparison/only-like-studies-are-compared", test_only_like_studies_are_compared);
  g_test_add_func ("/documents/the-document-is-as-documented", test_the_document_is_as_documented);
  g_test_add_func ("/documents/estimates-are-not-called-scores", test_estimates_are_not_called_scores);
  g_test_add_func ("/tables/quote-what-their-readers-would-misread",
                   test_tables_quote_what_their_readers_would_misread);
  g_test_add_func ("/slurm/scripts-quote-what-a-shell-would-misread",
                   test_scripts_quote_what_a_shell_would_misread);
  g_test_add_func ("/slurm/scripts-are-refused-that-slurm-would-misread",
                   test_scripts_are_refused_that_slurm_would_misread);
  return g_test_run ();
}
