/* The heatmap's picture as it is kept between frames: only cells that have changed are drawn again. */
#pragma once

#include "plot/heatmap.h"
#include "trace/run/trace.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

typedef struct _EgHeatmapPicture EgHeatmapPicture;

EgHeatmapPicture *eg_heatmap_picture_new (void);
void eg_heatmap_picture_free (EgHeatmapPicture *self);

/* Everything is to be measured and drawn again: the grid, its shape, the style, the size or the zoom is
 * another. */
void eg_heatmap_picture_forget (EgHeatmapPicture *self);

/* Measures, if that is to be done, for width × height at `scale` device pixels a unit. (transfer none) */
const EgHeatmapLayout *eg_heatmap_picture_measure (EgHeatmapPicture *self,
                                                   const EgTraceGrid *grid,
                                                   const EgHeatmapStyle *style,
                                                   int width,
                                                   int height,
                                                   int scale,
                                                   double zoom);

/* As it was measured last; NULL when that is to be done again. (transfer none) */
const EgHeatmapLayout *eg_heatmap_picture_get_layout (EgHeatmapPicture *self);

void eg_heatmap_picture_scroll (EgHeatmapPicture *self, double x, double y);

/* These cells have new scores (others than the result has are passed over), or, with no cells, the
 * probabilities are new. Nothing is drawn before the picture is asked for. */
void eg_heatmap_picture_add_changes (EgHeatmapPicture *self,
                                     const EgTraceGrid *grid,
                                     const EgTraceCell *cells,
                                     gsize n_cells);

/* Draws what has changed. The layout must be there. */
void eg_heatmap_picture_snapshot (EgHeatmapPicture *self, const EgTraceGrid *grid, GtkSnapshot *snapshot);

G_END_DECLS
