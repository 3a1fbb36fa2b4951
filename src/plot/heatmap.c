/* Draws a heatmap where its layout says: cells, hatch, lines, axes and bar. */
#include "plot/heatmap-private.h"

#include <math.h>

static void
add_rectangle (EgRect rect, cairo_t *cr)
{
  cairo_rectangle (cr, rect.x, rect.y, rect.width, rect.height);
}

static void
clip_to_map (const EgHeatmapLayout *self, cairo_t *cr)
{
  if (!eg_heatmap_layout_is_cut (self))
    return;
  add_rectangle (self->map, cr);
  cairo_clip (cr);
}

/* Fills the current path with quiet diagonal lines, which run on from cell to cell. */
static void
fill_with_hatch (const EgHeatmapLayout *self, cairo_t *cr)
{
  const EgRect *all = &self->cells;
  const double step = self->style.font_size * EG_HEATMAP_HATCH_STEP;
  double x0, y0, x1, y1;

  cairo_save (cr);
  if (self->pixel > 0)
    cairo_set_antialias (cr, CAIRO_ANTIALIAS_NONE);
  cairo_clip (cr);
  cairo_clip_extents (cr, &x0, &y0, &x1, &y1);
  eg_color_set (self->style.empty, cr);
  cairo_paint (cr);

  /* Lines x + y = k·step, in the cells' coordinates; each over the whole height, whatever is clipped, so that
   * the same pixels are as dark. */
  cairo_set_antialias (cr, CAIRO_ANTIALIAS_DEFAULT);
  eg_color_set (self->style.hatch, cr);
  cairo_set_line_width (cr, eg_heatmap_line_width (self));
  const double first = floor ((x0 - all->x + y0 - all->y) / step),
               last = (x1 - all->x + y1 - all->y) / step + 1;
  const double top = self->map.y - 1, bottom = self->map.y + self->map.height + 1;
  for (double k = first; k <= last; k++)
    {
      const double sum = k * step + all->x + all->y;
      cairo_move_to (cr, sum - top, top);
      cairo_line_to (cr, sum - bottom, bottom);
    }
  cairo_stroke (cr);
  cairo_restore (cr);
}

/* Calls a function for every cell in view. */
typedef void (*CellFunction) (
    const EgHeatmapLayout *self, const EgTraceGrid *grid, gsize layer, gsize position, cairo_t *cr);

static void
for_each_cell (const EgHeatmapLayout *self, const EgTraceGrid *grid, CellFunction function, cairo_t *cr)
{
  const gboolean tokens_down = eg_heatmap_layout_is_tokens_down (self);
  gsize columns[2], rows[2];

  eg_heatmap_layout_get_visible (self, columns, rows);
  for (gsize row = rows[0]; row < rows[1]; row++)
    for (gsize column = columns[0]; column < columns[1]; column++)
      function (self, grid, tokens_down ? column : row, tokens_down ? row : column, cr);
}

static void
add_if_empty (const EgHeatmapLayout *self, const EgTraceGrid *grid, gsize layer, gsize position, cairo_t *cr)
{
  if (!eg_heatmap_is_known (grid, layer, position))
    add_rectangle (eg_heatmap_layout_get_cell (self, layer, position), cr);
}

static gboolean
is_beside_subject (const EgHeatmapLayout *self, gsize position)
{
  return position + 1 == self->subject_first || position == self->subject_last + 1;
}

static void
add_if_empty_beside (
    const EgHeatmapLayout *self, const EgTraceGrid *grid, gsize layer, gsize position, cairo_t *cr)
{
  if (is_beside_subject (self, position))
    add_if_empty (self, grid, layer, position, cr);
}

static void
draw_empty_cells (const EgHeatmapLayout *self, const EgTraceGrid *grid, cairo_t *cr)
{
  cairo_save (cr);
  clip_to_map (self, cr);
  cairo_new_path (cr);
  for_each_cell (self, grid, add_if_empty, cr);
  if (cairo_has_current_point (cr))
    {
      /* Cells cover it where they are known, and a rectangle is far quicker to clip to than thousands. */
      if (self->pixel > 0)
        {
          cairo_new_path (cr);
          add_rectangle (self->map, cr);
        }
      fill_with_hatch (self, cr);
    }
  cairo_restore (cr);
}

static void
fill_if_known (const EgHeatmapLayout *self, const EgTraceGrid *grid, gsize layer, gsize position, cairo_t *cr)
{
  if (eg_heatmap_is_known (grid, layer, position))
    eg_heatmap_fill_cell (self, grid, layer, position, cr);
}

static void
draw_cells (const EgHeatmapLayout *self, const EgTraceGrid *grid, cairo_t *cr)
{
  cairo_save (cr);
  clip_to_map (self, cr);
  if (self->pixel > 0)
    cairo_set_antialias (cr, CAIRO_ANTIALIAS_NONE);
  for_each_cell (self, grid, fill_if_known, cr);
  cairo_restore (cr);
}

/* ---- the subject ---- */

/* A point by its places along the axis of tokens and across it. */
static void
move_to (const EgHeatmapLayout *self, double along, double across, cairo_t *cr)
{
  if (eg_heatmap_layout_is_tokens_down (self))
    cairo_move_to (cr, across, along);
  else
    cairo_move_to (cr, along, across);
}

static void
line_to (const EgHeatmapLayout *self, double along, double across, cairo_t *cr)
{
  if (eg_heatmap_layout_is_tokens_down (self))
    cairo_line_to (cr, across, along);
  else
    cairo_line_to (cr, along, across);
}

/* Where the subject begins and ends, of what is in view, just outside its cells, which lines must not cover;
 * and whether it goes on out of view. */
static gboolean
get_subject_ends (const EgHeatmapLayout *self, double ends[2], gboolean cut[2])
{
  const double half = eg_heatmap_line_width (self) / 2;
  const EgRect first = eg_heatmap_layout_get_cell (self, 0, self->subject_first);
  const EgRect last = eg_heatmap_layout_get_cell (self, 0, self->subject_last);
  const gboolean tokens_down = eg_heatmap_layout_is_tokens_down (self);

  if (!eg_heatmap_layout_get_subject (self, &ends[0], &ends[1]))
    return FALSE;
  cut[0] = ends[0] > (tokens_down ? first.y : first.x) + 1e-6;
  cut[1] = ends[1] < (tokens_down ? last.y + last.height : last.x + last.width) - 1e-6;
  ends[0] -= cut[0] ? 0 : half;
  ends[1] += cut[1] ? 0 : half;
  return TRUE;
}

/* Dashed over the map: dark on a light line, to be seen on every colour. */
static void
draw_subject_lines (const EgHeatmapLayout *self, cairo_t *cr)
{
  const double dash = self->style.font_size * 0.33;
  const double dashes[] = { dash, dash };
  const EgRect *map = &self->map;
  const gboolean tokens_down = eg_heatmap_layout_is_tokens_down (self);
  double ends[2];
  gboolean cut[2];

  if (!get_subject_ends (self, ends, cut))
    return;
  cairo_save (cr);
  cairo_set_line_width (cr, eg_heatmap_line_width (self));
  for (gsize i = 0; i < 2; i++)
    if (!cut[i])
      {
        move_to (self, ends[i], tokens_down ? map->x : map->y, cr);
        line_to (self, ends[i], tokens_down ? map->x + map->width : map->y + map->height, cr);
      }
  cairo_set_source_rgba (cr, 1, 1, 1, 0.75);
  cairo_stroke_preserve (cr);
  cairo_set_dash (cr, dashes, 2, 0);
  cairo_set_source_rgba (cr, 0, 0, 0, 0.85);
  cairo_stroke (cr);
  cairo_restore (cr);
}

/* Along the map, open towards it, with the gap that its label needs; without an end where it goes on out of
 * view. */
static void
draw_bracket (const EgHeatmapLayout *self, cairo_t *cr)
{
  const double pad = self->style.font_size * 0.4, line = eg_heatmap_line_width (self);
  const gboolean tokens_down = eg_heatmap_layout_is_tokens_down (self);
  const EgRect text = eg_label_get_extents (self->subject_label);
  const double foot = tokens_down ? self->map.x + self->map.width : self->map.y;
  const double back = self->bracket + (tokens_down ? -line : line) / 2;
  double ends[2];
  gboolean cut[2];

  if (!get_subject_ends (self, ends, cut))
    return;
  cairo_save (cr);
  eg_color_set (self->style.subject, cr);
  cairo_set_line_width (cr, line);
  move_to (self, ends[0], cut[0] ? back : foot, cr);
  line_to (self, ends[0], back, cr);
  if (self->subject_within && !self->subject_label->hidden)
    {
      line_to (self, (tokens_down ? text.y : text.x) - pad, back, cr);
      move_to (self, (tokens_down ? text.y + text.height : text.x + text.width) + pad, back, cr);
    }
  line_to (self, ends[1], back, cr);
  line_to (self, ends[1], cut[1] ? back : foot, cr);
  cairo_stroke (cr);
  cairo_restore (cr);
}

/* ---- axes ---- */

static void
draw_frame (const EgHeatmapLayout *self, EgRect rect, cairo_t *cr)
{
  const double half = eg_heatmap_line_width (self) / 2;
  cairo_rectangle (cr, rect.x - half, rect.y - half, rect.width + 2 * half, rect.height + 2 * half);
}

/* A short line out of the map at a labelled cell's middle, where that is in view. */
static void
add_tick (const EgHeatmapLayout *self, gboolean down, double origin, double size, gsize i, cairo_t *cr)
{
  const double line = eg_heatmap_line_width (self), tick = self->style.font_size * 0.3;
  const EgRect *map = &self->map;
  const double middle = origin + ((double)i + 0.5) * size;
  const double at = self->pixel > 0 ? floor (middle * self->pixel) / self->pixel + line / 2 : middle;

  if (middle < (down ? map->y : map->x) || middle > (down ? map->y + map->height : map->x + map->width))
    return;
  if (down)
    {
      cairo_move_to (cr, map->x - line - tick, at);
      cairo_line_to (cr, map->x - line, at);
    }
  else
    {
      cairo_move_to (cr, at, map->y + map->height + line);
      cairo_line_to (cr, at, map->y + map->height + line + tick);
    }
}

static void
draw_axes (const EgHeatmapLayout *self, cairo_t *cr)
{
  const double line = eg_heatmap_line_width (self);
  const gboolean tokens_down = eg_heatmap_layout_is_tokens_down (self);
  const EgRect *all = &self->cells;
  const double layer_size = eg_heatmap_layout_layer_size (self);
  const double token_size = eg_heatmap_layout_token_size (self);

  cairo_save (cr);
  cairo_set_line_width (cr, line);
  EgColor color = self->style.dim;
  color.alpha *= 0.6;
  eg_color_set (color, cr);
  if (!self->is_bars)
    draw_frame (self, self->map, cr);
  for (gsize l = 0; eg_heatmap_layout_tells_layers (self) && l < self->n_layers; l += self->layer_step)
    add_tick (self, !tokens_down, tokens_down ? all->x : all->y, layer_size, l, cr);
  for (gsize t = 0; (self->tells_tokens || !self->is_bars) && t < self->n_tokens; t += self->token_step)
    add_tick (self, tokens_down, tokens_down ? all->y : all->x, token_size, t, cr);
  cairo_stroke (cr);
  cairo_restore (cr);
}

static void
draw_bar (const EgHeatmapLayout *self, cairo_t *cr)
{
  const guint n_stops = 64;
  const EgRect *bar = &self->bar;
  cairo_pattern_t *gradient = cairo_pattern_create_linear (0, bar->y + bar->height, 0, bar->y);

  for (guint i = 0; i <= n_stops; i++)
    {
      const double place = (double)i / n_stops;
      const EgColor color = eg_colormap_lookup (self->style.colormap, place);
      cairo_pattern_add_color_stop_rgb (gradient, place, color.red, color.green, color.blue);
    }
  cairo_set_source (cr, gradient);
  add_rectangle (*bar, cr);
  cairo_fill (cr);
  cairo_pattern_destroy (gradient);
}

/* Beyond the bar's end, for cells that are. */
static void
draw_bar_point (const EgHeatmapLayout *self, gboolean top, cairo_t *cr)
{
  const EgRect *bar = &self->bar;
  const double line = eg_heatmap_line_width (self);
  const double size = EG_HEATMAP_POINT * self->style.font_size - 2 * line;
  const double y = top ? bar->y - line : bar->y + bar->height + line;
  EgColor edge = self->style.dim;

  edge.alpha *= 0.6;
  cairo_move_to (cr, bar->x, y);
  cairo_line_to (cr, bar->x + bar->width, y);
  cairo_line_to (cr, bar->x + bar->width / 2, top ? y - size : y + size);
  cairo_close_path (cr);
  eg_color_set (eg_colormap_lookup (self->style.colormap, top ? 1 : 0), cr);
  cairo_fill_preserve (cr);
  cairo_set_line_width (cr, line);
  eg_color_set (edge, cr);
  cairo_stroke (cr);
}

/* The frame of the colour bar, and a tick at each of its numbers. */
static void
draw_bar_axis (const EgHeatmapLayout *self, cairo_t *cr)
{
  const EgRect *bar = &self->bar;
  const double line = eg_heatmap_line_width (self), tick = self->style.font_size * 0.3;
  EgColor color = self->style.dim;

  color.alpha *= 0.6;
  eg_color_set (color, cr);
  cairo_set_line_width (cr, line);
  draw_frame (self, *bar, cr);
  for (guint i = 0; i <= self->n_bar_steps; i++)
    {
      double y = bar->y + bar->height * i / self->n_bar_steps;
      if (self->pixel > 0)
        y = (i == 0 ? -line / 2 : line / 2) + round (y * self->pixel) / self->pixel;
      cairo_move_to (cr, bar->x + bar->width + line, y);
      cairo_line_to (cr, bar->x + bar->width + line + tick, y);
    }
  cairo_stroke (cr);
}

static void
draw_labels (const EgHeatmapLayout *self, cairo_t *cr)
{
  for (guint i = 0; i < self->labels->len; i++)
    eg_label_draw (self->labels->pdata[i], cr);
}

static void
draw_whole_bar (const EgHeatmapLayout *self, cairo_t *cr)
{
  if (self->is_bars || self->style.hide_bar)
    return;
  cairo_save (cr);
  draw_bar (self, cr);
  draw_bar_axis (self, cr);
  if (self->beyond_top)
    draw_bar_point (self, TRUE, cr);
  if (self->beyond_bottom)
    draw_bar_point (self, FALSE, cr);
  cairo_restore (cr);
}

void
eg_heatmap_draw_bar (const EgHeatmapLayout *self, cairo_t *cr)
{
  draw_whole_bar (self, cr);
  draw_labels (self, cr);
}

void
eg_heatmap_draw (const EgHeatmapLayout *self, const EgTraceGrid *grid, cairo_t *cr)
{
  g_return_if_fail (grid->n_layers == self->n_layers && grid->n_tokens == self->n_tokens);

  if (self->style.background.alpha > 0)
    {
      eg_color_set (self->style.background, cr);
      cairo_paint (cr);
    }
  draw_empty_cells (self, grid, cr);
  draw_cells (self, grid, cr);
  draw_whole_bar (self, cr);
  draw_axes (self, cr);
  draw_subject_lines (self, cr);
  draw_bracket (self, cr);
  draw_labels (self, cr);
}

void
eg_heatmap_draw_bare (const EgHeatmapLayout *self, const EgTraceGrid *grid, cairo_t *cr)
{
  EgColor color = self->style.dim;

  color.alpha *= 0.6;
  draw_empty_cells (self, grid, cr);
  draw_cells (self, grid, cr);
  draw_subject_lines (self, cr);
  eg_color_set (color, cr);
  cairo_set_line_width (cr, eg_heatmap_line_width (self));
  draw_frame (self, self->map, cr);
  cairo_stroke (cr);
}

void
eg_heatmap_draw_known (const EgHeatmapLayout *self, const EgTraceGrid *grid, cairo_t *cr)
{
  g_return_if_fail (grid->n_layers == self->n_layers && grid->n_tokens == self->n_tokens);

  cairo_save (cr);
  add_rectangle (self->map, cr);
  cairo_clip (cr);
  draw_cells (self, grid, cr);
  /* Those beside the subject have its lines, which must not be drawn twice over each other. */
  cairo_new_path (cr);
  for_each_cell (self, grid, add_if_empty_beside, cr);
  if (cairo_has_current_point (cr))
    fill_with_hatch (self, cr);
  draw_subject_lines (self, cr);
  cairo_restore (cr);
}

void
eg_heatmap_draw_cell (
    const EgHeatmapLayout *self, const EgTraceGrid *grid, gsize layer, gsize position, cairo_t *cr)
{
  g_return_if_fail (layer < self->n_layers && position < self->n_tokens);

  cairo_save (cr);
  clip_to_map (self, cr);
  cairo_set_antialias (cr, CAIRO_ANTIALIAS_NONE);
  if (eg_heatmap_is_known (grid, layer, position))
    {
      eg_heatmap_fill_cell (self, grid, layer, position, cr);
    }
  else
    {
      add_rectangle (eg_heatmap_layout_get_cell (self, layer, position), cr);
      fill_with_hatch (self, cr);
    }
  /* The lines lie just outside the subject: in its neighbours' cells. */
  if (is_beside_subject (self, position))
    {
      add_rectangle (eg_heatmap_layout_get_cell (self, layer, position), cr);
      cairo_clip (cr);
      cairo_set_antialias (cr, CAIRO_ANTIALIAS_DEFAULT);
      draw_subject_lines (self, cr);
    }
  cairo_restore (cr);
}
