/* Lists of tensors, and the archive that such a list makes with a storage of 64 bytes: no checksum stands
 * before the fuzzer. */
#include "formats/pickle.h"
#include "formats/pytorch-file.h"
#include "formats/zip.h"
#include "fuzz.h"
#include "tensors.h"

#include <glib/gstdio.h>
#include <unistd.h>

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  static const guint8 zeros[64];
  static char *path;
  GError *error = NULL;
  EgPickle *pickle = eg_pickle_read (data, size, "x", &error);
  const gboolean good = pickle != NULL;
  fuzz_check (good, &error);
  g_clear_pointer (&pickle, eg_pickle_free);
  if (!good)
    return 0;
  if (path == NULL)
    path = g_strdup_printf ("/dev/shm/engram-fuzz-%d.bin", (int)getpid ());
  g_autoptr (GBytes) list = g_bytes_new_static (data, size),
                     storage = g_bytes_new_static (zeros, sizeof zeros);
  const EgZipMember members[] = { { "a/data.pkl", list }, { "a/data/0", storage }, { "a/data/1", storage } };
  g_assert (eg_zip_write (path, members, G_N_ELEMENTS (members), NULL));
  EgTensorFile *file = eg_pytorch_file_load (path, &error);
  g_unlink (path);
  fuzz_check (file != NULL, &error);
  fuzz_tensors (file);
  return 0;
}
