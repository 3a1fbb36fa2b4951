/* Maps a file, with an error that names it. */
#include "formats/map-file.h"

#include "core/error.h"
#include "formats/quote.h"

#include <glib/gi18n.h>

GMappedFile *
eg_map_file (const char *path, GError **error)
{
  if (g_file_test (path, G_FILE_TEST_IS_REGULAR))
    return g_mapped_file_new (path, FALSE, error);
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
