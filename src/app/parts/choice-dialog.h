/* A dialog with one list, of which a row is chosen. */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* Modal over the parent, as high as its rows up to a limit, and still to be presented. list: (out) (transfer
 * none): where the rows go. (transfer none): the toolkit’s, until it is closed */
GtkWindow *eg_choice_dialog_new (GtkWindow *parent, const char *title, GtkListBox **list);

G_END_DECLS
