/* Formats scores, cells and progress. */
#include "app/page/cell-text.h"

#include "app/parts/duration-text.h"
#include "app/parts/probability-text.h"
#include "tokenizer/token-text.h"

#include <glib/gi18n.h>
#include <math.h>

char *
eg_format_value (EgMetric metric, double value)
{
  if (metric == EG_METRIC_PROB || isnan (value))
    return eg_format_probability (value);
  return eg_metric_format (metric, value);
}

char *
eg_format_place (const EgTraceGrid *grid, gsize layer, gsize position)
{
  g_autofree char *token = eg_format_token (grid, position);

  if (!eg_trace_grid_tells_tokens (grid))
    return g_strdup_printf (_ ("Layer %zu · all tokens"), layer);
  if (!eg_trace_grid_tells_layers (grid))
    return g_strdup_printf (_ ("All layers · %s (%zu)"), token, position);
  /* TRANSLATORS: the heading of a cell's numbers: the layer, the token and its position. */
  return g_strdup_printf (_ ("Layer %zu · %s (%zu)"), layer, token, position);
}

char *
eg_format_token (const EgTraceGrid *grid, gsize position)
{
  g_autofree char *visible = eg_token_quote (eg_trace_grid_get_token (grid, position));
  return g_strdup_printf ("“%s”", visible);
}

char *
eg_format_score (const EgTraceGrid *grid, gsize layer, gsize position)
{
  const double score = eg_trace_grid_score (grid, layer, position);
  const double sem = grid->sem[0][layer * grid->n_tokens + position];

  if (eg_trace_grid_is_estimated (grid, layer, position))
    {
      g_autofree char *about
          = eg_format_value (eg_trace_grid_get_metric (grid), eg_trace_grid_shown (grid, layer, position));
      return g_strdup_printf (_ ("estimated: %s"), about);
    }
  if (isnan (score))
    return g_strdup (grid->result->complete ? _ ("without a counterpart") : _ ("not computed yet"));
  const EgMetric metric = eg_trace_grid_get_metric (grid);
  g_autofree char *text = eg_format_value (metric, score);
  if (isnan (sem) || (metric == EG_METRIC_PROB && sem < 0.0005))
    return g_steal_pointer (&text);
  if (metric != EG_METRIC_PROB)
    return eg_metric_format_with_error (metric, score, sem);
  return g_strdup_printf ("%s ± %.3f", text, sem);
}

char *
eg_format_normalized (const EgTraceGrid *grid, gsize layer, gsize position)
{
  const double score = eg_trace_grid_shown (grid, layer, position);
  const double normalized = eg_trace_grid_normalize (grid, score);

  if (isnan (score))
    return g_strdup ("");
  if (isnan (normalized))
    return g_strdup (_ ("normalized: undefined"));
  return g_strdup_printf (_ ("normalized %.2f"), normalized);
}

char *
eg_format_cell (const EgTraceGrid *grid, gsize layer, gsize position)
{
  g_autofree char *token = eg_format_token (grid, position);
  g_autofree char *score = eg_format_score (grid, layer, position);
  g_autofree char *normalized = eg_format_normalized (grid, layer, position);

  const char *comma = *normalized != '\0' ? ", " : "";

  if (!eg_trace_grid_tells_tokens (grid))
    /* TRANSLATORS: what a screen reader says of a cell: the layer, then the score, its standard error (“ ±
     * 0.02” or nothing) and “, normalized 0.50” or nothing. */
    return g_strdup_printf (_ ("Layer %zu, all tokens: %s%s%s"), layer, score, comma, normalized);
  if (!eg_trace_grid_tells_layers (grid))
    /* TRANSLATORS: the token and its position, then the score, its standard error (“ ± 0.02” or nothing) and
     * “, normalized 0.50” or nothing. */
    return g_strdup_printf (_ ("All layers, %s, position %zu: %s%s%s"), token, position, score, comma,
                            normalized);
  /* TRANSLATORS: the layer, the token and its position, then the score, its standard error (“ ± 0.02” or
   * nothing) and “, normalized 0.50” or nothing. */
  return g_strdup_printf (_ ("Layer %zu, %s, position %zu: %s%s%s"), layer, token, position, score, comma,
                          normalized);
}

char *
eg_format_progress (double cells, double all_cells, double elapsed, double left)
{
  const gsize done = (gsize)floor (cells), all = (gsize)lround (all_cells);
  const double rate = elapsed > 0 ? cells / elapsed : 0;

  if (left < 0)
    return g_strdup_printf (_ ("%'zu of %'zu cells"), done, all);
  g_autofree char *duration = eg_format_duration (left);
  g_autofree char *rest
      = left < 1 ? g_strdup (_ ("less than a second left")) : g_strdup_printf (_ ("%s left"), duration);
  /* Translators: the last %s is how much time is left. */
  /* TRANSLATORS: how far a trace is, how fast, and how long it still takes (“5 s left”). */
  return g_strdup_printf (_ ("%'zu of %'zu cells · %'.*f cells/s · %s"), done, all, rate < 9.95 ? 1 : 0, rate,
                          rest);
}

gsize
eg_count_known_cells (const EgTraceGrid *grid)
{
  gsize n = 0;
  for (gsize i = 0; i < eg_trace_grid_n_cells (grid); i++)
    n += !isnan (grid->scores[0][i]);
  return n;
}
