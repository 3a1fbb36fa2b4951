/* What computes: the processor, or a GPU by CUDA (engine/cuda/). */
#pragma once

#include "engine/backend.h"
#include "engine/precision.h"

G_BEGIN_DECLS

/**
 * EgDevice: which is wanted.
 * @EG_DEVICE_AUTO: the first usable GPU, else the processor
 * @EG_DEVICE_CUDA: this GPU, or an error that says why not
 */
typedef enum
{
  EG_DEVICE_AUTO,
  EG_DEVICE_CPU,
  EG_DEVICE_CUDA,
  EG_N_DEVICE_KINDS,
} EgDeviceKind;

typedef struct
{
  EgDeviceKind kind;
  guint index; /* of the GPU */
  EgPrecision precision;
} EgDevice;

/* "auto", "cpu", "cuda" (the first one), "cuda:1". EG_ERROR_INVALID. The precision is left alone. */
gboolean eg_device_from_name (const char *name, EgDevice *device, GError **error);

/* "auto", "cpu", "cuda". */
const char *eg_device_kind_get_name (EgDeviceKind kind);

/* The name that gives this device. (transfer full) */
char *eg_device_get_name (const EgDevice *device);

gboolean eg_device_equal (const EgDevice *a, const EgDevice *b);

/* The backend that computes there; it lives as long as the program. EG_ERROR_DEVICE says why a GPU that was
 * asked for cannot be used, EG_ERROR_INVALID that the only usable ones do not have that precision. May take a
 * second the first time. Any thread. */
EgBackend *eg_device_open (const EgDevice *device, GError **error);

/* The names of all GPUs by their number, NULL for those that cannot be used; EG_ERROR_DEVICE, why the first
 * one cannot, when none can. No GPU is touched by it. (element-type utf8) (transfer full) */
GPtrArray *eg_device_list_cuda (GError **error);

/* Of the GPU that `auto` takes, "NVIDIA H100 80GB HBM3, compute capability 9.0, 79.6 GiB of memory, 79.1 GiB
 * free", or why it takes none; usable: (out). (transfer full) */
char *eg_device_describe_cuda (gboolean *usable);

G_END_DECLS
