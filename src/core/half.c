/* Widens half floats bit by bit. */
#include "core/half.h"

void
eg_half_to_float_n (const void *src, gsize n, float *dst)
{
  const guint8 *bytes = src;
  for (gsize i = 0; i < n; i++)
    {
      guint16 bits;
      memcpy (&bits, bytes + 2 * i, sizeof bits);
      dst[i] = eg_half_to_float (GUINT16_FROM_LE (bits));
    }
}

void
eg_bfloat16_to_float_n (const void *src, gsize n, float *dst)
{
  const guint8 *bytes = src;
  for (gsize i = 0; i < n; i++)
    {
      guint16 bits;
      memcpy (&bits, bytes + 2 * i, sizeof bits);
      dst[i] = eg_bfloat16_to_float (GUINT16_FROM_LE (bits));
    }
}
