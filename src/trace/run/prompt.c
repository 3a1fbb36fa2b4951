/* One prompt's trace: made, and freed when nobody works on it or shows it any more. */
#include "trace/run/prompt.h"

EgTracedPrompt *
eg_traced_prompt_new (EgTracePool *pool,
                      EgModel *model,
                      const EgTraceRequest *request,
                      EgTraceInput *input,
                      EgTracePartial *partial,
                      GCancellable *cancellable)
{
  EgTracedPrompt *self = g_new0 (EgTracedPrompt, 1);
  self->refs = 1;
  self->pool = pool;
  self->model = eg_model_ref (model);
  self->request = eg_trace_request_copy (request);
  self->input = input;
  self->partial = partial != NULL ? eg_trace_partial_ref (partial) : NULL;
  self->cancellable = cancellable != NULL ? g_object_ref (cancellable) : NULL;
  self->n_tokens = input->n_tokens;
  self->n_corrupted = input->swapped != NULL ? input->n_swapped : input->n_tokens;
  self->grid = eg_grid_of_input (request, model, input);
  self->n_cells = eg_grid_n_cells (&self->grid);
  eg_meter_init (&self->meter, model, request);
  pthread_mutex_init (&self->noise.lock, NULL);

  const EgSizes *sizes = eg_model_get_sizes (model);
  EgPromptRounds *rounds = &self->rounds;
  rounds->max_samples = eg_trace_request_get_max_samples (request);
  rounds->memory = eg_trace_memory_plan (sizes, &self->grid, rounds->max_samples);
  rounds->costs = eg_plan_costs_of (eg_model_get_family (model), sizes);
  rounds->sizes
      = eg_group_sizes_of (eg_trace_group_rows (eg_model_get_network (model), rounds->memory.bytes));
  return self;
}

void
eg_traced_prompt_reserve (EgTracedPrompt *self)
{
  const gsize S = self->rounds.max_samples;
  self->runs.corrupted = g_new0 (EgRun *, S);
  self->runs.inputs = g_new0 (float *, S);
  self->noise.unneeded = g_new0 (guint8, S);
  self->tally.changed = g_array_new (FALSE, FALSE, sizeof (gsize));
  self->tally.pending = g_new0 (guint8, self->n_cells);
  self->tally.estimates = self->partial != NULL ? eg_estimates_copy (self->partial->estimates, S)
                                                : eg_estimates_new (self->meter.n_metrics, self->n_cells, S);
}

EgTracedPrompt *
eg_traced_prompt_ref (EgTracedPrompt *self)
{
  __atomic_add_fetch (&self->refs, 1, __ATOMIC_RELAXED);
  return self;
}

EgNetwork *
eg_traced_prompt_get_network (const EgTracedPrompt *self)
{
  return eg_model_get_network (self->model);
}

EgBackend *
eg_traced_prompt_get_backend (const EgTracedPrompt *self)
{
  return eg_network_get_backend (eg_traced_prompt_get_network (self));
}

void
eg_traced_prompt_free_samples (EgTracedPrompt *self, gsize first, gsize end)
{
  EgBackend *be = eg_traced_prompt_get_backend (self);
  for (gsize s = first; self->runs.corrupted != NULL && s < end; s++)
    {
      g_clear_pointer (&self->runs.corrupted[s], eg_run_free);
      if (self->runs.inputs[s] != NULL)
        be->release (be, self->runs.inputs[s]);
      self->runs.inputs[s] = NULL;
    }
}

static void
clear_runs (EgTracedPrompt *self)
{
  eg_traced_prompt_free_samples (self, 0, self->rounds.max_samples);
  g_free (self->runs.corrupted);
  g_free (self->runs.inputs);
  g_clear_pointer (&self->runs.shifted, eg_run_free);
  g_clear_pointer (&self->runs.clean, eg_run_free);
}

static void
clear_noise (EgPromptNoise *self)
{
  g_clear_pointer (&self->stream, eg_noise_free);
  g_free (self->embeddings);
  g_free (self->noisy);
  g_free (self->unneeded);
  pthread_mutex_destroy (&self->lock);
}

static void
clear_rounds (EgPromptRounds *self)
{
  g_clear_pointer (&self->plan, eg_plan_free);
  g_clear_pointer (&self->schedule, eg_schedule_free);
  g_free (self->states);
}

static void
clear_tally (EgPromptTally *self)
{
  g_clear_pointer (&self->changed, g_array_unref);
  g_free (self->pending);
  g_clear_pointer (&self->estimates, eg_estimates_free);
}

static void
clear_delivery (EgPromptDelivery *self)
{
  g_clear_pointer (&self->result, eg_trace_result_unref);
  g_clear_object (&self->task);
  g_clear_pointer (&self->context, g_main_context_unref);
}

void
eg_traced_prompt_unref (EgTracedPrompt *self)
{
  if (__atomic_sub_fetch (&self->refs, 1, __ATOMIC_ACQ_REL) > 0)
    return;
  clear_runs (self);
  clear_noise (&self->noise);
  clear_rounds (&self->rounds);
  clear_tally (&self->tally);
  clear_delivery (&self->delivery);
  eg_trace_pool_unref (self->pool);
  g_clear_error (&self->error);
  eg_meter_clear (&self->meter);
  g_clear_pointer (&self->input, eg_trace_input_free);
  g_clear_pointer (&self->partial, eg_trace_partial_unref);
  g_clear_pointer (&self->order, eg_trace_order_unref);
  g_free (self->relaxed);
  g_clear_pointer (&self->request, eg_trace_request_free);
  g_clear_object (&self->cancellable);
  eg_model_unref (self->model);
  g_free (self);
}
