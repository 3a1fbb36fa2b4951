/* Several traces of one prompt as small heatmaps side by side, on one scale: what each site does, at a
 * glance. */
#pragma once

#include "plot/heatmap.h"

G_BEGIN_DECLS

/**
 * EgMultiples: where n small maps go, in rows of as many as there is room for.
 * @pixel: device pixels per unit, as of #EgHeatmapLayout
 * @n_across, @n_down: maps in a row, and rows
 * @cell_width, @cell_height: of the place of one map with its title
 * @low, @high, @normalized: the scale of all of them
 * @map_height: of a map alone; its title, one line, stands above it
 */
typedef struct
{
  gsize n, n_across, n_down;
  double width, height, pixel;
  double cell_width, cell_height, title_height, map_height;
  double low, high;
  gboolean normalized;
} EgMultiples;

/* Places n ≥ 1 maps within width × height. Normalized only where each of them can be; of a style with its own
 * scale, each map has its own. */
void eg_multiples_init (EgMultiples *self,
                        EgTraceGrid *const *grids,
                        gsize n,
                        const EgHeatmapStyle *style,
                        double width,
                        double height,
                        double pixel);

/* How high n maps in this width want to be. */
double eg_multiples_natural_height (gsize n, const EgHeatmapStyle *style, double width);

/* The map alone of number i, and the whole of its place. */
EgRect eg_multiples_get_map (const EgMultiples *self, gsize i);
EgRect eg_multiples_get_place (const EgMultiples *self, gsize i);

/* Which map's place (x, y) is in; FALSE for none. */
gboolean eg_multiples_find (const EgMultiples *self, double x, double y, gsize *i);

/* Draws them with their titles; the one that is `chosen` stands out (≥ n: none does). */
void eg_multiples_draw (const EgMultiples *self,
                        EgTraceGrid *const *grids,
                        const char *const *titles,
                        const EgHeatmapStyle *style,
                        gsize chosen,
                        cairo_t *cr);

G_END_DECLS
