/* Where everything of a heatmap goes. */
#include "plot/heatmap-private.h"

#include "trace/result/analysis.h"

#include <glib/gi18n.h>
#include <math.h>

#define MARGIN EG_HEATMAP_MARGIN
#define GAP    EG_HEATMAP_GAP
#define TICK   EG_HEATMAP_TICK
#define DROP   EG_HEATMAP_DROP

#define BAR_WIDTH  0.9
#define BAR_GAP    1.0
#define TITLE_SIZE 1.25
#define MIN_MAP    2.0
#define LEAST_CELL 1.0 /* units, of a map that can be scrolled */

/* The next of 1, 2, 2.5, 5 times a power of ten. */
static double
round_up (double value)
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

/* Of everything that the raw scale must hold: the cells and both probabilities, as far as they are known. */
static void
find_range (const EgTraceGrid *grid, double *least, double *greatest)
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
    if (!isnan (grid->scores[0][i]))
      {
        *least = MIN (*least, grid->scores[0][i]);
        *greatest = MAX (*greatest, grid->scores[0][i]);
      }
}

void
eg_heatmap_style_hold_scores (EgHeatmapStyle *self, const EgTraceGrid *grid)
{
  double least, greatest;
  find_range (grid, &least, &greatest);
  const gboolean any = self->least < self->greatest;
  self->least = any ? MIN (self->least, least) : least;
  self->greatest = any ? MAX (self->greatest, greatest) : greatest;
}

/* Whether the clean and the corrupted run are known, and yet there is nothing between them to normalize by.
 */
static gboolean
is_undefined (const EgTraceGrid *grid)
{
  const EgTraceEnds *ends = eg_trace_grid_get_ends (grid);
  return !isnan (ends->low) && !isnan (ends->high) && isnan (eg_trace_grid_normalize (grid, ends->high));
}

static void
choose_scale (EgHeatmapLayout *self, const EgTraceGrid *grid)
{
  double least, greatest;

  self->normalized = self->style.scale == EG_SCALE_NORMALIZED && !is_undefined (grid);
  self->reversed = !self->normalized && !eg_trace_result_matters_high (grid->result);
  self->low = 0;
  self->high = 1;
  self->n_bar_steps = 5;
  if (self->normalized)
    return;
  find_range (grid, &least, &greatest);
  if (self->style.least < self->style.greatest)
    {
      least = MIN (least, self->style.least);
      greatest = MAX (greatest, self->style.greatest);
    }
  if (!(least < 0))
    {
      self->high = round_up (greatest);
      return;
    }
  /* Log probabilities and logits: round numbers on both sides, from zero where all is near it. */
  greatest = MAX (greatest, least);
  if (greatest < 0 && greatest > 0.5 * least)
    greatest = 0;
  const double step = round_up ((greatest - least) / 4);
  self->low = floor (least / step) * step;
  self->high = MAX (ceil (greatest / step) * step, self->low + step);
  self->n_bar_steps = (guint)lround ((self->high - self->low) / step);
}

double
eg_heatmap_layout_snap (const EgHeatmapLayout *self, double x)
{
  return self->pixel > 0 ? round (x * self->pixel) / self->pixel : x;
}

static gsize
n_columns (const EgHeatmapLayout *self)
{
  return eg_heatmap_layout_is_tokens_down (self) ? self->n_layers : self->n_tokens;
}

static gsize
n_rows (const EgHeatmapLayout *self)
{
  return eg_heatmap_layout_is_tokens_down (self) ? self->n_tokens : self->n_layers;
}

double
eg_heatmap_layout_token_size (const EgHeatmapLayout *self)
{
  return (eg_heatmap_layout_is_tokens_down (self) ? self->cells.height : self->cells.width)
         / (double)self->n_tokens;
}

double
eg_heatmap_layout_layer_size (const EgHeatmapLayout *self)
{
  return (eg_heatmap_layout_is_tokens_down (self) ? self->cells.width : self->cells.height)
         / (double)self->n_layers;
}

/* ---- placing ---- */

/* What the colour bar, its numbers and its name take at the right. */
static double
width_of_bar (const EgHeatmapLayout *self, double tick_width)
{
  const double em = self->style.font_size;
  return (MARGIN + GAP + TICK + 0.2 + BAR_WIDTH + BAR_GAP) * em + eg_heatmap_labels_line_height (self)
         + tick_width;
}

static void
set_across (EgHeatmapLayout *self, double left, double right)
{
  self->map.x = eg_heatmap_layout_snap (self, left);
  self->map.width = eg_heatmap_layout_snap (self, right) - self->map.x;
  self->cells.width = MAX (self->map.width, self->least_cell * (double)n_columns (self)) * self->zoom;
}

static void
set_down (EgHeatmapLayout *self, double top, double bottom)
{
  self->map.y = eg_heatmap_layout_snap (self, top);
  self->map.height
      = MAX (eg_heatmap_layout_snap (self, bottom) - self->map.y, MIN_MAP * self->style.font_size);
  self->cells.height = MAX (self->map.height, self->least_cell * (double)n_rows (self)) * self->zoom;
}

/* Whether the subject is long enough for its label to stand in the bracket's line; and what the bracket
 * takes. */
static double
choose_bracket (EgHeatmapLayout *self)
{
  const double em = self->style.font_size;
  const EgLabel *label = self->subject_label;
  const double length
      = (double)(self->subject_last + 1 - self->subject_first) * eg_heatmap_layout_token_size (self);

  self->subject_within = length >= label->width + 2 * em;
  if (self->subject_within)
    return MAX (label->height / 2, DROP * em) + label->height / 2 + 0.1 * em;
  return label->height + (0.25 + DROP) * em;
}

/* Layers down: the tokens' slope and reach decide what is left for the map. */
static void
place_layers_down (EgHeatmapLayout *self, const EgTraceGrid *grid, double top, double tick_width)
{
  const double em = self->style.font_size;
  const double layer_width = eg_heatmap_labels_width (self, self->n_layers > 100 ? "000" : "00");
  double left = (MARGIN + GAP + TICK + 0.2) * em + eg_heatmap_labels_line_height (self) + layer_width;
  const double right = MAX (self->width - width_of_bar (self, tick_width), left + MIN_MAP * em);

  set_across (self, left, right);
  eg_heatmap_labels_make_tokens (self, grid, eg_heatmap_layout_token_size (self));
  /* Twice, for a narrower map can be one that scrolls, and then the first column in view is any. */
  for (int i = 0; i < 2; i++)
    {
      const double needed = eg_heatmap_labels_left_for_tokens (self, right);
      if (needed <= left)
        break;
      left = needed;
      set_across (self, left, right);
      eg_heatmap_labels_make_tokens (self, grid, eg_heatmap_layout_token_size (self));
    }

  const double band = choose_bracket (self);
  self->bracket = top + self->subject_label->height * (self->subject_within ? 0.5 : 1)
                  + (self->subject_within ? 0 : 0.15 * em);
  self->bracket = eg_heatmap_layout_snap (self, self->bracket);
  const double below = eg_heatmap_labels_height_of_tokens (self) + (TICK + 0.15 + MARGIN) * em;
  set_down (self, top + band, self->height - below);
}

/* Tokens down: they stand upright at the left, the bracket at the right of the map. */
static void
place_tokens_down (EgHeatmapLayout *self, const EgTraceGrid *grid, double top, double tick_width)
{
  const double em = self->style.font_size, line = eg_heatmap_labels_line_height (self);
  const double below = 2 * line + (TICK + 0.15 + MARGIN) * em;

  set_down (self, top + line / 2, self->height - below);
  eg_heatmap_labels_make_tokens (self, grid, eg_heatmap_layout_token_size (self));
  const double band = choose_bracket (self);
  const double left = eg_heatmap_labels_left_for_tokens (self, 0);
  const double right = self->width - width_of_bar (self, tick_width) - band;
  set_across (self, left, MAX (right, left + MIN_MAP * em));
  self->bracket = self->map.x + self->map.width + band
                  - self->subject_label->height * (self->subject_within ? 0.5 : 1)
                  - (self->subject_within ? 0 : 0.15 * em);
  self->bracket = eg_heatmap_layout_snap (self, self->bracket);
}

static double
place_headings (EgHeatmapLayout *self, const EgTraceGrid *grid, const EgHeatmapStyle *style)
{
  const double em = style->font_size;
  double top = MARGIN * em;

  if (style->title != NULL && *style->title != '\0')
    top = eg_heatmap_labels_add_heading (self, style->title, em * TITLE_SIZE, style->foreground, top);
  if (style->scale == EG_SCALE_NORMALIZED && is_undefined (grid))
    top = eg_heatmap_labels_add_heading (
        self,
        _ ("Normalized scores are undefined (corrupting makes nothing worse): scores are shown as they are"),
        em, style->dim, top);
  return top;
}

static void
place_bar (EgHeatmapLayout *self, double tick_width)
{
  const double em = self->style.font_size;
  const double right = self->width - width_of_bar (self, tick_width) + BAR_GAP * em;
  const double map_end = self->map.x + self->map.width + BAR_GAP * em;

  self->bar = (EgRect){ eg_heatmap_layout_snap (self, MAX (right, map_end)), self->map.y,
                        eg_heatmap_layout_snap (self, BAR_WIDTH * em), self->map.height };
  eg_heatmap_labels_add_bar (self, tick_width);
}

void
eg_heatmap_layout_init_scale (EgHeatmapLayout *self, const EgTraceGrid *grid, const EgHeatmapStyle *style)
{
  *self = (EgHeatmapLayout){
    .style = *style,
    .zoom = 1,
    .n_layers = grid->n_layers,
    .n_tokens = grid->n_tokens,
    .metric = eg_trace_grid_get_metric (grid),
    .is_loss = eg_trace_result_is_loss (grid->result),
    .tells_layers = eg_trace_grid_tells_layers (grid),
    .tells_tokens = eg_trace_grid_tells_tokens (grid),
  };
  eg_trace_grid_get_subject (grid, &self->subject_first, &self->subject_last);
  self->subject_last = MIN (self->subject_last, grid->n_tokens - 1);
  self->style.title = NULL;
  self->style.font_family = g_intern_string (style->font_family);
  choose_scale (self, grid);
}

static EgHeatmapLayout *
make_layout (const EgTraceGrid *grid,
             const EgHeatmapStyle *style,
             double width,
             double height,
             double pixel,
             double zoom,
             double least_cell)
{
  EgHeatmapLayout *self = g_new0 (EgHeatmapLayout, 1);

  eg_heatmap_layout_init_scale (self, grid, style);
  self->width = width;
  self->height = height;
  self->pixel = pixel;
  self->zoom = MAX (zoom, 1);
  self->least_cell = least_cell;
  self->labels = g_ptr_array_new_with_free_func ((GDestroyNotify)eg_label_free);
  self->token_labels = g_new0 (EgLabel *, self->n_tokens);
  self->layer_labels = g_new0 (EgLabel *, self->n_layers);

  const double tick_width = eg_heatmap_labels_width_of_bar (self);
  const double top = place_headings (self, grid, style);
  eg_heatmap_labels_make_subject (self);
  if (eg_heatmap_layout_is_tokens_down (self))
    place_tokens_down (self, grid, top, tick_width);
  else
    place_layers_down (self, grid, top, tick_width);
  eg_heatmap_labels_make_layers (self);
  eg_heatmap_labels_add_axis (self);
  place_bar (self, tick_width);
  eg_heatmap_layout_scroll (self, 0, 0);
  return self;
}

EgHeatmapLayout *
eg_heatmap_layout_new_zoomed (const EgTraceGrid *grid,
                              const EgHeatmapStyle *style,
                              double width,
                              double height,
                              double pixel,
                              double zoom)
{
  return make_layout (grid, style, width, height, pixel, zoom, LEAST_CELL);
}

EgHeatmapLayout *
eg_heatmap_layout_new (
    const EgTraceGrid *grid, const EgHeatmapStyle *style, double width, double height, double pixel)
{
  EgHeatmapLayout *self = make_layout (grid, style, width, height, pixel, 1, 0);

  /* Snapped to pixels, cells that are less than one would be left out: they are blended instead. */
  if (MIN (eg_heatmap_layout_token_size (self), eg_heatmap_layout_layer_size (self)) * pixel < 1)
    self->pixel = 0;
  return self;
}

void
eg_heatmap_layout_free (EgHeatmapLayout *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->labels);
  g_free (self->token_labels);
  g_free (self->layer_labels);
  g_free (self);
}

void
eg_heatmap_layout_scroll (EgHeatmapLayout *self, double x, double y)
{
  const double most_x = self->cells.width - self->map.width, most_y = self->cells.height - self->map.height;

  self->cells.x = self->map.x - eg_heatmap_layout_snap (self, CLAMP (x, 0, most_x));
  self->cells.y = self->map.y - eg_heatmap_layout_snap (self, CLAMP (y, 0, most_y));
  eg_heatmap_labels_place (self);
}

gboolean
eg_heatmap_layout_is_cut (const EgHeatmapLayout *self)
{
  return self->cells.width > self->map.width || self->cells.height > self->map.height;
}

double
eg_heatmap_natural_height (const EgTraceGrid *grid, const EgHeatmapStyle *style, double width)
{
  const double probe = width;
  g_autoptr (EgHeatmapLayout) layout = eg_heatmap_layout_new (grid, style, width, probe, 0);
  const double rows = (double)n_rows (layout) * style->font_size * 1.25;
  return probe - layout->map.height
         + CLAMP (rows, 0.36 * layout->map.width,
                  (eg_heatmap_layout_is_tokens_down (layout) ? 1.4 : 0.85) * layout->map.width);
}

gboolean
eg_heatmap_layout_fits (const EgHeatmapLayout *self, const EgTraceGrid *grid)
{
  EgHeatmapLayout now = { .style = self->style };
  gsize first, last;

  eg_trace_grid_get_subject (grid, &first, &last);

  if (self->n_layers != grid->n_layers || self->n_tokens != grid->n_tokens || self->subject_first != first
      || self->subject_last != last || self->metric != eg_trace_grid_get_metric (grid)
      || self->is_loss != eg_trace_result_is_loss (grid->result)
      || self->tells_layers != eg_trace_grid_tells_layers (grid)
      || self->tells_tokens != eg_trace_grid_tells_tokens (grid))
    return FALSE;
  choose_scale (&now, grid);
  return now.normalized == self->normalized && now.low == self->low && now.high == self->high;
}

/* ---- cells ---- */

/* The edge before the i-th of n parts of a length. */
static double
edge (const EgHeatmapLayout *self, double origin, double length, gsize n, gsize i)
{
  return eg_heatmap_layout_snap (self, origin + (double)i * (length / (double)n));
}

EgRect
eg_heatmap_layout_get_cell (const EgHeatmapLayout *self, gsize layer, gsize position)
{
  const gboolean tokens_down = eg_heatmap_layout_is_tokens_down (self);
  const gsize column = tokens_down ? layer : position, row = tokens_down ? position : layer;
  const gsize C = n_columns (self), R = n_rows (self);
  const EgRect *all = &self->cells;
  const double x = edge (self, all->x, all->width, C, column), y = edge (self, all->y, all->height, R, row);

  return (EgRect){ x, y, edge (self, all->x, all->width, C, column + 1) - x,
                   edge (self, all->y, all->height, R, row + 1) - y };
}

/* Which of n parts, snapped as cells are, holds x; x is within the whole. */
static gsize
find_index (const EgHeatmapLayout *self, double x, double origin, double length, gsize n)
{
  gsize i = (gsize)CLAMP ((x - origin) / (length / (double)n), 0, (double)n - 1);

  if (i > 0 && x < edge (self, origin, length, n, i))
    i--;
  else if (i + 1 < n && x >= edge (self, origin, length, n, i + 1))
    i++;
  return i;
}

gboolean
eg_heatmap_layout_find_cell (const EgHeatmapLayout *self, double x, double y, gsize *layer, gsize *position)
{
  const EgRect *map = &self->map, *all = &self->cells;

  if (!(x >= map->x && x < map->x + map->width && y >= map->y && y < map->y + map->height))
    return FALSE;
  const gsize column = find_index (self, x, all->x, all->width, n_columns (self));
  const gsize row = find_index (self, y, all->y, all->height, n_rows (self));
  const gboolean tokens_down = eg_heatmap_layout_is_tokens_down (self);
  if (layer != NULL)
    *layer = tokens_down ? column : row;
  if (position != NULL)
    *position = tokens_down ? row : column;
  return TRUE;
}

void
eg_heatmap_layout_get_visible (const EgHeatmapLayout *self, gsize columns[2], gsize rows[2])
{
  const EgRect *map = &self->map, *all = &self->cells;
  const double inside = 1e-6;

  columns[0] = find_index (self, map->x + inside, all->x, all->width, n_columns (self));
  columns[1] = find_index (self, map->x + map->width - inside, all->x, all->width, n_columns (self)) + 1;
  rows[0] = find_index (self, map->y + inside, all->y, all->height, n_rows (self));
  rows[1] = find_index (self, map->y + map->height - inside, all->y, all->height, n_rows (self)) + 1;
}

gboolean
eg_heatmap_layout_get_subject (const EgHeatmapLayout *self, double *from, double *to)
{
  const EgRect first = eg_heatmap_layout_get_cell (self, 0, self->subject_first);
  const EgRect last = eg_heatmap_layout_get_cell (self, 0, self->subject_last);
  const EgRect *map = &self->map;

  *from = *to = 0;
  if (!eg_heatmap_layout_tells_tokens (self))
    return FALSE;
  if (eg_heatmap_layout_is_tokens_down (self))
    {
      *from = MAX (first.y, map->y);
      *to = MIN (last.y + last.height, map->y + map->height);
    }
  else
    {
      *from = MAX (first.x, map->x);
      *to = MIN (last.x + last.width, map->x + map->width);
    }
  return *from < *to;
}

double
eg_heatmap_layout_place (const EgHeatmapLayout *self, const EgTraceGrid *grid, double score)
{
  if (self->normalized)
    return eg_trace_grid_normalize (grid, score);
  const double place = CLAMP ((score - self->low) / (self->high - self->low), 0, 1);
  return self->reversed ? 1 - place : place;
}
