/* Means, errors, quartiles and bootstrap intervals over facts. */
#include "study/statistics.h"

#include "core/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- one column ---- */

static int
compare_doubles (gconstpointer a, gconstpointer b)
{
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

double
eg_statistics_percentile (const double *sorted, gsize n, double share)
{
  const double place = share * (double)(n - 1);
  const gsize i = MIN ((gsize)place, n - 1), next = MIN (i + 1, n - 1);
  return sorted[i] + (place - (double)i) * (sorted[next] - sorted[i]);
}

double
eg_statistics_at_depth (const double *values, gsize n, double place)
{
  return eg_statistics_percentile (values, n, place);
}

/* The column j of [n, width], ascending, into column [n]. */
static void
sort_column (const double *values, gsize n, gsize width, gsize j, double *column)
{
  for (gsize i = 0; i < n; i++)
    column[i] = values[i * width + j];
  qsort (column, n, sizeof *column, compare_doubles);
}

gboolean
eg_peak_is_beyond (EgPeak kind, double a, double b)
{
  return kind == EG_PEAK_LOWEST ? a < b : a > b;
}

static gssize
find_peak (const double *means, gsize width, EgPeak kind)
{
  gsize peak = 0;
  for (gsize j = 1; j < width; j++)
    peak = eg_peak_is_beyond (kind, means[j], means[peak]) ? j : peak;
  return (gssize)peak;
}

/* ---- statistics ---- */

/* Of which nothing is known yet. */
static EgStatistics *
statistics_new (gsize n, gsize width, EgPeak kind)
{
  EgStatistics *self = g_new0 (EgStatistics, 1);
  double **const arrays[] = { &self->mean,         &self->sem,   &self->quartiles[0], &self->quartiles[1],
                              &self->quartiles[2], &self->lower, &self->upper };
  self->n = n;
  self->width = width;
  self->kind = kind;
  self->peak = self->peak_lower = self->peak_upper = -1;
  for (gsize k = 0; k < G_N_ELEMENTS (arrays); k++)
    {
      *arrays[k] = g_new (double, width);
      for (gsize j = 0; j < width; j++)
        (*arrays[k])[j] = NAN;
    }
  return self;
}

void
eg_statistics_free (EgStatistics *self)
{
  g_free (self->mean);
  g_free (self->sem);
  for (gsize k = 0; k < G_N_ELEMENTS (self->quartiles); k++)
    g_free (self->quartiles[k]);
  g_free (self->lower);
  g_free (self->upper);
  g_free (self);
}

static void
set_moments (EgStatistics *self, const double *values)
{
  const double n = (double)self->n;
  for (gsize j = 0; j < self->width; j++)
    {
      double sum = 0, squares = 0;
      for (gsize i = 0; i < self->n; i++)
        sum += values[i * self->width + j];
      const double mean = sum / n;
      for (gsize i = 0; i < self->n; i++)
        squares += (values[i * self->width + j] - mean) * (values[i * self->width + j] - mean);
      self->mean[j] = mean;
      if (self->n > 1)
        self->sem[j] = sqrt (squares / (n - 1)) / sqrt (n);
    }
  self->peak = find_peak (self->mean, self->width, self->kind);
}

static void
set_quartiles (EgStatistics *self, const double *values)
{
  g_autofree double *column = g_new (double, self->n);
  for (gsize j = 0; j < self->width; j++)
    {
      sort_column (values, self->n, self->width, j, column);
      for (gsize k = 0; k < G_N_ELEMENTS (self->quartiles); k++)
        self->quartiles[k][j] = eg_statistics_percentile (column, self->n, 0.25 * (double)(k + 1));
    }
}

/* ---- resamples ---- */

/* More of them, 32 MiB, are drawn anew each time. */
#define MOST_KEPT ((gsize)8 << 20)

struct _EgResamples
{
  gsize n;
  guint n_resamples;
  guint32 *counts; /* [n_resamples, n]: how often each of the n is in each; NULL: too many */
};

/* The next resample of n. */
static void
draw (EgRandomState *random, gsize n, guint32 *counts)
{
  memset (counts, 0, n * sizeof *counts);
  for (gsize i = 0; i < n; i++)
    counts[eg_random_state_below (random, (guint32)n)]++;
}

EgResamples *
eg_resamples_new (gsize n, guint n_resamples)
{
  EgResamples *self = g_new0 (EgResamples, 1);
  EgRandomState random;
  self->n = n;
  self->n_resamples = n_resamples;
  self->counts = n <= MOST_KEPT / n_resamples ? g_new (guint32, n * n_resamples) : NULL;
  eg_random_state_init (&random, EG_STATISTICS_SEED);
  for (guint r = 0; self->counts != NULL && r < n_resamples; r++)
    draw (&random, n, self->counts + r * n);
  return self;
}

gsize
eg_resamples_get_n (const EgResamples *self)
{
  return self->n;
}

void
eg_resamples_free (EgResamples *self)
{
  g_free (self->counts);
  g_free (self);
}

/* Adds sign × the mean of a resample of values [n, width] to mean [width]. sum: [width], of no meaning */
static void
add_mean (
    const guint32 *counts, const double *values, gsize n, gsize width, double sign, double *sum, double *mean)
{
  memset (sum, 0, width * sizeof *sum);
  for (gsize i = 0; i < n; i++)
    for (gsize j = 0; counts[i] != 0 && j < width; j++)
      sum[j] += counts[i] * values[i * width + j];
  for (gsize j = 0; j < width; j++)
    mean[j] += sign * sum[j] / (double)n;
}

/* To means [n_resamples, width], drawing each. */
static void
add_drawn (EgRandomState *random,
           const double *values,
           gsize n,
           gsize width,
           double sign,
           guint n_resamples,
           double *means)
{
  g_autofree guint32 *counts = g_new (guint32, n);
  g_autofree double *sum = g_new (double, width);
  for (guint r = 0; r < n_resamples; r++)
    {
      draw (random, n, counts);
      add_mean (counts, values, n, width, sign, sum, means + r * width);
    }
}

/* means: [n_resamples, width], zeros before */
static void
add_resampled (const EgResamples *self, const double *values, gsize width, double *means)
{
  g_autofree double *sum = g_new (double, width);
  EgRandomState random;
  eg_random_state_init (&random, EG_STATISTICS_SEED);
  if (self->counts == NULL)
    add_drawn (&random, values, self->n, width, 1, self->n_resamples, means);
  for (guint r = 0; self->counts != NULL && r < self->n_resamples; r++)
    add_mean (self->counts + r * self->n, values, self->n, width, 1, sum, means + r * width);
}

/* Both kinds of intervals from the means of the resamples. */
static void
set_intervals (EgStatistics *self, const double *means, guint n_resamples)
{
  g_autofree double *column = g_new (double, n_resamples);
  for (gsize j = 0; j < self->width; j++)
    {
      sort_column (means, n_resamples, self->width, j, column);
      self->lower[j] = eg_statistics_percentile (column, n_resamples, EG_STATISTICS_TAIL);
      self->upper[j] = eg_statistics_percentile (column, n_resamples, 1 - EG_STATISTICS_TAIL);
    }
  for (guint r = 0; r < n_resamples; r++)
    column[r] = (double)find_peak (means + r * self->width, self->width, self->kind);
  qsort (column, n_resamples, sizeof *column, compare_doubles);
  const double last = (double)(n_resamples - 1);
  self->peak_lower = (gssize)column[(gsize)floor (EG_STATISTICS_TAIL * last)];
  self->peak_upper = (gssize)column[(gsize)ceil ((1 - EG_STATISTICS_TAIL) * last)];
}

/* ---- what is asked for ---- */

EgStatistics *
eg_statistics_new_resampled (
    const double *values, gsize n, gsize width, EgPeak kind, const EgResamples *resamples)
{
  EgStatistics *self = statistics_new (n, width, kind);
  if (n == 0 || width == 0)
    return self;
  set_moments (self, values);
  set_quartiles (self, values);
  if (n < 2 || resamples == NULL)
    return self;
  g_return_val_if_fail (resamples->n == n, self);
  g_autofree double *means = g_new0 (double, resamples->n_resamples *width);
  add_resampled (resamples, values, width, means);
  set_intervals (self, means, resamples->n_resamples);
  return self;
}

EgStatistics *
eg_statistics_new (const double *values, gsize n, gsize width, EgPeak kind, guint n_resamples)
{
  g_autoptr (EgResamples) resamples = n >= 2 && n_resamples > 0 ? eg_resamples_new (n, n_resamples) : NULL;
  return eg_statistics_new_resampled (values, n, width, kind, resamples);
}

EgStatistics *
eg_statistics_new_paired (const double *a, const double *b, gsize n, gsize width, guint n_resamples)
{
  g_autofree double *differences = g_new (double, n *width);
  for (gsize i = 0; i < n * width; i++)
    differences[i] = a[i] - b[i];
  return eg_statistics_new (differences, n, width, EG_PEAK_HIGHEST, n_resamples);
}

EgStatistics *
eg_statistics_new_unpaired (
    const double *a, gsize n_a, const double *b, gsize n_b, gsize width, guint n_resamples)
{
  EgStatistics *self = statistics_new (MIN (n_a, n_b), width, EG_PEAK_HIGHEST);
  if (self->n == 0 || width == 0)
    return self;
  g_autoptr (EgStatistics) of_a = eg_statistics_new (a, n_a, width, EG_PEAK_HIGHEST, 0);
  g_autoptr (EgStatistics) of_b = eg_statistics_new (b, n_b, width, EG_PEAK_HIGHEST, 0);
  for (gsize j = 0; j < width; j++)
    {
      self->mean[j] = of_a->mean[j] - of_b->mean[j];
      self->sem[j] = hypot (of_a->sem[j], of_b->sem[j]);
    }
  self->peak = find_peak (self->mean, width, self->kind);
  if (self->n < 2 || n_resamples == 0)
    return self;
  g_autofree double *means = g_new0 (double, n_resamples *width);
  EgRandomState random;
  eg_random_state_init (&random, EG_STATISTICS_SEED);
  add_drawn (&random, a, n_a, width, 1, n_resamples, means);
  add_drawn (&random, b, n_b, width, -1, n_resamples, means);
  set_intervals (self, means, n_resamples);
  return self;
}
