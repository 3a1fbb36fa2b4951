/* exp, log1p∘exp, silu and gelu as straight-line code on floats, which compilers turn into vectors. Errors,
 * against libm in double precision over all floats of the range: fast_exp ≤ 2 ulp on [−87, 87], saturating
 * outside instead of underflowing or overflowing; fast_softplus and fast_silu ≤ 4 ulp; fast_gelu and
 * fast_gelu_tanh ≤ 4 ulp of x (tests/engine/test-vector-math.c). NaN stays NaN. */
#pragma once

#include <glib.h>
#include <string.h>

/* As many floats as a register of the instruction set has. */
#if defined(__AVX512F__)
#define REGISTER_FLOATS 16
#elif defined(__AVX__)
#define REGISTER_FLOATS 8
#else
#define REGISTER_FLOATS 4
#endif

static inline float
fast_exp (float x)
{
  /* One comparison by magnitude, not two constant bounds: gcc makes a path for each of those and takes every
   * path for every number of a vector. One path of silu's divides by 1 + exp (88), and results below the
   * normal numbers are slow. */
  x = __builtin_fabsf (x) > 87.0f ? __builtin_copysignf (87.0f, x) : x;
  /* Adding 1.5·2²³ rounds to an integer and leaves it in the low bits. */
  const float shifted = x * 1.44269504088896341f + 12582912.0f;
  const float n = shifted - 12582912.0f;
  const float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = (p * r) * r + r + 1.0f;
  guint32 bits;
  memcpy (&bits, &shifted, sizeof bits);
  bits = (bits + 127u) << 23;
  float scale;
  memcpy (&scale, &bits, sizeof scale);
  return p * scale;
}

/* 2^x for x ≤ 127, at least 2^−126: ≤ 2 ulp. Its polynomial for 2^f, f in [−½, ½], is a minimax fit of the
 * relative error with 1 as its constant. */
static inline float
fast_exp2 (float x)
{
  x = x < -126.0f ? -126.0f : x;
  const float shifted = x + 12582912.0f;
  const float f = x - (shifted - 12582912.0f);
  float p = 1.5353362e-4f;
  p = p * f + 1.3398875e-3f;
  p = p * f + 9.61843692e-3f;
  p = p * f + 5.55033237e-2f;
  p = p * f + 2.40226477e-1f;
  p = p * f + 6.93147182e-1f;
  p = p * f + 1.0f;
  /* p is in [½, 2]: its exponent takes the integer. */
  guint32 bits, integer;
  memcpy (&bits, &p, sizeof bits);
  memcpy (&integer, &shifted, sizeof integer);
  bits += integer << 23;
  memcpy (&p, &bits, sizeof p);
  return p;
}

/* log (1 + u) for u in [0, 1]: 2·atanh (u / (2 + u)) by its series, whose argument is at most 1/3. */
static inline float
fast_log1p_unit (float u)
{
  const float s = u / (2.0f + u);
  const float q = s * s;
  float p = 1.0f / 15.0f;
  p = p * q + 1.0f / 13.0f;
  p = p * q + 1.0f / 11.0f;
  p = p * q + 1.0f / 9.0f;
  p = p * q + 1.0f / 7.0f;
  p = p * q + 1.0f / 5.0f;
  p = p * q + 1.0f / 3.0f;
  return 2.0f * s + 2.0f * s * (q * p);
}

static inline float
fast_softplus (float x)
{
  const float magnitude = x < 0.0f ? x : -x;
  const float positive = x < 0.0f ? 0.0f : x;
  return positive + fast_log1p_unit (fast_exp (magnitude));
}

static inline float
fast_silu (float x)
{
  return x / (1.0f + fast_exp (-x));
}

/* Φ (−|x|), Φ's tail: it is ½·erfc (m/√2) = exp (−m²/2)·t·p (t) with m = |x|, t = 1 / (1 + 0.2157·m): p, in
 * powers of t − ⅝, interpolates it at Chebyshev's points of m ≤ 13.2, to 5e-8 of it. */
static inline float
fast_normal_tail (float x)
{
  const float magnitude = x < 0.0f ? -x : x;
  const float t = 1.0f / (1.0f + 0.2157f * magnitude), u = t - 0.625f;
  float p = -0.0517358791f;
  p = p * u - 0.0870099295f;
  p = p * u + 0.0549774164f;
  p = p * u + 0.359770351f;
  p = p * u + 0.641372451f;
  p = p * u + 0.733584655f;
  p = p * u + 0.619233313f;
  p = p * u + 0.404431479f;
  p = p * u + 0.207180086f;
  return t * p * fast_exp (-0.5f * x * x);
}

/* x·Φ (x) */
static inline float
fast_gelu (float x)
{
  const float tail = fast_normal_tail (x);
  return x * (x < 0.0f ? tail : 1.0f - tail);
}

/* x/2 · (1 + tanh (u)) = x / (1 + exp (−2u)), u = √(2/π)·(x + 0.044715·x³). */
static inline float
fast_gelu_tanh (float x)
{
  return x / (1.0f + fast_exp (-1.59576912f * (x + 0.044715f * x * x * x)));
}
