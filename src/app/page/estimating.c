/* Estimates in a GTask. */
#include "app/page/estimating.h"

#include "preview/preview.h"
#include "preview/show.h"
#include "preview/worth.h"

/* Enough for an order. */
#define ORDER_SAMPLES 10

typedef struct
{
  EgModel *model;
  EgTraceRequest *request;
  EgEstimateUse use;
} Job;

static void
job_free (gpointer data)
{
  Job *job = data;

  eg_model_unref (job->model);
  eg_trace_request_free (job->request);
  g_free (job);
}

gboolean
eg_estimate_is_wanted (EgModel *model, const EgTraceRequest *request, EgEstimateUse use)
{
  return use != EG_ESTIMATE_NEVER && eg_preview_missing (request, eg_model_get_origin (model)) == NULL;
}

static void
estimate_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const Job *job = task_data;
  GError *error = NULL;

  if (job->use == EG_ESTIMATE_FIRST && !eg_preview_is_worth (job->model, job->request))
    {
      g_task_return_pointer (task, NULL, NULL);
      return;
    }
  if (job->use == EG_ESTIMATE_FIRST)
    job->request->samples = MIN (job->request->samples, ORDER_SAMPLES);
  g_autoptr (EgPreview) preview = eg_preview_new (job->model, job->request, cancellable, &error);
  if (preview != NULL)
    g_task_return_pointer (task, eg_preview_make_result (preview), (GDestroyNotify)eg_trace_result_unref);
  else
    g_task_return_error (task, error);
}

void
eg_estimate_async (EgModel *model,
                   const EgTraceRequest *request,
                   EgEstimateUse use,
                   GCancellable *cancellable,
                   GAsyncReadyCallback callback,
                   gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  Job *job = g_new (Job, 1);

  *job = (Job){ eg_model_ref (model), eg_trace_request_copy (request), use };
  g_task_set_task_data (task, job, job_free);
  g_task_run_in_thread (task, estimate_in_thread);
}

EgTraceResult *
eg_estimate_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
