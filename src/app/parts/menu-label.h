/* A text as a menu item's label. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Short, and without mnemonics. (transfer full) */
char *eg_menu_label (const char *text);

G_END_DECLS
