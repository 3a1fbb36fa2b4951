/* A locked folder of .npz files, written and removed by one thread, and taken over from programs that ended.
 */
#include "app/shell/unsaved.h"

#include "formats/atomic-file.h"
#include "trace/result/result-io.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define LOCK   "lock"
#define ENDING ".npz"

struct _EgUnsaved
{
  char *folder, *own;
  int lock;
  GThreadPool *pool; /* of one thread: jobs are done in their order */
};

typedef struct
{
  char *path;
  EgTraceResult *result; /* NULL: remove the file */
  EgTracePartial *partial;
} Job;

static gboolean
write_job (const Job *job, GError **error)
{
  if (job->partial != NULL)
    return eg_trace_partial_save (job->partial, job->result, job->path, error);
  return eg_trace_result_save_npz (job->result, job->path, error);
}

static void
do_job (gpointer data, gpointer user_data)
{
  Job *job = data;
  g_autoptr (GError) error = NULL;

  if (job->result == NULL)
    g_unlink (job->path);
  else if (!write_job (job, &error))
    g_warning ("An unsaved result could not be kept: %s", error->message);
  g_clear_pointer (&job->result, eg_trace_result_unref);
  g_clear_pointer (&job->partial, eg_trace_partial_unref);
  g_free (job->path);
  g_free (job);
}

char *
eg_unsaved_get_default_folder (void)
{
  return g_build_filename (g_get_user_state_dir (), "engram", "unsaved", NULL);
}

/* Holds the folder's lock; −1: another program does. */
static int
take_lock (const char *folder)
{
  g_autofree char *path = g_build_filename (folder, LOCK, NULL);
  const int lock = g_open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

  if (lock >= 0 && flock (lock, LOCK_EX | LOCK_NB) == 0)
    return lock;
  if (lock >= 0)
    close (lock);
  return -1;
}

static void
give_lock_back (int lock, const char *folder)
{
  g_autofree char *path = g_build_filename (folder, LOCK, NULL);

  g_unlink (path);
  close (lock);
  g_rmdir (folder); /* stays if anything is in it */
}

EgUnsaved *
eg_unsaved_new (const char *folder, GError **error)
{
  g_autoptr (EgUnsaved) self = g_new0 (EgUnsaved, 1);
  g_autofree char *name = g_uuid_string_random ();

  self->lock = -1;
  self->folder = g_strdup (folder);
  self->own = g_build_filename (folder, name, NULL);
  if (g_mkdir_with_parents (self->own, 0700) != 0 || (self->lock = take_lock (self->own)) < 0)
    {
      eg_output_set_error (error, errno, self->own);
      return NULL;
    }
  self->pool = g_thread_pool_new (do_job, NULL, 1, FALSE, NULL);
  return g_steal_pointer (&self);
}

void
eg_unsaved_free (EgUnsaved *self)
{
  if (self->pool != NULL)
    g_thread_pool_free (self->pool, FALSE, TRUE);
  if (self->lock >= 0)
    give_lock_back (self->lock, self->own);
  g_free (self->folder);
  g_free (self->own);
  g_free (self);
}

char *
eg_unsaved_get_path (EgUnsaved *self, const char *key)
{
  g_autofree char *name = g_strconcat (key, ENDING, NULL);
  return g_build_filename (self->own, name, NULL);
}

static void
push (EgUnsaved *self, const char *key, EgTraceResult *result, EgTracePartial *partial)
{
  Job *job = g_new0 (Job, 1);

  job->path = eg_unsaved_get_path (self, key);
  job->result = result;
  job->partial = partial;
  g_thread_pool_push (self->pool, job, NULL);
}

void
eg_unsaved_keep (EgUnsaved *self, const char *key, EgTraceResult *result, const EgTracePartial *partial)
{
  push (self, key, eg_trace_result_copy (result),
        partial != NULL ? eg_trace_partial_ref ((EgTracePartial *)partial) : NULL);
}

void
eg_unsaved_forget (EgUnsaved *self, const char *key)
{
  push (self, key, NULL, NULL);
}

void
eg_unsaved_flush (EgUnsaved *self)
{
  g_thread_pool_free (self->pool, FALSE, TRUE);
  self->pool = g_thread_pool_new (do_job, NULL, 1, FALSE, NULL);
}

/* ---- what others have left behind ---- */

typedef struct
{
  char *key;
  gint64 time;
} Found;

static int
compare_found (gconstpointer a, gconstpointer b)
{
  const Found *left = a, *right = b;
  return left->time < right->time ? -1 : left->time > right->time;
}

/* Moves one result here, under a name that is free. */
static void
adopt_file (EgUnsaved *self, const char *folder, const char *name, GArray *found)
{
  g_autofree char *from = g_build_filename (folder, name, NULL);
  g_autofree char *key = g_strndup (name, strlen (name) - strlen (ENDING));
  g_autofree char *to = eg_unsaved_get_path (self, key);
  GStatBuf status;

  if (g_stat (from, &status) != 0 || !S_ISREG (status.st_mode) || g_file_test (to, G_FILE_TEST_EXISTS)
      || g_rename (from, to) != 0)
    return;
  const Found it = { g_steal_pointer (&key), status.st_mtime };
  g_array_append_val (found, it);
}

static void
adopt_folder (EgUnsaved *self, const char *folder, GArray *found)
{
  const int lock = take_lock (folder);
  g_autoptr (GDir) dir = lock >= 0 ? g_dir_open (folder, 0, NULL) : NULL;

  for (const char *name; dir != NULL && (name = g_dir_read_name (dir)) != NULL;)
    if (g_str_has_suffix (name, ENDING))
      adopt_file (self, folder, name, found);
  if (lock >= 0)
    give_lock_back (lock, folder);
}

GStrv
eg_unsaved_adopt (EgUnsaved *self)
{
  g_autoptr (GArray) found = g_array_new (FALSE, FALSE, sizeof (Found));
  g_autoptr (GStrvBuilder) keys = g_strv_builder_new ();
  g_autoptr (GDir) dir = g_dir_open (self->folder, 0, NULL);

  for (const char *name; dir != NULL && (name = g_dir_read_name (dir)) != NULL;)
    {
      g_autofree char *folder = g_build_filename (self->folder, name, NULL);
      if (strcmp (folder, self->own) != 0 && g_file_test (folder, G_FILE_TEST_IS_DIR))
        adopt_folder (self, folder, found);
    }
  g_array_sort (found, compare_found);
  for (guint i = 0; i < found->len; i++)
    {
      g_autofree char *key = g_array_index (found, Found, i).key;
      g_strv_builder_add (keys, key);
    }
  return g_strv_builder_end (keys);
}
