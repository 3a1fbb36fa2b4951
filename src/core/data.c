#include "core/data.h"

/* TRUE for a program that was not installed. */
static gboolean
in_build_tree (void)
{
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
  return program != NULL && g_str_has_prefix (program, ENGRAM_BUILD_DIR "/");
}

char *
eg_data_path (const char *name)
{
  const char *data = g_getenv ("ENGRAM_DATA_DIR");
  if (data != NULL)
    return g_build_filename (data, name, NULL);
  g_autofree char *source = g_build_filename (ENGRAM_SOURCE_DATA_DIR, name, NULL);
  if (in_build_tree () && g_file_test (source, G_FILE_TEST_EXISTS))
    return g_steal_pointer (&source);
  return g_build_filename (ENGRAM_PKGDATADIR, name, NULL);
}

char *
eg_library_path (const char *name)
{
  const char *folder = g_getenv ("ENGRAM_LIBRARY_DIR");
  if (folder == NULL)
    folder = in_build_tree () ? ENGRAM_BUILD_DIR "/kernels" : ENGRAM_PKGLIBDIR;
  return g_build_filename (folder, name, NULL);
}
