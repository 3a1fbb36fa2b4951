/* What programs that measure have in common: seconds of the processor, and the rate of packed products. */
#pragma once

#include "library/model.h"

#include <time.h>

static inline double
read_clock (clockid_t clock)
{
  struct timespec time;
  clock_gettime (clock, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* FLOP/s of one processor: the highest of a few, of a weight as wide as the model is and as tall as a
 * layer's.
 */
double measure_packed_rate (EgModel *model);
