/* Two maps on one scale, what they differ by, and both over relative depth: one picture for paper. */
#pragma once

#include "plot/figure.h"
#include "trace/compare/comparison.h"

G_BEGIN_DECLS

/* Makes a figure one of this comparison, which it borrows. Of the options, the size, the fonts and the
 * colours count. title_a, title_b: of the maps, borrowed. */
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

/* The difference as a map: its layers are the comparison's rows, its tokens the groups. For what shows maps.
 * (transfer full): eg_trace_grid_unref() */
EgTraceGrid *eg_comparison_get_map (const EgComparison *self);

/* The style with a scale that lies evenly about 0 and holds every difference. */
EgHeatmapStyle eg_comparison_get_style (const EgComparison *self, const EgHeatmapStyle *style);

/* Hatches the cells of the difference's map that are within two standard errors of 0. */
void eg_comparison_hatch (const EgComparison *self, const EgHeatmapLayout *layout, cairo_t *cr);

G_END_DECLS
