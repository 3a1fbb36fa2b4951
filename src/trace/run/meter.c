/* Asks the head once a run, and answers all the metrics from it. */
#include "trace/run/meter.h"

#include "core/error.h"

#include <glib/gi18n.h>
#include <math.h>

void
eg_meter_init (EgMeter *self, EgModel *model, const EgTraceRequest *request)
{
  const gboolean against = request->against || request->corruption.kind == EG_CORRUPTION_SWAP;
  *self = (EgMeter){ .backend = eg_network_get_backend (eg_model_get_network (model)),
                     .metrics = { request->metric },
                     .n_metrics = 1 };
  for (EgMetric m = 0; request->all_metrics && m < EG_N_METRICS; m++)
    if (m != request->metric && (m != EG_METRIC_LOGIT_DIFF || against))
      self->metrics[self->n_metrics++] = m;
  self->query.rank = eg_meter_has (self, EG_METRIC_RANK);
}

void
eg_meter_clear (EgMeter *self)
{
  if (self->weights)
    self->backend->release (self->backend, self->weights);
  self->weights = NULL;
}

gboolean
eg_meter_has (const EgMeter *self, EgMetric metric)
{
  for (gsize i = 0; i < self->n_metrics; i++)
    if (self->metrics[i] == metric)
      return TRUE;
  return FALSE;
}

static gsize
highest (const float *logits, gsize n)
{
  gsize best = 0;
  for (gsize v = 1; v < n; v++)
    if (logits[v] > logits[best])
      best = v;
  return best;
}

/* softmax of the clean run's logits, in float32 as the head's op takes it. */
static gboolean
set_weights (EgMeter *self, EgStream *stream, float *logits, gsize n, GError **error)
{
  const double max = (double)logits[highest (logits, n)];
  double sum = 0;
  for (gsize v = 0; v < n; v++)
    sum += exp ((double)logits[v] - max);
  self->weight_sum = 0;
  for (gsize v = 0; v < n; v++)
    {
      logits[v] = (float)(exp ((double)logits[v] - max) / sum);
      self->weight_sum += (double)logits[v];
    }
  self->weights = self->backend->alloc (self->backend, n);
  self->query.weights = self->weights;
  if (self->weights)
    {
      self->backend->upload (stream, self->weights, logits, n);
      return TRUE;
    }
  g_set_error_literal (error, EG_ERROR, EG_ERROR_MEMORY,
                       _ ("There is no memory left for the clean run’s probabilities"));
  return FALSE;
}

gboolean
eg_meter_aim (EgMeter *self,
              const EgTraceInput *input,
              EgWorkspace *clean,
              gsize clean_segment,
              EgWorkspace *swapped,
              gsize swapped_segment,
              GError **error)
{
  const gsize n = eg_network_get_sizes (eg_workspace_get_network (clean))->vocab_size;
  const gboolean kl = eg_meter_has (self, EG_METRIC_KL);
  const gboolean against = eg_meter_has (self, EG_METRIC_LOGIT_DIFF) && !input->has_against && swapped;
  g_autofree float *logits = g_new (float, n);

  self->query.target = input->target_id;
  if ((!input->has_target || kl) && !eg_workspace_logits (clean, clean_segment, logits, error))
    return FALSE;
  if (!input->has_target)
    self->query.target = highest (logits, n);
  if (kl && !set_weights (self, eg_workspace_get_stream (clean), logits, n, error))
    return FALSE;
  self->query.against = input->has_against ? input->against_id : self->query.target;
  if (against && !eg_workspace_logits (swapped, swapped_segment, logits, error))
    return FALSE;
  if (against)
    self->query.against = highest (logits, n);
  if (self->metrics[0] == EG_METRIC_LOGIT_DIFF && self->query.against == self->query.target)
    return eg_error_invalid (error,
                             _ ("The target and the token against it are the same: name another against it"));
  self->no_difference = self->query.against == self->query.target;
  return TRUE;
}

void
eg_meter_read (EgMeter *self, EgWorkspace *workspace, gsize n, gboolean first_is_clean, double *values)
{
  g_autofree EgHeadRow *answers = g_new (EgHeadRow, n);
  eg_workspace_head (workspace, &self->query, answers);
  if (first_is_clean)
    self->clean = answers[0];
  for (gsize m = 0; m < self->n_metrics; m++)
    for (gsize i = 0; i < n; i++)
      values[m * n + i]
          = self->no_difference && self->metrics[m] == EG_METRIC_LOGIT_DIFF
                ? (double)NAN
                : eg_metric_value (self->metrics[m], &answers[i], &self->clean, self->weight_sum);
}

gboolean
eg_meter_check (const EgMeter *self, EgWorkspace *clean, GError **error)
{
  const EgHeadRow *it = &self->clean;
  return (isfinite (it->max) && isfinite (it->sum) && isfinite (it->target))
         || eg_workspace_explain_no_number (clean, error);
}
