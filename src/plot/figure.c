/* Draws one of the pictures of a result in the size that was asked for, under its title and over its caption.
 */
#include "plot/figure.h"

#include "core/error.h"
#include "plot/heatmap-private.h"
#include "trace/ask/site-names.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#define POINTS_PER_INCH 72.0
/* Of a chart of curves. */
#define CURVES_ASPECT 0.5
/* Of several heatmaps side by side each has so much, or more. */
#define MAP_WIDTH 2.0 /* inches */
/* Multiples of the font size. */
#define MARGIN       0.5
#define TITLE_SIZE   1.25
#define CAPTION_SIZE 0.9

static const char *const pictures[EG_N_PICTURES] = { "heatmap", "layers", "subject", "pinned", "sites" };

void
eg_figure_options_init (EgFigureOptions *self)
{
  *self = (EgFigureOptions){ .width = EG_FIGURE_WIDTH_PAGE, .png_scale = 2 };
  eg_heatmap_style_init_figure (&self->style);
  self->style.colormap = EG_COLORMAP_PURPLES;
}

EgFigure *
eg_figure_copy (const EgFigure *self)
{
  EgFigure *copy = g_memdup2 (self, sizeof *self);
  copy->options.style.title = g_strdup (self->options.style.title);
  copy->options.style.font_family = g_strdup (self->options.style.font_family);
  copy->options.caption = g_strdup (self->options.caption);
  return copy;
}

void
eg_figure_free (EgFigure *self)
{
  if (self == NULL)
    return;
  g_free ((char *)self->options.style.title);
  g_free ((char *)self->options.style.font_family);
  g_free ((char *)self->options.caption);
  g_free (self);
}

const char *
eg_picture_get_name (EgPicture picture)
{
  g_return_val_if_fail (picture < EG_N_PICTURES, NULL);
  return pictures[picture];
}

gboolean
eg_picture_from_name (const char *name, EgPicture *picture, GError **error)
{
  g_autoptr (GString) names = g_string_new (NULL);
  for (guint i = 0; i < EG_N_PICTURES; i++)
    {
      if (strcmp (name, pictures[i]) == 0)
        {
          *picture = i;
          return TRUE;
        }
      g_string_append_printf (names, "%s%s", i > 0 ? ", " : "", pictures[i]);
    }
  return eg_error_invalid (error, _ ("There is no picture “%s”; there are %s"), name, names->str);
}

gboolean
eg_picture_is_of (EgPicture picture, const EgTraceGrid *grid, gsize n_pins)
{
  const gboolean cells = eg_trace_grid_tells_layers (grid) && eg_trace_grid_tells_tokens (grid);
  switch (picture)
    {
    case EG_PICTURE_LAYERS:
    case EG_PICTURE_SUBJECT:
      return cells;
    case EG_PICTURE_PINNED:
      return n_pins > 0 && eg_trace_grid_tells_layers (grid);
    case EG_PICTURE_SITES:
      return grid->result->n_grids > 1;
    case EG_PICTURE_HEATMAP:
    case EG_N_PICTURES:
    default:
      return TRUE;
    }
}

static double
get_width (const EgFigure *self)
{
  return self->options.width * POINTS_PER_INCH;
}

/* ---- title and caption ---- */

/* NULL where there is none. (transfer full) */
static EgLabel *
make_title (const EgFigure *self)
{
  const EgHeatmapStyle *style = &self->options.style;
  const double em = style->font_size;
  if (style->title == NULL || *style->title == '\0')
    return NULL;
  EgLabel *label = eg_label_new (style->title, style->font_family, em * TITLE_SIZE, FALSE, style->foreground);
  eg_label_wrap (label, get_width (self) - 2 * MARGIN * em);
  return label;
}

static EgLabel *
make_caption (const EgFigure *self)
{
  const EgHeatmapStyle *style = &self->options.style;
  const double em = style->font_size;
  if (self->options.caption == NULL || *self->options.caption == '\0')
    return NULL;
  EgLabel *label
      = eg_label_new (self->options.caption, style->font_family, em * CAPTION_SIZE, FALSE, style->dim);
  eg_label_wrap_left (label, get_width (self) - 2 * MARGIN * em);
  return label;
}

/* What they take of the height. */
static double
height_around (const EgFigure *self)
{
  g_autoptr (EgLabel) title = make_title (self), caption = make_caption (self);
  const double em = self->options.style.font_size;
  return (title != NULL ? title->height + MARGIN * em : 0)
         + (caption != NULL ? caption->height + 2 * MARGIN * em : 0);
}

/* ---- heatmaps side by side ---- */

static gsize
count_across (const EgFigure *self, const EgTraceGrid *grid)
{
  return (gsize)CLAMP (self->options.width / MAP_WIDTH, 1, (double)grid->result->n_grids);
}

/* The style of all the maps: a raw scale holds what all of them have. */
static EgHeatmapStyle
get_sites_style (const EgFigure *self, const EgTraceGrid *grid)
{
  EgHeatmapStyle style = self->options.style;
  for (gsize i = 0; i < grid->result->n_grids; i++)
    eg_heatmap_style_hold_scores (&style, grid->result->grids[i]);
  return style;
}

/* Bars have their numbers at the left, and a scale of its own takes its own colour bar. */
static gboolean
shares_bar (const EgHeatmapStyle *style, const EgTraceGrid *grid)
{
  return !style->own_scale && eg_trace_grid_tells_layers (grid) && eg_trace_grid_tells_tokens (grid);
}

/* The colour bar of all maps, for a row of this height; NULL where each has its own. (transfer full) */
static EgHeatmapLayout *
make_bar (const EgHeatmapStyle *style, const EgTraceGrid *grid, double height, double pixel)
{
  EgHeatmapLayout *bar
      = shares_bar (style, grid) ? eg_heatmap_layout_new_bar (grid, style, height, pixel) : NULL;
  for (gsize i = 0; bar != NULL && i < grid->result->n_grids; i++)
    {
      EgHeatmapLayout map;
      eg_heatmap_layout_init_scale (&map, grid->result->grids[i], style);
      bar->beyond_bottom = bar->beyond_bottom || map.beyond_bottom;
      bar->beyond_top = bar->beyond_top || map.beyond_top;
    }
  return bar;
}

/* The place of one map in a row. */
static double
get_map_width (const EgFigure *self, const EgHeatmapStyle *style, const EgTraceGrid *grid)
{
  g_autoptr (EgHeatmapLayout) bar = make_bar (style, grid, 100, 0);
  return (get_width (self) - (bar != NULL ? bar->width : 0)) / (double)count_across (self, grid);
}

/* Of one row of maps. */
static double
get_row_height (const EgFigure *self, const EgTraceGrid *grid)
{
  EgHeatmapStyle style = get_sites_style (self, grid);
  const double width = get_map_width (self, &style, grid);
  style.title = eg_site_name_get_title (grid->site);
  style.hide_bar = shares_bar (&style, grid);
  return eg_heatmap_natural_height (grid, &style, width);
}

/* On a part of the paper, which it fills. */
static void
draw_map (const EgTraceGrid *grid, const EgHeatmapStyle *style, EgRect place, cairo_t *cr, double pixel)
{
  g_autoptr (EgHeatmapLayout) layout = eg_heatmap_layout_new (grid, style, place.width, place.height, pixel);
  cairo_save (cr);
  cairo_translate (cr, place.x, place.y);
  cairo_rectangle (cr, 0, 0, place.width, place.height);
  cairo_clip (cr);
  eg_heatmap_draw (layout, grid, cr);
  cairo_restore (cr);
}

/* To the device's pixels. */
static double
snap (double x, double pixel)
{
  return pixel > 0 ? floor (x * pixel) / pixel : x;
}

static void
draw_sites (const EgFigure *self, const EgTraceGrid *grid, cairo_t *cr, double height, double pixel)
{
  const gsize n = grid->result->n_grids, across = count_across (self, grid);
  const gsize down = (n + across - 1) / across;
  EgHeatmapStyle style = get_sites_style (self, grid);
  const double width = snap (get_map_width (self, &style, grid), pixel),
               row = snap (height / (double)down, pixel);
  g_autoptr (EgHeatmapLayout) bar = make_bar (&style, grid, MIN (height, row), pixel);

  style.hide_bar = bar != NULL;
  for (gsize i = 0; i < n; i++)
    {
      const EgTraceGrid *site = grid->result->grids[i];
      style.title = eg_site_name_get_title (site->site);
      draw_map (site, &style,
                (EgRect){ (double)(i % across) * width, (double)(i / across) * row, width, row }, cr, pixel);
    }
  if (bar == NULL)
    return;
  cairo_save (cr);
  cairo_translate (cr, snap ((double)across * width, pixel), 0);
  eg_heatmap_draw_bar (bar, cr);
  cairo_restore (cr);
}

/* Of the picture alone. */
static double
natural_height (const EgFigure *self, const EgTraceGrid *grid)
{
  if (self->picture == EG_PICTURE_SITES)
    {
      const gsize n = grid->result->n_grids, across = count_across (self, grid);
      return (double)((n + across - 1) / across) * get_row_height (self, grid);
    }
  if (self->picture == EG_PICTURE_HEATMAP)
    {
      EgHeatmapStyle style = self->options.style;
      style.title = NULL;
      return eg_heatmap_natural_height (grid, &style, get_width (self));
    }
  return get_width (self) * CURVES_ASPECT;
}

double
eg_figure_get_height (const EgFigure *self, const EgTraceGrid *grid)
{
  if (self->options.height > 0)
    return self->options.height * POINTS_PER_INCH;
  const double height = self->drawing != NULL ? self->drawing->get_height (self->drawing, &self->options)
                                              : natural_height (self, grid);
  return height + height_around (self);
}

static void
draw_curves (const EgFigure *self, const EgTraceGrid *grid, cairo_t *cr, double height, double pixel)
{
  static const EgCurves curves[EG_N_PICTURES] = {
    [EG_PICTURE_LAYERS] = EG_CURVES_LAYERS,
    [EG_PICTURE_SUBJECT] = EG_CURVES_SUBJECT,
    [EG_PICTURE_PINNED] = EG_CURVES_PINNED,
  };
  const EgHeatmapStyle *style = &self->options.style;
  EgChart chart;

  eg_chart_init_figure (&chart);
  chart.font_family = style->font_family;
  chart.font_size = style->font_size;
  chart.pixel = pixel;
  chart.background.alpha = 0;
  chart.low = style->limit_low;
  chart.high = style->limit_high;
  eg_curves_draw (curves[self->picture], grid, style->scale, self->pins, self->n_pins, &chart,
                  eg_curves_pin_color (0, FALSE), FALSE, -1, cr, get_width (self), height);
}

static void
draw_picture (const EgFigure *self, const EgTraceGrid *grid, cairo_t *cr, double height, double pixel)
{
  EgHeatmapStyle style = self->options.style;

  style.title = NULL;
  if (self->drawing != NULL)
    self->drawing->draw (self->drawing, &self->options, cr, height, pixel);
  else if (self->picture == EG_PICTURE_SITES)
    draw_sites (self, grid, cr, height, pixel);
  else if (self->picture != EG_PICTURE_HEATMAP)
    draw_curves (self, grid, cr, height, pixel);
  else
    draw_map (grid, &style, (EgRect){ 0, 0, get_width (self), height }, cr, pixel);
}

void
eg_figure_draw (const EgFigure *self, const EgTraceGrid *grid, cairo_t *cr, double pixel)
{
  const double em = self->options.style.font_size, height = eg_figure_get_height (self, grid);
  g_autoptr (EgLabel) title = make_title (self), caption = make_caption (self);
  const double top = title != NULL ? snap (title->height + MARGIN * em, pixel) : 0;
  const double below = caption != NULL ? caption->height + 2 * MARGIN * em : 0;

  eg_color_set (self->options.style.background, cr);
  /* A pixel that the paper's end cuts is the paper's, too. */
  cairo_rectangle (cr, 0, 0, get_width (self), pixel > 0 ? ceil (height * pixel) / pixel : height);
  cairo_fill (cr);
  if (title != NULL)
    {
      eg_label_place (title, 0.5, 0, get_width (self) / 2, MARGIN * em, 0);
      eg_label_draw (title, cr);
    }
  cairo_save (cr);
  cairo_translate (cr, 0, top);
  draw_picture (self, grid, cr, MAX (height - top - below, 4 * em), pixel);
  cairo_restore (cr);
  if (caption != NULL)
    {
      eg_label_place (caption, 0, 0, MARGIN * em, height - below + MARGIN * em, 0);
      eg_label_draw (caption, cr);
    }
}
