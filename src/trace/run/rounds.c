/* Which samples are computed when, and whether there are enough of them. */
#include "trace/run/rounds.h"

#include "trace/run/delivery.h"
#include "trace/run/tally.h"

#include <math.h>
#include <string.h>

/* What a partial trace has is not computed again. The first block of corrupted runs of all goes with the
 * clean run, always. */
static void
drop_known_tasks (EgTracedPrompt *self, gboolean is_first)
{
  EgPromptRounds *rounds = &self->rounds;
  GArray *tasks = rounds->schedule->tasks;
  for (guint i = tasks->len; i-- > (is_first ? 1 : 0);)
    {
      const EgTask task = g_array_index (tasks, EgTask, i);
      const EgRound *round = rounds->plan->rounds->pdata[task.round];
      const EgGroup *group = task.corrupted ? NULL : round->groups->pdata[task.index];
      if (task.corrupted && eg_trace_partial_has_round (self->partial, round))
        {
          const gsize first = round->sample_first + task.index * rounds->block;
          memset (self->noise.unneeded + first, TRUE, MIN (rounds->block, round->sample_end - first));
          rounds->states[task.round].blocks_left--;
        }
      else if (group != NULL && eg_trace_partial_has_group (self->partial, group))
        {
          self->tally.cost_before += eg_plan_group_cost (rounds->plan, group);
          rounds->states[task.round].groups_left--;
        }
      else
        continue;
      g_array_remove_index (tasks, i);
    }
}

static void
make_tasks (EgTracedPrompt *self, gboolean is_first)
{
  EgPromptRounds *rounds = &self->rounds;
  const gsize n_rounds = rounds->plan->rounds->len, n_rows = self->n_corrupted - self->input->corrupted_first;
  rounds->block = MAX (rounds->sizes.corrupted_rows / n_rows, 1);
  rounds->next = 0;
  g_clear_pointer (&rounds->schedule, eg_schedule_free);
  g_free (rounds->states);
  rounds->schedule = eg_schedule_new (rounds->plan, &rounds->costs, rounds->block, self->pool->n_threads);
  rounds->states = g_new0 (EgRoundState, n_rounds);
  for (gsize r = 0; r < n_rounds; r++)
    {
      const EgRound *round = rounds->plan->rounds->pdata[r];
      rounds->states[r].blocks_left = eg_schedule_blocks (rounds->plan, r, rounds->block);
      rounds->states[r].groups_left = round->groups->len;
    }
  if (self->partial != NULL)
    drop_known_tasks (self, is_first);
  for (gsize site = 0; self->relaxed != NULL && site < self->grid.n_sites; site++)
    if (self->relaxed[site])
      eg_schedule_relax (rounds->schedule, rounds->plan, site);
}

static void
relax (EgTracedPrompt *self, gsize site_index)
{
  if (self->order == NULL || (self->relaxed != NULL && self->relaxed[site_index]))
    return;
  if (self->relaxed == NULL)
    self->relaxed = g_new0 (gboolean, self->grid.n_sites);
  self->relaxed[site_index] = TRUE;
  eg_schedule_relax (self->rounds.schedule, self->rounds.plan, site_index);
}

void
eg_trace_progress_forget_order (const EgTraceProgress *progress, gsize site_index)
{
  EgTracedPrompt *self = progress->trace;
  pthread_mutex_lock (&self->pool->lock);
  relax (self, site_index);
  pthread_mutex_unlock (&self->pool->lock);
}

void
eg_rounds_plan (EgTracedPrompt *self, gsize end)
{
  EgPromptRounds *rounds = &self->rounds;
  const gboolean is_first = rounds->samples == 0;
  g_clear_pointer (&rounds->plan, eg_plan_free);
  rounds->plan = eg_plan_new_ordered (&self->grid, end - rounds->samples, rounds->memory.samples_at_once,
                                      &rounds->sizes, self->order);
  eg_plan_shift_samples (rounds->plan, rounds->samples);
  rounds->samples = end;
  self->tally.cost += rounds->plan->cost;
  make_tasks (self, is_first);
}

/* Those whose corrupted runs are all there, in their order. Cells that cost nothing are now known. With the
 * lock. */
static void
open_rounds (EgTracedPrompt *self)
{
  EgPromptRounds *rounds = &self->rounds;
  for (; rounds->next < rounds->plan->rounds->len && rounds->states[rounds->next].blocks_left == 0;
       rounds->next++)
    {
      rounds->states[rounds->next].ready = TRUE;
      eg_tally_record_round (self, rounds->plan->rounds->pdata[rounds->next]);
      eg_delivery_announce (self);
    }
  pthread_cond_broadcast (&self->pool->moved);
}

void
eg_rounds_take_block (
    EgTracedPrompt *self, gsize round, gsize first, gsize n, const double *values, gsize stride)
{
  EgRoundState *state = &self->rounds.states[round];
  pthread_mutex_lock (&self->pool->lock);
  eg_estimates_record_low (self->tally.estimates, first, n, values, stride);
  state->blocks_left--;
  open_rounds (self);
  const gboolean needed = state->groups_left > 0;
  pthread_mutex_unlock (&self->pool->lock);
  if (!needed)
    eg_traced_prompt_free_samples (self, first, first + n);
}

gboolean
eg_rounds_wait (EgTracedPrompt *self, gsize round)
{
  const EgRoundState *state = &self->rounds.states[round];
  pthread_mutex_lock (&self->pool->lock);
  while (!state->ready && !self->error)
    pthread_cond_wait (&self->pool->moved, &self->pool->lock);
  const gboolean ready = state->ready;
  pthread_mutex_unlock (&self->pool->lock);
  return ready;
}

void
eg_rounds_end_group (EgTracedPrompt *self, gsize round)
{
  const EgRound *samples = self->rounds.plan->rounds->pdata[round];
  pthread_mutex_lock (&self->pool->lock);
  const gboolean last = --self->rounds.states[round].groups_left == 0;
  self->tally.rounds_done += last;
  pthread_mutex_unlock (&self->pool->lock);
  if (last)
    eg_traced_prompt_free_samples (self, samples->sample_first, samples->sample_end);
}

/* How many samples there must be for the wanted standard error: estimated from what there is, and at most
 * twice as many. It depends on finished rounds alone, so the same request always takes the same. 0: no more.
 */
static gsize
want_samples (EgTracedPrompt *self)
{
  const EgPromptRounds *rounds = &self->rounds;
  const double wanted = self->request->until_sem;
  if (!(wanted > 0) || rounds->samples == rounds->max_samples)
    return 0;
  const double ratio = eg_estimates_get_worst_sem (self->tally.estimates, 0, rounds->samples) / wanted;
  if (ratio <= 1)
    return 0;
  const double n = (double)rounds->samples, end = ceil (n * ratio * ratio);
  return MIN ((gsize)CLAMP (end, ceil (1.25 * n), 2 * n), rounds->max_samples);
}

gboolean
eg_rounds_extend (EgTracedPrompt *self)
{
  pthread_mutex_lock (&self->pool->lock);
  const gsize end = self->error ? 0 : want_samples (self);
  if (end > 0)
    {
      eg_rounds_plan (self, end);
      open_rounds (self);
    }
  pthread_mutex_unlock (&self->pool->lock);
  return end > 0;
}
