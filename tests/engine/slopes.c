/* Gradients of ops beside central differences of their formulas in double precision. */
#include "slopes.h"

const SlopeBackend slope_backends[N_SLOPE_BACKENDS]
    = { { eg_backend_reference, 1 }, { eg_backend_cpu, 1 }, { eg_backend_cpu, 3 } };

GRand *
slopes_rand (void)
{
  static GRand *rand;
  if (!rand)
    rand = g_rand_new_with_seed (7);
  return rand;
}

Values
draw (gsize n)
{
  Values self = { n, g_new (double, n), g_new (float, n) };
  for (gsize i = 0; i < n; i++)
    {
      self.narrow[i] = (float)g_rand_double_range (slopes_rand (), -1, 1);
      self.at[i] = (double)self.narrow[i];
    }
  return self;
}

void
drop (Values *self)
{
  g_free (self->at);
  g_free (self->narrow);
}

void
make_signs (Values *values, float sign)
{
  for (gsize i = 0; i < values->n; i++)
    {
      values->narrow[i] = sign * fabsf (values->narrow[i]);
      values->at[i] = (double)values->narrow[i];
    }
}

double
slope (Formula formula, gconstpointer data, double *x)
{
  const double before = *x, step = 1e-5;
  *x = before + step;
  const double above = formula (data);
  *x = before - step;
  const double below = formula (data);
  *x = before;
  return (above - below) / (2 * step);
}

double *
slopes (Formula formula, gconstpointer data, Values *values)
{
  double *found = g_new (double, values->n);
  for (gsize i = 0; i < values->n; i++)
    found[i] = slope (formula, data, &values->at[i]);
  return found;
}

void
assert_close (const float *found, const double *expected, gsize n, const char *what)
{
  double largest = 1e-30;
  for (gsize i = 0; i < n; i++)
    largest = MAX (largest, fabs (expected[i]));
  for (gsize i = 0; i < n; i++)
    if (!(fabs ((double)found[i] - expected[i]) <= 4e-6 * largest))
      g_error ("%s, number %zu: %.9g, expected %.9g", what, i, (double)found[i], expected[i]);
}
