/* The tour of the first start: short callouts on the real window, one after the other. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Begins as soon as the window shows a map, unless it was shown before (settings, nullable: then never). */
void eg_tour_offer (GtkWindow *window, GSettings *settings);

/* Begins at once, and again. */
void eg_tour_start (GtkWindow *window);

G_END_DECLS
