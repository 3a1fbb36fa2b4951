/* A file to which records are appended, each with a checksum, so that it can be gone on with however the
 * program before ended: a record that was cut short is the last one, and is dropped. Little-endian:
 *
 *   "EGSTUDY1"
 *   then of each record: magic u32, length u32 of what follows the head, index u64, tag u32, CRC-32 u32 of
 * all of the record but magic and itself; and so many bytes
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * EgJournalEntry: a record as it is found again.
 * @index, @tag: by which it was appended; @offset, @length: of its bytes
 */
typedef struct
{
  guint64 index, offset;
  guint32 tag, length;
} EgJournalEntry;

typedef struct _EgJournal EgJournal;

/* Opens one, or, if it may be written, makes it or drops what was cut short. G_FILE_ERROR; EG_ERROR_FORMAT
 * where it is another kind of file. found: is called with each record, in the order of the file. (transfer
 * full) */
typedef void (*EgJournalFunc) (const EgJournalEntry *entry, gpointer user_data);
EgJournal *eg_journal_open (
    const char *path, gboolean may_write, EgJournalFunc found, gpointer user_data, GError **error);
void eg_journal_free (EgJournal *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgJournal, eg_journal_free)

/* Looks for records that were appended since by someone else. */
gboolean eg_journal_look (EgJournal *self, EgJournalFunc found, gpointer user_data, GError **error);

/* One thread at a time. entry: (out): where it is found again. */
gboolean eg_journal_append (
    EgJournal *self, guint64 index, guint32 tag, GBytes *bytes, EgJournalEntry *entry, GError **error);

/* Any thread. The record's bytes, checked again: EG_ERROR_FORMAT. (transfer full) */
GBytes *eg_journal_read (EgJournal *self, const EgJournalEntry *entry, GError **error);

/* Writes these records alone, in their order, to path (whole or not at all). */
gboolean eg_journal_write_sorted (
    EgJournal *self, const EgJournalEntry *entries, gsize n, const char *path, GError **error);

G_END_DECLS
