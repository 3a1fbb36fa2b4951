/* Results: the notebook's analysis against NumPy's numbers, and what the files keep. */
#include "core/error.h"
#include "formats/npz.h"
#include "trace/ask/site-names.h"
#include "trace/result/analysis.h"
#include "trace/result/description.h"
#include "trace/result/python-text.h"
#include "trace/ask/fields.h"
#include "trace/result/result-io.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

/* ---- helpers ---- */

static char *
temporary (const char *name)
{
  static char *folder;
  if (folder == NULL)
    folder = g_dir_make_tmp ("engram-result-XXXXXX", NULL);
  return g_build_filename (folder, name, NULL);
}

static double
number (JsonNode *node)
{
  return JSON_NODE_HOLDS_NULL (node) ? NAN : json_node_get_double (node);
}

/* Equal to the last bit, NaN included. */
static void
assert_same (double a, double b)
{
  if (isnan (a) && isnan (b))
    return;
  g_assert_cmpmem (&a, sizeof a, &b, sizeof b);
}

static void
assert_vector (JsonObject *expected, const char *name, const double *values, gsize n)
{
  JsonArray *array = json_object_get_array_member (expected, name);
  g_assert_cmpuint (json_array_get_length (array), ==, n);
  for (gsize i = 0; i < n; i++)
    assert_same (values[i], number (json_array_get_element (array, (guint)i)));
}

/* Of one site, n_layers by these tokens, from "|" to "|", and nothing else. (transfer full) */
static EgTraceResult *
plain_result (gsize n_layers, const char *tokens)
{
  char **texts = g_strsplit (tokens, "|", 0);
  EgTraceTokens *prompt = eg_trace_tokens_new (g_strv_length (texts));
  prompt->tokens = texts;
  prompt->target = g_strdup (" Paris");
  prompt->subject = g_strdup ("");
  return eg_trace_result_new (eg_trace_request_new ("", NULL), prompt, n_layers, (const char *[]){ "resid" },
                              1);
}

/* The request of a result that a test has made itself. */
static EgTraceRequest *
request_of (EgTraceResult *self)
{
  return (EgTraceRequest *)self->request;
}

static EgTraceTokens *
sample_tokens (void)
{
  EgTraceTokens *self = eg_trace_tokens_new (3);
  self->tokens = g_strsplit ("a|, \"x\"\n|🗼é", "|", 0);
  self->ids = g_memdup2 ((guint32[]){ 7, G_MAXUINT32, 0 }, 3 * sizeof (guint32));
  self->subject = g_strdup ("b");
  self->subject_first = 1;
  self->subject_last = 2;
  self->target = g_strdup (" Paris");
  self->target_id = 42;
  return self;
}

static EgTraceRequest *
sample_request (void)
{
  EgTraceRequest *self = eg_trace_request_new ("a “b”, \"c\"", "b");
  self->target = g_strdup (" Paris");
  self->samples = 10;
  self->seed = G_MAXUINT32;
  self->noise_level = 3;
  eg_corruption_parse_kind (&self->corruption, "student-t:3", NULL);
  eg_corruption_parse_scale (&self->corruption, "subjects:a b.txt", NULL);
  eg_corruption_parse_span (&self->corruption, "tokens:1-2", NULL);
  self->corruption.replace = TRUE;
  eg_trace_request_set_sites (self, "mixer", NULL);
  self->window = 4;
  self->direction = EG_DIRECTION_DAMAGE;
  g_strfreev (self->freeze);
  self->freeze = eg_site_names_parse ("gate,state", FALSE, NULL);
  self->until_sem = 0.01;
  self->max_samples = 200;
  return self;
}

/* Two layers, three tokens, everything set, with awkward values. */
static EgTraceResult *
sample_result (void)
{
  EgTraceResult *self
      = eg_trace_result_new (sample_request (), sample_tokens (), 2, (const char *[]){ "mixer" }, 1);
  EgTraceGrid *grid = self->grids[0];
  const double scores[] = { 0.1, NAN, 1.0 / 3, 5e-324, 0.30000000000000004, 1 };
  memcpy (grid->scores[0], scores, sizeof scores);
  for (guint i = 0; i < 6; i++)
    {
      grid->sem[0][i] = i == 4 ? NAN : 0.01 * i;
      grid->counts[i] = isnan (scores[i]) ? 0 : i + 1;
    }
  self->ends[0] = (EgTraceEnds){ .high = 0.9, .low = 0.1, .low_sem = 0.003 };
  self->samples = 10;
  self->noise_std = 0.1234567890123456789;
  self->model = g_strdup ("demo");
  self->device = g_strdup ("cpu");
  self->version = g_strdup ("0.1.0");
  self->seconds = 1.25;
  return self;
}

static void
assert_same_tokens (const EgTraceTokens *a, const EgTraceTokens *b)
{
  g_assert_cmpuint (a->n_tokens, ==, b->n_tokens);
  g_assert_cmpstrv (a->tokens, b->tokens);
  g_assert_true ((a->ids == NULL) == (b->ids == NULL));
  if (a->ids != NULL)
    g_assert_cmpint (memcmp (a->ids, b->ids, a->n_tokens * sizeof *a->ids), ==, 0);
  g_assert_cmpstr (a->subject, ==, b->subject);
  g_assert_cmpuint (a->subject_first, ==, b->subject_first);
  g_assert_cmpuint (a->subject_last, ==, b->subject_last);
  g_assert_cmpstr (a->target, ==, b->target);
  g_assert_cmpint (a->target_id, ==, b->target_id);
  g_assert_cmpstr (a->against, ==, b->against);
  g_assert_cmpint (a->against_id, ==, b->against_id);
}

static void
assert_same_grid (const EgTraceGrid *a, const EgTraceGrid *b)
{
  g_assert_cmpstr (a->site, ==, b->site);
  g_assert_cmpuint (a->n_layers, ==, b->n_layers);
  g_assert_cmpuint (a->n_tokens, ==, b->n_tokens);
  for (gsize i = 0; i < eg_trace_grid_n_cells (a); i++)
    {
      for (gsize m = 0; m < a->result->n_metrics; m++)
        {
          assert_same (a->scores[m][i], b->scores[m][i]);
          assert_same (a->sem[m][i], b->sem[m][i]);
        }
      g_assert_cmpuint (a->counts[i], ==, b->counts[i]);
    }
}

static void
assert_same_result (const EgTraceResult *a, const EgTraceResult *b)
{
  g_assert_cmpint (a->has_settings, ==, b->has_settings);
  g_assert_true (eg_trace_request_equal (a->request, b->request));
  assert_same_tokens (a->tokens, b->tokens);
  g_assert_cmpuint (a->n_metrics, ==, b->n_metrics);
  for (gsize m = 0; m < a->n_metrics; m++)
    {
      g_assert_cmpint (a->metrics[m], ==, b->metrics[m]);
      assert_same (a->ends[m].high, b->ends[m].high);
      assert_same (a->ends[m].low, b->ends[m].low);
      assert_same (a->ends[m].low_sem, b->ends[m].low_sem);
    }
  g_assert_cmpuint (a->n_grids, ==, b->n_grids);
  for (gsize i = 0; i < a->n_grids; i++)
    assert_same_grid (a->grids[i], b->grids[i]);
  g_assert_cmpuint (a->samples, ==, b->samples);
  assert_same (a->noise_std, b->noise_std);
  g_assert_cmpstr (a->model, ==, b->model);
  g_assert_cmpstr (a->device, ==, b->device);
  g_assert_cmpstr (a->version, ==, b->version);
  assert_same (a->seconds, b->seconds);
  g_assert_cmpint (a->complete, ==, b->complete);
}

static EgTraceResult *
load (const char *path)
{
  g_autoptr (GError) error = NULL;
  EgTraceResult *result = eg_trace_result_load_npz (path, &error);
  g_assert_no_error (error);
  return result;
}

static EgTraceResult *
save_and_load (const EgTraceResult *self)
{
  g_autofree char *path = temporary ("again.npz");
  g_autoptr (GError) error = NULL;
  eg_trace_result_save_npz (self, path, &error);
  g_assert_no_error (error);
  EgTraceResult *result = load (path);
  g_unlink (path);
  return result;
}

/* ---- the analysis ---- */

static void
assert_analysis (const char *name, JsonObject *expected)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "golden", name, NULL);
  g_autoptr (EgTraceResult) result = load (path);
  const EgTraceGrid *grid = result->grids[0];
  g_autoptr (EgTraceAnalysis) analysis = eg_trace_grid_analyze (grid);
  JsonArray *best = json_object_get_array_member (expected, "best");
  JsonArray *top = json_object_get_array_member (expected, "top_layers");

  g_assert_true (analysis->has_best);
  g_assert_cmpuint (analysis->best_layer, ==, (gsize)json_array_get_int_element (best, 0));
  g_assert_cmpuint (analysis->best_position, ==, (gsize)json_array_get_int_element (best, 1));
  assert_same (analysis->best_score, json_object_get_double_member (expected, "best_score"));
  assert_vector (expected, "layer_average", analysis->layer_average, grid->n_layers);
  assert_vector (expected, "subject_average", analysis->subject_average, grid->n_layers);
  g_assert_cmpuint (analysis->n_top, ==, json_array_get_length (top));
  for (guint i = 0; i < analysis->n_top; i++)
    g_assert_cmpuint (analysis->top_layers[i], ==, (gsize)json_array_get_int_element (top, i));
  assert_same (analysis->overall_mean, number (json_object_get_member (expected, "overall")));
  assert_same (analysis->subject_mean, number (json_object_get_member (expected, "subject")));
  assert_same (analysis->ratio, number (json_object_get_member (expected, "ratio")));

  g_autofree double *normalized = g_new (double, eg_trace_grid_n_cells (grid));
  for (gsize i = 0; i < eg_trace_grid_n_cells (grid); i++)
    normalized[i] = eg_trace_grid_normalize (grid, grid->scores[0][i]);
  assert_vector (expected, "normalized", normalized, eg_trace_grid_n_cells (grid));
}

static void
test_analysis_is_numpys (void)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "golden", "analysis.json", NULL);
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) error = NULL;
  json_parser_load_from_file (parser, path, &error);
  g_assert_no_error (error);
  JsonObject *cases = json_node_get_object (json_parser_get_root (parser));
  g_autoptr (GList) names = json_object_get_members (cases);
  g_assert_cmpuint (g_list_length (names), >=, 8);
  for (GList *name = names; name != NULL; name = name->next)
    assert_analysis (name->data, json_object_get_object_member (cases, name->data));
}

static void
test_empty_result_has_no_best_cell (void)
{
  g_autoptr (EgTraceResult) result = plain_result (4, "a|b|c");
  g_autoptr (EgTraceAnalysis) analysis = eg_trace_grid_analyze (result->grids[0]);
  g_assert_false (analysis->has_best);
  g_assert_cmpuint (analysis->n_top, ==, 0);
  g_assert_true (isnan (analysis->overall_mean));
  g_assert_true (isnan (analysis->ratio));
  g_assert_null (eg_trace_grid_describe (result->grids[0]));
  g_assert_null (eg_trace_result_warning (result));
}

static void
test_layer_error_is_of_the_mean (void)
{
  g_autoptr (EgTraceResult) result = plain_result (2, "a|b|c");
  const double scores[] = { 0.1, 0.2, NAN, 0.1, 0.2, 0.3 };
  const double sem[] = { 0.03, 0.04, NAN, 0.01, NAN, 0.01 };
  memcpy (result->grids[0]->scores[0], scores, sizeof scores);
  memcpy (result->grids[0]->sem[0], sem, sizeof sem);
  g_autoptr (EgTraceAnalysis) analysis = eg_trace_grid_analyze (result->grids[0]);
  g_assert_cmpfloat_with_epsilon (analysis->layer_sem[0], 0.05 / 2, 1e-15);
  g_assert_true (isnan (analysis->layer_sem[1]));
}

static void
test_normalization_is_undefined_when_nothing_was_lost (void)
{
  g_autoptr (EgTraceResult) result = plain_result (1, "a");
  const EgTraceGrid *grid = result->grids[0];
  EgTraceEnds *ends = &result->ends[0];
  g_assert_true (isnan (eg_trace_grid_normalize (grid, 0.5)));
  ends->high = ends->low = 0.5;
  g_assert_true (isnan (eg_trace_grid_normalize (grid, 0.5)));
  ends->low = 0.6;
  g_assert_true (isnan (eg_trace_grid_normalize (grid, 0.5)));
  ends->low = 0.1;
  g_assert_true (isnan (eg_trace_grid_normalize (grid, NAN)));
  g_assert_cmpfloat (eg_trace_grid_normalize (grid, 0.05), ==, 0);
  g_assert_cmpfloat (eg_trace_grid_normalize (grid, 0.6), ==, 1);
  g_assert_cmpfloat_with_epsilon (eg_trace_grid_normalize (grid, 0.3), 0.5, 1e-15);
}

/* ---- the headline ---- */

/* Two layers of "The Eiffel Tower is in": the subject is the tokens 1 and 2. */
static EgTraceResult *
result_of_scores (const double *scores)
{
  EgTraceResult *result = plain_result (2, "The| Eiffel| Tower| is| in");
  result->tokens->subject_first = 1;
  result->tokens->subject_last = 2;
  result->ends[0] = (EgTraceEnds){ .high = 0.99, .low = 0.1, .low_sem = NAN };
  memcpy (result->grids[0]->scores[0], scores, 10 * sizeof *scores);
  return result;
}

/* The subject leads, what lies after it follows, and what is always so comes last. */
static void
test_headline_leads_with_the_subject (void)
{
  const double scores[] = { 0.1, 0.2, 0.41, 0.1, 0.1, 0.1, 0.3, 0.1, 0.2, 0.985 };
  g_autoptr (EgTraceResult) result = result_of_scores (scores);
  EgTraceGrid *grid = result->grids[0];
  grid->sem[0][2] = 0.021;
  g_autofree char *cells = eg_trace_grid_describe (grid);
  g_assert_cmpstr (
      cells, ==,
      "In the subject: restoring layer 0 at “␣Tower” brings “␣Paris” back to 41% ± 2%; after it: "
      "restoring layer 1 at “␣is” (20%); at the last token, the answer is there from layer 1 on");
  grid->scores[0][8] = 0.1;
  grid->scores[0][9] = 0.5;
  g_autofree char *subject = eg_trace_grid_describe (grid);
  g_assert_cmpstr (subject, ==,
                   "In the subject: restoring layer 0 at “␣Tower” brings “␣Paris” back to 41% ± 2%");
  request_of (result)->sweep = EG_SWEEP_POSITIONS;
  grid->n_layers = 1;
  g_autofree char *positions = eg_trace_grid_describe (grid);
  g_assert_cmpstr (positions, ==,
                   "In the subject: restoring “␣Tower” in all layers brings “␣Paris” back to 41% ± 2%");
}

/* Of damage, the lowest, and what is lost. */
static void
test_headline_of_damage (void)
{
  const double scores[] = { 0.99, 0.8, 0.3, 0.9, 0.99, 0.99, 0.99, 0.99, 0.99, 0.1 };
  g_autoptr (EgTraceResult) result = result_of_scores (scores);
  request_of (result)->direction = EG_DIRECTION_DAMAGE;
  g_autofree char *text = eg_trace_grid_describe (result->grids[0]);
  g_assert_cmpstr (text, ==,
                   "In the subject: damaging layer 0 at “␣Tower” lowers “␣Paris” to 30%; after it: damaging "
                   "layer 0 at “␣is” (90%); at the last token, the answer is lost from layer 1 on");
}

/* What lies within two of its standard errors, over the same noise, does not stand out; nor does what is next
 * to nothing. */
static void
test_headline_says_when_nothing_stands_out (void)
{
  const double scores[] = { 0.1, 0.2, 0.15, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1 };
  g_autoptr (EgTraceResult) result = result_of_scores (scores);
  EgTraceGrid *grid = result->grids[0];
  const char *nothing = "Nothing in the subject or after it stands out beyond its standard error";
  grid->effect_sem[0][1] = 0.049;
  g_autofree char *out = eg_trace_grid_describe (grid);
  g_assert_true (g_str_has_prefix (out, "In the subject: restoring layer 0 at “␣Eiffel”"));
  grid->effect_sem[0][1] = 0.051;
  g_autofree char *within = eg_trace_grid_describe (grid);
  g_assert_cmpstr (within, ==, nothing);
  /* Where the differences are not known, as if the noise were another. */
  grid->effect_sem[0][1] = NAN;
  grid->sem[0][1] = 0.04;
  result->ends[0].low_sem = 0.04;
  g_autofree char *unpaired = eg_trace_grid_describe (grid);
  g_assert_cmpstr (unpaired, ==, nothing);
  grid->sem[0][1] = NAN;
  grid->scores[0][1] = grid->scores[0][2] = 0.1 + 0.019 * 0.89;
  g_autofree char *little = eg_trace_grid_describe (grid);
  g_assert_cmpstr (little, ==, nothing);
}

static void
test_headline_names_no_layer_of_ties (void)
{
  const double scores[] = { 0.1, 0.2, 0.41, 0.1, 0.1, 0.1, 0.3, 0.41, 0.1, 0.1 };
  g_autoptr (EgTraceResult) result = result_of_scores (scores);
  EgTraceGrid *grid = result->grids[0];
  g_autofree char *layers = eg_trace_grid_describe (grid);
  g_assert_cmpstr (layers, ==,
                   "In the subject: restoring any of several layers at “␣Tower” brings “␣Paris” back to 41%");
  grid->scores[0][7] = 0.1;
  grid->scores[0][1] = 0.4105;
  g_autofree char *tokens = eg_trace_grid_describe (grid);
  g_assert_cmpstr (tokens, ==,
                   "In the subject: restoring layer 0 at any of several tokens brings “␣Paris” back to 41%");
  grid->scores[0][1] = 0.412;
  g_autofree char *none = eg_trace_grid_describe (grid);
  g_assert_true (g_str_has_prefix (none, "In the subject: restoring layer 0 at “␣Eiffel” brings"));
}

/* Layers, knockouts and other metrics have sentences of their own. */
static void
test_headlines_of_sweeps_and_metrics (void)
{
  const double scores[] = { 0.2, 0.5, 0, 0, 0, 0, 0, 0, 0, 0 };
  g_autoptr (EgTraceResult) result = result_of_scores (scores);
  EgTraceGrid *grid = result->grids[0];
  grid->n_tokens = 1;
  request_of (result)->sweep = EG_SWEEP_LAYERS;
  g_autofree char *layers = eg_trace_grid_describe (grid);
  g_assert_cmpstr (layers, ==, "Most important: restoring layer 1 brings “␣Paris” back to 50%");
  result->metrics[0] = request_of (result)->metric = EG_METRIC_KL;
  result->ends[0] = (EgTraceEnds){ .high = 0, .low = 3, .low_sem = NAN };
  grid->sem[0][0] = 0.031;
  g_autofree char *kl = eg_trace_grid_describe (grid);
  g_assert_cmpstr (
      kl, ==,
      "Most important: restoring layer 0 brings the prediction within 0.20 ± 0.03 nats of the clean one");
  result->metrics[0] = request_of (result)->metric = EG_METRIC_PROB;
  result->ends[0] = (EgTraceEnds){ .high = 0.99, .low = 0.1, .low_sem = NAN };
  grid->sem[0][0] = NAN;
  request_of (result)->direction = EG_DIRECTION_DAMAGE;
  request_of (result)->has_knockout = TRUE;
  g_autofree char *knockout = eg_trace_grid_describe (grid);
  g_assert_cmpstr (knockout, ==,
                   "Most important: cutting the state’s paths around layer 0 lowers “␣Paris” to 20%");
  grid->scores[0][0] = grid->scores[0][1] = 0.98;
  g_autofree char *nothing = eg_trace_grid_describe (grid);
  g_assert_cmpstr (nothing, ==, "Cutting these paths of the state changes next to nothing, around no layer");
}

/* A value and its error to the same decimal. */
static void
test_value_and_error_have_one_precision (void)
{
  static const struct
  {
    EgMetric metric;
    double value, sem;
    const char *text;
  } cases[] = { { EG_METRIC_PROB, 0.99, 0.003, "99.0% ± 0.3%" },
                { EG_METRIC_PROB, 0.412, 0.021, "41% ± 2%" },
                { EG_METRIC_PROB, 0.0433, 0.013, "4.3% ± 1.3%" },
                { EG_METRIC_PROB, 0.41, 0.0004, "41%" },
                { EG_METRIC_PROB, 0.41, NAN, "41%" },
                { EG_METRIC_LOGPROB, -1.534, 0.02, "−1.53 ± 0.02" },
                { EG_METRIC_KL, 0.051, 0.012, "0.05 ± 0.01" },
                { EG_METRIC_LOGIT, 123.4, 2.25, "123.4 ± 2.2" } };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = eg_metric_format_with_error (cases[i].metric, cases[i].value, cases[i].sem);
      g_assert_cmpstr (text, ==, cases[i].text);
    }
}

/* ---- beyond the runs ---- */

static void
test_fractions_are_not_cut (void)
{
  g_autoptr (EgTraceResult) result = plain_result (1, "a");
  EgTraceGrid *grid = result->grids[0];
  result->ends[0] = (EgTraceEnds){ .high = 0.6, .low = 0.1 };
  g_assert_cmpfloat_with_epsilon (eg_trace_grid_fraction (grid, 0.7), 1.2, 1e-12);
  g_assert_cmpfloat_with_epsilon (eg_trace_grid_fraction (grid, 0.05), -0.1, 1e-12);
  g_assert_cmpfloat_with_epsilon (eg_trace_grid_scale (grid, 0.05), 0.1, 1e-12);
  request_of (result)->direction = EG_DIRECTION_DAMAGE;
  g_assert_cmpfloat_with_epsilon (eg_trace_grid_fraction (grid, 0.7), -0.2, 1e-12);
  result->ends[0].low = 0.6;
  g_assert_true (isnan (eg_trace_grid_fraction (grid, 0.7)));
}

/* Two standard errors of the effect, and no less than the last digit. */
static void
test_noise_is_two_errors_of_the_effect (void)
{
  g_autoptr (EgTraceResult) result = plain_result (1, "a");
  EgTraceGrid *grid = result->grids[0];
  result->ends[0] = (EgTraceEnds){ .high = 0.6, .low = 0.1 };
  grid->scores[0][0] = 0.2;
  g_assert_false (eg_trace_grid_is_noise (grid, 0, 0));
  grid->effect_sem[0][0] = 0.051;
  g_assert_true (eg_trace_grid_is_noise (grid, 0, 0));
  grid->effect_sem[0][0] = 0.049;
  g_assert_false (eg_trace_grid_is_noise (grid, 0, 0));
  grid->effect_sem[0][0] = 0;
  grid->scores[0][0] = (double)0.1f;
  g_assert_true (eg_trace_grid_is_noise (grid, 0, 0));
}

/* How many times as much means nothing of a logarithm. */
static void
test_ratio_is_absent_where_it_means_nothing (void)
{
  const double scores[] = { 0.1, 0.2, 0.41, 0.1, 0.1, 0.1, 0.3, 0.1, 0.2, 0.985 };
  g_autoptr (EgTraceResult) result = result_of_scores (scores);
  g_autoptr (JsonNode) of_prob = eg_trace_result_to_json (result);
  g_assert_true (json_object_has_member (json_node_get_object (of_prob), "ratio"));
  result->metrics[0] = request_of (result)->metric = EG_METRIC_LOGIT;
  g_autoptr (JsonNode) of_logit = eg_trace_result_to_json (result);
  g_assert_false (json_object_has_member (json_node_get_object (of_logit), "ratio"));
}

/* Effects' errors, the date and the values of single samples come back from a file. */
static void
test_samples_are_kept (void)
{
  g_autoptr (EgTraceResult) result = sample_result ();
  request_of (result)->keep_samples = TRUE;
  result->complete = TRUE;
  result->date = g_strdup ("2026-11-29T23:59:00Z");
  eg_trace_result_keep_samples (result, 3);
  EgTraceGrid *grid = result->grids[0];
  for (gsize i = 0; i < eg_trace_grid_n_cells (grid); i++)
    grid->effect_sem[0][i] = (double)(0.01f * (float)i);
  for (gsize i = 0; i < eg_trace_grid_n_cells (grid) * 3; i++)
    grid->samples[0][i] = 0.1 * (double)i;
  for (gsize s = 0; s < 3; s++)
    result->low_samples[0][s] = 0.5 + (double)s;
  g_autoptr (EgTraceResult) again = save_and_load (result);
  g_assert_cmpuint (again->n_kept, ==, 3);
  g_assert_cmpstr (again->date, ==, result->date);
  const gsize n = eg_trace_grid_n_cells (grid);
  for (gsize i = 0; i < n * 3; i++)
    g_assert_cmpfloat (again->grids[0]->samples[0][i], ==, grid->samples[0][i]);
  for (gsize s = 0; s < 3; s++)
    g_assert_cmpfloat (again->low_samples[0][s], ==, result->low_samples[0][s]);
  for (gsize i = 0; i < n; i++)
    g_assert_cmpfloat (again->grids[0]->effect_sem[0][i], ==, grid->effect_sem[0][i]);
  g_autoptr (EgTraceResult) copy = eg_trace_result_copy (again);
  g_assert_cmpfloat (copy->grids[0]->samples[0][4], ==, 0.4);
}

static void
assert_warning (double high, double low, const char *expected)
{
  g_autoptr (EgTraceResult) result = plain_result (1, "a");
  result->ends[0].high = high;
  result->ends[0].low = low;
  g_autofree char *warning = eg_trace_result_warning (result);
  if (expected == NULL)
    g_assert_null (warning);
  else
    {
      g_assert_nonnull (warning);
      g_assert_nonnull (strstr (warning, expected));
      g_assert_nonnull (strstr (warning, "try"));
    }
}

static void
test_doubtful_traces_are_warned_of (void)
{
  assert_warning (0.99, 0.05, NULL);
  assert_warning (0.99, NAN, NULL);
  assert_warning (0.05, NAN, "unsure");
  assert_warning (0.05, 0.01, "unsure");
  assert_warning (0.5, 0.45, "hardly corrupted");
  assert_warning (0.5, 0.39, NULL);
  assert_warning (0.5, 0.5, "undefined");
  assert_warning (0.5, 0.6, "undefined");
}

/* More noise takes nothing away from a token that nobody expects. */
static void
test_unlikely_target_is_what_is_warned_of (void)
{
  g_autoptr (EgTraceResult) result = plain_result (1, "a");

  request_of (result)->target = g_strdup (" M");
  result->ends[0] = (EgTraceEnds){ .high = 1e-5, .low = 2e-5 };
  g_assert_cmpint (eg_trace_result_get_problem (result), ==, EG_TRACE_UNSURE);
  g_autofree char *warning = eg_trace_result_warning (result);
  g_assert_nonnull (strstr (warning, "another target"));
  g_assert_null (strstr (warning, "noise"));
}

/* ---- .npz ---- */

static void
test_npz_keeps_every_bit (void)
{
  g_autoptr (EgTraceResult) result = sample_result ();
  g_autoptr (EgTraceResult) again = save_and_load (result);
  assert_same_result (result, again);
}

static void
test_complete_npz_keeps_every_bit (void)
{
  g_autoptr (EgTraceResult) result = sample_result ();
  result->complete = TRUE;
  for (gsize i = 0; i < 6; i++)
    {
      result->grids[0]->scores[0][i] = (float)(0.1 * (double)i);
      result->grids[0]->sem[0][i] = (float)0.01;
      result->grids[0]->counts[i] = result->samples;
    }
  g_autoptr (EgTraceResult) again = save_and_load (result);
  assert_same_result (result, again);
}

/* Numbers that no two grids share. */
static void
fill (EgTraceGrid *self, double from)
{
  for (gsize i = 0; i < eg_trace_grid_n_cells (self); i++)
    {
      self->scores[0][i] = from + 0.01 * (double)i;
      self->sem[0][i] = from / 100 + 0.001 * (double)i;
      self->counts[i] = 1 + (guint)(i + (gsize)(from * 7)) % 10;
    }
}

static void
fill_metric (EgTraceResult *self, EgMetric metric, double step)
{
  const gsize m = eg_trace_result_add_metric (self, metric);
  for (gsize g = 0; g < self->n_grids; g++)
    for (gsize i = 0; i < eg_trace_grid_n_cells (self->grids[g]); i++)
      {
        self->grids[g]->scores[m][i] = step * (double)g - 0.1 * (double)i;
        self->grids[g]->sem[m][i] = 0.2 + step * (double)(g * i);
      }
  self->ends[m] = (EgTraceEnds){ .high = 0, .low = 3.5, .low_sem = 0.25 };
}

/* Some sites, each with its own numbers of three metrics, in a sweep of whatever shape. (transfer full) */
static EgTraceResult *
result_of_sites (EgSweep sweep, gsize n_sites)
{
  static const char *const sites[] = { "state", "resid", "B" };
  EgTraceRequest *request = eg_trace_request_new ("a “b”, \"c\"", "b");
  request->sweep = sweep;
  request->noise_level = 0.5;
  request->all_metrics = TRUE;
  g_strfreev (request->sites);
  request->sites = g_new0 (char *, n_sites + 1);
  for (gsize i = 0; i < n_sites; i++)
    request->sites[i] = g_strdup (sites[i]);
  EgTraceResult *self = eg_trace_result_new (request, sample_tokens (), 4, sites, n_sites);
  self->samples = 10;
  self->noise_std = 0.5;
  self->ends[0] = (EgTraceEnds){ .high = 0.75, .low = 0.25, .low_sem = 0.5 };
  self->seconds = 2;
  for (gsize i = 0; i < n_sites; i++)
    fill (self->grids[i], (double)(i + 1));
  fill_metric (self, EG_METRIC_KL, 1);
  fill_metric (self, EG_METRIC_RANK, 10);
  return self;
}

static void
test_npz_keeps_every_site (void)
{
  for (EgSweep sweep = 0; sweep < EG_N_SWEEPS; sweep++)
    {
      g_autoptr (EgTraceResult) result = result_of_sites (sweep, 3);
      g_autoptr (EgTraceResult) again = save_and_load (result);
      assert_same_result (result, again);
      g_assert_cmpuint (again->grids[2]->n_layers, ==, sweep == EG_SWEEP_POSITIONS ? 1 : 4);
      g_assert_cmpuint (again->grids[2]->n_tokens, ==, sweep == EG_SWEEP_LAYERS ? 1 : 3);
      g_assert_cmpint (again->request->sweep, ==, sweep);
      g_assert_cmpstrv (again->request->sites, ((const char *const[]){ "state", "resid", "B", NULL }));
      g_assert_true (again->request->all_metrics);
    }
}

static void
test_npz_keeps_a_knockout (void)
{
  g_autoptr (EgTraceResult) result = result_of_sites (EG_SWEEP_LAYERS, 1);
  g_assert_true (eg_knockout_parse ("1-2:0>1-2@3-4", &request_of (result)->knockout, NULL));
  g_assert_cmpuint (request_of (result)->knockout.head_first, ==, 3);
  g_assert_cmpuint (request_of (result)->knockout.head_end, ==, 5);
  request_of (result)->has_knockout = TRUE;
  request_of (result)->direction = EG_DIRECTION_DAMAGE;
  g_autoptr (EgTraceResult) again = save_and_load (result);
  assert_same_result (result, again);
}

/* A copy is the same, and stays so. */
static void
test_copies_do_not_change (void)
{
  g_autoptr (EgTraceResult) result = result_of_sites (EG_SWEEP_CELLS, 3);
  g_autoptr (EgTraceResult) same = result_of_sites (EG_SWEEP_CELLS, 3);
  g_autoptr (EgTraceResult) copy = eg_trace_result_copy (result);
  result->grids[1]->scores[2][0] = 99;
  result->grids[1]->counts[0] = 99;
  g_assert_true (eg_trace_request_set_sites (request_of (result), "gate", NULL));
  g_clear_pointer (&result, eg_trace_result_unref);
  assert_same_result (copy, same);
  for (gsize i = 0; i < copy->n_grids; i++)
    g_assert_true (copy->grids[i]->result == copy);
}

/* The prompt's tokens from "|" to "|", the subject's from first to last: what the request of a file says. */
static gssize
offset_of (const char *prompt, const char *subject, const char *tokens, gsize first, gsize last)
{
  g_autoptr (EgTraceResult) self = plain_result (1, tokens);

  g_free (request_of (self)->prompt);
  request_of (self)->prompt = g_strdup (prompt);
  g_free (self->tokens->subject);
  self->tokens->subject = g_strdup (subject);
  self->tokens->subject_first = first;
  self->tokens->subject_last = last;
  g_autoptr (EgTraceResult) again = save_and_load (self);
  return again->request->subject_offset;
}

static void
test_request_names_the_occurrence (void)
{
  static const char rome[] = "Is Rome in Rome?", *const tokens = "Is| Rome| in| Ro|me|?";
  g_assert_cmpint (offset_of (rome, "Rome", tokens, 1, 1), ==, -1); /* the first is meant without a number */
  g_assert_cmpint (offset_of (rome, "Rome", tokens, 3, 4), ==, 11);
  g_assert_cmpint (offset_of (rome, "om", tokens, 3, 4), ==, 12);
  /* Characters, not bytes; the space may be the subject's, too. */
  g_assert_cmpint (offset_of ("Zürich: Zürich", "Zürich", "Z|ürich|:| Zürich", 3, 3), ==, 8);
  g_assert_cmpint (offset_of ("é a, a", " a", "é| a|,| a", 3, 3), ==, 4);
  /* Tokens that are a part of a character have no text of the prompt's. */
  g_assert_cmpint (offset_of ("é Rome Rome", "Rome", "\uFFFD|\uFFFD| Rome| Rome", 3, 3), ==, -1);
}

/* Files whose sites do not fit together. */
static void
assert_sites_refused (const char *message, const char *const *sites, gsize n, gsize n_rows)
{
  g_autofree char *path = temporary ("sites.npz");
  g_autoptr (EgNpzWriter) writer = eg_npz_writer_new ();
  const double numbers[6] = { 0.5 };
  const gint64 integers[] = { 0, 1 };
  const char *const tokens[] = { "a", "b" };
  g_autoptr (GError) error = NULL;
  eg_npz_writer_add_f64 (writer, "scores", numbers, 2, (gsize[]){ 2, 2 });
  eg_npz_writer_add_f64 (writer, "scores_gate", numbers, 2, (gsize[]){ n_rows, 2 });
  eg_npz_writer_add_f64 (writer, "low_score", numbers, 0, NULL);
  eg_npz_writer_add_f64 (writer, "high_score", numbers, 0, NULL);
  eg_npz_writer_add_f64 (writer, "noise_level", numbers, 0, NULL);
  eg_npz_writer_add_strings (writer, "input_tokens", tokens, 2, FALSE);
  eg_npz_writer_add_i64 (writer, "subject_range", integers, 1, (gsize[]){ 2 });
  for (gsize i = 0; i < 3; i++)
    eg_npz_writer_add_i64 (writer, (const char *[]){ "samples", "seed", "window" }[i], integers + 1, 0, NULL);
  for (gsize i = 0; i < 3; i++)
    eg_npz_writer_add_strings (writer, (const char *[]){ "target_token", "prompt", "subject" }[i], tokens, 1,
                               TRUE);
  eg_npz_writer_add_strings (writer, "site", (const char *[]){ "mixer" }, 1, TRUE);
  eg_npz_writer_add_strings (writer, "sites", sites, n, FALSE);
  g_assert_true (eg_npz_writer_save (writer, path, NULL));
  g_autoptr (EgTraceResult) result = eg_trace_result_load_npz (path, &error);
  if (message == NULL)
    {
      g_assert_no_error (error);
      g_assert_cmpuint (result->n_grids, ==, n);
    }
  else
    {
      g_assert_null (result);
      g_test_message ("%s", error->message);
      g_assert_true (g_str_has_prefix (error->message, "sites.npz: "));
      g_assert_nonnull (strstr (error->message, message));
    }
  g_unlink (path);
}

#define ASSERT_SITES_REFUSED(message, n_rows, ...)                                                           \
  assert_sites_refused (message, (const char *[]){ __VA_ARGS__ },                                            \
                        sizeof ((const char *[]){ __VA_ARGS__ }) / sizeof (char *), n_rows)

static void
test_sites_that_do_not_fit_are_refused (void)
{
  ASSERT_SITES_REFUSED (NULL, 2, "mixer", "gate");
  ASSERT_SITES_REFUSED ("no site “bogus”", 2, "mixer", "bogus");
  ASSERT_SITES_REFUSED ("sites names gate where another site belongs", 2, "gate", "mixer");
  ASSERT_SITES_REFUSED ("sites names mixer where another site belongs", 2, "mixer", "mixer");
  ASSERT_SITES_REFUSED ("sites names gate where another site belongs", 2, "mixer", "gate", "gate");
  ASSERT_SITES_REFUSED ("it names the site ssm, but has no scores_ssm", 2, "mixer", "ssm");
  ASSERT_SITES_REFUSED ("scores_gate has shape [3, 2], but scores has shape [2, 2]", 3, "mixer", "gate");
}

static void
test_notebook_file_reads_and_saves_without_loss (void)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "golden", "example_trace.npz", NULL);
  g_autoptr (EgTraceResult) result = load (path);
  const EgTraceTokens *tokens = result->tokens;
  g_assert_cmpuint (result->grids[0]->n_layers, ==, 8);
  g_assert_cmpuint (result->grids[0]->n_tokens, ==, 12);
  g_assert_cmpstr (tokens->tokens[11], ==, " is");
  g_assert_cmpstr (tokens->target, ==, " German");
  g_assert_cmpstr (tokens->subject, ==, "Angela Merkel");
  g_assert_cmpuint (tokens->subject_first, ==, 4);
  g_assert_cmpuint (tokens->subject_last, ==, 10);
  g_assert_cmpfloat (result->ends[0].low, ==, 0.04013331979513168);
  g_assert_false (result->has_settings);
  g_assert_true (result->complete);
  g_assert_null (tokens->ids);
  g_autoptr (EgTraceResult) again = save_and_load (result);
  assert_same_result (result, again);
}

static void
test_romes_file_reads (void)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "golden", "rome", "mlp.npz", NULL);
  g_autoptr (EgTraceResult) result = load (path);
  g_assert_false (result->has_settings);
  g_assert_cmpuint (result->n_grids, ==, 1);
  g_assert_cmpstr (result->grids[0]->site, ==, "mlp");
  g_assert_cmpuint (result->request->window, >, 1);
  g_assert_cmpstr (result->request->prompt, ==, "The Space Needle is in");
  g_assert_cmpstr (result->tokens->target, ==, " Seattle");
  g_assert_true (result->complete && isnan (result->seconds));
  g_assert_cmpfloat_with_epsilon (result->ends[0].high, 0.9, 1e-6);
  g_autofree char *sentence = eg_trace_grid_describe (result->grids[0]);
  g_assert_nonnull (sentence);
}

static void
test_npz_types_are_the_documented_ones (void)
{
  g_autoptr (EgTraceResult) result = sample_result ();
  g_autofree char *path = temporary ("types.npz");
  for (gsize i = 0; i < 6; i++)
    result->grids[0]->scores[0][i] = 0.5;
  g_assert_true (eg_trace_result_save_npz (result, path, NULL));
  g_autoptr (GError) error = NULL;
  g_autofree char *bytes = NULL;
  gsize length;
  g_file_get_contents (path, &bytes, &length, &error);
  g_assert_no_error (error);
  for (gsize i = 0; i < MIN (length, 200); i++)
    bytes[i] = bytes[i] == '\0' ? ' ' : bytes[i];
  g_autoptr (EgNpz) npz = eg_npz_load (path, &error);
  g_assert_no_error (error);
  g_assert_nonnull (g_strstr_len (bytes, 200, "'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)"));
  static const char *const scalars[]
      = { "low_score", "high_score", "target_token", "prompt",        "subject", "target_id",
          "samples",   "seed",       "noise_level",  "noise_std",     "site",    "window",
          "direction", "freeze",     "model",        "engram_version" };
  for (gsize i = 0; i < G_N_ELEMENTS (scalars); i++)
    {
      g_autoptr (EgNpyArray) array = eg_npz_read (npz, scalars[i], &error);
      g_assert_no_error (error);
      g_assert_cmpuint (eg_npy_array_get_n_dims (array), ==, 0);
    }
  g_autoptr (EgNpyArray) range = eg_npz_read (npz, "subject_range", &error);
  g_assert_cmpint (eg_npy_array_get_kind (range), ==, EG_NPY_INT);
  g_autoptr (EgNpyArray) tokens = eg_npz_read (npz, "input_tokens", &error);
  g_assert_cmpint (eg_npy_array_get_kind (tokens), ==, EG_NPY_TEXT);
  g_unlink (path);
}

/* A file of the notebook's fields, one of them left out or replaced. */
typedef struct
{
  const char *field, *message;
  guint variant;
} Damage;

enum
{
  LEFT_OUT,
  OTHER_SHAPE,
  OUTSIDE,
  REVERSED,
  INFINITE,
  TEXT,
  TWO_VALUES,
  NEGATIVE,
  HUGE_SIZE,
};

static void
write_scores (EgNpzWriter *writer, guint variant)
{
  double scores[6] = { 0.1, 0.2, NAN, 0.4, 0.5, 0.6 };
  if (variant == INFINITE)
    scores[3] = INFINITY;
  if (variant == OTHER_SHAPE)
    eg_npz_writer_add_f64 (writer, "scores", scores, 2, (gsize[]){ 3, 2 });
  else if (variant == TWO_VALUES)
    eg_npz_writer_add_f64 (writer, "scores", scores, 1, (gsize[]){ 6 });
  else if (variant == TEXT)
    eg_npz_writer_add_strings (writer, "scores", (const char *[]){ "x" }, 1, TRUE);
  else if (variant == HUGE_SIZE)
    {
      g_autofree double *many = g_new0 (double, 5000 * 3);
      eg_npz_writer_add_f64 (writer, "scores", many, 2, (gsize[]){ 5000, 3 });
    }
  else
    eg_npz_writer_add_f64 (writer, "scores", scores, 2, (gsize[]){ 2, 3 });
}

static void
write_range (EgNpzWriter *writer, guint variant)
{
  gint64 range[] = { 1, 2, 2 };
  if (variant == OUTSIDE)
    range[1] = 3;
  if (variant == REVERSED)
    range[0] = 3;
  if (variant == NEGATIVE)
    range[0] = -1;
  const gsize n = variant == OTHER_SHAPE ? 3 : 2;
  eg_npz_writer_add_i64 (writer, "subject_range", range, 1, &n);
}

static void
write_damaged (const char *path, const Damage *damage)
{
  g_autoptr (EgNpzWriter) writer = eg_npz_writer_new ();
  static const char *const fields[] = { "scores",        "low_score",    "high_score", "input_tokens",
                                        "subject_range", "target_token", "prompt",     "subject" };
  const char *const tokens[] = { "a", "b", "c" };
  const double numbers[] = { 0.1, 0.9 };
  for (gsize i = 0; i < G_N_ELEMENTS (fields); i++)
    {
      const gboolean here = g_str_equal (fields[i], damage->field);
      const guint variant = here ? damage->variant : G_MAXUINT;
      if (variant == LEFT_OUT)
        continue;
      if (i == 0)
        write_scores (writer, variant);
      else if (i == 4)
        write_range (writer, variant);
      else if (variant == TEXT)
        eg_npz_writer_add_strings (writer, fields[i], tokens, 1, TRUE);
      else if (variant == TWO_VALUES)
        eg_npz_writer_add_f64 (writer, fields[i], numbers, 1, (gsize[]){ 2 });
      else if (i < 3)
        eg_npz_writer_add_f64 (writer, fields[i], &numbers[i - 1], 0, NULL);
      else
        eg_npz_writer_add_strings (writer, fields[i], tokens, i == 3 ? 3 : 1, i != 3);
    }
  if (g_str_equal (damage->field, "site"))
    {
      const gint64 one = 1;
      eg_npz_writer_add_strings (writer, "site", tokens, 1, TRUE);
      eg_npz_writer_add_i64 (writer, "samples", &one, 0, NULL);
      eg_npz_writer_add_i64 (writer, "seed", &one, 0, NULL);
      eg_npz_writer_add_i64 (writer, "window", &one, 0, NULL);
      eg_npz_writer_add_f64 (writer, "noise_level", numbers, 0, NULL);
    }
  if (g_str_equal (damage->field, "sweep"))
    eg_npz_writer_add_strings (
        writer, "sweep", damage->variant == OTHER_SHAPE ? (const char *[]){ "layers" } : tokens, 1, TRUE);
  if (g_str_equal (damage->field, "scores_sem"))
    eg_npz_writer_add_f64 (writer, "scores_sem", numbers, 2, (gsize[]){ 1, 2 });
  if (g_str_equal (damage->field, "input_ids"))
    eg_npz_writer_add_i64 (writer, "input_ids", (gint64[]){ 1, 2, -3 }, 1, (gsize[]){ 3 });
  g_assert_true (eg_npz_writer_save (writer, path, NULL));
}

static void
test_damaged_files_are_refused_by_name (void)
{
  static const Damage damages[] = {
    { "scores", "no scores", LEFT_OUT },
    { "low_score", "no low_score", LEFT_OUT },
    { "input_tokens", "no input_tokens", LEFT_OUT },
    { "subject_range", "no subject_range", LEFT_OUT },
    { "target_token", "no target_token", LEFT_OUT },
    { "prompt", "no prompt", LEFT_OUT },
    { "scores", "scores has shape [3, 2] but there are 3 tokens", OTHER_SHAPE },
    { "scores", "scores has shape [6], expected [layers, tokens]", TWO_VALUES },
    { "scores", "scores has shape [5000, 3], more than 4096 layers", HUGE_SIZE },
    { "scores", "scores holds an infinite value", INFINITE },
    { "scores", "scores", TEXT },
    { "low_score", "low_score", TEXT },
    { "low_score", "low_score has shape [2], where one value belongs", TWO_VALUES },
    { "prompt", "prompt", TWO_VALUES },
    { "subject_range", "subject_range is [1, 3], but there are 3 tokens", OUTSIDE },
    { "subject_range", "subject_range is [3, 2]", REVERSED },
    { "subject_range", "subject_range holds -1", NEGATIVE },
    { "subject_range", "subject_range has shape [3], expected [2]", OTHER_SHAPE },
    { "site", "no site “a”", G_MAXUINT },
    { "sweep", "no sweep “a”", G_MAXUINT },
    { "sweep", "scores has shape [2, 3], expected [layers]", OTHER_SHAPE },
    { "scores_sem", "scores_sem has shape [1, 2], but scores has shape [2, 3]", G_MAXUINT },
    { "input_ids", "input_ids holds -3", G_MAXUINT },
  };
  g_autofree char *path = temporary ("damaged.npz");
  const Damage none = { "", "", 0 };
  write_damaged (path, &none);
  eg_trace_result_unref (load (path));
  for (gsize i = 0; i < G_N_ELEMENTS (damages); i++)
    {
      g_autoptr (GError) error = NULL;
      write_damaged (path, &damages[i]);
      g_assert_null (eg_trace_result_load_npz (path, &error));
      g_assert_nonnull (error);
      g_test_message ("%s", error->message);
      g_assert_true (g_str_has_prefix (error->message, "damaged.npz: "));
      g_assert_nonnull (strstr (error->message, damages[i].message));
    }
  g_unlink (path);
}

static void
test_missing_file_is_an_error (void)
{
  g_autoptr (GError) error = NULL;
  g_assert_null (eg_trace_result_load_npz ("/nonexistent/trace.npz", &error));
  g_assert_error (error, EG_ERROR, EG_ERROR_NOT_FOUND);
}

/* ---- JSON and CSV ---- */

static void
assert_json_number (double value, const char *expected)
{
  g_autoptr (JsonNode) node = json_node_init_double (json_node_alloc (), value);
  g_autofree char *text = eg_json_to_text (node, FALSE);
  if (expected != NULL)
    g_assert_cmpstr (text, ==, expected);
  if (isfinite (value))
    assert_same (g_ascii_strtod (text, NULL), value);
}

static void
test_json_numbers_round_trip (void)
{
  assert_json_number (0.1, "0.1");
  assert_json_number (0.1 + 0.2, "0.30000000000000004");
  assert_json_number (1.0 / 3, "0.3333333333333333");
  assert_json_number (1, "1.0");
  assert_json_number (-0.0, "-0.0");
  assert_json_number (1e300, "1e+300");
  assert_json_number (5e-324, NULL);
  assert_json_number (1.7976931348623157e308, "1.7976931348623157e+308");
  assert_json_number (NAN, "null");
  assert_json_number (INFINITY, "null");
  for (guint i = 0; i < 10000; i++)
    {
      guint64 bits = ((guint64)g_test_rand_int () << 32) | (guint32)g_test_rand_int ();
      double value;
      memcpy (&value, &bits, sizeof value);
      assert_json_number (value, NULL);
      assert_json_number (g_test_rand_double (), NULL);
    }
}

static void
test_json_strings_are_escaped (void)
{
  JsonArray *array = json_array_new ();
  json_array_add_string_element (array, "\"\\\n\r\t\x01\x7f é🗼");
  json_array_add_string_element (array, "broken \xff byte");
  g_autoptr (JsonNode) node = json_node_init_array (json_node_alloc (), array);
  json_array_unref (array);
  g_autofree char *text = eg_json_to_text (node, FALSE);
  g_assert_cmpstr (text, ==, "[\"\\\"\\\\\\n\\r\\t\\u0001\\u007f é🗼\",\"broken \xef\xbf\xbd byte\"]");
}

static void
test_json_document_has_exactly_its_keys (void)
{
  static const char *const keys[] = { "model",
                                      "prompt",
                                      "subject",
                                      "tokens",
                                      "token_ids",
                                      "subject_range",
                                      "target",
                                      "high_score",
                                      "low_score",
                                      "low_score_sem",
                                      "samples",
                                      "seed",
                                      "noise",
                                      "metric",
                                      "site",
                                      "window",
                                      "direction",
                                      "freeze",
                                      "until_sem",
                                      "max_samples",
                                      "scores",
                                      "scores_sem",
                                      "normalized",
                                      "normalized_unclipped",
                                      "effect_sem",
                                      "most_important",
                                      "layer_average",
                                      "top_layers",
                                      "subject_average",
                                      "overall_average",
                                      "ratio",
                                      "device",
                                      "date",
                                      "seconds",
                                      NULL };
  g_autoptr (EgTraceResult) result = sample_result ();
  g_autoptr (JsonNode) node = eg_trace_result_to_json (result);
  g_autoptr (GList) names = json_object_get_members (json_node_get_object (node));
  g_assert_cmpuint (g_list_length (names), ==, g_strv_length ((char **)keys));
  guint i = 0;
  for (GList *name = names; name != NULL; name = name->next)
    g_assert_cmpstr (name->data, ==, keys[i++]);
}

static void
test_json_file_reads_back (void)
{
  g_autoptr (EgTraceResult) result = sample_result ();
  g_autofree char *path = temporary ("result.json");
  g_autoptr (GError) error = NULL;
  eg_trace_result_save_json (result, path, &error);
  g_assert_no_error (error);
  g_autoptr (JsonParser) parser = json_parser_new ();
  json_parser_load_from_file (parser, path, &error);
  g_assert_no_error (error);
  JsonObject *document = json_node_get_object (json_parser_get_root (parser));
  JsonArray *scores = json_object_get_array_member (document, "scores");
  for (guint l = 0; l < 2; l++)
    for (guint t = 0; t < 3; t++)
      assert_same (number (json_array_get_element (json_array_get_array_element (scores, l), t)),
                   eg_trace_grid_score (result->grids[0], l, t));
  g_assert_cmpstr (json_object_get_string_member (document, "prompt"), ==, result->request->prompt);
  g_assert_cmpint (json_object_get_int_member (document, "seed"), ==, G_MAXUINT32);
  g_unlink (path);
}

static void
test_csv_quotes_what_needs_it (void)
{
  g_autoptr (EgTraceResult) result = sample_result ();
  request_of (result)->direction = EG_DIRECTION_RESTORE;
  g_autofree char *path = temporary ("result.csv");
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  eg_trace_result_save_csv (result, path, &error);
  g_assert_no_error (error);
  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  const char *table = strstr (text, "\nlayer,");
  g_assert_nonnull (table);
  g_assert_true (g_str_has_prefix (text, "# "));
  g_assert_nonnull (g_strstr_len (text, table - text, "\n# samples: "));
  g_assert_nonnull (g_strstr_len (text, table - text, "\n# low_score: "));
  g_autofree char *lines = g_strndup (text, (gsize)(table - text));
  g_auto (GStrv) head = g_strsplit (lines, "\n", -1);
  for (gsize i = 0; head[i] != NULL; i++)
    g_assert_true (g_str_has_prefix (head[i], "# "));
  g_assert_cmpstr (table + 1, ==,
                   "layer,position,token,score,sem,normalized,normalized_unclipped\n"
                   "0,0,a,0.1,0.0,0.0,0.0\n"
                   "0,1,\", \"\"x\"\"\n\",,0.01,,\n"
                   "0,2,🗼é,0.3333333333333333,0.02,0.29166666666666663,0.29166666666666663\n"
                   "1,0,a,4.94065645841247e-324,0.03,0.0,-0.125\n"
                   "1,1,\", \"\"x\"\"\n\",0.30000000000000004,,0.25000000000000006,0.25000000000000006\n"
                   "1,2,🗼é,1.0,0.05,1.0,1.125\n");
  g_unlink (path);
}

static void
test_python_lines_make_the_same_request (void)
{
  static const struct
  {
    EgTraceField field;
    const char *text;
  } unusual[] = { { EG_FIELD_SAMPLES, "50" },           { EG_FIELD_NOISE_LEVEL, "1.5" },
                  { EG_FIELD_SITES, "state,mixer" },    { EG_FIELD_REPLACE, "1" },
                  { EG_FIELD_TARGET, " \"Q\"\n" },      { EG_FIELD_DEVICE, "cuda:1" },
                  { EG_FIELD_NOISE_SCALE, "embedding" } };
  g_autoptr (EgTraceResult) result = plain_result (2, "a| b| a");
  EgTraceRequest *request = (EgTraceRequest *)result->request;
  for (gsize i = 0; i < G_N_ELEMENTS (unusual); i++)
    g_assert_true (eg_trace_field_parse (unusual[i].field, request, unusual[i].text, NULL));
  g_assert_true (eg_trace_field_parse (EG_FIELD_PROMPT, request, "a \\ b a", NULL));
  g_assert_true (eg_trace_field_parse (EG_FIELD_SUBJECT, request, "a", NULL));
  result->model = g_strdup ("state-spaces/mamba-130m-hf");
  g_autofree char *code = eg_trace_result_to_python (result);
  g_assert_cmpstr (
      code, ==,
      "import engram\n"
      "model = engram.load(\"state-spaces/mamba-130m-hf\")\n"
      "result = model.trace(\"a \\\\ b a\", subject=\"a\", target=\" \\\"Q\\\"\\x0a\", noise=1.5, "
      "noise_scale=\"embedding\", replace=True, samples=50, site=\"state,mixer\", "
      "device=\"cuda:1\")\n");

  /* Steps are of an estimate, and of nothing where there is none. */
  request->estimate_steps = 5;
  g_autofree char *without = eg_trace_result_to_python (result);
  g_assert_cmpstr (without, ==, code);
  eg_trace_result_add_estimates (result);
  g_autofree char *with = eg_trace_result_to_python (result);
  g_assert_nonnull (strstr (with, "site=\"state,mixer\", estimate=True, ig=5, device=\"cuda:1\")\n"));

  /* The subject's second place is named by its tokens. */
  request->subject_offset = 6;
  result->tokens->subject_first = result->tokens->subject_last = 2;
  g_autofree char *second = eg_trace_result_to_python (result);
  g_assert_nonnull (strstr (second, "span=\"tokens:2-2\""));
  g_assert_null (strstr (second, "subject="));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/result/analysis-is-numpys", test_analysis_is_numpys);
  g_test_add_func ("/result/empty-result-has-no-best-cell", test_empty_result_has_no_best_cell);
  g_test_add_func ("/result/layer-error-is-of-the-mean", test_layer_error_is_of_the_mean);
  g_test_add_func ("/result/normalization-is-undefined-when-nothing-was-lost",
                   test_normalization_is_undefined_when_nothing_was_lost);
  g_test_add_func ("/result/doubtful-traces-are-warned-of", test_doubtful_traces_are_warned_of);
  g_test_add_func ("/result/unlikely-target-is-what-is-warned-of", test_unlikely_target_is_what_is_warned_of);
  g_test_add_func ("/result/npz-keeps-every-bit", test_npz_keeps_every_bit);
  g_test_add_func ("/result/complete-npz-keeps-every-bit", test_complete_npz_keeps_every_bit);
  g_test_add_func ("/result/npz-keeps-every-site", test_npz_keeps_every_site);
  g_test_add_func ("/result/npz-keeps-a-knockout", test_npz_keeps_a_knockout);
  g_test_add_func ("/result/copies-do-not-change", test_copies_do_not_change);
  g_test_add_func ("/result/request-names-the-subjects-occurrence", test_request_names_the_occurrence);
  g_test_add_func ("/result/sites-that-do-not-fit-are-refused", test_sites_that_do_not_fit_are_refused);
  g_test_add_func ("/result/notebook-file-reads-and-saves-without-loss",
                   test_notebook_file_reads_and_saves_without_loss);
  g_test_add_func ("/result/romes-file-reads", test_romes_file_reads);
  g_test_add_func ("/result/npz-types-are-the-documented-ones", test_npz_types_are_the_documented_ones);
  g_test_add_func ("/result/damaged-files-are-refused-by-name", test_damaged_files_are_refused_by_name);
  g_test_add_func ("/result/missing-file-is-an-error", test_missing_file_is_an_error);
  g_test_add_func ("/result/json-numbers-round-trip", test_json_numbers_round_trip);
  g_test_add_func ("/result/json-strings-are-escaped", test_json_strings_are_escaped);
  g_test_add_func ("/result/json-document-has-exactly-its-keys", test_json_document_has_exactly_its_keys);
  g_test_add_func ("/result/json-file-reads-back", test_json_file_reads_back);
  g_test_add_func ("/result/headline/leads-with-the-subject", test_headline_leads_with_the_subject);
  g_test_add_func ("/result/headline/damage", test_headline_of_damage);
  g_test_add_func ("/result/headline/nothing-stands-out", test_headline_says_when_nothing_stands_out);
  g_test_add_func ("/result/headline/ties", test_headline_names_no_layer_of_ties);
  g_test_add_func ("/result/headline/sweeps-and-metrics", test_headlines_of_sweeps_and_metrics);
  g_test_add_func ("/result/one-precision", test_value_and_error_have_one_precision);
  g_test_add_func ("/result/fractions", test_fractions_are_not_cut);
  g_test_add_func ("/result/noise", test_noise_is_two_errors_of_the_effect);
  g_test_add_func ("/result/ratio", test_ratio_is_absent_where_it_means_nothing);
  g_test_add_func ("/result/samples", test_samples_are_kept);
  g_test_add_func ("/result/csv-quotes-what-needs-it", test_csv_quotes_what_needs_it);
  g_test_add_func ("/result/python-lines-make-the-same-request", test_python_lines_make_the_same_request);
  return g_test_run ();
}
