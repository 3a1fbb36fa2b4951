/* Loads models in the background, one at a time: the last one that was asked for. */
#pragma once

#include "library/model.h"

#include <gio/gio.h>

G_BEGIN_DECLS

#define EG_TYPE_MODEL_LOADER (eg_model_loader_get_type ())

/* Signals: "changed" (): loading has begun, got further or ended; "loaded" (): there is another model;
 * "failed" (const GError *error): the model before, if any, stays. */
G_DECLARE_FINAL_TYPE (EgModelLoader, eg_model_loader, EG, MODEL_LOADER, GObject)

EgModelLoader *eg_model_loader_new (void);

/* name: a folder or what eg_model_locate() finds; choice: (nullable). Replaces what is being loaded. */
void eg_model_loader_open (EgModelLoader *self, const char *name, const EgTokenizerChoice *choice);

/* Puts a model that is in memory already in the place of the one that is there, or is being loaded. */
void eg_model_loader_show (EgModelLoader *self, EgModel *model);

/* The model before stays. Nothing happens when none is being loaded. */
void eg_model_loader_cancel (EgModelLoader *self);

/* (transfer none) (nullable) */
EgModel *eg_model_loader_get_model (EgModelLoader *self);

gboolean eg_model_loader_is_loading (EgModelLoader *self);

/* How much of the weights is in memory, 0 … 1. */
double eg_model_loader_get_progress (EgModelLoader *self);

/* What was asked for last, loaded or not. (nullable) */
const char *eg_model_loader_get_asked_for (EgModelLoader *self);

G_END_DECLS
