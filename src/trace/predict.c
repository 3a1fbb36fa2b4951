#include "trace/predict.h"

#include "core/error.h"
#include "model/mamba.h"
#include "trace/clean-run.h"

#include <glib/gi18n.h>
#include <math.h>

static int
compare_tokens (gconstpointer a, gconstpointer b)
{
  const EgPredictedToken *x = a, *y = b;
  if (x->probability != y->probability)
    return x->probability > y->probability ? -1 : 1;
  return x->id < y->id ? -1 : 1;
}

/* The `top` most probable tokens: kept sorted while passing over the logits once. */
static void
take_top (EgPrediction *self, EgModel *model, const float *logits, gsize top)
{
  const gsize V = eg_model_get_config (model)->vocab_size;
  float max = -INFINITY;
  double sum = 0;
  for (gsize v = 0; v < V; v++)
    max = MAX (max, logits[v]);
  for (gsize v = 0; v < V; v++)
    sum += exp ((double)logits[v] - (double)max);

  g_autoptr (GArray) all = g_array_sized_new (FALSE, FALSE, sizeof (EgPredictedToken), (guint)V);
  for (gsize v = 0; v < V; v++)
    {
      const EgPredictedToken token
          = { .id = (guint32)v, .probability = exp ((double)logits[v] - (double)max) / sum };
      g_array_append_val (all, token);
    }
  g_array_sort (all, compare_tokens);
  self->n_predictions = MIN (top, V);
  self->predictions = g_new0 (EgPredictedToken, self->n_predictions);
  for (gsize i = 0; i < self->n_predictions; i++)
    {
      self->predictions[i] = g_array_index (all, EgPredictedToken, i);
      self->predictions[i].text
          = eg_tokenizer_token_text (eg_model_get_tokenizer (model), self->predictions[i].id);
    }
}

EgPrediction *
eg_predict (EgModel *model, const char *prompt, gsize top, GCancellable *cancellable, GError **error)
{
  if (!prompt || !*prompt)
    {
      g_set_error_literal (error, EG_ERROR, EG_ERROR_INVALID, _ ("The prompt is empty"));
      return NULL;
    }
  EgTokenizer *tokenizer = eg_model_get_tokenizer (model);
  g_autoptr (GArray) tokens = eg_tokenizer_encode (tokenizer, prompt, -1, error);
  if (!tokens)
    return NULL;
  g_autoptr (EgPrediction) self = g_new0 (EgPrediction, 1);
  self->n_tokens = tokens->len;
  self->ids = g_new (guint32, tokens->len);
  self->tokens = g_new0 (char *, tokens->len + 1);
  for (gsize t = 0; t < tokens->len; t++)
    {
      self->ids[t] = g_array_index (tokens, EgToken, t).id;
      self->tokens[t] = eg_tokenizer_token_text (tokenizer, self->ids[t]);
    }
  g_autoptr (EgWorkspace) workspace = eg_workspace_new (model, g_get_num_processors ());
  g_autofree float *logits = g_new (float, eg_model_get_config (model)->vocab_size);
  if (!eg_clean_run (workspace, model, self->ids, self->n_tokens, NULL, cancellable, error)
      || !eg_mamba_logits (workspace, 0, logits, error))
    return NULL;
  take_top (self, model, logits, top);
  return g_steal_pointer (&self);
}

void
eg_prediction_free (EgPrediction *self)
{
  for (gsize i = 0; i < self->n_predictions; i++)
    g_free (self->predictions[i].text);
  g_free (self->predictions);
  g_free (self->ids);
  g_strfreev (self->tokens);
  g_free (self);
}

typedef struct
{
  EgModel *model;
  char *prompt;
  gsize top;
} Job;

static void
job_free (gpointer data)
{
  Job *job = data;
  eg_model_unref (job->model);
  g_free (job->prompt);
  g_free (job);
}

static void
predict_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Job *job = task_data;
  GError *error = NULL;
  EgPrediction *prediction = eg_predict (job->model, job->prompt, job->top, cancellable, &error);
  if (prediction)
    g_task_return_pointer (task, prediction, (GDestroyNotify)eg_prediction_free);
  else
    g_task_return_error (task, error);
}

void
eg_predict_async (EgModel *model,
                  const char *prompt,
                  gsize top,
                  GCancellable *cancellable,
                  GAsyncReadyCallback callback,
                  gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  Job *job = g_new (Job, 1);
  *job = (Job){ eg_model_ref (model), g_strdup (prompt), top };
  g_task_set_source_tag (task, eg_predict_async);
  g_task_set_task_data (task, job, job_free);
  g_task_run_in_thread (task, predict_in_thread);
}

EgPrediction *
eg_predict_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
