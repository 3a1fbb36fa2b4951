/* What is wrong with a field, or worth knowing about it, as a line below it and for a screen reader. */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* message NULL: all is well. error: it is wrong, and not only worth knowing. */
void eg_field_message_show (GtkLabel *label, GtkWidget *field, const char *message, gboolean error);

/* Of a row that opens: what stands in it, or in place of that what is wrong with it; error NULL: nothing. */
void eg_field_message_show_row (AdwExpanderRow *row, const char *summary, const char *error);

G_END_DECLS
