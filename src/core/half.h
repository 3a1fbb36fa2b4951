/* IEEE 754 binary16 ("F16") and bfloat16 ("BF16") to float32. Every value of both is exact in float32; NaN
 * payloads keep their upper bits. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

float eg_half_to_float (guint16 bits);
float eg_bfloat16_to_float (guint16 bits);

/* Widens n values; src need not be aligned. dst and src do not overlap. */
void eg_half_to_float_n (const void *src, gsize n, float *dst);
void eg_bfloat16_to_float_n (const void *src, gsize n, float *dst);

G_END_DECLS
