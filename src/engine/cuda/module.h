/* What libengram-cuda.so (kernels/) offers to the program that opens it. Plain C, without GLib's objects: the
 * module is built by another compiler. */
#pragma once

#include "engine/backend.h"
#include "engine/precision.h"

G_BEGIN_DECLS

/* Grows with every change of this file, of EgBackend, of EgBackOps or of the structs in its arguments. */
#define EG_CUDA_ABI 8

/**
 * EgCudaDevice:
 * @capability: of computing, 90 for 9.0
 * @memory: bytes
 * @flops, @bytes: a second at its highest clocks, in FP32 and of its memory; 0 where unknown
 */
typedef struct
{
  char name[128];
  int capability;
  guint64 memory;
  double flops, bytes;
} EgCudaDevice;

/**
 * EgCudaModule: `why` (of EG_CUDA_WHY bytes) takes a sentence without its full stop when something fails, in
 * the language of the program's own: the module asks gettext for it, as the program does.
 * @abi: %EG_CUDA_ABI
 * @n_devices: 0, with why, where CUDA cannot be used at all: no driver, one too old, no device
 * @describe: FALSE, with why, for a device that cannot be used. The device is left untouched
 * @probe: TRUE when there is also code for it, and memory: how much is free. This makes a context on the
 * device, which takes some hundred MiB of it
 * @open: a backend on that device; NULL, with why. It is closed by @close, when none of its streams and
 * memory is left
 */
#define EG_CUDA_WHY 1024
typedef struct
{
  guint abi;
  int (*n_devices) (char *why);
  gboolean (*describe) (int device, EgCudaDevice *info, char *why);
  gboolean (*probe) (int device, guint64 *memory_free, char *why);
  EgBackend *(*open) (int device, EgPrecision precision, char *why);
  void (*close) (EgBackend *backend);
} EgCudaModule;

/* The module's one symbol. */
#define EG_CUDA_SYMBOL "eg_cuda_module"
typedef const EgCudaModule *(*EgCudaModuleFunc) (void);

G_END_DECLS
