/* A comparison's picture on paper. */
#pragma once

#include "plot/comparison-picture.h"
#include "plot/figure.h"

G_BEGIN_DECLS

/* What makes a figure (figure.h) of a comparison, which it borrows, as it does the titles of its maps. Of the
 * options, the size, the fonts and the colours count. */
typedef struct
{
  EgDrawing drawing;
  const EgComparison *comparison;
  const char *title_a, *title_b;
} EgComparisonFigure;

void eg_comparison_figure_init (EgComparisonFigure *self,
                                const EgComparison *comparison,
                                const char *title_a,
                                const char *title_b);

G_END_DECLS
