/* The notebook's statistics, of which cells and layers matter most. */
#include "trace/result/analysis.h"

#include <math.h>

/* Σ x[0…n), missing values counting as 0, in the order in which NumPy adds (pairwise_sum in
 * loops_utils.h.src), so that the averages are those of the notebook to the last bit. */
static double
sum_pairwise (const double *x, gsize n)
{
#define AT(i) (isnan (x[i]) ? 0.0 : x[i])
  if (n < 8)
    {
      double sum = 0;
      for (gsize i = 0; i < n; i++)
        sum += AT (i);
      return sum;
    }
  if (n <= 128)
    {
      double r[8];
      for (gsize k = 0; k < 8; k++)
        r[k] = AT (k);
      gsize i = 8;
      for (; i < n - n % 8; i += 8)
        for (gsize k = 0; k < 8; k++)
          r[k] += AT (i + k);
      double sum = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]));
      for (; i < n; i++)
        sum += AT (i);
      return sum;
    }
#undef AT
  gsize half = n / 2;
  half -= half % 8;
  return sum_pairwise (x, half) + sum_pairwise (x + half, n - half);
}

/* The mean of the values that are there; NaN when none is. */
static double
mean (const double *x, gsize n)
{
  gsize n_known = 0;
  for (gsize i = 0; i < n; i++)
    n_known += !isnan (x[i]);
  return n_known == 0 ? NAN : sum_pairwise (x, n) / (double)n_known;
}

/* The error of a row's mean if its cells were independent; NaN when a computed cell has none. */
static double
sem_of_mean (const double *scores, const double *sem, gsize n)
{
  double sum = 0;
  gsize n_known = 0;
  for (gsize i = 0; i < n; i++)
    if (!isnan (scores[i]))
      {
        sum += sem[i] * sem[i];
        n_known++;
      }
  return n_known == 0 ? NAN : sqrt (sum) / (double)n_known;
}

gboolean
eg_trace_result_matters_high (const EgTraceResult *result)
{
  return eg_metric_is_better (result->metrics[0], 1, 0) != eg_trace_result_is_loss (result);
}

/* Whether one score says that more goes through its cell than another: that more comes back, or, of damage,
 * that more is lost. */
static gboolean
matters_more (const EgTraceGrid *grid, double score, double than)
{
  return eg_trace_result_matters_high (grid->result) ? score > than : score < than;
}

gboolean
eg_trace_grid_find_best (const EgTraceGrid *grid, gsize first, gsize last, gsize *best)
{
  const double *scores = grid->scores[0];
  gboolean found = FALSE;
  for (gsize l = 0; l < grid->n_layers; l++)
    for (gsize t = first; t <= last; t++)
      {
        const gsize i = l * grid->n_tokens + t;
        if (isnan (scores[i]) || (found && !matters_more (grid, scores[i], scores[*best])))
          continue;
        found = TRUE;
        *best = i;
      }
  return found;
}

/* argsort (average, stable)[::-1][:5] without the layers that have no average: of equal ones the later comes
 * first. Of −average where smaller is better, and of damage. */
static void
find_top_layers (const EgTraceGrid *grid, EgTraceAnalysis *analysis)
{
  for (gsize l = 0; l < analysis->n_layers; l++)
    {
      const double *average = analysis->layer_average;
      if (isnan (average[l]))
        continue;
      gsize place = 0;
      while (place < analysis->n_top && matters_more (grid, average[analysis->top_layers[place]], average[l]))
        place++;
      if (place == G_N_ELEMENTS (analysis->top_layers))
        continue;
      if (analysis->n_top < G_N_ELEMENTS (analysis->top_layers))
        analysis->n_top++;
      for (gsize i = analysis->n_top - 1; i > place; i--)
        analysis->top_layers[i] = analysis->top_layers[i - 1];
      analysis->top_layers[place] = l;
    }
}

/* Of logarithms and ranks, how many times as much means nothing. */
static gboolean
has_ratio (const EgTraceGrid *grid)
{
  const EgMetric metric = eg_trace_grid_get_metric (grid);
  return metric == EG_METRIC_PROB || metric == EG_METRIC_KL;
}

EgTraceAnalysis *
eg_trace_grid_analyze (const EgTraceGrid *grid)
{
  EgTraceAnalysis *analysis = g_new0 (EgTraceAnalysis, 1);
  const gsize n_layers = grid->n_layers, n_tokens = grid->n_tokens;
  gsize first, last, best;

  eg_trace_grid_get_subject (grid, &first, &last);
  analysis->n_layers = n_layers;
  analysis->best_score = NAN;
  analysis->layer_average = g_new (double, n_layers);
  analysis->layer_sem = g_new (double, n_layers);
  analysis->subject_average = g_new (double, n_layers);
  for (gsize l = 0; l < n_layers; l++)
    {
      const double *scores = grid->scores[0] + l * n_tokens;
      analysis->layer_average[l] = mean (scores, n_tokens);
      analysis->layer_sem[l] = sem_of_mean (scores, grid->sem[0] + l * n_tokens, n_tokens);
      analysis->subject_average[l] = mean (scores + first, last - first + 1);
    }
  analysis->has_best = n_tokens > 0 && eg_trace_grid_find_best (grid, 0, n_tokens - 1, &best);
  if (analysis->has_best)
    {
      analysis->best_layer = best / n_tokens;
      analysis->best_position = best % n_tokens;
      analysis->best_score = grid->scores[0][best];
    }
  find_top_layers (grid, analysis);
  analysis->overall_mean = mean (analysis->layer_average, n_layers);
  analysis->subject_mean = mean (analysis->subject_average, n_layers);
  analysis->ratio = has_ratio (grid) && analysis->overall_mean > 0
                        ? analysis->subject_mean / analysis->overall_mean
                        : NAN;
  return analysis;
}

void
eg_trace_analysis_free (EgTraceAnalysis *self)
{
  if (self == NULL)
    return;
  g_free (self->layer_average);
  g_free (self->layer_sem);
  g_free (self->subject_average);
  g_free (self);
}
