/* Writes a zip archive, with zip64 where it must. */
#include "formats/zip.h"

#include "core/error.h"
#include "formats/atomic-file.h"
#include "formats/zip-private.h"

#include <glib/gi18n.h>
#include <string.h>

#define MAX_SIZE_IN_MEMORY (1 << 30)

/* 1980-01-01, the first day that the format knows: year 0, month 1, day 1. */
#define FIRST_DATE 0x0021u

/* Made on Unix (3), a regular file that all may read. */
#define MADE_ON_UNIX    (3u << 8)
#define FILE_ATTRIBUTES (0100644u << 16)

/* "2.0 is needed to read this", and 4.5 for zip64. */
#define VERSION       20u
#define VERSION_ZIP64 45u

/* One entry that was written, for the directory. */
typedef struct
{
  const char *name;
  guint64 offset; /* of its local header */
  guint64 size;
  guint32 crc32;
} Written;

static void
put16 (GByteArray *record, guint value)
{
  const guint8 bytes[] = { (guint8)(value & 0xffu), (guint8)(value >> 8 & 0xffu) };
  g_byte_array_append (record, bytes, sizeof bytes);
}

static void
put32 (GByteArray *record, guint32 value)
{
  put16 (record, value & 0xffffu);
  put16 (record, value >> 16);
}

static void
put64 (GByteArray *record, guint64 value)
{
  put32 (record, (guint32)(value & 0xffffffffu));
  put32 (record, (guint32)(value >> 32));
}

/* A 32-bit field, or the sign that the value is in the zip64 field. */
static void
put32_or_full (GByteArray *record, guint64 value, guint32 zip64_from)
{
  put32 (record, value < zip64_from ? (guint32)value : ZIP_MAX32);
}

static void
put_name (GByteArray *record, const char *name)
{
  g_byte_array_append (record, (const guint8 *)name, (guint)strlen (name));
}

/* The fields that the local header and the directory have in common, from "flags" to "extra length". */
static void
put_common (GByteArray *record, const Written *entry, guint n_extra, guint32 zip64_from)
{
  put16 (record, g_str_is_ascii (entry->name) ? 0 : ZIP_FLAG_UTF8);
  put16 (record, ZIP_STORED);
  put16 (record, 0); /* midnight */
  put16 (record, FIRST_DATE);
  put32 (record, entry->crc32);
  put32_or_full (record, entry->size, zip64_from); /* as stored */
  put32_or_full (record, entry->size, zip64_from);
  put16 (record, (guint)strlen (entry->name));
  put16 (record, n_extra == 0 ? 0 : 4 + 8 * n_extra);
}

static void
put_local_header (GByteArray *record, const Written *entry, guint32 zip64_from)
{
  const gboolean is_large = entry->size >= zip64_from;
  put32 (record, ZIP_LOCAL_SIGNATURE);
  put16 (record, is_large ? VERSION_ZIP64 : VERSION);
  put_common (record, entry, is_large ? 2 : 0, zip64_from);
  put_name (record, entry->name);
  if (is_large)
    {
      put16 (record, ZIP_EXTRA_ZIP64);
      put16 (record, 16);
      put64 (record, entry->size);
      put64 (record, entry->size);
    }
}

static void
put_central_header (GByteArray *record, const Written *entry, guint32 zip64_from)
{
  const gboolean is_large = entry->size >= zip64_from;
  const gboolean is_far = entry->offset >= zip64_from;
  const guint n_extra = (is_large ? 2 : 0) + (is_far ? 1 : 0);
  const guint version = n_extra > 0 ? VERSION_ZIP64 : VERSION;
  put32 (record, ZIP_CENTRAL_SIGNATURE);
  put16 (record, MADE_ON_UNIX | version);
  put16 (record, version);
  put_common (record, entry, n_extra, zip64_from);
  put16 (record, 0); /* no comment */
  put16 (record, 0); /* on disk 0 */
  put16 (record, 0); /* not said to be text */
  put32 (record, FILE_ATTRIBUTES);
  put32_or_full (record, entry->offset, zip64_from);
  put_name (record, entry->name);
  if (n_extra == 0)
    return;
  put16 (record, ZIP_EXTRA_ZIP64);
  put16 (record, 8 * n_extra);
  for (guint i = 0; is_large && i < 2; i++)
    put64 (record, entry->size);
  if (is_far)
    put64 (record, entry->offset);
}

static void
put_end (GByteArray *record, gsize n_entries, guint64 offset, guint64 size, guint32 zip64_from)
{
  if (n_entries >= ZIP_MAX16 || offset >= zip64_from || size >= zip64_from)
    {
      put32 (record, ZIP_END64_SIGNATURE);
      put64 (record, ZIP_END64_SIZE - 12); /* what follows this field */
      put16 (record, MADE_ON_UNIX | VERSION_ZIP64);
      put16 (record, VERSION_ZIP64);
      put32 (record, 0);
      put32 (record, 0);
      put64 (record, n_entries);
      put64 (record, n_entries);
      put64 (record, size);
      put64 (record, offset);
      put32 (record, ZIP_LOCATOR64_SIGNATURE);
      put32 (record, 0);
      put64 (record, offset + size);
      put32 (record, 1);
    }
  put32 (record, ZIP_END_SIGNATURE);
  put16 (record, 0);
  put16 (record, 0);
  put16 (record, (guint)MIN (n_entries, ZIP_MAX16));
  put16 (record, (guint)MIN (n_entries, ZIP_MAX16));
  put32_or_full (record, size, zip64_from);
  put32_or_full (record, offset, zip64_from);
  put16 (record, 0);
}

/* Where the bytes go, one piece after the other. */
typedef gboolean (*AppendFunc) (gpointer target, const void *data, gsize n, GError **error);

static gboolean
append_to_file (gpointer target, const void *data, gsize n, GError **error)
{
  return eg_atomic_file_append (target, data, n, error);
}

static gboolean
append_to_array (gpointer target, const void *data, gsize n, GError **error)
{
  (void)error;
  g_byte_array_append (target, data, (guint)n); /* less than MAX_SIZE_IN_MEMORY */
  return TRUE;
}

/* Writes one entry at *offset and moves that behind it. */
static gboolean
append_member (AppendFunc append,
               gpointer target,
               const EgZipMember *member,
               guint32 zip64_from,
               guint64 *offset,
               Written *entry,
               GError **error)
{
  gsize size;
  const void *content = g_bytes_get_data (member->content, &size);
  entry->name = member->name;
  entry->offset = *offset;
  entry->size = size;
  entry->crc32 = eg_crc32 (0, content, size);
  g_autoptr (GByteArray) header = g_byte_array_new ();
  put_local_header (header, entry, zip64_from);
  *offset += header->len + (guint64)size;
  return append (target, header->data, header->len, error) && append (target, content, size, error);
}

static gboolean
append_archive (AppendFunc append,
                gpointer target,
                const EgZipMember *members,
                gsize n,
                guint32 zip64_from,
                GError **error)
{
  g_autofree Written *entries = g_new0 (Written, n);
  guint64 offset = 0;
  for (gsize i = 0; i < n; i++)
    {
      g_return_val_if_fail (strlen (members[i].name) <= ZIP_MAX16, FALSE);
      if (!append_member (append, target, &members[i], zip64_from, &offset, &entries[i], error))
        return FALSE;
    }

  g_autoptr (GByteArray) directory = g_byte_array_new ();
  for (gsize i = 0; i < n; i++)
    put_central_header (directory, &entries[i], zip64_from);
  put_end (directory, n, offset, directory->len, zip64_from);
  return append (target, directory->data, directory->len, error);
}

gboolean
eg_zip_write_zip64_from (
    const char *path, const EgZipMember *members, gsize n, guint32 zip64_from, GError **error)
{
  g_autoptr (EgAtomicFile) file = eg_atomic_file_begin (path, error);
  return file != NULL && append_archive (append_to_file, file, members, n, zip64_from, error)
         && eg_atomic_file_commit (file, error);
}

gboolean
eg_zip_write (const char *path, const EgZipMember *members, gsize n, GError **error)
{
  return eg_zip_write_zip64_from (path, members, n, ZIP_MAX32, error);
}

GBytes *
eg_zip_to_bytes (const EgZipMember *members, gsize n, GError **error)
{
  gsize size = 0;
  for (gsize i = 0; i < n; i++)
    if (!g_size_checked_add (&size, size, g_bytes_get_size (members[i].content)) || size > MAX_SIZE_IN_MEMORY)
      {
        g_set_error (error, EG_ERROR, EG_ERROR_MEMORY, _ ("the archive is larger than %d MiB"),
                     MAX_SIZE_IN_MEMORY >> 20);
        return NULL;
      }
  GByteArray *archive = g_byte_array_new ();
  append_archive (append_to_array, archive, members, n, ZIP_MAX32, NULL);
  return g_byte_array_free_to_bytes (archive);
}
