/* Asks for a folder or a file to open. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* path: of this computer. */
typedef void (*EgPathFunc) (GtkWindow *parent, const char *path);

/* Shows the dialog, unless the parent has one open; func is called if a path is chosen. suffix: of the files
 * ("json"), and filter_name what they are called; NULL: a folder is asked for. */
void eg_path_dialog_show (
    GtkWindow *parent, const char *title, const char *suffix, const char *filter_name, EgPathFunc func);

G_END_DECLS
