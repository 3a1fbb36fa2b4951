/* Estimates by the CUDA kernels, on cuda-host: the processor's numbers, whether layers stay on the device or
 * come one after another; and the processor's own where the device has no memory for them, or is lost. */
#include "control.h"
#include "golden.h"

#include "engine/cuda/cuda.h"
#include "network/device-weights.h"
#include "preview/preview.h"

#include <math.h>
#include <string.h>

const EgCudaModule *eg_cuda_module (void);

static EgTraceRequest *
make_request (EgMetric metric)
{
  EgTraceRequest *request = eg_trace_request_new ("The Eiffel Tower is in", "Eiffel Tower");
  request->samples = 2;
  request->metric = metric;
  g_assert_true (eg_trace_request_set_sites (request, "all", NULL));
  return request;
}

static EgPreview *
preview_on (EgModel *model, EgTraceRequest *request, EgDeviceKind device)
{
  g_autoptr (GError) error = NULL;
  request->device = (EgDevice){ device, 0, EG_PRECISION_FP32 };
  EgPreview *preview = eg_preview_new (model, request, NULL, &error);
  g_assert_no_error (error);
  return preview;
}

/* A backward pass is a longer way than a run: what a site's largest effect is, is known to 1e-4 of it. */
static void
compare (const EgPreview *found, const EgPreview *expected)
{
  double largest = 1e-9, worst = 0;
  const gsize n = eg_grid_n_cells (&expected->grid);
  for (gsize cell = 0; cell < n; cell++)
    largest = fmax (largest, fabs (expected->values[cell]));
  for (gsize cell = 0; cell < n; cell++)
    worst = fmax (worst, fabs (found->values[cell] - expected->values[cell]) / largest);
  g_test_message ("greatest difference %.2g", worst);
  g_assert_cmpfloat (worst, <=, 1e-4);
  g_assert_true (g_str_has_prefix (eg_model_get_device_name (found->model), "cuda"));
  g_assert_true (g_str_has_prefix (eg_model_get_device_name (expected->model), "cpu"));
}

static void
test_same (gconstpointer name)
{
  g_autoptr (EgModel) model = golden_open (name);
  for (int staged = 0; staged < 2; staged++)
    {
      g_autoptr (EgTraceRequest) request = make_request (staged ? EG_METRIC_KL : EG_METRIC_PROB);
      eg_device_weights_set_always_staged (staged);
      g_autoptr (EgPreview) expected = preview_on (model, request, EG_DEVICE_CPU);
      g_autoptr (EgPreview) found = preview_on (model, request, EG_DEVICE_CUDA);
      eg_device_weights_set_always_staged (FALSE);
      compare (found, expected);
    }
}

static void
test_fails (void)
{
  g_autoptr (EgModel) model = golden_open ("expand2");
  g_autoptr (EgTraceRequest) request = make_request (EG_METRIC_PROB);
  g_autoptr (EgPreview) expected = preview_on (model, request, EG_DEVICE_CPU);
  for (int lost = 0; lost < 2; lost++)
    {
      if (lost)
        cuda_host_lose_after (60);
      else
        cuda_host_fail_mallocs (30, 1000000);
      g_autoptr (EgPreview) found = preview_on (model, request, EG_DEVICE_CUDA);
      cuda_host_fail_mallocs (0, 0);
      cuda_host_lose_after (-1);
      g_assert_true (g_str_has_prefix (eg_model_get_device_name (found->model), "cpu"));
      const gsize n = eg_grid_n_cells (&expected->grid);
      g_assert_cmpint (memcmp (found->values, expected->values, n * sizeof *expected->values), ==, 0);
    }
}

int
main (int argc, char **argv)
{
  static const char *const models[]
      = { "expand2", "gpt2-hub", "falcon-hub", "mamba2-groups", "neox-serial", "neox-pythia", NULL };
  g_test_init (&argc, &argv, NULL);
  eg_cuda_use_module (eg_cuda_module ());
  golden_add_tests (models, "/preview/cuda/the-processors-numbers/*", test_same);
  g_test_add_func ("/preview/cuda/the-processors-own-where-the-device-fails", test_fails);
  const int status = g_test_run ();
  eg_cuda_use_module (NULL);
  return status;
}
