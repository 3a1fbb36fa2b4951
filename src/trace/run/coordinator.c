/* The clean run, the first corrupted ones, and then round after round with the workers. */
#include "trace/run/coordinator.h"

#include "core/error.h"
#include "engine/stream.h"
#include "trace/run/corrupted.h"
#include "trace/run/delivery.h"
#include "trace/run/rounds.h"
#include "trace/run/worker.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

/* How the one run is seen from the other. */
static void
make_shifted (EgTracedPrompt *self)
{
  EgPromptRuns *runs = &self->runs;
  const gssize shift = (gssize)self->n_corrupted - (gssize)self->n_tokens;
  if (shift != 0)
    runs->shifted = eg_grid_runs_corrupted (&self->grid) ? eg_run_new_shifted (runs->clean, shift)
                                                         : eg_run_new_shifted (runs->corrupted[0], -shift);
}

gboolean
eg_coordinator_prepare_clean (
    EgTracedPrompt *self, EgWorkspace *workspace, float *input, EgSegment *segment, GError **error)
{
  if (!eg_workspace_place (workspace, input, 0, self->n_tokens, error))
    return FALSE;
  self->runs.clean = eg_run_new (eg_traced_prompt_get_network (self), &self->rounds.memory.clean, error);
  *segment = (EgSegment){ .input = input, .keep = self->runs.clean };
  return self->runs.clean != NULL;
}

static gboolean
same_bits (const double *a, gsize stride_a, const double *b, gsize stride_b, gsize n)
{
  for (gsize i = 0; i < n; i++)
    if (memcmp (&a[i * stride_a], &b[i * stride_b], sizeof *a) != 0
        && !(isnan (a[i * stride_a]) && isnan (b[i * stride_b])))
      return FALSE;
  return TRUE;
}

/* The values of the clean run, and those of the first n corrupted runs, metric m's at low + m·stride, against
 * those that a partial trace had: what is added to it must be of the same weights and the same arithmetic. */
static gboolean
check_partial (EgTracedPrompt *self,
               const double *high,
               gsize high_stride,
               const double *low,
               gsize stride,
               gsize n,
               GError **error)
{
  const EgEstimates *before = self->partial != NULL ? self->partial->estimates : NULL;
  if (before == NULL || self->tally.units_done == 0)
    return TRUE;
  gboolean same = same_bits (high, high_stride, before->high, 1, before->n_metrics);
  for (gsize m = 0; same && m < before->n_metrics; m++)
    same = same_bits (low + m * stride, 1, before->low + m * before->max_samples, 1,
                      MIN (n, before->max_samples));
  return same
         || eg_error_invalid (error, _ ("What there is of this trace cannot be gone on with: the same runs "
                                        "give other numbers now (the weights, or what computes, changed); "
                                        "trace anew"));
}

/* The clean run and, in the other workspace, the swapped one, which may have another length. */
static gboolean
run_both (EgTracedPrompt *self, EgWorkspace *workspace, EgWorkspace *other, float *input, GError **error)
{
  g_autofree double *values = g_new (double, self->meter.n_metrics);
  EgSegment segment;
  self->noise.std = NAN;
  if (!eg_coordinator_prepare_clean (self, workspace, input, &segment, error)
      || !eg_workspace_run (workspace, &segment, 1, self->n_tokens, self->cancellable, error))
    return FALSE;
  /* The swapped run continues the clean one on another stream. */
  eg_stream_wait (eg_traced_prompt_get_backend (self), eg_workspace_get_stream (workspace));
  if (!eg_corrupted_prepare (self, other, 0, 1, &segment, error)
      || !eg_workspace_run (other, &segment, 1, self->n_corrupted, self->cancellable, error)
      || !eg_meter_aim (&self->meter, self->input, workspace, 0, other, 0, error))
    return FALSE;
  make_shifted (self);
  eg_meter_read (&self->meter, workspace, 1, TRUE, values);
  g_autofree double *high = g_memdup2 (values, self->meter.n_metrics * sizeof *values);
  eg_meter_read (&self->meter, other, 1, FALSE, values);
  if (!eg_workspace_check (workspace, error) || !eg_workspace_check (other, error)
      || !eg_meter_check (&self->meter, workspace, error)
      || !check_partial (self, high, 1, values, 1, 1, error))
    return FALSE;
  memcpy (self->tally.estimates->high, high, self->meter.n_metrics * sizeof *high);
  eg_rounds_take_block (self, 0, 0, 1, values, 1);
  return TRUE;
}

gboolean
eg_coordinator_run_swapped (EgTracedPrompt *self, EgWorkspace *workspace, float *input, GError **error)
{
  g_autoptr (EgWorkspace) other
      = eg_workspace_new (eg_traced_prompt_get_network (self), self->pool->n_threads);
  const gboolean ok = run_both (self, workspace, other, input, error);
  if (!ok)
    eg_worker_tell_cause (other, error);
  return ok;
}

/* Whether a group has cells of the first site alone. The first group may have another's: when the last token
 * alone is corrupted, nothing of the first site has to be run. */
static gboolean
is_of_first_site (const EgGrid *grid, const EgGroup *group)
{
  for (guint i = 0; i < group->cells->len; i++)
    if (eg_grid_site_index (grid, g_array_index (group->cells, gsize, i)) != 0)
      return FALSE;
  return TRUE;
}

/* The group that the first block of corrupted runs, of so many samples, takes along, so that the weights are
 * read once for both: the first one of the usual order, a few rows of the last layers. NULL: none. Its task
 * is taken. */
static const EgGroup *
take_group_along (EgTracedPrompt *self, gsize n_samples)
{
  const EgPromptRounds *rounds = &self->rounds;
  const EgRound *round = rounds->plan->rounds->pdata[0];
  GArray *tasks = rounds->schedule->tasks;
  if (!rounds->sizes.rows_stand_alone || !eg_grid_begins_with_values (&self->grid)
      || rounds->memory.corrupted.state_step != 1 || rounds->plan->order != NULL
      || round->sample_end != n_samples || tasks->len < 2)
    return NULL;
  const EgTask task = g_array_index (tasks, EgTask, 1);
  if (task.corrupted || task.round != 0 || task.index != 0
      || !is_of_first_site (&self->grid, round->groups->pdata[0]))
    return NULL;
  g_array_remove_index (tasks, 1);
  return round->groups->pdata[0];
}

static gsize
count_segments (const EgGroup *group)
{
  return group != NULL ? group->cells->len * (group->sample_end - group->sample_first) : 0;
}

/* What all the rest waits for: the clean run, the first block of corrupted ones, which continue it layer by
 * layer, and the first cells, which continue those. */
static gboolean
run_first_segments (EgTracedPrompt *self, EgWorkspace *workspace, float *input, GError **error)
{
  const EgRound *round = self->rounds.plan->rounds->pdata[0];
  const gsize n = MIN (self->rounds.block, round->sample_end);
  const EgGroup *group = take_group_along (self, n);
  const gsize n_all = 1 + n + count_segments (group);
  g_autofree EgSegment *segments = g_new0 (EgSegment, n_all);
  g_autofree double *values = g_new (double, n_all * self->meter.n_metrics);
  if (!eg_corrupted_init_noise (self, workspace, input, error)
      || !eg_coordinator_prepare_clean (self, workspace, input, segments, error)
      || !eg_corrupted_prepare (self, workspace, 0, n, segments + 1, error))
    return FALSE;
  if (group != NULL)
    eg_group_prepare (self, group, segments + 1 + n);
  if (!eg_workspace_run (workspace, segments, n_all, self->n_tokens, self->cancellable, error)
      || !eg_meter_aim (&self->meter, self->input, workspace, 0, NULL, 0, error))
    return FALSE;
  eg_meter_read (&self->meter, workspace, n_all, TRUE, values);
  if (!eg_workspace_check (workspace, error) || !eg_meter_check (&self->meter, workspace, error)
      || !check_partial (self, values, n_all, values + 1, n_all, n, error))
    return FALSE;
  for (gsize m = 0; m < self->meter.n_metrics; m++)
    self->tally.estimates->high[m] = values[m * n_all];
  eg_rounds_take_block (self, 0, 0, n, values + 1, n_all);
  if (group == NULL)
    return TRUE;
  eg_group_record (self, group, values + 1 + n, n_all);
  eg_rounds_end_group (self, 0);
  return TRUE;
}

/* With all threads at each product, since there is nothing else to do yet. */
static gboolean
run_first (EgTracedPrompt *self)
{
  EgBackend *be = eg_traced_prompt_get_backend (self);
  g_autoptr (EgWorkspace) workspace
      = eg_workspace_new (eg_traced_prompt_get_network (self), self->pool->n_threads);
  float *input = eg_workspace_embed (workspace, self->input->ids, self->n_tokens, &self->error);
  if (!input)
    return FALSE;
  const gboolean ok = self->input->swapped ? eg_coordinator_run_swapped (self, workspace, input, &self->error)
                                           : run_first_segments (self, workspace, input, &self->error);
  if (!ok)
    eg_worker_tell_cause (workspace, &self->error);
  be->release (be, input);
  self->rounds.schedule->next = 1;
  return ok;
}

void
eg_coordinator_blame_files (EgTracedPrompt *self)
{
  g_autoptr (GError) cause = NULL;

  if (self->error == NULL || g_error_matches (self->error, G_IO_ERROR, G_IO_ERROR_CANCELLED)
      || eg_network_check_files (eg_traced_prompt_get_network (self), &cause))
    return;
  g_clear_error (&self->error);
  self->error = g_steal_pointer (&cause);
}

gpointer
eg_coordinate (gpointer prompt)
{
  EgTracedPrompt *self = prompt;
  if (run_first (self))
    do
      eg_workers_run (self);
    while (eg_rounds_extend (self));
  pthread_mutex_lock (&self->pool->lock);
  eg_coordinator_blame_files (self);
  pthread_mutex_unlock (&self->pool->lock);
  eg_delivery_finish (self);
  return NULL;
}
