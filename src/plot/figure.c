#include "plot/figure.h"

#define POINTS_PER_INCH 72.0
/* Of a chart of curves. */
#define CURVES_ASPECT 0.5
#define TITLE_HEIGHT  16.0 /* points */

void
eg_figure_options_init (EgFigureOptions *self)
{
  *self = (EgFigureOptions){ .width = EG_FIGURE_WIDTH_PAGE, .png_scale = 2 };
  eg_heatmap_style_init_figure (&self->style);
}

const char *
eg_picture_get_name (EgPicture picture)
{
  static const char *const names[EG_N_PICTURES] = { "heatmap", "layers", "subject", "pinned" };
  g_return_val_if_fail (picture < EG_N_PICTURES, NULL);
  return names[picture];
}

double
eg_figure_get_height (const EgFigure *self, const EgTraceResult *result)
{
  const EgFigureOptions *options = &self->options;
  const double width = options->width * POINTS_PER_INCH;

  if (options->height > 0)
    return options->height * POINTS_PER_INCH;
  if (self->picture == EG_PICTURE_HEATMAP)
    return eg_heatmap_natural_height (result, &options->style, width);
  return width * CURVES_ASPECT + (options->style.title != NULL ? TITLE_HEIGHT : 0);
}

static void
draw_curves (const EgFigure *self, const EgTraceResult *result, cairo_t *cr, double height, double pixel)
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
  eg_curves_draw (curves[self->picture], result, self->pins, self->n_pins, &chart, style->subject, FALSE, -1,
                  cr, self->options.width * POINTS_PER_INCH, height);
}

void
eg_figure_draw (const EgFigure *self, const EgTraceResult *result, cairo_t *cr, double pixel)
{
  const double width = self->options.width * POINTS_PER_INCH, height = eg_figure_get_height (self, result);

  if (self->picture != EG_PICTURE_HEATMAP)
    {
      draw_curves (self, result, cr, height, pixel);
      return;
    }
  g_autoptr (EgHeatmapLayout) layout
      = eg_heatmap_layout_new (result, &self->options.style, width, height, pixel);
  eg_heatmap_draw (layout, result, cr);
}
