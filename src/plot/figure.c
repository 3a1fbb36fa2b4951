/* Draws one of the pictures of a result in the size that was asked for. */
#include "plot/figure.h"

#include "trace/ask/site-names.h"

#define POINTS_PER_INCH 72.0
/* Of a chart of curves. */
#define CURVES_ASPECT 0.5
#define TITLE_HEIGHT  16.0 /* points */
/* Of several heatmaps side by side each has so much, or more. */
#define MAP_WIDTH 2.8 /* inches */

void
eg_figure_options_init (EgFigureOptions *self)
{
  *self = (EgFigureOptions){ .width = EG_FIGURE_WIDTH_PAGE, .png_scale = 2 };
  eg_heatmap_style_init_figure (&self->style);
}

const char *
eg_picture_get_name (EgPicture picture)
{
  static const char *const names[EG_N_PICTURES] = { "heatmap", "layers", "subject", "pinned", "sites" };
  g_return_val_if_fail (picture < EG_N_PICTURES, NULL);
  return names[picture];
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

/* Of one row of maps. */
static double
get_row_height (const EgFigure *self, const EgTraceGrid *grid)
{
  EgHeatmapStyle style = get_sites_style (self, grid);
  const double width = self->options.width * POINTS_PER_INCH / (double)count_across (self, grid);
  style.title = eg_site_name_get_title (grid->site);
  return eg_heatmap_natural_height (grid, &style, width);
}

static void
draw_sites (const EgFigure *self, const EgTraceGrid *grid, cairo_t *cr, double height, double pixel)
{
  const gsize n = grid->result->n_grids, across = count_across (self, grid);
  const gsize down = (n + across - 1) / across;
  const double top = self->options.style.title != NULL ? TITLE_HEIGHT : 0;
  const double width = self->options.width * POINTS_PER_INCH / (double)across;
  const double row = (height - top) / (double)down;
  EgHeatmapStyle style = get_sites_style (self, grid);

  eg_color_set (style.background, cr);
  cairo_paint (cr);
  if (top > 0)
    {
      g_autoptr (EgLabel) title
          = eg_label_new (style.title, style.font_family, style.font_size * 1.25, TRUE, style.foreground);
      eg_label_limit (title, self->options.width * POINTS_PER_INCH);
      eg_label_place (title, 0.5, 0.5, self->options.width * POINTS_PER_INCH / 2, top / 2, 0);
      eg_label_draw (title, cr);
    }
  style.background.alpha = 0;
  for (gsize i = 0; i < n; i++)
    {
      const EgTraceGrid *site = grid->result->grids[i];
      style.title = eg_site_name_get_title (site->site);
      g_autoptr (EgHeatmapLayout) layout = eg_heatmap_layout_new (site, &style, width, row, pixel);
      cairo_save (cr);
      cairo_translate (cr, (double)(i % across) * width, top + (double)(i / across) * row);
      eg_heatmap_draw (layout, site, cr);
      cairo_restore (cr);
    }
}

double
eg_figure_get_height (const EgFigure *self, const EgTraceGrid *grid)
{
  const EgFigureOptions *options = &self->options;
  const double width = options->width * POINTS_PER_INCH;

  if (self->drawing != NULL)
    return self->drawing->get_height (self->drawing, options);
  if (options->height > 0)
    return options->height * POINTS_PER_INCH;
  if (self->picture == EG_PICTURE_SITES)
    {
      const gsize n = grid->result->n_grids, across = count_across (self, grid);
      return (double)((n + across - 1) / across) * get_row_height (self, grid)
             + (options->style.title != NULL ? TITLE_HEIGHT : 0);
    }
  if (self->picture == EG_PICTURE_HEATMAP)
    return eg_heatmap_natural_height (grid, &options->style, width);
  return width * CURVES_ASPECT + (options->style.title != NULL ? TITLE_HEIGHT : 0);
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
  chart.title = style->title;
  chart.font_family = style->font_family;
  chart.font_size = style->font_size;
  chart.pixel = pixel;
  eg_curves_draw (curves[self->picture], grid, self->pins, self->n_pins, &chart, style->subject, FALSE, -1,
                  cr, self->options.width * POINTS_PER_INCH, height);
}

void
eg_figure_draw (const EgFigure *self, const EgTraceGrid *grid, cairo_t *cr, double pixel)
{
  const double width = self->options.width * POINTS_PER_INCH, height = eg_figure_get_height (self, grid);

  if (self->drawing != NULL)
    {
      self->drawing->draw (self->drawing, &self->options, cr, pixel);
      return;
    }
  if (self->picture == EG_PICTURE_SITES)
    {
      draw_sites (self, grid, cr, height, pixel);
      return;
    }
  if (self->picture != EG_PICTURE_HEATMAP)
    {
      draw_curves (self, grid, cr, height, pixel);
      return;
    }
  g_autoptr (EgHeatmapLayout) layout
      = eg_heatmap_layout_new (grid, &self->options.style, width, height, pixel);
  eg_heatmap_draw (layout, grid, cr);
}
