/* Statistics over facts against NumPy's, number by number. */
#include "../golden-file.h"
#include "core/random.h"
#include "study/statistics.h"

#include <json-glib/json-glib.h>
#include <math.h>

#define TOLERANCE 1e-12

static JsonObject *
load_golden (void)
{
  static JsonNode *root = NULL;
  if (root == NULL)
    root = golden_file ("statistics.json");
  return json_node_get_object (root);
}

/* make_statistics.py's draw (): normal numbers with a trend over layers. */
static double *
draw (gsize n, gsize width, guint32 seed, gboolean rounded)
{
  EgRandomState random;
  eg_random_state_init (&random, seed);
  double *values = g_new (double, n *width);
  for (gsize i = 0; i < n * width; i++)
    {
      const double j = (double)(i % width), w = (double)width;
      const double value = eg_random_state_normal (&random) + j * (w - 1 - j) / (w * w);
      values[i] = rounded ? rint (value * 4) / 4 : value;
    }
  return values;
}

static gsize
get_size (JsonObject *object, const char *name)
{
  return (gsize)json_object_get_int_member (object, name);
}

/* Against an array of the golden document; NaN all of it where there is none. */
static void
check_array (const double *values, gsize width, JsonArray *expected)
{
  for (gsize j = 0; j < width; j++)
    if (expected == NULL)
      g_assert_true (isnan (values[j]));
    else
      g_assert_cmpfloat_with_epsilon (values[j], json_array_get_double_element (expected, (guint)j),
                                      TOLERANCE);
}

static JsonArray *
get_array (JsonObject *object, const char *name)
{
  return json_object_has_member (object, name) ? json_object_get_array_member (object, name) : NULL;
}

static void
check_peak (gssize peak, JsonObject *expected, const char *name)
{
  g_assert_cmpint (
      peak, ==, json_object_has_member (expected, name) ? json_object_get_int_member (expected, name) : -1);
}

static void
check (const EgStatistics *self, JsonObject *expected)
{
  g_assert_cmpuint (self->width, ==, get_size (expected, "width"));
  check_array (self->mean, self->width, get_array (expected, "mean"));
  check_array (self->sem, self->width, get_array (expected, "sem"));
  check_array (self->lower, self->width, get_array (expected, "lower"));
  check_array (self->upper, self->width, get_array (expected, "upper"));
  JsonArray *quartiles = get_array (expected, "quartiles");
  for (guint k = 0; k < G_N_ELEMENTS (self->quartiles); k++)
    check_array (self->quartiles[k], self->width,
                 quartiles != NULL ? json_array_get_array_element (quartiles, k) : NULL);
  check_peak (self->peak, expected, "peak");
  check_peak (self->peak_lower, expected, "peak_lower");
  check_peak (self->peak_upper, expected, "peak_upper");
}

static void
test_statistics_are_numpys (void)
{
  JsonArray *cases = json_object_get_array_member (load_golden (), "cases");
  g_assert_cmpuint (json_array_get_length (cases), ==, 6);
  for (guint i = 0; i < json_array_get_length (cases); i++)
    {
      JsonObject *it = json_array_get_object_element (cases, i);
      const gsize n = get_size (it, "n"), width = get_size (it, "width");
      g_autofree double *values
          = draw (n, width, (guint32)get_size (it, "seed"), json_object_get_boolean_member (it, "rounded"));
      g_autoptr (EgStatistics) self
          = eg_statistics_new (values, n, width, EG_PEAK_HIGHEST, EG_STATISTICS_RESAMPLES);
      g_assert_cmpuint (self->n, ==, n);
      check (self, it);
    }
}

static void
test_differences_are_numpys (void)
{
  JsonArray *pairs = json_object_get_array_member (load_golden (), "pairs");
  g_assert_cmpuint (json_array_get_length (pairs), ==, 3);
  for (guint i = 0; i < json_array_get_length (pairs); i++)
    {
      JsonObject *it = json_array_get_object_element (pairs, i);
      const gsize n_a = get_size (it, "n_a"), n_b = get_size (it, "n_b"), width = get_size (it, "width");
      g_autofree double *a = draw (n_a, width, (guint32)get_size (it, "seed_a"), FALSE);
      g_autofree double *b = draw (n_b, width, (guint32)get_size (it, "seed_b"), FALSE);
      g_autoptr (EgStatistics) self
          = json_object_get_boolean_member (it, "paired")
                ? eg_statistics_new_paired (a, b, n_a, width, EG_STATISTICS_RESAMPLES)
                : eg_statistics_new_unpaired (a, n_a, b, n_b, width, EG_STATISTICS_RESAMPLES);
      g_assert_cmpuint (self->n, ==, MIN (n_a, n_b));
      check (self, it);
    }
}

/* Whether resamples are kept or, being too many, drawn anew: as beside facts that are all zeros. */
static void
test_many_facts_are_resampled_as_few (void)
{
  static const gsize sizes[] = { 100, 5000 };
  for (gsize k = 0; k < G_N_ELEMENTS (sizes); k++)
    {
      const gsize n = sizes[k], width = 2;
      g_autofree double *values = draw (n, width, 3, FALSE), *zeros = g_new0 (double, n *width);
      g_autoptr (EgStatistics) self
          = eg_statistics_new (values, n, width, EG_PEAK_HIGHEST, EG_STATISTICS_RESAMPLES);
      g_autoptr (EgStatistics) beside
          = eg_statistics_new_unpaired (values, n, zeros, n, width, EG_STATISTICS_RESAMPLES);
      for (gsize j = 0; j < width; j++)
        {
          g_assert_cmpfloat (self->lower[j], <, self->upper[j]);
          g_assert_cmpfloat (self->lower[j], ==, beside->lower[j]);
          g_assert_cmpfloat (self->upper[j], ==, beside->upper[j]);
        }
    }
}

static void
test_curves_are_read_between_layers (void)
{
  JsonObject *it = json_object_get_object_member (load_golden (), "depths");
  JsonArray *values = get_array (it, "values"), *places = get_array (it, "places");
  double curve[4];
  g_assert_cmpuint (json_array_get_length (values), ==, G_N_ELEMENTS (curve));
  for (guint i = 0; i < G_N_ELEMENTS (curve); i++)
    curve[i] = json_array_get_double_element (values, i);
  for (guint i = 0; i < json_array_get_length (places); i++)
    g_assert_cmpfloat_with_epsilon (
        eg_statistics_at_depth (curve, G_N_ELEMENTS (curve), json_array_get_double_element (places, i)),
        json_array_get_double_element (get_array (it, "read"), i), TOLERANCE);
  g_assert_cmpfloat (eg_statistics_at_depth (curve, 1, 0.7), ==, 3.0);
}

static void
test_nothing_is_known_of_no_fact (void)
{
  const double b[] = { 1, 2 };
  g_autoptr (EgStatistics) self = eg_statistics_new (NULL, 0, 3, EG_PEAK_HIGHEST, EG_STATISTICS_RESAMPLES);
  g_autoptr (EgStatistics) difference = eg_statistics_new_unpaired (NULL, 0, b, 1, 2, 10);
  g_assert_true (isnan (self->mean[2]) && isnan (self->sem[0]) && isnan (self->quartiles[1][1]));
  g_assert_true (isnan (self->lower[0]) && self->peak == -1 && self->peak_lower == -1);
  g_assert_true (isnan (difference->mean[1]) && difference->peak == -1);
}

static void
test_without_resamples_there_are_no_intervals (void)
{
  const double values[] = { 1, 5, 2, 7, 4, 3 };
  g_autoptr (EgStatistics) self = eg_statistics_new (values, 3, 2, EG_PEAK_HIGHEST, 0);
  g_assert_true (isnan (self->lower[0]) && isnan (self->upper[1]) && self->peak_upper == -1);
  g_assert_cmpfloat (self->mean[1], ==, 5);
  g_assert_cmpfloat_with_epsilon (self->sem[1], 2 / sqrt (3), TOLERANCE);
  g_assert_cmpint (self->peak, ==, 1);
}

/* RandomState(1).randint(2, size=(3, 2)) is [[1, 1], [0, 0], [1, 1]]: the resamples' peaks are 2, 0 and 2. */
static void
test_a_peaks_interval_holds_whole_resamples (void)
{
  const double both[][6] = { { 4, 0, 0, 0, 0, 5 }, { 0, 0, 5, 4, 0, 0 } }; /* and 0, 2, 0 */
  for (gsize i = 0; i < G_N_ELEMENTS (both); i++)
    {
      g_autoptr (EgStatistics) self = eg_statistics_new (both[i], 2, 3, EG_PEAK_HIGHEST, 3);
      g_assert_cmpint (self->peak, ==, 2);
      g_assert_cmpint (self->peak_lower, ==, 0);
      g_assert_cmpint (self->peak_upper, ==, 2);
    }
}

static void
test_of_equal_layers_the_first_is_the_peak (void)
{
  const double values[] = { 1, 3, 3, 1, 1, 3, 3, 2 };
  g_autoptr (EgStatistics) self = eg_statistics_new (values, 2, 4, EG_PEAK_HIGHEST, EG_STATISTICS_RESAMPLES);
  g_assert_cmpint (self->peak, ==, 1);
  g_assert_cmpint (self->peak_upper, ==, 1);
}

static void
test_a_lowest_peak_is_where_the_mean_is_smallest (void)
{
  const double values[] = { 3, -1, 2, -2, 3, -3, 2, -1 };
  g_autoptr (EgStatistics) self = eg_statistics_new (values, 2, 4, EG_PEAK_LOWEST, EG_STATISTICS_RESAMPLES);
  g_assert_cmpint (self->peak, ==, 1);
  g_assert_cmpint (self->peak_lower, ==, 1);
  g_assert_cmpint (self->peak_upper, ==, 3);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/statistics/are-numpys", test_statistics_are_numpys);
  g_test_add_func ("/statistics/differences-are-numpys", test_differences_are_numpys);
  g_test_add_func ("/statistics/curves-are-read-between-layers", test_curves_are_read_between_layers);
  g_test_add_func ("/statistics/nothing-is-known-of-no-fact", test_nothing_is_known_of_no_fact);
  g_test_add_func ("/statistics/many-facts-are-resampled-as-few", test_many_facts_are_resampled_as_few);
  g_test_add_func ("/statistics/without-resamples-there-are-no-intervals",
                   test_without_resamples_there_are_no_intervals);
  g_test_add_func ("/statistics/a-peaks-interval-holds-whole-resamples",
                   test_a_peaks_interval_holds_whole_resamples);
  g_test_add_func ("/statistics/of-equal-layers-the-first-is-the-peak",
                   test_of_equal_layers_the_first_is_the_peak);
  g_test_add_func ("/statistics/a-lowest-peak-is-where-the-mean-is-smallest",
                   test_a_lowest_peak_is_where_the_mean_is_smallest);
  return g_test_run ();
}
