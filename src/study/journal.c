/* Appends records and finds them again. */
#include "study/journal.h"

#include "core/error.h"
#include "formats/atomic-file.h"
#include "formats/zip.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC   "EGSTUDY1"
#define N_MAGIC 8
#define RECORD  0x52474745u
/* A fact of a large model and a long prompt is a few MiB. */
#define MOST_BYTES (1u << 30)

typedef struct
{
  guint32 magic, length;
  guint64 index;
  guint32 tag, crc;
} Head;

G_STATIC_ASSERT (sizeof (Head) == 24);

/* @end: of the last whole record */
struct _EgJournal
{
  int descriptor;
  char *title;
  guint64 end;
};

void
eg_journal_free (EgJournal *self)
{
  if (self->descriptor >= 0)
    close (self->descriptor);
  g_free (self->title);
  g_free (self);
}

static gboolean
fail (const EgJournal *self, int number, GError **error)
{
  g_set_error (error, G_FILE_ERROR, (int)g_file_error_from_errno (number), "%s: %s", self->title,
               g_strerror (number));
  return FALSE;
}

/* Exactly n bytes; FALSE without an error where there are not so many. */
static gboolean
read_at (const EgJournal *self, guint64 offset, void *data, gsize n, GError **error)
{
  guint8 *at = data;
  while (n > 0)
    {
      const gssize got = pread (self->descriptor, at, n, (off_t)offset);
      if (got < 0 && errno == EINTR)
        continue;
      if (got < 0)
        return fail (self, errno, error);
      if (got == 0)
        return FALSE;
      at += got;
      offset += (guint64)got;
      n -= (gsize)got;
    }
  return TRUE;
}

static gboolean
write_all (const EgJournal *self, guint64 offset, const void *data, gsize n, GError **error)
{
  const guint8 *at = data;
  while (n > 0)
    {
      const gssize put = pwrite (self->descriptor, at, n, (off_t)offset);
      if (put < 0 && errno == EINTR)
        continue;
      if (put < 0)
        return fail (self, errno, error);
      at += put;
      offset += (guint64)put;
      n -= (gsize)put;
    }
  return TRUE;
}

static guint32
sum_of (const Head *head, const void *data)
{
  const guint32 crc
      = eg_crc32 (0, &head->length, G_STRUCT_OFFSET (Head, crc) - G_STRUCT_OFFSET (Head, length));
  return eg_crc32 (crc, data, head->length);
}

/* The record at an offset; NULL without an error where there is none that is whole. */
static GBytes *
read_record (const EgJournal *self, guint64 offset, Head *head, GError **error)
{
  struct stat status;
  if (!read_at (self, offset, head, sizeof *head, error) || head->magic != RECORD
      || head->length > MOST_BYTES)
    return NULL;
  if (fstat (self->descriptor, &status) != 0
      || (guint64)status.st_size < offset + sizeof *head + head->length)
    return NULL;
  g_autofree guint8 *data = g_malloc (MAX (head->length, 1));
  if (!read_at (self, offset + sizeof *head, data, head->length, error) || sum_of (head, data) != head->crc)
    return NULL;
  return g_bytes_new_take (g_steal_pointer (&data), head->length);
}

gboolean
eg_journal_look (EgJournal *self, EgJournalFunc found, gpointer user_data, GError **error)
{
  g_autoptr (GError) problem = NULL;
  for (;;)
    {
      Head head;
      g_autoptr (GBytes) bytes = read_record (self, self->end, &head, &problem);
      if (bytes == NULL)
        break;
      const EgJournalEntry entry
          = { .index = head.index, .offset = self->end, .tag = head.tag, .length = head.length };
      self->end += sizeof head + head.length;
      found (&entry, user_data);
    }
  if (problem != NULL)
    g_propagate_error (error, g_steal_pointer (&problem));
  return problem == NULL;
}

/* Whether it begins as one does; a new one is begun. */
static gboolean
check_beginning (EgJournal *self, gboolean may_write, GError **error)
{
  char magic[N_MAGIC];
  struct stat status;
  GError *problem = NULL;
  if (fstat (self->descriptor, &status) != 0)
    return fail (self, errno, error);
  self->end = N_MAGIC;
  if (may_write && status.st_size < N_MAGIC)
    return ftruncate (self->descriptor, 0) == 0 ? write_all (self, 0, MAGIC, N_MAGIC, error)
                                                : fail (self, errno, error);
  if (status.st_size < N_MAGIC)
    return TRUE; /* of a program that has just begun it */
  if (read_at (self, 0, magic, N_MAGIC, &problem) && memcmp (magic, MAGIC, N_MAGIC) == 0)
    return TRUE;
  if (problem != NULL)
    g_propagate_error (error, problem);
  else
    g_set_error (error, EG_ERROR, EG_ERROR_FORMAT, _ ("%s: it is not a study’s journal"), self->title);
  return FALSE;
}

EgJournal *
eg_journal_open (
    const char *path, gboolean may_write, EgJournalFunc found, gpointer user_data, GError **error)
{
  g_autoptr (EgJournal) self = g_new0 (EgJournal, 1);
  self->title = g_path_get_basename (path);
  self->descriptor = g_open (path, (may_write ? O_RDWR | O_CREAT : O_RDONLY) | O_CLOEXEC, 0666);
  if (self->descriptor < 0)
    {
      fail (self, errno, error);
      return NULL;
    }
  if (!check_beginning (self, may_write, error) || !eg_journal_look (self, found, user_data, error))
    return NULL;
  if (may_write && ftruncate (self->descriptor, (off_t)self->end) != 0)
    {
      fail (self, errno, error);
      return NULL;
    }
  return g_steal_pointer (&self);
}

gboolean
eg_journal_append (
    EgJournal *self, guint64 index, guint32 tag, GBytes *bytes, EgJournalEntry *entry, GError **error)
{
  gsize n;
  const void *data = g_bytes_get_data (bytes, &n);
  g_return_val_if_fail (n <= MOST_BYTES, FALSE);
  Head head = { .magic = RECORD, .length = (guint32)n, .index = index, .tag = tag };
  head.crc = sum_of (&head, data);
  *entry = (EgJournalEntry){ .index = index, .offset = self->end, .tag = tag, .length = head.length };
  if (!write_all (self, self->end, &head, sizeof head, error)
      || !write_all (self, self->end + sizeof head, data, n, error))
    return FALSE;
  self->end += sizeof head + n;
  return TRUE;
}

static GBytes *
read_entry (EgJournal *self, const EgJournalEntry *entry, Head *head, GError **error)
{
  GError *problem = NULL;
  g_autoptr (GBytes) bytes = read_record (self, entry->offset, head, &problem);
  if (bytes != NULL && head->index == entry->index)
    return g_steal_pointer (&bytes);
  if (problem != NULL)
    g_propagate_error (error, problem);
  else
    g_set_error (error, EG_ERROR, EG_ERROR_FORMAT, _ ("%s: the record of fact %zu is damaged"), self->title,
                 (gsize)entry->index + 1);
  return NULL;
}

GBytes *
eg_journal_read (EgJournal *self, const EgJournalEntry *entry, GError **error)
{
  Head head;
  return read_entry (self, entry, &head, error);
}

gboolean
eg_journal_write_sorted (
    EgJournal *self, const EgJournalEntry *entries, gsize n, const char *path, GError **error)
{
  g_autoptr (EgAtomicFile) file = eg_atomic_file_begin (path, error);
  if (file == NULL || !eg_atomic_file_append (file, MAGIC, N_MAGIC, error))
    return FALSE;
  for (gsize i = 0; i < n; i++)
    {
      Head head;
      g_autoptr (GBytes) bytes = read_entry (self, &entries[i], &head, error);
      if (bytes == NULL || !eg_atomic_file_append (file, &head, sizeof head, error)
          || !eg_atomic_file_append (file, g_bytes_get_data (bytes, NULL), head.length, error))
        return FALSE;
    }
  return eg_atomic_file_commit (file, error);
}
