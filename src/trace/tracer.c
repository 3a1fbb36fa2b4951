#include "trace/tracer.h"

#include "core/error.h"
#include "core/memory.h"
#include "trace/clean-run.h"
#include "trace/noise.h"
#include "trace/plan.h"

#include <math.h>
#include <pthread.h>
#include <string.h>

/* Rows of corrupted runs that go through the network together: few, so that every thread gets some. */
#define CORRUPTED_ROWS 32
/* Groups of a round that come after the next round's corrupted runs: no thread waits while another does the
 * last of those. */
#define LATE_GROUPS 4

/* POSIX mutexes rather than GLib's: ThreadSanitizer sees through them.
 *
 * Three parties: the caller's main context, which alone touches `result`; the coordinator, a thread that runs
 * the clean run, then round after round the corrupted runs and the groups; its workers. Finished cells go
 * from workers to the main context through `changed` under the lock. */
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
  EgTraceResult *result; /* the main context's */
  gint64 start_time;
  int refs;

  /* Set by the coordinator before workers start. */
  gsize n_layers, n_tokens, n_threads;
  EgPlan *plan;
  EgRun *clean;
  EgRun **corrupted; /* [samples], those of the rounds under way */
  float **inputs;    /* [samples]: their rows from the subject on */
  guint32 target;
  double noise_std;

  pthread_mutex_t lock;
  double *probabilities; /* [L·T, samples], written by one worker each */
  guint8 *known;         /* the same shape */
  double *low;           /* [samples] */
  gsize n_low;
  double high;
  GArray *changed; /* of gsize: cells to hand over */
  guint8 *pending; /* [L·T]: a cell stands in `changed` */
  gboolean scheduled, announced, finished;
  guint64 cost_done;
  gsize units_done;
  GError *error;

  /* The phase under way: a round's groups and the next round's corrupted runs in blocks of samples, taken in
   * this order: early groups, blocks, late groups. Either may be missing. */
  const EgRound *round, *next_round;
  gsize n_early, n_blocks, block;
  gsize next_task, n_tasks;
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
  EgBackend *be = eg_model_get_backend (self->model);
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
  free_corrupted (self, 0, self->request->samples);
  g_free (self->corrupted);
  g_free (self->inputs);
  g_clear_pointer (&self->clean, eg_run_free);
  g_clear_pointer (&self->plan, eg_plan_free);
  g_clear_pointer (&self->input, eg_trace_input_free);
  g_clear_pointer (&self->result, eg_trace_result_unref);
  g_clear_pointer (&self->request, eg_trace_request_free);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->task);
  g_main_context_unref (self->context);
  g_clear_error (&self->error);
  g_clear_pointer (&self->changed, g_array_unref);
  g_free (self->pending);
  g_free (self->probabilities);
  g_free (self->known);
  g_free (self->low);
  pthread_mutex_destroy (&self->lock);
  eg_model_unref (self->model);
  g_free (self);
}

/* Mean and standard error (ddof 1; NaN for one value) of the values that are known, in the order of samples:
 * whoever finished first, the bits are the same. */
static guint
estimate (const double *values, const guint8 *known, gsize n, double *mean, double *sem)
{
  guint count = 0;
  double sum = 0, squares = 0;
  for (gsize s = 0; s < n; s++)
    if (known[s])
      {
        sum += values[s];
        count++;
      }
  *mean = count > 0 ? sum / count : (double)NAN;
  for (gsize s = 0; s < n; s++)
    if (known[s])
      squares += (values[s] - *mean) * (values[s] - *mean);
  *sem = count > 1 ? sqrt (squares / (count - 1)) / sqrt (count) : (double)NAN;
  return count;
}

static double
to_float (double x)
{
  return (double)(float)x;
}

/* ---- the main context's side ---- */

/* Moves what changed into the result. Called with the lock; the result belongs to this thread. */
static GArray *
take_cells (Trace *self)
{
  const gsize S = self->request->samples;
  GArray *cells = g_array_sized_new (FALSE, FALSE, sizeof (EgTraceCell), self->changed->len);
  for (guint i = 0; i < self->changed->len; i++)
    {
      const gsize at = g_array_index (self->changed, gsize, i);
      EgTraceCell cell = { .layer = at / self->n_tokens, .position = at % self->n_tokens };
      cell.samples = estimate (self->probabilities + at * S, self->known + at * S, S, &cell.score, &cell.sem);
      cell.score = to_float (cell.score);
      cell.sem = to_float (cell.sem);
      self->pending[at] = FALSE;
      self->result->scores[at] = cell.score;
      self->result->sem[at] = cell.sem;
      self->result->counts[at] = cell.samples;
      g_array_append_val (cells, cell);
    }
  g_array_set_size (self->changed, 0);

  g_autofree guint8 *all = g_malloc (S);
  memset (all, 1, S);
  estimate (self->low, all, self->n_low, &self->result->low_score, &self->result->low_sem);
  self->result->high_score = self->high;
  self->result->noise_std = self->noise_std;
  self->result->target_id = self->target;
  if (!self->result->target)
    self->result->target = eg_tokenizer_token_text (eg_model_get_tokenizer (self->model), self->target);
  return cells;
}

static double
elapsed (const Trace *self)
{
  return (double)(g_get_monotonic_time () - self->start_time) / 1e6;
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
  const double part = self->plan->cost > 0 ? (double)self->cost_done / (double)self->plan->cost : 1;
  EgTraceProgress progress = {
    .result = self->result,
    .done = self->units_done,
    .total = self->n_layers * self->n_tokens * self->request->samples,
    .elapsed = elapsed (self),
  };
  progress.left = part > 0 ? progress.elapsed * (1 - part) / part : -1;
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

static gboolean
finish_in_context (gpointer data)
{
  Trace *self = data;
  deliver (self);
  g_assert (self->finished);
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
  g_autoptr (GSource) source = g_idle_source_new ();
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, func, self, (GDestroyNotify)trace_unref);
  g_source_attach (source, self->context);
}

/* ---- the workers' side ---- */

/* A cell's probabilities for samples first … first + n − 1; NULL values: those of the corrupted runs, or of
 * the clean one for cells that are clean. With the lock. */
static void
record_cell (Trace *self, gsize cell, gsize first, gsize n, const double *values)
{
  const gsize S = self->request->samples;
  const gboolean clean
      = eg_plan_cell_kind (self->plan, cell / self->n_tokens, cell % self->n_tokens) == EG_CELL_HIGH;
  for (gsize s = 0; s < n; s++)
    {
      self->probabilities[cell * S + first + s] = values  ? values[s]
                                                  : clean ? self->high
                                                          : self->low[first + s];
      self->known[cell * S + first + s] = TRUE;
    }
  self->units_done += n;
  if (!self->pending[cell])
    {
      self->pending[cell] = TRUE;
      g_array_append_val (self->changed, cell);
    }
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

static gboolean
run_group (Trace *self, EgWorkspace *workspace, const EgGroup *group, GError **error)
{
  const gsize n_samples = group->sample_end - group->sample_first, n = group->cells->len * n_samples;
  g_autofree EgSegment *segments = g_new0 (EgSegment, n);
  g_autofree double *values = g_new (double, n);
  for (gsize i = 0; i < n; i++)
    {
      const gsize cell = g_array_index (group->cells, gsize, i / n_samples);
      EgSegment *segment = &segments[i];
      eg_plan_window (self->n_layers, cell / self->n_tokens, self->request->window, &segment->window_begin,
                      &segment->window_end);
      segment->layer = segment->window_begin + 1;
      segment->position = cell % self->n_tokens;
      segment->base = self->corrupted[group->sample_first + i % n_samples];
      segment->source = self->clean;
      segment->site = self->request->site;
      segment->restore_begin = segment->position;
      segment->restore_end = segment->position + 1;
    }
  if (!eg_mamba_run (workspace, segments, n, self->n_tokens, self->cancellable, error))
    return FALSE;
  eg_mamba_probabilities (workspace, self->target, values);

  pthread_mutex_lock (&self->lock);
  for (gsize i = 0; i < group->cells->len; i++)
    record_cell (self, g_array_index (group->cells, gsize, i), group->sample_first, n_samples,
                 values + i * n_samples);
  self->cost_done += eg_plan_group_cost (self->plan, group);
  announce (self);
  pthread_mutex_unlock (&self->lock);
  return TRUE;
}

typedef struct
{
  Trace *trace;
  EgWorkspace *workspace;
} Worker;

/* The corrupted runs of one block of the next round's samples. */
static gboolean
run_corrupted (Trace *self, EgWorkspace *workspace, gsize index, GError **error)
{
  const gsize first = self->next_round->sample_first + index * self->block;
  const gsize n = MIN (self->block, self->next_round->sample_end - first);
  const gsize position = self->input->subject_first;
  g_autofree EgSegment *segments = g_new0 (EgSegment, n);
  g_autofree double *values = g_new (double, n);
  for (gsize s = 0; s < n; s++)
    {
      self->corrupted[first + s] = eg_run_new (self->model, position > 0 ? self->clean : NULL, self->n_tokens,
                                               position, position, self->n_tokens - 1, FALSE, error);
      if (!self->corrupted[first + s])
        return FALSE;
      segments[s] = (EgSegment){ .position = position,
                                 .base = position > 0 ? self->clean : NULL,
                                 .input = self->inputs[first + s],
                                 .keep = self->corrupted[first + s] };
    }
  if (!eg_mamba_run (workspace, segments, n, self->n_tokens, self->cancellable, error))
    return FALSE;
  eg_mamba_probabilities (workspace, self->target, values);
  pthread_mutex_lock (&self->lock);
  memcpy (self->low + first, values, n * sizeof *values);
  pthread_mutex_unlock (&self->lock);
  return TRUE;
}

static gboolean
run_task (Trace *self, EgWorkspace *workspace, gsize index, GError **error)
{
  if (index >= self->n_early && index < self->n_early + self->n_blocks)
    return run_corrupted (self, workspace, index - self->n_early, error);
  if (index >= self->n_early)
    index -= self->n_blocks;
  return run_group (self, workspace, self->round->groups->pdata[index], error);
}

static gpointer
work (gpointer data)
{
  Worker *worker = data;
  Trace *self = worker->trace;
  for (;;)
    {
      pthread_mutex_lock (&self->lock);
      const gboolean more = !self->error && self->next_task < self->n_tasks;
      const gsize index = more ? self->next_task++ : 0;
      pthread_mutex_unlock (&self->lock);
      if (!more)
        return NULL;
      g_autoptr (GError) error = NULL;
      if (run_task (self, worker->workspace, index, &error))
        continue;
      pthread_mutex_lock (&self->lock);
      if (!self->error)
        self->error = g_steal_pointer (&error);
      pthread_mutex_unlock (&self->lock);
    }
}

/* Runs a round's groups (NULL: none) and the next one's corrupted runs (NULL: none) on every thread, this one
 * included, and waits for them. */
static gboolean
run_phase (Trace *self, Worker *workers, const EgRound *round, const EgRound *next_round)
{
  const gsize n_groups = round ? round->groups->len : 0;
  const gsize n_samples = next_round ? next_round->sample_end - next_round->sample_first : 0;
  self->round = round;
  self->next_round = next_round;
  self->block = MAX (CORRUPTED_ROWS / (self->n_tokens - self->input->subject_first), 1);
  self->n_blocks = (n_samples + self->block - 1) / self->block;
  self->n_early = n_groups > LATE_GROUPS ? n_groups - LATE_GROUPS : 0;
  self->next_task = 0;
  self->n_tasks = n_groups + self->n_blocks;
  g_autofree GThread **threads = g_new0 (GThread *, self->n_threads);
  const gsize n = CLAMP (self->n_tasks, 1, self->n_threads);
  for (gsize i = 1; i < n; i++)
    threads[i] = g_thread_new ("engram-worker", work, &workers[i]);
  work (&workers[0]);
  for (gsize i = 1; i < n; i++)
    g_thread_join (threads[i]);
  return self->error == NULL;
}

/* The subject's noise for a round's samples, drawn in the order of samples, on the clean rows. */
static gboolean
make_inputs (Trace *self, EgRandomState *random, const EgRound *round, const float *embeddings)
{
  EgBackend *be = eg_model_get_backend (self->model);
  const gsize d = eg_model_get_config (self->model)->d_model, first = self->input->subject_first;
  const gsize n = (self->n_tokens - first) * d, n_noise = (self->input->subject_last - first + 1) * d;
  g_autofree float *noisy = g_memdup2 (embeddings + first * d, n * sizeof *embeddings);
  EgStream *stream = be->stream_new (be);
  gboolean ok = TRUE;
  for (gsize s = round->sample_first; ok && s < round->sample_end; s++)
    {
      eg_noise_add (random, self->request->noise_level * self->noise_std, embeddings + first * d, n_noise,
                    noisy);
      self->inputs[s] = be->alloc (be, n);
      ok = self->inputs[s] != NULL;
      if (ok)
        be->upload (stream, self->inputs[s], noisy, n);
    }
  be->stream_free (stream);
  if (!ok)
    self->error
        = g_error_new_literal (EG_ERROR, EG_ERROR_MEMORY, "There is no memory left for the corrupted prompt");
  return ok;
}

/* Cells that cost nothing are known as soon as the round's corrupted runs are. */
static void
record_free_cells (Trace *self, const EgRound *round)
{
  pthread_mutex_lock (&self->lock);
  self->n_low = round->sample_end;
  for (gsize cell = 0; cell < self->n_layers * self->n_tokens; cell++)
    if (eg_plan_cell_kind (self->plan, cell / self->n_tokens, cell % self->n_tokens) != EG_CELL_COMPUTED)
      record_cell (self, cell, round->sample_first, round->sample_end - round->sample_first, NULL);
  announce (self);
  pthread_mutex_unlock (&self->lock);
}

static gboolean
run_clean (Trace *self, EgWorkspace *workspace, float *embeddings)
{
  const EgModelConfig *config = eg_model_get_config (self->model);
  EgBackend *be = eg_model_get_backend (self->model);
  EgStream *stream = eg_workspace_get_stream (workspace);
  const gsize first = self->input->subject_first;
  self->clean = eg_run_new (self->model, NULL, self->n_tokens, 0, first > 0 ? first - 1 : 0, first,
                            self->request->site == EG_SITE_MIXER, &self->error);
  if (!self->clean
      || !eg_clean_run (workspace, self->model, self->input->ids, self->n_tokens, self->clean,
                        self->cancellable, &self->error))
    return FALSE;
  be->download (stream, embeddings, self->clean->resid[0], self->n_tokens * config->d_model);
  self->noise_std = eg_noise_std (embeddings + first * config->d_model,
                                  (self->input->subject_last - first + 1) * config->d_model);
  self->target = self->input->target_id;
  if (!self->input->has_target)
    {
      g_autofree float *logits = g_new (float, config->vocab_size);
      if (!eg_mamba_logits (workspace, 0, logits, &self->error))
        return FALSE;
      self->target = 0;
      for (gsize v = 1; v < config->vocab_size; v++)
        if (logits[v] > logits[self->target])
          self->target = (guint32)v;
    }
  eg_mamba_probabilities (workspace, self->target, &self->high);
  return TRUE;
}

static gboolean
run_rounds (Trace *self, Worker *workers)
{
  const EgModelConfig *config = eg_model_get_config (self->model);
  EgRound *const *rounds = (EgRound *const *)self->plan->rounds->pdata;
  const gsize n_rounds = self->plan->rounds->len;
  g_autofree float *embeddings = g_new (float, self->n_tokens * config->d_model);
  EgRandomState random;
  eg_random_state_init (&random, self->request->seed);
  if (!run_clean (self, workers[0].workspace, embeddings)
      || !make_inputs (self, &random, rounds[0], embeddings) || !run_phase (self, workers, NULL, rounds[0]))
    return FALSE;
  for (gsize i = 0; i < n_rounds; i++)
    {
      const EgRound *next = i + 1 < n_rounds ? rounds[i + 1] : NULL;
      record_free_cells (self, rounds[i]);
      if ((next && !make_inputs (self, &random, next, embeddings))
          || !run_phase (self, workers, rounds[i], next))
        return FALSE;
      free_corrupted (self, rounds[i]->sample_first, rounds[i]->sample_end);
    }
  return TRUE;
}

static gpointer
coordinate (gpointer data)
{
  Trace *self = data;
  g_autofree Worker *workers = g_new0 (Worker, self->n_threads);
  for (gsize i = 0; i < self->n_threads; i++)
    workers[i] = (Worker){ .trace = self, .workspace = eg_workspace_new (self->model) };
  run_rounds (self, workers);
  for (gsize i = 0; i < self->n_threads; i++)
    eg_workspace_free (workers[i].workspace);
  pthread_mutex_lock (&self->lock);
  self->finished = TRUE;
  pthread_mutex_unlock (&self->lock);
  schedule (self, finish_in_context);
  return NULL;
}

/* ---- starting ---- */

/* How many samples a round may have: its corrupted runs and the next one's fit into a quarter of the memory;
 * 0 when not even one sample's fits beside the clean run. */
static gsize
samples_at_once (const EgModelConfig *config,
                 const EgTraceInput *input,
                 const EgTraceRequest *request,
                 GError **error)
{
  const gsize rows = input->n_tokens - input->subject_first;
  const guint64 clean = eg_run_size (config, input->n_tokens, 1, request->site == EG_SITE_MIXER);
  const guint64 one = eg_run_size (config, rows, rows - 1, FALSE);
  const guint64 available = eg_memory_available ();
  if (clean + one > available)
    {
      g_autofree char *needed = g_format_size_full (clean + one, G_FORMAT_SIZE_IEC_UNITS);
      g_autofree char *have = g_format_size_full (available, G_FORMAT_SIZE_IEC_UNITS);
      g_set_error (error, EG_ERROR, EG_ERROR_MEMORY,
                   "A trace of this prompt's %" G_GSIZE_FORMAT " tokens needs %s of memory, and %s are free",
                   input->n_tokens, needed, have);
      return 0;
    }
  return (gsize)CLAMP (available / 8 / one, 1, request->samples);
}

static EgTraceResult *
result_for (const EgTraceRequest *request, const EgTraceInput *input, EgModel *model)
{
  EgTraceResult *result = eg_trace_result_new (eg_model_get_config (model)->n_layers, input->n_tokens);
  result->prompt = g_strdup (request->prompt);
  result->subject = g_strdup (request->subject);
  g_strfreev (result->tokens);
  result->tokens = g_strdupv (input->tokens);
  g_free (result->ids);
  result->ids = g_memdup2 (input->ids, input->n_tokens * sizeof *input->ids);
  result->subject_first = input->subject_first;
  result->subject_last = input->subject_last;
  result->has_settings = TRUE;
  result->samples = request->samples;
  result->seed = request->seed;
  result->noise_level = request->noise_level;
  result->site = request->site;
  result->window = request->window;
  result->model = g_strdup (eg_model_get_name (model));
  result->device = g_strdup (eg_model_get_backend (model)->name);
  g_free (result->version);
  result->version = g_strdup (ENGRAM_VERSION);
  return result;
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
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  g_task_set_source_tag (task, eg_trace_async);
  const EgModelConfig *config = eg_model_get_config (model);
  GError *error = NULL;
  g_autoptr (EgTraceInput) input = eg_trace_input_new (request, model, &error);
  const gsize at_once = input ? samples_at_once (config, input, request, &error) : 0;
  if (at_once == 0)
    {
      g_task_return_error (task, error);
      return;
    }

  Trace *self = g_new0 (Trace, 1);
  self->refs = 1;
  self->start_time = g_get_monotonic_time ();
  self->model = eg_model_ref (model);
  self->request = eg_trace_request_copy (request);
  self->result = result_for (request, input, model);
  self->input = g_steal_pointer (&input);
  self->cancellable = cancellable ? g_object_ref (cancellable) : NULL;
  self->task = g_steal_pointer (&task);
  self->context = g_main_context_ref_thread_default ();
  self->progress = progress;
  self->progress_data = progress_data;
  self->n_layers = config->n_layers;
  self->n_tokens = self->input->n_tokens;
  self->n_threads = request->threads > 0 ? MIN (request->threads, 256) : g_get_num_processors ();
  self->plan = eg_plan_new (self->n_layers, self->n_tokens, self->input->subject_first, request->site,
                            request->window, request->samples, at_once);
  const gsize n_cells = self->n_layers * self->n_tokens, S = request->samples;
  self->corrupted = g_new0 (EgRun *, S);
  self->inputs = g_new0 (float *, S);
  self->probabilities = g_new0 (double, n_cells *S);
  self->known = g_new0 (guint8, n_cells * S);
  self->low = g_new0 (double, S);
  self->changed = g_array_new (FALSE, FALSE, sizeof (gsize));
  self->pending = g_new0 (guint8, n_cells);
  pthread_mutex_init (&self->lock, NULL);
  g_thread_unref (g_thread_new ("engram-trace", coordinate, self));
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
