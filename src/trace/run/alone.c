/* One prompt's trace from its clean run to its end, all of it here and now. */
#include "trace/run/alone.h"

#include "trace/run/coordinator.h"
#include "trace/run/corrupted.h"
#include "trace/run/delivery.h"
#include "trace/run/rounds.h"
#include "trace/run/start.h"
#include "trace/run/worker.h"

#include <math.h>

typedef struct
{
  EgTracedPrompt *prompt;
  EgWorkspace *workspace;
  EgTraceGateFunc gate;
  gpointer gate_data;
  EgTraceEntry entry;
} Alone;

/* ---- before the cells ---- */

static gsize
find_probability (const EgMeter *meter)
{
  gsize m = 0;
  while (m + 1 < meter->n_metrics && meter->metrics[m] != EG_METRIC_PROB)
    m++;
  return m;
}

/* What the clean run says, which the workspace has just done. */
static gboolean
read_prediction (Alone *self, GError **error)
{
  EgTopValue top;
  double sum;
  if (!eg_workspace_top (self->workspace, 0, &top, 1, &sum, error))
    return FALSE;
  self->entry.prediction = (guint32)top.index;
  self->entry.probability = 1 / sum;
  return TRUE;
}

static gboolean
run_clean (Alone *self, float *input, GError **error)
{
  EgTracedPrompt *prompt = self->prompt;
  EgWorkspace *workspace = self->workspace;
  g_autofree double *values = g_new (double, prompt->meter.n_metrics);
  EgSegment segment;
  if (!eg_corrupted_init_noise (prompt, workspace, input, error)
      || !eg_coordinator_prepare_clean (prompt, workspace, input, &segment, error)
      || !eg_workspace_run (workspace, &segment, 1, prompt->n_tokens, prompt->cancellable, error)
      || !eg_meter_aim (&prompt->meter, prompt->input, workspace, 0, NULL, 0, error))
    return FALSE;
  eg_meter_read (&prompt->meter, workspace, 1, TRUE, values);
  if (!eg_workspace_check (workspace, error) || !eg_meter_check (&prompt->meter, workspace, error)
      || !read_prediction (self, error))
    return FALSE;
  for (gsize m = 0; m < prompt->meter.n_metrics; m++)
    prompt->tally.estimates->high[m] = values[m];
  return TRUE;
}

/* The clean run, and with it a swap's one corrupted run. */
static gboolean
run_first (Alone *self, GError **error)
{
  EgTracedPrompt *prompt = self->prompt;
  EgBackend *be = eg_traced_prompt_get_backend (prompt);
  float *input = eg_workspace_embed (self->workspace, prompt->input->ids, prompt->n_tokens, error);
  if (!input)
    return FALSE;
  const gboolean is_swapped = prompt->input->swapped != NULL;
  const gboolean ok = is_swapped ? eg_coordinator_run_swapped (prompt, self->workspace, input, error)
                                       && read_prediction (self, error)
                                 : run_clean (self, input, error);
  be->release (be, input);
  prompt->rounds.schedule->next = is_swapped;
  self->entry.clean = prompt->tally.estimates->high[find_probability (&prompt->meter)];
  return ok;
}

/* ---- tasks ---- */

static EgTask *
get_task (const Alone *self, guint i)
{
  return &g_array_index (self->prompt->rounds.schedule->tasks, EgTask, i);
}

/* Those that are left, in their order: of corrupted runs, or all others. */
static gboolean
run_tasks (Alone *self, gboolean corrupted, gboolean others, GError **error)
{
  EgPromptRounds *rounds = &self->prompt->rounds;
  for (guint i = rounds->schedule->next; i < rounds->schedule->tasks->len; i++)
    if (get_task (self, i)->corrupted ? corrupted : others)
      if (!eg_worker_run_task (self->prompt, self->workspace, get_task (self, i), error))
        return FALSE;
  return TRUE;
}

/* Whether all corrupted runs may be kept at a time. */
static gboolean
keeps_all (const Alone *self)
{
  return self->prompt->rounds.samples <= self->prompt->rounds.memory.samples_at_once;
}

static double
read_corrupted (const Alone *self)
{
  double mean, sem;
  const EgTracedPrompt *prompt = self->prompt;
  eg_estimates_get_low (prompt->tally.estimates, find_probability (&prompt->meter), prompt->rounds.samples,
                        &mean, &sem);
  return mean;
}

/* Without what they keep: they are run again, round by round. */
static gboolean
measure_corrupted (Alone *self, GError **error)
{
  EgTracedPrompt *prompt = self->prompt;
  const gsize block = prompt->rounds.block, n_metrics = prompt->meter.n_metrics;
  for (gsize first = 0; first < prompt->rounds.samples; first += block)
    {
      const gsize n = MIN (block, prompt->rounds.samples - first);
      g_autofree EgSegment *segments = g_new0 (EgSegment, n);
      g_autofree double *values = g_new (double, n *n_metrics);
      if (!eg_corrupted_prepare (prompt, self->workspace, first, n, segments, error)
          || !eg_workspace_run (self->workspace, segments, n, prompt->n_corrupted, prompt->cancellable,
                                error))
        return FALSE;
      eg_meter_read (&prompt->meter, self->workspace, n, FALSE, values);
      if (!eg_workspace_check (self->workspace, error))
        return FALSE;
      eg_estimates_record_low (prompt->tally.estimates, first, n, values, n);
      eg_traced_prompt_free_samples (prompt, first, first + n);
    }
  prompt->tally.n_low = prompt->rounds.samples;
  return eg_corrupted_rewind (prompt, error);
}

/* ---- the whole ---- */

static gboolean
ask (Alone *self)
{
  self->entry.result = eg_delivery_look (self->prompt);
  return self->gate == NULL || self->gate (&self->entry, self->gate_data);
}

/* *complete is FALSE where the gate closed. */
static gboolean
run_all (Alone *self, gboolean *complete, GError **error)
{
  *complete = FALSE;
  if (!run_first (self, error))
    return FALSE;
  if (!ask (self))
    return TRUE;
  if (keeps_all (self) ? !run_tasks (self, TRUE, FALSE, error) : !measure_corrupted (self, error))
    return FALSE;
  self->entry.corrupted = read_corrupted (self);
  if (!ask (self))
    return TRUE;
  if (!run_tasks (self, !keeps_all (self), TRUE, error))
    return FALSE;
  while (eg_rounds_extend (self->prompt))
    if (!run_tasks (self, TRUE, TRUE, error))
      return FALSE;
  *complete = TRUE;
  return TRUE;
}

EgTraceResult *
eg_trace_run_alone (EgWorkspace *workspace,
                    EgModel *model,
                    const EgTraceRequest *request,
                    EgTraceGateFunc gate,
                    gpointer user_data,
                    GCancellable *cancellable,
                    GError **error)
{
  EgTracedPrompt *prompt = eg_trace_prepare (model, request, NULL, NULL, 1, cancellable, error);
  gboolean complete;
  if (prompt == NULL)
    return NULL;
  Alone self = { prompt, workspace, gate, user_data, { .clean = NAN, .corrupted = NAN } };
  /* A device's groups are those that its memory has room for. */
  if (eg_traced_prompt_get_backend (prompt)->group_rows == 0)
    prompt->rounds.sizes = eg_group_sizes_unwatched ();
  eg_delivery_init_alone (prompt);
  eg_rounds_plan (prompt, eg_trace_request_get_samples (request));
  const gboolean ok = run_all (&self, &complete, &prompt->error);
  if (!ok && prompt->error != NULL)
    eg_worker_tell_cause (workspace, &prompt->error);
  eg_coordinator_blame_files (prompt);
  EgTraceResult *result = ok && prompt->error == NULL ? eg_delivery_take (prompt, complete) : NULL;
  if (prompt->error != NULL)
    g_propagate_error (error, g_steal_pointer (&prompt->error));
  eg_traced_prompt_unref (prompt);
  return result;
}
