/* What a drop-down row offers. */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* Texts [n], already translated; whole in the list that opens, however long they are. */
void eg_choices_set (AdwComboRow *row, const char *const *texts, gsize n);

G_END_DECLS
