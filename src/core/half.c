/* Widens half floats bit by bit. */
#include "core/half.h"

#include <string.h>

static inline float
float_from_bits (guint32 bits)
{
  float value;
  memcpy (&value, &bits, sizeof value);
  return value;
}

/* Branch-free enough for the compiler to vectorise: a normal number is re-biased; a subnormal is made by a
 * float subtraction that renormalises it; infinities and NaN get the float's largest exponent. */
static inline float
widen_half (guint16 half)
{
  const guint32 sign = (guint32)(half & 0x8000u) << 16;
  const guint32 rest = (guint32)(half & 0x7fffu) << 13;
  const guint32 exponent = rest & 0x0f800000u;
  const guint32 normal = rest + ((127u - 15u) << 23);
  const guint32 special = normal + ((128u - 16u) << 23);
  float subnormal = float_from_bits (rest + (113u << 23)) - float_from_bits (113u << 23);
  guint32 subnormal_bits;
  memcpy (&subnormal_bits, &subnormal, sizeof subnormal_bits);
  const guint32 magnitude = exponent == 0x0f800000u ? special : exponent == 0 ? subnormal_bits : normal;
  return float_from_bits (sign | magnitude);
}

float
eg_half_to_float (guint16 bits)
{
  return widen_half (bits);
}

float
eg_bfloat16_to_float (guint16 bits)
{
  return float_from_bits ((guint32)bits << 16);
}

void
eg_half_to_float_n (const void *src, gsize n, float *dst)
{
  const guint8 *bytes = src;
  for (gsize i = 0; i < n; i++)
    {
      guint16 bits;
      memcpy (&bits, bytes + 2 * i, sizeof bits);
      dst[i] = widen_half (GUINT16_FROM_LE (bits));
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
