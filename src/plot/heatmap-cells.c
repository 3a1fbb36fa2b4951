/* Draws one cell of a heatmap: its colour, what marks it as beyond the scale or within the noise, or its bar.
 */
#include "plot/heatmap-private.h"

#include <math.h>

/* Vector cells reach this far under their right and lower neighbours, which are drawn after them, so that no
 * viewer's anti-aliasing lets the paper shine through between two cells. */
#define OVERLAP 0.4

/* Parts of a cell. */
#define CORNER    0.28
#define BAR_WIDTH 0.66
#define CAP_WIDTH 0.3

/* Multiples of the font size. */
#define MAX_CORNER      0.55
#define LEAST_CELL      0.5 /* that is marked at all */
#define NOISE_STEP      0.55
#define ESTIMATED_WIDTH 1.8  /* of its lines, times a line's width */
#define ALIKE           0.25 /* a difference in light that is not seen between thin lines */
#define DARK_ALPHA      0.22 /* of its lines where they are dark, and where they are light */
#define LIGHT_ALPHA     0.42
#define MAX_CAP         0.5
#define BAR_POINT       0.45
#define BAR_STRENGTH    0.8 /* of the colour map: the place of a bar's colour */

/* A cell is beyond an end by more than this part of the scale. */
#define BEYOND 0.01

double
eg_heatmap_line_width (const EgHeatmapLayout *self)
{
  const double width = self->style.font_size * 0.08;
  return self->pixel > 0 ? MAX (1, round (width * self->pixel)) / self->pixel : width;
}

gboolean
eg_heatmap_is_known (const EgTraceGrid *grid, gsize layer, gsize position)
{
  return layer < grid->n_layers && position < grid->n_tokens
         && !isnan (eg_trace_grid_shown (grid, layer, position));
}

static void
add_rectangle (EgRect rect, cairo_t *cr)
{
  cairo_rectangle (cr, rect.x, rect.y, rect.width, rect.height);
}

static double
get_light (EgColor color)
{
  return 0.2126 * color.red + 0.7152 * color.green + 0.0722 * color.blue;
}

/* To be seen on a colour. */
static void
set_contrast (EgColor color, double alpha, cairo_t *cr)
{
  const double gray = get_light (color) > 0.45 ? 0 : 1;
  cairo_set_source_rgba (cr, gray, gray, gray, alpha);
}

/* Lines down to the right, the other way than those of empty cells; they run on from cell to cell. */
static void
draw_noise (const EgHeatmapLayout *self, EgRect rect, EgColor color, cairo_t *cr)
{
  const EgRect *all = &self->cells;
  const double step = self->style.font_size * NOISE_STEP;
  const double first = floor ((rect.x - all->x - (rect.y + rect.height - all->y)) / step);
  const double last = ceil ((rect.x + rect.width - all->x - (rect.y - all->y)) / step);

  cairo_save (cr);
  add_rectangle (rect, cr);
  cairo_clip (cr);
  cairo_set_antialias (cr, CAIRO_ANTIALIAS_DEFAULT);
  set_contrast (color, 0.28, cr);
  cairo_set_line_width (cr, eg_heatmap_line_width (self) * 0.8);
  for (double k = first; k <= last; k++)
    {
      const double difference = k * step + all->x - all->y;
      cairo_move_to (cr, rect.y - 1 + difference, rect.y - 1);
      cairo_line_to (cr, rect.y + rect.height + 1 + difference, rect.y + rect.height + 1);
    }
  cairo_stroke (cr);
  cairo_restore (cr);
}

/* The lines of cells that are not computed (heatmap.c), over a colour: an estimate. */
static void
draw_estimated (const EgHeatmapLayout *self, EgRect rect, EgColor color, cairo_t *cr)
{
  /* The picture's ground shines through, unless the colour is as light, or as dark, as that is. */
  const EgColor *ground = &self->style.estimated;
  const gboolean alike = fabs (get_light (color) - get_light (*ground)) < ALIKE;

  const EgRect *all = &self->cells;
  const double step = self->style.font_size * EG_HEATMAP_HATCH_STEP;
  const double x = rect.x - all->x, y = rect.y - all->y;
  const double first = floor ((x + y) / step), last = ceil ((x + rect.width + y + rect.height) / step);

  cairo_save (cr);
  add_rectangle (rect, cr);
  cairo_clip (cr);
  cairo_set_antialias (cr, CAIRO_ANTIALIAS_DEFAULT);
  if (alike)
    set_contrast (color, get_light (color) > 0.45 ? DARK_ALPHA : LIGHT_ALPHA, cr);
  else
    eg_color_set (*ground, cr);
  cairo_set_line_width (cr, eg_heatmap_line_width (self) * (alike ? 1 : ESTIMATED_WIDTH));
  for (double k = first; k <= last; k++)
    {
      const double sum = k * step + all->x + all->y;
      cairo_move_to (cr, sum - rect.y + 1, rect.y - 1);
      cairo_line_to (cr, sum - rect.y - rect.height - 1, rect.y + rect.height + 1);
    }
  cairo_stroke (cr);
  cairo_restore (cr);
}

/* A small triangle in the cell's right corner, at the top or at the bottom. */
static void
draw_corner (const EgHeatmapLayout *self, EgRect rect, EgColor color, gboolean top, cairo_t *cr)
{
  const double em = self->style.font_size, side = MIN (rect.width, rect.height);
  const double size = eg_heatmap_layout_snap (self, MIN (CORNER * side, MAX_CORNER * em));
  const double x = rect.x + rect.width, y = top ? rect.y : rect.y + rect.height;

  if (side < LEAST_CELL * em)
    return;
  cairo_save (cr);
  cairo_set_antialias (cr, CAIRO_ANTIALIAS_DEFAULT);
  cairo_move_to (cr, x - size, y);
  cairo_line_to (cr, x, y);
  cairo_line_to (cr, x, top ? y + size : y - size);
  cairo_close_path (cr);
  set_contrast (color, 0.85, cr);
  cairo_fill (cr);
  cairo_restore (cr);
}

static void
fill_color (const EgHeatmapLayout *self, const EgTraceGrid *grid, gsize layer, gsize position, cairo_t *cr)
{
  const EgRect cell = eg_heatmap_layout_get_cell (self, layer, position);
  const double score = eg_trace_grid_shown (grid, layer, position);
  const double place = eg_heatmap_layout_place_unclipped (self, grid, score);
  const EgColor color = eg_colormap_lookup (self->style.colormap, isnan (place) ? 0 : CLAMP (place, 0, 1));
  EgRect filled = cell;

  if (self->pixel <= 0)
    {
      const gboolean tokens_down = eg_heatmap_layout_is_tokens_down (self);
      if (eg_heatmap_is_known (grid, layer + tokens_down, position + !tokens_down))
        filled.width += OVERLAP;
      if (eg_heatmap_is_known (grid, layer + !tokens_down, position + tokens_down))
        filled.height += OVERLAP;
    }
  eg_color_set (color, cr);
  add_rectangle (filled, cr);
  cairo_fill (cr);
  if (eg_trace_grid_is_estimated (grid, layer, position))
    draw_estimated (self, cell, color, cr);
  else if (self->style.hatch_noise && eg_trace_grid_is_noise (grid, layer, position))
    draw_noise (self, cell, color, cr);
  if (place > 1 + BEYOND || place < -BEYOND)
    draw_corner (self, cell, color, place > 1, cr);
}

/* ---- bars ---- */

double
eg_heatmap_layout_height_of (const EgHeatmapLayout *self, double value)
{
  const double place = CLAMP ((value - self->low) / (self->high - self->low), 0, 1);
  return self->map.y + self->map.height * (1 - place);
}

/* The middle of the device pixel at a place, so that a line of one pixel is sharp. */
static double
sharp (const EgHeatmapLayout *self, double x)
{
  return self->pixel > 0 ? (floor (x * self->pixel) + 0.5) / self->pixel : x;
}

/* The ground that a bar stands on, with the scale's lines over the whole width of its column. */
static void
draw_ground (const EgHeatmapLayout *self, EgRect cell, cairo_t *cr)
{
  if (self->pixel > 0)
    {
      const EgColor *ground = &self->style.background;
      cairo_save (cr);
      cairo_set_operator (cr, CAIRO_OPERATOR_SOURCE);
      eg_color_set (*ground, cr);
      add_rectangle (cell, cr);
      cairo_fill (cr);
      cairo_restore (cr);
    }
  cairo_set_line_width (cr, eg_heatmap_line_width (self));
  for (guint i = 0; i <= self->n_bar_steps; i++)
    {
      const double value = self->first_tick + (self->high - self->first_tick) * i / self->n_bar_steps;
      const double y = sharp (self, eg_heatmap_layout_height_of (self, value));
      EgColor color = self->style.dim;
      color.alpha *= 0.2;
      eg_color_set (color, cr);
      cairo_move_to (cr, cell.x, y);
      cairo_line_to (cr, cell.x + cell.width, y);
      cairo_stroke (cr);
    }
}

static void
draw_base (const EgHeatmapLayout *self, EgRect cell, cairo_t *cr)
{
  const double y = sharp (self, eg_heatmap_layout_height_of (self, self->base));
  EgColor color = self->style.dim;

  color.alpha *= 0.8;
  eg_color_set (color, cr);
  cairo_set_line_width (cr, eg_heatmap_line_width (self));
  cairo_move_to (cr, cell.x, y);
  cairo_line_to (cr, cell.x + cell.width, y);
  cairo_stroke (cr);
}

/* ± one standard error. */
static void
draw_error (const EgHeatmapLayout *self, double middle, double width, double value, double sem, cairo_t *cr)
{
  const double x = sharp (self, middle);
  const double top = eg_heatmap_layout_height_of (self, value + sem);
  const double bottom = eg_heatmap_layout_height_of (self, value - sem);
  const double half = MIN (CAP_WIDTH * width, MAX_CAP * self->style.font_size) / 2;

  if (isnan (sem) || bottom - top < eg_heatmap_line_width (self))
    return;
  eg_color_set (self->style.foreground, cr);
  cairo_set_line_width (cr, eg_heatmap_line_width (self));
  cairo_move_to (cr, x, top);
  cairo_line_to (cr, x, bottom);
  cairo_move_to (cr, x - half, sharp (self, top));
  cairo_line_to (cr, x + half, sharp (self, top));
  cairo_move_to (cr, x - half, sharp (self, bottom));
  cairo_line_to (cr, x + half, sharp (self, bottom));
  cairo_stroke (cr);
}

/* Where a bar goes on beyond the scale. */
static void
draw_point (const EgHeatmapLayout *self, EgRect bar, EgColor color, gboolean top, cairo_t *cr)
{
  const double size = MIN (BAR_POINT * self->style.font_size, bar.width / 2), middle = bar.x + bar.width / 2;
  const double tip = top ? self->map.y : self->map.y + self->map.height;

  cairo_move_to (cr, middle, tip);
  cairo_line_to (cr, middle + size, tip + (top ? size : -size));
  cairo_line_to (cr, middle - size, tip + (top ? size : -size));
  cairo_close_path (cr);
  set_contrast (color, 0.85, cr);
  cairo_fill (cr);
}

/* What goes one way has the colour of much, what goes the other that of the contrary where there is one. */
static EgColor
choose_bar_color (const EgHeatmapLayout *self, double value)
{
  const EgColormap map = self->style.colormap;
  const gboolean two_sided = map == EG_COLORMAP_RDBU_R || map == EG_COLORMAP_RDYLBU_R;
  return eg_colormap_lookup (map, two_sided && value < self->base ? 1 - BAR_STRENGTH : BAR_STRENGTH);
}

static void
draw_bar (const EgHeatmapLayout *self, const EgTraceGrid *grid, gsize layer, gsize position, cairo_t *cr)
{
  const EgScale scale = self->style.scale;
  const EgRect cell = eg_heatmap_layout_get_cell (self, layer, position);
  const double value = eg_scale_get_value (scale, grid, eg_trace_grid_shown (grid, layer, position));
  const double sem = eg_scale_get_error (scale, grid, eg_trace_grid_sem (grid, layer, position));
  const double place = (value - self->low) / (self->high - self->low);
  const EgColor color = choose_bar_color (self, value);
  const double a = eg_heatmap_layout_height_of (self, value),
               b = eg_heatmap_layout_height_of (self, self->base);
  const double left = eg_heatmap_layout_snap (self, cell.x + cell.width * (1 - BAR_WIDTH) / 2);
  const double right = eg_heatmap_layout_snap (self, cell.x + cell.width * (1 + BAR_WIDTH) / 2);
  const EgRect bar = { left, MIN (a, b), right - left, fabs (a - b) };
  EgRect ground = cell;

  /* Under its neighbour, as cells do. */
  if (self->pixel <= 0
      && eg_heatmap_is_known (grid, layer + !self->tells_tokens, position + self->tells_tokens))
    ground.width += OVERLAP;

  cairo_save (cr);
  cairo_set_antialias (cr, CAIRO_ANTIALIAS_DEFAULT);
  if (self->pixel > 0)
    {
      add_rectangle (cell, cr);
      cairo_clip (cr);
    }
  draw_ground (self, ground, cr);
  eg_color_set (color, cr);
  add_rectangle (bar, cr);
  cairo_fill (cr);
  if (eg_trace_grid_is_estimated (grid, layer, position))
    draw_estimated (self, bar, color, cr);
  else if (self->style.hatch_noise && bar.height > 0 && eg_trace_grid_is_noise (grid, layer, position))
    draw_noise (self, bar, color, cr);
  draw_base (self, ground, cr);
  draw_error (self, cell.x + cell.width / 2, cell.width, value, sem, cr);
  if (place > 1 + BEYOND || place < -BEYOND)
    draw_point (self, bar, color, place > 1, cr);
  cairo_restore (cr);
}

void
eg_heatmap_fill_cell (
    const EgHeatmapLayout *self, const EgTraceGrid *grid, gsize layer, gsize position, cairo_t *cr)
{
  if (self->is_bars)
    draw_bar (self, grid, layer, position, cr);
  else
    fill_color (self, grid, layer, position, cr);
}
