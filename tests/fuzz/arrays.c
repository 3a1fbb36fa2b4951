#include "arrays.h"

#include "fuzz.h"

void
fuzz_array (EgNpyArray *array)
{
  GError *error = NULL;
  if (array == NULL)
    return;
  g_autofree double *doubles = eg_npy_array_get_doubles (array, &error);
  fuzz_check (doubles != NULL, &error);
  g_autofree gint64 *integers = eg_npy_array_get_int64s (array, &error);
  fuzz_check (integers != NULL, &error);
  g_auto (GStrv) texts = eg_npy_array_get_strings (array, &error);
  fuzz_check (texts != NULL, &error);
  eg_npy_array_free (array);
}
