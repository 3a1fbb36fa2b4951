/* The main metric is the first one: another one is seen by changing places with it. */
#include "trace/result/metric-view.h"

static void
swap_values (double **a, double **b)
{
  double *kept = *a;
  *a = *b;
  *b = kept;
}

EgTraceResult *
eg_trace_result_view_metric (const EgTraceResult *self, EgMetric metric)
{
  gsize at;
  g_return_val_if_fail (eg_trace_result_find_metric (self, metric, &at), NULL);

  EgTraceResult *view = eg_trace_result_copy (self);
  const EgTraceEnds ends = view->ends[0];
  view->metrics[at] = view->metrics[0];
  view->metrics[0] = metric;
  view->ends[0] = view->ends[at];
  view->ends[at] = ends;
  swap_values (&view->low_samples[0], &view->low_samples[at]);
  for (gsize i = 0; i < view->n_grids; i++)
    {
      EgTraceGrid *grid = view->grids[i];
      swap_values (&grid->scores[0], &grid->scores[at]);
      swap_values (&grid->sem[0], &grid->sem[at]);
      swap_values (&grid->effect_sem[0], &grid->effect_sem[at]);
      swap_values (&grid->samples[0], &grid->samples[at]);
      g_clear_pointer (&grid->estimate, g_free); /* of the other metric */
    }
  return view;
}
