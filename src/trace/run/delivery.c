/* The main context's side of a trace: its result, filled in batches, and the end of its task. */
#include "trace/run/delivery.h"

#include "trace/run/begin-result.h"

#include <math.h>

/* ---- the result ---- */

static EgTraceResult *
make_result (const EgTracedPrompt *self)
{
  EgTraceResult *result = eg_trace_begin_result (self->model, self->request, self->input, &self->grid);
  for (gsize m = 1; m < self->meter.n_metrics; m++)
    eg_trace_result_add_metric (result, self->meter.metrics[m]);
  return result;
}

void
eg_delivery_init (EgTracedPrompt *self, GTask *task, EgTraceProgressFunc progress, gpointer progress_data)
{
  self->delivery = (EgPromptDelivery){ .context = g_main_context_ref_thread_default (),
                                       .task = task,
                                       .progress = progress,
                                       .progress_data = progress_data,
                                       .result = make_result (self),
                                       .start_time = g_get_monotonic_time () };
}

static double
to_float (double x)
{
  return (double)(float)x;
}

/* One cell's estimates into its place in its site's grid. Returns: the samples that they rest on. */
static guint
take_estimates (EgTracedPrompt *self, gsize cell, EgTraceGrid *grid, gsize at)
{
  guint count = 0;
  for (gsize m = 0; m < self->meter.n_metrics; m++)
    {
      double *score = &grid->scores[m][at], *sem = &grid->sem[m][at];
      count = eg_estimates_get_cell (self->tally.estimates, m, cell, score, sem);
      grid->effect_sem[m][at] = eg_grid_is_one_run (&self->grid) ? (double)NAN
                                : eg_trace_result_is_loss (grid->result)
                                    ? to_float (*sem)
                                    : to_float (eg_estimates_get_effect_sem (self->tally.estimates, m, cell));
      *score = to_float (*score);
      /* One run that stands for all samples has no error. */
      *sem = eg_grid_is_one_run (&self->grid) ? (double)NAN : to_float (*sem);
    }
  return grid->counts[at] = count;
}

/* What the scores lie between, and the answers that are followed. */
static void
take_ends (EgTracedPrompt *self, EgTraceResult *result)
{
  const EgPromptTally *tally = &self->tally;
  EgTokenizer *tokenizer = eg_model_get_tokenizer (self->model);
  EgTraceTokens *tokens = result->tokens;
  for (gsize m = 0; m < self->meter.n_metrics; m++)
    {
      EgTraceEnds *ends = &result->ends[m];
      eg_estimates_get_low (tally->estimates, m, tally->n_low, &ends->low, &ends->low_sem);
      ends->high = tally->estimates->high[m];
    }
  result->samples = (guint)self->rounds.samples;
  result->noise_std = self->noise.std;
  tokens->target_id = (gint64)self->meter.query.target;
  if (!tokens->target)
    tokens->target = eg_tokenizer_token_text (tokenizer, (guint32)tokens->target_id);
  if (tokens->against || !eg_meter_has (&self->meter, EG_METRIC_LOGIT_DIFF))
    return;
  tokens->against_id = (gint64)self->meter.query.against;
  tokens->against = eg_tokenizer_token_text (tokenizer, (guint32)tokens->against_id);
}

/* Moves what changed into the result. With the lock; the result belongs to this thread. */
static GArray *
take_cells (EgTracedPrompt *self)
{
  EgPromptTally *tally = &self->tally;
  EgTraceResult *result = self->delivery.result;
  GArray *cells = g_array_sized_new (FALSE, FALSE, sizeof (EgTraceCell), tally->changed->len);
  for (guint i = 0; i < tally->changed->len; i++)
    {
      const gsize at = g_array_index (tally->changed, gsize, i);
      const gsize site = eg_grid_site_index (&self->grid, at);
      EgTraceGrid *grid = result->grids[site];
      const gsize place = at % eg_trace_grid_n_cells (grid);
      EgTraceCell cell
          = { .site = site, .layer = place / grid->n_tokens, .position = place % grid->n_tokens };
      cell.samples = take_estimates (self, at, grid, place);
      cell.score = grid->scores[0][place];
      cell.sem = grid->sem[0][place];
      tally->pending[at] = FALSE;
      g_array_append_val (cells, cell);
    }
  g_array_set_size (tally->changed, 0);
  take_ends (self, result);
  return cells;
}

/* ---- handing over ---- */

/* Seconds since it began; those before a stop included. */
static double
elapsed_now (const EgTracedPrompt *self)
{
  return (double)(g_get_monotonic_time () - self->delivery.start_time) / 1e6;
}

static double
elapsed (const EgTracedPrompt *self)
{
  return elapsed_now (self) + (self->partial != NULL ? self->partial->seconds : 0);
}

/* Seconds that are left, or −1. With the lock. */
static double
estimate_left (const EgTracedPrompt *self)
{
  const guint64 cost = self->tally.cost - self->tally.cost_before;
  const double part = cost > 0 ? (double)self->tally.cost_done / (double)cost : 1;
  return part > 0 ? elapsed_now (self) * (1 - part) / part : -1;
}

/* Cells that get no value. */
static gsize
count_unwanted (const EgTracedPrompt *self)
{
  gsize n = 0;
  for (gsize cell = 0; cell < self->n_cells; cell++)
    n += eg_grid_is_missing (&self->grid, cell)
         || (eg_grid_cell_kind (&self->grid, cell) == EG_CELL_COMPUTED && self->order != NULL
             && !eg_trace_order_wants (self->order, cell));
  return n;
}

/* What the workers have finished since the last time. */
static void
deliver (EgTracedPrompt *self)
{
  EgPromptDelivery *delivery = &self->delivery;
  pthread_mutex_lock (&self->pool->lock);
  delivery->scheduled = FALSE;
  if (self->tally.n_low == 0)
    {
      pthread_mutex_unlock (&self->pool->lock);
      return;
    }
  g_autoptr (GArray) cells = take_cells (self);
  const gsize n_units = (self->n_cells - count_unwanted (self)) * self->rounds.samples;
  const gboolean first = !delivery->announced;
  delivery->announced = TRUE;
  EgTraceProgress progress = {
    .result = delivery->result,
    .done = self->tally.units_done,
    .total = MAX (n_units, self->tally.units_done),
    .rounds = self->tally.rounds_done,
    .elapsed = elapsed (self),
    .trace = self,
    .left = estimate_left (self),
  };
  pthread_mutex_unlock (&self->pool->lock);

  delivery->result->seconds = progress.elapsed;
  if (!delivery->progress)
    return;
  if (first)
    delivery->progress (&progress, delivery->progress_data);
  progress.cells = (const EgTraceCell *)(gpointer)cells->data;
  progress.n_cells = cells->len;
  if (cells->len > 0)
    delivery->progress (&progress, delivery->progress_data);
}

static gboolean
deliver_in_context (gpointer data)
{
  deliver (data);
  return G_SOURCE_REMOVE;
}

EgTracePartial *
eg_trace_progress_get_partial (const EgTraceProgress *progress)
{
  EgTracedPrompt *self = progress->trace;
  pthread_mutex_lock (&self->pool->lock);
  EgEstimates *estimates = eg_estimates_copy (self->tally.estimates, self->rounds.samples);
  pthread_mutex_unlock (&self->pool->lock);
  return eg_trace_partial_new (self->model, self->request, estimates, elapsed (self));
}

/* A stopped trace, or one of some cells alone, leaves what it has to the task. No thread of its works any
 * more. */
static void
leave_partial (EgTracedPrompt *self)
{
  EgTracePartial *partial = eg_trace_partial_new (self->model, self->request,
                                                  g_steal_pointer (&self->tally.estimates), elapsed (self));
  g_task_set_task_data (self->delivery.task, partial, (GDestroyNotify)eg_trace_partial_unref);
}

/* Every sample's value into a result that keeps them. */
static void
take_samples (EgTracedPrompt *self)
{
  const EgEstimates *estimates = self->tally.estimates;
  EgTraceResult *result = self->delivery.result;
  const gsize S = self->rounds.samples;
  eg_trace_result_keep_samples (result, S);
  for (gsize m = 0; m < result->n_metrics; m++)
    for (gsize s = 0; s < S; s++)
      result->low_samples[m][s] = estimates->low[m * estimates->max_samples + s];
  for (gsize cell = 0; cell < self->n_cells; cell++)
    {
      EgTraceGrid *grid = result->grids[eg_grid_site_index (&self->grid, cell)];
      const gsize at = cell % eg_trace_grid_n_cells (grid);
      for (gsize m = 0; m < result->n_metrics; m++)
        for (gsize s = 0; s < S; s++)
          grid->samples[m][at * S + s] = eg_estimates_get_value (estimates, m, cell, s);
    }
}

static gboolean
finish_in_context (gpointer data)
{
  EgTracedPrompt *self = data;
  EgPromptDelivery *delivery = &self->delivery;
  deliver (self);
  g_assert (delivery->finished);
  if (self->error)
    {
      if (g_cancellable_is_cancelled (self->cancellable))
        leave_partial (self);
      g_task_return_error (delivery->task, g_steal_pointer (&self->error));
    }
  else
    {
      delivery->result->complete = self->order == NULL || self->order->wanted == NULL;
      if (self->request->keep_samples)
        take_samples (self);
      if (!delivery->result->complete || g_cancellable_is_cancelled (self->cancellable))
        leave_partial (self);
      g_task_return_pointer (delivery->task, eg_trace_result_ref (delivery->result),
                             (GDestroyNotify)eg_trace_result_unref);
    }
  return G_SOURCE_REMOVE;
}

/* Takes over the caller's reference: the last one is thus always dropped in the main context, whose things it
 * frees. */
static void
call_in_context (EgTracedPrompt *self, GSourceFunc func)
{
  /* Outlives the source: once attached, that may be done with in its own thread, and the context with it. */
  g_autoptr (GMainContext) context = g_main_context_ref (self->delivery.context);
  g_autoptr (GSource) source = g_idle_source_new ();
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, func, self, (GDestroyNotify)eg_traced_prompt_unref);
  g_source_attach (source, context);
}

void
eg_delivery_announce (EgTracedPrompt *self)
{
  if (self->delivery.context == NULL || self->delivery.scheduled)
    return;
  self->delivery.scheduled = TRUE;
  call_in_context (eg_traced_prompt_ref (self), deliver_in_context);
}

void
eg_delivery_finish (EgTracedPrompt *self)
{
  pthread_mutex_lock (&self->pool->lock);
  self->delivery.finished = TRUE;
  pthread_mutex_unlock (&self->pool->lock);
  call_in_context (self, finish_in_context);
}

/* ---- without a main context ---- */

void
eg_delivery_init_alone (EgTracedPrompt *self)
{
  self->delivery = (EgPromptDelivery){ .result = make_result (self), .start_time = g_get_monotonic_time () };
}

const EgTraceResult *
eg_delivery_look (EgTracedPrompt *self)
{
  take_ends (self, self->delivery.result);
  return self->delivery.result;
}

EgTraceResult *
eg_delivery_take (EgTracedPrompt *self, gboolean complete)
{
  EgTraceResult *result = self->delivery.result;
  g_array_unref (take_cells (self));
  result->complete = complete;
  result->seconds = elapsed (self);
  if (complete && self->request->keep_samples)
    take_samples (self);
  return g_steal_pointer (&self->delivery.result);
}
