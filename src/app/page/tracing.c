/* Follows one trace of the engine, and keeps its state, progress and result for the page. */
#include "app/page/tracing.h"

#include "app/page/estimating.h"
#include "app/parts/hold.h"

/* Microseconds: copies of all that was measured are made no more often while a trace runs. */
#define COPY_EVERY (3 * G_USEC_PER_SEC)

struct _EgTracing
{
  GObject parent_instance;
  EgTracingState state;
  EgTraceRequest *request;
  GDateTime *date; /* of its start; NULL: not known */
  EgTraceResult *result;
  EgTracePartial *partial; /* as far as the trace had come when it was stopped, or a few seconds ago */
  gint64 partial_time;     /* when that was */
  EgSavedTrace *saved;     /* of a file, what it can go on from; or NULL */
  EgPreviewLead *lead;     /* estimates that the trace under way, or the last one, follows; or NULL */
  EgEstimateUse use;
  gboolean estimating;
  gssize site;    /* the only one that is made exact; −1: all */
  gboolean began; /* whether the result is that of the trace, and not of estimates alone */
  GError *error;
  GCancellable *cancellable; /* of the trace under way; tells it from those before */
  gsize done, total;
  double elapsed, left;
};

enum
{
  STATE_CHANGED,
  PROGRESS,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (EgTracing, eg_tracing, G_TYPE_OBJECT)

/* What the callbacks of one trace hold. A trace that was replaced or whose window is gone finishes into
 * nothing. */
typedef struct
{
  GWeakRef tracing;
  GCancellable *cancellable;
  EgModel *model; /* while it estimates; else NULL */
} Run;

static Run *
run_new (EgTracing *self)
{
  Run *run = g_new0 (Run, 1);
  g_weak_ref_init (&run->tracing, self);
  run->cancellable = g_object_ref (self->cancellable);
  eg_program_hold ();
  return run;
}

static void
run_free (Run *run)
{
  g_weak_ref_clear (&run->tracing);
  g_object_unref (run->cancellable);
  g_clear_pointer (&run->model, eg_model_unref);
  g_free (run);
  eg_program_release ();
}

/* (transfer full): NULL when the run is no longer the one that is shown. */
static EgTracing *
run_get_tracing (Run *run)
{
  g_autoptr (EgTracing) self = g_weak_ref_get (&run->tracing);
  return self != NULL && self->cancellable == run->cancellable ? g_steal_pointer (&self) : NULL;
}

static void
set_state (EgTracing *self, EgTracingState state)
{
  self->state = state;
  g_signal_emit (self, signals[STATE_CHANGED], 0);
}

static void
set_result (EgTracing *self, EgTraceResult *result)
{
  if (self->result == result)
    return;
  g_clear_pointer (&self->result, eg_trace_result_unref);
  self->result = eg_trace_result_ref (result);
}

/* To be saved, in case that the trace never ends. */
static void
copy_partial (EgTracing *self, const EgTraceProgress *progress)
{
  const gint64 now = g_get_monotonic_time ();

  if (progress->n_cells == 0 || now - self->partial_time < COPY_EVERY)
    return;
  g_clear_pointer (&self->partial, eg_trace_partial_unref);
  self->partial = eg_trace_progress_get_partial (progress);
  self->partial_time = now;
}

static void
on_progress (const EgTraceProgress *progress, gpointer data)
{
  g_autoptr (EgTracing) self = run_get_tracing (data);

  if (self == NULL)
    return;
  if (self->lead != NULL)
    {
      eg_preview_lead_show (self->lead, progress->result);
      eg_preview_lead_follow (self->lead, progress);
    }
  self->began = TRUE;
  set_result (self, progress->result);
  self->done = progress->done;
  self->total = progress->total;
  self->elapsed = progress->elapsed;
  self->left = progress->left;
  copy_partial (self, progress);
  g_signal_emit (self, signals[PROGRESS], 0, progress->cells, (gulong)progress->n_cells);
}

/* Estimates that nothing was computed after are no trace that could go on: they are what there is. */
static void
stop_here (EgTracing *self)
{
  const gboolean estimates = self->result != NULL && !self->began;

  if (estimates)
    g_clear_pointer (&self->partial, eg_trace_partial_unref);
  set_state (self, estimates ? EG_TRACING_DONE : EG_TRACING_STOPPED);
}

static void
on_finished (GObject *source, GAsyncResult *async_result, gpointer data)
{
  Run *run = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (EgTraceResult) result = eg_trace_finish (async_result, &error);
  g_autoptr (EgTracePartial) partial = eg_trace_get_partial (async_result);
  g_autoptr (EgTracing) self = run_get_tracing (run);

  run_free (run);
  if (self == NULL)
    return;
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->partial, eg_trace_partial_unref);
  self->partial = g_steal_pointer (&partial);
  if (result != NULL)
    {
      set_result (self, result);
      self->done = self->total;
      g_signal_emit (self, signals[PROGRESS], 0, NULL, 0ul);
      set_state (self, EG_TRACING_DONE);
    }
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      stop_here (self);
    }
  else
    {
      self->error = g_steal_pointer (&error);
      set_state (self, EG_TRACING_FAILED);
    }
}

static void
forget (EgTracing *self)
{
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->request, eg_trace_request_free);
  g_clear_pointer (&self->date, g_date_time_unref);
  g_clear_pointer (&self->result, eg_trace_result_unref);
  g_clear_pointer (&self->partial, eg_trace_partial_unref);
  g_clear_pointer (&self->saved, eg_saved_trace_free);
  g_clear_pointer (&self->lead, eg_preview_lead_free);
  g_clear_error (&self->error);
  self->site = -1;
  self->began = self->estimating = FALSE;
  self->done = self->total = 0;
  self->elapsed = 0;
  self->left = -1;
}

static void
eg_tracing_dispose (GObject *object)
{
  forget (EG_TRACING (object));
  G_OBJECT_CLASS (eg_tracing_parent_class)->dispose (object);
}

static void
eg_tracing_class_init (EgTracingClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = eg_tracing_dispose;

  signals[STATE_CHANGED] = g_signal_new ("state-changed", EG_TYPE_TRACING, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                         NULL, G_TYPE_NONE, 0);
  signals[PROGRESS] = g_signal_new ("progress", EG_TYPE_TRACING, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                    G_TYPE_NONE, 2, G_TYPE_POINTER, G_TYPE_ULONG);
}

static void
eg_tracing_init (EgTracing *self)
{
  self->left = -1;
}

EgTracing *
eg_tracing_new (void)
{
  return g_object_new (EG_TYPE_TRACING, NULL);
}

/* ---- starting ---- */

/* The order that the result's estimates give; without one, or where they are another request's, the usual.
 * model: that of the trace. (transfer none) (nullable) */
static EgTraceOrder *
take_lead (EgTracing *self, EgModel *model)
{
  g_clear_pointer (&self->lead, eg_preview_lead_free);
  if (self->result == NULL || self->result->grids[0]->estimate == NULL || self->use == EG_ESTIMATE_NEVER)
    return NULL;
  self->lead = eg_preview_lead_new (model, self->request, self->result, 0, NULL);
  if (self->lead != NULL && self->site >= 0)
    eg_preview_lead_keep_site (self->lead, (gsize)self->site);
  return self->lead != NULL ? self->lead->order : NULL;
}

static void
trace (EgTracing *self, EgModel *model, Run *run)
{
  eg_trace_ordered_async (take_lead (self, model), model, self->request, run->cancellable, on_progress, run,
                          on_finished, run);
}

static void
show_estimates (EgTracing *self, EgTraceResult *estimates)
{
  set_result (self, estimates);
  self->left = -1;
  g_signal_emit (self, signals[PROGRESS], 0, NULL, 0ul);
}

static void
on_estimated (GObject *source, GAsyncResult *async_result, gpointer data)
{
  Run *run = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (EgTraceResult) estimates = eg_estimate_finish (async_result, &error);
  g_autoptr (EgTracing) self = run_get_tracing (run);
  g_autoptr (EgModel) model = g_steal_pointer (&run->model);

  if (self != NULL)
    self->estimating = FALSE;
  if (self != NULL && estimates != NULL)
    show_estimates (self, estimates);
  /* Where they only would come before it, the trace goes on without. */
  if (self != NULL && (self->use == EG_ESTIMATE_FIRST || (estimates == NULL && error == NULL))
      && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      trace (self, model, run);
      return;
    }
  run_free (run);
  if (self == NULL)
    return;
  g_clear_object (&self->cancellable);
  self->error = g_steal_pointer (&error);
  if (self->error == NULL)
    set_state (self, EG_TRACING_DONE);
  else if (g_error_matches (self->error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      g_clear_error (&self->error);
      set_state (self, EG_TRACING_STOPPED);
    }
  else
    set_state (self, EG_TRACING_FAILED);
}

void
eg_tracing_start (EgTracing *self, EgModel *model, const EgTraceRequest *request, EgEstimateUse use)
{
  g_return_if_fail (EG_IS_TRACING (self));

  forget (self);
  self->cancellable = g_cancellable_new ();
  self->request = eg_trace_request_copy (request);
  self->date = g_date_time_new_now_local ();
  self->partial_time = g_get_monotonic_time ();
  self->use = use;
  Run *run = run_new (self);
  set_state (self, EG_TRACING_RUNNING);
  if (!eg_estimate_is_wanted (model, request, use))
    {
      trace (self, model, run);
      return;
    }
  self->estimating = TRUE;
  run->model = eg_model_ref (model);
  eg_estimate_async (model, self->request, use, run->cancellable, on_estimated, run);
}

gboolean
eg_tracing_can_continue (EgTracing *self)
{
  if (self->saved != NULL)
    return self->state == EG_TRACING_STOPPED || self->state == EG_TRACING_FAILED;
  return self->partial != NULL && self->state == EG_TRACING_STOPPED;
}

static void
go_on_from (EgTracing *self, EgTracePartial *partial, Run *run)
{
  eg_trace_continue_async (partial, take_lead (self, partial->model), self->cancellable, on_progress, run,
                           on_finished, run);
}

/* ---- from a file ---- */

typedef struct
{
  EgSavedTrace *saved;
  EgModel *model;
} Placing;

static void
placing_free (gpointer data)
{
  Placing *self = data;

  g_clear_pointer (&self->saved, eg_saved_trace_free);
  eg_model_unref (self->model);
  g_free (self);
}

static void
place_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const Placing *placing = task_data;
  GError *error = NULL;
  EgTracePartial *partial = eg_saved_trace_continue (placing->saved, placing->model, &error);

  if (partial != NULL)
    g_task_return_pointer (task, partial, (GDestroyNotify)eg_trace_partial_unref);
  else
    g_task_return_error (task, error);
}

/* Another model can be tried where this one was not the trace's. */
static void
on_placed (GObject *source, GAsyncResult *result, gpointer data)
{
  Run *run = data;
  Placing *placing = g_task_get_task_data (G_TASK (result));
  g_autoptr (GError) error = NULL;
  g_autoptr (EgTracePartial) partial = g_task_propagate_pointer (G_TASK (result), &error);
  g_autoptr (EgTracing) self = run_get_tracing (run);

  if (self != NULL && partial != NULL)
    {
      go_on_from (self, partial, run);
      return;
    }
  run_free (run);
  if (self == NULL)
    return;
  g_clear_object (&self->cancellable);
  self->saved = g_steal_pointer (&placing->saved);
  g_clear_error (&self->error);
  self->error = g_steal_pointer (&error);
  set_state (self, EG_TRACING_FAILED);
}

static void
place (EgTracing *self, EgModel *model, Run *run)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, on_placed, run);
  Placing *placing = g_new0 (Placing, 1);

  placing->saved = g_steal_pointer (&self->saved);
  placing->model = eg_model_ref (model);
  g_task_set_task_data (task, placing, placing_free);
  g_task_run_in_thread (task, place_in_thread);
}

/* From what there is of values; of estimates alone, from the beginning. */
static void
go_on (EgTracing *self, EgModel *model)
{
  self->cancellable = g_cancellable_new ();
  self->left = -1;
  Run *run = run_new (self);
  set_state (self, EG_TRACING_RUNNING);
  if (self->saved != NULL && self->saved->estimates != NULL)
    place (self, model, run);
  else if (self->partial != NULL)
    go_on_from (self, self->partial, run); /* which stays what is saved until there is more */
  else
    trace (self, model, run);
}

void
eg_tracing_continue (EgTracing *self, EgModel *model)
{
  g_return_if_fail (EG_IS_TRACING (self) && eg_tracing_can_continue (self));
  g_return_if_fail (self->saved == NULL || model != NULL);

  go_on (self, model);
}

/* ---- from estimates to exact cells ---- */

static gboolean
is_estimated (EgTracing *self)
{
  return self->state == EG_TRACING_DONE && self->result != NULL && self->result->estimated;
}

gboolean
eg_tracing_can_make_exact (EgTracing *self, gsize site)
{
  return is_estimated (self) && site < self->result->n_grids
         && eg_trace_grid_has_estimated (self->result->grids[site]);
}

void
eg_tracing_make_exact (EgTracing *self, EgModel *model, gsize site)
{
  g_return_if_fail (EG_IS_TRACING (self) && eg_tracing_can_make_exact (self, site) && model != NULL);

  /* The last one makes the trace complete. */
  self->site = -1;
  for (gsize i = 0; i < self->result->n_grids; i++)
    if (i != site && eg_trace_grid_has_estimated (self->result->grids[i]))
      self->site = (gssize)site;
  self->use = EG_ESTIMATE_FIRST;
  go_on (self, model);
}

gboolean
eg_tracing_is_estimating (EgTracing *self)
{
  return self->estimating;
}

const EgPreviewCheck *
eg_tracing_get_check (EgTracing *self, gsize site)
{
  if (self->lead == NULL || site >= self->lead->estimates->n_grids || self->lead->checks[site].n == 0)
    return NULL;
  return &self->lead->checks[site];
}

void
eg_tracing_show (EgTracing *self, EgTraceResult *result, EgSavedTrace *saved)
{
  g_return_if_fail (EG_IS_TRACING (self));

  forget (self);
  self->saved = saved;
  self->request = eg_trace_request_copy (result->request);
  self->result = eg_trace_result_ref (result);
  for (gsize k = 0; k < result->n_grids; k++)
    {
      const EgTraceGrid *grid = result->grids[k];
      const gsize n_cells = eg_trace_grid_n_cells (grid);
      for (gsize i = 0; i < n_cells; i++)
        self->done += grid->counts[i];
      self->total += n_cells * result->samples;
    }
  g_signal_emit (self, signals[PROGRESS], 0, NULL, 0ul);
  self->began = TRUE;
  set_state (self, result->complete || result->estimated ? EG_TRACING_DONE : EG_TRACING_STOPPED);
}

void
eg_tracing_stop (EgTracing *self)
{
  g_return_if_fail (EG_IS_TRACING (self));

  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
}

EgTracingState
eg_tracing_get_state (EgTracing *self)
{
  return self->state;
}

EgTraceResult *
eg_tracing_get_result (EgTracing *self)
{
  return self->result;
}

const EgTracePartial *
eg_tracing_get_partial (EgTracing *self)
{
  return self->partial;
}

const EgTraceRequest *
eg_tracing_get_request (EgTracing *self)
{
  return self->request;
}

GDateTime *
eg_tracing_get_date (EgTracing *self)
{
  return self->date;
}

const GError *
eg_tracing_get_error (EgTracing *self)
{
  return self->error;
}

void
eg_tracing_get_progress (EgTracing *self, gsize *done, gsize *total, double *elapsed, double *left)
{
  *done = self->done;
  *total = self->total;
  *elapsed = self->elapsed;
  *left = self->left;
}
