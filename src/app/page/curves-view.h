/* One of a trace's charts of curves as a widget. */
#pragma once

#include "plot/curves.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define EG_TYPE_CURVES_VIEW (eg_curves_view_get_type ())

/* Property "curves": "layers", "subject" or "pinned". */
G_DECLARE_FINAL_TYPE (EgCurvesView, eg_curves_view, EG, CURVES_VIEW, GtkWidget)

GtkWidget *eg_curves_view_new (void);

/* NULL: nothing. Call it again, or eg_curves_view_update(), when its numbers have changed. */
void eg_curves_view_set_grid (EgCurvesView *self, EgTraceGrid *grid);
void eg_curves_view_update (EgCurvesView *self);

/* The arrays are copied. */
void eg_curves_view_set_pins (EgCurvesView *self, const EgCell *pins, gsize n_pins);

/* The map's: the curves are in its unit. */
void eg_curves_view_set_scale (EgCurvesView *self, EgScale scale);

/* The layer under the pointer or cursor, marked by a line; −1: none. */
void eg_curves_view_set_layer (EgCurvesView *self, gssize layer);

G_END_DECLS
