/* Metrics: what is measured of a run's last logits (Zhang & Nanda 2023, "Towards Best Practices of Activation
 * Patching", §2.3). One pass over the head (EgHeadRow) answers all of them. */
#pragma once

#include "engine/backend.h"

G_BEGIN_DECLS

/**
 * EgMetric:
 * @EG_METRIC_PROB: P(target)
 * @EG_METRIC_LOGPROB: ln P(target)
 * @EG_METRIC_LOGIT: the target's logit
 * @EG_METRIC_LOGIT_DIFF: the target's logit − that of the token against which it stands
 * @EG_METRIC_KL: Σ_v P_clean(v)·ln (P_clean(v) / P_run(v)) over the whole vocabulary, in nats; 0 for the
 * clean run
 * @EG_METRIC_RANK: 1 + the number of tokens whose logits are above the target's
 */
typedef enum
{
  EG_METRIC_PROB,
  EG_METRIC_LOGPROB,
  EG_METRIC_LOGIT,
  EG_METRIC_LOGIT_DIFF,
  EG_METRIC_KL,
  EG_METRIC_RANK,
  EG_N_METRICS,
} EgMetric;

/* "prob", "logprob", "logit", "logit-diff", "kl", "rank": the name in files and on the command line. */
const char *eg_metric_get_name (EgMetric metric);

/* "Probability", "KL divergence": the name that a person reads. */
const char *eg_metric_get_title (EgMetric metric);

/* Whether a is better than b: greater, or smaller for kl and rank. FALSE if one is NaN. */
gboolean eg_metric_is_better (EgMetric metric, double a, double b);

/* A value as a person says it: "41%", "0.3%" of prob, "−1.53" of others. (transfer full) */
char *eg_metric_format (EgMetric metric, double value);

/* The same with its standard error, both to the same decimal: "99.0% ± 0.3%". An error that is NaN, or less
 * than can be said, is left out. (transfer full) */
char *eg_metric_format_with_error (EgMetric metric, double value, double sem);

/* FALSE and EG_ERROR_INVALID, with the list of names, when there is no such metric. */
gboolean eg_metric_from_name (const char *name, EgMetric *metric, GError **error);

/* A run's value. For kl, both rows are answers to a query whose weights are the clean run's probabilities,
 * weight_sum their sum; others use the run's row alone. Never below 0 for kl: what rounding takes from it is
 * put back. NaN for a run without numbers. */
double eg_metric_value (EgMetric metric, const EgHeadRow *run, const EgHeadRow *clean, double weight_sum);

G_END_DECLS
