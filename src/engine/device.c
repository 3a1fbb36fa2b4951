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
  g_set_error (error, EG_ERROR, EG_ERROR_INVALID,
               _ ("There is no device “%s”: it is auto, cpu, cuda, or cuda:1 for the second GPU"), name);
  return FALSE;
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

static const char *const precisions[EG_N_PRECISIONS] = { "fp32", "tf32", "bf16" };

gboolean
eg_precision_from_name (const char *name, EgPrecision *precision, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (precisions); i++)
    if (strcmp (name, precisions[i]) == 0)
      {
        *precision = (EgPrecision)i;
        return TRUE;
      }
  g_set_error (error, EG_ERROR, EG_ERROR_INVALID, _ ("There is no precision “%s”: it is fp32, tf32 or bf16"),
               name);
  return FALSE;
}

const char *
eg_precision_get_name (EgPrecision precision)
{
  return precisions[precision];
}

gboolean
eg_device_equal (const EgDevice *a, const EgDevice *b)
{
  return a->kind == b->kind && a->index == b->index && a->precision == b->precision;
}

EgBackend *
eg_device_open (const EgDevice *device, GError **error)
{
  if (device->kind == EG_DEVICE_CPU)
    return eg_backend_cpu ();
  EgBackend *cuda
      = eg_cuda_open (device->index, device->precision, device->kind == EG_DEVICE_CUDA ? error : NULL);
  return cuda || device->kind == EG_DEVICE_CUDA ? cuda : eg_backend_cpu ();
}

char *
eg_device_describe_cuda (guint index, gboolean *usable)
{
  EgCudaDevice info;
  g_autoptr (GError) error = NULL;
  *usable = eg_cuda_describe (index, &info, &error);
  if (!*usable)
    return g_strdup (error->message);
  g_autofree char *memory = g_format_size_full (info.memory, G_FORMAT_SIZE_IEC_UNITS);
  g_autofree char *left = g_format_size_full (info.memory_free, G_FORMAT_SIZE_IEC_UNITS);
  return g_strdup_printf (_ ("%s, compute capability %d.%d, %s of memory, %s free"), info.name,
                          info.capability / 10, info.capability % 10, memory, left);
}
