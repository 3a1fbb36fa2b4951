/* Whole traces by the CUDA kernels, on cuda-host: the processor's numbers, with weights that stay and with
 * weights that come a layer at a time; what happens when memory runs out, the device is lost, or there is
 * none. */
#include "golden.h"

#include "control.h"
#include "core/error.h"
#include "engine/cuda/cuda.h"
#include "model/model-private.h"

#include <math.h>
#include <string.h>

const EgCudaModule *eg_cuda_module (void);

#define LARGE ((gsize)2 << 30)

static EgTraceRequest *
new_request (void)
{
  EgTraceRequest *request = eg_trace_request_new ("The Eiffel Tower is located in", "Eiffel Tower");
  request->samples = 3;
  return request;
}

static EgModel *
open_demo (void)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "..", "data", "demo", NULL);
  GError *error = NULL;
  EgModel *model = eg_model_open (path, NULL, &error);
  g_assert_no_error (error);
  return model;
}

static EgModel *
place (EgModel *model, EgPrecision precision)
{
  GError *error = NULL;
  EgBackend *backend = eg_cuda_open (0, precision, &error);
  g_assert_no_error (error);
  EgModel *placed = eg_model_place (model, backend, &error);
  g_assert_no_error (error);
  return placed;
}

static void
compare (const EgTraceResult *found, const EgTraceResult *expected, double tolerance)
{
  double worst
      = fmax (fabs (found->high_score - expected->high_score), fabs (found->low_score - expected->low_score));
  for (gsize i = 0; i < expected->n_layers * expected->n_tokens; i++)
    worst = fmax (worst, isnan (found->scores[i]) ? 1 : fabs (found->scores[i] - expected->scores[i]));
  g_test_message ("greatest difference %.2g", worst);
  g_assert_cmpfloat (worst, <=, tolerance);
  g_assert_cmpint (found->target_id, ==, expected->target_id);
}

static void
compare_traces (EgModel *model, EgModel *placed, const EgTraceRequest *request, double tolerance)
{
  GError *error = NULL;
  g_autoptr (EgTraceResult) expected = eg_trace_run (model, request, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_autoptr (EgTraceResult) found = eg_trace_run (placed, request, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  compare (found, expected, tolerance);
}

/* Every site, on the demo model. */
static void
test_demo (void)
{
  g_autoptr (EgModel) model = open_demo ();
  g_autoptr (EgModel) placed = place (model, EG_PRECISION_FP32);
  g_assert_true (eg_device_weights_is_resident (eg_model_get_device_weights (placed)));
  const guint64 before = cuda_host_launches ();
  for (EgSite site = 0; site < EG_N_SITES; site++)
    {
      g_autoptr (EgTraceRequest) request = new_request ();
      request->site = site;
      request->samples = site == EG_SITE_RESID ? 2 : 1;
      compare_traces (model, placed, request, 1e-5);
    }
  g_assert_cmpuint (cuda_host_launches (), >, before + 1000);
}

/* Every golden model: other widths, types, biases, heads; windows. */
static void
test_golden_models (void)
{
  for (gsize i = 0; golden_models[i]; i++)
    {
      g_autoptr (EgModel) model = golden_open (golden_models[i]);
      g_autoptr (EgModel) placed = place (model, EG_PRECISION_FP32);
      g_autoptr (EgTraceRequest) request = eg_trace_request_new ("The Eiffel Tower is in", "Eiffel Tower");
      request->samples = 2;
      request->window = 1 + (guint)i % 3;
      compare_traces (model, placed, request, 1e-5);
    }
}

/* The order in which the device does what is queued makes no difference; nor does memory in pieces. */
static void
test_order (void)
{
  g_autoptr (EgModel) model = golden_open ("deep");
  for (int eager = 0; eager < 2; eager++)
    for (int pooled = 0; pooled < 2; pooled++)
      {
        if (pooled)
          g_unsetenv ("ENGRAM_CUDA_NO_POOL");
        else
          g_setenv ("ENGRAM_CUDA_NO_POOL", "1", TRUE);
        cuda_host_set_eager (eager);
        eg_cuda_use_module (eg_cuda_module ());
        g_autoptr (EgModel) placed = place (model, EG_PRECISION_FP32);
        g_autoptr (EgTraceRequest) request = eg_trace_request_new ("The Eiffel Tower is in", "Eiffel Tower");
        request->samples = 4;
        compare_traces (model, placed, request, 1e-5);
        g_clear_pointer (&placed, eg_model_unref);
        eg_model_unplace (model);
      }
  cuda_host_set_eager (FALSE);
}

static void
test_staged_layers (void)
{
  g_autoptr (EgModel) model = golden_open ("deep");
  for (int eager = 0; eager < 2; eager++)
    {
      cuda_host_set_eager (eager);
      eg_device_weights_set_always_staged (TRUE);
      g_autoptr (EgModel) placed = place (model, EG_PRECISION_FP32);
      eg_device_weights_set_always_staged (FALSE);
      g_assert_false (eg_device_weights_is_resident (eg_model_get_device_weights (placed)));
      g_autoptr (EgTraceRequest) request = eg_trace_request_new ("The Eiffel Tower is in", "Eiffel Tower");
      request->samples = 3;
      compare_traces (model, placed, request, 1e-5);
      g_clear_pointer (&placed, eg_model_unref);
      eg_model_unplace (model);
    }
  cuda_host_set_eager (FALSE);
}

static void
test_precisions (void)
{
  g_autoptr (EgModel) model = golden_open ("deep");
  for (EgPrecision precision = EG_PRECISION_TF32; precision <= EG_PRECISION_BF16; precision++)
    {
      g_autoptr (EgModel) placed = place (model, precision);
      g_assert_nonnull (strstr (eg_model_get_device_name (placed), eg_precision_get_name (precision)));
      g_autoptr (EgTraceRequest) request = eg_trace_request_new ("The Eiffel Tower is in", "Eiffel Tower");
      request->samples = 2;
      compare_traces (model, placed, request, precision == EG_PRECISION_TF32 ? 1e-2 : 5e-2);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  eg_cuda_use_module (eg_cuda_module ());
  g_test_add_func ("/cuda/demo-model-every-site-as-the-processor", test_demo);
  g_test_add_func ("/cuda/golden-models-as-the-processor", test_golden_models);
  g_test_add_func ("/cuda/any-order-and-pooled-memory", test_order);
  g_test_add_func ("/cuda/layers-that-come-one-after-another", test_staged_layers);
  g_test_add_func ("/cuda/precisions", test_precisions);
  const int status = g_test_run ();
  eg_cuda_use_module (NULL);
  return status;
}
