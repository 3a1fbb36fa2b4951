/* Whole traces by the CUDA kernels, on cuda-host: the processor's numbers, with weights that stay and with
 * weights that come a layer at a time; what happens when memory runs out, the device is lost, or there is
 * none. */
#include "network/mamba1/private.h"
#include "cuda-fixture.h"
#include "rounding.h"

#include "core/error.h"
#include "engine/wrap/faults.h"
#include "trace/result/description.h"
#include "trace/result/result-io.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#define LARGE ((gsize)2 << 30)

static EgTraceRequest *
new_request (void)
{
  EgTraceRequest *request = eg_trace_request_new ("The Eiffel Tower is in", "Eiffel Tower");
  request->samples = 3;
  return request;
}

/* Every site, on the demo model. */
static void
test_demo (void)
{
  g_autoptr (EgModel) model = cuda_open_demo ();
  g_autoptr (EgModel) placed = cuda_place (model, EG_PRECISION_FP32);
  g_assert_true (
      eg_device_weights_is_resident (eg_network_get_device_weights (eg_model_get_network (placed))));
  const guint64 before = cuda_host_launches ();
  for (EgSite site = 0; site < SELECTIVE_N_SITES; site++)
    {
      g_autoptr (EgTraceRequest) request = new_request ();
      golden_restore (request, site, 0);
      request->samples = site == EG_SITE_RESID ? 2 : 1;
      cuda_compare_traces (model, placed, request, 1e-5);
    }
  g_assert_cmpuint (cuda_host_launches (), >, before + 1000);
}

/* Every golden model: other widths, types, biases, heads; windows. */
static void
test_golden_model (gconstpointer name)
{
  g_autoptr (EgModel) model = golden_open (name);
  g_autoptr (EgModel) placed = cuda_place (model, EG_PRECISION_FP32);
  g_autoptr (EgTraceRequest) request = eg_trace_request_new ("The Eiffel Tower is in", "Eiffel Tower");
  request->samples = 2;
  request->window = 1 + (guint)strlen (name) % 3;
  cuda_compare_traces (model, placed, request, rounding_tolerance (name, "prob"));
}

/* Every site of a model, its weights in the device's memory or coming a layer at a time. */
static void
test_all_sites (gconstpointer name)
{
  g_autoptr (EgModel) model = golden_open (name);
  for (int staged = 0; staged < 2; staged++)
    {
      eg_device_weights_set_always_staged (staged);
      g_autoptr (EgModel) placed = cuda_place (model, EG_PRECISION_FP32);
      eg_device_weights_set_always_staged (FALSE);
      g_assert_true (
          eg_device_weights_is_resident (eg_network_get_device_weights (eg_model_get_network (placed)))
          == !staged);
      g_autoptr (EgTraceRequest) request = new_request ();
      g_assert_true (eg_trace_request_set_sites (request, "all", NULL));
      request->samples = 1;
      request->direction = staged ? EG_DIRECTION_DAMAGE : EG_DIRECTION_RESTORE;
      request->sweep = staged ? EG_SWEEP_LAYERS : EG_SWEEP_CELLS;
      request->all_metrics = TRUE;
      cuda_compare_traces (model, placed, request, rounding_tolerance (name, "prob"));
      g_clear_pointer (&placed, eg_model_unref);
      eg_network_unplace (eg_model_get_network (model));
    }
}

/* The order in which the device does what is queued makes no difference; nor does memory in pieces. */
static void
test_order (void)
{
  g_autoptr (EgModel) model = golden_open ("deep");
  for (CudaHostOrder order = CUDA_HOST_LATE; order < CUDA_HOST_N_ORDERS; order++)
    for (int pooled = 0; pooled < 2; pooled++)
      {
        if (pooled)
          g_unsetenv ("ENGRAM_CUDA_NO_POOL");
        else
          g_setenv ("ENGRAM_CUDA_NO_POOL", "1", TRUE);
        cuda_host_set_order (order);
        eg_cuda_use_module (eg_cuda_module ());
        g_autoptr (EgModel) placed = cuda_place (model, EG_PRECISION_FP32);
        g_autoptr (EgTraceRequest) request = eg_trace_request_new ("The Eiffel Tower is in", "Eiffel Tower");
        request->samples = 2;
        cuda_compare_traces (model, placed, request, rounding_tolerance ("deep", "prob"));
        g_clear_pointer (&placed, eg_model_unref);
        eg_network_unplace (eg_model_get_network (model));
      }
  cuda_host_set_order (CUDA_HOST_LATE);
  /* As meson has it: a pool's pieces would count as memory that is in use. */
  g_setenv ("ENGRAM_CUDA_NO_POOL", "1", TRUE);
  eg_cuda_use_module (eg_cuda_module ());
}

static void
test_staged_layers (gconstpointer name)
{
  g_autoptr (EgModel) model = golden_open (name);
  for (CudaHostOrder order = CUDA_HOST_LATE; order < CUDA_HOST_N_ORDERS; order++)
    {
      cuda_host_set_order (order);
      eg_device_weights_set_always_staged (TRUE);
      g_autoptr (EgModel) placed = cuda_place (model, EG_PRECISION_FP32);
      eg_device_weights_set_always_staged (FALSE);
      g_assert_false (
          eg_device_weights_is_resident (eg_network_get_device_weights (eg_model_get_network (placed))));
      g_autoptr (EgTraceRequest) request = eg_trace_request_new ("The Eiffel Tower is in", "Eiffel Tower");
      request->samples = 2;
      cuda_compare_traces (model, placed, request, rounding_tolerance (name, "prob"));
      g_clear_pointer (&placed, eg_model_unref);
      eg_network_unplace (eg_model_get_network (model));
    }
  cuda_host_set_order (CUDA_HOST_LATE);
}

static void
test_precisions (gconstpointer name)
{
  g_autoptr (EgModel) model = golden_open (name);
  for (EgPrecision precision = EG_PRECISION_TF32; precision <= EG_PRECISION_BF16; precision++)
    {
      g_autoptr (EgModel) placed = cuda_place (model, precision);
      g_assert_nonnull (strstr (eg_model_get_device_name (placed), eg_precision_get_name (precision)));
      g_autoptr (EgTraceRequest) request = eg_trace_request_new ("The Eiffel Tower is in", "Eiffel Tower");
      request->samples = 2;
      cuda_compare_traces (model, placed, request, precision == EG_PRECISION_TF32 ? 1e-2 : 5e-2);
    }
}

/* A trace of one of the golden models on the first GPU. */
static EgTraceResult *
trace_precisely (EgModel *model, EgDeviceKind kind, EgPrecision precision, GError **error)
{
  g_autoptr (EgTraceRequest) request = eg_trace_request_new ("The Eiffel Tower is in", "Eiffel Tower");
  request->samples = 2;
  request->device.kind = kind;
  request->device.precision = precision;
  return eg_trace_run (model, request, NULL, NULL, NULL, error);
}

/* What is multiplied in a lower precision says how far off it is, in every kind of file; what is not, and
 * what the processor did, does not. */
static void
test_precision_error (void)
{
  g_autoptr (EgModel) model = golden_open ("expand2");
  g_autoptr (EgTraceResult) exact = trace_precisely (model, EG_DEVICE_CUDA, EG_PRECISION_FP32, NULL);
  g_autoptr (EgTraceResult) processor = trace_precisely (model, EG_DEVICE_CPU, EG_PRECISION_BF16, NULL);
  g_assert_true (isnan (exact->precision_error));
  g_assert_true (isnan (processor->precision_error));
  g_assert_null (eg_trace_result_describe_precision (exact));
  g_autoptr (EgTraceResult) tf32 = trace_precisely (model, EG_DEVICE_CUDA, EG_PRECISION_TF32, NULL);
  g_autoptr (EgTraceResult) bf16 = trace_precisely (model, EG_DEVICE_CUDA, EG_PRECISION_BF16, NULL);
  g_test_message ("tf32: %.2g, bf16: %.2g", tf32->precision_error, bf16->precision_error);
  g_assert_cmpfloat (tf32->precision_error, >, 0);
  g_assert_cmpfloat (tf32->precision_error, <, 1e-2);
  g_assert_cmpfloat (bf16->precision_error, >, tf32->precision_error);
  g_assert_cmpfloat (bf16->precision_error, <, 5e-2);

  g_autofree char *method = eg_trace_result_describe_method (bf16, NULL);
  g_autofree char *words = eg_trace_result_describe_precision (bf16);
  g_assert_nonnull (strstr (method, words));
  g_autofree char *path = g_build_filename (g_get_tmp_dir (), "engram-precision.npz", NULL);
  g_assert_true (eg_trace_result_save_npz (bf16, path, NULL));
  g_autoptr (EgTraceResult) again = eg_trace_result_load_npz (path, NULL);
  g_assert_cmpfloat (again->precision_error, ==, bf16->precision_error);
  g_autoptr (JsonNode) json = eg_trace_result_to_json (bf16);
  g_assert_cmpfloat (json_object_get_double_member (json_node_get_object (json), "precision_error"), ==,
                     bf16->precision_error);
  g_autofree char *csv = NULL;
  g_assert_true (eg_trace_result_save_csv (bf16, path, NULL));
  g_assert_true (g_file_get_contents (path, &csv, NULL, NULL));
  g_assert_nonnull (strstr (csv, "# precision_error: "));
  g_unlink (path);
}

/* ---- what goes wrong ---- */

static EgTraceResult *
trace_on (EgModel *model, EgDeviceKind kind, GError **error)
{
  return trace_precisely (model, kind, EG_PRECISION_FP32, error);
}

static void
test_device_of_a_request (void)
{
  g_autoptr (EgModel) model = golden_open ("deep");
  g_autoptr (EgTraceResult) expected = trace_on (model, EG_DEVICE_CPU, NULL);
  g_assert_cmpstr (expected->device, ==, eg_backend_cpu ()->name);
  for (EgDeviceKind kind = EG_DEVICE_AUTO; kind <= EG_DEVICE_CUDA; kind++)
    {
      if (kind == EG_DEVICE_CPU)
        continue;
      g_autoptr (EgTraceResult) found = trace_on (model, kind, NULL);
      g_assert_cmpstr (found->device, ==, "cuda:0 (cuda-host)");
      g_assert_null (found->note);
      cuda_compare (found, expected, rounding_tolerance ("deep", "prob"));
    }
}

/* Too little for the weights, for the runs, just enough: the processor takes over, with a note. */
static void
test_little_memory (void)
{
  g_autoptr (EgModel) model = golden_open ("deep");
  g_autoptr (EgTraceResult) expected = trace_on (model, EG_DEVICE_CPU, NULL);
  static const gsize kib[] = { 64, 700, 1200, 4096 };
  eg_cuda_use_module (eg_cuda_module ()); /* with no memory of other tests at hand */
  const gsize before = cuda_host_memory_used ();
  for (gsize i = 0; i < G_N_ELEMENTS (kib); i++)
    {
      cuda_host_set_memory (before + kib[i] * 1024);
      GError *error = NULL;
      g_autoptr (EgTraceResult) found = trace_on (model, EG_DEVICE_CUDA, &error);
      g_assert_no_error (error);
      cuda_compare (found, expected, rounding_tolerance ("deep", "prob"));
      const gboolean on_cpu = i + 1 < G_N_ELEMENTS (kib);
      g_assert_cmpint (g_strcmp0 (found->device, eg_backend_cpu ()->name) == 0, ==, on_cpu);
      g_assert_cmpint (found->note != NULL, ==, on_cpu);
      if (on_cpu)
        {
          g_assert_nonnull (strstr (found->note, "memory"));
          g_assert_nonnull (strstr (found->note, "The processor traced instead"));
        }
      eg_network_unplace (eg_model_get_network (model));
      g_assert_cmpuint (cuda_host_memory_used (), ==, before);
    }
  cuda_host_set_memory (LARGE);
}

/* No memory for an array of a group: two halves of it go through, on the GPU. */
static void
test_smaller_groups (void)
{
  g_autoptr (EgModel) model = golden_open ("deep");
  g_autoptr (EgTraceResult) expected = trace_on (model, EG_DEVICE_CPU, NULL);
  const guint64 mallocs = cuda_host_mallocs (), launches = cuda_host_launches ();
  g_autoptr (EgTraceResult) whole = trace_on (model, EG_DEVICE_CUDA, NULL);
  const long n_mallocs = (long)(cuda_host_mallocs () - mallocs);
  const guint64 n_launches = cuda_host_launches () - launches;
  g_assert_nonnull (whole);
  guint n_halved = 0;
  for (long after = n_mallocs / 2; after < n_mallocs; after += MAX (n_mallocs / 12, 1))
    {
      eg_network_unplace (eg_model_get_network (model));
      const guint64 begin = cuda_host_launches ();
      cuda_host_fail_mallocs (after, 2); /* and when it is tried again */
      GError *error = NULL;
      g_autoptr (EgTraceResult) found = trace_on (model, EG_DEVICE_CUDA, &error);
      g_assert_no_error (error);
      cuda_compare (found, expected, rounding_tolerance ("deep", "prob"));
      n_halved += g_strcmp0 (found->device, eg_backend_cpu ()->name) != 0
                  && cuda_host_launches () - begin > n_launches;
      cuda_host_fail_mallocs (-1, 0);
    }
  g_test_message ("%u times in smaller groups", n_halved);
  g_assert_cmpuint (n_halved, >, 0);
}

/* Every allocation and copy of the weights' way to the device fails: said clearly, with nothing left there,
 * and the next time it works. */
static void
test_placing_fails (gconstpointer name)
{
  g_autoptr (EgModel) model = golden_open (name);
  EgBackend *be = eg_backend_faults_new (eg_cuda_open (0, EG_PRECISION_FP32, NULL));
  g_autoptr (EgModel) placed = eg_model_place (model, be, NULL);
  static const EgFaultKind kinds[] = { EG_FAULT_ALLOC, EG_FAULT_STAGE, EG_FAULT_STREAM, EG_FAULT_DOWNLOAD };
  guint64 n_calls[EG_N_FAULT_KINDS];
  for (EgFaultKind kind = 0; kind < EG_N_FAULT_KINDS; kind++)
    n_calls[kind] = eg_backend_faults_count (be, kind);
  g_assert_cmpuint (n_calls[EG_FAULT_STAGE], >, 10);
  for (gsize k = 0; k < G_N_ELEMENTS (kinds); k++)
    for (guint64 n = 0; n < n_calls[kinds[k]]; n += kinds[k] == EG_FAULT_STAGE ? 5 : 1)
      for (EgStreamState state = EG_STREAM_NO_MEMORY; state <= EG_STREAM_LOST; state++)
        {
          const EgFault fault = { .kind = kinds[k], .after = n, .state = state };
          const gboolean is_memory = kinds[k] == EG_FAULT_ALLOC || state == EG_STREAM_NO_MEMORY;
          g_autoptr (GError) error = NULL;
          g_clear_pointer (&placed, eg_model_unref);
          eg_network_unplace (eg_model_get_network (model));
          eg_backend_faults_set (be, &fault);
          g_assert_null (eg_model_place (model, be, &error));
          const int code = is_memory ? EG_ERROR_MEMORY : EG_ERROR_DEVICE;
          g_assert_error (error, EG_ERROR, code);
          g_assert_cmpuint (eg_backend_faults_live_memory (be), ==, 0);
          g_assert_cmpuint (eg_backend_faults_live_streams (be), ==, 0);
          eg_backend_faults_set (be, NULL);
          g_clear_error (&error);
          placed = eg_model_place (model, be, &error);
          g_assert_no_error (error);
        }
  g_clear_pointer (&placed, eg_model_unref);
  eg_network_unplace (eg_model_get_network (model));
  eg_backend_faults_free (be);
}

/* Lost at once, in the clean run, among the groups, near the end. */
static void
test_lost_device (void)
{
  g_autoptr (EgModel) model = golden_open ("deep");
  g_autoptr (EgTraceResult) expected = trace_on (model, EG_DEVICE_CPU, NULL);
  const guint64 begin = cuda_host_launches ();
  g_autoptr (EgTraceResult) whole = trace_on (model, EG_DEVICE_CUDA, NULL);
  const long n_launches = (long)(cuda_host_launches () - begin);
  g_assert_nonnull (whole);
  const long moments[] = { 0, 30, n_launches / 2 };
  for (gsize i = 0; i < G_N_ELEMENTS (moments); i++)
    {
      GError *error = NULL;
      cuda_host_lose_after (moments[i]);
      g_autoptr (EgTraceResult) found = trace_on (model, EG_DEVICE_CUDA, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (found->device, ==, eg_backend_cpu ()->name);
      g_assert_nonnull (strstr (found->note, "has stopped working (unspecified launch failure)"));
      cuda_compare (found, expected, 0);
      cuda_host_lose_after (-1);
      eg_network_unplace (eg_model_get_network (model));
    }
}

typedef struct
{
  int driver, n_devices, major, minor;
  gsize memory;
  const char *expected;
} Unusable;

static void
test_unusable (void)
{
  static const Unusable list[] = {
    { 0, 1, 9, 0, LARGE, "*no NVIDIA driver*" },
    { 12040, 1, 9, 0, LARGE, "*driver is too old: it is for CUDA 12.4*needs one for 13.0*" },
    { 13000, 0, 9, 0, LARGE, "*no NVIDIA GPU*" },
    { 13000, 1, 6, 1, LARGE, "*compute capability 6.1*7.5 or later*" },
    { 13000, 1, 9, 0, 0, "*cuda-host has no memory left (out of memory)*" },
  };
  g_autoptr (EgModel) model = golden_open ("deep");
  for (gsize i = 0; i < G_N_ELEMENTS (list); i++)
    {
      eg_network_unplace (eg_model_get_network (model));
      eg_cuda_use_module (eg_cuda_module ());
      cuda_host_set_driver (list[i].driver);
      cuda_host_set_device (list[i].n_devices, list[i].major, list[i].minor);
      cuda_host_set_memory (list[i].memory);
      gboolean usable = TRUE;
      g_autofree char *text = eg_device_describe_cuda (&usable);
      g_assert_false (usable);
      g_assert_true (g_pattern_match_simple (list[i].expected, text));

      g_autoptr (GError) error = NULL;
      g_assert_null (trace_on (model, EG_DEVICE_CUDA, &error));
      g_assert_error (error, EG_ERROR, EG_ERROR_DEVICE);
      g_assert_cmpstr (error->message, ==, text);
      g_autoptr (EgTraceResult) found = trace_on (model, EG_DEVICE_AUTO, NULL);
      g_assert_cmpstr (found->device, ==, eg_backend_cpu ()->name);
      g_assert_null (found->note);
    }
  cuda_host_set_driver (13000);
  cuda_host_set_device (1, 9, 0);
  cuda_host_set_memory (LARGE);
}

/* Of three GPUs, the first is too old. The list of them makes no context on any. */
static void
test_first_usable (void)
{
  g_autoptr (EgModel) model = golden_open ("deep");
  eg_cuda_use_module (eg_cuda_module ());
  cuda_host_set_device (5, 9, 0);
  cuda_host_set_capability (0, 6, 1);
  const unsigned contexts = cuda_host_contexts ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) names = eg_device_list_cuda (&error);
  g_assert_no_error (error);
  g_assert_cmpuint (names->len, ==, 5);
  g_assert_null (names->pdata[0]);
  for (guint i = 1; i < 5; i++)
    g_assert_cmpstr (names->pdata[i], ==, "cuda-host");
  g_assert_cmpuint (cuda_host_contexts (), ==, contexts);

  gboolean usable = FALSE;
  g_autofree char *text = eg_device_describe_cuda (&usable);
  g_assert_true (usable);
  g_assert_true (g_str_has_prefix (text, "cuda-host, compute capability 9.0, 2.0"));
  g_autoptr (EgTraceResult) found = trace_on (model, EG_DEVICE_AUTO, NULL);
  g_assert_cmpstr (found->device, ==, "cuda:1 (cuda-host)");
  g_assert_cmpuint (cuda_host_contexts () & ~(contexts | 2u), ==, 0);

  cuda_host_set_device (2, 6, 1);
  g_assert_null (eg_device_list_cuda (&error));
  g_assert_error (error, EG_ERROR, EG_ERROR_DEVICE);
  g_assert_cmpstr (error->message, ==, "cuda-host has compute capability 6.1, and Engram needs 7.5 or later");
  eg_network_unplace (eg_model_get_network (model));
  eg_cuda_use_module (eg_cuda_module ());
  cuda_host_set_device (1, 9, 0);
}

/* A GPU of capability 7.5 multiplies in FP32 alone: that is said, whether it was asked for or found. */
static void
test_precisions_of_old_gpus (void)
{
  eg_cuda_use_module (eg_cuda_module ());
  cuda_host_set_device (2, 7, 5);
  for (EgPrecision precision = EG_PRECISION_TF32; precision <= EG_PRECISION_BF16; precision++)
    for (EgDeviceKind kind = EG_DEVICE_AUTO; kind <= EG_DEVICE_CUDA; kind++)
      {
        const EgDevice device = { kind, 0, precision };
        g_autoptr (GError) error = NULL;
        EgBackend *backend = eg_device_open (&device, &error);
        if (kind == EG_DEVICE_CPU)
          {
            g_assert_no_error (error);
            continue;
          }
        g_assert_null (backend);
        g_assert_error (error, EG_ERROR, EG_ERROR_INVALID);
        g_autofree char *expected = g_strdup_printf (
            "cuda-host has compute capability 7.5, and products in %s need 8.0 or later: choose fp32",
            eg_precision_get_name (precision));
        g_assert_cmpstr (error->message, ==, expected);
      }
  const EgDevice plain = { EG_DEVICE_AUTO, 0, EG_PRECISION_FP32 },
                 narrow = { EG_DEVICE_AUTO, 0, EG_PRECISION_BF16 };
  g_assert_cmpstr (eg_device_open (&plain, NULL)->name, ==, "cuda:0 (cuda-host)");
  cuda_host_set_capability (1, 8, 0);
  g_assert_cmpstr (eg_device_open (&narrow, NULL)->name, ==, "cuda:1 (cuda-host, bf16)");
  eg_cuda_use_module (eg_cuda_module ());
  cuda_host_set_device (1, 9, 0);
}

static void
test_no_code (void)
{
  eg_cuda_use_module (eg_cuda_module ());
  cuda_host_set_device (1, 11, 0);
  cuda_host_set_code (FALSE);
  g_autoptr (GError) error = NULL;
  g_assert_null (eg_cuda_open (0, EG_PRECISION_FP32, &error));
  g_assert_cmpstr (error->message, ==,
                   "This build of Engram has no code for cuda-host (compute capability 11.0)");
  cuda_host_set_code (TRUE);
  cuda_host_set_device (1, 9, 0);
}

/* cuBLAS finds no memory for itself, which is no fault of the device. */
static void
test_no_memory_for_cublas (void)
{
  g_autoptr (EgModel) model = golden_open ("deep");
  g_autoptr (EgTraceResult) expected = trace_on (model, EG_DEVICE_CPU, NULL);
  GError *error = NULL;
  cuda_host_fail_blas (1000);
  g_autoptr (EgTraceResult) found = trace_on (model, EG_DEVICE_CUDA, &error);
  cuda_host_fail_blas (0);
  g_assert_no_error (error);
  g_assert_cmpstr (found->device, ==, eg_backend_cpu ()->name);
  g_assert_cmpstr (found->note, ==,
                   "There is not enough memory on cuda:0 (cuda-host). The processor traced instead");
  cuda_compare (found, expected, 0);
  eg_network_unplace (eg_model_get_network (model));
}

/* 4 multiprocessors of 128 lanes at 1 MHz, 2 operations each; 64 bits of memory, twice each 1 MHz. */
static void
test_limits (void)
{
  EgCudaDevice info;
  g_assert_true (eg_cuda_describe (0, &info, NULL));
  g_assert_cmpfloat_with_epsilon (info.flops, 2.0 * 4 * 128 * 1e6, 1);
  g_assert_cmpfloat_with_epsilon (info.bytes, 2.0 * 8 * 1e6, 1);
  cuda_host_set_device (1, 8, 0);
  g_assert_true (eg_cuda_describe (0, &info, NULL));
  g_assert_cmpfloat_with_epsilon (info.flops, 2.0 * 4 * 64 * 1e6, 1);
  cuda_host_set_device (1, 9, 0);
}

static void
test_no_module (void)
{
  gboolean usable = TRUE;
  eg_cuda_use_module (NULL);
  g_setenv ("ENGRAM_LIBRARY_DIR", "/nonexistent", TRUE);
  g_autofree char *text = eg_device_describe_cuda (&usable);
  g_assert_false (usable);
  g_assert_nonnull (strstr (text, "no CUDA engine"));
  g_unsetenv ("ENGRAM_LIBRARY_DIR");
  eg_cuda_use_module (eg_cuda_module ());
}

static void
test_another_gpu (void)
{
  g_autoptr (GError) error = NULL;
  g_assert_null (eg_cuda_open (3, EG_PRECISION_FP32, &error));
  g_assert_cmpstr (error->message, ==, "There is no GPU number 3: this machine has 1, numbered from 0");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  eg_cuda_use_module (eg_cuda_module ());
  g_test_add_func ("/cuda/demo-model-every-site-as-the-processor", test_demo);
  static const char *const deep[] = { "deep", "gpt2-hub", "mamba2-groups", NULL };
  golden_add_tests (golden_models, "/cuda/golden-models-as-the-processor/*", test_golden_model);
  golden_add_tests (golden_gpt2_models, "/cuda/golden-models-as-the-processor/*", test_golden_model);
  golden_add_tests (golden_neox_models, "/cuda/golden-models-as-the-processor/*", test_golden_model);
  static const char *const wide_and_narrow[]
      = { "gpt2-hub", "gpt2-half", "neox-serial", "falcon-half", "mamba2-groups", "mamba2-sharded", NULL };
  golden_add_tests (wide_and_narrow, "/cuda/every-site-as-the-processor/*", test_all_sites);
  g_test_add_func ("/cuda/any-order-and-pooled-memory", test_order);
  golden_add_tests (deep, "/cuda/layers-that-come-one-after-another/*", test_staged_layers);
  golden_add_tests (deep, "/cuda/precisions/*", test_precisions);
  g_test_add_func ("/cuda/device-of-a-request", test_device_of_a_request);
  g_test_add_func ("/cuda/errors/little-memory", test_little_memory);
  g_test_add_func ("/cuda/errors/smaller-groups", test_smaller_groups);
  g_test_add_data_func ("/cuda/errors/placing-fails-clearly", "gpt2-hub", test_placing_fails);
  g_test_add_func ("/cuda/errors/lost-device", test_lost_device);
  g_test_add_func ("/cuda/errors/unusable", test_unusable);
  g_test_add_func ("/cuda/first-usable-gpu", test_first_usable);
  g_test_add_func ("/cuda/precision-error", test_precision_error);
  g_test_add_func ("/cuda/errors/precisions-of-old-gpus", test_precisions_of_old_gpus);
  g_test_add_func ("/cuda/errors/no-code", test_no_code);
  g_test_add_func ("/cuda/errors/no-memory-for-cublas", test_no_memory_for_cublas);
  g_test_add_func ("/cuda/limits-of-a-device", test_limits);
  g_test_add_func ("/cuda/errors/no-module", test_no_module);
  g_test_add_func ("/cuda/errors/another-gpu", test_another_gpu);
  const int status = g_test_run ();
  eg_cuda_use_module (NULL);
  return status;
}
