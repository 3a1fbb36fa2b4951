/* Why a result may not mean much, in a sentence. */
#include "trace/result/description.h"

#include "tokenizer/token-text.h"

#include <glib/gi18n.h>
#include <math.h>

/* "Paris", or nothing where it is not known. (transfer full) */
static char *
quote_target (const EgTraceResult *self)
{
  return eg_token_quote (self->tokens->target != NULL ? self->tokens->target : "");
}

/* Where corruption changed nothing, or for the better. */
static char *
undefined_warning (const EgTraceResult *self, const char *high, const char *low)
{
  g_autofree char *target = quote_target (self);
  if (self->metrics[0] != EG_METRIC_PROB)
    return g_strdup_printf (_ ("Corrupting the subject does not worsen the metric “%s” (clean %s, corrupted "
                               "%s), so normalized scores are undefined"),
                            eg_metric_get_title (self->metrics[0]), high, low);
  if (self->request->corruption.kind == EG_CORRUPTION_SWAP)
    return g_strdup_printf (
        _ ("Swapping the subject does not lower the probability of “%s” (clean %s, corrupted %s), "
           "so normalized scores are undefined: try another subject"),
        target, high, low);
  return g_strdup_printf (
      _ ("Corrupting the subject does not lower the probability of “%s” (clean %s, corrupted %s), "
         "so normalized scores are undefined: try more noise or another subject"),
      target, high, low);
}

EgTraceProblem
eg_trace_result_get_problem (const EgTraceResult *self)
{
  const EgTraceEnds *ends = &self->ends[0];
  if (isnan (ends->high))
    return EG_TRACE_NO_PROBLEM;
  const gboolean is_prob = self->metrics[0] == EG_METRIC_PROB;
  /* Of a token that was named and is not expected, noise takes nothing away. */
  if (is_prob && ends->high < EG_UNSURE_PROBABILITY && self->request->target != NULL)
    return EG_TRACE_UNSURE;
  if (!isnan (ends->low) && !eg_metric_is_better (self->metrics[0], ends->high, ends->low))
    return EG_TRACE_NOT_LOWERED;
  if (!is_prob)
    return EG_TRACE_NO_PROBLEM;
  if (ends->high < EG_UNSURE_PROBABILITY)
    return EG_TRACE_UNSURE;
  return ends->low >= 0.8 * ends->high ? EG_TRACE_HARDLY_LOWERED : EG_TRACE_NO_PROBLEM;
}

/* Where the samples that were allowed did not make the estimates as good as was wanted. */
static char *
describe_missed_error (const EgTraceResult *self)
{
  const double wanted = self->request->until_sem;
  double worst = 0;

  if (!(wanted > 0) || !self->complete)
    return NULL;
  for (gsize i = 0; i < self->n_grids; i++)
    for (gsize c = 0; c < eg_trace_grid_n_cells (self->grids[i]); c++)
      worst = fmax (worst, self->grids[i]->sem[0][c]);
  if (worst <= wanted * (1 + 1e-6))
    return NULL;
  return g_strdup_printf (
      _ ("The largest standard error is still %.2g after %u samples, not %.2g: allow more samples"), worst,
      self->samples, wanted);
}

/* What is told beside results that mean something. */
static char *
describe_shortcoming (const EgTraceResult *self)
{
  g_autofree char *target = quote_target (self);

  if (self->metrics[0] != EG_METRIC_LOGIT_DIFF
      && eg_trace_result_find_metric (self, EG_METRIC_LOGIT_DIFF, NULL)
      && self->tokens->against_id == self->tokens->target_id)
    return g_strdup_printf (_ ("The swapped prompt predicts “%s”, too, so that there is no logit difference"),
                            target);
  return describe_missed_error (self);
}

char *
eg_trace_result_warning (const EgTraceResult *self)
{
  if (self->note != NULL)
    return g_strdup (self->note);
  g_autofree char *high = eg_metric_format (self->metrics[0], self->ends[0].high);
  g_autofree char *low = eg_metric_format (self->metrics[0], self->ends[0].low);
  g_autofree char *target = quote_target (self);

  switch (eg_trace_result_get_problem (self))
    {
    case EG_TRACE_NOT_LOWERED:
      return undefined_warning (self, high, low);
    case EG_TRACE_UNSURE:
      if (self->request->target != NULL)
        return g_strdup_printf (_ ("The target “%s” has next to no probability even undisturbed (%s): choose "
                                   "another target, such as the first prediction"),
                                target, high);
      return g_strdup_printf (_ ("The model is unsure of “%s” even undisturbed (%s): "
                                 "try a prompt whose answer it knows, or another target"),
                              target, high);
    case EG_TRACE_HARDLY_LOWERED:
      if (self->request->corruption.kind == EG_CORRUPTION_SWAP)
        return g_strdup_printf (
            _ ("The swapped subject hardly matters: “%s” keeps %s of %s; try another subject"), target, low,
            high);
      return g_strdup_printf (
          _ ("The subject is hardly corrupted: “%s” keeps %s of %s; try more noise or another subject"),
          target, low, high);
    case EG_TRACE_NO_PROBLEM:
    default:
      return describe_shortcoming (self);
    }
}
