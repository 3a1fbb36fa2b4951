/* Sentences about estimates. */
#include "app/page/estimate-line.h"

#include "app/page/cell-text.h"

#include <glib/gi18n.h>
#include <math.h>

/* Of a map that is exact by now. (transfer full) (nullable) */
static char *
describe_end (const EgTraceGrid *grid)
{
  const EgPreviewCheck check = eg_preview_check_whole (grid);

  if (check.n == 0)
    return NULL;
  return g_strdup_printf (
      check.is_trusted
          /* TRANSLATORS: the largest distance; how many of the highest estimates were confirmed; a
           * correlation and a number of cells. */
          ? _ ("The estimate before was at most %.2f off (%zu of %zu highest confirmed), correlation %.2f "
               "over "
               "%zu cells")
          : _ ("The estimate before was not to be trusted: up to %.2f off (%zu of %zu highest confirmed), "
               "correlation %.2f over %zu cells"),
      check.largest, check.n_confirmed, check.n_top, check.pearson, check.n);
}

gboolean
eg_estimate_is_all (const EgTraceGrid *grid)
{
  return eg_trace_grid_has_estimated (grid) && eg_preview_check_whole (grid).n == 0;
}

char *
eg_estimate_line (const EgTraceGrid *grid, const EgPreviewCheck *check, gboolean running)
{
  if (grid->estimate == NULL)
    return NULL;
  const gboolean some = eg_trace_grid_has_estimated (grid);

  if (!some && !running)
    return describe_end (grid);
  g_autofree char *said = check != NULL ? eg_preview_check_describe (check) : NULL;
  if (said != NULL && !check->is_trusted && running)
    return g_strdup_printf (_ ("%s; the rest comes in the usual order"), said);
  if (said != NULL)
    return g_steal_pointer (&said);
  if (!some)
    return NULL;
  if (running)
    return g_strdup (_ ("Hatched cells are estimated; the highest are computed first"));
  if (!eg_estimate_is_all (grid))
    return g_strdup (_ ("Hatched cells are estimated to first order, and not computed"));
  return g_strdup (_ ("Estimated to first order, and not computed: a guess of where to look"));
}

char *
eg_estimate_details (const EgTraceGrid *grid)
{
  if (grid->estimate == NULL || eg_trace_grid_has_estimated (grid))
    return NULL;
  const EgPreviewCheck check = eg_preview_check_whole (grid);
  if (check.n == 0)
    return NULL;
  const gsize layer = check.worst / grid->n_tokens, position = check.worst % grid->n_tokens;
  const EgMetric metric = eg_trace_grid_get_metric (grid);
  g_autofree char *place = eg_format_place (grid, layer, position);
  g_autofree char *estimate = eg_format_value (metric, grid->estimate[check.worst]);
  g_autofree char *score = eg_format_value (metric, eg_trace_grid_score (grid, layer, position));
  /* TRANSLATORS: correlations of estimates with exact scores; then the cell of the largest difference, and
   * its two values. */
  return g_strdup_printf (_ ("Estimates and exact cells: correlation %.2f, of ranks %.2f\n"
                             "Of the ten highest cells, %zu were among the ten highest estimates\n"
                             "Largest miss: %s, estimated %s, is %s"),
                          check.pearson, check.spearman, check.n_common, place, estimate, score);
}

char *
eg_estimate_headline (const EgTraceGrid *grid)
{
  gsize first, last, best = 0;
  double highest = -INFINITY;

  if (grid->estimate == NULL || !eg_trace_grid_tells_tokens (grid))
    return NULL;
  eg_trace_grid_get_subject (grid, &first, &last);
  for (gsize cell = 0; cell < eg_trace_grid_n_cells (grid); cell++)
    {
      const gsize position = cell % grid->n_tokens;
      const double effect = eg_preview_effect (grid, grid->estimate[cell]);
      if (position < first || position > last || !(effect > highest))
        continue;
      highest = effect;
      best = cell;
    }
  if (!isfinite (highest))
    return NULL;
  g_autofree char *place = eg_format_place (grid, best / grid->n_tokens, best % grid->n_tokens);
  g_autofree char *value = eg_format_value (eg_trace_grid_get_metric (grid), grid->estimate[best]);
  /* TRANSLATORS: a cell (“Layer 3 · “ Merkel” (6)”) and the estimate of its score. */
  return g_strdup_printf (_ ("Estimated: the subject matters most at %s, about %s"), place, value);
}
