/* What is recorded run by run comes out as means and standard errors, whoever recorded it first. */
#include "trace/run/estimates.h"

#include <math.h>
#include <string.h>

#define N_METRICS 2
#define N_CELLS   3
#define N_SAMPLES 5

/* Of metric 0 and metric 1; a stride that is longer than what is recorded. */
#define STRIDE 7
static const double values[2 * STRIDE] = { 1, 2, 4, 8, 16, -1, -1, 10, 30, 50, 70, 90, -1, -1 };

static void
test_nothing_yet (void)
{
  g_autoptr (EgEstimates) it = eg_estimates_new (N_METRICS, N_CELLS, N_SAMPLES);
  double mean, sem;
  g_assert_cmpuint (eg_estimates_get_cell (it, 0, 1, &mean, &sem), ==, 0);
  g_assert_true (isnan (mean) && isnan (sem));
  g_assert_cmpfloat (eg_estimates_get_worst_sem (it, 0, N_SAMPLES), ==, 0);
}

/* ddof 1; one value has a mean and no error. */
static void
test_means (void)
{
  g_autoptr (EgEstimates) it = eg_estimates_new (N_METRICS, N_CELLS, N_SAMPLES);
  double mean, sem;
  g_assert_cmpuint (eg_estimates_record (it, 1, 0, 1, values, STRIDE), ==, 1);
  g_assert_cmpuint (eg_estimates_get_cell (it, 1, 1, &mean, &sem), ==, 1);
  g_assert_true (mean == 10 && isnan (sem));
  g_assert_cmpuint (eg_estimates_record (it, 1, 1, 4, values + 1, STRIDE), ==, 4);
  g_assert_cmpuint (eg_estimates_get_cell (it, 0, 1, &mean, &sem), ==, 5);
  g_assert_cmpfloat_with_epsilon (mean, 6.2, 1e-12);
  g_assert_cmpfloat_with_epsilon (sem, sqrt (37.2 / 5), 1e-12);
  g_assert_cmpuint (eg_estimates_get_cell (it, 1, 1, &mean, &sem), ==, 5);
  g_assert_cmpfloat_with_epsilon (mean, 50, 1e-12);
  g_assert_cmpfloat_with_epsilon (sem, sqrt (200.), 1e-12);
  /* Its neighbours know nothing of it. */
  for (gsize cell = 0; cell < N_CELLS; cell += 2)
    g_assert_cmpuint (eg_estimates_get_cell (it, 0, cell, &mean, &sem), ==, 0);
}

/* Samples with holes between them: of those that are there. */
static void
test_holes (void)
{
  g_autoptr (EgEstimates) it = eg_estimates_new (N_METRICS, N_CELLS, N_SAMPLES);
  double mean, sem;
  eg_estimates_record (it, 0, 4, 1, values + 4, STRIDE);
  eg_estimates_record (it, 0, 1, 1, values + 1, STRIDE);
  g_assert_cmpuint (eg_estimates_get_cell (it, 0, 0, &mean, &sem), ==, 2);
  g_assert_true (mean == 9);
  g_assert_cmpfloat_with_epsilon (sem, 7, 1e-12);
}

/* What is recorded again is no new value, but the one that counts. */
static void
test_again (void)
{
  g_autoptr (EgEstimates) it = eg_estimates_new (N_METRICS, N_CELLS, N_SAMPLES);
  double mean, sem;
  eg_estimates_record (it, 2, 1, 2, values, STRIDE);
  g_assert_cmpuint (eg_estimates_record (it, 2, 0, 4, values, STRIDE), ==, 2);
  g_assert_cmpuint (eg_estimates_get_cell (it, 0, 2, &mean, &sem), ==, 4);
  g_assert_cmpfloat (mean, ==, 15. / 4);
}

/* The bits do not depend on who came first: they are summed in the order of samples. */
static void
test_order (void)
{
  static const double uneven[N_SAMPLES] = { 1e16, 1, -1e16, 0.1, 3 };
  static const guint orders[][N_SAMPLES] = { { 0, 1, 2, 3, 4 }, { 4, 3, 2, 1, 0 }, { 2, 0, 3, 1, 4 } };
  double mean[G_N_ELEMENTS (orders)], sem[G_N_ELEMENTS (orders)];
  for (gsize o = 0; o < G_N_ELEMENTS (orders); o++)
    {
      g_autoptr (EgEstimates) it = eg_estimates_new (1, 1, N_SAMPLES);
      for (guint i = 0; i < N_SAMPLES; i++)
        eg_estimates_record (it, 0, orders[o][i], 1, uneven + orders[o][i], 1);
      eg_estimates_get_cell (it, 0, 0, &mean[o], &sem[o]);
      g_assert_cmpmem (&mean[o], sizeof *mean, &mean[0], sizeof *mean);
      g_assert_cmpmem (&sem[o], sizeof *sem, &sem[0], sizeof *sem);
    }
}

/* A cell that is not computed has the clean run's value, or its sample's corrupted one. */
static void
test_known (void)
{
  g_autoptr (EgEstimates) it = eg_estimates_new (N_METRICS, N_CELLS, N_SAMPLES);
  double mean, sem, low, low_sem;
  it->high[0] = 0.75;
  it->high[1] = -3;
  eg_estimates_record_low (it, 0, 2, values, STRIDE);
  eg_estimates_record_low (it, 2, 3, values + 2, STRIDE);
  g_assert_cmpuint (eg_estimates_record_known (it, 0, 1, 3, TRUE), ==, 3);
  g_assert_cmpuint (eg_estimates_get_cell (it, 1, 0, &mean, &sem), ==, 3);
  g_assert_true (mean == -3 && sem == 0);
  g_assert_cmpuint (eg_estimates_record_known (it, 1, 0, N_SAMPLES, FALSE), ==, N_SAMPLES);
  for (gsize m = 0; m < N_METRICS; m++)
    {
      eg_estimates_get_cell (it, m, 1, &mean, &sem);
      eg_estimates_get_low (it, m, N_SAMPLES, &low, &low_sem);
      g_assert_true (mean == low && sem == low_sem);
    }
  eg_estimates_get_low (it, 1, 2, &low, &low_sem);
  g_assert_true (low == 20);
  g_assert_cmpfloat_with_epsilon (low_sem, 10, 1e-12);
}

static void
test_worst (void)
{
  g_autoptr (EgEstimates) it = eg_estimates_new (N_METRICS, N_CELLS, N_SAMPLES);
  double mean, sem;
  eg_estimates_record (it, 0, 0, 3, values, STRIDE);
  eg_estimates_record (it, 2, 0, N_SAMPLES, values, STRIDE);
  eg_estimates_get_cell (it, 1, 2, &mean, &sem);
  g_assert_cmpfloat (eg_estimates_get_worst_sem (it, 1, N_SAMPLES), ==, sem);
  /* Of the first three samples, both cells have the same. */
  eg_estimates_get_cell (it, 1, 0, &mean, &sem);
  g_assert_cmpfloat (eg_estimates_get_worst_sem (it, 1, 3), ==, sem);
}

/* A copy has all of it, and lives by itself. */
static void
test_copy (void)
{
  g_autoptr (EgEstimates) it = eg_estimates_new (N_METRICS, N_CELLS, N_SAMPLES);
  it->high[1] = 5;
  eg_estimates_record (it, 1, 0, 3, values, STRIDE);
  eg_estimates_record_low (it, 0, N_SAMPLES, values, STRIDE);
  g_autoptr (EgEstimates) copy = eg_estimates_copy (it, N_SAMPLES);
  double mean, sem, of_copy, sem_of_copy;
  eg_estimates_record (it, 1, 3, 2, values + 3, STRIDE);
  g_assert_cmpuint (eg_estimates_get_cell (copy, 0, 1, &of_copy, &sem_of_copy), ==, 3);
  g_assert_cmpuint (eg_estimates_get_cell (it, 0, 1, &mean, &sem), ==, 5);
  eg_estimates_record (copy, 1, 3, 2, values + 3, STRIDE);
  eg_estimates_get_cell (copy, 0, 1, &of_copy, &sem_of_copy);
  g_assert_true (mean == of_copy && sem == sem_of_copy && copy->high[1] == 5);
  eg_estimates_get_low (it, 1, N_SAMPLES, &mean, &sem);
  eg_estimates_get_low (copy, 1, N_SAMPLES, &of_copy, &sem_of_copy);
  g_assert_true (mean == of_copy && sem == sem_of_copy);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/estimates/nothing-recorded-is-no-number", test_nothing_yet);
  g_test_add_func ("/estimates/means-and-standard-errors", test_means);
  g_test_add_func ("/estimates/of-those-that-are-there", test_holes);
  g_test_add_func ("/estimates/recorded-again-is-not-new", test_again);
  g_test_add_func ("/estimates/same-bits-in-any-order", test_order);
  g_test_add_func ("/estimates/cells-that-are-not-computed", test_known);
  g_test_add_func ("/estimates/worst-error-of-the-first-samples", test_worst);
  g_test_add_func ("/estimates/copies-live-by-themselves", test_copy);
  return g_test_run ();
}
