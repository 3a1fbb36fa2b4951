/* Compares estimates with the scores that there are. */
#include "preview/check.h"

#include <glib/gi18n.h>
#include <math.h>

/* Below that, estimates do not say where to look. */
#define LEAST_CORRELATION 0.6

/* Samples of a score that is looked at, where there are so many. */
#define ENOUGH 10

gboolean
eg_preview_can_check (const EgTraceGrid *grid, gsize cell)
{
  return grid->counts[cell] >= MIN (grid->result->samples, ENOUGH);
}

/* A cell that has both. */
typedef struct
{
  gsize cell;
  double estimate, score;
  double estimate_rank, score_rank;
} Pair;

double
eg_preview_effect (const EgTraceGrid *grid, double value)
{
  const EgTraceEnds *ends = eg_trace_grid_get_ends (grid);
  const double effect = eg_trace_result_is_loss (grid->result) ? ends->high - value : value - ends->low;
  return ends->high < ends->low ? -effect : effect;
}

static int
by_estimate (gconstpointer a, gconstpointer b)
{
  const Pair *left = a, *right = b;
  if (left->estimate != right->estimate)
    return left->estimate < right->estimate ? 1 : -1;
  return left->cell < right->cell ? -1 : 1;
}

static int
by_score (gconstpointer a, gconstpointer b)
{
  const Pair *left = a, *right = b;
  if (left->score != right->score)
    return left->score < right->score ? 1 : -1;
  return left->cell < right->cell ? -1 : 1;
}

/* What a trace computes, by effects. (transfer full) */
static GArray *
collect (const EgTraceGrid *grid, const double *estimates, const guint8 *passed)
{
  GArray *pairs = g_array_new (FALSE, FALSE, sizeof (Pair));
  for (gsize cell = 0; cell < eg_trace_grid_n_cells (grid); cell++)
    {
      const double estimate = estimates[cell], score = grid->scores[0][cell];
      const Pair pair = { cell, eg_preview_effect (grid, estimate), eg_preview_effect (grid, score), 0, 0 };
      if (isfinite (estimate) && isfinite (score) && !passed[cell] && eg_preview_can_check (grid, cell))
        g_array_append_val (pairs, pair);
    }
  return pairs;
}

static double
correlate (const GArray *pairs, gboolean ranks)
{
  const double n = pairs->len;
  double a = 0, b = 0, aa = 0, bb = 0, ab = 0;
  for (int pass = 0; pass < 2; pass++)
    for (guint i = 0; i < pairs->len; i++)
      {
        const Pair *it = &g_array_index (pairs, Pair, i);
        const double x = ranks ? it->estimate_rank : it->estimate, y = ranks ? it->score_rank : it->score;
        a += pass == 0 ? x / n : 0;
        b += pass == 0 ? y / n : 0;
        aa += pass == 1 ? (x - a) * (x - a) : 0;
        bb += pass == 1 ? (y - b) * (y - b) : 0;
        ab += pass == 1 ? (x - a) * (y - b) : 0;
      }
  return pairs->len > 2 && aa > 0 && bb > 0 ? ab / sqrt (aa * bb) : (double)NAN;
}

EgPreviewCheck
eg_preview_check (const EgTraceGrid *grid, const double *estimate, const guint8 *passed)
{
  EgPreviewCheck self = { 0 };
  g_autoptr (GArray) pairs = collect (grid, estimate, passed);
  self.n = pairs->len;
  self.n_top = MIN (pairs->len, EG_PREVIEW_TOP);
  g_array_sort (pairs, by_score);
  for (guint i = 0; i < pairs->len; i++)
    g_array_index (pairs, Pair, i).score_rank = i;
  g_array_sort (pairs, by_estimate);
  for (guint i = 0; i < pairs->len; i++)
    {
      Pair *it = &g_array_index (pairs, Pair, i);
      const double miss = fabs (it->estimate - it->score);
      it->estimate_rank = i;
      self.n_confirmed += i < self.n_top && it->score >= it->estimate / 2;
      self.n_common += i < self.n_top && it->score_rank < (double)self.n_top;
      if (miss > self.largest)
        self.worst = it->cell;
      self.largest = MAX (self.largest, miss);
    }
  self.pearson = correlate (pairs, FALSE);
  self.spearman = correlate (pairs, TRUE);
  self.is_trusted = self.pearson >= LEAST_CORRELATION;
  return self;
}

/* Of files, scores are float32. */
static gboolean
is_end (double score, double end)
{
  return fabs (score - end) <= 1e-6 * fabs (end);
}

EgPreviewCheck
eg_preview_check_whole (const EgTraceGrid *grid)
{
  const EgTraceEnds *ends = eg_trace_grid_get_ends (grid);
  const gsize n_cells = eg_trace_grid_n_cells (grid);
  g_autofree guint8 *passed = g_new0 (guint8, n_cells);
  if (grid->estimate == NULL)
    return (EgPreviewCheck){ 0 };
  for (gsize cell = 0; cell < n_cells; cell++)
    passed[cell] = is_end (grid->scores[0][cell], ends->low) || is_end (grid->scores[0][cell], ends->high);
  return eg_preview_check (grid, grid->estimate, passed);
}

char *
eg_preview_check_describe (const EgPreviewCheck *self)
{
  if (self->n == 0)
    return NULL;
  if (!self->is_trusted)
    return g_strdup_printf (
        /* TRANSLATORS: a number of cells, a correlation, and the largest distance. */
        _ ("The estimate is not to be trusted here: of %zu computed cells its correlation is %.2f, and it "
           "is up to %.2f off"),
        self->n, self->pearson, self->largest);
  /* TRANSLATORS: the largest distance; how many of the highest estimates were confirmed; a correlation and a
   * number of cells. */
  return g_strdup_printf (_ ("Estimated; spot check: within %.2f (%zu of %zu highest confirmed), correlation "
                             "%.2f over %zu computed cells"),
                          self->largest, self->n_confirmed, self->n_top, self->pearson, self->n);
}
