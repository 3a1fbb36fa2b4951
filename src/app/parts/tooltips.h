/* Tooltips that give way to what a person is looking at. */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* From now on, the tooltips of this widget and of all that is below it do not come while a menu of theirs is
 * open, which they would cover, nor where they would cover an error: in a row that is marked "wrong". */
void eg_tooltips_give_way (GtkWidget *root);

/* Nor that of this widget while the other one is seen. It is not kept alive. */
void eg_tooltips_give_way_to (GtkWidget *widget, GtkWidget *other);

G_END_DECLS
