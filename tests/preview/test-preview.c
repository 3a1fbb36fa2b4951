/* Estimates against PyTorch's autograd in float64 (tests/golden/make_attribution.py). */
#include "golden.h"

#include "core/error.h"
#include "network/back.h"
#include "preview/preview.h"
#include "preview/runs.h"
#include "trace/ask/site-names.h"

#include <math.h>
#include <string.h>

typedef struct
{
  JsonNode *root;
  JsonObject *document, *of_model;
  EgModel *model;
} Golden;

/* The reference's formulas, or what the processor makes of them. */
static gboolean plain;

static Golden
load (const char *name)
{
  Golden self = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "golden", "attribution.json", NULL);
  json_parser_load_from_file (parser, path, &error);
  g_assert_no_error (error);
  self.root = json_parser_steal_root (parser);
  self.document = json_node_get_object (self.root);
  self.of_model
      = json_object_get_object_member (json_object_get_object_member (self.document, "models"), name);
  self.model = golden_open (name);
  if (plain)
    eg_network_set_backend (eg_model_get_network (self.model), eg_backend_reference ());
  return self;
}

static void
clear (Golden *self)
{
  json_node_unref (self->root);
  eg_model_unref (self->model);
}

/* Of one of "dots" or of "estimates". */
static EgTraceRequest *
request_of (const Golden *self, JsonObject *entry)
{
  g_autoptr (GError) error = NULL;
  EgTraceRequest *request = eg_trace_request_new (json_object_get_string_member (self->document, "prompt"),
                                                  json_object_get_string_member (self->document, "subject"));
  request->samples = (guint)json_object_get_int_member (self->document, "samples");
  request->seed = (guint32)json_object_get_int_member (self->document, "seed");
  eg_direction_from_name (json_object_get_string_member (entry, "direction"), &request->direction, &error);
  g_assert_no_error (error);
  return request;
}

/* The runs of all samples, and a pass over them as preview.c makes it. */
static float *
dots_of (EgPreviewRuns *runs, const EgLogitsBack *metric, gsize *n_positions)
{
  g_autoptr (GError) error = NULL;
  const gsize S = runs->samples, K = runs->steps, n = S * MAX (K, 1);
  const gboolean damages = runs->grid->damages;
  g_assert_cmpuint (runs->block, ==, S);
  eg_preview_runs_take (runs, 0, S, &error);
  g_assert_no_error (error);
  g_autofree const EgRun **list = g_new0 (const EgRun *, n + S + 1);
  g_autofree EgBackPair *pairs = g_new0 (EgBackPair, n);
  /* Graded: the points, or each sample's base, which of damage is the clean run in every place. */
  for (gsize i = 0; i < n; i++)
    list[i] = K > 0 ? runs->runs[S + i] : damages ? runs->clean : runs->runs[i];
  for (gsize s = 0; s < S; s++)
    list[n + s] = runs->runs[s];
  list[n + S] = runs->clean;
  for (gsize i = 0; i < n; i++)
    {
      const gsize corrupted = n + i / MAX (K, 1);
      pairs[i] = damages ? (EgBackPair){ i, corrupted, n + S } : (EgBackPair){ i, n + S, corrupted };
    }
  EgBackPass pass = { list, n + S + 1, n, runs->first, pairs, n, *metric, G_MAXUINT32 };
  pass.metric.target = runs->meter.query.target;
  pass.metric.against = runs->meter.query.against;
  pass.metric.weights = runs->meter.weights;
  if (pass.metric.weights)
    pass.metric.weight = (float)(-1 / runs->meter.weight_sum);
  *n_positions = eg_back_count_positions (&pass);
  const EgSizes *sizes = eg_model_get_sizes (runs->model);
  float *dots
      = g_new (float, 2 * sizes->n_layers * eg_model_get_family (runs->model)->n_sites * n * *n_positions);
  eg_workspace_back (runs->workspace, &pass, dots, NULL, &error);
  g_assert_no_error (error);
  return dots;
}

static EgLogitsBack
metric_from_name (const char *name, EgMetric *metric)
{
  g_assert_true (eg_metric_from_name (name, metric, NULL));
  if (*metric == EG_METRIC_LOGPROB)
    return (EgLogitsBack){ .probability = -1, .target_part = 1 };
  if (*metric == EG_METRIC_LOGIT)
    return (EgLogitsBack){ .target_part = 1 };
  if (*metric == EG_METRIC_LOGIT_DIFF)
    return (EgLogitsBack){ .target_part = 1, .against_part = -1 };
  return (EgLogitsBack){ .probability = 1 };
}

static double worst;

/* One site's numbers, relative to the largest of them. */
static void
check_site (const char *site, JsonArray *golden, const double *found, gsize n, double tolerance)
{
  double largest = 1e-30;
  g_assert_cmpuint (json_array_get_length (golden), ==, n);
  for (gsize i = 0; i < n; i++)
    largest = MAX (largest, fabs (golden_number (golden, i)));
  for (gsize i = 0; i < n; i++)
    {
      const double distance = fabs (found[i] - golden_number (golden, i)) / largest;
      if (!(distance <= tolerance))
        g_error ("%s, number %zu: %.9g, expected %.9g", site, i, found[i], golden_number (golden, i));
      worst = MAX (worst, distance);
    }
}

/* Every site's ∇·(clean − corrupted), by the pass alone. */
static void
test_dots (gconstpointer name)
{
  Golden golden = load (name);
  const EgFamily *family = eg_model_get_family (golden.model);
  JsonArray *all = json_object_get_array_member (golden.of_model, "dots");
  worst = 0;
  for (guint i = 0; i < json_array_get_length (all); i++)
    {
      g_autoptr (GError) error = NULL;
      JsonObject *entry = json_array_get_object_element (all, i);
      g_autoptr (EgTraceRequest) request = request_of (&golden, entry);
      const EgLogitsBack metric
          = metric_from_name (json_object_get_string_member (entry, "metric"), &request->metric);
      if (request->metric == EG_METRIC_LOGIT_DIFF)
        request->against = g_strdup (json_object_get_string_member (golden.document, "against"));
      request->estimate_steps = (guint)json_object_get_int_member (entry, "steps");
      g_autoptr (EgTraceInput) input = eg_trace_input_new (request, golden.model, NULL, &error);
      g_assert_no_error (error);
      const EgGrid grid = eg_grid_of_input (request, golden.model, input);
      g_auto (EgPreviewRuns) runs = { 0 };
      eg_preview_runs_init (&runs, golden.model, request, input, &grid, NULL, &error);
      g_assert_no_error (error);
      gsize n;
      g_autofree float *dots = dots_of (&runs, &metric, &n);
      const gsize L = eg_model_get_sizes (golden.model)->n_layers, T = input->n_tokens, S = request->samples;
      const gsize K = MAX (request->estimate_steps, 1), n_out = S * K * n;
      g_assert_cmpuint (runs.meter.query.target, ==,
                        (gsize)json_object_get_int_member (golden.of_model, "target_id"));
      for (EgSite site = 0; site < family->n_sites; site++)
        {
          JsonObject *values = json_object_get_object_member (entry, "values");
          if (!json_object_has_member (values, family->sites[site].name))
            continue;
          g_autofree double *found = g_new0 (double, L *T *S);
          for (gsize l = 0; l < L; l++)
            for (gsize t = T - n; t < T; t++)
              for (gsize s = 0; s < S; s++)
                for (gsize k = 0; k < K; k++)
                  found[(l * T + t) * S + s]
                      += (double)dots[(l * family->n_sites + site) * n_out + (s * K + k) * n + t - (T - n)]
                         / (double)K;
          check_site (family->sites[site].name,
                      json_object_get_array_member (values, family->sites[site].name), found, L * T * S,
                      1e-4);
        }
    }
  g_test_message ("farthest: %.2g of the site's largest", worst);
  clear (&golden);
}

/* Cells of every sweep, as a person gets them. */
static void
test_estimates (gconstpointer name)
{
  Golden golden = load (name);
  JsonArray *all = json_object_get_array_member (golden.of_model, "estimates");
  worst = 0;
  for (guint i = 0; i < json_array_get_length (all); i++)
    {
      g_autoptr (GError) error = NULL;
      JsonObject *entry = json_array_get_object_element (all, i);
      g_autoptr (EgTraceRequest) request = request_of (&golden, entry);
      eg_sweep_from_name (json_object_get_string_member (entry, "sweep"), &request->sweep, &error);
      g_assert_no_error (error);
      eg_trace_request_set_sites (request, json_object_get_string_member (entry, "site"), &error);
      g_assert_no_error (error);
      request->window = (guint)json_object_get_int_member (entry, "window");
      g_autoptr (EgPreview) preview = eg_preview_new (golden.model, request, NULL, &error);
      g_assert_no_error (error);
      JsonArray *values = json_object_get_array_member (entry, "values");
      for (gsize cell = 0; cell < json_array_get_length (values); cell++)
        {
          const double expected
              = preview->exact[cell]
                    ? (eg_grid_is_clean (&preview->grid, cell) ? preview->high : preview->low)
                    : golden_number (values, cell);
          if (!(fabs (preview->values[cell] - expected) <= 1e-4 * expected + 1e-9))
            g_error ("%s, %s, cell %zu: %.9g, expected %.9g", json_object_get_string_member (entry, "site"),
                     json_object_get_string_member (entry, "sweep"), cell, preview->values[cell], expected);
          worst = MAX (worst, fabs (preview->values[cell] - expected) / expected);
        }
    }
  g_test_message ("farthest: %.2g of a cell", worst);
  clear (&golden);
}

static EgPreview *
preview_of (EgModel *model, EgTraceRequest *request)
{
  g_autoptr (GError) error = NULL;
  EgPreview *preview = eg_preview_new (model, request, NULL, &error);
  g_assert_no_error (error);
  return preview;
}

static EgTraceRequest *
whole_request (void)
{
  EgTraceRequest *request = eg_trace_request_new ("The Eiffel Tower is in", "Eiffel Tower");
  request->samples = 5;
  g_assert_true (eg_trace_request_set_sites (request, "all", NULL));
  return request;
}

/* Any number of threads: the same bits; any division into blocks: last digits, where products depend on the
 * rows beside a row. */
static void
test_bits (gconstpointer name)
{
  g_autoptr (EgModel) model = golden_open (name);
  g_autoptr (EgTraceRequest) request = whole_request ();
  request->threads = 1;
  g_autoptr (EgPreview) one = preview_of (model, request);
  request->threads = 3;
  g_autoptr (EgPreview) three = preview_of (model, request);
  eg_preview_runs_set_most (2);
  g_autoptr (EgPreview) blocks = preview_of (model, request);
  eg_preview_runs_set_most (0);
  const gsize n = eg_grid_n_cells (&one->grid);
  g_assert_cmpuint (n, >, 100);
  g_assert_cmpint (memcmp (one->values, three->values, n * sizeof *one->values), ==, 0);
  for (gsize cell = 0; cell < n; cell++)
    g_assert_cmpfloat_with_epsilon (blocks->values[cell], one->values[cell], 3e-5 * one->values[cell]);
}

/* A swapped subject of another length: what has no counterpart has no estimate, and all else is a
 * probability. */
static void
test_swap (gconstpointer name)
{
  g_autoptr (EgModel) model = golden_open (name);
  for (EgDirection direction = 0; direction < EG_N_DIRECTIONS; direction++)
    {
      g_autoptr (EgTraceRequest) request = whole_request ();
      g_autoptr (GError) error = NULL;
      request->direction = direction;
      g_assert_true (eg_corruption_parse_kind (&request->corruption, "swap:Big Ben of old London", &error));
      g_autoptr (EgPreview) preview = preview_of (model, request);
      g_assert_cmpuint (preview->grid.n_corrupted, !=, preview->grid.n_tokens);
      for (gsize cell = 0; cell < eg_grid_n_cells (&preview->grid); cell++)
        if (eg_grid_is_missing (&preview->grid, cell))
          g_assert_true (isnan (preview->values[cell]));
        else
          g_assert_true (preview->values[cell] > 0 && preview->values[cell] <= 1);
      request->estimate_steps = 3;
      g_assert_null (eg_preview_new (model, request, NULL, &error));
      g_assert_error (error, EG_ERROR, EG_ERROR_INVALID);
    }
}

static void
test_plain_dots (gconstpointer name)
{
  plain = TRUE;
  test_dots (name);
  plain = FALSE;
}

static void
test_plain_estimates (gconstpointer name)
{
  plain = TRUE;
  test_estimates (name);
  plain = FALSE;
}

int
main (int argc, char **argv)
{
  static const char *const models[]
      = { "expand2",       "deep",        "gpt2-hub",    "gpt2-deep", "falcon-hub",
          "mamba2-groups", "neox-serial", "neox-pythia", NULL };
  g_test_init (&argc, &argv, NULL);
  golden_add_tests (models, "/preview/reference/gradients-are-autograd/*", test_plain_dots);
  golden_add_tests (models, "/preview/reference/cells-are-the-bounded-sums/*", test_plain_estimates);
  golden_add_tests (models, "/preview/gradients-are-autograd/*", test_dots);
  golden_add_tests (models, "/preview/cells-are-the-bounded-sums/*", test_estimates);
  golden_add_tests (models, "/preview/threads-and-blocks-change-nothing/*", test_bits);
  golden_add_tests (models, "/preview/a-swap-of-another-length-has-estimates/*", test_swap);
  return g_test_run ();
}
