/* One clean run, in a thread, and the tokens that it makes most probable. */
#include "trace/run/predict.h"

#include "core/error.h"
#include "core/processors.h"
#include "network/workspace.h"
#include "tokenizer/token-text.h"
#include "trace/run/clean-run.h"

#include <glib/gi18n.h>
#include <math.h>

/* The `top` most probable tokens of the workspace's one segment. */
static gboolean
take_top (EgPrediction *self, EgModel *model, EgWorkspace *workspace, gsize top, GError **error)
{
  const gsize n = MIN (top, eg_model_get_sizes (model)->vocab_size);
  g_autofree EgTopValue *found = g_new (EgTopValue, n);
  double sum;
  if (n > 0 && !eg_workspace_top (workspace, 0, found, n, &sum, error))
    return FALSE;
  if (n > 0 && !(isfinite (found[0].value) && isfinite (sum)))
    return eg_workspace_explain_no_number (workspace, error);
  self->n_predictions = n;
  self->predictions = g_new0 (EgPredictedToken, n);
  for (gsize i = 0; i < n; i++)
    {
      EgPredictedToken *token = &self->predictions[i];
      token->id = (guint32)found[i].index;
      token->probability = exp ((double)found[i].value - (double)found[0].value) / sum;
      token->text = eg_tokenizer_token_text (eg_model_get_tokenizer (model), token->id);
      token->spelled = eg_token_spell (eg_model_get_tokenizer (model), token->id);
    }
  return TRUE;
}

EgPrediction *
eg_predict (EgModel *model, const char *prompt, gsize top, GCancellable *cancellable, GError **error)
{
  if (!prompt || !*prompt)
    {
      eg_error_invalid (error, _ ("The prompt is empty"));
      return NULL;
    }
  EgTokenizer *tokenizer = eg_model_get_tokenizer (model);
  g_autoptr (GArray) tokens = eg_tokenizer_encode (tokenizer, prompt, -1, error);
  if (!tokens || !eg_tokenizer_check_rows (tokenizer, tokens, eg_model_get_sizes (model)->vocab_size, error))
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
  g_autoptr (EgWorkspace) workspace
      = eg_workspace_new (eg_model_get_network (model), eg_processors_available ());
  const gint64 begin = g_get_monotonic_time ();
  if (!eg_clean_run (workspace, self->ids, self->n_tokens, NULL, cancellable, error)
      || !take_top (self, model, workspace, top, error))
    return NULL;
  self->seconds = (double)(g_get_monotonic_time () - begin) / G_USEC_PER_SEC;
  return g_steal_pointer (&self);
}

void
eg_prediction_free (EgPrediction *self)
{
  for (gsize i = 0; i < self->n_predictions; i++)
    {
      g_free (self->predictions[i].text);
      g_free (self->predictions[i].spelled);
    }
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
