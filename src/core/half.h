/* IEEE 754 binary16 ("F16") and bfloat16 ("BF16") to float32. Every value of both is exact in float32; NaN
 * payloads keep their upper bits. */
#pragma once

#include <glib.h>
#include <string.h>

G_BEGIN_DECLS

/* Inline, so that loops over them become vectors wherever they stand. */
static inline float
eg_float_from_bits (guint32 bits)
{
  float value;
  memcpy (&value, &bits, sizeof value);
  return value;
}

/* Without branches: a normal number is re-biased; a subnormal is made by a float subtraction that
 * renormalises it; infinities and NaN get the float's largest exponent. */
static inline float
eg_half_to_float (guint16 half)
{
  const guint32 sign = (guint32)(half & 0x8000u) << 16;
  const guint32 rest = (guint32)(half & 0x7fffu) << 13;
  const guint32 exponent = rest & 0x0f800000u;
  const guint32 normal = rest + ((127u - 15u) << 23);
  const guint32 special = normal + ((128u - 16u) << 23);
  const float subnormal = eg_float_from_bits (rest + (113u << 23)) - eg_float_from_bits (113u << 23);
  guint32 subnormal_bits;
  memcpy (&subnormal_bits, &subnormal, sizeof subnormal_bits);
  const guint32 magnitude = exponent == 0x0f800000u ? special : exponent == 0 ? subnormal_bits : normal;
  return eg_float_from_bits (sign | magnitude);
}

static inline float
eg_bfloat16_to_float (guint16 bits)
{
  return eg_float_from_bits ((guint32)bits << 16);
}

/* Widens n values; src need not be aligned. dst and src do not overlap. */
void eg_half_to_float_n (const void *src, gsize n, float *dst);
void eg_bfloat16_to_float_n (const void *src, gsize n, float *dst);

G_END_DECLS
