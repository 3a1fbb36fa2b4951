/* Measures the runs of one trace: all its metrics from one pass over the head. */
#pragma once

#include "network/workspace.h"
#include "trace/ask/input.h"

G_BEGIN_DECLS

/**
 * EgMeter: set up by one thread, then read by any number.
 * @metrics: [n_metrics] what is measured, the request's metric first
 * @query: what the head is asked; @weights: the clean run's probabilities [V] (device) where KL is measured,
 * @weight_sum their sum
 * @clean: the clean run's answers
 * @no_difference: the target stands against itself: then logit-diff is NaN
 */
typedef struct
{
  EgBackend *backend;
  EgMetric metrics[EG_N_METRICS];
  gsize n_metrics;
  EgHeadQuery query;
  float *weights;
  double weight_sum;
  EgHeadRow clean;
  gboolean no_difference;
} EgMeter;

/* Of what the request asks for; with all metrics, those that have a meaning: logit-diff where something
 * stands against the target. */
void eg_meter_init (EgMeter *self, EgModel *model, const EgTraceRequest *request);
void eg_meter_clear (EgMeter *self);
gboolean eg_meter_has (const EgMeter *self, EgMetric metric);

/* Settles the target, what it stands against and KL's weights, all of which may need a run's last logits: of
 * the clean run in one workspace, of the swapped one (NULL: there is none) in another or the same. */
gboolean eg_meter_aim (EgMeter *self,
                       const EgTraceInput *input,
                       EgWorkspace *clean,
                       gsize clean_segment,
                       EgWorkspace *swapped,
                       gsize swapped_segment,
                       GError **error);

/* Of the n runs that the workspace just did: [n_metrics, n]. If the first is the clean run, it is what others
 * are compared with from now on. */
void eg_meter_read (EgMeter *self, EgWorkspace *workspace, gsize n, gboolean first_is_clean, double *values);

/* Whether the clean run, once it was read, is measured by numbers; what keeps it from that is the error. */
gboolean eg_meter_check (const EgMeter *self, EgWorkspace *clean, GError **error);

G_END_DECLS
