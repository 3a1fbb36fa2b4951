/* Maps a file, with an error that names it. */
#include "formats/map-file.h"

#include "core/error.h"
#include "formats/quote.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <unistd.h>

/* Says it in its own words: GLib's name the file twice. */
static GMappedFile *
map_regular (const char *path, GError **error)
{
  const int fd = g_open (path, O_RDONLY | O_CLOEXEC, 0);
  GMappedFile *file = fd >= 0 ? g_mapped_file_new_from_fd (fd, FALSE, NULL) : NULL;
  const int problem = errno;
  if (fd >= 0)
    close (fd);
  if (file == NULL)
    g_set_error (error, G_FILE_ERROR, (int)g_file_error_from_errno (problem), _ ("%s cannot be read: %s"),
                 path, g_strerror (problem));
  return file;
}

GMappedFile *
eg_map_file (const char *path, GError **error)
{
  if (g_file_test (path, G_FILE_TEST_IS_REGULAR))
    return map_regular (path, error);
  const gboolean exists = g_file_test (path, G_FILE_TEST_EXISTS);
  g_set_error (error, EG_ERROR, EG_ERROR_NOT_FOUND,
               exists ? _ ("%s is not a file") : _ ("There is no file %s"), path);
  return NULL;
}

char *
eg_file_get_title (const char *path)
{
  g_autofree char *base = g_path_get_basename (path);
  return eg_quote (base);
}
