/* A checkpoint opened for tracing: its network and its tokenizer. Immutable once open and
 * shared by any number of threads. */
#pragma once

#include "network/network.h"
#include "library/tokenizer-choice.h"
#include "tokenizer/tokenizer.h"

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _EgModel EgModel;

/* Opens a model: name is a folder, or what eg_model_locate() finds by it. Weights stay mapped. Errors name
 * the file, the field or the tensor, what it is and what it should be; EG_ERROR_MEMORY when it cannot fit,
 * with both figures, before anything is read. (transfer full) */
EgModel *eg_model_open (const char *name, GCancellable *cancellable, GError **error);

/* The same, with a choice of the tokenizer. choice: (nullable). (transfer full) */
EgModel *eg_model_open_with_tokenizer (const char *name,
                                       const EgTokenizerChoice *choice,
                                       GCancellable *cancellable,
                                       GError **error);

/* Whether the model in this folder would open, and why not: reads config.json, the list of tensors and the
 * tokenizer, but no weights. n_bytes, n_parameters: (out): its weights' on disk, 0 as long as they are not
 * known. */
gboolean eg_model_check (const char *folder,
                         const EgTokenizerChoice *choice,
                         guint64 *n_bytes,
                         gsize *n_parameters,
                         GError **error);

/* The same as eg_model_open_with_tokenizer() on a thread of its own; finish with eg_model_open_finish(). */
void eg_model_open_async (const char *name,
                          const EgTokenizerChoice *choice,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data);
EgModel *eg_model_open_finish (GAsyncResult *result, GError **error);

/* The weights are only mapped. This brings one tensor of n into memory, so that the first run does not wait
 * for the disk page by page; any thread may. Returns: its bytes, which add up to eg_model_get_n_bytes(), less
 * the files' headers. */
gsize eg_model_get_n_tensors (EgModel *self);
gsize eg_model_prefetch (EgModel *self, gsize tensor);

EgModel *eg_model_ref (EgModel *self);
void eg_model_unref (EgModel *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgModel, eg_model_unref)

EgNetwork *eg_model_get_network (EgModel *self);
const EgFamily *eg_model_get_family (EgModel *self);
const EgSizes *eg_model_get_sizes (EgModel *self);
EgTokenizer *eg_model_get_tokenizer (EgModel *self);

/* Where that tokenizer comes from, and its path. */
EgTokenizerOrigin eg_model_get_tokenizer_origin (EgModel *self);
const char *eg_model_get_tokenizer_path (EgModel *self);

/* The same model computed by another backend, its weights in that one's memory: they stay there until the
 * model is freed or another backend is asked for. Itself for the backend of the processor. EG_ERROR_MEMORY,
 * EG_ERROR_DEVICE. Any thread. (transfer full) */
EgModel *eg_model_place (EgModel *self, EgBackend *backend, GError **error);

/* The model that was opened, of one that eg_model_place() has given. */
EgModel *eg_model_get_origin (EgModel *self);

/* As results name it: "cpu", "cuda:0 (NVIDIA H100 80GB HBM3)". */
const char *eg_model_get_device_name (EgModel *self);

/* What it is called (eg_model_get_name_of()), and its folder's path. */
const char *eg_model_get_name (EgModel *self);
const char *eg_model_get_folder (EgModel *self);

/* Parameters, and the bytes that they take on disk. */
gsize eg_model_get_n_parameters (EgModel *self);
gsize eg_model_get_n_bytes (EgModel *self);

/* "F32", "F16", "BF16" or "mixed". */
const char *eg_model_get_dtype_name (EgModel *self);

/* What tells it from other models, wherever they lie: SHA-256, in hexadecimal, of its tensors' names, shapes
 * and number formats, and of the first and last 4 KiB of each. (transfer full) */
char *eg_model_make_digest (EgModel *self);

/* What else its numbers depend on (formats/digest.h): its config.json, and the tokenizer's files.
 * (transfer full) */
char *eg_model_make_config_digest (EgModel *self);
char *eg_model_make_tokenizer_digest (EgModel *self);

G_END_DECLS
