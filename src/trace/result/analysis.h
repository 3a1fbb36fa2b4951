/* Statistics of a grid: the notebook's §4–§6. */
#pragma once

#include "trace/result/result.h"

G_BEGIN_DECLS

/**
 * EgTraceAnalysis: over the cells computed so far.
 * @has_best, @best_layer, @best_position, @best_score: the cell that matters most: with the best score (the
 * highest, or the lowest of a metric whose smaller values are better), or, of damage, the worst
 * @layer_average: [n_layers] mean over tokens of the scores; @subject_average: [n_layers] mean over the
 * subject's
 * @layer_sem: [n_layers] nothing more than sqrt(Σ sem²)/T: the error of the average if cells were independent
 * @top_layers: the five best of @layer_average (fewer when there are fewer layers), best first, ties as
 *   numpy.argsort(…)[::-1] gives them
 * @overall_mean, @subject_mean: the means of both curves; @ratio = subject_mean/overall_mean, of
 * probabilities and divergences, which have a zero; NaN otherwise, and when undefined
 */
typedef struct
{
  gsize n_layers;
  gboolean has_best;
  gsize best_layer, best_position;
  double best_score;
  double *layer_average, *layer_sem, *subject_average;
  gsize n_top;
  gsize top_layers[5];
  double overall_mean, subject_mean, ratio;
} EgTraceAnalysis;

EgTraceAnalysis *eg_trace_grid_analyze (const EgTraceGrid *grid);
void eg_trace_analysis_free (EgTraceAnalysis *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgTraceAnalysis, eg_trace_analysis_free)

/* Whether more goes through a cell the higher its score is: then the best of all cells is the highest. */
gboolean eg_trace_result_matters_high (const EgTraceResult *result);

/* The number of the cell that matters most at the positions first … last; FALSE before one of them is known.
 */
gboolean eg_trace_grid_find_best (const EgTraceGrid *grid, gsize first, gsize last, gsize *best);

G_END_DECLS
