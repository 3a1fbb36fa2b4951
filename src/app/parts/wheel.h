/* The wheel scrolls, and changes no value. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* From now on the wheel over the spin buttons below this widget scrolls what they are in, as it does over
 * everything else: GTK's own turn under any pointer that passes by. Keys, their buttons and typing change
 * them as before. */
void eg_wheel_scrolls_only (GtkWidget *root);

G_END_DECLS
