/* Draws a comparison on paper. */
#include "plot/comparison-figure.h"

#define POINTS_PER_INCH 72.0

static double
get_height (gconstpointer drawing, const EgFigureOptions *options)
{
  const EgComparisonFigure *self = ((const EgDrawing *)drawing)->data;
  return eg_comparison_natural_height (self->comparison, &options->style, self->title_a,
                                       options->width * POINTS_PER_INCH);
}

static void
draw (gconstpointer drawing, const EgFigureOptions *options, cairo_t *cr, double height, double pixel)
{
  const EgComparisonFigure *self = ((const EgDrawing *)drawing)->data;
  g_autoptr (EgComparisonPicture) picture
      = eg_comparison_picture_new (self->comparison, &options->style, FALSE, self->title_a, self->title_b,
                                   options->width * POINTS_PER_INCH, height, pixel);
  eg_comparison_picture_draw (picture, NULL, cr);
}

void
eg_comparison_figure_init (EgComparisonFigure *self,
                           const EgComparison *comparison,
                           const char *title_a,
                           const char *title_b)
{
  *self = (EgComparisonFigure){ { get_height, draw, self }, comparison, title_a, title_b };
}
