#define _GNU_SOURCE
#include "fuzz.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  (void)argc;
  (void)argv;
  g_log_set_always_fatal (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING);
  return 0;
}

const char *
fuzz_file (const guint8 *data, gsize size)
{
  static char path[64];
  static int file = -1;
  /* Another one each time: the last may still be mapped. */
  if (file >= 0)
    close (file);
  file = memfd_create ("input", MFD_CLOEXEC);
  g_assert (file >= 0 && write (file, data, size) == (gssize)size);
  g_snprintf (path, sizeof path, "/proc/self/fd/%d", file);
  return path;
}

void
fuzz_check (gboolean there, GError **error)
{
  g_assert (there == (*error == NULL));
  if (*error == NULL)
    return;
  g_assert (g_utf8_validate ((*error)->message, -1, NULL));
  g_assert (*(*error)->message != '\0' && strchr ((*error)->message, '\n') == NULL);
  g_clear_error (error);
}
