/* Finds the program's data beside the sources, or where it is installed. */
#include "core/data.h"

#include <libintl.h>
#include <string.h>

/* The program's folder is PREFIX/bin: the PREFIX, wherever it lies now, or NULL. */
static char *
find_prefix (const char *program)
{
  g_autofree char *folder = g_path_get_dirname (program);
  if (g_path_is_absolute (ENGRAM_BINDIR) || !g_str_has_suffix (folder, "/" ENGRAM_BINDIR))
    return NULL;
  return g_strndup (folder, strlen (folder) - strlen ("/" ENGRAM_BINDIR));
}

/* The program's path when it lies in its build tree and the sources are there. */
static gboolean
is_in_build_tree (const char *program)
{
  return program != NULL && g_str_has_prefix (program, ENGRAM_BUILD_DIR "/")
         && g_file_test (ENGRAM_SOURCE_DATA_DIR, G_FILE_TEST_IS_DIR);
}

/* folder: of the prefix as it was configured, "share"; where this program's is. */
static char *
find_installed (const char *folder)
{
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *prefix = program != NULL ? find_prefix (program) : NULL;
  g_autofree char *path = prefix != NULL ? g_build_filename (prefix, folder, NULL) : NULL;

  if (path != NULL && !g_path_is_absolute (folder) && g_file_test (path, G_FILE_TEST_IS_DIR))
    return g_steal_pointer (&path);
  return g_path_is_absolute (folder) ? g_strdup (folder) : g_build_filename (ENGRAM_PREFIX, folder, NULL);
}

char *
eg_data_path (const char *name)
{
  const char *data = g_getenv ("ENGRAM_DATA_DIR");
  if (data != NULL)
    return g_build_filename (data, name, NULL);
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
  if (is_in_build_tree (program))
    return g_build_filename (ENGRAM_SOURCE_DATA_DIR, name, NULL);
  g_autofree char *share = find_installed (ENGRAM_DATADIR);
  return g_build_filename (share, "engram", name, NULL);
}

char *
eg_data_shared_path (const char *name)
{
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
  if (is_in_build_tree (program))
    return NULL;
  g_autofree char *share = find_installed (ENGRAM_DATADIR);
  return g_build_filename (share, name, NULL);
}

void
eg_data_bind_translations (void)
{
  const char *named = g_getenv ("ENGRAM_LOCALE_DIR");
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *folder = named != NULL                ? g_strdup (named)
                            : is_in_build_tree (program) ? g_strdup (ENGRAM_BUILD_DIR "/po")
                                                         : find_installed (ENGRAM_LOCALEDIR);

  bindtextdomain ("engram", folder);
  bind_textdomain_codeset ("engram", "UTF-8");
  textdomain ("engram");
}

char *
eg_library_path (const char *name)
{
  const char *named = g_getenv ("ENGRAM_LIBRARY_DIR");
  if (named != NULL)
    return g_build_filename (named, name, NULL);
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
  if (is_in_build_tree (program))
    return g_build_filename (ENGRAM_BUILD_DIR, "kernels", name, NULL);
  g_autofree char *lib = find_installed (ENGRAM_LIBDIR);
  return g_build_filename (lib, "engram", name, NULL);
}
