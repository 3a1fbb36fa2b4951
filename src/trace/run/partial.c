/* What a stopped trace leaves, shared by who holds it. */
#include "trace/run/partial.h"

EgTracePartial *
eg_trace_partial_new (EgModel *model, const EgTraceRequest *request, EgEstimates *estimates, double seconds)
{
  EgTracePartial *self = g_new0 (EgTracePartial, 1);
  g_atomic_ref_count_init (&self->refs);
  self->model = eg_model_ref (model);
  self->request = eg_trace_request_copy (request);
  self->estimates = estimates;
  self->seconds = seconds;
  return self;
}

EgTracePartial *
eg_trace_partial_ref (EgTracePartial *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
eg_trace_partial_unref (EgTracePartial *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  eg_model_unref (self->model);
  eg_trace_request_free (self->request);
  eg_estimates_free (self->estimates);
  g_free (self);
}

gboolean
eg_trace_partial_has_group (const EgTracePartial *self, const EgGroup *group)
{
  if (group->sample_end > self->estimates->max_samples)
    return FALSE;
  for (guint i = 0; i < group->cells->len; i++)
    {
      const guint8 *known
          = self->estimates->known + g_array_index (group->cells, gsize, i) * self->estimates->max_samples;
      for (gsize s = group->sample_first; s < group->sample_end; s++)
        if (!known[s])
          return FALSE;
    }
  return TRUE;
}

gboolean
eg_trace_partial_has_round (const EgTracePartial *self, const EgRound *round)
{
  for (guint g = 0; g < round->groups->len; g++)
    if (!eg_trace_partial_has_group (self, round->groups->pdata[g]))
      return FALSE;
  return round->groups->len > 0;
}
