#include "trace/run/tracer-private.h"

#include "core/error.h"
#include "core/memory.h"
#include "engine/stream.h"
#include "library/model.h"
#include "trace/run/clean-run.h"
#include "trace/plan/memory.h"
#include "trace/run/meter.h"
#include "trace/ask/noise.h"
#include "trace/ask/site-names.h"
#include "trace/plan/schedule.h"

#include <glib/gi18n.h>
#include <math.h>
#include <pthread.h>
#include <string.h>

/* A round under way: a group waits until all the corrupted runs of its round are there. */
typedef struct
{
  gsize blocks_left, groups_left;
  gboolean ready;
} RoundState;

/* POSIX mutexes rather than GLib's: ThreadSanitizer sees through them.
 *
 * Three parties: the caller's main context, which alone touches `result`; the coordinator, a thread that runs
 * the clean run and the first corrupted ones; its workers, and it is one of them, which take the tasks in
 * their order. Finished cells go from workers to the main context through `changed` under the lock. */
typedef struct
{
  EgModel *model;
  EgTraceRequest *request;
  EgTraceInput *input;
  GCancellable *cancellable;
  GTask *task;
  GMainContext *context;
  EgTraceProgressFunc progress;
  gpointer progress_data;
  EgTraceResult *result;   /* the main context's */
  EgTracePartial *partial; /* what is there already, or NULL */
  gint64 start_time;
  int refs;

  /* Set by the coordinator before workers start. */
  gsize n_tokens, n_threads, n_cells; /* cells: of all sites */
  gsize n_corrupted;                  /* tokens of the corrupted prompt */
  EgGrid grid;
  gsize samples, max_samples; /* those of the plans so far; how many they may come to */
  EgPlan *plan;
  EgRun *clean;
  EgRun *shifted; /* of a swapped prompt of another length: the source of what is put into the other run, at
                   * that one's positions; or NULL */
  float *embeddings; /* [T, d] host */
  EgMeter meter;
  double noise_std;
  EgTraceMemory memory;
  EgGroupSizes sizes;
  EgPlanCosts costs;
  gsize block;       /* samples of a block of corrupted runs */
  EgRun **corrupted; /* [samples], those of the rounds under way */
  float **inputs;    /* [samples]: their rows from the subject on */

  /* Noise is drawn in the order of samples. */
  pthread_mutex_t noise_lock;
  EgNoise *noise;
  float *noisy; /* [T − corrupted_first, d] host */
  gsize n_drawn;
  guint8 *unneeded; /* [samples]: its corrupted run is not needed again */

  pthread_mutex_t lock;
  pthread_cond_t round_ready; /* or there is an error */
  RoundState *rounds;
  EgSchedule *schedule;
  gsize next_round;
  EgEstimates *estimates; /* of the grid's cells; values are written by one worker each */
  gsize n_low;            /* corrupted runs in them, counted as rounds open */
  GArray *changed;        /* of gsize: cells to hand over */
  guint8 *pending;        /* [cells]: a cell stands in `changed` */
  gboolean scheduled, announced, finished;
  guint64 cost, cost_done, cost_before; /* of the plans so far; before: of what a partial trace had */
  gsize units_done;
  GError *error;
} Trace;

static Trace *
trace_ref (Trace *self)
{
  __atomic_add_fetch (&self->refs, 1, __ATOMIC_RELAXED);
  return self;
}

static void
free_corrupted (Trace *self, gsize first, gsize end)
{
  EgBackend *be = eg_network_get_backend (eg_model_get_network (self->model));
  for (gsize s = first; self->corrupted && s < end; s++)
    {
      g_clear_pointer (&self->corrupted[s], eg_run_free);
      if (self->inputs[s])
        be->release (be, self->inputs[s]);
      self->inputs[s] = NULL;
    }
}

static void
trace_unref (Trace *self)
{
  if (__atomic_sub_fetch (&self->refs, 1, __ATOMIC_ACQ_REL) > 0)
    return;
  free_corrupted (self, 0, self->max_samples);
  g_free (self->corrupted);
  g_free (self->inputs);
  g_clear_pointer (&self->shifted, eg_run_free);
  g_clear_pointer (&self->clean, eg_run_free);
  g_clear_pointer (&self->plan, eg_plan_free);
  g_clear_pointer (&self->input, eg_trace_input_free);
  g_clear_pointer (&self->result, eg_trace_result_unref);
  g_clear_pointer (&self->partial, eg_trace_partial_unref);
  g_clear_pointer (&self->request, eg_trace_request_free);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->task);
  g_main_context_unref (self->context);
  g_clear_error (&self->error);
  g_clear_pointer (&self->changed, g_array_unref);
  g_free (self->pending);
  g_clear_pointer (&self->estimates, eg_estimates_free);
  eg_meter_clear (&self->meter);
  g_clear_pointer (&self->schedule, eg_schedule_free);
  g_free (self->rounds);
  g_free (self->embeddings);
  g_clear_pointer (&self->noise, eg_noise_free);
  g_free (self->noisy);
  g_free (self->unneeded);
  pthread_mutex_destroy (&self->noise_lock);
  pthread_mutex_destroy (&self->lock);
  pthread_cond_destroy (&self->round_ready);
  eg_model_unref (self->model);
  g_free (self);
}

static double
seconds_before (const Trace *self)
{
  return self->partial != NULL ? self->partial->seconds : 0;
}

static double
to_float (double x)
{
  return (double)(float)x;
}

/* ---- the main context's side ---- */

/* One cell's estimates into its place in its site's grid. Returns: the samples that they rest on. */
static guint
take_estimates (Trace *self, gsize cell, EgTraceGrid *grid, gsize at)
{
  guint count = 0;
  for (gsize m = 0; m < self->meter.n_metrics; m++)
    {
      double *score = &grid->scores[m][at], *sem = &grid->sem[m][at];
      count = eg_estimates_get_cell (self->estimates, m, cell, score, sem);
      *score = to_float (*score);
      /* One run that stands for all samples has no error. */
      *sem = eg_grid_is_one_run (&self->grid) ? (double)NAN : to_float (*sem);
    }
  return grid->counts[at] = count;
}

/* What the scores lie between, and the answers that are followed. */
static void
take_ends (Trace *self, EgTraceResult *result)
{
  EgTokenizer *tokenizer = eg_model_get_tokenizer (self->model);
  EgTraceTokens *tokens = result->tokens;
  for (gsize m = 0; m < self->meter.n_metrics; m++)
    {
      EgTraceEnds *ends = &result->ends[m];
      eg_estimates_get_low (self->estimates, m, self->n_low, &ends->low, &ends->low_sem);
      ends->high = self->estimates->high[m];
    }
  result->samples = (guint)self->samples;
  result->noise_std = self->noise_std;
  tokens->target_id = (gint64)self->meter.query.target;
  if (!tokens->target)
    tokens->target = eg_tokenizer_token_text (tokenizer, (guint32)tokens->target_id);
  if (tokens->against || !eg_meter_has (&self->meter, EG_METRIC_LOGIT_DIFF))
    return;
  tokens->against_id = (gint64)self->meter.query.against;
  tokens->against = eg_tokenizer_token_text (tokenizer, (guint32)tokens->against_id);
}

/* Moves what changed into the result. Called with the lock; the result belongs to this thread. */
static GArray *
take_cells (Trace *self)
{
  GArray *cells = g_array_sized_new (FALSE, FALSE, sizeof (EgTraceCell), self->changed->len);
  for (guint i = 0; i < self->changed->len; i++)
    {
      const gsize at = g_array_index (self->changed, gsize, i);
      const gsize site = eg_grid_site_index (&self->grid, at);
      EgTraceGrid *grid = self->result->grids[site];
      const gsize place = at % eg_trace_grid_n_cells (grid);
      EgTraceCell cell
          = { .site = site, .layer = place / grid->n_tokens, .position = place % grid->n_tokens };
      cell.samples = take_estimates (self, at, grid, place);
      cell.score = grid->scores[0][place];
      cell.sem = grid->sem[0][place];
      self->pending[at] = FALSE;
      g_array_append_val (cells, cell);
    }
  g_array_set_size (self->changed, 0);
  take_ends (self, self->result);
  return cells;
}

/* Seconds, those before a stop included. */
static double
elapsed (const Trace *self)
{
  return (double)(g_get_monotonic_time () - self->start_time) / 1e6 + seconds_before (self);
}

/* Seconds that are left, or −1. With the lock. */
static double
estimate_left (const Trace *self)
{
  const guint64 cost = self->cost - self->cost_before;
  const double part = cost > 0 ? (double)self->cost_done / (double)cost : 1;
  return part > 0 ? (elapsed (self) - seconds_before (self)) * (1 - part) / part : -1;
}

/* Hands over what the workers have finished since the last time. */
static void
deliver (Trace *self)
{
  pthread_mutex_lock (&self->lock);
  self->scheduled = FALSE;
  if (self->n_low == 0)
    {
      pthread_mutex_unlock (&self->lock);
      return;
    }
  g_autoptr (GArray) cells = take_cells (self);
  const gboolean first = !self->announced;
  self->announced = TRUE;
  EgTraceProgress progress = {
    .result = self->result,
    .done = self->units_done,
    .total = MAX ((self->n_cells - eg_grid_count_missing (&self->grid)) * self->samples, self->units_done),
    .elapsed = elapsed (self),
    .left = estimate_left (self),
  };
  pthread_mutex_unlock (&self->lock);

  self->result->seconds = progress.elapsed;
  if (!self->progress)
    return;
  if (first)
    self->progress (&progress, self->progress_data);
  progress.cells = (const EgTraceCell *)(gpointer)cells->data;
  progress.n_cells = cells->len;
  if (cells->len > 0)
    self->progress (&progress, self->progress_data);
}

static gboolean
deliver_in_context (gpointer data)
{
  deliver (data);
  return G_SOURCE_REMOVE;
}

/* A stopped trace leaves what it has to the task. No thread of its works any more. */
static void
leave_partial (Trace *self)
{
  EgTracePartial *partial
      = eg_trace_partial_new (self->model, self->request, g_steal_pointer (&self->estimates), elapsed (self));
  g_task_set_task_data (self->task, partial, (GDestroyNotify)eg_trace_partial_unref);
}

static gboolean
finish_in_context (gpointer data)
{
  Trace *self = data;
  deliver (self);
  g_assert (self->finished);
  if (g_cancellable_is_cancelled (self->cancellable))
    leave_partial (self);
  if (self->error)
    g_task_return_error (self->task, g_steal_pointer (&self->error));
  else
    {
      self->result->complete = TRUE;
      g_task_return_pointer (self->task, eg_trace_result_ref (self->result),
                             (GDestroyNotify)eg_trace_result_unref);
    }
  return G_SOURCE_REMOVE;
}

/* Takes over the caller's reference: the last one is thus always dropped in the main context, whose things it
 * frees. */
static void
schedule (Trace *self, GSourceFunc func)
{
  /* Outlives the source: once attached, that may be done with in its own thread, and the context with it. */
  g_autoptr (GMainContext) context = g_main_context_ref (self->context);
  g_autoptr (GSource) source = g_idle_source_new ();
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, func, self, (GDestroyNotify)trace_unref);
  g_source_attach (source, context);
}

/* ---- the workers' side ---- */

/* A cell has new values: so many that were not there. With the lock. */
static void
note_cell (Trace *self, gsize cell, gsize n_new)
{
  self->units_done += n_new;
  if (self->pending[cell])
    return;
  self->pending[cell] = TRUE;
  g_array_append_val (self->changed, cell);
}

/* With the lock. */
static void
announce (Trace *self)
{
  if (self->scheduled)
    return;
  self->scheduled = TRUE;
  schedule (trace_ref (self), deliver_in_context);
}

/* A computed cell, and those that are the same; metric m's values at values + m·stride. With the lock. */
static void
record_cell (Trace *self, const EgGroup *group, gsize cell, const double *values, gsize stride)
{
  const EgGrid *grid = &self->grid;
  const gsize n_samples = group->sample_end - group->sample_first;
  gsize alike = cell;
  while (alike > 0 && eg_grid_alike (grid, alike - 1) == cell)
    alike--;
  for (; alike <= cell; alike++)
    if (!eg_grid_is_one_run (grid))
      note_cell (
          self, alike,
          eg_estimates_record (self->estimates, alike, group->sample_first, n_samples, values, stride));
    else
      for (gsize s = 0; s < self->samples; s++)
        note_cell (self, alike, eg_estimates_record (self->estimates, alike, s, 1, values, stride));
}

/* One cell of one sample. */
static EgSegment
make_segment (const Trace *self, gsize cell, const EgRun *corrupted)
{
  if (self->shifted && eg_grid_runs_corrupted (&self->grid))
    return eg_grid_segment (&self->grid, cell, self->shifted, corrupted);
  return eg_grid_segment (&self->grid, cell, self->clean, self->shifted ? self->shifted : corrupted);
}

static gboolean
run_group (Trace *self, EgWorkspace *workspace, const EgGroup *group, GError **error)
{
  const gsize n_samples = group->sample_end - group->sample_first, n = group->cells->len * n_samples;
  g_autofree EgSegment *segments = g_new0 (EgSegment, n);
  g_autofree double *values = g_new (double, n * self->meter.n_metrics);
  for (gsize i = 0; i < n; i++)
    {
      const gsize cell = g_array_index (group->cells, gsize, i / n_samples);
      const EgRun *corrupted = self->corrupted[group->sample_first + i % n_samples];
      segments[i] = make_segment (self, cell, corrupted);
    }
  if (!eg_workspace_run (workspace, segments, n, eg_grid_run_length (&self->grid), self->cancellable, error))
    return FALSE;
  eg_meter_read (&self->meter, workspace, n, FALSE, values);
  if (!eg_workspace_check (workspace, error))
    return FALSE;

  pthread_mutex_lock (&self->lock);
  for (gsize i = 0; i < group->cells->len; i++)
    record_cell (self, group, g_array_index (group->cells, gsize, i), values + i * n_samples, n);
  self->cost_done += eg_plan_group_cost (self->plan, group);
  announce (self);
  pthread_mutex_unlock (&self->lock);
  return TRUE;
}

/* The next sample's input: the clean rows, with the span's noise. With the noise lock. */
static gboolean
draw_input (Trace *self, EgWorkspace *workspace, GError **error)
{
  EgBackend *be = eg_network_get_backend (eg_model_get_network (self->model));
  const gsize d = eg_model_get_sizes (self->model)->d_model, first = self->input->corrupted_first;
  const gsize n_noise = (self->input->corrupted_last - first + 1) * d, n = (self->n_tokens - first) * d;
  const float *rows = self->embeddings + first * d;
  eg_noise_draw (self->noise, rows, self->noisy);
  if (memcmp (self->noisy, rows, n_noise * sizeof *rows) == 0)
    return eg_error_invalid (
        error,
        _ ("Nothing is corrupted: the noise is too small to change any embedding; try a higher level"));
  if (self->unneeded[self->n_drawn])
    return TRUE;
  float *input = be->alloc (be, n);
  if (!input)
    {
      g_set_error_literal (error, EG_ERROR, EG_ERROR_MEMORY,
                           _ ("There is no memory left for the corrupted prompt"));
      return FALSE;
    }
  be->upload (eg_workspace_get_stream (workspace), input, self->noisy, n);
  self->inputs[self->n_drawn] = input;
  return eg_workspace_place (workspace, input, first, self->n_tokens - first, error);
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
run_group_in_parts (Trace *self, EgWorkspace *workspace, const EgGroup *group, GError **error)
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

/* The inputs of samples up to `end`. */
static gboolean
draw_noise (Trace *self, EgWorkspace *workspace, gsize end, GError **error)
{
  gboolean ok = TRUE;
  pthread_mutex_lock (&self->noise_lock);
  for (; ok && self->n_drawn < end; self->n_drawn += ok)
    ok = draw_input (self, workspace, error);
  pthread_mutex_unlock (&self->noise_lock);
  return ok;
}

/* The input of a swap's one run: the other subject's tokens and what follows. */
static gboolean
embed_swapped (Trace *self, EgWorkspace *workspace, GError **error)
{
  const gsize first = self->input->corrupted_first;
  const gsize n = self->n_corrupted - first;
  self->inputs[0] = eg_workspace_embed (workspace, self->input->swapped + first, n, error);
  return self->inputs[0] != NULL && eg_workspace_place (workspace, self->inputs[0], first, n, error);
}

/* Rounds whose corrupted runs are all there, in their order. Cells that cost nothing are now known. With the
 * lock. */
static void
open_rounds (Trace *self)
{
  for (; self->next_round < self->plan->rounds->len && self->rounds[self->next_round].blocks_left == 0;
       self->next_round++)
    {
      const EgRound *round = self->plan->rounds->pdata[self->next_round];
      self->rounds[self->next_round].ready = TRUE;
      self->n_low = round->sample_end;
      const EgGrid *grid = &self->grid;
      for (gsize cell = 0; cell < self->n_cells; cell++)
        if (eg_grid_cell_kind (grid, cell) != EG_CELL_COMPUTED && !eg_grid_is_missing (grid, cell))
          note_cell (self, cell,
                     eg_estimates_record_known (self->estimates, cell, round->sample_first,
                                                round->sample_end - round->sample_first,
                                                eg_grid_is_clean (grid, cell)));
      announce (self);
    }
  pthread_cond_broadcast (&self->round_ready);
}

/* The corrupted runs of samples first … first + n − 1, to be run. */
static gboolean
prepare_corrupted (
    Trace *self, EgWorkspace *workspace, gsize first, gsize n, EgSegment *segments, GError **error)
{
  const gsize position = self->input->corrupted_first;
  const EgRun *base = position > 0 ? self->clean : NULL;
  if (self->input->swapped ? !embed_swapped (self, workspace, error)
                           : !draw_noise (self, workspace, first + n, error))
    return FALSE;
  for (gsize s = 0; s < n; s++)
    {
      EgRunShape shape = self->memory.corrupted;
      shape.base = base;
      EgRun *run = eg_run_new (eg_model_get_network (self->model), &shape, error);
      if (!run)
        return FALSE;
      self->corrupted[first + s] = run;
      segments[s]
          = (EgSegment){ .position = position, .base = base, .input = self->inputs[first + s], .keep = run };
    }
  return TRUE;
}

/* values: what was measured of them, metric m's at values + m·stride. */
static void
record_corrupted (Trace *self, gsize round, gsize first, gsize n, const double *values, gsize stride)
{
  pthread_mutex_lock (&self->lock);
  eg_estimates_record_low (self->estimates, first, n, values, stride);
  self->rounds[round].blocks_left--;
  open_rounds (self);
  const gboolean needed = self->rounds[round].groups_left > 0;
  pthread_mutex_unlock (&self->lock);
  if (!needed)
    free_corrupted (self, first, first + n);
}

/* One block of a round's corrupted runs. */
static gboolean
run_corrupted (Trace *self, EgWorkspace *workspace, const EgTask *task, GError **error)
{
  const EgRound *round = self->plan->rounds->pdata[task->round];
  const gsize first = round->sample_first + task->index * self->block;
  const gsize n = MIN (self->block, round->sample_end - first);
  g_autofree EgSegment *segments = g_new0 (EgSegment, n);
  g_autofree double *values = g_new (double, n * self->meter.n_metrics);
  if (!prepare_corrupted (self, workspace, first, n, segments, error)
      || !eg_workspace_run (workspace, segments, n, self->n_corrupted, self->cancellable, error))
    return FALSE;
  eg_meter_read (&self->meter, workspace, n, FALSE, values);
  if (!eg_workspace_check (workspace, error))
    return FALSE;
  record_corrupted (self, task->round, first, n, values, n);
  return TRUE;
}

static gboolean
run_task (Trace *self, EgWorkspace *workspace, const EgTask *task, GError **error)
{
  RoundState *state = &self->rounds[task->round];
  const EgRound *round = self->plan->rounds->pdata[task->round];
  if (task->corrupted)
    return run_corrupted (self, workspace, task, error);

  pthread_mutex_lock (&self->lock);
  while (!state->ready && !self->error)
    pthread_cond_wait (&self->round_ready, &self->lock);
  const gboolean ready = state->ready;
  pthread_mutex_unlock (&self->lock);
  if (!ready)
    return TRUE; /* there is an error already */

  if (!run_group_in_parts (self, workspace, round->groups->pdata[task->index], error))
    return FALSE;
  pthread_mutex_lock (&self->lock);
  const gboolean last = --state->groups_left == 0;
  pthread_mutex_unlock (&self->lock);
  if (last)
    free_corrupted (self, round->sample_first, round->sample_end);
  return TRUE;
}

/* A lost device gives no memory, either: then it is the loss that is told. */
static void
tell_cause (EgWorkspace *workspace, GError **error)
{
  GError *cause = NULL;
  if (!g_error_matches (*error, EG_ERROR, EG_ERROR_MEMORY) || eg_workspace_check (workspace, &cause))
    return;
  g_error_free (*error);
  *error = cause;
}

typedef struct
{
  Trace *trace;
  gsize number;
  EgWorkspace *workspace;
} Worker;

static gpointer
work (gpointer data)
{
  Worker *worker = data;
  Trace *self = worker->trace;
  EgTask task;
  for (;;)
    {
      const gint64 begin = g_get_monotonic_time ();
      pthread_mutex_lock (&self->lock);
      const gboolean more
          = !self->error && eg_schedule_take (self->schedule, worker->number, (double)begin, &task);
      pthread_mutex_unlock (&self->lock);
      if (!more)
        return NULL;
      g_autoptr (GError) error = NULL;
      const gboolean ok = run_task (self, worker->workspace, &task, &error);
      if (!ok)
        tell_cause (worker->workspace, &error);
      pthread_mutex_lock (&self->lock);
      if (ok)
        eg_schedule_learn (self->schedule, &task, (double)(g_get_monotonic_time () - begin));
      else if (!self->error)
        self->error = g_steal_pointer (&error);
      pthread_cond_broadcast (&self->round_ready);
      pthread_mutex_unlock (&self->lock);
    }
}

/* What a partial trace has is not computed again. The first block of corrupted runs of all goes with the
 * clean run, always. */
static void
drop_known_tasks (Trace *self, gboolean is_first)
{
  GArray *tasks = self->schedule->tasks;
  for (guint i = tasks->len; i-- > (is_first ? 1 : 0);)
    {
      const EgTask task = g_array_index (tasks, EgTask, i);
      const EgRound *round = self->plan->rounds->pdata[task.round];
      const EgGroup *group = task.corrupted ? NULL : round->groups->pdata[task.index];
      if (task.corrupted && eg_trace_partial_has_round (self->partial, round))
        {
          const gsize first = round->sample_first + task.index * self->block;
          memset (self->unneeded + first, TRUE, MIN (self->block, round->sample_end - first));
          self->rounds[task.round].blocks_left--;
        }
      else if (group != NULL && eg_trace_partial_has_group (self->partial, group))
        {
          self->cost_before += eg_plan_group_cost (self->plan, group);
          self->rounds[task.round].groups_left--;
        }
      else
        continue;
      g_array_remove_index (tasks, i);
    }
}

/* Of the plan. With the lock. */
static void
make_tasks (Trace *self, gboolean is_first)
{
  const gsize n_rounds = self->plan->rounds->len;
  self->block = MAX (self->sizes.corrupted_rows / (self->n_corrupted - self->input->corrupted_first), 1);
  self->next_round = 0;
  g_clear_pointer (&self->schedule, eg_schedule_free);
  g_free (self->rounds);
  self->schedule = eg_schedule_new (self->plan, &self->costs, self->block, self->n_threads);
  self->rounds = g_new0 (RoundState, n_rounds);
  for (gsize r = 0; r < n_rounds; r++)
    {
      const EgRound *round = self->plan->rounds->pdata[r];
      self->rounds[r].blocks_left = eg_schedule_blocks (self->plan, r, self->block);
      self->rounds[r].groups_left = round->groups->len;
    }
  if (self->partial != NULL)
    drop_known_tasks (self, is_first);
}

/* How the one run is seen from the other. */
static void
make_shifted (Trace *self)
{
  const gssize shift = (gssize)self->n_corrupted - (gssize)self->n_tokens;
  if (shift != 0)
    self->shifted = eg_grid_runs_corrupted (&self->grid) ? eg_run_new_shifted (self->clean, shift)
                                                         : eg_run_new_shifted (self->corrupted[0], -shift);
}

/* The clean run and the swapped one, which may have another length: each in a workspace of its own. */
static gboolean
run_swapped (Trace *self, EgWorkspace *workspace, float *input)
{
  g_autoptr (EgWorkspace) other = eg_workspace_new (eg_model_get_network (self->model), self->n_threads);
  g_autofree double *values = g_new (double, self->meter.n_metrics);
  EgSegment segment;
  self->noise_std = NAN;
  if (!eg_workspace_place (workspace, input, 0, self->n_tokens, &self->error))
    return FALSE;
  self->clean = eg_run_new (eg_model_get_network (self->model), &self->memory.clean, &self->error);
  if (!self->clean)
    return FALSE;
  segment = (EgSegment){ .input = input, .keep = self->clean };
  if (!eg_workspace_run (workspace, &segment, 1, self->n_tokens, self->cancellable, &self->error))
    return FALSE;
  /* The swapped run continues the clean one on another stream. */
  eg_stream_wait (eg_network_get_backend (eg_model_get_network (self->model)),
                  eg_workspace_get_stream (workspace));
  if (!prepare_corrupted (self, other, 0, 1, &segment, &self->error)
      || !eg_workspace_run (other, &segment, 1, self->n_corrupted, self->cancellable, &self->error)
      || !eg_meter_aim (&self->meter, self->input, workspace, 0, other, 0, &self->error))
    return FALSE;
  make_shifted (self);
  eg_meter_read (&self->meter, workspace, 1, TRUE, values);
  memcpy (self->estimates->high, values, self->meter.n_metrics * sizeof *values);
  eg_meter_read (&self->meter, other, 1, FALSE, values);
  if (!eg_workspace_check (workspace, &self->error) || !eg_workspace_check (other, &self->error))
    return FALSE;
  record_corrupted (self, 0, 0, 1, values, 1);
  return TRUE;
}

/* What all the rest waits for: the clean run and the first block of corrupted ones, which continue it layer
 * by layer. */
static gboolean
run_first_segments (Trace *self, EgWorkspace *workspace, float *input)
{
  const gsize first = self->input->corrupted_first, d = eg_model_get_sizes (self->model)->d_model;
  const EgRound *round = self->plan->rounds->pdata[0];
  const gsize n = MIN (self->block, round->sample_end);
  g_autofree EgSegment *segments = g_new0 (EgSegment, n + 1);
  g_autofree double *values = g_new (double, (n + 1) * self->meter.n_metrics);
  self->embeddings = g_new (float, self->n_tokens *d);
  eg_network_get_backend (eg_model_get_network (self->model))
      ->download (eg_workspace_get_stream (workspace), self->embeddings, input, self->n_tokens * d);
  self->noise = eg_noise_new (self->model, &self->request->corruption, self->request->noise_level,
                              self->request->seed, self->embeddings + first * d,
                              self->input->corrupted_last - first + 1, self->cancellable, &self->error);
  if (!self->noise)
    return FALSE;
  self->noise_std = eg_noise_get_std (self->noise);
  self->noisy = g_memdup2 (self->embeddings + first * d, (self->n_tokens - first) * d * sizeof (float));
  if (!eg_workspace_place (workspace, input, 0, self->n_tokens, &self->error))
    return FALSE;

  self->clean = eg_run_new (eg_model_get_network (self->model), &self->memory.clean, &self->error);
  if (!self->clean)
    return FALSE;
  segments[0] = (EgSegment){ .input = input, .keep = self->clean };
  if (!prepare_corrupted (self, workspace, 0, n, segments + 1, &self->error)
      || !eg_workspace_run (workspace, segments, n + 1, self->n_tokens, self->cancellable, &self->error)
      || !eg_meter_aim (&self->meter, self->input, workspace, 0, NULL, 0, &self->error))
    return FALSE;
  eg_meter_read (&self->meter, workspace, n + 1, TRUE, values);
  if (!eg_workspace_check (workspace, &self->error))
    return FALSE;
  for (gsize m = 0; m < self->meter.n_metrics; m++)
    self->estimates->high[m] = values[m * (n + 1)];
  record_corrupted (self, 0, 0, n, values + 1, n + 1);
  return TRUE;
}

/* With all threads at each product, since there is nothing else to do yet. */
static gboolean
run_first (Trace *self)
{
  EgBackend *be = eg_network_get_backend (eg_model_get_network (self->model));
  g_autoptr (EgWorkspace) workspace = eg_workspace_new (eg_model_get_network (self->model), self->n_threads);
  float *input = eg_workspace_embed (workspace, self->input->ids, self->n_tokens, &self->error);
  if (!input)
    return FALSE;
  const gboolean ok = self->input->swapped ? run_swapped (self, workspace, input)
                                           : run_first_segments (self, workspace, input);
  if (!ok)
    tell_cause (workspace, &self->error);
  be->release (be, input);
  self->schedule->next = 1;
  return ok;
}

static void
run_rest (Trace *self)
{
  const gsize n = MIN (self->n_threads, MAX (self->schedule->tasks->len, 1));
  g_autofree Worker *workers = g_new0 (Worker, n);
  g_autofree GThread **threads = g_new0 (GThread *, n);
  for (gsize i = 0; i < n; i++)
    {
      workers[i] = (Worker){ .trace = self,
                             .number = i,
                             .workspace = eg_workspace_new (eg_model_get_network (self->model), 1) };
      if (i > 0)
        threads[i] = g_thread_new ("engram-worker", work, &workers[i]);
    }
  work (&workers[0]);
  for (gsize i = 0; i < n; i++)
    {
      if (i > 0)
        g_thread_join (threads[i]);
      eg_workspace_free (workers[i].workspace);
    }
}

/* A plan of more samples, from those that there are up to an end. With the lock. */
static void
plan_samples (Trace *self, gsize end)
{
  const gboolean is_first = self->samples == 0;
  g_clear_pointer (&self->plan, eg_plan_free);
  self->plan = eg_plan_new (&self->grid, end - self->samples, self->memory.samples_at_once, &self->sizes);
  eg_plan_shift_samples (self->plan, self->samples);
  self->samples = end;
  self->cost += self->plan->cost;
  make_tasks (self, is_first);
}

/* How many samples there must be for the wanted standard error: estimated from what there is, and at most
 * twice as many. It depends on finished rounds alone, so the same request always takes the same. 0: no more.
 */
static gsize
want_samples (Trace *self)
{
  const double wanted = self->request->until_sem;
  if (!(wanted > 0) || self->samples == self->max_samples)
    return 0;
  const double ratio = eg_estimates_get_worst_sem (self->estimates, 0, self->samples) / wanted;
  if (ratio <= 1)
    return 0;
  const double n = (double)self->samples, end = ceil (n * ratio * ratio);
  return MIN ((gsize)CLAMP (end, ceil (1.25 * n), 2 * n), self->max_samples);
}

/* Rounds of more samples, as long as the estimates are not good enough. FALSE when no more are needed. */
static gboolean
add_samples (Trace *self)
{
  pthread_mutex_lock (&self->lock);
  const gsize end = self->error ? 0 : want_samples (self);
  if (end > 0)
    {
      plan_samples (self, end);
      open_rounds (self);
    }
  pthread_mutex_unlock (&self->lock);
  return end > 0;
}

/* Weights that were cut short are zeros: whatever seemed wrong then, this is why. With the lock. */
static void
blame_files (Trace *self)
{
  g_autoptr (GError) cause = NULL;

  if (self->error == NULL || g_error_matches (self->error, G_IO_ERROR, G_IO_ERROR_CANCELLED)
      || eg_network_check_files (eg_model_get_network (self->model), &cause))
    return;
  g_clear_error (&self->error);
  self->error = g_steal_pointer (&cause);
}

static gpointer
coordinate (gpointer data)
{
  Trace *self = data;
  if (run_first (self))
    do
      run_rest (self);
    while (add_samples (self));
  pthread_mutex_lock (&self->lock);
  blame_files (self);
  self->finished = TRUE;
  pthread_mutex_unlock (&self->lock);
  schedule (self, finish_in_context);
  return NULL;
}

/* ---- starting ---- */

guint64
eg_trace_memory (EgModel *model, gsize n_tokens, gsize samples, EgSiteSet sites)
{
  g_return_val_if_fail (n_tokens > 0 && samples > 0, 0);
  const EgSizes *sizes = eg_model_get_sizes (model);
  const EgFamily *family = eg_model_get_family (model);
  g_auto (GStrv) names = eg_site_names_of_set (sites | EG_SITE_BIT (EG_SITE_RESID), family, EG_SITE_RESID);
  const EgTraceRequest request = { .sites = names, .window = 1 };
  const EgGrid grid = eg_grid_of (&request, family, sizes->n_layers, n_tokens, 0);
  return eg_trace_memory_plan (sizes, &grid, samples).bytes;
}

static gboolean
check_memory (EgBackend *be, guint64 needed, gsize n_tokens, GError **error)
{
  const guint64 available = be->memory_free ? be->memory_free (be) : eg_memory_available ();
  if (needed <= available)
    return TRUE;
  g_autofree char *need = g_format_size_full (needed, G_FORMAT_SIZE_IEC_UNITS);
  g_autofree char *have = g_format_size_full (available, G_FORMAT_SIZE_IEC_UNITS);
  g_set_error (error, EG_ERROR, EG_ERROR_MEMORY,
               _ ("A trace of this prompt's %zu tokens needs %s of memory, and %s are free"), n_tokens, need,
               have);
  return FALSE;
}

/* What a result keeps of the prompt. (transfer full) */
static EgTraceTokens *
tokens_of (const EgTraceInput *input, EgTokenizer *tokenizer)
{
  EgTraceTokens *tokens = eg_trace_tokens_new (input->n_tokens);
  tokens->tokens = g_strdupv (input->tokens);
  tokens->ids = g_memdup2 (input->ids, input->n_tokens * sizeof *input->ids);
  tokens->subject = g_strdup (input->subject);
  tokens->subject_first = input->subject_first;
  tokens->subject_last = input->subject_last;
  if (input->has_against)
    {
      tokens->against_id = input->against_id;
      tokens->against = eg_tokenizer_token_text (tokenizer, input->against_id);
    }
  return tokens;
}

static EgTraceResult *
result_for (const EgTraceRequest *request, const EgTraceInput *input, EgModel *model, const EgMeter *meter)
{
  const EgFamily *family = eg_model_get_family (model);
  const EgGrid grid = eg_grid_of_input (request, model, input);
  EgTokenizer *tokenizer = eg_model_get_tokenizer (model);
  EgTraceRequest *own = eg_trace_request_copy (request);
  const char *sites[EG_MAX_SITES];
  for (gsize i = 0; i < grid.n_sites; i++)
    sites[i] = family->sites[grid.sites[i]].name;
  g_strfreev (own->sites);
  own->sites = g_new0 (char *, grid.n_sites + 1);
  for (gsize i = 0; i < grid.n_sites; i++)
    own->sites[i] = g_strdup (sites[i]);
  EgTraceResult *result
      = eg_trace_result_new (own, tokens_of (input, tokenizer), grid.n_layers, sites, grid.n_sites);
  for (gsize m = 1; m < meter->n_metrics; m++)
    eg_trace_result_add_metric (result, meter->metrics[m]);
  result->samples = eg_trace_request_get_samples (request);
  result->model = g_strdup (eg_model_get_name (model));
  result->device = g_strdup (eg_model_get_device_name (model));
  result->version = g_strdup (ENGRAM_VERSION);
  eg_trace_result_spell (result, tokenizer);
  return result;
}

/* Space for every value; those of a partial trace are handed over with the first update. */
static void
make_arrays (Trace *self)
{
  const gsize n_cells = self->n_cells, S = self->max_samples;
  self->corrupted = g_new0 (EgRun *, S);
  self->inputs = g_new0 (float *, S);
  self->unneeded = g_new0 (guint8, S);
  self->changed = g_array_new (FALSE, FALSE, sizeof (gsize));
  self->pending = g_new0 (guint8, n_cells);
  if (self->partial == NULL)
    {
      self->estimates = eg_estimates_new (self->meter.n_metrics, n_cells, S);
      return;
    }
  self->estimates = eg_estimates_copy (self->partial->estimates);
  for (gsize cell = 0; cell < n_cells; cell++)
    {
      const guint8 *known = self->estimates->known + cell * S;
      gsize n_known = 0;
      for (gsize s = 0; s < S; s++)
        n_known += known[s];
      if (n_known > 0)
        note_cell (self, cell, n_known);
    }
}

void
eg_trace_start (EgModel *model,
                const EgTraceRequest *request,
                EgTracePartial *partial,
                GCancellable *cancellable,
                EgTraceProgressFunc progress,
                gpointer progress_data,
                GAsyncReadyCallback callback,
                gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  g_task_set_source_tag (task, eg_trace_start);
  GError *error = NULL;
  g_autoptr (EgTraceInput) input = eg_trace_input_new (request, model, NULL, &error);
  if (!input)
    {
      g_task_return_error (task, error);
      return;
    }

  Trace *self = g_new0 (Trace, 1);
  self->refs = 1;
  self->start_time = g_get_monotonic_time ();
  self->model = eg_model_ref (model);
  self->request = eg_trace_request_copy (request);
  eg_meter_init (&self->meter, model, request);
  self->result = result_for (request, input, model, &self->meter);
  self->input = g_steal_pointer (&input);
  self->cancellable = cancellable ? g_object_ref (cancellable) : NULL;
  self->task = g_steal_pointer (&task);
  self->context = g_main_context_ref_thread_default ();
  self->progress = progress;
  self->progress_data = progress_data;
  self->n_tokens = self->input->n_tokens;
  self->n_corrupted = self->input->swapped ? self->input->n_swapped : self->n_tokens;
  self->n_threads = request->threads > 0 ? MIN (request->threads, 256) : g_get_num_processors ();
  const gsize n_lanes = eg_network_get_backend (eg_model_get_network (model))->n_lanes;
  self->n_threads = n_lanes > 0 ? MIN (self->n_threads, n_lanes) : self->n_threads;
  pthread_mutex_init (&self->lock, NULL);
  pthread_mutex_init (&self->noise_lock, NULL);
  pthread_cond_init (&self->round_ready, NULL);
  self->max_samples = eg_trace_request_get_max_samples (request);
  const EgSizes *sizes = eg_model_get_sizes (model);
  self->grid = eg_grid_of_input (request, model, self->input);
  self->n_cells = eg_grid_n_cells (&self->grid);
  self->memory = eg_trace_memory_plan (sizes, &self->grid, self->max_samples);
  if (!check_memory (eg_network_get_backend (eg_model_get_network (model)), self->memory.bytes,
                     self->n_tokens, &error))
    {
      g_task_return_error (self->task, error);
      trace_unref (self);
      return;
    }
  self->costs = eg_plan_costs_of (eg_model_get_family (model), sizes);
  self->sizes = eg_group_sizes_of (eg_trace_group_rows (eg_model_get_network (model), self->memory.bytes));
  self->partial = partial != NULL ? eg_trace_partial_ref (partial) : NULL;
  make_arrays (self);
  plan_samples (self, eg_trace_request_get_samples (request));
  g_thread_unref (g_thread_new ("engram-trace", coordinate, self));
}

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

typedef struct
{
  GMainLoop *loop;
  GAsyncResult *result;
} Waiting;

static void
stop_waiting (GObject *source, GAsyncResult *result, gpointer data)
{
  Waiting *waiting = data;
  waiting->result = g_object_ref (result);
  g_main_loop_quit (waiting->loop);
}

EgTraceResult *
eg_trace_run (EgModel *model,
              const EgTraceRequest *request,
              GCancellable *cancellable,
              EgTraceProgressFunc progress,
              gpointer progress_data,
              GError **error)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GMainLoop) loop = g_main_loop_new (context, FALSE);
  Waiting waiting = { loop, NULL };
  g_main_context_push_thread_default (context);
  eg_trace_async (model, request, cancellable, progress, progress_data, stop_waiting, &waiting);
  g_main_loop_run (loop);
  g_main_context_pop_thread_default (context);
  EgTraceResult *result = eg_trace_finish (waiting.result, error);
  g_object_unref (waiting.result);
  return result;
}
