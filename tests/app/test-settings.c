/* The settings of a trace: what the panel asks for, and what it says of it. */
#include "app/device-row.h"
#include "app/trace-settings.h"
#include "engine/cuda/cuda.h"
#include "fixture.h"

#include <string.h>

/* ---- a CUDA that is not there ---- */

static int n_gpus;

static gboolean
describe (int device, EgCudaDevice *info, char *why)
{
  if (device >= n_gpus)
    {
      g_strlcpy (why, "There is no NVIDIA driver", EG_CUDA_WHY);
      return FALSE;
    }
  *info = (EgCudaDevice){ .capability = 90, .memory = 80ull << 30, .memory_free = 79ull << 30 };
  g_strlcpy (info->name, "Pretended GPU", sizeof info->name);
  return TRUE;
}

static const EgCudaModule pretended = { .abi = EG_CUDA_ABI, .describe = describe };

static const char *
get_choice (EgDeviceRow *row, guint i)
{
  return gtk_string_list_get_string (GTK_STRING_LIST (adw_combo_row_get_model (ADW_COMBO_ROW (row))), i);
}

static guint
count_choices (EgDeviceRow *row)
{
  return g_list_model_get_n_items (adw_combo_row_get_model (ADW_COMBO_ROW (row)));
}

static EgDeviceKind
get_kind (EgTraceSettings *settings)
{
  g_autoptr (EgTraceRequest) request = eg_trace_request_new ("", "");

  eg_trace_settings_fill (settings, request);
  return request->device.kind;
}

static void
test_each_gpu_can_be_chosen (void)
{
  n_gpus = 2;
  eg_cuda_use_module (&pretended);
  EgTraceSettings *settings = EG_TRACE_SETTINGS (eg_trace_settings_new ());
  GtkWindow *window = fixture_show (GTK_WIDGET (settings), 320, 700);
  EgDeviceRow *row = EG_DEVICE_ROW (fixture_find (GTK_WIDGET (settings), EG_TYPE_DEVICE_ROW));

  g_assert_cmpint (get_kind (settings), ==, EG_DEVICE_AUTO);
  fixture_wait_for (count_choices (row) == 4);
  g_assert_cmpstr (get_choice (row, 0), ==, "Automatic");
  g_assert_cmpstr (get_choice (row, 1), ==, "Processor");
  g_assert_cmpstr (get_choice (row, 3), ==, "Pretended GPU (1)");
  adw_combo_row_set_selected (ADW_COMBO_ROW (row), 3);
  g_autoptr (EgTraceRequest) request = eg_trace_request_new ("", "");
  eg_trace_settings_fill (settings, request);
  g_assert_cmpint (request->device.kind, ==, EG_DEVICE_CUDA);
  g_assert_cmpuint (request->device.index, ==, 1);
  request->device.kind = EG_DEVICE_CPU;
  request->device.index = 0;
  eg_trace_settings_show (settings, request);
  g_assert_cmpuint (adw_combo_row_get_selected (ADW_COMBO_ROW (row)), ==, 1);
  fixture_close (window);
  eg_cuda_use_module (NULL);
}

static void
test_row_says_why_there_is_no_cuda (void)
{
  n_gpus = 0;
  eg_cuda_use_module (&pretended);
  EgTraceSettings *settings = EG_TRACE_SETTINGS (eg_trace_settings_new ());
  GtkWindow *window = fixture_show (GTK_WIDGET (settings), 320, 700);
  EgDeviceRow *row = EG_DEVICE_ROW (fixture_find (GTK_WIDGET (settings), EG_TYPE_DEVICE_ROW));

  fixture_wait_for (adw_action_row_get_subtitle (ADW_ACTION_ROW (row)) != NULL);
  g_assert_cmpstr (adw_action_row_get_subtitle (ADW_ACTION_ROW (row)), ==,
                   "CUDA is not used: There is no NVIDIA driver");
  g_assert_cmpuint (count_choices (row), ==, 1);
  /* A GPU that was chosen when there was one. */
  g_object_set (row, "device", "cuda:3", NULL);
  g_assert_cmpint (get_kind (settings), ==, EG_DEVICE_AUTO);
  fixture_close (window);
  eg_cuda_use_module (NULL);
}

int
main (int argc, char **argv)
{
  fixture_init (&argc, &argv);
  g_test_add_func ("/app/settings/each-gpu", test_each_gpu_can_be_chosen);
  g_test_add_func ("/app/settings/no-cuda", test_row_says_why_there_is_no_cuda);
  return g_test_run ();
}
