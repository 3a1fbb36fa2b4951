/* Every op of a backend beside the CPU's, as a table: backend-ops --backend cuda|cuda-host|reference
 * [--precision P]
 * [--time [--small]] Exit status 1 when an op is further from the CPU than its tolerance. */
#include "op-cases.h"

#include "engine/cuda/cuda.h"

#ifdef EG_HAVE_CUDA_HOST
#include "control.h"
const EgCudaModule *eg_cuda_module (void);
#endif

#include <math.h>
#include <stdio.h>
#include <string.h>

static EgBackend *
open_backend (const char *name, EgPrecision precision)
{
  g_autoptr (GError) error = NULL;
  if (strcmp (name, "cpu") == 0)
    return eg_backend_cpu ();
  if (strcmp (name, "reference") == 0)
    return eg_backend_reference ();
#ifdef EG_HAVE_CUDA_HOST
  if (strcmp (name, "cuda-host") == 0)
    eg_cuda_use_module (eg_cuda_module ());
#endif
  EgBackend *backend = eg_cuda_open (0, precision, &error);
  if (!backend)
    fprintf (stderr, "backend-ops: %s\n", error->message);
  return backend;
}

/* The greatest difference, relative to the largest value; infinite where there is a NaN. */
static double
worst_error (const GArray *found, const GArray *expected)
{
  double largest = 1e-30, worst = 0;
  if (found->len != expected->len)
    return INFINITY;
  for (guint i = 0; i < expected->len; i++)
    largest = fmax (largest, fabs ((double)g_array_index (expected, float, i)));
  for (guint i = 0; i < expected->len; i++)
    {
      const double difference
          = fabs ((double)g_array_index (found, float, i) - (double)g_array_index (expected, float, i));
      if (!(difference <= worst))
        worst = isnan (difference) ? INFINITY : difference;
    }
  return worst / largest;
}

static double
tolerance_of (const OpCase *it, EgPrecision precision)
{
  if (!it->multiplies || precision == EG_PRECISION_FP32)
    return it->tolerance;
  return precision == EG_PRECISION_TF32 ? 2e-3 : 2e-2;
}

/* One line of the table, as a TAP result. */
static gboolean
run_case (const OpCase *it, guint number, OpLane *lane, OpLane *cpu, EgPrecision precision)
{
  op_case_run (it, cpu);
  op_case_run (it, lane);
  const char *why = NULL;
  const gboolean works
      = !lane->backend->check || lane->backend->check (lane->stream, &why) == EG_STREAM_WORKS;
  const double error = worst_error (lane->out, cpu->out), tolerance = tolerance_of (it, precision);
  const gboolean ok = works && error <= tolerance;
  printf ("%s %u %-9s %-55s error %8.2g of %8.2g", ok ? "ok" : "not ok", number, it->op, it->shape, error,
          tolerance);
  printf ("%s%s\n", works ? "" : " ", works ? "" : why);
  fflush (stdout);
  return ok;
}

/* The same as a row of a Markdown table, with what the op reaches of the device's limits; of both, the one
 * that it is nearer to bounds it. */
static gboolean
time_case (const OpCase *it, OpLane *lane, OpLane *cpu, EgPrecision precision, const EgCudaDevice *device)
{
  op_case_run (it, cpu);
  op_case_run (it, lane);
  const double error = worst_error (lane->out, cpu->out), tolerance = tolerance_of (it, precision);
  const double bytes = it->bytes / lane->seconds, flops = it->flops / lane->seconds;
  printf ("| %s | %s | %.1f | %.1f | %.1f | ", it->op, it->shape, lane->seconds * 1e6, bytes / 1e9,
          flops / 1e9);
  if (device->bytes > 0 && device->flops > 0)
    printf ("%.0f%% | ", 100 * fmax (bytes / device->bytes, flops / device->flops));
  else
    printf ("unknown | ");
  printf ("%.2g%s |\n", error, error <= tolerance ? "" : ", TOO MUCH");
  fflush (stdout);
  return error <= tolerance;
}

static guint
time_cases (GPtrArray *cases, OpLane *lane, OpLane *cpu, EgPrecision precision)
{
  EgCudaDevice device = { 0 };
  guint n_failed = 0;
  if (eg_cuda_describe (0, &device, NULL))
    printf ("%s: at its highest clocks %.1f TFLOP/s in FP32, %.0f GB/s\n\n", device.name, device.flops / 1e12,
            device.bytes / 1e9);
  printf ("| op | shape | µs | GB/s | GFLOP/s | of the limit | error |\n|---|---|---|---|---|---|---|\n");
  for (guint i = 0; i < cases->len; i++)
    n_failed += !time_case (cases->pdata[i], lane, cpu, precision, &device);
  return n_failed;
}

int
main (int argc, char **argv)
{
  g_autofree char *name = NULL, *precision_name = NULL;
  gboolean take_time = FALSE, small = FALSE;
  int order = 0;
  const GOptionEntry entries[] = {
    { "backend", 0, 0, G_OPTION_ARG_STRING, &name, "cuda, cuda-host or reference (or cpu: against itself)",
      "NAME" },
    { "precision", 0, 0, G_OPTION_ARG_STRING, &precision_name, "fp32, tf32 or bf16", "NAME" },
    { "time", 0, 0, G_OPTION_ARG_NONE, &take_time, "Large shapes, and the time of each", NULL },
    { "small", 0, 0, G_OPTION_ARG_NONE, &small, "With --time: some of the small shapes in their place",
      NULL },
    { "order", 0, 0, G_OPTION_ARG_INT, &order,
      "cuda-host: when it does what is queued: 0 late, 1 at once, 2 copies first", "N" },
    { NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;
  EgPrecision precision = EG_PRECISION_FP32;
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error)
      || (precision_name && !eg_precision_from_name (precision_name, &precision, &error)))
    {
      fprintf (stderr, "backend-ops: %s\n", error->message);
      return 2;
    }
  EgBackend *backend = open_backend (name ? name : "cuda", precision);
  if (!backend)
    return 2;
#ifdef EG_HAVE_CUDA_HOST
  cuda_host_set_order ((CudaHostOrder)order);
#endif

  OpLane lane, cpu;
  op_lane_init (&lane, backend);
  op_lane_init (&cpu, eg_backend_cpu ());
  lane.repeats = !take_time ? 0 : small ? 1 : 20;
  g_autoptr (GPtrArray) cases = op_cases_new (take_time && !small);
  /* The other ops do not know of a precision. */
  for (guint i = cases->len; precision != EG_PRECISION_FP32 && i > 0; i--)
    if (!((OpCase *)cases->pdata[i - 1])->multiplies)
      g_ptr_array_remove_index (cases, i - 1);
  for (guint i = cases->len; take_time && small && i > 0; i--)
    if (i % 8)
      g_ptr_array_remove_index (cases, i - 1);
  guint n_failed = take_time ? time_cases (cases, &lane, &cpu, precision) : 0;
  if (!take_time)
    printf ("# %s beside cpu (%s)\n1..%u\n", backend->name, eg_backend_cpu_kernels (), cases->len);
  for (guint i = 0; !take_time && i < cases->len; i++)
    n_failed += !run_case (cases->pdata[i], i + 1, &lane, &cpu, precision);
  op_lane_clear (&lane);
  op_lane_clear (&cpu);
  eg_cuda_use_module (NULL);
  return n_failed > 0;
}
