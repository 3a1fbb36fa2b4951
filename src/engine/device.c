/* Devices by name, and the backend that computes on one. */
#include "engine/device.h"

#include "core/error.h"
#include "engine/cuda/cuda.h"

#include <glib/gi18n.h>
#include <string.h>

static const char *const kinds[EG_N_DEVICE_KINDS] = { "auto", "cpu", "cuda" };

gboolean
eg_device_from_name (const char *name, EgDevice *device, GError **error)
{
  guint64 index = 0;
  const gboolean numbered
      = g_str_has_prefix (name, "cuda:")
        && g_ascii_string_to_unsigned (name + strlen ("cuda:"), 10, 0, 1023, &index, NULL);
  for (EgDeviceKind k = 0; k < EG_N_DEVICE_KINDS; k++)
    if (numbered ? k == EG_DEVICE_CUDA : strcmp (name, kinds[k]) == 0)
      {
        device->kind = k;
        device->index = (guint)index;
        return TRUE;
      }
  return eg_error_invalid (
      error, _ ("There is no device “%s”: it is auto, cpu, cuda, or cuda:1 for the second GPU"), name);
}

const char *
eg_device_kind_get_name (EgDeviceKind kind)
{
  return kinds[kind];
}

char *
eg_device_get_name (const EgDevice *device)
{
  if (device->kind == EG_DEVICE_CUDA)
    return g_strdup_printf ("cuda:%u", device->index);
  return g_strdup (kinds[device->kind]);
}

gboolean
eg_device_equal (const EgDevice *a, const EgDevice *b)
{
  return a->kind == b->kind && a->index == b->index && a->precision == b->precision;
}

/* The first that can be used; else the processor, unless it is the precision alone that they lack. */
static EgBackend *
open_any (EgPrecision precision, GError **error)
{
  g_autoptr (GError) lacking = NULL;
  const guint n = eg_cuda_count (NULL);
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GError) why_not = NULL;
      EgBackend *cuda = eg_cuda_open (i, precision, &why_not);
      if (cuda)
        return cuda;
      if (!lacking && g_error_matches (why_not, EG_ERROR, EG_ERROR_INVALID))
        lacking = g_steal_pointer (&why_not);
    }
  if (!lacking)
    return eg_backend_cpu ();
  g_propagate_error (error, g_steal_pointer (&lacking));
  return NULL;
}

EgBackend *
eg_device_open (const EgDevice *device, GError **error)
{
  if (device->kind == EG_DEVICE_CPU)
    return eg_backend_cpu ();
  if (device->kind == EG_DEVICE_AUTO)
    return open_any (device->precision, error);
  return eg_cuda_open (device->index, device->precision, error);
}

GPtrArray *
eg_device_list_cuda (GError **error)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) why_not = NULL;
  const guint n = eg_cuda_count (error);
  gboolean any = FALSE;
  if (n == 0)
    return NULL;
  for (guint i = 0; i < n; i++)
    {
      EgCudaDevice info;
      const gboolean usable = eg_cuda_describe (i, &info, why_not ? NULL : &why_not);
      g_ptr_array_add (names, usable ? g_strdup (info.name) : NULL);
      any = any || usable;
    }
  if (any)
    return g_steal_pointer (&names);
  g_propagate_error (error, g_steal_pointer (&why_not));
  return NULL;
}

/* NULL with an error. */
static char *
describe (guint index, GError **error)
{
  EgCudaDevice info;
  guint64 memory_free;
  if (!eg_cuda_describe (index, &info, error) || !eg_cuda_probe (index, &memory_free, error))
    return NULL;
  g_autofree char *memory = g_format_size_full (info.memory, G_FORMAT_SIZE_IEC_UNITS);
  g_autofree char *left = g_format_size_full (memory_free, G_FORMAT_SIZE_IEC_UNITS);
  return g_strdup_printf (_ ("%s, compute capability %d.%d, %s of memory, %s free"), info.name,
                          info.capability / 10, info.capability % 10, memory, left);
}

char *
eg_device_describe_cuda (gboolean *usable)
{
  g_autoptr (GError) why_not = NULL;
  const guint n = eg_cuda_count (&why_not);
  char *text = NULL;
  for (guint i = 0; i < n && !text; i++)
    text = describe (i, why_not ? NULL : &why_not);
  *usable = text != NULL;
  return text ? text : g_strdup (why_not->message);
}
