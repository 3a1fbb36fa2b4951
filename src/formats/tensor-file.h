/* The tensors of one file, whatever its format: what a reader (safetensors.h) fills and a checkpoint looks
 * into. */
#pragma once

#include "formats/mapping.h"
#include "formats/tensor.h"

G_BEGIN_DECLS

/**
 * EgTensorFile:
 * @name: the file's base name, fit for messages
 * @size: bytes on disk
 * @tensors: name → EgTensor
 * @unread: name → text; tensors that Engram does not read, with why: "has dtype I64, which Engram does not
 * read"
 *
 * The data of the tensors lies in the mapping (mapping.h), or in @copies where it is compressed there, or
 * neither aligned nor in order.
 */
typedef struct
{
  char *name;
  gsize size;
  GHashTable *tensors;
  GHashTable *unread;
  EgMapping *mapping;
  GPtrArray *copies;
} EgTensorFile;

/* Maps a regular file. Returns: (transfer full): with no tensors yet; NULL with EG_ERROR_NOT_FOUND or
 * G_FILE_ERROR. */
EgTensorFile *eg_tensor_file_map (const char *path, GError **error);

void eg_tensor_file_free (EgTensorFile *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgTensorFile, eg_tensor_file_free)

/* The mapped bytes, self->size of them. */
const guint8 *eg_tensor_file_get_bytes (EgTensorFile *self);

/* Adds the tensor whose elements are the n_bytes bytes at offset; the caller has checked that they lie inside
 * the file and fit dtype and shape [n_dims]. Fails with EG_ERROR_FORMAT when the name is there already,
 * EG_ERROR_MEMORY when a copy does not fit. */
gboolean eg_tensor_file_add (EgTensorFile *self,
                             const char *name,
                             EgDType dtype,
                             guint n_dims,
                             const gsize *shape,
                             gsize offset,
                             gsize n_bytes,
                             GError **error);

/* The same for elements that lie elsewhere: in @copies, aligned. */
gboolean eg_tensor_file_add_data (EgTensorFile *self,
                                  const char *name,
                                  EgDType dtype,
                                  guint n_dims,
                                  const gsize *shape,
                                  const void *data,
                                  gsize n_bytes,
                                  GError **error);

/* Remembers that name is there and is not read, and why: what goes on after "tensor NAME". */
gboolean eg_tensor_file_add_unread (EgTensorFile *self, const char *name, const char *reason, GError **error);

/* The reasons. (transfer full) */
char *eg_tensor_file_say_dtype (const char *dtype);
char *eg_tensor_file_say_dimensions (gsize n_dims);

G_END_DECLS
