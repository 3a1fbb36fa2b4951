/* Traces on the device that the request names: the model is placed there first, and where the device fails or
 * has too little memory, the trace begins again on the processor, and says so. */
#include "trace/run/trace.h"

#include "core/error.h"
#include "trace/plan/memory.h"
#include "trace/run/spot-check.h"
#include "trace/run/start.h"
#include "trace/run/waiting.h"

#include <glib/gi18n.h>

typedef struct
{
  EgModel *model; /* as it is placed now */
  EgTraceRequest *request;
  EgTracePartial *partial; /* what is there already, or NULL */
  EgTraceOrder *order;     /* of its cells, or NULL */
  EgTraceProgressFunc progress;
  gpointer progress_data;
  char *note;            /* why it is no longer on the device, or NULL */
  EgTraceResult *result; /* while a few of its cells are checked */
} DeviceTrace;

static void
device_trace_free (gpointer data)
{
  DeviceTrace *self = data;
  eg_model_unref (self->model);
  eg_trace_request_free (self->request);
  g_clear_pointer (&self->partial, eg_trace_partial_unref);
  g_clear_pointer (&self->order, eg_trace_order_unref);
  g_clear_pointer (&self->result, eg_trace_result_unref);
  g_free (self->note);
  g_free (self);
}

static gboolean
is_device_problem (const GError *error)
{
  return g_error_matches (error, EG_ERROR, EG_ERROR_MEMORY)
         || g_error_matches (error, EG_ERROR, EG_ERROR_DEVICE);
}

static char *
make_note (const GError *problem)
{
  return g_strdup_printf (_ ("%s. The processor traced instead"), problem->message);
}

static void
add_note (const DeviceTrace *self, EgTraceResult *result)
{
  if (self->note && !result->note)
    result->note = g_strdup (self->note);
}

static void
on_progress (const EgTraceProgress *progress, gpointer data)
{
  DeviceTrace *self = data;
  add_note (self, progress->result);
  if (self->progress)
    self->progress (progress, self->progress_data);
}

static void run_placed (GTask *task);

static void
on_checked (GObject *source, GAsyncResult *async, gpointer data)
{
  g_autoptr (GTask) task = data;
  DeviceTrace *self = g_object_get_data (G_OBJECT (task), "device-trace");
  self->result->precision_error = eg_spot_check_finish (async);
  g_task_return_pointer (task, g_steal_pointer (&self->result), (GDestroyNotify)eg_trace_result_unref);
}

/* A device that was to multiply in a lower precision is compared with the processor first. */
static void
finish (GTask *task, EgTraceResult *result)
{
  DeviceTrace *self = g_object_get_data (G_OBJECT (task), "device-trace");
  add_note (self, result);
  if (self->request->device.precision == EG_PRECISION_FP32
      || self->model == eg_model_get_origin (self->model))
    {
      g_task_return_pointer (task, result, (GDestroyNotify)eg_trace_result_unref);
      return;
    }
  self->result = result;
  eg_spot_check_async (self->model, self->request, g_task_get_cancellable (task), on_checked,
                       g_object_ref (task));
}

static void
on_traced (GObject *source, GAsyncResult *async, gpointer data)
{
  g_autoptr (GTask) task = data;
  DeviceTrace *self = g_object_get_data (G_OBJECT (task), "device-trace");
  GError *error = NULL;
  EgTraceResult *result = eg_trace_finish (async, &error);
  EgModel *origin = eg_model_get_origin (self->model);
  EgTracePartial *partial = eg_trace_get_partial (async);
  if (partial)
    g_task_set_task_data (task, partial, (GDestroyNotify)eg_trace_partial_unref);

  if (result)
    finish (task, result);
  else if (self->model != origin && is_device_problem (error))
    {
      self->note = make_note (error);
      g_error_free (error);
      eg_model_ref (origin);
      eg_model_unref (self->model);
      self->model = origin;
      g_clear_pointer (&self->partial, eg_trace_partial_unref);
      run_placed (g_steal_pointer (&task));
    }
  else
    g_task_return_error (task, error);
}

/* (transfer full) task */
static void
run_placed (GTask *task)
{
  DeviceTrace *self = g_object_get_data (G_OBJECT (task), "device-trace");
  eg_trace_start (self->model, self->request, self->partial, self->order, g_task_get_cancellable (task),
                  on_progress, self, on_traced, task);
}

/* ---- placing ---- */

typedef struct
{
  EgModel *model; /* in: the origin; out: as it is placed */
  EgDevice device;
  char *note;
} Placing;

static void
placing_free (gpointer data)
{
  Placing *self = data;
  g_clear_pointer (&self->model, eg_model_unref);
  g_free (self->note);
  g_free (self);
}

static void
place_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Placing *self = data;
  GError *error = NULL;
  EgBackend *backend = eg_device_open (&self->device, &error);
  EgModel *placed = backend ? eg_model_place (self->model, backend, &error) : NULL;
  if (!placed && backend && is_device_problem (error))
    {
      self->note = make_note (error);
      g_error_free (error);
      placed = eg_model_ref (self->model);
    }
  if (!placed)
    {
      g_task_return_error (task, error);
      return;
    }
  eg_model_unref (self->model);
  self->model = placed;
  g_task_return_boolean (task, TRUE);
}

static void
on_placed (GObject *source, GAsyncResult *async, gpointer data)
{
  g_autoptr (GTask) task = data;
  DeviceTrace *self = g_object_get_data (G_OBJECT (task), "device-trace");
  Placing *placing = g_task_get_task_data (G_TASK (async));
  GError *error = NULL;
  if (!g_task_propagate_boolean (G_TASK (async), &error))
    {
      g_task_return_error (task, error);
      return;
    }
  eg_model_unref (self->model);
  self->model = g_steal_pointer (&placing->model);
  self->note = g_steal_pointer (&placing->note);
  run_placed (g_steal_pointer (&task));
}

static GTask *
device_trace_new (EgModel *model,
                  const EgTraceRequest *request,
                  EgTracePartial *partial,
                  EgTraceOrder *order,
                  GCancellable *cancellable,
                  EgTraceProgressFunc progress,
                  gpointer progress_data,
                  GAsyncReadyCallback callback,
                  gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  DeviceTrace *self = g_new0 (DeviceTrace, 1);
  *self = (DeviceTrace){ .model = eg_model_ref (model),
                         .request = eg_trace_request_copy (request),
                         .partial = partial ? eg_trace_partial_ref (partial) : NULL,
                         .order = order ? eg_trace_order_ref (order) : NULL,
                         .progress = progress,
                         .progress_data = progress_data };
  g_object_set_data_full (G_OBJECT (task), "device-trace", self, device_trace_free);
  return task;
}

void
eg_trace_async (EgModel *model,
                const EgTraceRequest *request,
                GCancellable *cancellable,
                EgTraceProgressFunc progress,
                gpointer progress_data,
                GAsyncReadyCallback callback,
                gpointer user_data)
{
  eg_trace_ordered_async (NULL, model, request, cancellable, progress, progress_data, callback, user_data);
}

void
eg_trace_ordered_async (EgTraceOrder *order,
                        EgModel *model,
                        const EgTraceRequest *request,
                        GCancellable *cancellable,
                        EgTraceProgressFunc progress,
                        gpointer progress_data,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  if (request->device.kind == EG_DEVICE_CPU)
    {
      eg_trace_start (model, request, NULL, order, cancellable, progress, progress_data, callback, user_data);
      return;
    }
  GTask *task = device_trace_new (model, request, NULL, order, cancellable, progress, progress_data, callback,
                                  user_data);
  g_autoptr (GTask) place = g_task_new (NULL, cancellable, on_placed, task);
  Placing *placing = g_new0 (Placing, 1);
  placing->model = eg_model_ref (eg_model_get_origin (model));
  placing->device = request->device;
  g_task_set_task_data (place, placing, placing_free);
  g_task_run_in_thread (place, place_in_thread);
}

/* On the device where the partial trace was. */
void
eg_trace_continue_async (EgTracePartial *partial,
                         EgTraceOrder *order,
                         GCancellable *cancellable,
                         EgTraceProgressFunc progress,
                         gpointer progress_data,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  run_placed (device_trace_new (partial->model, partial->request, partial, order, cancellable, progress,
                                progress_data, callback, user_data));
}

/* ---- the end of it ---- */

EgTracePartial *
eg_trace_get_partial (GAsyncResult *result)
{
  EgTracePartial *partial = g_task_get_task_data (G_TASK (result));
  return partial != NULL ? eg_trace_partial_ref (partial) : NULL;
}

EgTraceResult *
eg_trace_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* ---- waiting for it ---- */

EgTraceResult *
eg_trace_run_ordered (EgTraceOrder *order,
                      EgTracePartial *partial,
                      EgModel *model,
                      const EgTraceRequest *request,
                      GCancellable *cancellable,
                      EgTraceProgressFunc progress,
                      gpointer progress_data,
                      EgTracePartial **left,
                      GError **error)
{
  EgWaiting waiting;
  eg_waiting_begin (&waiting);
  if (partial != NULL)
    eg_trace_continue_async (partial, order, cancellable, progress, progress_data, eg_waiting_callback,
                             &waiting);
  else
    eg_trace_ordered_async (order, model, request, cancellable, progress, progress_data, eg_waiting_callback,
                            &waiting);
  g_autoptr (GAsyncResult) answer = eg_waiting_end (&waiting);
  EgTraceResult *result = eg_trace_finish (answer, error);
  if (left != NULL)
    *left = eg_trace_get_partial (answer);
  return result;
}

EgTraceResult *
eg_trace_run_from (EgTracePartial *partial,
                   EgModel *model,
                   const EgTraceRequest *request,
                   GCancellable *cancellable,
                   EgTraceProgressFunc progress,
                   gpointer progress_data,
                   EgTracePartial **left,
                   GError **error)
{
  return eg_trace_run_ordered (NULL, partial, model, request, cancellable, progress, progress_data, left,
                               error);
}

EgTraceResult *
eg_trace_run (EgModel *model,
              const EgTraceRequest *request,
              GCancellable *cancellable,
              EgTraceProgressFunc progress,
              gpointer progress_data,
              GError **error)
{
  return eg_trace_run_from (NULL, model, request, cancellable, progress, progress_data, NULL, error);
}

guint64
eg_trace_memory (EgModel *model, gsize n_tokens, gsize samples, char *const *sites)
{
  g_return_val_if_fail (n_tokens > 0 && samples > 0, 0);
  const EgSizes *sizes = eg_model_get_sizes (model);
  const EgTraceRequest request = { .sites = (char **)sites, .window = 1 };
  const EgGrid grid = eg_grid_of (&request, eg_model_get_family (model), sizes->n_layers, n_tokens, 0);
  return eg_trace_memory_plan (sizes, &grid, samples).bytes;
}
