/* .npy arrays. */
#include "arrays.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  GError *error = NULL;
  g_autoptr (GBytes) bytes = g_bytes_new_static (data, size);
  EgNpyArray *array = eg_npy_parse (bytes, "x", &error);
  fuzz_check (array != NULL, &error);
  fuzz_array (array);
  return 0;
}
