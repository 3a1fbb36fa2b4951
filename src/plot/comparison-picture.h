/* Two maps on one scale, what they differ by, and both over relative depth: one picture, on paper and on the
 * screen, where the same place is marked in all of them. */
#pragma once

#include "plot/heatmap.h"
#include "trace/compare/comparison.h"

G_BEGIN_DECLS

/* A place in all maps: a row of the difference, which is a relative depth, and a group of tokens. */
typedef struct
{
  gsize row, group;
} EgComparisonCell;

/**
 * EgComparisonPicture: where everything goes.
 * @comparison: borrowed; @dark: on a dark background
 * @maps: A, B and the difference, whose grid is the picture's own; @places: of the maps with their axes
 * @curves: the place of the curves
 */
typedef struct
{
  const EgComparison *comparison;
  gboolean dark;
  EgTraceGrid *difference;
  EgHeatmapLayout *maps[3];
  EgRect places[3], curves;
  double pixel;
} EgComparisonPicture;

/* Of the style, fonts, colours and the map's colour scale count; the scale is the comparison's. (transfer
 * full) */
EgComparisonPicture *eg_comparison_picture_new (const EgComparison *comparison,
                                                const EgHeatmapStyle *style,
                                                gboolean dark,
                                                const char *title_a,
                                                const char *title_b,
                                                double width,
                                                double height,
                                                double pixel);
void eg_comparison_picture_free (EgComparisonPicture *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgComparisonPicture, eg_comparison_picture_free)

/* The height at which the maps have a good shape. */
double eg_comparison_natural_height (const EgComparison *comparison,
                                     const EgHeatmapStyle *style,
                                     const char *title,
                                     double width);

/* Which place of all maps is at (x, y) of one of them; FALSE outside them, and at tokens that the other has
 * not. */
gboolean
eg_comparison_picture_find (const EgComparisonPicture *self, double x, double y, EgComparisonCell *cell);

/* Its layer in one of the two maps: the one nearest to its depth. */
gsize
eg_comparison_cell_get_layer (const EgComparison *self, const EgComparisonCell *cell, const EgTraceGrid *map);

/* The whole picture. marked: a place to mark in all maps, or NULL. */
void
eg_comparison_picture_draw (const EgComparisonPicture *self, const EgComparisonCell *marked, cairo_t *cr);

G_END_DECLS
