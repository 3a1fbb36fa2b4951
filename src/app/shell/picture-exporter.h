/* Figures on their way to a file: asks where to, has them written in a thread, and says what became of it. */
#pragma once

#include "app/parts/path-dialog.h"

#include <adwaita.h>

G_BEGIN_DECLS

/* Asks for the file of a figure: .svg, .pdf or .png; name: what is proposed, with the ending .svg. */
void eg_picture_ask_path (GtkWindow *window, const char *name, EgPathFunc func, gpointer data);

/* In a thread: writes the file, or says why not. drawing must not change. */
typedef gboolean (*EgPictureFunc) (gconstpointer drawing, const char *path, GError **error);

/* Gives a window that shows one picture a button for it in its header bar, and Ctrl+E. Once: a second picture
 * takes the place of the first. drawing: (transfer full), for free() by `clear`, maybe after the window. */
void eg_picture_exporter_add (GtkWindow *window,
                              AdwHeaderBar *bar,
                              AdwToastOverlay *toasts,
                              EgPictureFunc write,
                              gpointer drawing,
                              GDestroyNotify clear);

G_END_DECLS
