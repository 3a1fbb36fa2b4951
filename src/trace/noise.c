#include "trace/noise.h"

#include <math.h>

double
eg_noise_std (const float *values, gsize n)
{
  if (n < 2)
    return 0;
  double mean = 0, squares = 0;
  for (gsize i = 0; i < n; i++)
    mean += (double)values[i];
  mean /= (double)n;
  for (gsize i = 0; i < n; i++)
    squares += ((double)values[i] - mean) * ((double)values[i] - mean);
  return sqrt (squares / (double)(n - 1));
}

void
eg_noise_add (EgRandomState *random, double scale, const float *from, gsize n, float *to)
{
  for (gsize i = 0; i < n; i++)
    to[i] = (float)((double)from[i] + scale * eg_random_state_normal (random));
}
