/* The straight-line exp, exp2, softplus, silu and gelu against libm in double precision, over floats of every
 * exponent. */
#include "engine/cpu/vector-math.h"

#include <math.h>

/* Every so many-th float; a prime, so that all exponents and low bits come up. */
#define STRIDE 1009

static float
from_bits (guint32 bits)
{
  float x;
  memcpy (&x, &bits, sizeof x);
  return x;
}

/* Distance of a float from an exact value in units of a value's last place as a float, those of the smallest
 * normal number at least. */
static double
error_in_ulp (float got, double exact, double of)
{
  int exponent;
  frexp (of, &exponent);
  return fabs ((double)got - exact) / ldexp (1.0, MAX (exponent, -125) - 24);
}

typedef struct
{
  float (*fast) (float);
  double (*exact) (double);
  float first, last; /* the range */
  double most_ulp;
  gboolean of_argument; /* its last place, not the value's */
} Function;

static float
call_exp (float x)
{
  return fast_exp (x);
}

static float
call_exp2 (float x)
{
  return fast_exp2 (x);
}

static float
call_softplus (float x)
{
  return fast_softplus (x);
}

static float
call_silu (float x)
{
  return fast_silu (x);
}

static float
call_gelu (float x)
{
  return fast_gelu (x);
}

static float
call_gelu_tanh (float x)
{
  return fast_gelu_tanh (x);
}

static double
exact_softplus (double x)
{
  return x > 40 ? x : log1p (exp (x));
}

static double
exact_silu (double x)
{
  return x / (1 + exp (-x));
}

static double
exact_gelu (double x)
{
  return x * 0.5 * erfc (-x * G_SQRT2 / 2);
}

/* The formula, without what it loses where 1 + tanh is next to 0. */
static double
exact_gelu_tanh (double x)
{
  return x / (1 + exp (-2 * sqrt (2 / G_PI) * (x + 0.044715 * x * x * x)));
}

static const Function functions[] = {
  { call_exp, exp, -87.0f, 87.0f, 2 },
  { call_exp2, exp2, -126.0f, 127.0f, 2 },
  { call_softplus, exact_softplus, -86.0f, 3e38f, 4 },
  { call_silu, exact_silu, -80.0f, 3e38f, 4 },
  { call_gelu, exact_gelu, -3e38f, 3e38f, 4, TRUE },
  { call_gelu_tanh, exact_gelu_tanh, -3e38f, 3e38f, 4, TRUE },
};

static void
test_errors (gconstpointer data)
{
  const Function *function = data;
  double worst = 0;
  float where = 0;
  for (guint64 bits = 0; bits <= G_MAXUINT32; bits += STRIDE)
    {
      const float x = from_bits ((guint32)bits);
      if (!(x >= function->first && x <= function->last))
        continue;
      const double exact = function->exact ((double)x);
      const double error
          = error_in_ulp (function->fast (x), exact, function->of_argument ? (double)x : exact);
      if (!(error <= worst))
        {
          worst = error;
          where = x;
        }
    }
  g_test_message ("%.2f ulp at %.9g", worst, (double)where);
  g_assert_cmpfloat (worst, <=, function->most_ulp);
  g_assert_cmpfloat (worst, >, 0.4); /* it has looked */
}

static void
test_ends_of_the_range (void)
{
  const float below_exp = expf (-87.0f), most_exp = expf (87.0f);
  g_assert_cmpfloat_with_epsilon (fast_exp (-1e30f) / below_exp, 1.0f, 1e-6);
  g_assert_cmpfloat_with_epsilon (fast_exp (-INFINITY) / below_exp, 1.0f, 1e-6);
  g_assert_cmpfloat_with_epsilon (fast_exp (INFINITY) / most_exp, 1.0f, 1e-6);
  g_assert_cmpfloat_with_epsilon (fast_exp2 (-INFINITY) / 0x1p-126f, 1.0f, 1e-6);
  g_assert_cmpfloat (fast_exp (0.0f), ==, 1.0f);
  g_assert_cmpfloat (fast_exp (-0.0f), ==, 1.0f);
  g_assert_cmpfloat (fast_exp2 (0.0f), ==, 1.0f);
  g_assert_cmpfloat (fast_exp2 (-3.0f), ==, 0.125f);
  g_assert_cmpfloat (fast_silu (0.0f), ==, 0.0f);
  g_assert_cmpfloat (fast_softplus (INFINITY), ==, INFINITY);
  g_assert_cmpfloat (fast_gelu (0.0f), ==, 0.0f);
  g_assert_cmpfloat (fast_gelu (INFINITY), ==, INFINITY);
  g_assert_cmpfloat (fast_gelu_tanh (0.0f), ==, 0.0f);
  g_assert_cmpfloat (fast_gelu_tanh (INFINITY), ==, INFINITY);
  /* Far below, next to nothing. */
  g_assert_cmpfloat (fast_softplus (-1e30f), >=, 0.0f);
  g_assert_cmpfloat (fast_softplus (-1e30f), <, 1e-37f);
  g_assert_cmpfloat (fabsf (fast_silu (-1000.0f)), <, 1e-34f);
  g_assert_cmpfloat (fabsf (fast_gelu (-1000.0f)), <, 1e-34f);
  g_assert_cmpfloat (fabsf (fast_gelu_tanh (-1000.0f)), <, 1e-34f);
}

static void
test_nan_stays_nan (void)
{
  g_assert_true (isnan (fast_exp (NAN)));
  g_assert_true (isnan (fast_exp2 (NAN)));
  g_assert_true (isnan (fast_softplus (NAN)));
  g_assert_true (isnan (fast_silu (NAN)));
  g_assert_true (isnan (fast_gelu (NAN)));
  g_assert_true (isnan (fast_gelu_tanh (NAN)));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/vector-math/exp", &functions[0], test_errors);
  g_test_add_data_func ("/vector-math/exp2", &functions[1], test_errors);
  g_test_add_data_func ("/vector-math/softplus", &functions[2], test_errors);
  g_test_add_data_func ("/vector-math/silu", &functions[3], test_errors);
  g_test_add_data_func ("/vector-math/gelu", &functions[4], test_errors);
  g_test_add_data_func ("/vector-math/gelu-tanh", &functions[5], test_errors);
  g_test_add_func ("/vector-math/ends-of-the-range", test_ends_of_the_range);
  g_test_add_func ("/vector-math/nan-stays-nan", test_nan_stays_nan);
  return g_test_run ();
}
