/* Places small heatmaps in rows, on the scale that all of them share. */
#include "plot/multiples.h"

#include "plot/heatmap-private.h"

#include <math.h>

/* Multiples of the font size. */
#define WIDTH     9.0 /* of a map, at least */
#define HEIGHT    5.0
#define GAP       0.9
#define TITLE_GAP 0.45
#define FRAME     0.25 /* between a map and the frame of the chosen one */

static double
snap (const EgMultiples *self, double x)
{
  return self->pixel > 0 ? round (x * self->pixel) / self->pixel : x;
}

static double
line_height (const EgHeatmapStyle *style)
{
  g_autoptr (EgLabel) label
      = eg_label_new ("Ág", style->font_family, style->font_size, FALSE, style->foreground);
  return label->height;
}

static gsize
count_across (gsize n, const EgHeatmapStyle *style, double width)
{
  const double em = style->font_size;
  return (gsize)CLAMP ((width - GAP * em) / ((WIDTH + GAP) * em), 1, (double)n);
}

/* The widest of their scales, so that a colour is the same number in all. */
static void
choose_scale (EgMultiples *self, EgTraceGrid *const *grids, const EgHeatmapStyle *style)
{
  self->normalized = TRUE;
  self->low = INFINITY;
  self->high = -INFINITY;
  for (int attempt = 0; attempt < 2; attempt++)
    {
      EgHeatmapStyle scaled = *style;
      /* What one of them cannot be shown as, none is. */
      if (!self->normalized && style->scale == EG_SCALE_NORMALIZED)
        scaled.scale = EG_SCALE_RAW;
      self->low = INFINITY;
      self->high = -INFINITY;
      for (gsize i = 0; i < self->n; i++)
        {
          EgHeatmapLayout scale;
          eg_heatmap_layout_init_scale (&scale, grids[i], &scaled);
          self->normalized = self->normalized && scale.normalized;
          self->low = MIN (self->low, scale.low);
          self->high = MAX (self->high, scale.high);
        }
      if (self->normalized)
        break;
    }
}

void
eg_multiples_init (EgMultiples *self,
                   EgTraceGrid *const *grids,
                   gsize n,
                   const EgHeatmapStyle *style,
                   double width,
                   double height,
                   double pixel)
{
  const double em = style->font_size;

  g_return_if_fail (n > 0);
  *self = (EgMultiples){ .n = n, .width = width, .height = height, .pixel = pixel };
  self->n_across = count_across (n, style, width);
  self->n_down = (n + self->n_across - 1) / self->n_across;
  self->cell_width = width / (double)self->n_across;
  self->cell_height = height / (double)self->n_down;
  self->title_height = line_height (style) + TITLE_GAP * em;
  self->map_height = MAX (self->cell_height - self->title_height - GAP * em, em);
  choose_scale (self, grids, style);
}

double
eg_multiples_natural_height (gsize n, const EgHeatmapStyle *style, double width)
{
  const double em = style->font_size;
  const gsize across = count_across (n, style, width), down = (n + across - 1) / across;
  return (double)down * (line_height (style) + (TITLE_GAP + HEIGHT + GAP) * em);
}

EgRect
eg_multiples_get_place (const EgMultiples *self, gsize i)
{
  return (EgRect){ (double)(i % self->n_across) * self->cell_width,
                   (double)(i / self->n_across) * self->cell_height, self->cell_width, self->cell_height };
}

EgRect
eg_multiples_get_map (const EgMultiples *self, gsize i)
{
  const EgRect place = eg_multiples_get_place (self, i);
  const double gap = (self->cell_height - self->title_height - self->map_height) / 2;
  const double x = snap (self, place.x + gap), y = snap (self, place.y + gap + self->title_height);

  return (EgRect){ x, y, MAX (snap (self, place.x + place.width - gap) - x, 1),
                   MAX (snap (self, place.y + place.height - gap) - y, 1) };
}

gboolean
eg_multiples_find (const EgMultiples *self, double x, double y, gsize *i)
{
  if (!(x >= 0 && y >= 0 && x < self->width && y < self->height))
    return FALSE;
  const gsize column = MIN ((gsize)(x / self->cell_width), self->n_across - 1);
  const gsize row = MIN ((gsize)(y / self->cell_height), self->n_down - 1);
  *i = row * self->n_across + column;
  return *i < self->n;
}

/* The map without axes: the drawing code of the large one, on a layout that has no texts. */
static void
draw_map (const EgMultiples *self, EgTraceGrid *grid, const EgHeatmapStyle *style, EgRect rect, cairo_t *cr)
{
  EgHeatmapStyle scaled = *style;
  EgHeatmapLayout layout;

  /* What one of them cannot be shown as, none is. */
  if (!self->normalized && scaled.scale == EG_SCALE_NORMALIZED)
    scaled.scale = EG_SCALE_RAW;
  eg_heatmap_layout_init_scale (&layout, grid, &scaled);
  layout.width = self->width;
  layout.height = self->height;
  layout.pixel = self->pixel;
  layout.map = layout.cells = rect;
  if (!style->own_scale)
    eg_heatmap_layout_set_ends (&layout, grid, self->normalized, self->low, self->high);
  eg_heatmap_draw_bare (&layout, grid, cr);
}

static void
draw_title (const EgMultiples *self,
            const char *text,
            const EgHeatmapStyle *style,
            gboolean chosen,
            EgRect map,
            cairo_t *cr)
{
  g_autoptr (EgLabel) label = eg_label_new (text, style->font_family, style->font_size, FALSE,
                                            chosen ? style->foreground : style->dim);
  eg_label_limit (label, map.width);
  eg_label_place (label, 0, 1, map.x, map.y - TITLE_GAP * style->font_size, 0);
  eg_label_draw (label, cr);
}

void
eg_multiples_draw (const EgMultiples *self,
                   EgTraceGrid *const *grids,
                   const char *const *titles,
                   const EgHeatmapStyle *style,
                   gsize chosen,
                   cairo_t *cr)
{
  const double out = FRAME * style->font_size;

  if (style->background.alpha > 0)
    {
      eg_color_set (style->background, cr);
      cairo_paint (cr);
    }
  for (gsize i = 0; i < self->n; i++)
    {
      const EgRect map = eg_multiples_get_map (self, i);
      draw_map (self, grids[i], style, map, cr);
      draw_title (self, titles[i], style, i == chosen, map, cr);
      if (i != chosen)
        continue;
      eg_color_set (style->foreground, cr);
      cairo_set_line_width (cr, out / 2);
      cairo_rectangle (cr, map.x - out, map.y - out, map.width + 2 * out, map.height + 2 * out);
      cairo_stroke (cr);
    }
}
