/* Windows that go from within. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Destroys a window when the main loop is idle: GTK 4.8 dies when it is gone before the button or row that
 * closed it, activated by a screen reader, returns. */
void eg_destroy_later (GtkWindow *window);

/* A window that only shows something closes with Escape, too. */
void eg_close_with_escape (GtkWindow *window);

G_END_DECLS
