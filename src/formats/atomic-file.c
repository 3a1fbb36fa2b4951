/* Writes a file beside its place and renames it over it. */
#define _GNU_SOURCE /* O_TMPFILE */
#include "formats/atomic-file.h"

#include <glib/gi18n.h>
#include <glib/gstdio.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* To find a name that nobody has. */
#define ATTEMPTS 100

struct _EgAtomicFile
{
  char *path;      /* as the caller named it, for messages */
  char *target;    /* the file behind path's symbolic links */
  char *temporary; /* NULL as long as the file has no name, and once it is renamed or removed */
  mode_t mode;
  int fd;
};

void
eg_output_set_error (GError **error, int error_number, const char *path)
{
  const GFileError code = g_file_error_from_errno (error_number);
  if (error_number == ENOSPC || error_number == EDQUOT)
    g_set_error (error, G_FILE_ERROR, (int)code, _ ("No space left on device while writing %s"), path);
  else if (error_number == EACCES || error_number == EPERM)
    g_set_error (error, G_FILE_ERROR, (int)code, _ ("No permission to write %s"), path);
  else
    g_set_error (error, G_FILE_ERROR, (int)code, _ ("%s could not be written: %s"), path,
                 g_strerror (error_number));
}

static void
set_folder_error (GError **error, int error_number, const char *folder)
{
  const GFileError code = g_file_error_from_errno (error_number);
  if (error_number == ENOENT || error_number == ENOTDIR)
    g_set_error (error, G_FILE_ERROR, (int)code, _ ("No such folder: %s"), folder);
  else if (error_number == EACCES || error_number == EPERM)
    g_set_error (error, G_FILE_ERROR, (int)code, _ ("No permission to write into the folder %s"), folder);
  else
    g_set_error (error, G_FILE_ERROR, (int)code, _ ("The folder %s cannot be written into: %s"), folder,
                 g_strerror (error_number));
}

/* Follows symbolic links in the last part of path, also to a file that does not exist yet.
 * Returns: (transfer full): NULL with error. */
static char *
follow_links (const char *path, GError **error)
{
  const guint longest = 40;
  g_autofree char *target = g_strdup (path);
  for (guint i = 0; i < longest; i++)
    {
      struct stat info;
      if (g_lstat (target, &info) != 0 || !S_ISLNK (info.st_mode))
        return g_steal_pointer (&target);
      g_autofree char *link = g_file_read_link (target, error);
      if (link == NULL)
        return NULL;
      g_autofree char *folder = g_path_get_dirname (target);
      g_free (target);
      target = g_path_is_absolute (link) ? g_strdup (link) : g_build_filename (folder, link, NULL);
    }
  eg_output_set_error (error, ELOOP, path);
  return NULL;
}

/* Returns: (transfer full): the file behind path, which passed all the checks; NULL with error. */
static char *
find_target (const char *path, GError **error)
{
  g_autofree char *target = follow_links (path, error);
  if (target == NULL)
    return NULL;

  g_autofree char *folder = g_path_get_dirname (target);
  struct stat info;
  if (g_stat (folder, &info) != 0)
    {
      set_folder_error (error, errno, folder);
      return NULL;
    }
  if (!S_ISDIR (info.st_mode))
    {
      set_folder_error (error, ENOTDIR, folder);
      return NULL;
    }

  const gboolean exists = g_stat (target, &info) == 0;
  if (target[0] == '\0' || g_str_has_suffix (target, "/") || (exists && S_ISDIR (info.st_mode)))
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_ISDIR, _ ("“%s” is a folder: add a file name"), path);
  else if (exists && !S_ISREG (info.st_mode))
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_INVAL, _ ("%s is a device or pipe, not a file"), path);
  else if (g_access (folder, W_OK | X_OK) != 0)
    set_folder_error (error, errno, folder);
  else if (exists && g_access (target, W_OK) != 0)
    eg_output_set_error (error, errno, path);
  else
    return g_steal_pointer (&target);
  return NULL;
}

gboolean
eg_output_check (const char *path, GError **error)
{
  g_autofree char *target = find_target (path, error);
  return target != NULL;
}

/* The ending of path's last part, with its dot, or "". */
static const char *
get_ending (const char *path)
{
  const gsize longest = 32;
  const char *slash = strrchr (path, '/');
  const char *name = slash != NULL ? slash + 1 : path;
  const char *dot = strrchr (name, '.');
  return dot != NULL && dot != name && strlen (dot) <= longest ? dot : "";
}

/* A name in the target's folder that nobody has. (transfer full) */
static char *
make_name (const EgAtomicFile *self)
{
  g_autofree char *folder = g_path_get_dirname (self->target);
  g_autofree char *name
      = g_strdup_printf (".engram-%08x%08x%s", g_random_int (), g_random_int (), get_ending (self->target));
  return g_build_filename (folder, name, NULL);
}

/* A file without a name, which goes with the process, however that ends. FALSE where there are none. */
static gboolean
create_unnamed (EgAtomicFile *self, gboolean exists)
{
  g_autofree char *folder = g_path_get_dirname (self->target);
  self->fd = g_open (folder, O_TMPFILE | O_RDWR | O_CLOEXEC, exists ? 0600 : 0666);
  return self->fd >= 0;
}

/* Creates a file that was not there; a private one at first if an old file's permissions will be set. */
static gboolean
create_temporary (EgAtomicFile *self, gboolean exists, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (self->target);
  for (guint i = 0; i < ATTEMPTS; i++)
    {
      g_autofree char *temporary = make_name (self);
      self->fd = g_open (temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, exists ? 0600 : 0666);
      if (self->fd >= 0)
        {
          self->temporary = g_steal_pointer (&temporary);
          return TRUE;
        }
      if (errno != EEXIST)
        break;
    }
  if (errno == ENOSPC || errno == EDQUOT)
    eg_output_set_error (error, errno, self->path);
  else
    set_folder_error (error, errno, folder);
  return FALSE;
}

EgAtomicFile *
eg_atomic_file_begin (const char *path, GError **error)
{
  g_return_val_if_fail (path != NULL, NULL);

  g_autoptr (EgAtomicFile) self = g_new0 (EgAtomicFile, 1);
  self->fd = -1;
  self->path = g_strdup (path);
  self->target = find_target (path, error);
  if (self->target == NULL)
    return NULL;

  struct stat old;
  struct stat new;
  const gboolean exists = g_stat (self->target, &old) == 0;
  if (!create_unnamed (self, exists) && !create_temporary (self, exists, error))
    return NULL;
  if (fstat (self->fd, &new) != 0 || (exists && fchmod (self->fd, old.st_mode & 0777) != 0))
    {
      eg_output_set_error (error, errno, path);
      return NULL;
    }
  self->mode = (exists ? old.st_mode : new.st_mode) & 0777;
  return g_steal_pointer (&self);
}

/* The bytes of an open file, into the temporary. */
static gboolean
copy_from (EgAtomicFile *self, int from, GError **error)
{
  guint8 buffer[1 << 16];
  gssize n;
  for (off_t at = 0; (n = pread (from, buffer, sizeof buffer, at)) > 0; at += n)
    if (!eg_atomic_file_append (self, buffer, (gsize)n, error))
      return FALSE;
  if (n < 0)
    eg_output_set_error (error, errno, self->path);
  return n == 0;
}

/* Gives the file that has no name one: by a link, or, where there is no /proc to do it by, as a copy. */
static gboolean
give_name (EgAtomicFile *self, GError **error)
{
  g_autofree char *descriptor = g_strdup_printf ("/proc/self/fd/%d", self->fd);
  for (guint i = 0; i < ATTEMPTS; i++)
    {
      g_autofree char *temporary = make_name (self);
      if (linkat (AT_FDCWD, descriptor, AT_FDCWD, temporary, AT_SYMLINK_FOLLOW) == 0)
        {
          self->temporary = g_steal_pointer (&temporary);
          return TRUE;
        }
      if (errno != EEXIST)
        break;
    }
  const int from = self->fd;
  const gboolean good = create_temporary (self, TRUE, error) && copy_from (self, from, error);
  close (from);
  return good;
}

const char *
eg_atomic_file_get_path (EgAtomicFile *self)
{
  if (self->temporary == NULL)
    give_name (self, NULL);
  return self->temporary;
}

gboolean
eg_atomic_file_append (EgAtomicFile *self, const void *data, gsize n, GError **error)
{
  const guint8 *bytes = data;
  const gsize most = 1 << 30;
  while (n > 0)
    {
      const gssize written = write (self->fd, bytes, MIN (n, most));
      if (written < 0 && errno == EINTR)
        continue;
      if (written < 0)
        {
          eg_output_set_error (error, errno, self->path);
          return FALSE;
        }
      bytes += written;
      n -= (gsize)written;
    }
  return TRUE;
}

/* Removes the temporary if it is still there. */
static void
discard (EgAtomicFile *self)
{
  if (self->fd >= 0)
    close (self->fd);
  self->fd = -1;
  if (self->temporary != NULL)
    g_unlink (self->temporary);
  g_clear_pointer (&self->temporary, g_free);
}

/* So that the new name is on the disk, too; where a folder cannot be synchronised, the rename still holds. */
static void
sync_folder (const char *target)
{
  g_autofree char *folder = g_path_get_dirname (target);
  const int fd = g_open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  if (fd < 0)
    return;
  fsync (fd);
  close (fd);
}

/* Opens a temporary anew, but never what a link leads to. */
static int
reopen (const char *temporary)
{
  struct stat info;
  const int fd = g_open (temporary, O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0);
  if (fd >= 0 || errno != ELOOP)
    return fd;
  /* The document portal, through which a sandbox writes, answers so for a plain file, too. */
  if (g_lstat (temporary, &info) == 0 && S_ISREG (info.st_mode))
    return g_open (temporary, O_WRONLY | O_CLOEXEC, 0);
  errno = ELOOP;
  return -1;
}

/* Brings what is written to the disk. Returns: an errno, or 0. */
static int
sync_named (EgAtomicFile *self)
{
  /* Opened anew: a writer may have replaced the file that begin made. */
  const int fd = reopen (self->temporary);
  const gboolean good = fd >= 0 && fchmod (fd, self->mode) == 0 && fsync (fd) == 0;
  const int problem = good ? 0 : errno;
  return fd >= 0 && close (fd) != 0 && good ? errno : problem;
}

static int
sync_unnamed (EgAtomicFile *self)
{
  return fchmod (self->fd, self->mode) == 0 && fsync (self->fd) == 0 ? 0 : errno;
}

gboolean
eg_atomic_file_commit (EgAtomicFile *self, GError **error)
{
  g_return_val_if_fail (self->fd >= 0, FALSE);

  int problem = self->temporary == NULL ? sync_unnamed (self) : 0;
  if (self->temporary == NULL && problem == 0 && !give_name (self, error))
    {
      discard (self);
      return FALSE;
    }
  if (problem == 0)
    problem = sync_named (self);
  if (close (self->fd) != 0 && problem == 0)
    problem = errno;
  self->fd = -1;
  if (problem == 0 && g_rename (self->temporary, self->target) != 0)
    problem = errno;
  if (problem != 0)
    {
      discard (self);
      eg_output_set_error (error, problem, self->path);
      return FALSE;
    }
  g_clear_pointer (&self->temporary, g_free);
  sync_folder (self->target);
  return TRUE;
}

void
eg_atomic_file_free (EgAtomicFile *self)
{
  discard (self);
  g_free (self->target);
  g_free (self->path);
  g_free (self);
}

gboolean
eg_atomic_file_write (const char *path, const void *data, gsize n, GError **error)
{
  g_autoptr (EgAtomicFile) file = eg_atomic_file_begin (path, error);
  return file != NULL && eg_atomic_file_append (file, data, n, error) && eg_atomic_file_commit (file, error);
}
