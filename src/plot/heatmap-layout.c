/* Where everything of a heatmap goes. */
#include "plot/heatmap-private.h"

#include <glib/gi18n.h>
#include <math.h>

#define MARGIN EG_HEATMAP_MARGIN
#define GAP    EG_HEATMAP_GAP
#define TICK   EG_HEATMAP_TICK
#define DROP   EG_HEATMAP_DROP

#define BAR_WIDTH   0.9
#define BAR_GAP     1.0
#define TITLE_SIZE  1.25
#define BARS_ASPECT 0.45 /* of the height of bars */
#define MIN_MAP     2.0
#define LEAST_CELL  1.0 /* units, of a map that can be scrolled */

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

  if (self->is_bars || self->style.hide_bar)
    return 2 * MARGIN * em;
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
  /* Bars are as high as the map, however wide they are. */
  self->cells.height = self->is_bars
                           ? self->map.height
                           : MAX (self->map.height, self->least_cell * (double)n_rows (self)) * self->zoom;
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
  const double layer_width
      = self->is_bars ? tick_width : eg_heatmap_labels_width (self, self->n_layers > 100 ? "000" : "00");
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

/* Bars of layers: their numbers below, and the scale's at the left. */
static void
place_bars (EgHeatmapLayout *self, double top, double tick_width)
{
  const double em = self->style.font_size, line = eg_heatmap_labels_line_height (self);
  const double left = (MARGIN + GAP + TICK + 0.2) * em + line + tick_width;

  set_across (self, left, MAX (self->width - width_of_bar (self, tick_width), left + MIN_MAP * em));
  set_down (self, top + line / 2, self->height - 2 * line - (TICK + 0.15 + MARGIN) * em);
  self->token_step = 1;
}

static double
place_headings (EgHeatmapLayout *self, const EgTraceGrid *grid, const EgHeatmapStyle *style)
{
  const double em = style->font_size;
  double top = MARGIN * em;

  if (style->title != NULL && *style->title != '\0')
    top = eg_heatmap_labels_add_heading (self, style->title, em * TITLE_SIZE, style->foreground, top);
  if (style->scale == EG_SCALE_NORMALIZED && !self->normalized)
    top = eg_heatmap_labels_add_heading (
        self,
        _ ("Normalized scores are undefined (corrupting makes nothing worse): scores are shown as they are"),
        em, style->dim, top);
  return top;
}

/* Where cells are beyond its ends. */
static void
make_room_for_points (EgHeatmapLayout *self)
{
  const double point = eg_heatmap_layout_snap (self, EG_HEATMAP_POINT * self->style.font_size);

  if (self->beyond_top)
    self->bar.y += point;
  self->bar.height -= ((self->beyond_top ? 1 : 0) + (self->beyond_bottom ? 1 : 0)) * point;
}

static void
place_bar (EgHeatmapLayout *self, double tick_width)
{
  const double em = self->style.font_size;
  const double right = self->width - width_of_bar (self, tick_width) + BAR_GAP * em;
  const double map_end = self->map.x + self->map.width + BAR_GAP * em;

  if (self->is_bars)
    {
      self->bar = (EgRect){ self->map.x, self->map.y, 0, self->map.height };
      eg_heatmap_labels_add_scale (self, tick_width);
      return;
    }
  if (self->style.hide_bar)
    return;
  self->bar = (EgRect){ eg_heatmap_layout_snap (self, MAX (right, map_end)), self->map.y,
                        eg_heatmap_layout_snap (self, BAR_WIDTH * em), self->map.height };
  make_room_for_points (self);
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
  self->is_bars = !self->tells_layers || !self->tells_tokens;
  /* Bars stand beside each other, whichever way the axes of maps lie. */
  if (self->is_bars)
    self->style.orientation = self->tells_tokens ? EG_ORIENTATION_LAYERS_DOWN : EG_ORIENTATION_TOKENS_DOWN;
  if (style->scale == EG_SCALE_SYMMETRIC)
    self->style.colormap = EG_COLORMAP_RDBU_R;
  eg_heatmap_layout_choose_scale (self, grid);
  self->estimated = eg_trace_grid_has_estimated (grid);
  eg_heatmap_layout_name_scale (self, grid);
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
  if (self->is_bars && !self->tells_tokens)
    place_bars (self, top, tick_width);
  else if (eg_heatmap_layout_is_tokens_down (self))
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
eg_heatmap_layout_new_bar (const EgTraceGrid *grid, const EgHeatmapStyle *style, double height, double pixel)
{
  EgHeatmapLayout *self = g_new0 (EgHeatmapLayout, 1);
  const double em = style->font_size;

  eg_heatmap_layout_init_scale (self, grid, style);
  for (gsize i = 0; i < grid->result->n_grids; i++)
    self->estimated = self->estimated || eg_trace_grid_has_estimated (grid->result->grids[i]);
  eg_heatmap_layout_name_scale (self, grid);
  self->style.hide_bar = FALSE;
  self->pixel = pixel;
  self->height = height;
  self->labels = g_ptr_array_new_with_free_func ((GDestroyNotify)eg_label_free);
  const double tick_width = eg_heatmap_labels_width_of_bar (self);
  self->width = width_of_bar (self, tick_width) - BAR_GAP * em;
  self->bar = (EgRect){ 0, eg_heatmap_layout_snap (self, em), eg_heatmap_layout_snap (self, BAR_WIDTH * em),
                        MAX (eg_heatmap_layout_snap (self, height - 2 * em), MIN_MAP * em) };
  make_room_for_points (self);
  eg_heatmap_labels_add_bar (self, tick_width);
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
  if (layout->is_bars)
    return probe - layout->map.height + BARS_ASPECT * layout->map.width;
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
  now.metric = self->metric;
  now.is_bars = self->is_bars;
  eg_heatmap_layout_choose_scale (&now, grid);
  return now.normalized == self->normalized && now.low == self->low && now.high == self->high
         && now.first_tick == self->first_tick && now.base == self->base
         && now.beyond_bottom == self->beyond_bottom && now.beyond_top == self->beyond_top
         && eg_trace_grid_has_estimated (grid) == self->estimated;
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
