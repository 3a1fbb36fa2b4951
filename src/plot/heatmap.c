#include "plot/heatmap.h"

#include <math.h>

/* Vector cells reach this far under their right and lower neighbours, which are drawn after them, so that no
 * viewer's anti-aliasing lets the paper shine through between two cells. */
#define OVERLAP 0.4

static double
line_width (const EgHeatmapLayout *self)
{
  const double width = self->style.font_size * 0.08;
  return self->pixel > 0 ? MAX (1, round (width * self->pixel)) / self->pixel : width;
}

static gboolean
is_known (const EgTraceResult *result, gsize layer, gsize position)
{
  return layer < result->n_layers && position < result->n_tokens
         && !isnan (eg_trace_result_score (result, layer, position));
}

static void
add_rectangle (EgRect rect, cairo_t *cr)
{
  cairo_rectangle (cr, rect.x, rect.y, rect.width, rect.height);
}

/* Fills the current path with quiet diagonal lines, which run on from cell to cell. */
static void
fill_with_hatch (const EgHeatmapLayout *self, cairo_t *cr)
{
  const EgRect *map = &self->map;
  const double step = self->style.font_size * 0.7;
  double x0, y0, x1, y1;

  cairo_save (cr);
  if (self->pixel > 0)
    cairo_set_antialias (cr, CAIRO_ANTIALIAS_NONE);
  cairo_clip (cr);
  cairo_clip_extents (cr, &x0, &y0, &x1, &y1);
  eg_color_set (self->style.empty, cr);
  cairo_paint (cr);

  /* Lines x + y = k·step, in the map's coordinates. */
  cairo_set_antialias (cr, CAIRO_ANTIALIAS_DEFAULT);
  eg_color_set (self->style.hatch, cr);
  cairo_set_line_width (cr, line_width (self));
  const double first = floor ((x0 - map->x + y0 - map->y) / step), last = (x1 - map->x + y1 - map->y) / step;
  for (double k = first; k <= last; k++)
    {
      const double sum = k * step + map->x + map->y;
      cairo_move_to (cr, sum - (y0 - 1), y0 - 1);
      cairo_line_to (cr, sum - (y1 + 1), y1 + 1);
    }
  cairo_stroke (cr);
  cairo_restore (cr);
}

static void
draw_empty_cells (const EgHeatmapLayout *self, const EgTraceResult *result, cairo_t *cr)
{
  gboolean any = FALSE;

  cairo_new_path (cr);
  for (gsize l = 0; l < self->n_layers; l++)
    for (gsize t = 0; t < self->n_tokens; t++)
      if (!is_known (result, l, t))
        {
          add_rectangle (eg_heatmap_layout_get_cell (self, l, t), cr);
          any = TRUE;
        }
  if (any)
    fill_with_hatch (self, cr);
}

static void
fill_cell (const EgHeatmapLayout *self, const EgTraceResult *result, gsize layer, gsize position, cairo_t *cr)
{
  EgRect cell = eg_heatmap_layout_get_cell (self, layer, position);
  const double place
      = eg_heatmap_layout_place (self, result, eg_trace_result_score (result, layer, position));

  if (self->pixel <= 0)
    {
      if (is_known (result, layer, position + 1))
        cell.width += OVERLAP;
      if (is_known (result, layer + 1, position))
        cell.height += OVERLAP;
    }
  eg_color_set (eg_colormap_lookup (self->style.colormap, place), cr);
  add_rectangle (cell, cr);
  cairo_fill (cr);
}

static void
draw_cells (const EgHeatmapLayout *self, const EgTraceResult *result, cairo_t *cr)
{
  cairo_save (cr);
  if (self->pixel > 0)
    cairo_set_antialias (cr, CAIRO_ANTIALIAS_NONE);
  for (gsize l = 0; l < self->n_layers; l++)
    for (gsize t = 0; t < self->n_tokens; t++)
      if (is_known (result, l, t))
        fill_cell (self, result, l, t, cr);
  cairo_restore (cr);
}

/* The x of both lines, just outside the subject's cells, which they must not cover. */
static void
get_subject_lines (const EgHeatmapLayout *self, double *x0, double *x1)
{
  const double half = line_width (self) / 2;
  const EgRect first = eg_heatmap_layout_get_cell (self, 0, self->subject_first);
  const EgRect last = eg_heatmap_layout_get_cell (self, 0, self->subject_last);
  *x0 = first.x - half;
  *x1 = last.x + last.width + half;
}

/* Dashed over the map: dark on a light line, to be seen on every colour. */
static void
draw_subject_lines (const EgHeatmapLayout *self, cairo_t *cr)
{
  const double dash = self->style.font_size * 0.33;
  const double dashes[] = { dash, dash };
  double x[2];

  get_subject_lines (self, &x[0], &x[1]);
  cairo_save (cr);
  cairo_set_line_width (cr, line_width (self));
  for (gsize i = 0; i < 2; i++)
    {
      cairo_move_to (cr, x[i], self->map.y);
      cairo_line_to (cr, x[i], self->map.y + self->map.height);
    }
  cairo_set_source_rgba (cr, 1, 1, 1, 0.75);
  cairo_stroke_preserve (cr);
  cairo_set_dash (cr, dashes, 2, 0);
  cairo_set_source_rgba (cr, 0, 0, 0, 0.85);
  cairo_stroke (cr);
  cairo_restore (cr);
}

/* Over the map, open downwards, with the gap that its label needs. */
static void
draw_bracket (const EgHeatmapLayout *self, const EgLabel *label, cairo_t *cr)
{
  const double pad = self->style.font_size * 0.4;
  const EgRect text = eg_label_get_extents (label);
  double x0, x1;

  get_subject_lines (self, &x0, &x1);
  cairo_save (cr);
  eg_color_set (self->style.subject, cr);
  cairo_set_line_width (cr, line_width (self));
  const double y = self->bracket_y + line_width (self) / 2;
  cairo_move_to (cr, x0, self->map.y);
  cairo_line_to (cr, x0, y);
  if (text.y < y && text.y + text.height > y)
    {
      cairo_line_to (cr, text.x - pad, y);
      cairo_move_to (cr, text.x + text.width + pad, y);
    }
  cairo_line_to (cr, x1, y);
  cairo_line_to (cr, x1, self->map.y);
  cairo_stroke (cr);
  cairo_restore (cr);
}

static void
draw_frame (const EgHeatmapLayout *self, EgRect rect, cairo_t *cr)
{
  const double half = line_width (self) / 2;
  cairo_rectangle (cr, rect.x - half, rect.y - half, rect.width + 2 * half, rect.height + 2 * half);
}

static void
draw_axes (const EgHeatmapLayout *self, cairo_t *cr)
{
  const double line = line_width (self), tick = self->style.font_size * 0.3;
  const EgRect *map = &self->map, *bar = &self->bar;

  cairo_save (cr);
  cairo_set_line_width (cr, line);
  EgColor color = self->style.dim;
  color.alpha *= 0.6;
  eg_color_set (color, cr);
  draw_frame (self, *map, cr);
  draw_frame (self, *bar, cr);
  for (gsize l = 0; l < self->n_layers; l += self->layer_step)
    {
      const EgRect cell = eg_heatmap_layout_get_cell (self, l, 0);
      const double y = self->pixel > 0
                           ? floor ((cell.y + cell.height / 2) * self->pixel) / self->pixel + line / 2
                           : cell.y + cell.height / 2;
      cairo_move_to (cr, map->x - line - tick, y);
      cairo_line_to (cr, map->x - line, y);
    }
  for (gsize t = 0; t < self->n_tokens; t++)
    {
      const EgRect cell = eg_heatmap_layout_get_cell (self, 0, t);
      const double x = self->pixel > 0
                           ? floor ((cell.x + cell.width / 2) * self->pixel) / self->pixel + line / 2
                           : cell.x + cell.width / 2;
      cairo_move_to (cr, x, map->y + map->height + line);
      cairo_line_to (cr, x, map->y + map->height + line + tick);
    }
  for (guint i = 0; i <= self->n_bar_steps; i++)
    {
      double y = bar->y + bar->height * i / self->n_bar_steps;
      if (self->pixel > 0)
        y = (i == 0 ? -line / 2 : line / 2) + round (y * self->pixel) / self->pixel;
      cairo_move_to (cr, bar->x + bar->width + line, y);
      cairo_line_to (cr, bar->x + bar->width + line + tick, y);
    }
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

void
eg_heatmap_draw (const EgHeatmapLayout *self, const EgTraceResult *result, cairo_t *cr)
{
  g_return_if_fail (result->n_layers == self->n_layers && result->n_tokens == self->n_tokens);

  if (self->style.background.alpha > 0)
    {
      eg_color_set (self->style.background, cr);
      cairo_paint (cr);
    }
  draw_empty_cells (self, result, cr);
  draw_cells (self, result, cr);
  draw_bar (self, cr);
  draw_axes (self, cr);
  draw_subject_lines (self, cr);
  draw_bracket (self, self->subject_label, cr);
  for (guint i = 0; i < self->labels->len; i++)
    eg_label_draw (self->labels->pdata[i], cr);
}

void
eg_heatmap_draw_cell (
    const EgHeatmapLayout *self, const EgTraceResult *result, gsize layer, gsize position, cairo_t *cr)
{
  g_return_if_fail (layer < self->n_layers && position < self->n_tokens);

  cairo_save (cr);
  cairo_set_antialias (cr, CAIRO_ANTIALIAS_NONE);
  add_rectangle (eg_heatmap_layout_get_cell (self, layer, position), cr);
  if (is_known (result, layer, position))
    {
      cairo_clip (cr);
      fill_cell (self, result, layer, position, cr);
    }
  else
    {
      cairo_clip_preserve (cr);
      fill_with_hatch (self, cr);
    }
  /* The lines lie just outside the subject: in its neighbours' cells. */
  if (position + 1 == self->subject_first || position == self->subject_last + 1)
    {
      cairo_set_antialias (cr, CAIRO_ANTIALIAS_DEFAULT);
      draw_subject_lines (self, cr);
    }
  cairo_restore (cr);
}
