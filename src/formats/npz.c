/* Archives of named .npy arrays. */
#include "formats/npz.h"

#include "core/error.h"
#include "formats/map-file.h"
#include "formats/placeholder.h"
#include "formats/quote.h"
#include "formats/zip.h"

#include <glib/gi18n.h>
#include <string.h>

/* Arrays are written, and tensors are mapped, as they lie in memory. */
G_STATIC_ASSERT (G_BYTE_ORDER == G_LITTLE_ENDIAN);

#define ENDING ".npy"

/* No array of a trace comes near this. */
#define MAX_ARRAY_SIZE ((gsize)1 << 30)

struct _EgNpz
{
  char *title; /* the file's name, for messages */
  EgZip *zip;
  GPtrArray *names; /* char *, then NULL */
};

struct _EgNpzWriter
{
  GPtrArray *names;    /* of entries, with ENDING */
  GPtrArray *contents; /* GBytes */
};

EgNpz *
eg_npz_load (const char *path, GError **error)
{
  g_autoptr (GMappedFile) mapping = eg_map_file (path, error);
  if (mapping == NULL)
    return NULL;
  g_autoptr (GBytes) bytes = g_mapped_file_get_bytes (mapping);
  g_autofree char *title = eg_file_get_title (path);
  if (!eg_check_placeholder (g_mapped_file_get_contents (mapping), g_mapped_file_get_length (mapping), title,
                             error))
    return NULL;
  g_autoptr (EgZip) zip = eg_zip_new (bytes, title, error);
  if (zip == NULL)
    return NULL;

  EgNpz *self = g_new0 (EgNpz, 1);
  self->title = g_steal_pointer (&title);
  self->zip = g_steal_pointer (&zip);
  self->names = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < eg_zip_get_n_entries (self->zip); i++)
    {
      const char *name = eg_zip_get_entry (self->zip, i)->name;
      if (g_str_has_suffix (name, ENDING))
        g_ptr_array_add (self->names, g_strndup (name, strlen (name) - strlen (ENDING)));
    }
  g_ptr_array_add (self->names, NULL);
  return self;
}

void
eg_npz_free (EgNpz *self)
{
  g_ptr_array_unref (self->names);
  eg_zip_free (self->zip);
  g_free (self->title);
  g_free (self);
}

const char *const *
eg_npz_get_names (EgNpz *self)
{
  return (const char *const *)self->names->pdata;
}

static const EgZipEntry *
find_entry (EgNpz *self, const char *name)
{
  g_autofree char *entry_name = g_strconcat (name, ENDING, NULL);
  return eg_zip_lookup (self->zip, entry_name);
}

gboolean
eg_npz_has (EgNpz *self, const char *name)
{
  return find_entry (self, name) != NULL;
}

EgNpyArray *
eg_npz_read (EgNpz *self, const char *name, GError **error)
{
  const EgZipEntry *entry = find_entry (self, name);
  if (entry == NULL)
    {
      g_set_error (error, EG_ERROR, EG_ERROR_NOT_FOUND, _ ("%s: there is no array %s"), self->title, name);
      return NULL;
    }
  g_autoptr (GBytes) bytes = eg_zip_read (self->zip, entry, MAX_ARRAY_SIZE, error);
  if (bytes == NULL)
    return NULL;
  g_autofree char *quoted = eg_quote (name);
  g_autofree char *where = g_strdup_printf ("%s: %s", self->title, quoted);
  return eg_npy_parse (bytes, where, error);
}

static void
unref_bytes (gpointer data)
{
  g_bytes_unref (data);
}

EgNpzWriter *
eg_npz_writer_new (void)
{
  EgNpzWriter *self = g_new0 (EgNpzWriter, 1);
  self->names = g_ptr_array_new_with_free_func (g_free);
  self->contents = g_ptr_array_new_with_free_func (unref_bytes);
  return self;
}

void
eg_npz_writer_free (EgNpzWriter *self)
{
  g_ptr_array_unref (self->names);
  g_ptr_array_unref (self->contents);
  g_free (self);
}

static void
add_array (EgNpzWriter *self,
           const char *name,
           const char *descr,
           gsize item_size,
           guint n_dims,
           const gsize *shape,
           const void *data)
{
  g_autofree char *entry_name = g_strconcat (name, ENDING, NULL);
  gsize n_bytes = item_size;
  for (guint d = 0; d < n_dims; d++)
    n_bytes *= shape[d]; /* the size of an array in memory: no overflow */
  g_return_if_fail (!g_ptr_array_find_with_equal_func (self->names, entry_name, g_str_equal, NULL));
  g_ptr_array_add (self->names, g_steal_pointer (&entry_name));
  g_ptr_array_add (self->contents, eg_npy_format (descr, n_dims, shape, data, n_bytes));
}

void
eg_npz_writer_add_f32 (
    EgNpzWriter *self, const char *name, const float *data, guint n_dims, const gsize *shape)
{
  add_array (self, name, "<f4", sizeof *data, n_dims, shape, data);
}

void
eg_npz_writer_add_f64 (
    EgNpzWriter *self, const char *name, const double *data, guint n_dims, const gsize *shape)
{
  add_array (self, name, "<f8", sizeof *data, n_dims, shape, data);
}

void
eg_npz_writer_add_i64 (
    EgNpzWriter *self, const char *name, const gint64 *data, guint n_dims, const gsize *shape)
{
  add_array (self, name, "<i8", sizeof *data, n_dims, shape, data);
}

void
eg_npz_writer_add_bools (
    EgNpzWriter *self, const char *name, const guint8 *data, guint n_dims, const gsize *shape)
{
  add_array (self, name, "|b1", sizeof *data, n_dims, shape, data);
}

void
eg_npz_writer_add_strings (
    EgNpzWriter *self, const char *name, const char *const *texts, gsize n, gboolean is_scalar)
{
  g_return_if_fail (!is_scalar || n == 1);

  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func (g_free);
  gsize longest = 1;
  for (gsize i = 0; i < n; i++)
    {
      g_autofree char *text = g_utf8_make_valid (texts[i], -1);
      glong length;
      g_ptr_array_add (rows, g_utf8_to_ucs4_fast (text, -1, &length));
      longest = MAX (longest, (gsize)length);
    }

  g_autofree gunichar *data = g_new0 (gunichar, n * longest);
  for (gsize i = 0; i < n; i++)
    {
      const gunichar *row = g_ptr_array_index (rows, i);
      for (gsize k = 0; row[k] != 0; k++)
        data[i * longest + k] = row[k];
    }
  g_autofree char *descr = g_strdup_printf ("<U%" G_GSIZE_FORMAT, longest);
  add_array (self, name, descr, 4 * longest, is_scalar ? 0 : 1, &n, data);
}

static EgZipMember *
list_members (EgNpzWriter *self)
{
  EgZipMember *members = g_new0 (EgZipMember, self->names->len);
  for (guint i = 0; i < self->names->len; i++)
    {
      members[i].name = g_ptr_array_index (self->names, i);
      members[i].content = g_ptr_array_index (self->contents, i);
    }
  return members;
}

gboolean
eg_npz_writer_save (EgNpzWriter *self, const char *path, GError **error)
{
  g_autofree EgZipMember *members = list_members (self);
  return eg_zip_write (path, members, self->names->len, error);
}

GBytes *
eg_npz_writer_to_bytes (EgNpzWriter *self, GError **error)
{
  g_autofree EgZipMember *members = list_members (self);
  return eg_zip_to_bytes (members, self->names->len, error);
}
