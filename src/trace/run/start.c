/* Makes a prompt's trace of a request, with a pool of threads of its own, and sets it going. */
#include "trace/run/start.h"

#include "core/error.h"
#include "core/memory.h"
#include "trace/run/coordinator.h"
#include "trace/run/delivery.h"
#include "trace/run/rounds.h"
#include "trace/run/tally.h"

#include <glib/gi18n.h>

static gboolean
check_memory (EgBackend *be, guint64 needed, gsize n_tokens, GError **error)
{
  const guint64 available = be->memory_free ? be->memory_free (be) : eg_memory_available ();
  if (needed <= available)
    return TRUE;
  g_autofree char *need = g_format_size_full (needed, G_FORMAT_SIZE_IEC_UNITS);
  g_autofree char *have = g_format_size_full (available, G_FORMAT_SIZE_IEC_UNITS);
  g_set_error (error, EG_ERROR, EG_ERROR_MEMORY,
               _ ("A trace of this prompt’s %zu tokens needs %s of memory, and %s are free"), n_tokens, need,
               have);
  return FALSE;
}

/* As many as were asked for, or one a processor; and no more than the backend has lanes. */
static gsize
count_threads (const EgTraceRequest *request, EgBackend *be)
{
  const gsize n = eg_trace_request_count_threads (request);
  return be->n_lanes > 0 ? MIN (n, be->n_lanes) : n;
}

EgTracedPrompt *
eg_trace_prepare (EgModel *model,
                  const EgTraceRequest *request,
                  EgTracePartial *partial,
                  EgTraceOrder *order,
                  gsize n_threads,
                  GCancellable *cancellable,
                  GError **error)
{
  EgBackend *be = eg_network_get_backend (eg_model_get_network (model));
  EgTraceInput *input = eg_trace_input_new (request, model, NULL, error);
  if (!input)
    return NULL;
  EgTracePool *pool = eg_trace_pool_new (n_threads > 0 ? n_threads : count_threads (request, be));
  EgTracedPrompt *prompt = eg_traced_prompt_new (pool, model, request, input, partial, cancellable);
  if (!check_memory (be, prompt->rounds.memory.bytes, prompt->n_tokens, error))
    {
      eg_traced_prompt_unref (prompt);
      return NULL;
    }
  prompt->order = order != NULL ? eg_trace_order_ref (order) : NULL;
  eg_traced_prompt_reserve (prompt);
  return prompt;
}

void
eg_trace_start (EgModel *model,
                const EgTraceRequest *request,
                EgTracePartial *partial,
                EgTraceOrder *order,
                GCancellable *cancellable,
                EgTraceProgressFunc progress,
                gpointer progress_data,
                GAsyncReadyCallback callback,
                gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  GError *error = NULL;
  g_task_set_source_tag (task, eg_trace_start);
  EgTracedPrompt *prompt = eg_trace_prepare (model, request, partial, order, 0, cancellable, &error);
  if (prompt == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  eg_delivery_init (prompt, g_steal_pointer (&task), progress, progress_data);
  if (partial != NULL)
    eg_tally_take_partial (prompt);
  eg_rounds_plan (prompt, eg_trace_request_get_samples (request));
  GThread *thread = g_thread_try_new ("engram-trace", eg_coordinate, prompt, &prompt->error);
  if (thread != NULL)
    g_thread_unref (thread);
  else
    eg_delivery_finish (prompt);
}
