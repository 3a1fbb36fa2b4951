/* What the model says next. */
#pragma once

#include "library/model.h"

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct
{
  guint32 id;
  char *text, *spelled; /* spelled: with bytes that are no characters as such */
  double probability;
} EgPredictedToken;

typedef struct
{
  gsize n_tokens;
  guint32 *ids;
  char **tokens;
  gsize n_predictions;
  EgPredictedToken *predictions; /* highest first */
  double seconds;                /* that the run took */
} EgPrediction;

void eg_prediction_free (EgPrediction *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgPrediction, eg_prediction_free)

/* Tokenizes the prompt, runs it once and gives the `top` most probable next tokens. (transfer full) */
EgPrediction *
eg_predict (EgModel *model, const char *prompt, gsize top, GCancellable *cancellable, GError **error);

void eg_predict_async (EgModel *model,
                       const char *prompt,
                       gsize top,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer user_data);
EgPrediction *eg_predict_finish (GAsyncResult *result, GError **error);

G_END_DECLS
