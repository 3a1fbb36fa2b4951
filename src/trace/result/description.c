/* Sentences about a result: what matters most in it, and why it may not mean much. */
#include "trace/result/description.h"

#include "tokenizer/token-text.h"
#include "trace/result/analysis.h"

#include <glib/gi18n.h>
#include <math.h>

/* " ± 2%", or "" where it is not known or too small to say. (transfer full) */
static char *
format_error (EgMetric metric, double sem)
{
  const double shown = metric == EG_METRIC_PROB ? sem * 100 : sem;
  if (isnan (sem) || shown < (metric == EG_METRIC_PROB ? 0.05 : 0.005))
    return g_strdup ("");
  if (metric != EG_METRIC_PROB)
    return g_strdup_printf (" ± %.2f", sem);
  return g_strdup_printf (shown < 0.95 ? " ± %.1f%%" : " ± %.0f%%", shown);
}

/* What was done where it mattered most, of others than the usual sweep. (transfer full) */
static char *
describe_place (const EgTraceGrid *grid, gsize layer, const char *token)
{
  const EgTraceRequest *request = grid->result->request;
  const gboolean damages = eg_trace_request_is_loss (request);
  if (request->has_knockout)
    return g_strdup_printf (_ ("cutting the state’s paths around layer %zu"), layer);
  switch (request->sweep)
    {
    case EG_SWEEP_LAYERS:
      return g_strdup_printf (damages ? _ ("damaging layer %zu") : _ ("restoring layer %zu"), layer);
    case EG_SWEEP_POSITIONS:
      return g_strdup_printf (
          damages ? _ ("damaging “%s” in all layers") : _ ("restoring “%s” in all layers"), token);
    case EG_SWEEP_CARRY:
      return g_strdup_printf (damages ? _ ("damaging layer %zu from “%s” on")
                                      : _ ("restoring layer %zu from “%s” on"),
                              layer, token);
    case EG_SWEEP_CELLS:
    case EG_N_SWEEPS:
      break;
    }
  return g_strdup_printf (damages ? _ ("damaging layer %zu at “%s”") : _ ("restoring layer %zu at “%s”"),
                          layer, token);
}

/* The cell that matters most of all. (transfer full) */
static char *
describe_best (const EgTraceGrid *grid, const EgTraceAnalysis *analysis)
{
  const EgTraceTokens *tokens = grid->result->tokens;
  const EgMetric metric = eg_trace_grid_get_metric (grid);
  const gsize layer = analysis->best_layer;
  g_autofree char *token = eg_token_quote (eg_trace_grid_get_token (grid, analysis->best_position));
  g_autofree char *target = eg_token_quote (tokens->target != NULL ? tokens->target : "");
  g_autofree char *against = eg_token_quote (tokens->against != NULL ? tokens->against : "");
  const double sem = eg_trace_grid_sem (grid, layer, analysis->best_position);
  g_autofree char *value = eg_metric_format (metric, analysis->best_score);
  g_autofree char *error = format_error (metric, sem);
  if (grid->result->request->sweep != EG_SWEEP_CELLS || eg_trace_result_is_loss (grid->result))
    {
      g_autofree char *place = describe_place (grid, layer, token);
      /* TRANSLATORS: what was restored (“restoring layer 3”), the metric, its value, and its error (“ ± 2%”)
       * or nothing. */
      return g_strdup_printf (_ ("Most important: %s (%s: %s%s)"), place, eg_metric_get_title (metric), value,
                              error);
    }
  switch (metric)
    {
    case EG_METRIC_LOGPROB:
      return g_strdup_printf (
          /* TRANSLATORS: the layer, the token, the answer, the value, and its error (“ ± 0.02”) or nothing.
           */
          _ ("Most important: layer %zu at “%s” brings “%s” back to a log probability of %s%s"), layer, token,
          target, value, error);
    case EG_METRIC_LOGIT:
      /* TRANSLATORS: the layer, the token, the answer, the value, and its error (“ ± 0.02”) or nothing. */
      return g_strdup_printf (_ ("Most important: layer %zu at “%s” brings “%s” back to a logit of %s%s"),
                              layer, token, target, value, error);
    case EG_METRIC_LOGIT_DIFF:
      return g_strdup_printf (
          /* TRANSLATORS: the layer, the token, the answer, the value, its error (“ ± 0.02”) or nothing, and
           * the other token. */
          _ ("Most important: layer %zu at “%s” brings “%s” back to a logit of %s%s more than that of “%s”"),
          layer, token, target, value, error, against);
    case EG_METRIC_KL:
      return g_strdup_printf (
          /* TRANSLATORS: the layer, the token, the value, and its error (“ ± 0.02”) or nothing; nats are the
           * unit. */
          _ ("Most important: layer %zu at “%s” brings the prediction within %s%s nats of the clean one"),
          layer, token, value, error);
    case EG_METRIC_RANK:
      /* TRANSLATORS: the layer, the token, the answer, its rank, and its error (“ ± 0.5”) or nothing. */
      return g_strdup_printf (_ ("Most important: layer %zu at “%s” brings “%s” back to rank %s%s"), layer,
                              token, target, value, error);
    case EG_METRIC_PROB:
    case EG_N_METRICS:
      break;
    }
  /* TRANSLATORS: the layer, the token, the answer, the probability, and its error (“ ± 2%”) or nothing. */
  return g_strdup_printf (_ ("Most important: layer %zu at “%s” brings “%s” back to %s%s"), layer, token,
                          target, value, error);
}

/* The last layers at the last token bring everything back, which says little; what happens to the subject
 * itself says more. NULL where that is the best already, or where there are no tokens to tell apart.
 * (transfer full) */
static char *
describe_within_subject (const EgTraceGrid *grid, const EgTraceAnalysis *analysis, const char *sentence)
{
  const EgMetric metric = eg_trace_grid_get_metric (grid);
  gsize best, first, last;
  eg_trace_grid_get_subject (grid, &first, &last);
  if (!eg_trace_grid_tells_tokens (grid) || grid->result->tokens->tokens == NULL
      || (analysis->best_position >= first && analysis->best_position <= last) || last >= grid->n_tokens
      || !eg_trace_grid_find_best (grid, first, last, &best))
    return NULL;
  const gsize layer = best / grid->n_tokens;
  g_autofree char *token = eg_token_quote (eg_trace_grid_get_token (grid, best % grid->n_tokens));
  g_autofree char *value = eg_metric_format (metric, grid->scores[0][best]);
  g_autofree char *error = format_error (metric, grid->sem[0][best]);
  if (!eg_trace_grid_tells_layers (grid))
    /* TRANSLATORS: the sentence so far, a token of the subject, its score and its error or nothing. */
    return g_strdup_printf (_ ("%s; within the subject: “%s” (%s%s)"), sentence, token, value, error);
  /* TRANSLATORS: the sentence so far, a layer, a token of the subject, its score and its error or nothing. */
  return g_strdup_printf (_ ("%s; within the subject: layer %zu at “%s” (%s%s)"), sentence, layer, token,
                          value, error);
}

char *
eg_trace_grid_describe (const EgTraceGrid *grid)
{
  g_autoptr (EgTraceAnalysis) analysis = eg_trace_grid_analyze (grid);
  if (!analysis->has_best)
    return NULL;
  g_autofree char *sentence = describe_best (grid, analysis);
  char *both = describe_within_subject (grid, analysis, sentence);
  return both != NULL ? both : g_steal_pointer (&sentence);
}

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
