/* Asks the model after a pause in the typing, and cancels what is outdated. */
#include "app/ask/predictor.h"

#include "app/parts/hold.h"

#define PAUSE_MS 150

struct _EgPredictor
{
  GObject parent_instance;
  gsize top;
  EgModel *model;
  char *prompt;
  guint timeout;
  GCancellable *cancellable; /* of the run under way; tells it from those before */
};

enum
{
  PREDICTED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (EgPredictor, eg_predictor, G_TYPE_OBJECT)

static void
on_predicted (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (EgPredictor) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (EgPrediction) prediction = eg_predict_finish (result, &error);

  eg_program_release ();
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  g_clear_object (&self->cancellable);
  g_signal_emit (self, signals[PREDICTED], 0, prediction);
}

static void
forget (EgPredictor *self)
{
  g_clear_handle_id (&self->timeout, g_source_remove);
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->model, eg_model_unref);
  g_clear_pointer (&self->prompt, g_free);
}

static gboolean
on_pause (gpointer data)
{
  EgPredictor *self = data;

  self->timeout = 0;
  self->cancellable = g_cancellable_new ();
  eg_program_hold ();
  eg_predict_async (self->model, self->prompt, self->top, self->cancellable, on_predicted,
                    g_object_ref (self));
  return G_SOURCE_REMOVE;
}

static void
eg_predictor_dispose (GObject *object)
{
  forget (EG_PREDICTOR (object));
  G_OBJECT_CLASS (eg_predictor_parent_class)->dispose (object);
}

static void
eg_predictor_class_init (EgPredictorClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = eg_predictor_dispose;

  signals[PREDICTED] = g_signal_new ("predicted", EG_TYPE_PREDICTOR, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                     G_TYPE_NONE, 1, G_TYPE_POINTER);
}

static void
eg_predictor_init (EgPredictor *self)
{
}

EgPredictor *
eg_predictor_new (gsize top)
{
  EgPredictor *self = g_object_new (EG_TYPE_PREDICTOR, NULL);
  self->top = top;
  return self;
}

EgModel *
eg_predictor_get_model (EgPredictor *self)
{
  return self->model;
}

void
eg_predictor_ask (EgPredictor *self, EgModel *model, const char *prompt)
{
  g_return_if_fail (EG_IS_PREDICTOR (self));

  forget (self);
  if (model == NULL || *prompt == '\0')
    {
      g_signal_emit (self, signals[PREDICTED], 0, NULL);
      return;
    }
  self->model = eg_model_ref (model);
  self->prompt = g_strdup (prompt);
  self->timeout = g_timeout_add (PAUSE_MS, on_pause, self);
}
