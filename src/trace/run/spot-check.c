/* Compares a device with the processor on a few cells. */
#include "trace/run/spot-check.h"

#include "trace/run/verify.h"

#include <math.h>

#define CELLS 8

typedef struct
{
  EgModel *placed;
  EgTraceRequest *request;
  double error;
} Check;

static void
check_free (gpointer data)
{
  Check *self = data;
  eg_model_unref (self->placed);
  eg_trace_request_free (self->request);
  g_free (self);
}

/* (transfer full) */
static EgTraceRequest *
plain_request (const EgTraceRequest *request)
{
  g_autoptr (EgTraceRequest) defaults = eg_trace_request_new (request->prompt, request->subject);
  EgTraceRequest *plain = eg_trace_request_copy (request);
  if (plain->corruption.kind == EG_CORRUPTION_SWAP)
    {
      eg_corruption_clear (&plain->corruption);
      eg_corruption_copy (&defaults->corruption, &plain->corruption);
      plain->noise_level = defaults->noise_level;
    }
  g_clear_pointer (&plain->against, g_free);
  g_clear_pointer (&plain->freeze, g_strfreev);
  plain->metric = defaults->metric;
  plain->all_metrics = FALSE;
  plain->window = defaults->window;
  plain->sweep = defaults->sweep;
  plain->direction = defaults->direction;
  plain->has_knockout = FALSE;
  return plain;
}

static void
check_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Check *self = data;
  EgVerification found;
  if (eg_trace_compare_cells (self->placed, eg_model_get_origin (self->placed), self->request, CELLS,
                              cancellable, &found, NULL)
      && found.n_cells > 0)
    self->error = found.largest;
  g_task_return_boolean (task, TRUE);
}

void
eg_spot_check_async (EgModel *placed,
                     const EgTraceRequest *request,
                     GCancellable *cancellable,
                     GAsyncReadyCallback callback,
                     gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  Check *self = g_new0 (Check, 1);
  *self = (Check){ .placed = eg_model_ref (placed), .request = plain_request (request), .error = NAN };
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, self, check_free);
  g_task_run_in_thread (task, check_in_thread);
}

double
eg_spot_check_finish (GAsyncResult *result)
{
  const Check *self = g_task_get_task_data (G_TASK (result));
  return self->error;
}
