/* How a map is enlarged and moved: by wheel, fingers and keys, with scrollbars over its edges. */
#pragma once

#include "plot/heatmap.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define EG_ZOOM_STEP 1.25 /* of a key or a notch of the wheel */

typedef struct _EgMapScroll EgMapScroll;

/* zoomed: the map is to be measured again and given to eg_map_scroll_configure(); moved: to be scrolled. */
typedef void (*EgMapScrollFunc) (GtkWidget *widget, gboolean zoomed);

/* Adds controllers and two scrollbars to a widget, which must dispose of this before it is gone. */
EgMapScroll *eg_map_scroll_new (GtkWidget *widget, EgMapScrollFunc changed);
void eg_map_scroll_free (EgMapScroll *self);

/* How many times larger than the map its cells are, 1 … */
double eg_map_scroll_get_zoom (EgMapScroll *self);
void eg_map_scroll_get_place (EgMapScroll *self, double *x, double *y);

/* The map has been measured: sets how far it can be scrolled, keeping what was at the point that was zoomed
 * at. */
void eg_map_scroll_configure (EgMapScroll *self, const EgHeatmapLayout *layout);

/* Back to where all is in view: for another map. Does not call back. */
void eg_map_scroll_reset (EgMapScroll *self);

/* Enlarges by a factor about a point of the widget; 0: back to where all cells are in view. */
void eg_map_scroll_zoom (EgMapScroll *self, double factor, double x, double y);

/* Scrolls no farther than needed for a rectangle of the widget to be in view. */
void eg_map_scroll_reveal (EgMapScroll *self, EgRect rect);

/* For the widget's vfuncs. */
void eg_map_scroll_measure (EgMapScroll *self, GtkOrientation orientation);
void eg_map_scroll_allocate (EgMapScroll *self);
void eg_map_scroll_snapshot (EgMapScroll *self, GtkSnapshot *snapshot);

G_END_DECLS
