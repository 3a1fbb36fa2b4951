/* Two studies on paper: both maps on one scale, their difference, and both curves over relative depth. */
#pragma once

#include "plot/figure.h"
#include "plot/study-map.h"
#include "study/study-comparison.h"

G_BEGIN_DECLS

/**
 * EgStudyComparisonFigure: what makes a figure (figure.h) of a comparison, which it borrows, as it does the
 * titles of its sides. Of the options' style, the size, the fonts, the colours and the colour map count.
 * @dark: whether it is drawn on a dark window, and not on paper
 * @maps: A, B, A − B; the first may stand for what is drawn where a figure wants a grid
 */
typedef struct
{
  EgDrawing drawing;
  const EgStudyComparison *comparison;
  EgStudyQuantity quantity;
  const char *title_a, *title_b;
  gboolean dark;
  EgTraceGrid *maps[3];
} EgStudyComparisonFigure;

/* To be cleared after; its address must not change meanwhile. */
void eg_study_comparison_figure_init (EgStudyComparisonFigure *self,
                                      const EgStudyComparison *comparison,
                                      EgStudyQuantity quantity,
                                      const char *title_a,
                                      const char *title_b);
void eg_study_comparison_figure_clear (EgStudyComparisonFigure *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (EgStudyComparisonFigure, eg_study_comparison_figure_clear)

/* What is beside what, over how many facts, and what bands and hatching mean. (transfer full) */
char *eg_study_comparison_figure_make_caption (const EgStudyComparisonFigure *self);

G_END_DECLS
