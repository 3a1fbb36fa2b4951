/* The weights of a model's folder: every tensor by its name, whichever file it lies in. Immutable; may be
 * used from any number of threads. The tensors' data stay valid as long as the checkpoint does. */
#pragma once

#include "formats/tensor.h"

G_BEGIN_DECLS

typedef struct _EgCheckpoint EgCheckpoint;

/**
 * eg_checkpoint_open:
 *
 * Maps what is there, looking in this order (as Hugging Face's transformers does):
 * 1. model.safetensors
 * 2. model.safetensors.index.json: {"weight_map": {tensor: file}, ..}; each file is a .safetensors file in
 * the same folder (a plain name; nothing that leads elsewhere). The index must name at least one tensor. What
 * is in its files counts, whether it names it or not; where two have a tensor of the same name, the index
 * says which one it is, else the first. A tensor that the index names and no file has is not in the
 * checkpoint.
 * 3. pytorch_model.bin (pytorch-file.h)
 * 4. pytorch_model.bin.index.json: as 2, of such files
 * 5. the only file that ends in .ckpt, as PyTorch Lightning writes them: as 3
 *
 * The files stay mapped: mapping.h says what happens when somebody changes them.
 *
 * Returns: (transfer full): NULL with EG_ERROR_NOT_FOUND (no folder, no weights in it, files of the index are
 * missing: all are named), EG_ERROR_FORMAT, EG_ERROR_UNSUPPORTED, EG_ERROR_MEMORY or G_FILE_ERROR.
 */
EgCheckpoint *eg_checkpoint_open (const char *folder, GError **error);

EgCheckpoint *eg_checkpoint_ref (EgCheckpoint *self);
void eg_checkpoint_unref (EgCheckpoint *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgCheckpoint, eg_checkpoint_unref)

/* A tensor of F64 is given in F32, which it is narrowed to when it is first looked up; eg_checkpoint_has()
 * and eg_checkpoint_get_shape() do not look at its data. Returns: (transfer none) (nullable): NULL if there
 * is no such tensor, or it is not read. */
const EgTensor *eg_checkpoint_lookup (EgCheckpoint *self, const char *name);

/* As eg_checkpoint_lookup, but says why not: EG_ERROR_NOT_FOUND, or EG_ERROR_UNSUPPORTED for "has dtype I64,
 * which Engram does not read". */
const EgTensor *eg_checkpoint_require (EgCheckpoint *self, const char *name, GError **error);

/* Fails with EG_ERROR_NOT_FOUND if some of the names (NULL-terminated) are not there, in one sentence with
 * the first ten of them. */
gboolean eg_checkpoint_require_all (EgCheckpoint *self, const char *const *names, GError **error);

/* Returns: (array length=n_dims) (transfer none) (nullable): NULL as of eg_checkpoint_lookup(). */
const gsize *eg_checkpoint_get_shape (EgCheckpoint *self, const char *name, guint *n_dims);

/* TRUE if eg_checkpoint_lookup would find it. */
gboolean eg_checkpoint_has (EgCheckpoint *self, const char *name);

/* The base name of the file that name is in ("model-00002-of-00003.safetensors"), to begin an error message
 * with; of a tensor that is not there, the file where it would have been looked for (the index or the only
 * file). */
const char *eg_checkpoint_get_file_name (EgCheckpoint *self, const char *name);

/* Those that are there and not read, with why: name → "has dtype I64, which Engram does not read". (transfer
 * container) (element-type utf8 utf8) */
GHashTable *eg_checkpoint_get_unread (EgCheckpoint *self);

/* Returns: (transfer none): the names that eg_checkpoint_lookup finds, sorted by bytes, NULL-terminated. */
const char *const *eg_checkpoint_get_names (EgCheckpoint *self);

/* Fails with EG_ERROR_FORMAT if a file has been changed since: what was computed in the meantime does not
 * count. From any thread; as quick as a look at each file's size. */
gboolean eg_checkpoint_check (EgCheckpoint *self, GError **error);

/* Bytes on disk of all the files with weights together (without the index). */
guint64 eg_checkpoint_get_size (EgCheckpoint *self);

G_END_DECLS
