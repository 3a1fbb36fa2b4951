/* Every corruption's numbers against NumPy's, whole traces with every metric against PyTorch's, and what is
 * refused. */
#include "golden.h"
#include "rounding.h"

#include "core/error.h"
#include "network/workspace.h"
#include "trace/ask/noise.h"
#include "trace/result/description.h"

#include <math.h>
#include <string.h>

/* In tests/golden: what make_corruptions.py and make_gpt2.py have written, in the same form. */
static const char *const golden_files[] = { "corruptions/golden.json", "gpt2-metrics.json" };

static JsonNode *
load_golden (const char *name)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "golden", name, NULL);
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) error = NULL;
  json_parser_load_from_file (parser, path, &error);
  g_assert_no_error (error);
  return json_parser_steal_root (parser);
}

/* "text:text.txt" names a file beside the golden numbers. (transfer full) */
static char *
find_scale (const char *scale)
{
  const char *name = strchr (scale, ':');
  if (!name)
    return g_strdup (scale);
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "golden", "corruptions", name + 1, NULL);
  g_autofree char *kind = g_strndup (scale, (gsize)(name - scale));
  return g_strconcat (kind, ":", path, NULL);
}

static EgTraceRequest *
read_request (JsonObject *golden)
{
  EgTraceRequest *request = golden_request (golden);
  EgCorruption *corruption = &request->corruption;
  g_autofree char *scale = find_scale (json_object_get_string_member (golden, "noise_scale"));
  g_autoptr (GError) error = NULL;
  eg_corruption_parse_kind (corruption, json_object_get_string_member (golden, "corruption"), &error);
  g_assert_no_error (error);
  g_assert_true (eg_corruption_parse_scale (corruption, scale, NULL));
  g_assert_true (eg_corruption_parse_span (corruption, json_object_get_string_member (golden, "span"), NULL));
  corruption->replace = json_object_get_boolean_member (golden, "replace");
  if (json_object_has_member (golden, "against"))
    request->against = g_strdup (json_object_get_string_member (golden, "against"));
  request->all_metrics = TRUE;
  request->threads = 2;
  return request;
}

typedef void (*TraceFunc) (EgModel *model, JsonObject *golden);

static void
for_traces_of (const char *name, TraceFunc func)
{
  g_autoptr (JsonNode) root = load_golden (name);
  JsonArray *models = json_object_get_array_member (json_node_get_object (root), "models");
  for (guint m = 0; m < json_array_get_length (models); m++)
    {
      JsonObject *golden = json_array_get_object_element (models, m);
      g_autoptr (EgModel) model = golden_open (json_object_get_string_member (golden, "model"));
      JsonArray *traces = json_object_get_array_member (golden, "traces");
      for (guint i = 0; i < json_array_get_length (traces); i++)
        func (model, json_array_get_object_element (traces, i));
    }
}

static void
for_traces (TraceFunc func)
{
  for (gsize i = 0; i < G_N_ELEMENTS (golden_files); i++)
    for_traces_of (golden_files[i], func);
}

static void
compare_noise (EgModel *model, JsonObject *golden)
{
  if (!json_object_has_member (golden, "noisy"))
    return;
  const gsize d = eg_model_get_sizes (model)->d_model;
  g_autoptr (EgTraceRequest) request = read_request (golden);
  g_autoptr (GError) error = NULL;
  g_autoptr (EgTraceInput) input = eg_trace_input_new (request, model, NULL, &error);
  g_assert_no_error (error);
  JsonArray *range = json_object_get_array_member (golden, "corrupted_range");
  g_assert_cmpuint (input->corrupted_first, ==, json_array_get_int_element (range, 0));
  g_assert_cmpuint (input->corrupted_last, ==, json_array_get_int_element (range, 1));

  g_autoptr (EgWorkspace) workspace = eg_workspace_new (eg_model_get_network (model), 1);
  float *rows = eg_workspace_embed (workspace, input->ids, input->n_tokens, &error);
  g_assert_no_error (error);
  const float *from = rows + input->corrupted_first * d;
  const gsize n_rows = input->corrupted_last - input->corrupted_first + 1;
  g_autoptr (EgNoise) noise = eg_noise_new (model, &request->corruption, request->noise_level, request->seed,
                                            from, n_rows, NULL, &error);
  g_assert_no_error (error);
  if (!json_object_get_null_member (golden, "noise_std"))
    rounding_assert_near (eg_noise_get_std (noise), json_object_get_double_member (golden, "noise_std"),
                          1e-7);
  JsonArray *samples = json_object_get_array_member (golden, "noisy");
  g_autofree float *to = g_new (float, n_rows *d);
  for (guint s = 0; s < request->samples; s++)
    {
      JsonArray *expected = json_array_get_array_element (samples, s);
      g_assert_cmpuint (json_array_get_length (expected), ==, n_rows * d);
      eg_noise_draw (noise, from, to);
      for (gsize i = 0; i < n_rows * d; i++)
        rounding_assert_near ((double)to[i], golden_number (expected, i), 2e-6 * (1 + fabs ((double)to[i])));
    }
  EgBackend *be = eg_network_get_backend (eg_model_get_network (model));
  be->release (be, rows);
}

static void
test_noise (void)
{
  for_traces (compare_noise);
}

static void
compare_matrix (const EgTraceGrid *grid, const double *found, JsonArray *expected, double tolerance)
{
  g_assert_cmpuint (json_array_get_length (expected), ==, grid->n_layers);
  for (gsize l = 0; l < grid->n_layers; l++)
    for (gsize t = 0; t < grid->n_tokens; t++)
      rounding_assert_near (found[l * grid->n_tokens + t],
                            golden_number (json_array_get_array_element (expected, (guint)l), t), tolerance);
}

/* A metric's own, which logits give that are larger than their difference. Ranks are whole numbers, their
 * means rounded to float32. */
static double
find_tolerance (EgModel *model, EgMetric metric, JsonObject *expected)
{
  if (metric != EG_METRIC_RANK)
    return rounding_tolerance (eg_model_get_name (model), eg_metric_get_name (metric));
  double largest = fmax (json_object_get_double_member (expected, "high_score"),
                         json_object_get_double_member (expected, "low_score"));
  JsonArray *scores = json_object_get_array_member (expected, "scores");
  for (guint l = 0; l < json_array_get_length (scores); l++)
    {
      JsonArray *row = json_array_get_array_element (scores, l);
      for (guint t = 0; t < json_array_get_length (row); t++)
        largest = fmax (largest, golden_number (row, t));
    }
  return 1e-6 * largest;
}

static void
compare_trace (EgModel *model, JsonObject *golden)
{
  g_autoptr (EgTraceRequest) request = read_request (golden);
  g_autoptr (GError) error = NULL;
  g_autoptr (EgTraceResult) result = eg_trace_run (model, request, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (result->tokens->target_id, ==, json_object_get_int_member (golden, "target_id"));
  g_assert_cmpint (result->tokens->against_id, ==, json_object_get_int_member (golden, "against_id"));
  g_assert_true (result->complete);
  JsonObject *metrics = json_object_get_object_member (golden, "metrics");
  for (EgMetric m = 0; m < EG_N_METRICS; m++)
    {
      JsonObject *expected = json_object_get_object_member (metrics, eg_metric_get_name (m));
      const double tolerance = find_tolerance (model, m, expected);
      const EgTraceGrid *grid = result->grids[0];
      gsize i;
      g_assert_true (eg_trace_result_find_metric (result, m, &i));
      g_assert_true ((i == 0) == (m == EG_METRIC_PROB));
      g_test_message ("%s of %s", eg_metric_get_name (m),
                      json_object_get_string_member (golden, "corruption"));
      rounding_assert_near (result->ends[i].high, json_object_get_double_member (expected, "high_score"),
                            tolerance);
      rounding_assert_near (result->ends[i].low, json_object_get_double_member (expected, "low_score"),
                            tolerance);
      compare_matrix (grid, grid->scores[i], json_object_get_array_member (expected, "scores"), tolerance);
      compare_matrix (grid, grid->sem[i], json_object_get_array_member (expected, "scores_sem"), tolerance);
      g_assert_true (m != EG_METRIC_KL || result->ends[i].high == 0);
    }
}

static void
test_traces (void)
{
  for_traces (compare_trace);
}

/* A metric alone has the bits that it has among all, and normalizes its own way. */
static void
test_main_metric (void)
{
  g_autoptr (EgModel) model = golden_open ("expand2");
  g_autoptr (EgTraceRequest) request = eg_trace_request_new ("The Eiffel Tower is in", "Eiffel Tower");
  request->against = g_strdup (" old");
  request->all_metrics = TRUE;
  g_autoptr (EgTraceResult) all = eg_trace_run (model, request, NULL, NULL, NULL, NULL);
  const gsize n = eg_trace_grid_n_cells (all->grids[0]);
  for (EgMetric m = 0; m < EG_N_METRICS; m++)
    {
      g_autoptr (EgTraceRequest) alone = eg_trace_request_copy (request);
      alone->all_metrics = FALSE;
      alone->metric = m;
      if (m != EG_METRIC_LOGIT_DIFF)
        g_clear_pointer (&alone->against, g_free);
      g_autoptr (EgTraceResult) result = eg_trace_run (model, alone, NULL, NULL, NULL, NULL);
      const EgTraceGrid *grid = result->grids[0], *of_all = all->grids[0];
      EgTraceEnds *ends = &result->ends[0];
      gsize i;
      g_assert_true (eg_trace_result_find_metric (all, m, &i));
      g_assert_true (memcmp (grid->scores[0], of_all->scores[i], n * sizeof (double)) == 0);
      g_assert_true (memcmp (grid->sem[0], of_all->sem[i], n * sizeof (double)) == 0);
      g_assert_true (ends->low == all->ends[i].low);
      g_assert_cmpfloat (eg_trace_grid_normalize (grid, ends->high), ==, 1);
      g_assert_cmpfloat (eg_trace_grid_normalize (grid, ends->low), ==, 0);
      const double middle = (ends->high + ends->low) / 2;
      g_assert_cmpfloat_with_epsilon (eg_trace_grid_normalize (grid, middle), 0.5, 1e-12);
      ends->low = ends->high;
      g_assert_true (isnan (eg_trace_grid_normalize (grid, middle)));
      g_autofree char *warning = eg_trace_result_warning (result);
      g_assert_nonnull (strstr (warning, "normalized scores are undefined"));
    }
}

/* What a request says beside prompt and subject, and the sentence that refuses it. */
typedef struct
{
  const char *corruption, *scale, *span, *against, *sentence;
  gboolean replace;
  EgMetric metric;
  double until_sem;
} Nonsense;

static void
test_refused (void)
{
  static const Nonsense cases[] = {
    { "swap:Eiffel Tower", NULL, NULL, NULL, "Nothing would be corrupted", FALSE, EG_METRIC_PROB, 0 },
    { "swap:Rome", "absolute", NULL, NULL, "draws no noise", FALSE, EG_METRIC_PROB, 0 },
    { "swap:Rome", NULL, NULL, NULL, "draws no noise", TRUE, EG_METRIC_PROB, 0 },
    { "swap:Rome", NULL, "all", NULL, "Only the subject can be swapped", FALSE, EG_METRIC_PROB, 0 },
    { "swap:Rome", NULL, NULL, NULL, "makes one run", FALSE, EG_METRIC_PROB, 0.1 },
    { "student-t:2", NULL, NULL, NULL, "must be above 2", FALSE, EG_METRIC_PROB, 0 },
    { "student-t:nan", NULL, NULL, NULL, "must be above 2", FALSE, EG_METRIC_PROB, 0 },
    { "multivariate", NULL, NULL, NULL, "name it by the noise scale text:FILE", FALSE, EG_METRIC_PROB, 0 },
    { "uniform", "text:a.txt", NULL, NULL, "not to uniform", FALSE, EG_METRIC_PROB, 0 },
    { "gaussian", "subjects:/none", NULL, NULL, "/none", FALSE, EG_METRIC_PROB, 0 },
    { "gaussian", NULL, "tokens:5-7", NULL, "the prompt’s last is token 6", FALSE, EG_METRIC_PROB, 0 },
    { "gaussian", NULL, NULL, " old", "for the metric logit-diff alone", FALSE, EG_METRIC_KL, 0 },
    { "gaussian", NULL, NULL, NULL, "needs the token against which", FALSE, EG_METRIC_LOGIT_DIFF, 0 },
  };
  g_autoptr (EgModel) model = golden_open ("expand2");
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const Nonsense *it = &cases[i];
      g_autoptr (EgTraceRequest) request = eg_trace_request_new ("The Eiffel Tower is in", "Eiffel Tower");
      EgCorruption *corruption = &request->corruption;
      g_assert_true (eg_corruption_parse_kind (corruption, it->corruption, NULL));
      g_assert_true (!it->scale || eg_corruption_parse_scale (corruption, it->scale, NULL));
      g_assert_true (!it->span || eg_corruption_parse_span (corruption, it->span, NULL));
      corruption->replace = it->replace;
      request->against = g_strdup (it->against);
      request->metric = it->metric;
      request->until_sem = it->until_sem;
      g_autoptr (GError) error = NULL;
      g_assert_null (eg_trace_run (model, request, NULL, NULL, NULL, &error));
      g_assert_nonnull (error);
      if (!strstr (error->message, it->sentence))
        g_error ("“%s” does not say “%s”", error->message, it->sentence);
    }

  /* Noise too small to change a float32. */
  g_autoptr (EgTraceRequest) request = eg_trace_request_new ("The Eiffel Tower is in", "Eiffel Tower");
  request->noise_level = 1e-30;
  g_autoptr (GError) error = NULL;
  g_assert_null (eg_trace_run (model, request, NULL, NULL, NULL, &error));
  g_assert_nonnull (strstr (error->message, "Nothing is corrupted"));
}

/* Every setting's text reads back as itself. */
static void
test_texts (void)
{
  static const char *const kinds[] = { "gaussian", "uniform", "student-t:3.5", "multivariate", "swap:a: b" };
  static const char *const scales[] = { "prompt", "subjects:a:b.txt", "embedding", "absolute", "text:x" };
  static const char *const spans[] = { "subject", "tokens:2-4", "all" };
  static const char *const wrong[] = { "",           "gauss",     "gaussian:3",  "student-t", "student-t:x",
                                       "swap",       "swap:",     "text",        "subjects:", "tokens",
                                       "tokens:4-2", "tokens:-1", "tokens:1-2-3" };
  g_auto (EgCorruption) corruption = { 0 };
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_assert_true (eg_corruption_parse_kind (&corruption, kinds[i], NULL));
      g_assert_true (eg_corruption_parse_scale (&corruption, scales[i], NULL));
      g_assert_true (eg_corruption_parse_span (&corruption, spans[i % 3], NULL));
      g_autofree char *kind = eg_corruption_format_kind (&corruption);
      g_autofree char *scale = eg_corruption_format_scale (&corruption);
      g_autofree char *span = eg_corruption_format_span (&corruption);
      g_assert_cmpstr (kind, ==, kinds[i]);
      g_assert_cmpstr (scale, ==, scales[i]);
      g_assert_cmpstr (span, ==, spans[i % 3]);
      g_auto (EgCorruption) copy = { 0 };
      eg_corruption_copy (&corruption, &copy);
      g_assert_true (eg_corruption_equal (&corruption, &copy));
    }
  for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr (GError) error = NULL;
      g_assert_false (eg_corruption_parse_kind (&corruption, wrong[i], &error));
      g_assert_error (error, EG_ERROR, EG_ERROR_INVALID);
      g_assert_false (eg_corruption_parse_scale (&corruption, wrong[i], NULL));
      g_assert_false (eg_corruption_parse_span (&corruption, wrong[i], NULL));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/corruption/noise-is-numpy's", test_noise);
  g_test_add_func ("/corruption/traces-with-every-metric-are-pytorch's", test_traces);
  g_test_add_func ("/corruption/a-metric-alone-is-the-one-among-all", test_main_metric);
  g_test_add_func ("/corruption/nonsense-is-refused-in-a-sentence", test_refused);
  g_test_add_func ("/corruption/texts-read-back", test_texts);
  return g_test_run ();
}
