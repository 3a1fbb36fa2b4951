/* The next tokens of the prompt as it is typed: waits for a pause, forgets what is outdated. */
#pragma once

#include "trace/run/predict.h"

#include <gio/gio.h>

G_BEGIN_DECLS

#define EG_TYPE_PREDICTOR (eg_predictor_get_type ())

/* Signal "predicted" (const EgPrediction *prediction): for the last prompt that was asked for; NULL when it
 * has none (it is empty, or the model cannot read it). */
G_DECLARE_FINAL_TYPE (EgPredictor, eg_predictor, EG, PREDICTOR, GObject)

EgPredictor *eg_predictor_new (gsize top);

/* Asks for the tokens after a prompt, in place of what was asked for before. model NULL: none. */
void eg_predictor_ask (EgPredictor *self, EgModel *model, const char *prompt);

/* Which it was asked for last. (transfer none) (nullable) */
EgModel *eg_predictor_get_model (EgPredictor *self);

G_END_DECLS
