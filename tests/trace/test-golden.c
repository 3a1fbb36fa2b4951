/* Logits and whole traces against PyTorch's numbers, on odd small models. */
#include "../golden-file.h"
#include "network/mamba1/private.h"
#include "golden.h"
#include "rounding.h"

#include "network/workspace.h"
#include "trace/run/clean-run.h"
#include "trace/plan/plan.h"
#include "trace/run/predict.h"

#include <math.h>

static void
test_logits (gconstpointer name)
{
  const double tolerance = rounding_tolerance (name, "prob");
  const double of_largest = rounding_tolerance (name, "logits");
  g_autoptr (EgModel) model = golden_open (name);
  g_autoptr (JsonNode) root = golden_load (name);
  JsonArray *prompts = json_object_get_array_member (json_node_get_object (root), "logits");
  const gsize V = eg_model_get_sizes (model)->vocab_size;
  g_autofree float *logits = g_new (float, V);
  g_autoptr (EgWorkspace) workspace = eg_workspace_new (eg_model_get_network (model), 1);
  for (guint p = 0; p < json_array_get_length (prompts); p++)
    {
      JsonObject *prompt = json_array_get_object_element (prompts, p);
      JsonArray *expected = json_object_get_array_member (prompt, "logits");
      JsonArray *ids = json_object_get_array_member (prompt, "token_ids");
      g_autoptr (GError) error = NULL;
      g_autoptr (EgPrediction) prediction
          = eg_predict (model, json_object_get_string_member (prompt, "prompt"), 5, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (prediction->n_tokens, ==, json_array_get_length (ids));
      for (guint t = 0; t < prediction->n_tokens; t++)
        g_assert_cmpuint (prediction->ids[t], ==, json_array_get_int_element (ids, t));
      for (guint i = 0; i < 5; i++)
        {
          g_assert_cmpuint (prediction->predictions[i].id, ==,
                            json_array_get_int_element (json_object_get_array_member (prompt, "top_ids"), i));
          rounding_assert_near (prediction->predictions[i].probability,
                                golden_number (json_object_get_array_member (prompt, "top_probabilities"), i),
                                tolerance);
        }

      g_assert_true (eg_clean_run (workspace, prediction->ids, prediction->n_tokens, NULL, NULL, &error));
      g_assert_true (eg_workspace_logits (workspace, 0, logits, &error));
      g_assert_cmpuint (V, ==, json_array_get_length (expected));
      double largest = 0;
      for (guint v = 0; v < V; v++)
        largest = MAX (largest, fabs (golden_number (expected, v)));
      for (guint v = 0; v < V; v++)
        rounding_assert_near ((double)logits[v], golden_number (expected, v), of_largest * largest);
    }
}

static void
test_resid (gconstpointer name)
{
  const double tolerance = rounding_tolerance (name, "resid");
  g_autoptr (EgModel) model = golden_open (name);
  g_autoptr (JsonNode) root = golden_load (name);
  JsonObject *golden = json_object_get_object_member (json_node_get_object (root), "resid");
  JsonArray *ids = json_object_get_array_member (golden, "token_ids");
  JsonArray *layers = json_object_get_array_member (golden, "values");
  const gsize T = json_array_get_length (ids), d = eg_model_get_sizes (model)->d_model;
  g_autofree guint32 *tokens = g_new (guint32, T);
  for (guint t = 0; t < T; t++)
    tokens[t] = (guint32)json_array_get_int_element (ids, t);
  const EgRunShape shape = { .n_positions = T, .state_end = T, .state_step = 1 };
  g_autoptr (EgRun) run = eg_run_new (eg_model_get_network (model), &shape, NULL);
  g_autoptr (EgWorkspace) workspace = eg_workspace_new (eg_model_get_network (model), 1);
  g_assert_true (eg_clean_run (workspace, tokens, T, run, NULL, NULL));
  for (guint l = 0; l < json_array_get_length (layers); l++)
    for (guint t = 0; t < T; t++)
      {
        /* After the last layer only the last position is computed. */
        if (l + 1 == json_array_get_length (layers) && t + 1 < T)
          continue;
        JsonArray *row = json_array_get_array_element (json_array_get_array_element (layers, l), t);
        const float *found = eg_run_resid_after (run, l, t);
        for (guint i = 0; i < d; i++)
          rounding_assert_near ((double)found[i], golden_number (row, i),
                                tolerance * (1 + fabs (golden_number (row, i))));
      }
}

static void
test_traces (gconstpointer name)
{
  const double tolerance = rounding_tolerance (name, "prob");
  g_autoptr (EgModel) model = golden_open (name);
  g_autoptr (JsonNode) root = golden_load (name);
  JsonArray *traces = json_object_get_array_member (json_node_get_object (root), "traces");
  for (guint i = 0; i < json_array_get_length (traces); i++)
    {
      JsonObject *golden = json_array_get_object_element (traces, i);
      g_autoptr (EgTraceRequest) request = golden_request (golden);
      request->threads = 2;
      g_autoptr (GError) error = NULL;
      g_autoptr (EgTraceResult) result = eg_trace_run (model, request, NULL, NULL, NULL, &error);
      g_assert_no_error (error);
      JsonArray *range = json_object_get_array_member (golden, "subject_range");
      g_assert_cmpuint (result->tokens->subject_first, ==, json_array_get_int_element (range, 0));
      g_assert_cmpuint (result->tokens->subject_last, ==, json_array_get_int_element (range, 1));
      g_assert_cmpint (result->tokens->target_id, ==, json_object_get_int_member (golden, "target_id"));
      rounding_assert_near (result->noise_std, json_object_get_double_member (golden, "noise_std"), 1e-6);
      rounding_assert_near (result->ends[0].high, json_object_get_double_member (golden, "high_score"),
                            tolerance);
      rounding_assert_near (result->ends[0].low, json_object_get_double_member (golden, "low_score"),
                            tolerance);
      JsonArray *scores = json_object_get_array_member (golden, "scores");
      JsonArray *sem = json_object_get_array_member (golden, "scores_sem");
      const EgTraceGrid *grid = result->grids[0];
      g_assert_cmpuint (grid->n_layers, ==, json_array_get_length (scores));
      for (guint l = 0; l < grid->n_layers; l++)
        for (guint t = 0; t < grid->n_tokens; t++)
          {
            rounding_assert_near (eg_trace_grid_score (grid, l, t),
                                  golden_number (json_array_get_array_element (scores, l), t), tolerance);
            rounding_assert_near (eg_trace_grid_sem (grid, l, t),
                                  golden_number (json_array_get_array_element (sem, l), t), tolerance);
            g_assert_cmpuint (grid->counts[l * grid->n_tokens + t], ==, request->samples);
          }
      g_assert_true (result->complete);
    }
}

/* The plain reference backend computes the same trace: the fast kernels hide nothing. Either is as far from
 * float64 as float32 is; were the errors opposite, they would still be within a tolerance of both. */
static void
test_reference (gconstpointer name)
{
  const double tolerance = rounding_tolerance (name, "prob");
  g_autoptr (EgModel) model = golden_open (name);
  g_autoptr (EgModel) plain = golden_open (name);
  eg_network_set_backend (eg_model_get_network (plain), eg_backend_reference ());
  g_autoptr (EgTraceRequest) request = eg_trace_request_new ("The Eiffel Tower is in", "Eiffel Tower");
  request->samples = 3;
  request->window = 3;
  g_autoptr (EgTraceResult) fast = eg_trace_run (model, request, NULL, NULL, NULL, NULL);
  g_autoptr (EgTraceResult) slow = eg_trace_run (plain, request, NULL, NULL, NULL, NULL);
  for (gsize i = 0; i < eg_trace_grid_n_cells (fast->grids[0]); i++)
    rounding_assert_near (fast->grids[0]->scores[0][i], slow->grids[0]->scores[0][i], tolerance);
}

/* ---- every site, in every sweep and direction ---- */

static JsonObject *
load_document (const char *name, JsonNode **root)
{
  *root = golden_file (name);
  return json_node_get_object (*root);
}

/* Documents of families that were added later have names of their own. (transfer full) */
static char *
document_of (const char *model, const char *name)
{
  if (g_str_has_prefix (model, "falcon-") || g_str_has_prefix (model, "mamba2-"))
    return g_strdup_printf ("ssm-%s", name);
  const gboolean is_mamba = g_strv_contains (golden_models, model);
  return is_mamba ? g_strdup (name) : g_strdup_printf ("%.4s-%s", model, name);
}

/* What sites.json has of a model. */
static JsonObject *
sites_of (JsonObject *document, const char *name)
{
  return json_object_get_object_member (json_object_get_object_member (document, "models"), name);
}

static EgTraceRequest *
sites_request (JsonObject *document)
{
  EgTraceRequest *request = eg_trace_request_new (json_object_get_string_member (document, "prompt"),
                                                  json_object_get_string_member (document, "subject"));
  request->samples = (guint)json_object_get_int_member (document, "samples");
  request->noise_level = json_object_get_double_member (document, "noise_level");
  request->seed = (guint32)json_object_get_int_member (document, "seed");
  request->threads = 2;
  return request;
}

static void
assert_scores (const EgTraceResult *result, JsonObject *expected, double tolerance)
{
  JsonArray *scores = json_object_get_array_member (expected, "scores");
  g_assert_cmpuint (eg_trace_grid_n_cells (result->grids[0]), ==, json_array_get_length (scores));
  for (guint i = 0; i < json_array_get_length (scores); i++)
    rounding_assert_near (result->grids[0]->scores[0][i], golden_number (scores, i), tolerance);
  if (!json_object_has_member (expected, "sem"))
    return;
  JsonArray *sem = json_object_get_array_member (expected, "sem");
  for (guint i = 0; i < json_array_get_length (sem); i++)
    rounding_assert_near (result->grids[0]->sem[0][i], golden_number (sem, i), tolerance);
}

/* With a golden trace's site, sweep, window, direction and frozen sites. */
static EgTraceResult *
run_as_golden (EgModel *model, EgTraceRequest *request, JsonObject *trace)
{
  JsonArray *frozen = json_object_get_array_member (trace, "freeze");
  g_autoptr (GError) error = NULL;
  request->window = (guint)json_object_get_int_member (trace, "window");
  eg_trace_request_set_sites (request, json_object_get_string_member (trace, "site"), &error);
  eg_sweep_from_name (json_object_get_string_member (trace, "sweep"), &request->sweep, &error);
  eg_direction_from_name (json_object_get_string_member (trace, "direction"), &request->direction, &error);
  g_strfreev (request->freeze);
  request->freeze = g_new0 (char *, json_array_get_length (frozen) + 1);
  for (guint f = 0; f < json_array_get_length (frozen); f++)
    request->freeze[f] = g_strdup (json_array_get_string_element (frozen, f));
  g_assert_no_error (error);
  g_test_message ("%s, %s, window %u, %s, %u frozen", request->sites[0], eg_sweep_get_name (request->sweep),
                  request->window, eg_direction_get_name (request->direction),
                  json_array_get_length (frozen));
  EgTraceResult *result = eg_trace_run (model, request, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  return result;
}

static void
test_sites (gconstpointer name)
{
  const double tolerance = rounding_tolerance (name, "prob");
  g_autoptr (EgModel) model = golden_open (name);
  g_autoptr (JsonNode) root = NULL;
  g_autofree char *file = document_of (name, "sites.json");
  JsonObject *document = load_document (file, &root);
  JsonObject *golden = sites_of (document, name);
  JsonArray *traces = json_object_get_array_member (golden, "traces");
  g_assert_cmpuint (json_array_get_length (traces), >, 150);
  for (guint i = 0; i < json_array_get_length (traces); i++)
    {
      JsonObject *trace = json_array_get_object_element (traces, i);
      g_autoptr (EgTraceRequest) request = sites_request (document);
      g_autoptr (EgTraceResult) result = run_as_golden (model, request, trace);
      g_assert_cmpint (result->tokens->target_id, ==, json_object_get_int_member (golden, "target_id"));
      assert_scores (result, trace, tolerance);
    }
}

static void
test_knockouts (gconstpointer name)
{
  const double tolerance = rounding_tolerance (name, "prob");
  g_autoptr (EgModel) model = golden_open (name);
  g_autoptr (JsonNode) root = NULL;
  g_autofree char *file = document_of (name, "sites.json");
  JsonObject *document = load_document (file, &root);
  JsonArray *knockouts = json_object_get_array_member (sites_of (document, name), "knockouts");
  for (guint i = 0; i < json_array_get_length (knockouts); i++)
    {
      JsonObject *knockout = json_array_get_object_element (knockouts, i);
      g_autoptr (EgTraceRequest) request = sites_request (document);
      g_autoptr (GError) error = NULL;
      request->has_knockout = eg_knockout_parse (json_object_get_string_member (knockout, "knockout"),
                                                 &request->knockout, &error);
      request->window = (guint)json_object_get_int_member (knockout, "window");
      golden_restore (request, SELECTIVE_STATE, 0); /* of another family, it is that one's */
      request->sweep = EG_SWEEP_LAYERS;
      request->direction = EG_DIRECTION_DAMAGE;
      g_assert_no_error (error);
      g_test_message ("%s, window %u", json_object_get_string_member (knockout, "knockout"), request->window);
      g_autoptr (EgTraceResult) result = eg_trace_run (model, request, NULL, NULL, NULL, &error);
      g_assert_no_error (error);
      assert_scores (result, knockout, tolerance);
    }
}

/* A subject of another length in its place: positions are aligned from the ends, at every site, in every
 * sweep and direction. */
static void
test_swaps (gconstpointer name)
{
  const double tolerance = rounding_tolerance (name, "prob");
  g_autoptr (EgModel) model = golden_open (name);
  g_autoptr (JsonNode) root = NULL;
  g_autofree char *file = document_of (name, "swaps.json");
  JsonArray *swaps = json_object_get_array_member (load_document (file, &root), name);
  g_assert_cmpuint (json_array_get_length (swaps), ==, 6);
  for (guint i = 0; i < json_array_get_length (swaps); i++)
    {
      JsonObject *swap = json_array_get_object_element (swaps, i);
      JsonArray *traces = json_object_get_array_member (swap, "traces");
      g_autofree char *kind = g_strconcat ("swap:", json_object_get_string_member (swap, "swap"), NULL);
      g_assert_cmpuint (json_array_get_length (traces), >=, 70);
      g_test_message ("%s, %s", json_object_get_string_member (swap, "prompt"), kind);
      for (guint t = 0; t < json_array_get_length (traces); t++)
        {
          g_autoptr (EgTraceRequest) request
              = eg_trace_request_new (json_object_get_string_member (swap, "prompt"),
                                      json_object_get_string_member (swap, "subject"));
          g_assert_true (eg_corruption_parse_kind (&request->corruption, kind, NULL));
          g_autoptr (EgTraceResult) result
              = run_as_golden (model, request, json_array_get_object_element (traces, t));
          rounding_assert_near (result->ends[0].low, json_object_get_double_member (swap, "low_score"),
                                tolerance);
          rounding_assert_near (result->ends[0].high, json_object_get_double_member (swap, "high_score"),
                                tolerance);
          assert_scores (result, json_array_get_object_element (traces, t), tolerance);
        }
    }
}

static void
assert_same_network (const char *layout, const char *name)
{
  g_autofree char *folder = g_test_build_filename (G_TEST_DIST, "golden", "pytorch", layout, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (EgModel) model = eg_model_open (folder, NULL, &error);
  g_assert_no_error (error);
  g_autoptr (EgModel) twin = golden_open (name);
  g_autoptr (EgPrediction) a = eg_predict (model, "The old town of Rome", 100, NULL, NULL);
  g_autoptr (EgPrediction) b = eg_predict (twin, "The old town of Rome", 100, NULL, NULL);
  g_assert_cmpuint (a->n_predictions, ==, 100);
  for (gsize i = 0; i < a->n_predictions; i++)
    {
      g_assert_cmpuint (a->predictions[i].id, ==, b->predictions[i].id);
      g_assert_true (a->predictions[i].probability == b->predictions[i].probability);
    }
  g_assert_cmpuint (eg_model_get_n_parameters (model), ==, eg_model_get_n_parameters (twin));
}

/* The same network in the original layout of mamba_ssm: other names, a pickle, a tokenizer beside the folder.
 */
static void
test_original_layout (void)
{
  assert_same_network ("original", "expand2");
  assert_same_network ("mamba2-original", "mamba2-deep");
}

/* As Codestral's: `model.` before all names, a field that nobody reads, a bare Infinity. */
static void
test_prefixed_layout (void)
{
  assert_same_network ("mamba2-prefixed", "mamba2-deep");
}

static void
add_models (const char *const models[])
{
  golden_add_tests (models, "/golden/*/logits-are-pytorch's", test_logits);
  golden_add_tests (models, "/golden/*/traces-are-pytorch's", test_traces);
  golden_add_tests (models, "/golden/*/kernels-agree-with-the-plain-reference", test_reference);
}

int
main (int argc, char **argv)
{
  static const char *const whole[]
      = { "deep",      "expand2",     "gpt2-hub",      "gpt2-half",   "gpt2-deep", "neox-serial",
          "neox-deep", "falcon-half", "mamba2-groups", "mamba2-half", NULL };
  static const char *const swapped[]
      = { "deep", "expand2", "gpt2-hub", "neox-pythia", "falcon-half", "mamba2-groups", NULL };
  static const char *const layers[]
      = { "expand2",     "deep",      "gpt2-hub",    "gpt2-deep",     "neox-pythia",
          "neox-serial", "neox-deep", "falcon-half", "mamba2-groups", NULL };
  g_test_init (&argc, &argv, NULL);
  add_models (golden_models);
  add_models (golden_gpt2_models);
  add_models (golden_neox_models);
  golden_add_tests (whole, "/golden/*/every-site-is-pytorch's", test_sites);
  golden_add_tests (whole, "/golden/*/knockouts-are-pytorch's", test_knockouts);
  golden_add_tests (swapped, "/golden/*/swaps-of-other-lengths-are-pytorch's", test_swaps);
  golden_add_tests (layers, "/golden/*/every-layer-is-pytorch's", test_resid);
  g_test_add_func ("/golden/names-with-a-prefix-are-the-same-network", test_prefixed_layout);
  g_test_add_func ("/golden/original-layout-is-the-same-network", test_original_layout);
  return g_test_run ();
}
