/* Runs every file of the folders given through a target, each also cut in half and with a byte turned. */
#include "fuzz.h"

#include <stdio.h>

static guint n_inputs;

static void
run (const guint8 *data, gsize size)
{
  /* In memory of its very size, so that a sanitizer sees the end. */
  g_autofree guint8 *copy = g_memdup2 (data, size);
  LLVMFuzzerTestOneInput (copy, size);
}

static void
run_file (const char *path)
{
  g_autofree char *bytes = NULL;
  gsize size;
  if (!g_file_get_contents (path, &bytes, &size, NULL))
    return;
  n_inputs++;
  run ((const guint8 *)bytes, size);
  run ((const guint8 *)bytes, size / 2);
  for (gsize k = 1; k < 8 && size > 0; k++)
    {
      char *byte = &bytes[size * k / 8];
      *byte ^= (char)(1 << k);
      run ((const guint8 *)bytes, size);
      *byte ^= (char)(1 << k);
    }
}

int
main (int argc, char **argv)
{
  LLVMFuzzerInitialize (&argc, &argv);
  for (int i = 1; i < argc; i++)
    {
      g_autoptr (GDir) dir = g_dir_open (argv[i], 0, NULL);
      for (const char *name; dir != NULL && (name = g_dir_read_name (dir)) != NULL;)
        {
          g_autofree char *path = g_build_filename (argv[i], name, NULL);
          run_file (path);
        }
    }
  printf ("1..1\n%sok 1 - %u inputs\n", n_inputs > 0 ? "" : "not ", n_inputs);
  return n_inputs > 0 ? 0 : 1;
}
