/* Traces of every kind by the CUDA kernels, on cuda-host: the processor's numbers; in groups as wide as the
 * device and its memory allow; in few launches. */
#include "network/mamba1/private.h"
#include "cuda-fixture.h"
#include "rounding.h"
#include "launches.h"

#include "trace/plan/memory.h"
#include "trace/run/predict.h"

#include <math.h>
#include <string.h>

#define LARGE ((gsize)2 << 30)

/* What a request has beside its prompt. */
typedef struct
{
  const char *name;
  EgSite site;
  EgSiteSet more_sites, freeze;
  EgSweep sweep;
  EgDirection direction;
  guint window;
  const char *knockout, *corruption, *target;
  EgMetric metric;
  gboolean all_metrics;
} Kind;

static const Kind kinds[] = {
  { "all sites at once, all metrics", EG_SITE_RESID, .more_sites = (EG_SITE_BIT (SELECTIVE_N_SITES) - 1),
    .window = 1, .all_metrics = TRUE },
  { "layers", SELECTIVE_MIXER, .more_sites = (EG_SITE_BIT (SELECTIVE_N_SITES) - 1), .sweep = EG_SWEEP_LAYERS,
    .window = 2 },
  { "positions", EG_SITE_RESID, .more_sites = (EG_SITE_BIT (SELECTIVE_N_SITES) - 1),
    .sweep = EG_SWEEP_POSITIONS, .window = 1 },
  { "carry", SELECTIVE_STATE, .sweep = EG_SWEEP_CARRY, .window = 2 },
  { "damage, all sites", SELECTIVE_MIXER, .more_sites = (EG_SITE_BIT (SELECTIVE_N_SITES) - 1),
    .direction = EG_DIRECTION_DAMAGE, .window = 1 },
  { "damage of layers", SELECTIVE_STATE, .sweep = EG_SWEEP_LAYERS, .direction = EG_DIRECTION_DAMAGE,
    .window = 1 },
  { "frozen", EG_SITE_RESID, .freeze = EG_SITE_BIT (SELECTIVE_STATE) | EG_SITE_BIT (SELECTIVE_CONV_STATE),
    .window = 1 },
  { "frozen damage", SELECTIVE_CONV, .freeze = EG_SITE_BIT (SELECTIVE_SSM), .direction = EG_DIRECTION_DAMAGE,
    .window = 3 },
  { "knockout", SELECTIVE_STATE, .sweep = EG_SWEEP_LAYERS, .direction = EG_DIRECTION_DAMAGE, .window = 2,
    .knockout = "0-2:1-2>4" },
  { "window of mixers", SELECTIVE_MIXER, .window = 3 },
  { "swapped, all metrics", EG_SITE_RESID, .more_sites = EG_SITE_BIT (SELECTIVE_MIXER), .window = 1,
    .corruption = "swap:Space Needle", .all_metrics = TRUE },
  { "swapped for a longer one", EG_SITE_RESID, .window = 1, .corruption = "swap:Statue of Liberty" },
  { "damage by a longer one, all sites", EG_SITE_RESID, .more_sites = (EG_SITE_BIT (SELECTIVE_N_SITES) - 1),
    .direction = EG_DIRECTION_DAMAGE, .window = 1, .corruption = "swap:Statue of Liberty" },
  { "carried from a longer one", SELECTIVE_STATE, .sweep = EG_SWEEP_CARRY, .window = 1,
    .corruption = "swap:Statue of Liberty" },
  { "swapped, against its own answer", EG_SITE_RESID, .window = 1, .corruption = "swap:Space Needle",
    .target = " Paris", .metric = EG_METRIC_LOGIT_DIFF },
  { "restored and frozen", SELECTIVE_STATE, .freeze = EG_SITE_BIT (SELECTIVE_STATE), .window = 2 },
};

static EgTraceRequest *
request_of (const Kind *kind, const char *prompt)
{
  GError *error = NULL;
  EgTraceRequest *request = eg_trace_request_new (prompt, "Eiffel Tower");
  request->samples = 1;
  golden_restore (request, kind->site, kind->more_sites);
  golden_freeze (request, kind->freeze);
  request->sweep = kind->sweep;
  request->direction = kind->direction;
  request->window = kind->window;
  request->metric = kind->metric;
  request->all_metrics = kind->all_metrics;
  request->target = g_strdup (kind->target);
  request->has_knockout
      = kind->knockout != NULL && eg_knockout_parse (kind->knockout, &request->knockout, &error);
  g_assert_no_error (error);
  if (kind->corruption)
    eg_corruption_parse_kind (&request->corruption, kind->corruption, &error);
  g_assert_no_error (error);
  return request;
}

static void
test_kinds (void)
{
  g_autoptr (EgModel) model = cuda_open_demo ();
  g_autoptr (EgModel) placed = cuda_place (model, EG_PRECISION_FP32);
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autoptr (EgTraceRequest) request = request_of (&kinds[i], "The Eiffel Tower is in");
      g_test_message ("== %s", kinds[i].name);
      cuda_compare_traces (model, placed, request, 1e-5);
    }
}

/* (transfer full) */
static EgTraceRequest *
knock_out (EgModel *model, const char *text)
{
  const EgFamily *family = eg_model_get_family (model);
  const Kind kind
      = { .window = 1, .sweep = EG_SWEEP_LAYERS, .direction = EG_DIRECTION_DAMAGE, .knockout = text };
  EgTraceRequest *request = request_of (&kind, "The Eiffel Tower is in");
  golden_restore_in (family, request, family->knockout_site, 0);
  return request;
}

/* Cutting one head's edges: the processor's numbers, and not those of cutting all. */
static void
test_single_heads (void)
{
  static const char *const models[] = { "gpt2-deep", "neox-deep", "mamba2-groups" };
  for (gsize i = 0; i < G_N_ELEMENTS (models); i++)
    {
      g_autoptr (EgModel) model = golden_open (models[i]);
      g_autoptr (EgModel) placed = cuda_place (model, EG_PRECISION_FP32);
      g_autoptr (EgTraceRequest) one = knock_out (model, "0-1:1-2>3@1");
      g_autoptr (EgTraceRequest) all = knock_out (model, "0-1:1-2>3");
      g_test_message ("== %s", models[i]);
      cuda_compare_traces (model, placed, one, rounding_tolerance (models[i], "prob"));
      GError *error = NULL;
      g_autoptr (EgTraceResult) of_one = eg_trace_run (placed, one, NULL, NULL, NULL, &error);
      g_assert_no_error (error);
      g_autoptr (EgTraceResult) of_all = eg_trace_run (placed, all, NULL, NULL, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpfloat (fabs (of_one->grids[0]->scores[0][0] - of_all->grids[0]->scores[0][0]), >, 1e-9);
    }
}

/* A swapped run is another stream's than the clean one that it continues: whichever of the two is done first.
 */
static void
test_swaps_in_any_order (void)
{
  g_autoptr (EgModel) model = cuda_open_demo ();
  g_autoptr (EgModel) placed = cuda_place (model, EG_PRECISION_FP32);
  for (CudaHostOrder order = CUDA_HOST_AT_ONCE; order < CUDA_HOST_N_ORDERS; order++)
    {
      if (order == CUDA_HOST_COPIES_FIRST)
        continue; /* nothing is copied beside the ops */
      cuda_host_set_order (order);
      for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
        if (kinds[i].corruption && !kinds[i].more_sites)
          {
            g_autoptr (EgTraceRequest) request = request_of (&kinds[i], "The Eiffel Tower is in");
            g_test_message ("== order %d: %s", (int)order, kinds[i].name);
            cuda_compare_traces (model, placed, request, 1e-5);
          }
    }
  cuda_host_set_order (CUDA_HOST_LATE);
}

/* The first few tokens are found on the device, many are sorted on the host. */
static void
test_predictions (void)
{
  g_autoptr (EgModel) model = cuda_open_demo ();
  g_autoptr (EgModel) placed = cuda_place (model, EG_PRECISION_FP32);
  static const gsize tops[] = { 1, 5, 300, 100000 };
  for (gsize i = 0; i < G_N_ELEMENTS (tops); i++)
    {
      GError *error = NULL;
      const char *prompt = "The Eiffel Tower is located in";
      g_autoptr (EgPrediction) expected = eg_predict (model, prompt, tops[i], NULL, &error);
      g_assert_no_error (error);
      g_autoptr (EgPrediction) found = eg_predict (placed, prompt, tops[i], NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (found->n_predictions, ==, expected->n_predictions);
      for (gsize k = 0; k < expected->n_predictions; k++)
        {
          const EgPredictedToken *a = &found->predictions[k], *b = &expected->predictions[k];
          g_assert_cmpfloat_with_epsilon (a->probability, b->probability, 1e-5);
          if (k < 5)
            g_assert_cmpuint (a->id, ==, b->id);
        }
    }
}

/* ---- groups ---- */

/* The golden model, opened anew on a device of so many multiprocessors with so much memory beside the model.
 */
static EgModel *
place_on (EgModel *model, int multiprocessors, gsize n_bytes)
{
  eg_network_unplace (eg_model_get_network (model));
  cuda_host_set_multiprocessors (multiprocessors);
  cuda_host_set_memory (LARGE);
  eg_cuda_use_module (eg_cuda_module ());
  EgModel *placed = cuda_place (model, EG_PRECISION_FP32);
  if (n_bytes > 0)
    cuda_host_set_memory (cuda_host_memory_used () + n_bytes);
  return placed;
}

static void
heal (EgModel *model)
{
  eg_network_unplace (eg_model_get_network (model));
  cuda_host_set_memory (LARGE);
  cuda_host_set_multiprocessors (4);
  eg_cuda_use_module (eg_cuda_module ());
}

static EgTraceRequest *
new_request (guint samples)
{
  EgTraceRequest *request = eg_trace_request_new ("The Eiffel Tower is in", "Eiffel Tower");
  request->samples = samples;
  return request;
}

/* As the tracer makes it. */
static EgPlan *
plan_on (EgModel *placed, const EgTraceRequest *request)
{
  GError *error = NULL;
  const EgSizes *sizes = eg_model_get_sizes (placed);
  g_autoptr (EgTraceInput) input = eg_trace_input_new (request, placed, NULL, &error);
  g_assert_no_error (error);
  const EgGrid grid = eg_grid_of_input (request, placed, input);
  const EgTraceMemory memory = eg_trace_memory_plan (sizes, &grid, request->samples);
  const EgGroupSizes group_sizes
      = eg_group_sizes_of (eg_trace_group_rows (eg_model_get_network (placed), memory.bytes));
  return eg_plan_new (&grid, request->samples, memory.samples_at_once, &group_sizes);
}

static guint
count_groups (const EgPlan *plan)
{
  guint n = 0;
  for (guint r = 0; r < plan->rounds->len; r++)
    n += ((EgRound *)plan->rounds->pdata[r])->groups->len;
  return n;
}

/* Wider for a larger GPU, smaller where memory is short; the processor's have no part in it. */
static void
test_group_rows (void)
{
  g_autoptr (EgModel) model = golden_open ("deep");
  const EgSizes *sizes = eg_model_get_sizes (model);
  g_assert_cmpuint (eg_trace_group_rows (eg_model_get_network (model), 0), ==, 0);
  static const struct
  {
    int multiprocessors;
    gsize rows;
  } gpus[] = { { 4, 512 }, { 20, 1024 }, { 46, 2048 }, { 82, 4096 }, { 132, 8192 }, { 1000, 8192 } };
  for (gsize i = 0; i < G_N_ELEMENTS (gpus); i++)
    {
      g_autoptr (EgModel) placed = place_on (model, gpus[i].multiprocessors, 0);
      EgBackend *backend = eg_network_get_backend (eg_model_get_network (placed));
      g_assert_cmpuint (backend->group_rows, ==, gpus[i].rows);
      g_assert_cmpuint (eg_trace_group_rows (eg_model_get_network (placed), 0), ==, gpus[i].rows);
      /* What the runs take is not there for groups. */
      g_assert_cmpuint (eg_trace_group_rows (eg_model_get_network (placed), LARGE), ==, 128);
    }
  g_autoptr (EgModel) placed = place_on (model, 132, 0);
  EgBackend *backend = eg_network_get_backend (eg_model_get_network (placed));
  for (gsize rows = 8192; rows >= 128; rows /= 2)
    {
      const guint64 needed
          = 2 * backend->n_lanes * rows * eg_workspace_row_size (eg_model_get_family (model), sizes);
      cuda_host_set_memory (cuda_host_memory_used () + needed);
      g_assert_cmpuint (eg_trace_group_rows (eg_model_get_network (placed), 0), ==, rows);
      cuda_host_set_memory (cuda_host_memory_used () + needed - 1 - needed / 100);
      g_assert_cmpuint (eg_trace_group_rows (eg_model_get_network (placed), 0), ==, MAX (rows / 2, 128));
    }
  g_clear_pointer (&placed, eg_model_unref);
  heal (model);
}

/* With less and less memory: a few wide groups; many small ones; the processor, and a note. */
static void
test_little_memory (void)
{
  g_autoptr (EgModel) model = golden_open ("deep");
  g_autoptr (EgTraceRequest) request = new_request (6);
  GError *error = NULL;
  g_autoptr (EgTraceResult) expected = eg_trace_run (model, request, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  static const gsize mib[] = { 512, 3, 2 };
  guint groups_before = 0;
  guint64 launches_before = 0;
  for (gsize i = 0; i < G_N_ELEMENTS (mib); i++)
    {
      g_autoptr (EgModel) placed = place_on (model, 132, mib[i] << 20);
      g_autoptr (EgPlan) plan = plan_on (placed, request);
      const guint64 begin = cuda_host_launches ();
      g_autoptr (EgTraceResult) found = eg_trace_run (placed, request, NULL, NULL, NULL, &error);
      g_assert_no_error (error);
      const guint64 launches = cuda_host_launches () - begin;
      g_test_message ("%zu MiB: %zu rows, %u groups, %" G_GUINT64_FORMAT " kernels", mib[i],
                      plan->sizes.most_rows, count_groups (plan), launches);
      cuda_compare (found, expected, rounding_tolerance ("deep", "prob"));
      g_assert_true (g_str_has_prefix (found->device, "cuda:0"));
      g_assert_cmpuint (count_groups (plan), >, groups_before);
      g_assert_cmpuint (launches, >, launches_before);
      groups_before = count_groups (plan);
      launches_before = launches;
    }
  eg_network_unplace (eg_model_get_network (model));
  cuda_host_set_memory (cuda_host_memory_used () + ((gsize)256 << 10));
  request->device.kind = EG_DEVICE_CUDA;
  g_autoptr (EgTraceResult) on_processor = eg_trace_run (model, request, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  cuda_compare (on_processor, expected, 0);
  g_assert_cmpstr (on_processor->device, ==, eg_backend_cpu ()->name);
  g_assert_nonnull (strstr (on_processor->note, "memory"));
  g_assert_nonnull (strstr (on_processor->note, "The processor traced instead"));
  heal (model);
}

/* The same request on the same device: the same bits, with any number of threads. */
static void
test_threads (void)
{
  g_autoptr (EgModel) model = golden_open ("deep");
  g_autoptr (EgModel) placed = place_on (model, 20, 0);
  g_autoptr (EgTraceRequest) request = new_request (2);
  g_autoptr (EgTraceResult) first = NULL;
  for (guint threads = 1; threads <= 3; threads += 2)
    {
      GError *error = NULL;
      request->threads = threads;
      g_autoptr (EgTraceResult) found = eg_trace_run (placed, request, NULL, NULL, NULL, &error);
      g_assert_no_error (error);
      if (!first)
        first = eg_trace_result_ref (found);
      cuda_compare (found, first, 0);
    }
  g_clear_pointer (&placed, eg_model_unref);
  heal (model);
}

/* ---- launches ---- */

/* Kernels and products, and tables copied, for each layer that a trace's groups go through; all that a trace
 * does besides is counted with them. */
static void
count_calls (EgModel *placed, const EgTraceRequest *request, double *launches, double *copies)
{
  g_autoptr (EgPlan) plan = plan_on (placed, request);
  const double visits = (double)count_layer_visits (plan);
  const guint64 begin = cuda_host_launches () + cuda_host_products (), copies_begin = cuda_host_copies ();
  GError *error = NULL;
  eg_trace_result_unref (eg_trace_run (placed, request, NULL, NULL, NULL, &error));
  g_assert_no_error (error);
  *launches = (double)(cuda_host_launches () + cuda_host_products () - begin) / visits;
  *copies = (double)(cuda_host_copies () - copies_begin) / visits;
  g_test_message ("%u samples: %.0f layers in %u groups, %.1f launches and %.1f copies each",
                  request->samples, visits, count_groups (plan), *launches, *copies);
}

/* Those of in_proj and out_proj, which this model has and the published ones do not. */
#define N_BIASES 2

/* However many segments a group has. */
static void
test_launches (void)
{
  g_autoptr (EgModel) model = golden_open ("deep");
  g_autoptr (EgModel) placed = place_on (model, 132, 0);
  static const EgSite sites[] = { EG_SITE_RESID, SELECTIVE_MIXER, SELECTIVE_STATE };
  for (gsize i = 0; i < G_N_ELEMENTS (sites); i++)
    for (guint samples = 2; samples <= 6; samples += 4)
      {
        double launches, copies;
        g_autoptr (EgTraceRequest) request = new_request (samples);
        golden_restore (request, sites[i], 0);
        count_calls (placed, request, &launches, &copies);
        g_assert_cmpfloat (launches, <=, LAUNCHES_A_LAYER + N_BIASES + (sites[i] == SELECTIVE_MIXER ? 2 : 0));
        g_assert_cmpfloat (copies, <=, TABLES_A_LAYER + (sites[i] == SELECTIVE_MIXER ? 1 : 0));
      }
  g_clear_pointer (&placed, eg_model_unref);
  heal (model);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  eg_cuda_use_module (eg_cuda_module ());
  g_test_add_func ("/cuda/traces/every-kind-as-the-processor", test_kinds);
  g_test_add_func ("/cuda/traces/single-heads-as-the-processor", test_single_heads);
  g_test_add_func ("/cuda/traces/swaps-in-any-order", test_swaps_in_any_order);
  g_test_add_func ("/cuda/predictions-as-the-processor", test_predictions);
  g_test_add_func ("/cuda/groups/as-wide-as-the-device-and-its-memory-allow", test_group_rows);
  g_test_add_func ("/cuda/groups/smaller-with-less-memory-then-the-processor", test_little_memory);
  g_test_add_func ("/cuda/groups/same-bits-with-any-threads", test_threads);
  g_test_add_func ("/cuda/launches/few-a-layer", test_launches);
  const int status = g_test_run ();
  eg_cuda_use_module (NULL);
  return status;
}
