/* Takes the tensors of a torch.save archive from where they lie in it. */
#include "formats/pytorch-file.h"

#include "core/error.h"
#include "formats/pickle.h"
#include "formats/quote.h"
#include "formats/zip.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <string.h>

/* Of elements that a file has once and a tensor several times. */
#define MAX_REPEATED_SIZE (64u << 20)

/* A list of a million tensors is shorter. */
#define MAX_PICKLE_SIZE (256u << 20)

typedef struct
{
  EgTensorFile *file;
  EgZip *zip;
  char *root;           /* "archive/" */
  GHashTable *inflated; /* entry → its bytes, of those that are compressed; owned by the file's copies */
  gsize repeated_size;  /* bytes of tensors that repeat elements */
} Reader;

G_GNUC_PRINTF (4, 5)
static gboolean
refuse (const Reader *self, EgError code, GError **error, const char *format, ...)
{
  va_list args;
  va_start (args, format);
  g_autofree char *reason = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, EG_ERROR, code, "%s: %s", self->file->name, reason);
  return FALSE;
}

/* Before 1.6 torch.save wrote several pickles after each other, the first of them a magic number; before
 * 0.1.10, a tar archive. */
static gboolean
is_old_format (const guint8 *bytes, gsize n)
{
  static const guint8 magic[]
      = { 0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, '.' };
  return (n >= sizeof magic && memcmp (bytes, magic, sizeof magic) == 0)
         || (n > 262 && memcmp (bytes + 257, "ustar", 5) == 0);
}

static gboolean
find_root (Reader *self, GError **error)
{
  for (guint i = 0; i < eg_zip_get_n_entries (self->zip); i++)
    {
      const char *name = eg_zip_get_entry (self->zip, i)->name, *slash = strchr (name, '/');
      if (slash != NULL && strcmp (slash, "/data.pkl") == 0)
        {
          self->root = g_strndup (name, (gsize)(slash + 1 - name));
          return TRUE;
        }
    }
  return refuse (self, EG_ERROR_FORMAT, error,
                 _ ("there is no list of tensors (data.pkl) in it: it is not torch.save’s"));
}

static const EgZipEntry *
lookup (const Reader *self, const char *name)
{
  g_autofree char *path = g_strconcat (self->root, name, NULL);
  return eg_zip_lookup (self->zip, path);
}

static gboolean
check_byte_order (Reader *self, GError **error)
{
  const EgZipEntry *entry = lookup (self, "byteorder");
  if (entry == NULL)
    return TRUE; /* before PyTorch 2.1; only little-endian machines were common */
  g_autoptr (GBytes) order = eg_zip_read (self->zip, entry, 64, error);
  if (order == NULL)
    return FALSE;
  gsize n;
  const char *text = g_bytes_get_data (order, &n);
  if (n == 6 && memcmp (text, "little", 6) == 0)
    return TRUE;
  return refuse (self, EG_ERROR_UNSUPPORTED, error, _ ("its numbers are not in little-endian order"));
}

/* TRUE if the elements lie one after the other. */
static gboolean
is_contiguous (const EgPickledTensor *tensor)
{
  guint64 step = 1;
  for (guint i = tensor->n_dims; i > 0; i--)
    {
      if (tensor->shape[i - 1] != 1 && tensor->stride[i - 1] != step)
        return FALSE;
      step *= tensor->shape[i - 1];
    }
  return TRUE;
}

/* The number of elements, and the bytes they take one after the other; FALSE when there are more than the
 * machine can count, or when they are repeated so often that they would take too much. */
static gboolean
count_elements (Reader *self, const EgPickledTensor *tensor, guint64 *n)
{
  const gsize size = eg_dtype_get_size (tensor->dtype);
  *n = 1;
  for (guint i = 0; i < tensor->n_dims; i++)
    if (tensor->shape[i] == 0)
      *n = 0;
  for (guint i = 0; i<tensor->n_dims && * n> 0; i++)
    if (!g_uint64_checked_mul (n, *n, tensor->shape[i]))
      return FALSE;
  if (*n <= tensor->n_stored)
    return TRUE;
  if (*n > MAX_REPEATED_SIZE / size || MAX_REPEATED_SIZE - self->repeated_size < *n * size)
    return FALSE;
  self->repeated_size += (gsize)*n * size;
  return TRUE;
}

/* The elements one after the other, with their signs. (transfer full) */
static void *
gather (const EgPickledTensor *tensor, const guint8 *storage, gsize n, gsize size)
{
  guint8 *copy = g_try_malloc (n * size);
  gsize index[EG_TENSOR_MAX_DIMS] = { 0 };
  for (gsize i = 0; copy != NULL && i < n; i++)
    {
      gsize at = tensor->offset;
      for (guint k = 0; k < tensor->n_dims; k++)
        at += index[k] * tensor->stride[k];
      memcpy (copy + i * size, storage + at * size, size);
      if (tensor->is_negative)
        copy[i * size + size - 1] ^= 0x80;
      for (guint k = tensor->n_dims; k > 0 && ++index[k - 1] == tensor->shape[k - 1]; k--)
        index[k - 1] = 0;
    }
  return copy;
}

/* A storage's bytes: in the mapping, or inflated once. */
static const guint8 *
storage_bytes (Reader *self, const EgZipEntry *entry, GError **error)
{
  if (entry->is_stored)
    return eg_tensor_file_get_bytes (self->file) + entry->offset;
  guint8 *bytes = g_hash_table_lookup (self->inflated, entry);
  if (bytes != NULL)
    return bytes;
  GBytes *content = eg_zip_read (self->zip, entry, G_MAXSSIZE, error);
  if (content == NULL)
    return NULL;
  gsize n;
  bytes = g_bytes_unref_to_data (content, &n);
  g_ptr_array_add (self->file->copies, bytes);
  g_hash_table_insert (self->inflated, (gpointer)entry, bytes);
  return bytes;
}

/* The entry that the tensor's storage is. Returns: (transfer none): NULL with an error. */
static const EgZipEntry *
find_storage (const Reader *self, const EgPickledTensor *tensor, const char *name, GError **error)
{
  g_autofree char *path = g_strconcat ("data/", tensor->storage, NULL);
  const EgZipEntry *entry = lookup (self, path);
  const gsize size = eg_dtype_get_size (tensor->dtype);
  if (entry == NULL)
    {
      g_autofree char *quoted = eg_quote (path);
      refuse (self, EG_ERROR_FORMAT, error, _ ("tensor %s is said to be in %s, which is not there"), name,
              quoted);
      return NULL;
    }
  if (entry->size % size == 0 && entry->size / size == tensor->n_stored)
    return entry;
  refuse (self, EG_ERROR_FORMAT, error,
          _ ("tensor %s is said to be in %" PRIu64 " elements of %s, but those have %zu bytes"), name,
          tensor->n_stored, tensor->type, entry->size);
  return NULL;
}

/* A view that is not what lies there: copied out. */
static gboolean
add_copy (Reader *self,
          const EgPickledTensor *tensor,
          const guint8 *storage,
          gsize n,
          const char *name,
          GError **error)
{
  const gsize size = eg_dtype_get_size (tensor->dtype);
  void *copy = gather (tensor, storage, n, size);
  if (copy == NULL && n > 0)
    return refuse (self, EG_ERROR_MEMORY, error, _ ("tensor %s does not fit into memory"), name);
  if (copy != NULL)
    g_ptr_array_add (self->file->copies, copy);
  return eg_tensor_file_add_data (self->file, tensor->name, tensor->dtype, tensor->n_dims, tensor->shape,
                                  copy, n * size, error);
}

static gboolean
add_tensor (Reader *self, const EgPickledTensor *tensor, GError **error)
{
  g_autofree char *name = eg_quote (tensor->name);
  if (tensor->reason != NULL)
    return eg_tensor_file_add_unread (self->file, tensor->name, tensor->reason, error);
  const EgZipEntry *entry = find_storage (self, tensor, name, error);
  const gsize size = eg_dtype_get_size (tensor->dtype);
  if (entry == NULL)
    return FALSE;
  guint64 n;
  if (!count_elements (self, tensor, &n))
    return eg_tensor_file_add_unread (
        self->file, tensor->name, _ ("repeats its elements too often; save it with .contiguous ()"), error);

  const gboolean as_it_lies = is_contiguous (tensor) && !tensor->is_negative;
  if (as_it_lies && entry->is_stored)
    return eg_tensor_file_add (self->file, tensor->name, tensor->dtype, tensor->n_dims, tensor->shape,
                               entry->offset + tensor->offset * size, n * size, error);
  const guint8 *storage = storage_bytes (self, entry, error);
  if (storage == NULL)
    return FALSE;
  return as_it_lies
             ? eg_tensor_file_add_data (self->file, tensor->name, tensor->dtype, tensor->n_dims,
                                        tensor->shape, storage + tensor->offset * size, n * size, error)
             : add_copy (self, tensor, storage, (gsize)n, name, error);
}

static gboolean
read_tensors (Reader *self, GError **error)
{
  g_autoptr (GBytes) list = NULL;
  if (!find_root (self, error) || !check_byte_order (self, error)
      || (list = eg_zip_read (self->zip, lookup (self, "data.pkl"), MAX_PICKLE_SIZE, error)) == NULL)
    return FALSE;
  gsize n;
  const guint8 *bytes = g_bytes_get_data (list, &n);
  g_autoptr (EgPickle) pickle = eg_pickle_read (bytes, n, self->file->name, error);
  if (pickle == NULL)
    return FALSE;
  for (guint i = 0; i < eg_pickle_get_n_tensors (pickle); i++)
    if (!add_tensor (self, eg_pickle_get_tensor (pickle, i), error))
      return FALSE;
  return TRUE;
}

EgTensorFile *
eg_pytorch_file_load (const char *path, GError **error)
{
  g_autoptr (EgTensorFile) file = eg_tensor_file_map (path, error);
  if (file == NULL)
    return NULL;
  Reader self = { .file = file };
  if (is_old_format (eg_tensor_file_get_bytes (file), file->size))
    {
      refuse (&self, EG_ERROR_UNSUPPORTED, error,
              _ ("it is in the format that PyTorch wrote before 1.6; in a new PyTorch, "
                 "torch.save (torch.load (path, weights_only=True), path) makes it one that Engram reads"));
      return NULL;
    }
  g_autoptr (GBytes) archive = g_mapped_file_get_bytes (eg_mapping_get_file (file->mapping));
  self.zip = eg_zip_new (archive, file->name, error);
  if (self.zip == NULL)
    return NULL;
  eg_zip_allow_no_checksums (self.zip);
  self.inflated = g_hash_table_new (NULL, NULL);
  const gboolean ok = read_tensors (&self, error);
  g_hash_table_unref (self.inflated);
  g_free (self.root);
  eg_zip_free (self.zip);
  return ok ? g_steal_pointer (&file) : NULL;
}
