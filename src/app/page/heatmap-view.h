/* The heatmap on the screen: live, with a card under the pointer and a cursor for the keyboard. */
#pragma once

#include "plot/curves.h"
#include "plot/heatmap.h"
#include "trace/run/trace.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Signals: "pins-changed" (), "cursor-moved" (): another cell is under the pointer or the keyboard's cursor,
 * or none. */
#define EG_TYPE_HEATMAP_VIEW (eg_heatmap_view_get_type ())
G_DECLARE_FINAL_TYPE (EgHeatmapView, eg_heatmap_view, EG, HEATMAP_VIEW, GtkWidget)

GtkWidget *eg_heatmap_view_new (void);

/* Shows a grid, which may still grow; NULL: nothing. */
void eg_heatmap_view_set_grid (EgHeatmapView *self, EgTraceGrid *grid);

/* The grid has new values: of these cells, or only of its probabilities. Draws those cells alone. */
void eg_heatmap_view_update_cells (EgHeatmapView *self, const EgTraceCell *cells, gsize n_cells);

/* Says to a screen reader how far the trace is. Not for every update: a few times a second. */
void eg_heatmap_view_announce (EgHeatmapView *self);

/* A map that does not show the present settings steps back a little. */
void eg_heatmap_view_set_dimmed (EgHeatmapView *self, gboolean dimmed);

/* The cells that were clicked, the oldest first: at most EG_MAX_PINS. (transfer none) */
const EgCell *eg_heatmap_view_get_pins (EgHeatmapView *self, gsize *n);
void eg_heatmap_view_unpin_all (EgHeatmapView *self);

/* The layer under the pointer or cursor; −1: none. */
gssize eg_heatmap_view_get_layer (EgHeatmapView *self);

void eg_heatmap_view_set_colormap (EgHeatmapView *self, EgColormap colormap);
void eg_heatmap_view_set_scale (EgHeatmapView *self, EgScale scale);
/* Whether cells within two standard errors of no effect are hatched. */
void eg_heatmap_view_set_hatch_noise (EgHeatmapView *self, gboolean hatch_noise);
void eg_heatmap_view_set_orientation (EgHeatmapView *self, EgOrientation orientation);

/* Makes the cells larger by a factor, held within 1 (all in view) and what is still useful; 0: all in view.
 */
void eg_heatmap_view_zoom (EgHeatmapView *self, double factor);
double eg_heatmap_view_get_zoom (EgHeatmapView *self);

/* Where everything is; NULL while there is nothing, or no room for it. (transfer none): until the next
 * change. */
const EgHeatmapLayout *eg_heatmap_view_get_layout (EgHeatmapView *self);

G_END_DECLS
