/* The most probable next tokens of the draft's prompt, as bars; one of them can be chosen as the target. */
#pragma once

#include "app/ask/draft.h"
#include "app/ask/predictor.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define EG_N_PREDICTIONS 5

#define EG_TYPE_PREDICTION_LIST (eg_prediction_list_get_type ())
G_DECLARE_FINAL_TYPE (EgPredictionList, eg_prediction_list, EG, PREDICTION_LIST, GtkWidget)

GtkWidget *eg_prediction_list_new (void);

/* Whose next tokens are shown, and whose target is chosen; once. */
void eg_prediction_list_set_draft (EgPredictionList *self, EgDraft *draft);

/* Which finds them. (transfer none) */
EgPredictor *eg_prediction_list_get_predictor (EgPredictionList *self);

G_END_DECLS
