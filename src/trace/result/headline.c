/* What a map says first: what stands out in the subject and after it, or that nothing does. */
#include "trace/result/description.h"

#include "tokenizer/token-text.h"
#include "trace/result/analysis.h"

#include <glib/gi18n.h>
#include <math.h>

/* Parts of the way from the corrupted to the clean run. */
#define LEAST_EFFECT 0.02  /* that is worth a sentence */
#define TIE          0.001 /* differences that name no cell */
#define IS_THERE     0.9   /* when the answer is said to be there */

#define STANDARD_ERRORS 2

/**
 * Place: where it matters most among the positions [first, last].
 * @found: whether anything stands out there
 * @same_layer, @same_token: of all cells that are as good as the best
 */
typedef struct
{
  gsize first, last;
  gsize best;
  gboolean found, same_layer, same_token;
} Place;

/* How much better (of damage, worse) a cell is than the run that it changes; negative for the contrary. */
static double
get_gain (const EgTraceGrid *grid, gsize cell)
{
  const double effect = eg_trace_grid_effect (grid, cell / grid->n_tokens, cell % grid->n_tokens);
  return eg_metric_is_better (eg_trace_grid_get_metric (grid), 0, 1) ? -effect : effect;
}

/* The whole way, or what stands for it where that is undefined or, of a knockout, has nothing to do with it.
 */
static double
get_way (const EgTraceGrid *grid)
{
  const EgTraceEnds *ends = eg_trace_grid_get_ends (grid);
  const gboolean better = eg_metric_is_better (eg_trace_grid_get_metric (grid), ends->high, ends->low);
  return !better || grid->result->request->has_knockout ? fabs (ends->high) : fabs (ends->high - ends->low);
}

/* The error of an effect; where it is not known over the same noise, as if the noise were another. NaN where
 * nothing is known. */
static double
get_effect_sem (const EgTraceGrid *grid, gsize cell)
{
  const double paired = grid->effect_sem[0][cell], sem = grid->sem[0][cell];
  if (!isnan (paired) || eg_trace_result_is_loss (grid->result))
    return isnan (paired) ? sem : paired;
  return hypot (sem, eg_trace_grid_get_ends (grid)->low_sem);
}

static gboolean
stands_out (const EgTraceGrid *grid, gsize cell)
{
  const double gain = get_gain (grid, cell), sem = get_effect_sem (grid, cell);
  return gain > LEAST_EFFECT * get_way (grid) && (isnan (sem) || gain > STANDARD_ERRORS * sem);
}

static Place
find_place (const EgTraceGrid *grid, gsize first, gsize last)
{
  Place place = { .first = first, .last = last, .same_layer = TRUE, .same_token = TRUE };
  const gsize T = grid->n_tokens;
  if (first > last || last >= T || !eg_trace_grid_find_best (grid, first, last, &place.best)
      || !stands_out (grid, place.best))
    return place;
  place.found = TRUE;
  const double *scores = grid->scores[0], tie = TIE * get_way (grid);
  for (gsize l = 0; l < grid->n_layers; l++)
    for (gsize t = first; t <= last; t++)
      if (fabs (scores[l * T + t] - scores[place.best]) <= tie)
        {
          place.same_layer = place.same_layer && l == place.best / T;
          place.same_token = place.same_token && t == place.best % T;
        }
  return place;
}

/* ---- where ---- */

static char *
name_layers (const Place *place, gsize layer, gboolean damages)
{
  if (place->same_layer)
    return g_strdup_printf (damages ? _ ("damaging layer %zu") : _ ("restoring layer %zu"), layer);
  return g_strdup (damages ? _ ("damaging any of several layers") : _ ("restoring any of several layers"));
}

static char *
name_tokens (const Place *place, const char *token, gboolean damages)
{
  if (place->same_token)
    return g_strdup_printf (damages ? _ ("damaging “%s” in all layers") : _ ("restoring “%s” in all layers"),
                            token);
  return g_strdup (damages ? _ ("damaging any of several tokens in all layers")
                           : _ ("restoring any of several tokens in all layers"));
}

static char *
name_cells (const Place *place, gsize layer, const char *token, gboolean damages)
{
  if (place->same_layer && place->same_token)
    return g_strdup_printf (damages ? _ ("damaging layer %zu at “%s”") : _ ("restoring layer %zu at “%s”"),
                            layer, token);
  if (place->same_token)
    return g_strdup_printf (damages ? _ ("damaging any of several layers at “%s”")
                                    : _ ("restoring any of several layers at “%s”"),
                            token);
  if (place->same_layer)
    return g_strdup_printf (damages ? _ ("damaging layer %zu at any of several tokens")
                                    : _ ("restoring layer %zu at any of several tokens"),
                            layer);
  return g_strdup (damages ? _ ("damaging any of several cells") : _ ("restoring any of several cells"));
}

/* "restoring layer 3 at “ Merkel”"; of cells that are alike, what they have in common. (transfer full) */
static char *
name_place (const EgTraceGrid *grid, const Place *place)
{
  const EgTraceRequest *request = grid->result->request;
  const gboolean damages = eg_trace_request_is_loss (request);
  const gsize layer = place->best / grid->n_tokens;
  g_autofree char *token = eg_token_quote (eg_trace_grid_get_token (grid, place->best % grid->n_tokens));
  if (request->has_knockout && !place->same_layer)
    return g_strdup (_ ("cutting the state’s paths around any of several layers"));
  if (request->has_knockout)
    return g_strdup_printf (_ ("cutting the state’s paths around layer %zu"), layer);
  if (request->sweep == EG_SWEEP_LAYERS)
    return name_layers (place, layer, damages);
  if (request->sweep == EG_SWEEP_POSITIONS)
    return name_tokens (place, token, damages);
  if (request->sweep == EG_SWEEP_CARRY && place->same_layer && place->same_token)
    return g_strdup_printf (damages ? _ ("damaging layer %zu from “%s” on")
                                    : _ ("restoring layer %zu from “%s” on"),
                            layer, token);
  return name_cells (place, layer, token, damages);
}

/* ---- what it does ---- */

/* "41% ± 2%". (transfer full) */
static char *
format_score (const EgTraceGrid *grid, gsize cell)
{
  return eg_metric_format_with_error (eg_trace_grid_get_metric (grid), grid->scores[0][cell],
                                      grid->sem[0][cell]);
}

/* TRANSLATORS: the sentences below begin with what was done, “restoring layer 3 at “ Merkel””; then follow
 * the answer, “ German”, and the value with its error, “41% ± 2%”. */
static char *
describe_recovery (const EgTraceGrid *grid, const char *what, const char *value)
{
  const EgTraceTokens *tokens = grid->result->tokens;
  g_autofree char *target = eg_token_quote (tokens->target != NULL ? tokens->target : "");
  g_autofree char *against = eg_token_quote (tokens->against != NULL ? tokens->against : "");
  switch (eg_trace_grid_get_metric (grid))
    {
    case EG_METRIC_LOGPROB:
      return g_strdup_printf (_ ("%s brings “%s” back to a log probability of %s"), what, target, value);
    case EG_METRIC_LOGIT:
      return g_strdup_printf (_ ("%s brings “%s” back to a logit of %s"), what, target, value);
    case EG_METRIC_LOGIT_DIFF:
      return g_strdup_printf (_ ("%s brings “%s” back to a logit of %s more than that of “%s”"), what, target,
                              value, against);
    case EG_METRIC_KL:
      /* TRANSLATORS: nats are the unit. */
      return g_strdup_printf (_ ("%s brings the prediction within %s nats of the clean one"), what, value);
    case EG_METRIC_RANK:
      return g_strdup_printf (_ ("%s brings “%s” back to rank %s"), what, target, value);
    case EG_METRIC_PROB:
    case EG_N_METRICS:
      break;
    }
  return g_strdup_printf (_ ("%s brings “%s” back to %s"), what, target, value);
}

static char *
describe_loss (const EgTraceGrid *grid, const char *what, const char *value)
{
  const EgTraceTokens *tokens = grid->result->tokens;
  g_autofree char *target = eg_token_quote (tokens->target != NULL ? tokens->target : "");
  g_autofree char *against = eg_token_quote (tokens->against != NULL ? tokens->against : "");
  switch (eg_trace_grid_get_metric (grid))
    {
    case EG_METRIC_LOGPROB:
      return g_strdup_printf (_ ("%s lowers “%s” to a log probability of %s"), what, target, value);
    case EG_METRIC_LOGIT:
      return g_strdup_printf (_ ("%s lowers “%s” to a logit of %s"), what, target, value);
    case EG_METRIC_LOGIT_DIFF:
      return g_strdup_printf (_ ("%s lowers “%s” to a logit of %s more than that of “%s”"), what, target,
                              value, against);
    case EG_METRIC_KL:
      /* TRANSLATORS: nats are the unit. */
      return g_strdup_printf (_ ("%s moves the prediction %s nats away from the clean one"), what, value);
    case EG_METRIC_RANK:
      return g_strdup_printf (_ ("%s lowers “%s” to rank %s"), what, target, value);
    case EG_METRIC_PROB:
    case EG_N_METRICS:
      break;
    }
  /* TRANSLATORS: what is damaged, the answer, its probability. */
  return g_strdup_printf (_ ("%s lowers “%s” to %s"), what, target, value);
}

static char *
describe_place (const EgTraceGrid *grid, const Place *place)
{
  g_autofree char *what = name_place (grid, place), *value = format_score (grid, place->best);
  return eg_trace_result_is_loss (grid->result) ? describe_loss (grid, what, value)
                                                : describe_recovery (grid, what, value);
}

/* ---- the sentence ---- */

/* Layers, or all of the state from a token on: no part of the prompt by itself. */
static char *
describe_all (const EgTraceGrid *grid)
{
  const Place place = find_place (grid, 0, grid->n_tokens - 1);
  if (!place.found)
    {
      if (grid->result->request->has_knockout)
        return g_strdup (_ ("Cutting these paths of the state changes next to nothing, around no layer"));
      return g_strdup (eg_trace_grid_tells_tokens (grid)
                           ? _ ("Nothing stands out beyond its standard error")
                           : _ ("No layer stands out beyond its standard error"));
    }
  g_autofree char *sentence = describe_place (grid, &place);
  /* TRANSLATORS: a sentence: “restoring layer 3 brings “ German” back to 41%”. */
  return g_strdup_printf (_ ("Most important: %s"), sentence);
}

/* The layer from which on the last token has the answer (or, of damage, loses it), whatever comes; FALSE
 * where it does not come to that, or is not known yet. */
static gboolean
find_arrival (const EgTraceGrid *grid, gsize *layer)
{
  *layer = grid->n_layers;
  while (*layer > 0
         && eg_trace_grid_fraction (grid, eg_trace_grid_score (grid, *layer - 1, grid->n_tokens - 1))
                >= IS_THERE)
    --*layer;
  return *layer < grid->n_layers;
}

/* The sentence with what is always so behind it, or that by itself. Takes over sentence. */
static char *
add_arrival (const EgTraceGrid *grid, char *sentence)
{
  g_autofree char *before = sentence;
  const gboolean damages = eg_trace_result_is_loss (grid->result);
  gsize layer;
  if (!eg_trace_grid_tells_layers (grid) || !find_arrival (grid, &layer))
    return g_steal_pointer (&before);
  if (before == NULL)
    return g_strdup_printf (damages ? _ ("At the last token, the answer is lost from layer %zu on")
                                    : _ ("At the last token, the answer is there from layer %zu on"),
                            layer);
  /* TRANSLATORS: the sentence so far. */
  return g_strdup_printf (damages ? _ ("%s; at the last token, the answer is lost from layer %zu on")
                                  : _ ("%s; at the last token, the answer is there from layer %zu on"),
                          before, layer);
}

/* What is remarkable in the subject and between it and the last token, which is so in the end anyway. */
static char *
describe_parts (const EgTraceGrid *grid)
{
  const gsize end = grid->n_tokens - 1;
  gsize first, last;
  eg_trace_grid_get_subject (grid, &first, &last);
  const Place subject = find_place (grid, first, MIN (last, end > 0 ? end - 1 : 0));
  const Place between = find_place (grid, last + 1, end > 0 ? end - 1 : 0);
  if (subject.found && between.found)
    {
      g_autofree char *sentence = describe_place (grid, &subject), *what = name_place (grid, &between);
      g_autofree char *value = format_score (grid, between.best);
      /* TRANSLATORS: a sentence, “restoring layer 3 at “ Merkel” brings “ German” back to 41%”; then what was
       * done after the subject, “restoring layer 5 at “ of””, and its score. */
      return g_strdup_printf (_ ("In the subject: %s; after it: %s (%s)"), sentence, what, value);
    }
  g_autofree char *sentence
      = subject.found || between.found ? describe_place (grid, subject.found ? &subject : &between) : NULL;
  if (subject.found)
    /* TRANSLATORS: a sentence: “restoring layer 3 at “ Merkel” brings “ German” back to 41%”. */
    return g_strdup_printf (_ ("In the subject: %s"), sentence);
  if (between.found)
    return g_strdup_printf (_ ("After the subject: %s"), sentence);
  if (first >= end)
    return NULL;
  return g_strdup (_ ("Nothing in the subject or after it stands out beyond its standard error"));
}

/* Whether both runs are known, and the corrupted one is as good as the clean one. */
static gboolean
lost_nothing (const EgTraceGrid *grid)
{
  const EgTraceEnds *ends = eg_trace_grid_get_ends (grid);
  return !grid->result->request->has_knockout && !isnan (ends->high) && !isnan (ends->low)
         && isnan (eg_trace_grid_scale (grid, 1));
}

char *
eg_trace_grid_describe (const EgTraceGrid *grid)
{
  gsize best;
  if (grid->n_tokens == 0 || !eg_trace_grid_find_best (grid, 0, grid->n_tokens - 1, &best))
    return NULL;
  if (lost_nothing (grid))
    return g_strdup (_ ("Corrupting the subject takes nothing away that could come back"));
  if (!eg_trace_grid_tells_tokens (grid) || grid->result->request->sweep == EG_SWEEP_CARRY
      || grid->result->tokens->tokens == NULL)
    return describe_all (grid);
  char *sentence = add_arrival (grid, describe_parts (grid));
  return sentence != NULL ? sentence : describe_all (grid);
}
