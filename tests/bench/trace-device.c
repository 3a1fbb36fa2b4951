/* The same trace on the processor and on the first GPU: how far apart they are, and what the GPU reaches of
 * what it could. Prints a row of a Markdown table (with --header, its head first). trace-device [--model
 * FOLDER] [--precision P] [--samples N] [--processor-samples N] [--repeats N] Exit status 1 when they are
 * further apart than the tolerance. */
#include "engine/cuda/cuda.h"
#include "library/model.h"
#include "trace/plan/memory.h"
#include "trace/plan/plan.h"
#include "trace/run/trace.h"

#include <math.h>
#include <stdio.h>

typedef struct
{
  char *model, *precision;
  int samples, processor_samples, repeats;
  double tolerance;
  gboolean header;
} Options;

static EgTraceRequest *
new_request (int samples)
{
  EgTraceRequest *request = eg_trace_request_new ("The Eiffel Tower is located in", "Eiffel Tower");
  request->samples = (guint)samples;
  return request;
}

static EgTraceResult *
trace (EgModel *model, int samples, gboolean all_metrics, GError **error)
{
  g_autoptr (EgTraceRequest) request = new_request (samples);
  request->all_metrics = all_metrics;
  return eg_trace_run (model, request, NULL, NULL, NULL, error);
}

static double
worst_difference (const double *a, const double *b, gsize n)
{
  double worst = 0;
  for (gsize i = 0; i < n; i++)
    worst = fmax (worst, isnan (a[i]) || isnan (b[i]) ? INFINITY : fabs (a[i] - b[i]));
  return worst;
}

/* Of the products that the trace cannot do without; as the tracer plans it, for the rows. */
static double
needed_flops (EgModel *placed, int samples, gsize *group_rows)
{
  g_autoptr (EgTraceRequest) request = new_request (samples);
  const EgSizes *sizes = eg_model_get_sizes (placed);
  g_autoptr (EgTraceInput) input = eg_trace_input_new (request, placed, NULL, NULL);
  const EgGrid grid = eg_grid_of_input (request, placed, input);
  const EgTraceMemory memory = eg_trace_memory_plan (sizes, &grid, (gsize)samples);
  *group_rows = eg_trace_group_rows (eg_model_get_network (placed), memory.bytes);
  g_autoptr (EgPlan) plan = eg_plan_new (&grid, (gsize)samples, memory.samples_at_once, NULL);
  const EgPlanCosts costs = eg_plan_costs_of (eg_model_get_family (placed), sizes);
  return eg_plan_needed_flops (plan, &costs);
}

/* The best of some repeats, after one that brings all that is loaded once. */
static double
take_time (EgModel *placed, const Options *options, GError **error)
{
  double best = INFINITY;
  for (int i = 0; i <= options->repeats; i++)
    {
      g_autoptr (EgTraceResult) result = trace (placed, options->samples, FALSE, error);
      if (!result)
        return NAN;
      if (i > 0 || options->repeats == 0)
        best = fmin (best, result->seconds);
    }
  return best;
}

static const char head[]
    = "| model | device | weights | rows a group | processor, samples | GPU, samples | TFLOP/s | of its "
      "limit in FP32 "
      "| probabilities apart | logits apart |\n|---|---|---|---|---|---|---|---|---|---|\n";

static gboolean
run (const Options *options, GError **error)
{
  EgPrecision precision = EG_PRECISION_FP32;
  EgCudaDevice device;
  if (options->precision && !eg_precision_from_name (options->precision, &precision, error))
    return FALSE;
  EgBackend *backend = eg_cuda_open (0, precision, error);
  if (!backend || !eg_cuda_describe (0, &device, error))
    return FALSE;
  g_autoptr (EgModel) model = eg_model_open (options->model, NULL, error);
  g_autoptr (EgModel) placed = model ? eg_model_place (model, backend, error) : NULL;
  g_autoptr (EgTraceResult) expected = placed ? trace (model, options->processor_samples, TRUE, error) : NULL;
  g_autoptr (EgTraceResult) found = expected ? trace (placed, options->processor_samples, TRUE, error) : NULL;
  const double seconds = found ? take_time (placed, options, error) : NAN;
  if (isnan (seconds))
    return FALSE;

  const EgTraceGrid *a = found->grids[0], *b = expected->grids[0];
  const gsize n = eg_trace_grid_n_cells (b);
  gsize logit;
  g_assert_true (eg_trace_result_find_metric (expected, EG_METRIC_LOGIT, &logit));
  const double apart = worst_difference (a->scores[0], b->scores[0], n);
  const double logits_apart = worst_difference (a->scores[logit], b->scores[logit], n);
  gsize rows;
  const double flops = needed_flops (placed, options->samples, &rows) / seconds;
  printf ("%s| %s | %s | %s | %zu | %.3f s, %d | %.4f s, %d | %.2f | ", options->header ? head : "",
          eg_model_get_name (model), found->device,
          eg_device_weights_is_resident (eg_network_get_device_weights (eg_model_get_network (placed)))
              ? "resident"
              : "streamed",
          rows, expected->seconds, options->processor_samples, seconds, options->samples, flops / 1e12);
  if (device.flops > 0)
    printf ("%.0f%% of %.1f | ", 100 * flops / device.flops, device.flops / 1e12);
  else
    printf ("unknown | ");
  printf ("%.2g | %.2g |\n", apart, logits_apart);
  if (found->tokens->target_id == expected->tokens->target_id && apart <= options->tolerance)
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "further apart than %g, or another target",
               options->tolerance);
  return FALSE;
}

int
main (int argc, char **argv)
{
  Options options = { .samples = 10, .repeats = 3, .tolerance = 1e-5 };
  const GOptionEntry entries[] = {
    { "model", 0, 0, G_OPTION_ARG_FILENAME, &options.model, "Its folder (the demo model)", "FOLDER" },
    { "precision", 0, 0, G_OPTION_ARG_STRING, &options.precision, "fp32, tf32 or bf16", "NAME" },
    { "samples", 0, 0, G_OPTION_ARG_INT, &options.samples, "Of the trace that is timed (10)", "N" },
    { "processor-samples", 0, 0, G_OPTION_ARG_INT, &options.processor_samples, "Of those compared", "N" },
    { "repeats", 0, 0, G_OPTION_ARG_INT, &options.repeats, "Of which the fastest counts (3)", "N" },
    { "tolerance", 0, 0, G_OPTION_ARG_DOUBLE, &options.tolerance, "Of probabilities (1e-5)", "X" },
    { "header", 0, 0, G_OPTION_ARG_NONE, &options.header, "Print the table's head, too", NULL },
    { NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;
  g_option_context_add_main_entries (context, entries, NULL);
  gboolean ok = g_option_context_parse (context, &argc, &argv, &error);
  if (!options.model)
    options.model = g_build_filename (g_getenv ("ENGRAM_DATA_DIR") ? g_getenv ("ENGRAM_DATA_DIR") : "data",
                                      "demo", NULL);
  if (options.processor_samples == 0)
    options.processor_samples = options.samples;
  ok = ok && run (&options, &error);
  if (!ok)
    fprintf (stderr, "trace-device: %s\n", error->message);
  g_free (options.model);
  g_free (options.precision);
  return !ok;
}
