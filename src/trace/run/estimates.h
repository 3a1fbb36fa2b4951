/* What a trace has measured so far, run by run, and the means and standard errors of it. */
#pragma once

#include "trace/ask/metric.h"

G_BEGIN_DECLS

/**
 * EgEstimates: of n_metrics metrics.
 * @values: [n_metrics, n_cells, max_samples] of the restored runs, where @known [n_cells, max_samples]
 * @low: [n_metrics, max_samples] of the corrupted runs; @high: of the clean one
 */
typedef struct
{
  gsize n_metrics, n_cells, max_samples;
  double *values;
  guint8 *known;
  double *low;
  double high[EG_N_METRICS];
} EgEstimates;

EgEstimates *eg_estimates_new (gsize n_metrics, gsize n_cells, gsize max_samples);
/* With room for so many samples: more, of which nothing is known, or fewer. */
EgEstimates *eg_estimates_copy (const EgEstimates *self, gsize max_samples);
/* How many samples there are up to the last one that a cell's value is known of. */
gsize eg_estimates_count_samples (const EgEstimates *self);
void eg_estimates_free (EgEstimates *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgEstimates, eg_estimates_free)

/* A cell's values for samples first … first + n − 1: metric m's at values + m·stride. Returns: how many of
 * them are new. */
gsize
eg_estimates_record (EgEstimates *self, gsize cell, gsize first, gsize n, const double *values, gsize stride);

/* The same for a cell whose values are those of the corrupted runs, or, if @clean, of the clean run. */
gsize eg_estimates_record_known (EgEstimates *self, gsize cell, gsize first, gsize n, gboolean clean);

/* The corrupted runs' values of samples first … first + n − 1. */
void eg_estimates_record_low (EgEstimates *self, gsize first, gsize n, const double *values, gsize stride);

/* Mean and standard error (ddof 1; NaN for one value) of a cell's known values, always added in the order of
 * samples: whoever finished first, the bits are the same. Returns: how many there are. */
guint eg_estimates_get_cell (const EgEstimates *self, gsize metric, gsize cell, double *mean, double *sem);

/* The standard error of a cell's effect over the same noise: of the differences between its known values and
 * the corrupted runs'. NaN for one value. */
double eg_estimates_get_effect_sem (const EgEstimates *self, gsize metric, gsize cell);

/* A cell's value in one sample, NaN where it is not known. */
double eg_estimates_get_value (const EgEstimates *self, gsize metric, gsize cell, gsize sample);

/* The same of the first n corrupted runs. */
void eg_estimates_get_low (const EgEstimates *self, gsize metric, gsize n, double *mean, double *sem);

/* The greatest standard error of one metric over all cells, of their first n samples; cells without a value
 * have none. */
double eg_estimates_get_worst_sem (const EgEstimates *self, gsize metric, gsize n);

G_END_DECLS
