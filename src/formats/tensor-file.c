/* Collects the tensors of a file, copying those that lie at odd addresses. */
#include "formats/tensor-file.h"

#include "core/error.h"
#include "formats/map-file.h"
#include "formats/mapping.h"
#include "formats/placeholder.h"
#include "formats/quote.h"

#include <glib/gi18n.h>
#include <string.h>

static void
free_tensor (gpointer data)
{
  EgTensor *tensor = data;
  g_free (tensor->name);
  g_free (tensor);
}

EgTensorFile *
eg_tensor_file_map (const char *path, GError **error)
{
  EgMapping *mapping = eg_mapping_new (path, error);
  if (mapping == NULL)
    return NULL;

  GMappedFile *file = eg_mapping_get_file (mapping);
  g_autofree char *title = eg_file_get_title (path);
  if (!eg_check_placeholder (g_mapped_file_get_contents (file), g_mapped_file_get_length (file), title,
                             error))
    {
      eg_mapping_free (mapping);
      return NULL;
    }
  EgTensorFile *self = g_new0 (EgTensorFile, 1);
  self->name = g_steal_pointer (&title);
  self->size = g_mapped_file_get_length (file);
  self->tensors = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, free_tensor);
  self->unread = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->mapping = mapping;
  self->copies = g_ptr_array_new_with_free_func (g_free);
  return self;
}

void
eg_tensor_file_free (EgTensorFile *self)
{
  g_free (self->name);
  g_hash_table_unref (self->tensors);
  g_hash_table_unref (self->unread);
  g_ptr_array_unref (self->copies);
  eg_mapping_free (self->mapping);
  g_free (self);
}

const guint8 *
eg_tensor_file_get_bytes (EgTensorFile *self)
{
  return (const guint8 *)g_mapped_file_get_contents (eg_mapping_get_file (self->mapping));
}

static gboolean
check_new (EgTensorFile *self, const char *name, GError **error)
{
  if (!g_hash_table_contains (self->tensors, name) && !g_hash_table_contains (self->unread, name))
    return TRUE;
  g_autofree char *quoted = eg_quote (name);
  g_set_error (error, EG_ERROR, EG_ERROR_FORMAT, _ ("%s: tensor %s is there twice"), self->name, quoted);
  return FALSE;
}

gboolean
eg_tensor_file_add_data (EgTensorFile *self,
                         const char *name,
                         EgDType dtype,
                         guint n_dims,
                         const gsize *shape,
                         const void *data,
                         gsize n_bytes,
                         GError **error)
{
  g_assert (n_dims <= EG_TENSOR_MAX_DIMS);
  if (!check_new (self, name, error))
    return FALSE;
  if (n_bytes == 0)
    data = NULL;
  if ((guintptr)data % eg_dtype_get_size (dtype) != 0)
    {
      void *copy = g_try_malloc (n_bytes);
      if (copy == NULL)
        {
          g_autofree char *quoted = eg_quote (name);
          g_set_error (error, EG_ERROR, EG_ERROR_MEMORY,
                       _ ("%s: tensor %s, %zu bytes, does not fit into memory"), self->name, quoted, n_bytes);
          return FALSE;
        }
      memcpy (copy, data, n_bytes);
      g_ptr_array_add (self->copies, copy);
      data = copy;
    }

  EgTensor *tensor = g_new0 (EgTensor, 1);
  tensor->name = g_strdup (name);
  tensor->dtype = dtype;
  tensor->n_dims = n_dims;
  for (guint i = 0; i < n_dims; i++)
    tensor->shape[i] = shape[i];
  tensor->data = data;
  tensor->n_bytes = n_bytes;
  g_hash_table_insert (self->tensors, tensor->name, tensor);
  return TRUE;
}

gboolean
eg_tensor_file_add (EgTensorFile *self,
                    const char *name,
                    EgDType dtype,
                    guint n_dims,
                    const gsize *shape,
                    gsize offset,
                    gsize n_bytes,
                    GError **error)
{
  g_assert (offset <= self->size && n_bytes <= self->size - offset);
  return eg_tensor_file_add_data (self, name, dtype, n_dims, shape, eg_tensor_file_get_bytes (self) + offset,
                                  n_bytes, error);
}

gboolean
eg_tensor_file_add_unread (EgTensorFile *self, const char *name, const char *reason, GError **error)
{
  if (!check_new (self, name, error))
    return FALSE;
  g_hash_table_insert (self->unread, g_strdup (name), g_strdup (reason));
  return TRUE;
}

char *
eg_tensor_file_say_dtype (const char *dtype)
{
  g_autofree char *quoted = eg_quote (dtype);
  /* TRANSLATORS: after the name of a tensor. */
  return g_strdup_printf (_ ("has dtype %s, which Engram does not read"), quoted);
}

char *
eg_tensor_file_say_dimensions (gsize n_dims)
{
  /* TRANSLATORS: after the name of a tensor. */
  return g_strdup_printf (_ ("has %zu dimensions; Engram reads up to %d"), n_dims, EG_TENSOR_MAX_DIMS);
}
