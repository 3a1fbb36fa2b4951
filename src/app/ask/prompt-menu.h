/* Prompts to choose from: the examples, and what was traced before. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The menu, whose items activate "win.fill" with (prompt, subject); it follows the history in the settings of
 * the first call, which may be NULL: the examples alone. All windows share it, since a GtkPopoverMenu of GTK
 * 4.8 never lets go of a menu's sections. (transfer none) */
GMenuModel *eg_prompt_menu_get_default (GSettings *settings);

/* Puts a prompt that is traced at the head of the history. */
void eg_prompt_menu_remember (GSettings *settings, const char *prompt, const char *subject);

/* The first of the examples. */
void eg_prompt_menu_first (const char **prompt, const char **subject);

G_END_DECLS
