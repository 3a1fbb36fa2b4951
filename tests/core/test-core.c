/* Half floats against the formula of the formats, random numbers against NumPy's, and what a process may use.
 */
#define _GNU_SOURCE /* sched_setaffinity */

#include "core/error.h"
#include "core/half.h"
#include "core/processors.h"
#include "core/random.h"

#include <math.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

/* (−1)^sign · 1.fraction · 2^(exponent − bias), by ldexp; exponent 0 has no leading 1, the largest is
 * infinity or NaN. */
static double
decode (guint bits, guint exponent_bits, guint fraction_bits)
{
  const guint fraction = bits & ((1u << fraction_bits) - 1);
  const guint largest = (1u << exponent_bits) - 1;
  const guint exponent = bits >> fraction_bits & largest;
  const int bias = (int)(largest >> 1);
  const double sign = bits >> 15 ? -1.0 : 1.0;
  if (exponent == largest)
    return fraction == 0 ? sign * (double)INFINITY : (double)NAN;
  const guint leading = exponent == 0 ? 0 : 1u << fraction_bits;
  return sign * ldexp (leading + fraction, (int)MAX (exponent, 1u) - bias - (int)fraction_bits);
}

static void
assert_same (float value, double expected)
{
  if (isnan (expected))
    g_assert_true (isnan (value));
  else
    g_assert_true ((double)value == expected && !signbit (value) == !signbit (expected));
}

static void
test_every_half_is_exact (void)
{
  for (guint bits = 0; bits < 65536; bits++)
    assert_same (eg_half_to_float ((guint16)bits), decode (bits, 5, 10));
}

static void
test_every_bfloat16_is_exact (void)
{
  for (guint bits = 0; bits < 65536; bits++)
    assert_same (eg_bfloat16_to_float ((guint16)bits), decode (bits, 8, 7));
}

static guint32
get_bits (float value)
{
  guint32 bits;
  memcpy (&bits, &value, sizeof bits);
  return bits;
}

static void
test_keeps_the_payload_of_nan (void)
{
  g_assert_cmphex (get_bits (eg_half_to_float (0xfe01)), ==, 0xffc02000);
  g_assert_cmphex (get_bits (eg_bfloat16_to_float (0xffc1)), ==, 0xffc10000);
}

static void
test_widens_rows_from_any_address (void)
{
  const gsize n = 65536;
  g_autofree guint8 *bytes = g_malloc (2 * n + 1);
  g_autofree float *halves = g_new (float, n + 1);
  g_autofree float *bfloats = g_new (float, n + 1);
  for (gsize i = 0; i < n; i++)
    {
      bytes[1 + 2 * i] = (guint8)(i & 0xff);
      bytes[2 + 2 * i] = (guint8)(i >> 8);
    }
  halves[n] = bfloats[n] = 42.0f;
  eg_half_to_float_n (bytes + 1, n, halves);
  eg_bfloat16_to_float_n (bytes + 1, n, bfloats);
  for (gsize i = 0; i < n; i++)
    {
      g_assert_cmphex (get_bits (halves[i]), ==, get_bits (eg_half_to_float ((guint16)i)));
      g_assert_cmphex (get_bits (bfloats[i]), ==, get_bits (eg_bfloat16_to_float ((guint16)i)));
    }
  g_assert_true (halves[n] == 42.0f && bfloats[n] == 42.0f);
}

/* Draws what a line of random.txt says, and compares. */
static void
check_line (EgRandomState *state, const char *operation, char **values)
{
  for (; *values != NULL; values++)
    {
      char *end;
      const double expected = strtod (*values, &end);
      g_assert_true (*end == '\0');
      if (strcmp (operation, "skip") == 0)
        for (guint i = 0; i < (guint)expected; i++)
          eg_random_state_uint32 (state);
      else if (strcmp (operation, "uint32") == 0)
        g_assert_cmpuint (eg_random_state_uint32 (state), ==, (guint32)expected);
      else if (strcmp (operation, "double") == 0)
        g_assert_true (eg_random_state_double (state) == expected);
      else if (strcmp (operation, "normal") == 0)
        g_assert_true (eg_random_state_normal (state) == expected);
      else if (strcmp (operation, "uniform") == 0)
        g_assert_true (eg_random_state_uniform (state) == expected);
      else if (g_str_has_prefix (operation, "chisquare:"))
        g_assert_true (eg_random_state_chisquare (state, g_ascii_strtod (operation + 10, NULL)) == expected);
      else if (g_str_has_prefix (operation, "randint:"))
        g_assert_cmpuint (eg_random_state_below (state, (guint32)g_ascii_strtoull (operation + 8, NULL, 10)),
                          ==, (guint32)expected);
      else
        g_assert_not_reached ();
    }
}

static void
test_draws_numpys_numbers (void)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "golden", "random.txt", NULL);
  g_autofree char *text = NULL;
  GError *error = NULL;
  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  g_auto (GStrv) lines = g_strsplit (g_strchomp (text), "\n", -1);
  g_assert_cmpuint (g_strv_length (lines), ==, 80);

  EgRandomState state;
  const char *seed = "";
  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_auto (GStrv) words = g_strsplit (lines[i], " ", -1);
      if (strcmp (seed, words[0]) != 0)
        eg_random_state_init (&state, (guint32)strtoul (words[0], NULL, 10));
      seed = g_intern_string (words[0]);
      check_line (&state, words[1], words + 2);
    }
}

static void
test_a_seed_forgets_the_cached_normal (void)
{
  EgRandomState state;
  eg_random_state_init (&state, 1);
  const double first = eg_random_state_normal (&state);
  eg_random_state_init (&state, 1);
  g_assert_true (eg_random_state_normal (&state) == first);
}

/* Whatever text it is about. */
static void
test_messages_have_one_line (void)
{
  g_autoptr (GError) error = NULL;
  g_assert_false (eg_error_invalid (&error, "There is no “%s”", "a\nb\t\001é"));
  g_assert_error (error, EG_ERROR, EG_ERROR_INVALID);
  g_assert_cmpstr (error->message, ==, "There is no “a␊b␉␁é”");
}

static guint
read_quota (void)
{
  g_autofree char *text = NULL;
  return g_file_get_contents ("/sys/fs/cgroup/cpu.max", &text, NULL, NULL) ? eg_processors_parse_quota (text)
                                                                           : G_MAXUINT;
}

static void
test_counts_the_processors_it_may_run_on (void)
{
  cpu_set_t all, one;
  int first = 0;
  g_unsetenv ("SLURM_CPUS_PER_TASK");
  g_unsetenv ("SLURM_CPUS_ON_NODE");
  g_assert_cmpint (sched_getaffinity (0, sizeof all, &all), ==, 0);
  g_assert_cmpuint (eg_processors_available (), ==, MIN ((guint)CPU_COUNT (&all), read_quota ()));
  while (!CPU_ISSET (first, &all))
    first++;
  CPU_ZERO (&one);
  CPU_SET (first, &one);
  g_assert_cmpint (sched_setaffinity (0, sizeof one, &one), ==, 0);
  g_assert_cmpuint (eg_processors_available (), ==, 1);
  g_assert_cmpint (sched_setaffinity (0, sizeof all, &all), ==, 0);
}

static void
test_takes_no_more_than_slurm_gives (void)
{
  g_unsetenv ("SLURM_CPUS_PER_TASK");
  g_unsetenv ("SLURM_CPUS_ON_NODE");
  const guint here = eg_processors_available ();
  g_setenv ("SLURM_CPUS_ON_NODE", "1", TRUE);
  g_assert_cmpuint (eg_processors_available (), ==, 1);
  g_setenv ("SLURM_CPUS_PER_TASK", "200", TRUE);
  g_assert_cmpuint (eg_processors_available (), ==, MIN (200, here));
  g_setenv ("SLURM_CPUS_PER_TASK", "0", TRUE);
  g_assert_cmpuint (eg_processors_available (), ==, 1);
  g_unsetenv ("SLURM_CPUS_PER_TASK");
  g_unsetenv ("SLURM_CPUS_ON_NODE");
}

static void
test_reads_the_quota_of_a_control_group (void)
{
  g_assert_cmpuint (eg_processors_parse_quota ("200000 100000\n"), ==, 2);
  g_assert_cmpuint (eg_processors_parse_quota ("150000 100000\n"), ==, 2);
  g_assert_cmpuint (eg_processors_parse_quota ("5000 100000\n"), ==, 1);
  g_assert_cmpuint (eg_processors_parse_quota ("max 100000\n"), ==, G_MAXUINT);
  g_assert_cmpuint (eg_processors_parse_quota ("100000 0\n"), ==, G_MAXUINT);
  g_assert_cmpuint (eg_processors_parse_quota (""), ==, G_MAXUINT);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/half/every-half-is-exact", test_every_half_is_exact);
  g_test_add_func ("/half/every-bfloat16-is-exact", test_every_bfloat16_is_exact);
  g_test_add_func ("/half/keeps-the-payload-of-nan", test_keeps_the_payload_of_nan);
  g_test_add_func ("/half/widens-rows-from-any-address", test_widens_rows_from_any_address);
  g_test_add_func ("/random/draws-numpys-numbers", test_draws_numpys_numbers);
  g_test_add_func ("/random/a-seed-forgets-the-cached-normal", test_a_seed_forgets_the_cached_normal);
  g_test_add_func ("/core/processors/counts-those-it-may-run-on", test_counts_the_processors_it_may_run_on);
  g_test_add_func ("/core/processors/takes-no-more-than-slurm-gives", test_takes_no_more_than_slurm_gives);
  g_test_add_func ("/core/processors/reads-the-quota-of-a-control-group",
                   test_reads_the_quota_of_a_control_group);
  g_test_add_func ("/core/error/messages-have-one-line", test_messages_have_one_line);
  return g_test_run ();
}
