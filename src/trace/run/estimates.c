/* Every value of every sample, and the means that are taken of them in a fixed order. */
#include "trace/run/estimates.h"

#include <math.h>
#include <string.h>

EgEstimates *
eg_estimates_new (gsize n_metrics, gsize n_cells, gsize max_samples)
{
  g_return_val_if_fail (n_metrics <= EG_N_METRICS, NULL);
  EgEstimates *self = g_new0 (EgEstimates, 1);
  self->n_metrics = n_metrics;
  self->n_cells = n_cells;
  self->max_samples = max_samples;
  self->values = g_new0 (double, n_metrics *n_cells *max_samples);
  self->known = g_new0 (guint8, n_cells * max_samples);
  self->low = g_new0 (double, n_metrics *max_samples);
  return self;
}

/* Rows of so many items each, into rows of another length. */
static void
copy_rows (gpointer to, gsize n_to, gconstpointer from, gsize n_from, gsize n_rows, gsize size)
{
  for (gsize i = 0; i < n_rows; i++)
    memcpy ((char *)to + i * n_to * size, (const char *)from + i * n_from * size, MIN (n_to, n_from) * size);
}

EgEstimates *
eg_estimates_copy (const EgEstimates *self, gsize max_samples)
{
  EgEstimates *copy = eg_estimates_new (self->n_metrics, self->n_cells, max_samples);
  const gsize n = self->max_samples;
  copy_rows (copy->values, max_samples, self->values, n, self->n_metrics * self->n_cells, sizeof (double));
  copy_rows (copy->known, max_samples, self->known, n, self->n_cells, sizeof *self->known);
  copy_rows (copy->low, max_samples, self->low, n, self->n_metrics, sizeof (double));
  memcpy (copy->high, self->high, sizeof self->high);
  return copy;
}

gsize
eg_estimates_count_samples (const EgEstimates *self)
{
  gsize n = 0;
  for (gsize cell = 0; cell < self->n_cells; cell++)
    for (gsize s = self->max_samples; s > n; s--)
      if (self->known[cell * self->max_samples + s - 1])
        n = s;
  return n;
}

void
eg_estimates_free (EgEstimates *self)
{
  g_free (self->values);
  g_free (self->known);
  g_free (self->low);
  g_free (self);
}

static double *
values_of (const EgEstimates *self, gsize metric, gsize cell)
{
  return self->values + (metric * self->n_cells + cell) * self->max_samples;
}

static gsize
mark_known (EgEstimates *self, gsize cell, gsize first, gsize n)
{
  guint8 *known = self->known + cell * self->max_samples + first;
  gsize n_new = 0;
  for (gsize s = 0; s < n; s++)
    n_new += !known[s];
  memset (known, TRUE, n);
  return n_new;
}

gsize
eg_estimates_record (EgEstimates *self, gsize cell, gsize first, gsize n, const double *values, gsize stride)
{
  for (gsize m = 0; m < self->n_metrics; m++)
    memcpy (values_of (self, m, cell) + first, values + m * stride, n * sizeof *values);
  return mark_known (self, cell, first, n);
}

gsize
eg_estimates_record_known (EgEstimates *self, gsize cell, gsize first, gsize n, gboolean clean)
{
  for (gsize m = 0; m < self->n_metrics; m++)
    for (gsize s = first; s < first + n; s++)
      values_of (self, m, cell)[s] = clean ? self->high[m] : self->low[m * self->max_samples + s];
  return mark_known (self, cell, first, n);
}

void
eg_estimates_record_low (EgEstimates *self, gsize first, gsize n, const double *values, gsize stride)
{
  for (gsize m = 0; m < self->n_metrics; m++)
    memcpy (self->low + m * self->max_samples + first, values + m * stride, n * sizeof *values);
}

/* known: NULL for all. */
static guint
estimate (const double *values, const guint8 *known, gsize n, double *mean, double *sem)
{
  guint count = 0;
  double sum = 0, squares = 0;
  for (gsize s = 0; s < n; s++)
    if (!known || known[s])
      {
        sum += values[s];
        count++;
      }
  *mean = count > 0 ? sum / count : (double)NAN;
  for (gsize s = 0; s < n; s++)
    if (!known || known[s])
      squares += (values[s] - *mean) * (values[s] - *mean);
  *sem = count > 1 ? sqrt (squares / (count - 1)) / sqrt (count) : (double)NAN;
  return count;
}

guint
eg_estimates_get_cell (const EgEstimates *self, gsize metric, gsize cell, double *mean, double *sem)
{
  return estimate (values_of (self, metric, cell), self->known + cell * self->max_samples, self->max_samples,
                   mean, sem);
}

double
eg_estimates_get_value (const EgEstimates *self, gsize metric, gsize cell, gsize sample)
{
  return self->known[cell * self->max_samples + sample] ? values_of (self, metric, cell)[sample]
                                                        : (double)NAN;
}

double
eg_estimates_get_effect_sem (const EgEstimates *self, gsize metric, gsize cell)
{
  const gsize S = self->max_samples;
  const double *values = values_of (self, metric, cell), *low = self->low + metric * S;
  const guint8 *known = self->known + cell * S;
  double sum = 0, squares = 0;
  guint count = 0;
  for (gsize s = 0; s < S; s++)
    if (known[s])
      {
        sum += values[s] - low[s];
        count++;
      }
  for (gsize s = 0; s < S; s++)
    if (known[s])
      squares += (values[s] - low[s] - sum / count) * (values[s] - low[s] - sum / count);
  return count > 1 ? sqrt (squares / (count - 1)) / sqrt (count) : (double)NAN;
}

void
eg_estimates_get_low (const EgEstimates *self, gsize metric, gsize n, double *mean, double *sem)
{
  estimate (self->low + metric * self->max_samples, NULL, n, mean, sem);
}

double
eg_estimates_get_worst_sem (const EgEstimates *self, gsize metric, gsize n)
{
  double worst = 0, mean, sem;
  for (gsize cell = 0; cell < self->n_cells; cell++)
    if (estimate (values_of (self, metric, cell), self->known + cell * self->max_samples, n, &mean, &sem) > 0)
      worst = fmax (worst, sem);
  return worst;
}
