/* Runs groups of cells through the network, task by task. */
#include "trace/run/worker.h"

#include "core/error.h"
#include "trace/run/corrupted.h"
#include "trace/run/delivery.h"
#include "trace/run/rounds.h"
#include "trace/run/tally.h"

/* ---- groups ---- */

/* One cell of one sample. */
static EgSegment
make_segment (const EgTracedPrompt *self, gsize cell, const EgRun *corrupted)
{
  const EgPromptRuns *runs = &self->runs;
  if (runs->shifted && eg_grid_runs_corrupted (&self->grid))
    return eg_grid_segment (&self->grid, cell, runs->shifted, corrupted);
  return eg_grid_segment (&self->grid, cell, runs->clean, runs->shifted ? runs->shifted : corrupted);
}

void
eg_group_prepare (const EgTracedPrompt *self, const EgGroup *group, EgSegment *segments)
{
  const gsize n_samples = group->sample_end - group->sample_first, n = group->cells->len * n_samples;
  for (gsize i = 0; i < n; i++)
    {
      const gsize cell = g_array_index (group->cells, gsize, i / n_samples);
      const EgRun *corrupted = self->runs.corrupted[group->sample_first + i % n_samples];
      segments[i] = make_segment (self, cell, corrupted);
    }
}

void
eg_group_record (EgTracedPrompt *self, const EgGroup *group, const double *values, gsize stride)
{
  const gsize n_samples = group->sample_end - group->sample_first;
  pthread_mutex_lock (&self->pool->lock);
  for (gsize i = 0; i < group->cells->len; i++)
    eg_tally_record_cell (self, group, g_array_index (group->cells, gsize, i), values + i * n_samples,
                          stride);
  self->tally.cost_done += eg_plan_group_cost (self->rounds.plan, group);
  eg_delivery_announce (self);
  pthread_mutex_unlock (&self->pool->lock);
}

static gboolean
run_group (EgTracedPrompt *self, EgWorkspace *workspace, const EgGroup *group, GError **error)
{
  const gsize n = group->cells->len * (group->sample_end - group->sample_first);
  g_autofree EgSegment *segments = g_new0 (EgSegment, n);
  g_autofree double *values = g_new (double, n * self->meter.n_metrics);
  eg_group_prepare (self, group, segments);
  if (!eg_workspace_run (workspace, segments, n, eg_grid_run_length (&self->grid), self->cancellable, error))
    return FALSE;
  eg_meter_read (&self->meter, workspace, n, FALSE, values);
  if (!eg_workspace_check (workspace, error))
    return FALSE;
  eg_group_record (self, group, values, n);
  return TRUE;
}

/* One half of a group: of its samples, or of its cells. */
static EgGroup
half_group (const EgGroup *group, gboolean second)
{
  const gsize n_samples = group->sample_end - group->sample_first, n_cells = group->cells->len;
  const gsize middle = group->sample_first + n_samples / 2;
  if (n_samples > 1)
    return (EgGroup){ g_array_ref (group->cells), second ? middle : group->sample_first,
                      second ? group->sample_end : middle };
  EgGroup half = { g_array_new (FALSE, FALSE, sizeof (gsize)), group->sample_first, group->sample_end };
  g_array_append_vals (half.cells, &g_array_index (group->cells, gsize, second ? n_cells / 2 : 0),
                       (guint)(second ? n_cells - n_cells / 2 : n_cells / 2));
  return half;
}

/* A group; where a device has too little memory for it, one half and then the other. */
static gboolean
run_group_in_parts (EgTracedPrompt *self, EgWorkspace *workspace, const EgGroup *group, GError **error)
{
  GError *problem = NULL;
  if (run_group (self, workspace, group, &problem))
    return TRUE;
  if (!g_error_matches (problem, EG_ERROR, EG_ERROR_MEMORY)
      || group->cells->len * (group->sample_end - group->sample_first) == 1)
    {
      g_propagate_error (error, problem);
      return FALSE;
    }
  g_error_free (problem);
  eg_workspace_reset (workspace);
  gboolean ok = TRUE;
  for (int second = 0; ok && second < 2; second++)
    {
      const EgGroup half = half_group (group, second);
      ok = run_group_in_parts (self, workspace, &half, error);
      g_array_unref (half.cells);
    }
  return ok;
}

/* ---- tasks ---- */

gboolean
eg_worker_run_task (EgTracedPrompt *self, EgWorkspace *workspace, const EgTask *task, GError **error)
{
  const EgRound *round = self->rounds.plan->rounds->pdata[task->round];
  if (task->corrupted)
    return eg_corrupted_run (self, workspace, task, error);
  if (!eg_rounds_wait (self, task->round))
    return TRUE; /* there is an error already */
  if (!run_group_in_parts (self, workspace, round->groups->pdata[task->index], error))
    return FALSE;
  eg_rounds_end_group (self, task->round);
  return TRUE;
}

void
eg_worker_tell_cause (EgWorkspace *workspace, GError **error)
{
  GError *cause = NULL;
  if (!g_error_matches (*error, EG_ERROR, EG_ERROR_MEMORY) || eg_workspace_check (workspace, &cause))
    return;
  g_error_free (*error);
  *error = cause;
}

typedef struct
{
  EgTracedPrompt *prompt;
  gsize number;
  EgWorkspace *workspace;
} Worker;

static gpointer
work (gpointer data)
{
  Worker *worker = data;
  EgTracedPrompt *self = worker->prompt;
  EgSchedule *schedule = self->rounds.schedule;
  EgTask task;
  for (;;)
    {
      const gint64 begin = g_get_monotonic_time ();
      pthread_mutex_lock (&self->pool->lock);
      const gboolean more = !self->error && eg_schedule_take (schedule, worker->number, (double)begin, &task);
      pthread_mutex_unlock (&self->pool->lock);
      if (!more)
        return NULL;
      g_autoptr (GError) error = NULL;
      const gboolean ok = eg_worker_run_task (self, worker->workspace, &task, &error);
      if (!ok)
        eg_worker_tell_cause (worker->workspace, &error);
      pthread_mutex_lock (&self->pool->lock);
      if (ok)
        eg_schedule_learn (schedule, &task, (double)(g_get_monotonic_time () - begin));
      else if (!self->error)
        self->error = g_steal_pointer (&error);
      pthread_cond_broadcast (&self->pool->moved);
      pthread_mutex_unlock (&self->pool->lock);
    }
}

void
eg_workers_run (EgTracedPrompt *self)
{
  const gsize n = MIN (self->pool->n_threads, MAX (self->rounds.schedule->tasks->len, 1));
  g_autofree Worker *workers = g_new0 (Worker, n);
  g_autofree GThread **threads = g_new0 (GThread *, n);
  for (gsize i = 0; i < n; i++)
    {
      EgWorkspace *workspace = eg_workspace_new (eg_traced_prompt_get_network (self), 1);
      workers[i] = (Worker){ .prompt = self, .number = i, .workspace = workspace };
      /* Where there is none to be had, the others take its work. */
      if (i > 0)
        threads[i] = g_thread_try_new ("engram-worker", work, &workers[i], NULL);
    }
  work (&workers[0]);
  for (gsize i = 0; i < n; i++)
    {
      if (threads[i] != NULL)
        g_thread_join (threads[i]);
      eg_workspace_free (workers[i].workspace);
    }
}
