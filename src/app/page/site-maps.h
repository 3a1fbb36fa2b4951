/* The sites of one trace as small maps on one scale, one click apart. */
#pragma once

#include "plot/multiples.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define EG_TYPE_SITE_MAPS (eg_site_maps_get_type ())

/* Signals: "chosen" (guint index): another map is to be the large one; "activated" (guint index): a double
 * click or Return on it. */
G_DECLARE_FINAL_TYPE (EgSiteMaps, eg_site_maps, EG, SITE_MAPS, GtkWidget)

GtkWidget *eg_site_maps_new (void);

/* Shows the n results as they are now; again when they have changed. Hidden where there are fewer than two:
 * there is nothing to choose. The array is copied. */
void eg_site_maps_set_grids (EgSiteMaps *self, EgTraceGrid *const *grids, gsize n);

/* Which is the large one. Does not emit the signal. */
void eg_site_maps_set_chosen (EgSiteMaps *self, gsize chosen);
gsize eg_site_maps_get_chosen (EgSiteMaps *self);

/* As the large map's. */
void eg_site_maps_set_style (EgSiteMaps *self, EgColormap colormap, EgScale scale, EgOrientation orientation);

/* As the large map: one that does not show the present settings steps back a little. */
void eg_site_maps_set_dimmed (EgSiteMaps *self, gboolean dimmed);

G_END_DECLS
