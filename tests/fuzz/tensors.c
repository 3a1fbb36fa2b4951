#include "tensors.h"

static volatile guint sum;

void
fuzz_tensors (EgTensorFile *file)
{
  GHashTableIter iter;
  gpointer value;
  if (file == NULL)
    return;
  g_hash_table_iter_init (&iter, file->tensors);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const EgTensor *tensor = value;
      const guint8 *bytes = tensor->data;
      gsize n = 1;
      for (guint d = 0; d < tensor->n_dims; d++)
        n *= tensor->shape[d];
      g_assert (n == eg_tensor_get_n_elements (tensor));
      for (gsize i = 0; i < tensor->n_bytes; i++)
        sum += bytes[i];
      g_autofree float *values = g_new (float, n + 1);
      eg_tensor_to_floats (tensor, values);
    }
  eg_tensor_file_free (file);
}
