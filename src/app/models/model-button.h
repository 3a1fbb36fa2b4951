/* The header bar's button of models: which one is there, how far one is that is being loaded, and the menu.
 */
#pragma once

#include "app/models/model-loader.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define EG_TYPE_MODEL_BUTTON (eg_model_button_get_type ())
G_DECLARE_FINAL_TYPE (EgModelButton, eg_model_button, EG, MODEL_BUTTON, AdwBin)

/* Whose model is shown; once. settings: where the models opened before are remembered, or NULL. */
void eg_model_button_set_loader (EgModelButton *self, EgModelLoader *loader, GSettings *settings);

G_END_DECLS
