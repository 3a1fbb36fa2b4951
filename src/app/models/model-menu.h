/* The menu of models: the demo model, those opened before, those found on this machine. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define EG_TYPE_MODEL_MENU (eg_model_menu_get_type ())

/* Items activate "win.open-model-named" with a folder or a name, "win.open-model", "win.get-model",
 * "win.choose-tokenizer" and "win.tokenizer". */
G_DECLARE_FINAL_TYPE (EgModelMenu, eg_model_menu, EG, MODEL_MENU, GObject)

/* The one of the program, to its end: a GtkPopoverMenu of GTK 4.8 never lets go of a menu's sections.
 * settings: of the first call; where the models opened before are remembered; may be NULL. (transfer none) */
EgModelMenu *eg_model_menu_get_default (GSettings *settings);

/* (transfer none) */
GMenuModel *eg_model_menu_get_menu (EgModelMenu *self);

/* Looks again, in the background, at what is there. */
void eg_model_menu_refresh (EgModelMenu *self);

/* A model was opened from this folder. */
void eg_model_menu_remember (EgModelMenu *self, const char *folder);

G_END_DECLS
