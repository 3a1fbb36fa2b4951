/* A as scans take it, of the checkpoint's logarithm. */
#pragma once

#include <math.h>

/* −exp (A_log)·log₂e: powers of two do. */
static inline float
eg_ssm_decay_of_log (float a_log)
{
  return (float)(-exp ((double)a_log) * 1.4426950408889634074);
}
