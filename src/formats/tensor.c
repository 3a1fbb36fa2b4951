/* A tensor's type, shape and values as float32. */
#include "formats/tensor.h"

#include "core/half.h"

#include <math.h>
#include <string.h>

const char *
eg_dtype_get_name (EgDType dtype)
{
  switch (dtype)
    {
    case EG_DTYPE_F32:
      return "F32";
    case EG_DTYPE_F16:
      return "F16";
    case EG_DTYPE_BF16:
      return "BF16";
    case EG_DTYPE_F64:
      return "F64";
    default:
      g_return_val_if_reached ("?");
    }
}

gsize
eg_dtype_get_size (EgDType dtype)
{
  switch (dtype)
    {
    case EG_DTYPE_F32:
      return 4;
    case EG_DTYPE_F16:
    case EG_DTYPE_BF16:
      return 2;
    case EG_DTYPE_F64:
      return 8;
    default:
      g_return_val_if_reached (1);
    }
}

gsize
eg_tensor_get_n_elements (const EgTensor *self)
{
  return self->n_bytes / eg_dtype_get_size (self->dtype);
}

void
eg_tensor_to_floats (const EgTensor *self, float *values)
{
  const gsize n = eg_tensor_get_n_elements (self);
  const double *doubles = self->data;
  if (n == 0)
    return;
  switch (self->dtype)
    {
    case EG_DTYPE_F16:
      eg_half_to_float_n (self->data, n, values);
      break;
    case EG_DTYPE_BF16:
      eg_bfloat16_to_float_n (self->data, n, values);
      break;
    case EG_DTYPE_F64:
      for (gsize i = 0; i < n; i++)
        values[i] = (float)doubles[i];
      break;
    case EG_DTYPE_F32:
    default:
      memcpy (values, self->data, self->n_bytes);
    }
}

char *
eg_shape_to_string (const gsize *shape, guint n_dims)
{
  GString *text = g_string_new ("[");
  for (guint i = 0; i < n_dims; i++)
    g_string_append_printf (text, "%s%" G_GSIZE_FORMAT, i == 0 ? "" : ", ", shape[i]);
  g_string_append_c (text, ']');
  return g_string_free (text, FALSE);
}

gboolean
eg_tensor_is_finite (const EgTensor *self, gsize *at)
{
  float values[1024];
  const gsize n = eg_tensor_get_n_elements (self), size = eg_dtype_get_size (self->dtype);
  for (gsize first = 0; first < n; first += G_N_ELEMENTS (values))
    {
      const gsize count = MIN (G_N_ELEMENTS (values), n - first);
      const EgTensor part = { .dtype = self->dtype,
                              .n_dims = 1,
                              .shape = { count },
                              .data = (const guint8 *)self->data + first * size,
                              .n_bytes = count * size };
      eg_tensor_to_floats (&part, values);
      for (gsize i = 0; i < count; i++)
        if (!isfinite (values[i]))
          {
            *at = first + i;
            return FALSE;
          }
    }
  return TRUE;
}
