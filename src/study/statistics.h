/* Statistics over facts that a reviewer can do again in NumPy: every number here is one line of it, named
 * beside it, on the array of one value a fact (tests/golden/make_statistics.py does). */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* How often facts are drawn again for an interval, where it is for a paper. */
#define EG_STATISTICS_RESAMPLES 2000

/* What numpy.random.RandomState is seeded by that draws them. */
#define EG_STATISTICS_SEED 1

/* What lies below an interval, and above it: 95% are in between. */
#define EG_STATISTICS_TAIL 0.025

/**
 * EgPeak: which mean is the peak.
 * @EG_PEAK_HIGHEST: the largest
 * @EG_PEAK_LOWEST: the smallest: of numbers that say less where more was done
 */
typedef enum
{
  EG_PEAK_HIGHEST,
  EG_PEAK_LOWEST,
} EgPeak;

/**
 * EgStatistics: of n facts with `width` values each, such as one a layer. NaN, −1: not known.
 * @mean: [width] values.mean(axis=0); NaN of no fact
 * @sem: [width] the standard error over facts, values.std(axis=0, ddof=1)/√n; NaN of fewer than two
 * @quartiles: [3][width] numpy.percentile(values, [25, 50, 75], axis=0), its method "linear"; NaN for the
 * difference of unlike facts
 * @lower, @upper: [width] the bootstrap's 95% percentile interval of the mean: numpy.percentile(means,
 * [2.5, 97.5], axis=0), "linear", where means = values[rows].mean(axis=1) and rows =
 * RandomState(1).randint(n, size=(n_resamples, n)); NaN of fewer than two, or without resamples
 * @kind: which mean its peak is
 * @peak: where the mean is largest, mean.argmax() (the first of equals); of EG_PEAK_LOWEST, here and below,
 * argmin in place of argmax
 * @peak_lower, @peak_upper: its interval: peaks = means.argmax(axis=1), numpy.percentile(peaks, 2.5,
 * method="lower") and numpy.percentile(peaks, 97.5, method="higher"), which are whole
 */
typedef struct
{
  gsize n, width;
  double *mean, *sem, *quartiles[3], *lower, *upper;
  EgPeak kind;
  gssize peak, peak_lower, peak_upper;
} EgStatistics;

/* Which of n facts each of n_resamples resamples has: drawn once, they serve all that is known of the same
 * facts. n ≥ 1, n_resamples ≥ 1. */
typedef struct _EgResamples EgResamples;

EgResamples *eg_resamples_new (gsize n, guint n_resamples);
gsize eg_resamples_get_n (const EgResamples *self);
void eg_resamples_free (EgResamples *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgResamples, eg_resamples_free)

/* values: [n, width] row-major, all known, a row a fact; n may be 0, and %NULL the values then. n_resamples:
 * %EG_STATISTICS_RESAMPLES, or 0 for no intervals. (transfer full) */
EgStatistics *eg_statistics_new (const double *values, gsize n, gsize width, EgPeak kind, guint n_resamples);

/* The same with draws that are there, of n facts; %NULL: no intervals. (transfer full) */
EgStatistics *eg_statistics_new_resampled (
    const double *values, gsize n, gsize width, EgPeak kind, const EgResamples *resamples);

/* Whether the mean a lies farther on the side of the peak than b. */
gboolean eg_peak_is_beyond (EgPeak kind, double a, double b);

/* Of the differences a − b, fact by fact: eg_statistics_new (a − b), with its highest peak. (transfer full)
 */
EgStatistics *
eg_statistics_new_paired (const double *a, const double *b, gsize n, gsize width, guint n_resamples);

/**
 * Of the difference of two means over unlike facts: a.mean(axis=0) − b.mean(axis=0), whose standard error is
 * the root of the sum of both squares, and whose resamples draw rows of a as above and then, for all
 * resamples again from the same RandomState, rows of b. n is the smaller one. (transfer full)
 */
EgStatistics *eg_statistics_new_unpaired (
    const double *a, gsize n_a, const double *b, gsize n_b, gsize width, guint n_resamples);

void eg_statistics_free (EgStatistics *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgStatistics, eg_statistics_free)

/* numpy.percentile (sorted, 100·share), "linear": sorted [n ≥ 1] ascending. */
double eg_statistics_percentile (const double *sorted, gsize n, double share);

/* values [n] of points at even steps over 0 … 1, read at `place` there, in proportion between two points:
 * numpy.interp. */
double eg_statistics_at_depth (const double *values, gsize n, double place);

G_END_DECLS
