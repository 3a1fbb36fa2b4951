/* Zip archives (PKWARE's APPNOTE.TXT 6.3), as .npz files and PyTorch's .bin files are: reading stored and
 * deflated entries, with zip64; writing stored ones.
 *
 * Own code and not libarchive, because tensors are to be used where they lie in the mapped file: that takes
 * the offset of an entry's data, which libarchive does not tell; and what is left, inflating, GIO does.
 *
 * Nothing is ever unpacked to the disk, so that names such as "../x" are only names. Checked before use:
 * every offset and size against the archive; that entries do not overlap each other or the directory; that a
 * local header bears the name that the directory gives; that no name is there twice; that a declared size is
 * one that deflate can reach (so that a small file cannot make for a large allocation). Refused: encryption,
 * several disks, other methods than stored and deflated, names that are not UTF-8. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * EgZipEntry:
 * @name: valid UTF-8, as in the archive: "a/b.npy"
 * @is_stored: not compressed: its data lie in the archive at @offset
 * @offset: of the data (not of the header before them) in the archive
 * @stored_size: bytes in the archive
 * @size: bytes when inflated; @stored_size if @is_stored
 * @crc32: of the inflated bytes
 */
typedef struct
{
  char *name;
  gboolean is_stored;
  gsize offset;
  gsize stored_size;
  gsize size;
  guint32 crc32;
} EgZipEntry;

typedef struct _EgZip EgZip;

/* Reads the directory of an archive that lies in memory (usually g_mapped_file_get_bytes()); where: what
 * begins the messages, e.g. the file's name. Returns: (transfer full): NULL with EG_ERROR_FORMAT or
 * EG_ERROR_UNSUPPORTED. */
EgZip *eg_zip_new (GBytes *archive, const char *where, GError **error);

void eg_zip_free (EgZip *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgZip, eg_zip_free)

/* Entries in the order of the directory; folders (names that end in "/") are left out. */
guint eg_zip_get_n_entries (EgZip *self);
const EgZipEntry *eg_zip_get_entry (EgZip *self, guint i);

/* From now on a checksum of 0 is one that was not computed: PyTorch leaves them out if it is told to. */
void eg_zip_allow_no_checksums (EgZip *self);

/* Returns: (transfer none) (nullable) */
const EgZipEntry *eg_zip_lookup (EgZip *self, const char *name);

/* The content of an entry, inflated, its CRC-32 checked (so that every byte of it is read); stored entries
 * are not copied. For a stored entry without that: the archive's bytes at entry->offset. Returns: (transfer
 * full): NULL with EG_ERROR_FORMAT (damaged), or EG_ERROR_MEMORY if it is larger than max_size. */
GBytes *eg_zip_read (EgZip *self, const EgZipEntry *entry, gsize max_size, GError **error);

/* One entry to write. */
typedef struct
{
  const char *name;
  GBytes *content;
} EgZipMember;

/* Writes an archive of n stored entries (atomic-file.h), dated 1980-01-01: the same members make the same
 * bytes. zip64 is used only where a size, an offset or a count asks for it. */
gboolean eg_zip_write (const char *path, const EgZipMember *members, gsize n, GError **error);

/* The same archive in memory; EG_ERROR_MEMORY where that is more than 1 GiB. (transfer full) */
GBytes *eg_zip_to_bytes (const EgZipMember *members, gsize n, GError **error);

/* For tests: sizes and offsets from zip64_from (0xffffffff in eg_zip_write) on use zip64. */
gboolean eg_zip_write_zip64_from (
    const char *path, const EgZipMember *members, gsize n, guint32 zip64_from, GError **error);

/* CRC-32 as in zip and gzip; crc is 0 to begin with, or the result for the bytes before. */
guint32 eg_crc32 (guint32 crc, const void *data, gsize n);

G_END_DECLS
