/* Sums over contiguous numbers that compilers make vectors of: in lanes of their own, added at the end. */
#pragma once

#include <glib.h>

#define LANES 16

static inline float
sum_lanes (const float *lanes)
{
  float sum = 0;
  for (gsize j = 0; j < LANES; j++)
    sum += lanes[j];
  return sum;
}

/* Σ a·b */
static inline float
dot (const float *restrict a, const float *restrict b, gsize n)
{
  float partial[LANES] = { 0 };
  const gsize whole = n - n % LANES;
  for (gsize i = 0; i < whole; i += LANES)
    for (gsize j = 0; j < LANES; j++)
      partial[j] += a[i + j] * b[i + j];
  float sum = sum_lanes (partial);
  for (gsize i = whole; i < n; i++)
    sum += a[i] * b[i];
  return sum;
}

/* Σ g·(source − base) */
static inline float
dot_difference (const float *restrict g, const float *restrict source, const float *restrict base, gsize n)
{
  float partial[LANES] = { 0 };
  const gsize whole = n - n % LANES;
  for (gsize i = 0; i < whole; i += LANES)
    for (gsize j = 0; j < LANES; j++)
      partial[j] += g[i + j] * (source[i + j] - base[i + j]);
  float sum = sum_lanes (partial);
  for (gsize i = whole; i < n; i++)
    sum += g[i] * (source[i] - base[i]);
  return sum;
}
