#include "core/data.h"

char *
eg_data_path (const char *name)
{
  const char *data = g_getenv ("ENGRAM_DATA_DIR");
  if (data != NULL)
    return g_build_filename (data, name, NULL);
  g_autofree char *source = g_build_filename (ENGRAM_SOURCE_DATA_DIR, name, NULL);
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
  if (program != NULL && g_str_has_prefix (program, ENGRAM_BUILD_DIR "/")
      && g_file_test (source, G_FILE_TEST_EXISTS))
    return g_steal_pointer (&source);
  return g_build_filename (ENGRAM_PKGDATADIR, name, NULL);
}
