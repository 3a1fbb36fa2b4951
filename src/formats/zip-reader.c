/* Reads a zip archive's directory and members, trusting no size in them. */
#include "formats/zip.h"

#include "core/error.h"
#include "formats/quote.h"
#include "formats/zip-private.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <gio/gio.h>
#include <string.h>

struct _EgZip
{
  char *where;
  GBytes *archive;
  const guint8 *bytes; /* the archive's */
  gsize size;
  GArray *entries;   /* EgZipEntry */
  GHashTable *table; /* name → index into entries + 1 */
  gboolean allow_no_checksums;
};

/* Where the directory lies. */
typedef struct
{
  guint64 n_entries;
  guint64 size;
  guint64 offset;
  gsize end; /* the offset of the records behind it, which it must not reach into */
} Directory;

/* An entry as the directory has it, and the archive's bytes that it takes from its local header on. */
typedef struct
{
  EgZipEntry entry;
  guint64 stored_size;
  guint64 size;
  guint64 header_offset;
} Record;

typedef struct
{
  gsize begin;
  gsize end;
} Span;

static guint16
get16 (const guint8 *p)
{
  return (guint16)(p[0] | p[1] << 8);
}

static guint32
get32 (const guint8 *p)
{
  return get16 (p) | (guint32)get16 (p + 2) << 16;
}

static guint64
get64 (const guint8 *p)
{
  return get32 (p) | (guint64)get32 (p + 4) << 32;
}

G_GNUC_PRINTF (4, 5)
static gboolean
refuse (const EgZip *self, EgError code, GError **error, const char *format, ...)
{
  va_list args;
  va_start (args, format);
  g_autofree char *reason = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, EG_ERROR, (int)code, "%s: %s", self->where, reason);
  return FALSE;
}

G_GNUC_PRINTF (5, 6)
static gboolean
refuse_entry (const EgZip *self, const char *name, EgError code, GError **error, const char *format, ...)
{
  g_autofree char *quoted = eg_quote (name);
  va_list args;
  va_start (args, format);
  g_autofree char *reason = g_strdup_vprintf (format, args);
  va_end (args);
  /* TRANSLATORS: a file inside of an archive, and what is wrong: “is encrypted”, “is there twice”. */
  return refuse (self, code, error, _ ("entry %s %s"), quoted, reason);
}

/* The end record is the last thing in the archive but for a comment of up to 65535 bytes. */
static gboolean
find_end (const EgZip *self, gsize *offset)
{
  if (self->size < ZIP_END_SIZE)
    return FALSE;
  const gsize last = self->size - ZIP_END_SIZE;
  for (gsize comment = 0; comment <= MIN (last, ZIP_MAX16); comment++)
    {
      const guint8 *p = self->bytes + last - comment;
      if (get32 (p) == ZIP_END_SIGNATURE && get16 (p + 20) == comment)
        {
          *offset = last - comment;
          return TRUE;
        }
    }
  return FALSE;
}

/* end: the end record's offset. Puts what the zip64 end record says into directory, if there is one. */
static gboolean
read_end64 (const EgZip *self, gsize end, Directory *directory, GError **error)
{
  if (end < ZIP_LOCATOR64_SIZE || get32 (self->bytes + end - ZIP_LOCATOR64_SIZE) != ZIP_LOCATOR64_SIGNATURE)
    return TRUE;
  const gsize locator = end - ZIP_LOCATOR64_SIZE;
  const guint64 offset = get64 (self->bytes + locator + 8);
  if (offset > locator || locator - offset < ZIP_END64_SIZE
      || get32 (self->bytes + offset) != ZIP_END64_SIGNATURE)
    return refuse (self, EG_ERROR_FORMAT, error, _ ("the zip64 end record is not where it should be"));
  const guint8 *p = self->bytes + offset;
  if (get32 (self->bytes + locator + 4) != 0 || get32 (p + 16) != 0 || get32 (p + 20) != 0
      || get64 (p + 24) != get64 (p + 32))
    return refuse (self, EG_ERROR_UNSUPPORTED, error, _ ("the archive is split over several disks"));
  directory->n_entries = get64 (p + 32);
  directory->size = get64 (p + 40);
  directory->offset = get64 (p + 48);
  directory->end = (gsize)offset;
  return TRUE;
}

static gboolean
read_end (const EgZip *self, Directory *directory, GError **error)
{
  gsize end;
  if (!find_end (self, &end))
    return refuse (self, EG_ERROR_FORMAT, error,
                   _ ("not a zip archive, or cut short: its end record is missing"));
  const guint8 *p = self->bytes + end;
  directory->n_entries = get16 (p + 10);
  directory->size = get32 (p + 12);
  directory->offset = get32 (p + 16);
  directory->end = end;
  const gboolean is_full
      = directory->n_entries == ZIP_MAX16 || directory->size == ZIP_MAX32 || directory->offset == ZIP_MAX32;
  if (is_full && !read_end64 (self, end, directory, error))
    return FALSE;
  if (directory->end == end && (get16 (p + 4) != 0 || get16 (p + 6) != 0 || get16 (p + 8) != get16 (p + 10)))
    return refuse (self, EG_ERROR_UNSUPPORTED, error, _ ("the archive is split over several disks"));
  if (directory->offset > directory->end || directory->size > directory->end - directory->offset)
    return refuse (self, EG_ERROR_FORMAT, error, _ ("the directory lies outside the archive"));
  if (directory->n_entries > directory->size / ZIP_CENTRAL_SIZE)
    return refuse (self, EG_ERROR_FORMAT, error, _ ("%" PRIu64 " entries do not fit into its directory"),
                   directory->n_entries);
  return TRUE;
}

/* Takes the 64-bit values of those of the three fields that are full, in the order of the format. */
static gboolean
read_zip64_extra (Record *record, const guint8 *extra, gsize length)
{
  guint64 *fields[] = { &record->size, &record->stored_size, &record->header_offset };
  const gboolean is_full[]
      = { record->size == ZIP_MAX32, record->stored_size == ZIP_MAX32, record->header_offset == ZIP_MAX32 };
  gboolean seen = FALSE;
  while (length >= 4)
    {
      const guint id = get16 (extra);
      const gsize n = get16 (extra + 2);
      const guint8 *value = extra + 4;
      if (n > length - 4)
        return FALSE;
      if (id == ZIP_EXTRA_ZIP64 && seen)
        return FALSE;
      if (id == ZIP_EXTRA_ZIP64)
        {
          gsize used = 0;
          seen = TRUE;
          for (guint i = 0; i < G_N_ELEMENTS (fields); i++)
            {
              if (!is_full[i])
                continue;
              if (n - used < 8)
                return FALSE;
              *fields[i] = get64 (value + used);
              used += 8;
            }
        }
      extra = value + n;
      length -= 4 + n;
    }
  return length == 0;
}

/* Reads the record at *position of the directory that ends at end, and moves *position behind it. */
static gboolean
read_record (const EgZip *self, gsize *position, gsize end, Record *record, GError **error)
{
  const guint8 *p = self->bytes + *position;
  if (end - *position < ZIP_CENTRAL_SIZE || get32 (p) != ZIP_CENTRAL_SIGNATURE)
    return refuse (self, EG_ERROR_FORMAT, error, _ ("the directory is damaged at byte %zu"), *position);
  const guint flags = get16 (p + 8);
  const guint method = get16 (p + 10);
  const gsize name_length = get16 (p + 28);
  const gsize extra_length = get16 (p + 30);
  const gsize comment_length = get16 (p + 32);
  if (name_length + extra_length + comment_length > end - *position - ZIP_CENTRAL_SIZE)
    return refuse (self, EG_ERROR_FORMAT, error, _ ("the directory is damaged at byte %zu"), *position);

  const char *name = (const char *)p + ZIP_CENTRAL_SIZE;
  if (name_length == 0 || !g_utf8_validate_len (name, name_length, NULL))
    return refuse (self, EG_ERROR_FORMAT, error, _ ("the name at byte %zu is empty or not UTF-8"), *position);
  record->entry.name = g_strndup (name, name_length);
  record->entry.is_stored = method == ZIP_STORED;
  record->entry.crc32 = get32 (p + 16);
  record->stored_size = get32 (p + 20);
  record->size = get32 (p + 24);
  record->header_offset = get32 (p + 42);
  if (!read_zip64_extra (record, (const guint8 *)name + name_length, extra_length))
    return refuse_entry (self, record->entry.name, EG_ERROR_FORMAT, error, _ ("has damaged extra fields"));
  /* Encryption: bits 0 (any), 6 (strong) and 13 (of the directory). */
  if ((flags & 0x2041u) != 0)
    return refuse_entry (self, record->entry.name, EG_ERROR_UNSUPPORTED, error, _ ("is encrypted"));
  if (method != ZIP_STORED && method != ZIP_DEFLATED)
    return refuse_entry (self, record->entry.name, EG_ERROR_UNSUPPORTED, error,
                         _ ("is compressed by method %u; Engram knows stored and deflated entries"), method);
  *position += ZIP_CENTRAL_SIZE + name_length + extra_length + comment_length;
  return TRUE;
}

/* Finds the data behind the local header; limit: where the directory begins. */
static gboolean
locate_data (const EgZip *self, Record *record, gsize limit, GError **error)
{
  EgZipEntry *entry = &record->entry;
  if (record->header_offset > limit || limit - record->header_offset < ZIP_LOCAL_SIZE)
    return refuse_entry (self, entry->name, EG_ERROR_FORMAT, error, _ ("lies outside the archive"));
  const guint8 *p = self->bytes + record->header_offset;
  const gsize name_length = get16 (p + 26);
  const gsize extra_length = get16 (p + 28);
  const gsize rest = limit - (gsize)record->header_offset - ZIP_LOCAL_SIZE;
  if (get32 (p) != ZIP_LOCAL_SIGNATURE || name_length + extra_length > rest
      || name_length != strlen (entry->name) || memcmp (p + ZIP_LOCAL_SIZE, entry->name, name_length) != 0)
    return refuse_entry (self, entry->name, EG_ERROR_FORMAT, error, _ ("is not where the directory says"));
  if (record->stored_size > rest - name_length - extra_length)
    return refuse_entry (self, entry->name, EG_ERROR_FORMAT, error, _ ("reaches beyond the archive"));

  /* Deflate makes at most 1032 bytes of one. */
  const gboolean is_possible
      = entry->is_stored ? record->size == record->stored_size : record->size / 1032 <= record->stored_size;
  if (!is_possible || record->size > G_MAXSSIZE - 1)
    return refuse_entry (self, entry->name, EG_ERROR_FORMAT, error,
                         _ ("cannot have %" PRIu64 " bytes, made of %" PRIu64), record->size,
                         record->stored_size);
  entry->offset = (gsize)record->header_offset + ZIP_LOCAL_SIZE + name_length + extra_length;
  entry->stored_size = (gsize)record->stored_size;
  entry->size = (gsize)record->size;
  return TRUE;
}

static int
compare_spans (gconstpointer left, gconstpointer right)
{
  const Span *a = left;
  const Span *b = right;
  return a->begin < b->begin ? -1 : a->begin > b->begin;
}

static gboolean
check_overlaps (const EgZip *self, GArray *spans, GError **error)
{
  g_array_sort (spans, compare_spans);
  for (guint i = 1; i < spans->len; i++)
    if (g_array_index (spans, Span, i).begin < g_array_index (spans, Span, i - 1).end)
      return refuse (self, EG_ERROR_FORMAT, error, _ ("entries overlap at byte %zu"),
                     g_array_index (spans, Span, i).begin);
  return TRUE;
}

/* Takes the entry's name. */
static gboolean
add_entry (EgZip *self, EgZipEntry *entry, GError **error)
{
  g_array_append_vals (self->entries, entry, 1);
  if (g_hash_table_insert (self->table, entry->name, GUINT_TO_POINTER (self->entries->len)))
    return TRUE;
  return refuse_entry (self, entry->name, EG_ERROR_FORMAT, error, _ ("is there twice"));
}

static gboolean
read_directory (EgZip *self, const Directory *directory, GError **error)
{
  g_autoptr (GArray) spans = g_array_new (FALSE, FALSE, sizeof (Span));
  gsize position = (gsize)directory->offset;
  const gsize end = position + (gsize)directory->size;
  for (guint64 i = 0; i < directory->n_entries; i++)
    {
      Record record = { 0 };
      const gboolean good = read_record (self, &position, end, &record, error)
                            && locate_data (self, &record, (gsize)directory->offset, error);
      g_autofree char *name = record.entry.name;
      if (!good)
        return FALSE;
      const Span span = { (gsize)record.header_offset, record.entry.offset + record.entry.stored_size };
      g_array_append_val (spans, span);
      if (g_str_has_suffix (name, "/"))
        continue;
      g_steal_pointer (&name);
      if (!add_entry (self, &record.entry, error))
        return FALSE;
    }
  if (position != end)
    return refuse (self, EG_ERROR_FORMAT, error, _ ("the directory has more in it than its entries"));
  return check_overlaps (self, spans, error);
}

static void
clear_entry (gpointer data)
{
  EgZipEntry *entry = data;
  g_free (entry->name);
}

EgZip *
eg_zip_new (GBytes *archive, const char *where, GError **error)
{
  g_autoptr (EgZip) self = g_new0 (EgZip, 1);
  self->where = g_strdup (where);
  self->archive = g_bytes_ref (archive);
  self->bytes = g_bytes_get_data (archive, &self->size);
  self->entries = g_array_new (FALSE, FALSE, sizeof (EgZipEntry));
  g_array_set_clear_func (self->entries, clear_entry);
  self->table = g_hash_table_new (g_str_hash, g_str_equal);

  Directory directory = { 0 };
  if (!read_end (self, &directory, error) || !read_directory (self, &directory, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
eg_zip_free (EgZip *self)
{
  g_hash_table_unref (self->table);
  g_array_unref (self->entries);
  g_bytes_unref (self->archive);
  g_free (self->where);
  g_free (self);
}

void
eg_zip_allow_no_checksums (EgZip *self)
{
  self->allow_no_checksums = TRUE;
}

guint
eg_zip_get_n_entries (EgZip *self)
{
  return self->entries->len;
}

const EgZipEntry *
eg_zip_get_entry (EgZip *self, guint i)
{
  g_return_val_if_fail (i < self->entries->len, NULL);
  return &g_array_index (self->entries, EgZipEntry, i);
}

const EgZipEntry *
eg_zip_lookup (EgZip *self, const char *name)
{
  const guint i = GPOINTER_TO_UINT (g_hash_table_lookup (self->table, name));
  return i > 0 ? eg_zip_get_entry (self, i - 1) : NULL;
}

/* Inflates all of src into exactly dst_size bytes; dst has room for one more. */
static gboolean
inflate_exactly (const guint8 *src, gsize src_size, guint8 *dst, gsize dst_size)
{
  g_autoptr (GConverter) inflater = G_CONVERTER (g_zlib_decompressor_new (G_ZLIB_COMPRESSOR_FORMAT_RAW));
  gsize n_read = 0;
  gsize n_written = 0;
  while (n_written <= dst_size)
    {
      gsize read = 0;
      gsize written = 0;
      const GConverterResult result
          = g_converter_convert (inflater, src + n_read, src_size - n_read, dst + n_written,
                                 dst_size + 1 - n_written, G_CONVERTER_INPUT_AT_END, &read, &written, NULL);
      n_read += read;
      n_written += written;
      if (result == G_CONVERTER_FINISHED)
        return n_read == src_size && n_written == dst_size;
      if (result == G_CONVERTER_ERROR || (read == 0 && written == 0))
        return FALSE;
    }
  return FALSE;
}

GBytes *
eg_zip_read (EgZip *self, const EgZipEntry *entry, gsize max_size, GError **error)
{
  const guint8 *stored = self->bytes + entry->offset;
  g_autofree guint8 *inflated = NULL;
  if (entry->size <= max_size && !entry->is_stored)
    inflated = g_try_malloc (entry->size + 1);
  if (entry->size > max_size || (!entry->is_stored && inflated == NULL))
    {
      refuse_entry (self, entry->name, EG_ERROR_MEMORY, error,
                    _ ("has %zu bytes, which is too much for memory"), entry->size);
      return NULL;
    }
  const guint8 *content = entry->is_stored ? stored : inflated;
  const gboolean unchecked = self->allow_no_checksums && entry->crc32 == 0;
  if ((!entry->is_stored && !inflate_exactly (stored, entry->stored_size, inflated, entry->size))
      || (!unchecked && eg_crc32 (0, content, entry->size) != entry->crc32))
    {
      refuse_entry (self, entry->name, EG_ERROR_FORMAT, error,
                    _ ("is damaged: its content does not have the checksum that the archive gives"));
      return NULL;
    }
  if (entry->is_stored)
    return g_bytes_new_from_bytes (self->archive, entry->offset, entry->size);
  return g_bytes_new_take (g_steal_pointer (&inflated), entry->size);
}
