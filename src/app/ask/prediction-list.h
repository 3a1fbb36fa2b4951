/* The most probable next tokens, as bars. */
#pragma once

#include "trace/run/predict.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define EG_N_PREDICTIONS 5

/* Signal "target-chosen" (const char *text): the token that a trace shall follow; NULL: the first. */
#define EG_TYPE_PREDICTION_LIST (eg_prediction_list_get_type ())
G_DECLARE_FINAL_TYPE (EgPredictionList, eg_prediction_list, EG, PREDICTION_LIST, GtkWidget)

GtkWidget *eg_prediction_list_new (void);

/* NULL: nothing to show; the rows keep their place. */
void eg_prediction_list_set_prediction (EgPredictionList *self, const EgPrediction *prediction);

/* Marks the token that is followed. NULL or "": the first. */
void eg_prediction_list_set_target (EgPredictionList *self, const char *target);

/* What is shown belongs to an older prompt. */
void eg_prediction_list_set_outdated (EgPredictionList *self, gboolean outdated);

G_END_DECLS
