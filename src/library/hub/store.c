/* Writes Hugging Face's cache as its own library does. */
#include "library/hub/store.h"

#include "formats/atomic-file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define PART        ".incomplete"
#define FOLDER_MODE 0777
#define LOCK_MODE   0664
#define NAP         100000 /* microseconds */

/* The text of the Cache Directory Tagging Specification. */
#define TAG_NAME "CACHEDIR.TAG"
#define TAG                                                                                                  \
  "Signature: 8a477f597d28d172789f06886806bc55\n"                                                            \
  "# This file is a cache directory tag created by Engram, as huggingface_hub does.\n"                       \
  "# For information about cache directory tags, see:\n"                                                     \
  "#\thttps://bford.info/cachedir/\n"

EgHubStore *
eg_hub_store_new (const char *cache, const char *name)
{
  g_auto (GStrv) parts = g_strsplit (name, "/", -1);
  g_autofree char *joined = g_strjoinv ("--", parts);
  g_autofree char *base = g_strconcat ("models--", joined, NULL);
  EgHubStore *self = g_new0 (EgHubStore, 1);
  self->folder = g_build_filename (cache, base, NULL);
  self->locks = g_build_filename (cache, ".locks", base, NULL);
  return self;
}

void
eg_hub_store_free (EgHubStore *self)
{
  g_free (self->folder);
  g_free (self->locks);
  g_free (self);
}

char *
eg_hub_store_get_blob (const EgHubStore *self, const char *etag)
{
  return g_build_filename (self->folder, "blobs", etag, NULL);
}

char *
eg_hub_store_get_snapshot (const EgHubStore *self, const char *commit)
{
  return g_build_filename (self->folder, "snapshots", commit, NULL);
}

static gboolean
make_folder (const char *path, GError **error)
{
  if (g_mkdir_with_parents (path, FOLDER_MODE) == 0)
    return TRUE;
  const int number = errno;
  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (number), _ ("The folder %s cannot be made: %s"),
               path, g_strerror (number));
  return FALSE;
}

gboolean
eg_hub_store_prepare (const EgHubStore *self, const char *cache, const char *commit, GError **error)
{
  g_autofree char *blobs = g_build_filename (self->folder, "blobs", NULL);
  g_autofree char *snapshot = eg_hub_store_get_snapshot (self, commit);
  g_autofree char *tag = g_build_filename (cache, TAG_NAME, NULL);
  if (!make_folder (blobs, error) || !make_folder (snapshot, error) || !make_folder (self->locks, error))
    return FALSE;
  if (!g_file_test (tag, G_FILE_TEST_EXISTS))
    eg_atomic_file_write (tag, TAG, strlen (TAG), NULL); /* is no reason to fail */
  return TRUE;
}

/* ---- locks ---- */

int
eg_hub_store_lock (const EgHubStore *self, const char *etag, GCancellable *cancellable, GError **error)
{
  g_autofree char *name = g_strconcat (etag, ".lock", NULL);
  g_autofree char *path = g_build_filename (self->locks, name, NULL);
  const int descriptor = g_open (path, O_RDWR | O_CREAT | O_CLOEXEC, LOCK_MODE);
  if (descriptor < 0)
    {
      const int number = errno;
      g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (number), _ ("%s cannot be written: %s"),
                   path, g_strerror (number));
      return -1;
    }
  /* A file system without locks: then as if nobody else were there, as huggingface_hub does. */
  while (flock (descriptor, LOCK_EX | LOCK_NB) != 0 && (errno == EWOULDBLOCK || errno == EINTR))
    {
      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        {
          close (descriptor);
          return -1;
        }
      g_usleep (NAP);
    }
  return descriptor;
}

/* ---- parts ---- */

static goffset
size_of (const char *path)
{
  GStatBuf status;
  return g_lstat (path, &status) == 0 && S_ISREG (status.st_mode) ? (goffset)status.st_size : -1;
}

/* Paths of other programs' parts of a blob. (transfer full) */
static GPtrArray *
find_other_parts (const char *folder, const char *name, const char *etag)
{
  g_autofree char *prefix = g_strconcat (etag, ".", NULL);
  GPtrArray *others = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  for (const char *found; dir != NULL && (found = g_dir_read_name (dir)) != NULL;)
    if (g_str_has_prefix (found, prefix) && g_str_has_suffix (found, PART) && !g_str_equal (found, name))
      g_ptr_array_add (others, g_build_filename (folder, found, NULL));
  return others;
}

guint64
eg_hub_store_get_part_size (const EgHubStore *self, const char *etag)
{
  g_autofree char *folder = g_build_filename (self->folder, "blobs", NULL);
  g_autofree char *name = g_strconcat (etag, PART, NULL), *part = g_build_filename (folder, name, NULL);
  g_autoptr (GPtrArray) others = find_other_parts (folder, name, etag);
  goffset largest = MAX (size_of (part), 0);
  for (guint i = 0; i < others->len; i++)
    largest = MAX (largest, size_of (others->pdata[i]));
  return (guint64)largest;
}

char *
eg_hub_store_take_part (const EgHubStore *self, const char *etag)
{
  g_autofree char *folder = g_build_filename (self->folder, "blobs", NULL);
  g_autofree char *name = g_strconcat (etag, PART, NULL);
  char *part = g_build_filename (folder, name, NULL);
  g_autoptr (GPtrArray) others = find_other_parts (folder, name, etag);
  for (guint i = 0; i < others->len; i++)
    if (size_of (others->pdata[i]) <= size_of (part) || g_rename (others->pdata[i], part) != 0)
      g_unlink (others->pdata[i]);
  return part;
}

/* ---- links and refs ---- */

static gboolean
copy_file (const char *from, const char *to, GError **error)
{
  g_autoptr (GFile) source = g_file_new_for_path (from);
  g_autoptr (GFile) target = g_file_new_for_path (to);
  return g_file_copy (source, target, G_FILE_COPY_OVERWRITE, NULL, NULL, NULL, error);
}

gboolean
eg_hub_store_link (const EgHubStore *self,
                   const char *commit,
                   const char *name,
                   const char *etag,
                   gboolean is_new,
                   GError **error)
{
  g_autofree char *folder = eg_hub_store_get_snapshot (self, commit);
  g_autofree char *pointer = g_build_filename (folder, name, NULL);
  g_autofree char *target = g_build_filename ("..", "..", "blobs", etag, NULL);
  g_autofree char *blob = eg_hub_store_get_blob (self, etag);
  g_autofree char *before = g_file_read_link (pointer, NULL);
  if (before != NULL && g_str_equal (before, target))
    return TRUE;
  g_unlink (pointer);
  if (symlink (target, pointer) == 0 || errno == EEXIST)
    return TRUE;
  return (is_new && g_rename (blob, pointer) == 0) || copy_file (blob, pointer, error);
}

gboolean
eg_hub_store_set_ref (const EgHubStore *self, const char *revision, const char *commit, GError **error)
{
  g_autofree char *path = g_build_filename (self->folder, "refs", revision, NULL);
  g_autofree char *folder = g_path_get_dirname (path), *before = NULL;
  if (g_file_get_contents (path, &before, NULL, NULL) && g_str_equal (before, commit))
    return TRUE;
  return make_folder (folder, error) && eg_atomic_file_write (path, commit, strlen (commit), error);
}
