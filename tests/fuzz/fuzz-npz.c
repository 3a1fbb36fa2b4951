/* .npz archives with all their arrays. */
#include "arrays.h"
#include "formats/npz.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  GError *error = NULL;
  EgNpz *npz = eg_npz_load (fuzz_file (data, size), &error);
  fuzz_check (npz != NULL, &error);
  if (npz == NULL)
    return 0;
  for (const char *const *name = eg_npz_get_names (npz); *name != NULL; name++)
    {
      EgNpyArray *array = eg_npz_read (npz, *name, &error);
      fuzz_check (array != NULL, &error);
      fuzz_array (array);
    }
  eg_npz_free (npz);
  return 0;
}
