/* libengram-cuda.so, found and opened at run time: nothing here links CUDA, and a machine without it loses
 * nothing but that device. */
#pragma once

#include "engine/cuda/module.h"

G_BEGIN_DECLS

/* All fail with EG_ERROR_DEVICE and one sentence: no module, no driver, one too old, no such GPU, one that is
 * too old, no memory. Any thread. */

/* How many GPUs there are, usable or not; 0 with an error. */
guint eg_cuda_count (GError **error);

/* The backend of a GPU, opened once and kept as long as the program. EG_ERROR_INVALID when the GPU can be
 * used, but does not have that precision. */
EgBackend *eg_cuda_open (guint index, EgPrecision precision, GError **error);

/* What is known of a GPU without touching it. */
gboolean eg_cuda_describe (guint index, EgCudaDevice *info, GError **error);

/* Whether it can be used now, and its free memory. Keeps some hundred MiB of it as long as the program. */
gboolean eg_cuda_probe (guint index, guint64 *memory_free, GError **error);

/* Where the module is looked for. (transfer full) */
char *eg_cuda_module_path (void);

/* For tests: this module in place of the file's; NULL for the file again. Its backends opened so far are
 * closed. */
void eg_cuda_use_module (const EgCudaModule *module);

G_END_DECLS
