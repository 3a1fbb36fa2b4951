/* The ends of a heatmap's scale, and what lies beyond them. */
#include "plot/heatmap-private.h"

#include "trace/result/analysis.h"

#include <glib/gi18n.h>
#include <math.h>

/* A cell is beyond an end by more than this part of the scale. */
#define BEYOND 0.01

#define LEAST_STEP   0.6  /* of a step: less below zero is no step more */
#define WHISKER_ROOM 1.25 /* times what is needed */

/* What the map shows of a cell. */
static double
shown_of (const EgTraceGrid *grid, gsize cell)
{
  return eg_trace_grid_shown (grid, cell / grid->n_tokens, cell % grid->n_tokens);
}

double
eg_heatmap_round_up (double value)
{
  if (!(value > 0) || !isfinite (value))
    return 1;
  const double power = pow (10, floor (log10 (value)));
  const double steps[] = { 1, 2, 2.5, 5 };

  for (gsize i = 0; i < G_N_ELEMENTS (steps); i++)
    if (value <= steps[i] * power * (1 + 1e-9))
      return steps[i] * power;
  return 10 * power;
}

void
eg_heatmap_find_range (const EgTraceGrid *grid, double *least, double *greatest)
{
  const double ends[] = { eg_trace_grid_get_ends (grid)->low, eg_trace_grid_get_ends (grid)->high };

  *least = INFINITY;
  *greatest = -INFINITY;
  for (gsize i = 0; i < G_N_ELEMENTS (ends); i++)
    if (!isnan (ends[i]))
      {
        *least = MIN (*least, ends[i]);
        *greatest = MAX (*greatest, ends[i]);
      }
  for (gsize i = 0; i < eg_trace_grid_n_cells (grid); i++)
    {
      const double shown = shown_of (grid, i);
      if (isnan (shown))
        continue;
      *least = MIN (*least, shown);
      *greatest = MAX (*greatest, shown);
    }
}

/* Of bars: what they and their errors reach. */
static void
find_whiskers (const EgTraceGrid *grid, double *least, double *greatest)
{
  *least = INFINITY;
  *greatest = -INFINITY;
  for (gsize i = 0; i < eg_trace_grid_n_cells (grid); i++)
    {
      const double sem = isnan (grid->sem[0][i]) ? 0 : grid->sem[0][i];
      const double shown = shown_of (grid, i);
      if (isnan (shown))
        continue;
      *least = MIN (*least, shown - sem);
      *greatest = MAX (*greatest, shown + sem);
    }
}

void
eg_heatmap_style_hold_scores (EgHeatmapStyle *self, const EgTraceGrid *grid)
{
  double least, greatest;
  if (eg_trace_grid_tells_layers (grid) && eg_trace_grid_tells_tokens (grid))
    eg_heatmap_find_range (grid, &least, &greatest);
  else
    find_whiskers (grid, &least, &greatest);
  const gboolean any = self->least < self->greatest;
  self->least = any ? MIN (self->least, least) : least;
  self->greatest = any ? MAX (self->greatest, greatest) : greatest;
}

/* ---- in numbers of the scale ---- */

/* Of all cells, with their errors where bars show them; FALSE where none is known. */
static gboolean
find_values (const EgHeatmapLayout *self, const EgTraceGrid *grid, double *least, double *greatest)
{
  *least = INFINITY;
  *greatest = -INFINITY;
  for (gsize i = 0; i < eg_trace_grid_n_cells (grid); i++)
    {
      const double value = eg_scale_get_value (self->style.scale, grid, shown_of (grid, i));
      const double sem = eg_scale_get_error (self->style.scale, grid, grid->sem[0][i]);
      const double error = self->is_bars && !isnan (sem) ? sem : 0;
      if (isnan (value))
        continue;
      *least = MIN (*least, value - error);
      *greatest = MAX (*greatest, value + error);
    }
  return *least <= *greatest;
}

/* Round numbers on both sides, and a tick at each step between them. */
static void
set_round_ends (EgHeatmapLayout *self, double least, double greatest)
{
  const double step = eg_heatmap_round_up ((greatest - least) / 4);

  self->low = floor (least / step + 1e-9) * step;
  self->high = MAX (ceil (greatest / step - 1e-9) * step, self->low + step);
  self->n_bar_steps = (guint)lround ((self->high - self->low) / step);
}

/* The same for bars, whose whiskers need not have a step of their own below zero. */
static void
set_bar_ends (EgHeatmapLayout *self, double least, double greatest)
{
  set_round_ends (self, least, greatest);
  const double step = (self->high - self->low) / self->n_bar_steps;
  self->first_tick = self->low;
  if (least < 0 && least > -LEAST_STEP * step && self->n_bar_steps > 1)
    {
      self->first_tick = 0;
      self->low = WHISKER_ROOM * least;
      self->n_bar_steps--;
    }
}

/* So many steps that each is a round number, where there are such. */
static void
set_limits (EgHeatmapLayout *self)
{
  static const guint counts[] = { 5, 4, 6, 3, 8, 2, 7, 1 };
  const double range = self->style.limit_high - self->style.limit_low;

  self->low = self->first_tick = self->style.limit_low;
  self->high = self->style.limit_high;
  self->n_bar_steps = 4;
  for (gsize i = 0; i < G_N_ELEMENTS (counts); i++)
    {
      const double step = range / counts[i], round = eg_heatmap_round_up (step);
      const double offset = self->low / step;
      if (fabs (step - round) > 1e-9 * round || fabs (offset - nearbyint (offset)) > 1e-6)
        continue;
      self->n_bar_steps = counts[i];
      return;
    }
}

static void
set_raw_ends (EgHeatmapLayout *self, const EgTraceGrid *grid)
{
  double least, greatest;

  eg_heatmap_find_range (grid, &least, &greatest);
  if (self->style.least < self->style.greatest)
    {
      least = MIN (least, self->style.least);
      greatest = MAX (greatest, self->style.greatest);
    }
  if (!(least < 0))
    {
      self->high = eg_heatmap_round_up (greatest);
      return;
    }
  /* Log probabilities and logits: round numbers on both sides, from zero where all is near it. */
  greatest = MAX (greatest, least);
  if (greatest < 0 && greatest > 0.5 * least)
    greatest = 0;
  set_round_ends (self, least, greatest);
}

/* What several maps have together (eg_heatmap_style_hold_scores()), in numbers of the scale. */
static void
hold_shared (const EgHeatmapLayout *self, const EgTraceGrid *grid, double *least, double *greatest)
{
  if (!(self->style.least < self->style.greatest))
    return;
  const double a = eg_scale_get_value (self->style.scale, grid, self->style.least);
  const double b = eg_scale_get_value (self->style.scale, grid, self->style.greatest);
  *least = MIN (*least, MIN (a, b));
  *greatest = MAX (*greatest, MAX (a, b));
}

static void
set_ends (EgHeatmapLayout *self, const EgTraceGrid *grid)
{
  double least, greatest;
  const gboolean any = find_values (self, grid, &least, &greatest);

  self->low = 0;
  self->high = 1;
  self->n_bar_steps = 5;
  if (self->style.scale == EG_SCALE_SYMMETRIC)
    {
      if (!any)
        least = greatest = 0;
      hold_shared (self, grid, &least, &greatest);
      self->high = eg_heatmap_round_up (MAX (fabs (least), fabs (greatest)) / (1 + BEYOND));
      self->low = -self->high;
      self->n_bar_steps = 4;
    }
  else if (!self->normalized)
    set_raw_ends (self, grid);
  else if (self->is_bars && any)
    {
      if (!self->style.own_scale)
        hold_shared (self, grid, &least, &greatest);
      set_bar_ends (self, MIN (least, 0), MAX (greatest, 0));
    }
  else if (self->style.own_scale && any)
    self->high = eg_heatmap_round_up (greatest / (1 + BEYOND));
  if (!(self->is_bars && self->normalized && any))
    self->first_tick = self->low;
  if (self->style.limit_low < self->style.limit_high)
    set_limits (self);
}

/* Bars are of what is between a cell's run and the one that it changes; of probabilities, all of it. */
static double
find_base (const EgHeatmapLayout *self, const EgTraceGrid *grid)
{
  const EgTraceEnds *ends = eg_trace_grid_get_ends (grid);
  double base = 0;

  if (!self->normalized && self->style.scale == EG_SCALE_RAW && self->metric != EG_METRIC_PROB)
    base = eg_trace_result_is_loss (grid->result) ? ends->high : ends->low;
  return isnan (base) ? self->low : CLAMP (base, self->low, self->high);
}

/* Whether any cell is so far outside that it is to be told. */
static void
find_beyond (EgHeatmapLayout *self, const EgTraceGrid *grid)
{
  self->beyond_bottom = self->beyond_top = FALSE;
  for (gsize i = 0; i < eg_trace_grid_n_cells (grid); i++)
    {
      const double place = eg_heatmap_layout_place_unclipped (self, grid, shown_of (grid, i));
      self->beyond_bottom = self->beyond_bottom || place < -BEYOND;
      self->beyond_top = self->beyond_top || place > 1 + BEYOND;
    }
}

void
eg_heatmap_layout_choose_scale (EgHeatmapLayout *self, const EgTraceGrid *grid)
{
  self->normalized = eg_scale_is_normalized (self->style.scale, grid);
  self->reversed = !self->normalized && !self->is_bars && !eg_trace_result_matters_high (grid->result);
  set_ends (self, grid);
  self->base = find_base (self, grid);
  find_beyond (self, grid);
}

void
eg_heatmap_layout_set_ends (
    EgHeatmapLayout *self, const EgTraceGrid *grid, gboolean normalized, double low, double high)
{
  self->normalized = normalized;
  self->low = self->first_tick = low;
  self->high = high;
  self->base = find_base (self, grid);
  find_beyond (self, grid);
}

double
eg_heatmap_layout_place_unclipped (const EgHeatmapLayout *self, const EgTraceGrid *grid, double score)
{
  const double value = eg_scale_get_value (self->style.scale, grid, score);
  /* Halves, whose difference is a number whatever a file says. */
  const double place = (value / 2 - self->low / 2) / (self->high / 2 - self->low / 2);
  return self->reversed ? 1 - place : place;
}

double
eg_heatmap_layout_place (const EgHeatmapLayout *self, const EgTraceGrid *grid, double score)
{
  const double place = eg_heatmap_layout_place_unclipped (self, grid, score);
  return isnan (place) ? place : CLAMP (place, 0, 1);
}

void
eg_heatmap_layout_name_scale (EgHeatmapLayout *self, const EgTraceGrid *grid)
{
  const char *unit = self->style.unit;
  g_autofree char *name = unit != NULL ? g_strdup (unit) : eg_scale_describe (self->style.scale, grid);
  /* TRANSLATORS: the name of a colour bar; estimates have white lines over their colours. */
  g_autofree char *both = self->estimated ? g_strdup_printf (_ ("%s · hatched: estimated"), name) : NULL;
  self->scale_name = g_intern_string (both != NULL ? both : name);
}
