/* IEEE 754 binary16, as far as kernels/ uses it. */
#pragma once

#include <cuda_runtime.h>

struct __half
{
  uint16_t bits;
};

static inline __half
__ushort_as_half (unsigned short bits)
{
  return __half{ bits };
}

static inline float
__half2float (__half half)
{
  const uint32_t sign = (uint32_t)(half.bits & 0x8000) << 16, exponent = half.bits >> 10 & 31,
                 fraction = half.bits & 1023;
  if (exponent == 0) /* zero and subnormal: a multiple of 2^−24 */
    return (sign ? -1.0f : 1.0f) * (float)fraction * 0x1p-24f;
  const uint32_t bits
      = exponent == 31 ? 0x7f800000u | fraction << 13 : (exponent + 112) << 23 | fraction << 13;
  return cuda_host::from_bits<float> (sign | bits);
}
