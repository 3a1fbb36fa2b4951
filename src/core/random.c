/* NumPy's legacy random numbers, bit by bit. */
#include "core/random.h"

#include <math.h>

enum
{
  N = 624,
  M = 397
};

void
eg_random_state_init (EgRandomState *self, guint32 seed)
{
  self->state[0] = seed;
  for (guint32 i = 1; i < N; i++)
    self->state[i] = 1812433253u * (self->state[i - 1] ^ (self->state[i - 1] >> 30)) + i;
  self->index = N;
  self->has_gauss = FALSE;
  self->gauss = 0.0;
}

static void
refill (EgRandomState *self)
{
  guint32 *mt = self->state;
  for (guint i = 0; i < N; i++)
    {
      const guint32 y = (mt[i] & 0x80000000u) | (mt[(i + 1) % N] & 0x7fffffffu);
      mt[i] = mt[(i + M) % N] ^ (y >> 1) ^ ((y & 1u) ? 0x9908b0dfu : 0u);
    }
  self->index = 0;
}

guint32
eg_random_state_uint32 (EgRandomState *self)
{
  if (self->index == N)
    refill (self);
  guint32 y = self->state[self->index++];
  y ^= y >> 11;
  y ^= (y << 7) & 0x9d2c5680u;
  y ^= (y << 15) & 0xefc60000u;
  y ^= y >> 18;
  return y;
}

double
eg_random_state_double (EgRandomState *self)
{
  const guint32 a = eg_random_state_uint32 (self) >> 5;
  const guint32 b = eg_random_state_uint32 (self) >> 6;
  return (a * 67108864.0 + b) / 9007199254740992.0;
}

double
eg_random_state_normal (EgRandomState *self)
{
  if (self->has_gauss)
    {
      self->has_gauss = FALSE;
      return self->gauss;
    }
  double x1, x2, r2;
  do
    {
      x1 = 2.0 * eg_random_state_double (self) - 1.0;
      x2 = 2.0 * eg_random_state_double (self) - 1.0;
      r2 = x1 * x1 + x2 * x2;
    }
  while (r2 >= 1.0 || r2 == 0.0);
  const double f = sqrt (-2.0 * log (r2) / r2);
  self->gauss = f * x1;
  self->has_gauss = TRUE;
  return f * x2;
}

guint32
eg_random_state_below (EgRandomState *self, guint32 n)
{
  g_return_val_if_fail (n >= 1, 0);
  const guint32 most = n - 1;
  if (most == 0)
    return 0; /* NumPy draws nothing then. */
  const guint32 mask = (guint32)((G_GUINT64_CONSTANT (1) << g_bit_storage (most)) - 1);
  guint32 value;
  do
    value = eg_random_state_uint32 (self) & mask;
  while (value > most);
  return value;
}

double
eg_random_state_uniform (EgRandomState *self)
{
  return -1.0 + 2.0 * eg_random_state_double (self);
}

/* standard_gamma (shape), for shape > 1. */
static double
draw_gamma (EgRandomState *self, double shape)
{
  const double b = shape - 1.0 / 3.0, c = 1.0 / sqrt (9.0 * b);
  for (;;)
    {
      double x, v;
      do
        {
          x = eg_random_state_normal (self);
          v = 1.0 + c * x;
        }
      while (v <= 0.0);
      v = v * v * v;
      const double u = eg_random_state_double (self);
      if (u < 1.0 - 0.0331 * (x * x) * (x * x) || log (u) < 0.5 * x * x + b * (1.0 - v + log (v)))
        return b * v;
    }
}

double
eg_random_state_chisquare (EgRandomState *self, double degrees)
{
  g_return_val_if_fail (degrees > 2, NAN);
  return 2.0 * draw_gamma (self, degrees / 2.0);
}
