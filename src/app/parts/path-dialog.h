/* Asks for a folder or a file: the system's own dialog, which works inside Flatpak too. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* A kind of file: its ending without the dot ("npz"), and what it is called. */
typedef struct
{
  const char *ending, *title;
} EgFileKind;

/* path: of this computer. */
typedef void (*EgPathFunc) (GtkWindow *parent, const char *path, gpointer user_data);

/* Each shows a dialog, unless the parent has one open; func is called if a path is chosen and the parent
 * lives. title is also the text of the button. */
void eg_path_dialog_open_folder (GtkWindow *parent, const char *title, EgPathFunc func, gpointer user_data);
/* kind: of which file; NULL: of any. */
void eg_path_dialog_open_file (
    GtkWindow *parent, const char *title, const EgFileKind *kind, EgPathFunc func, gpointer user_data);

/* kinds: [n], the first is proposed; a name without one of their endings gets that of the kind chosen. */
void eg_path_dialog_save (GtkWindow *parent,
                          const char *title,
                          const char *name,
                          const EgFileKind *kinds,
                          gsize n,
                          EgPathFunc func,
                          gpointer user_data);

G_END_DECLS
