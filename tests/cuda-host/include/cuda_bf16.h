/* bfloat16, as far as kernels/ uses it. */
#pragma once

#include <cuda_runtime.h>

struct __nv_bfloat16
{
  uint16_t bits;
};

static inline __nv_bfloat16
__ushort_as_bfloat16 (unsigned short bits)
{
  return __nv_bfloat16{ bits };
}

static inline float
__bfloat162float (__nv_bfloat16 value)
{
  return cuda_host::from_bits<float> ((uint32_t)value.bits << 16);
}

/* To the nearest, ties to even. */
static inline __nv_bfloat16
__float2bfloat16 (float value)
{
  const uint32_t bits = (uint32_t)cuda_host::to_bits (value);
  if (value != value)
    return __nv_bfloat16{ (uint16_t)(bits >> 16 | 64) };
  return __nv_bfloat16{ (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16) };
}
