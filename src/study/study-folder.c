/* A study's folder: begun, gone on with, read and finished. */
#include "study/study-folder.h"

#include "core/error.h"
#include "formats/atomic-file.h"
#include "study/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <pthread.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/**
 * @lock_file: its descriptor, −1 of one that is only read
 * @lock: of all that is below; @entries: [n_facts of the shard] where each fact is; offset 0: nowhere
 * @is_sorted: the journal has them in their order, each once
 */
struct _EgStudyFolder
{
  gatomicrefcount refs;
  char *path;
  EgStudySettings *settings;
  gsize n_facts;
  int lock_file;
  pthread_mutex_t lock;
  EgJournal *journal;
  EgJournalEntry *entries;
  guint64 last_index;
  gboolean is_sorted;
  gsize n_done, counts[EG_N_STUDY_STATES];
};

static char *
get_file (const EgStudyFolder *self, const char *name)
{
  return g_build_filename (self->path, name, NULL);
}

static EgStudyFolder *
folder_new (const char *path)
{
  EgStudyFolder *self = g_new0 (EgStudyFolder, 1);
  g_atomic_ref_count_init (&self->refs);
  self->path = g_strdup (path);
  self->lock_file = -1;
  pthread_mutex_init (&self->lock, NULL);
  return self;
}

EgStudyFolder *
eg_study_folder_ref (EgStudyFolder *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
eg_study_folder_unref (EgStudyFolder *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_clear_pointer (&self->journal, eg_journal_free);
  if (self->lock_file >= 0)
    close (self->lock_file);
  g_clear_pointer (&self->settings, eg_study_settings_free);
  pthread_mutex_destroy (&self->lock);
  g_free (self->entries);
  g_free (self->path);
  g_free (self);
}

/* ---- which facts ---- */

/* The place among the shard's facts; FALSE of another shard's. */
static gboolean
find_place (const EgStudyFolder *self, guint64 index, gsize *place)
{
  const EgStudySettings *settings = self->settings;
  *place = index / settings->n_shards;
  return index % settings->n_shards == settings->shard - 1 && *place < self->n_facts;
}

/* With the lock. */
static void
take_entry (const EgJournalEntry *entry, gpointer data)
{
  EgStudyFolder *self = data;
  gsize place;
  if (!find_place (self, entry->index, &place) || entry->tag >= EG_N_STUDY_STATES
      || self->entries[place].offset != 0)
    {
      self->is_sorted = FALSE;
      return;
    }
  self->is_sorted = self->is_sorted && (self->n_done == 0 || entry->index > self->last_index);
  self->last_index = entry->index;
  self->entries[place] = *entry;
  self->n_done++;
  self->counts[entry->tag]++;
}

/* With the lock, or while nobody else knows of the folder. */
static gboolean
open_journal (EgStudyFolder *self, GError **error)
{
  g_autofree char *path = get_file (self, "journal");
  const gboolean may_write = self->lock_file >= 0;
  g_clear_pointer (&self->journal, eg_journal_free);
  self->n_facts = eg_study_settings_count_facts (self->settings);
  g_free (self->entries);
  self->entries = g_new0 (EgJournalEntry, self->n_facts);
  self->n_done = 0;
  self->is_sorted = TRUE;
  memset (self->counts, 0, sizeof self->counts);
  if (!may_write && !g_file_test (path, G_FILE_TEST_EXISTS))
    return TRUE;
  self->journal = eg_journal_open (path, may_write, take_entry, self, error);
  if (self->journal != NULL)
    return TRUE;
  /* What was found before the damage cannot be read. */
  memset (self->entries, 0, self->n_facts * sizeof *self->entries);
  memset (self->counts, 0, sizeof self->counts);
  self->n_done = 0;
  return FALSE;
}

/* ---- opening ---- */

/* A file of atomic-file.c that a program was killed with between its name and its place. */
static gboolean
is_leftover (const char *name)
{
  const char *prefix = ".engram-";
  const gsize n = strlen (prefix), n_digits = 16;
  return g_str_has_prefix (name, prefix) && strspn (name + n, "0123456789abcdef") == n_digits
         && (name[n + n_digits] == '\0' || name[n + n_digits] == '.');
}

static void
remove_leftovers (const EgStudyFolder *self)
{
  g_autoptr (GDir) folder = g_dir_open (self->path, 0, NULL);
  for (const char *name = folder != NULL ? g_dir_read_name (folder) : NULL; name != NULL;
       name = g_dir_read_name (folder))
    if (is_leftover (name))
      {
        g_autofree char *file = get_file (self, name);
        g_unlink (file);
      }
}

/* So that no other program works in it. */
static gboolean
take_lock (EgStudyFolder *self, GError **error)
{
  g_autofree char *path = get_file (self, ".lock");
  self->lock_file = g_open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (self->lock_file < 0)
    {
      eg_output_set_error (error, errno, path);
      return FALSE;
    }
  /* A file system without locks: then as if nobody else were there. */
  if (flock (self->lock_file, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
    {
      remove_leftovers (self);
      return TRUE;
    }
  g_set_error (error, EG_ERROR, EG_ERROR_BUSY, _ ("Another program is at work on the study in “%s”"),
               self->path);
  return FALSE;
}

static gboolean
load_settings (EgStudyFolder *self, GError **error)
{
  g_autofree char *path = get_file (self, "study.json"), *text = NULL;
  gsize length;
  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    {
      g_set_error (error, EG_ERROR, EG_ERROR_NOT_FOUND, _ ("There is no study in the folder “%s”"),
                   self->path);
      return FALSE;
    }
  if (!g_file_get_contents (path, &text, &length, error))
    return FALSE;
  self->settings = eg_study_settings_from_json (text, length, path, error);
  return self->settings != NULL;
}

EgStudyFolder *
eg_study_folder_open (const char *path, GError **error)
{
  g_autoptr (EgStudyFolder) self = folder_new (path);
  return load_settings (self, error) && open_journal (self, error) ? g_steal_pointer (&self) : NULL;
}

EgStudyFolder *
eg_study_folder_resume (const char *path, GError **error)
{
  g_autoptr (EgStudyFolder) self = folder_new (path);
  if (!load_settings (self, error) || !take_lock (self, error) || !open_journal (self, error))
    return NULL;
  return g_steal_pointer (&self);
}

/* ---- beginning ---- */

static gboolean
make_folder (const char *path, GError **error)
{
  if (g_mkdir_with_parents (path, 0777) == 0)
    return TRUE;
  eg_output_set_error (error, errno, path);
  return FALSE;
}

/* Reads the facts up to the limit, which tells how many there are and their digest; those of the shard go
 * into a file, if one is given. */
static gboolean
take_facts (EgStudySettings *settings, const char *facts, gsize limit, EgAtomicFile *file, GError **error)
{
  g_autoptr (EgFactReader) reader = eg_fact_reader_open (facts, error);
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  if (reader == NULL)
    return FALSE;
  settings->n_facts = 0;
  while (limit == 0 || settings->n_facts < limit)
    {
      g_autoptr (EgFact) fact = NULL;
      if (!eg_fact_reader_next (reader, &fact, error))
        return FALSE;
      if (fact == NULL)
        break;
      g_autofree char *json = eg_fact_to_json (fact), *line = g_strconcat (json, "\n", NULL);
      const gboolean is_own = settings->n_facts++ % settings->n_shards == settings->shard - 1;
      g_checksum_update (sum, (const guchar *)line, (gssize)strlen (line));
      if (is_own && file != NULL && !eg_atomic_file_append (file, line, strlen (line), error))
        return FALSE;
    }
  g_free (settings->facts_name);
  g_free (settings->facts_digest);
  settings->facts_name = g_path_get_basename (facts);
  settings->facts_digest = g_strdup (g_checksum_get_string (sum));
  return settings->n_facts > 0
         || eg_error_invalid (error, _ ("%s: there are no facts"), settings->facts_name);
}

/* After all else: where there are settings, all is there. What a beginning that was not ended has left is of
 * no use. */
static gboolean
write_settings (EgStudyFolder *self, GError **error)
{
  g_autofree char *path = get_file (self, "study.json"), *journal = get_file (self, "journal");
  g_autofree char *results = get_file (self, "results.npz");
  g_autofree char *text = eg_study_settings_to_json (self->settings);
  g_unlink (journal);
  g_unlink (results);
  return eg_atomic_file_write (path, text, strlen (text), error);
}

static gboolean
write_beginning (EgStudyFolder *self, const char *facts, gsize limit, GError **error)
{
  g_autofree char *path = get_file (self, "facts.jsonl");
  g_autoptr (EgAtomicFile) file = eg_atomic_file_begin (path, error);
  return file != NULL && take_facts (self->settings, facts, limit, file, error)
         && eg_atomic_file_commit (file, error) && write_settings (self, error);
}

/* One in which nothing was begun. */
static void
remove_folder (const EgStudyFolder *self)
{
  g_autofree char *lock = get_file (self, ".lock");
  g_unlink (lock);
  g_rmdir (self->path);
}

/* Whether what is there is what is wanted. */
static gboolean
check_same (const EgStudyFolder *self, const EgStudySettings *wanted, GError **error)
{
  g_autofree char *different = eg_study_settings_compare (self->settings, wanted);
  if (different == NULL
      && (wanted->shard != self->settings->shard || wanted->n_shards != self->settings->n_shards))
    different = g_strdup ("--shard");
  /* TRANSLATORS: a folder, and “the model”, “the facts” or an option of the command line. */
  return different == NULL
         || eg_error_invalid (error, _ ("The folder “%s” has another study, which differs in %s"), self->path,
                              different);
}

/* Goes on, if the facts are still the same. */
static gboolean
go_on (EgStudyFolder *self, const char *facts, gsize limit, const EgStudySettings *settings, GError **error)
{
  g_autoptr (EgStudySettings) wanted = eg_study_settings_copy (settings);
  return load_settings (self, error) && take_facts (wanted, facts, limit, NULL, error)
         && check_same (self, wanted, error);
}

EgStudyFolder *
eg_study_folder_begin (
    const char *path, const char *facts, gsize limit, const EgStudySettings *settings, GError **error)
{
  g_autoptr (EgStudyFolder) self = folder_new (path);
  g_autofree char *known = get_file (self, "study.json");
  g_autoptr (GError) busy = NULL;
  const gboolean is_new = !g_file_test (path, G_FILE_TEST_EXISTS);
  if (!eg_study_settings_check (settings, NULL, error) || !make_folder (path, error))
    return NULL;
  /* Whose lock it is does not matter where the folder has another study. */
  if (!take_lock (self, &busy) && !g_error_matches (busy, EG_ERROR, EG_ERROR_BUSY))
    {
      g_propagate_error (error, g_steal_pointer (&busy));
      return NULL;
    }
  const gboolean is_there = g_file_test (known, G_FILE_TEST_EXISTS);
  if (is_there && !go_on (self, facts, limit, settings, error))
    return NULL;
  if (busy != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&busy));
      return NULL;
    }
  if (!is_there)
    self->settings = eg_study_settings_copy (settings);
  if (!is_there && !write_beginning (self, facts, limit, error))
    {
      if (is_new)
        remove_folder (self);
      return NULL;
    }
  return open_journal (self, error) ? g_steal_pointer (&self) : NULL;
}

/* ---- beginning with shards ---- */

/* One fact of each shard in turn, as they were dealt out. */
static gboolean
copy_lines (EgStudyFolder *const *shards, gsize n, gsize n_facts, EgAtomicFile *file, GError **error)
{
  g_autoptr (GPtrArray) readers = g_ptr_array_new_with_free_func ((GDestroyNotify)eg_fact_reader_free);
  /* Of more shards than facts the last ones have none. */
  for (gsize i = 0; i < MIN (n, n_facts); i++)
    {
      EgFactReader *reader = eg_study_folder_read_facts (shards[i], error);
      if (reader == NULL)
        return FALSE;
      g_ptr_array_add (readers, reader);
    }
  for (gsize i = 0; i < n_facts; i++)
    {
      g_autoptr (EgFact) fact = NULL;
      if (!eg_fact_reader_next (readers->pdata[i % n], &fact, error))
        return FALSE;
      if (fact == NULL)
        return eg_error_invalid (error, _ ("“%s” has fewer facts than it says"), shards[i % n]->path);
      g_autofree char *json = eg_fact_to_json (fact), *line = g_strconcat (json, "\n", NULL);
      if (!eg_atomic_file_append (file, line, strlen (line), error))
        return FALSE;
    }
  return TRUE;
}

EgStudyFolder *
eg_study_folder_begin_merged (const char *path, EgStudyFolder *const *shards, gsize n, GError **error)
{
  g_autoptr (EgStudyFolder) self = folder_new (path);
  g_autofree char *settings_path = g_build_filename (path, "study.json", NULL);
  g_autofree char *facts_path = g_build_filename (path, "facts.jsonl", NULL);
  if (!make_folder (path, error) || !take_lock (self, error))
    return NULL;
  g_autoptr (EgStudySettings) whole = eg_study_settings_copy (shards[0]->settings);
  whole->shard = whole->n_shards = 1;
  for (gsize i = 1; i < n; i++)
    eg_study_settings_learn (whole, shards[i]->settings);
  if (g_file_test (settings_path, G_FILE_TEST_EXISTS))
    {
      if (!load_settings (self, error) || !check_same (self, whole, error))
        return NULL;
    }
  else
    {
      self->settings = g_steal_pointer (&whole);
      g_autoptr (EgAtomicFile) file = eg_atomic_file_begin (facts_path, error);
      if (file == NULL || !copy_lines (shards, n, self->settings->n_facts, file, error)
          || !eg_atomic_file_commit (file, error) || !write_settings (self, error))
        return NULL;
    }
  return open_journal (self, error) ? g_steal_pointer (&self) : NULL;
}

/* ---- what is known ---- */

const char *
eg_study_folder_get_path (EgStudyFolder *self)
{
  return self->path;
}

const EgStudySettings *
eg_study_folder_get_settings (EgStudyFolder *self)
{
  return self->settings;
}

gsize
eg_study_folder_count_facts (EgStudyFolder *self)
{
  return self->n_facts;
}

gsize
eg_study_folder_count_done (EgStudyFolder *self)
{
  pthread_mutex_lock (&self->lock);
  const gsize n = self->n_done;
  pthread_mutex_unlock (&self->lock);
  return n;
}

void
eg_study_folder_count_states (EgStudyFolder *self, gsize *counts)
{
  pthread_mutex_lock (&self->lock);
  memcpy (counts, self->counts, sizeof self->counts);
  pthread_mutex_unlock (&self->lock);
}

gboolean
eg_study_folder_has (EgStudyFolder *self, gsize index)
{
  gsize place;
  if (!find_place (self, index, &place))
    return FALSE;
  pthread_mutex_lock (&self->lock);
  const gboolean has = self->entries[place].offset != 0;
  pthread_mutex_unlock (&self->lock);
  return has;
}

gboolean
eg_study_folder_is_finished (EgStudyFolder *self)
{
  g_autofree char *path = get_file (self, "results.npz");
  return eg_study_folder_count_done (self) == self->n_facts && g_file_test (path, G_FILE_TEST_EXISTS);
}

/* Whether it has as many scores as this study's facts in its state; the bytes may be anybody's. */
static gboolean
has_right_shape (const EgStudyFolder *self, const EgStudyFact *fact)
{
  if (fact->state != EG_STUDY_TRACED)
    return fact->n_sites == 0;
  return fact->n_sites == self->settings->n_sites && fact->n_layers == self->settings->n_layers
         && fact->n_tokens > 0;
}

gboolean
eg_study_folder_get (EgStudyFolder *self, gsize i, EgStudyFact **fact, GError **error)
{
  g_return_val_if_fail (i < self->n_facts, FALSE);
  *fact = NULL;
  /* Until the bytes are here: the journal may be put in order meanwhile, and opened anew. */
  pthread_mutex_lock (&self->lock);
  const EgJournalEntry entry = self->entries[i];
  g_autoptr (GBytes) bytes = entry.offset != 0 ? eg_journal_read (self->journal, &entry, error) : NULL;
  pthread_mutex_unlock (&self->lock);
  if (bytes == NULL)
    return entry.offset == 0;
  g_autoptr (EgStudyFact) found = eg_study_fact_from_bytes (bytes);
  if (found == NULL || found->fact->index != entry.index || found->state != entry.tag
      || !has_right_shape (self, found))
    {
      g_set_error (error, EG_ERROR, EG_ERROR_FORMAT, _ ("%s: the record of fact %zu is damaged"), self->path,
                   (gsize)entry.index + 1);
      return FALSE;
    }
  *fact = g_steal_pointer (&found);
  return TRUE;
}

gboolean
eg_study_folder_foreach (EgStudyFolder *self, EgStudyFactFunc func, gpointer user_data, GError **error)
{
  for (gsize i = 0; i < self->n_facts; i++)
    {
      g_autoptr (EgStudyFact) fact = NULL;
      if (!eg_study_folder_get (self, i, &fact, error) || (fact != NULL && !func (fact, user_data, error)))
        return FALSE;
    }
  return TRUE;
}

EgFactReader *
eg_study_folder_read_facts (EgStudyFolder *self, GError **error)
{
  g_autofree char *path = get_file (self, "facts.jsonl");
  EgFactReader *reader = eg_fact_reader_open (path, error);
  if (reader != NULL)
    eg_fact_reader_number (reader, self->settings->shard - 1, self->settings->n_shards);
  return reader;
}

/* ---- adding ---- */

gboolean
eg_study_folder_add (EgStudyFolder *self, const EgStudyFact *fact, GError **error)
{
  g_autoptr (GBytes) bytes = eg_study_fact_to_bytes (fact);
  EgJournalEntry entry;
  gsize place;
  g_return_val_if_fail (self->lock_file >= 0 && find_place (self, fact->fact->index, &place), FALSE);
  pthread_mutex_lock (&self->lock);
  const gboolean ok
      = self->entries[place].offset != 0
        || eg_journal_append (self->journal, fact->fact->index, fact->state, bytes, &entry, error);
  if (ok && self->entries[place].offset == 0)
    take_entry (&entry, self);
  pthread_mutex_unlock (&self->lock);
  return ok;
}

gboolean
eg_study_folder_sort (EgStudyFolder *self, GError **error)
{
  g_autofree char *journal = get_file (self, "journal");
  g_return_val_if_fail (self->lock_file >= 0, FALSE);
  if (self->n_done < self->n_facts)
    return eg_error_invalid (error, _ ("“%s” has fewer facts than it says"), self->path);
  if (self->is_sorted)
    return TRUE;
  if (!eg_journal_write_sorted (self->journal, self->entries, self->n_facts, journal, error))
    return FALSE;
  pthread_mutex_lock (&self->lock);
  const gboolean ok = open_journal (self, error);
  pthread_mutex_unlock (&self->lock);
  return ok;
}
