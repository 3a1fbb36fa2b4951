/* Titles and captions of figures: what was asked, by what, and how. */
#include "plot/figure.h"

#include "plot/heatmap-private.h"
#include "tokenizer/token-text.h"
#include "trace/result/description.h"

#include <glib/gi18n.h>
#include <math.h>

char *
eg_figure_make_title (const EgTraceGrid *grid)
{
  const EgTraceResult *result = grid->result;
  g_autofree char *target = eg_token_to_label (result->tokens->target != NULL ? result->tokens->target : "");
  return g_strdup_printf ("“%s” → “%s”", result->request->prompt, target);
}

/* A sentence more. Takes over it. */
static void
add (GString *text, char *sentence)
{
  if (text->len > 0)
    g_string_append_c (text, ' ');
  g_string_append (text, sentence);
  g_free (sentence);
}

/* "Clean 98%, corrupted 4.6% ± 1.3%." */
static void
add_ends (GString *text, const EgTraceGrid *grid)
{
  const EgMetric metric = eg_trace_grid_get_metric (grid);
  const EgTraceEnds *ends = eg_trace_grid_get_ends (grid);
  if (isnan (ends->high) || isnan (ends->low))
    return;
  g_autofree char *high = eg_metric_format (metric, ends->high);
  g_autofree char *low = eg_metric_format_with_error (metric, ends->low, ends->low_sem);
  /* TRANSLATORS: the scores of the clean and the corrupted run. */
  add (text, g_strdup_printf (_ ("Clean %s, corrupted %s."), high, low));
}

/* Whether its bands or whiskers show errors at all. */
static gboolean
has_errors (const EgTraceGrid *grid)
{
  for (gsize i = 0; i < eg_trace_grid_n_cells (grid); i++)
    if (!isnan (grid->sem[0][i]))
      return TRUE;
  return FALSE;
}

/* Of one map; whether it is of bars, has cells beyond the scale, and hatched ones. */
static void
look_at_map (const EgFigure *self, const EgTraceGrid *grid, gboolean *bars, gboolean *beyond, gboolean *noise)
{
  EgHeatmapLayout layout;
  eg_heatmap_layout_init_scale (&layout, grid, &self->options.style);
  *bars = *bars || layout.is_bars;
  *beyond = *beyond || layout.beyond_bottom || layout.beyond_top;
  for (gsize i = 0; self->options.style.hatch_noise && i < eg_trace_grid_n_cells (grid); i++)
    *noise = *noise || eg_trace_grid_is_noise (grid, i / grid->n_tokens, i % grid->n_tokens);
}

/* What is drawn beside the numbers themselves. */
static void
add_marks (GString *text, const EgFigure *self, const EgTraceGrid *grid)
{
  const gboolean map = self->picture == EG_PICTURE_HEATMAP || self->picture == EG_PICTURE_SITES;
  gboolean bars = FALSE, beyond = FALSE, noise = FALSE, estimated = FALSE;
  if (self->picture == EG_PICTURE_SITES)
    for (gsize i = 0; i < grid->result->n_grids; i++)
      look_at_map (self, grid->result->grids[i], &bars, &beyond, &noise);
  else if (map)
    look_at_map (self, grid, &bars, &beyond, &noise);
  for (gsize i = 0; map && i < grid->result->n_grids; i++)
    estimated = estimated
                || (eg_trace_grid_has_estimated (grid->result->grids[i])
                    && (self->picture == EG_PICTURE_SITES || grid->result->grids[i] == grid));
  if (estimated)
    add (text, g_strdup (_ ("Lines up to the right: estimated to first order, not computed.")));
  if (bars && has_errors (grid))
    add (text, g_strdup (_ ("Whiskers: ± one standard error.")));
  if ((self->picture == EG_PICTURE_LAYERS || self->picture == EG_PICTURE_PINNED) && has_errors (grid))
    add (text, g_strdup (_ ("Bands: ± one standard error.")));
  if (beyond)
    add (text, g_strdup (_ ("Corners: beyond the scale.")));
  if (noise)
    add (text, estimated ? g_strdup (_ ("Lines down to the right: within two standard errors of no effect."))
                         : g_strdup (_ ("Hatched: within two standard errors of no effect.")));
}

char *
eg_figure_make_caption (const EgFigure *self, const EgTraceGrid *grid)
{
  const EgTraceResult *result = grid->result;
  g_autoptr (GString) text = g_string_new (NULL);
  g_autofree char *method
      = eg_trace_result_describe_method (result, self->picture == EG_PICTURE_SITES ? NULL : grid->site);
  g_autofree char *day = eg_trace_result_get_day (result);
  if (self->options.style.title == NULL)
    {
      g_autofree char *title = eg_figure_make_title (grid);
      add (text, g_strdup_printf ("%s.", title));
    }
  if (result->model != NULL && *result->model != '\0')
    /* TRANSLATORS: the name of a model. */
    add (text, g_strdup_printf (_ ("Model %s."), result->model));
  add (text, g_strdup_printf ("%s.", method));
  add_ends (text, grid);
  add_marks (text, self, grid);
  if (!result->complete && !result->estimated)
    add (text, g_strdup (_ ("Not complete yet.")));
  if (day != NULL)
    add (text, g_strdup_printf ("%s.", day));
  return g_strdup (text->str);
}
