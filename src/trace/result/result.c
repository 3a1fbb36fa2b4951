#include "trace/result/result.h"

#include "tokenizer/token-text.h"
#include "trace/result/result-private.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

EgTraceResult *
eg_trace_result_new (gsize n_layers, gsize n_tokens)
{
  gsize n_cells;
  gboolean fits = g_size_checked_mul (&n_cells, n_layers, n_tokens);
  g_return_val_if_fail (fits, NULL);

  EgTraceResult *self = g_new0 (EgTraceResult, 1);
  g_atomic_ref_count_init (&self->refs);
  self->n_layers = n_layers;
  self->n_tokens = n_tokens;
  self->scores = g_new (double, n_cells);
  self->sem = g_new (double, n_cells);
  self->counts = g_new0 (guint, n_cells);
  for (gsize i = 0; i < n_cells; i++)
    self->scores[i] = self->sem[i] = NAN;
  self->high_score = self->low_score = self->low_sem = NAN;
  self->against_id = -1;
  self->noise_level = self->noise_std = NAN;
  self->target_id = -1;
  self->window = 1;
  return self;
}

EgTraceScores *
eg_trace_result_add_metric (EgTraceResult *self, EgMetric metric)
{
  g_return_val_if_fail (metric < EG_N_METRICS && metric != self->metric && !self->others[metric], NULL);
  const gsize n_cells = self->n_layers * self->n_tokens;
  EgTraceScores *scores = g_new (EgTraceScores, 1);
  *scores = (EgTraceScores){ g_new (double, n_cells), g_new (double, n_cells), NAN, NAN, NAN };
  for (gsize i = 0; i < n_cells; i++)
    scores->scores[i] = scores->sem[i] = NAN;
  return self->others[metric] = scores;
}

EgTraceResult *
eg_trace_result_ref (EgTraceResult *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
eg_trace_result_input_free (EgTraceResultInput *input)
{
  g_strfreev (input->tokens);
  g_free (input->ids);
  g_free (input);
}

static void
scores_free (EgTraceScores *scores)
{
  g_free (scores->scores);
  g_free (scores->sem);
  g_free (scores);
}

void
eg_trace_result_unref (EgTraceResult *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_clear_pointer (&self->more_sites, g_ptr_array_unref);
  g_clear_pointer (&self->input, eg_trace_result_input_free);
  g_free (self->scores);
  g_free (self->sem);
  g_free (self->counts);
  for (EgMetric m = 0; m < EG_N_METRICS; m++)
    g_clear_pointer (&self->others[m], scores_free);
  g_free (self->prompt);
  g_free (self->subject);
  g_strfreev (self->tokens);
  g_free (self->ids);
  g_strfreev (self->spelled);
  g_free (self->target);
  g_free (self->against);
  eg_corruption_clear (&self->corruption);
  g_free (self->model);
  g_free (self->device);
  g_free (self->note);
  g_free (self->version);
  g_free (self);
}

static EgTraceScores *
copy_scores (const EgTraceScores *scores, gsize n)
{
  EgTraceScores *copy = g_memdup2 (scores, sizeof *scores);
  copy->scores = g_memdup2 (scores->scores, n * sizeof *scores->scores);
  copy->sem = g_memdup2 (scores->sem, n * sizeof *scores->sem);
  return copy;
}

static guint32 *
copy_ids (const guint32 *ids, gsize n)
{
  return g_memdup2 (ids, ids != NULL ? n * sizeof *ids : 0);
}

/* Without its further sites. */
static EgTraceResult *
copy_alone (const EgTraceResult *self)
{
  const gsize n = self->n_layers * self->n_tokens;
  EgTraceResult *copy = g_memdup2 (self, sizeof *self);
  g_atomic_ref_count_init (&copy->refs);
  copy->scores = g_memdup2 (self->scores, n * sizeof *self->scores);
  copy->sem = g_memdup2 (self->sem, n * sizeof *self->sem);
  copy->counts = g_memdup2 (self->counts, n * sizeof *self->counts);
  for (EgMetric m = 0; m < EG_N_METRICS; m++)
    copy->others[m] = self->others[m] != NULL ? copy_scores (self->others[m], n) : NULL;
  copy->prompt = g_strdup (self->prompt);
  copy->subject = g_strdup (self->subject);
  copy->tokens = g_strdupv (self->tokens);
  copy->ids = copy_ids (self->ids, self->n_tokens);
  copy->spelled = g_strdupv (self->spelled);
  copy->target = g_strdup (self->target);
  copy->against = g_strdup (self->against);
  eg_corruption_copy (&self->corruption, &copy->corruption);
  copy->model = g_strdup (self->model);
  copy->device = g_strdup (self->device);
  copy->note = g_strdup (self->note);
  copy->version = g_strdup (self->version);
  if (self->input != NULL)
    {
      copy->input = g_memdup2 (self->input, sizeof *self->input);
      copy->input->tokens = g_strdupv (self->input->tokens);
      copy->input->ids = copy_ids (self->input->ids, self->input->n_tokens);
    }
  copy->more_sites = NULL;
  return copy;
}

EgTraceResult *
eg_trace_result_copy (const EgTraceResult *self)
{
  EgTraceResult *copy = copy_alone (self);
  for (gsize i = 1; i < eg_trace_result_n_sites (self); i++)
    eg_trace_result_take_site (copy, eg_trace_result_copy (eg_trace_result_get_site (self, i)));
  return copy;
}

EgTraceResult *
eg_trace_result_copy_blank (const EgTraceResult *self)
{
  EgTraceResult *copy = copy_alone (self);
  for (gsize i = 0; i < self->n_layers * self->n_tokens; i++)
    {
      copy->scores[i] = copy->sem[i] = NAN;
      copy->counts[i] = 0;
    }
  for (EgMetric m = 0; m < EG_N_METRICS; m++)
    g_clear_pointer (&copy->others[m], scores_free);
  return copy;
}

/* Where a token begins in the prompt and where it ends, in bytes: FALSE where the texts of the tokens before
 * it are not the prompt's, as those of characters that tokens share are not. */
static gboolean
find_token (const char *prompt, char *const *tokens, gsize t, gsize *start, gsize *end)
{
  *end = 0;
  for (gsize i = 0; i <= t; i++)
    {
      if (!g_str_has_prefix (prompt + *end, tokens[i]))
        return FALSE;
      *start = *end;
      *end += strlen (tokens[i]);
    }
  return TRUE;
}

/* Which occurrence of the subject its tokens are, in characters; −1: the first, or nobody knows. */
static gssize
find_subject_offset (const EgTraceResult *self)
{
  const EgTraceResultInput input = eg_trace_result_get_input (self);
  const char *prompt = self->prompt, *subject = self->subject;
  gsize first_start, first_end, last_start, last_end;

  if (prompt == NULL || subject == NULL || *subject == '\0' || input.tokens == NULL
      || !find_token (prompt, input.tokens, input.subject_first, &first_start, &first_end)
      || !find_token (prompt, input.tokens, input.subject_last, &last_start, &last_end))
    return -1;
  const char *first = strstr (prompt, subject);
  for (const char *at = first; at != NULL; at = strstr (at + 1, subject))
    {
      const gsize start = (gsize)(at - prompt), end = start + strlen (subject);
      if (start >= first_start && start < first_end && end > last_start && end <= last_end)
        return at == first ? -1 : g_utf8_pointer_to_offset (prompt, at);
    }
  return -1;
}

EgTraceRequest *
eg_trace_result_get_request (const EgTraceResult *self)
{
  EgTraceRequest *request = eg_trace_request_new (self->prompt, self->subject);
  request->subject_offset = find_subject_offset (self);
  request->target = self->target_named ? g_strdup (self->target) : NULL;
  if (!self->has_settings)
    return request;
  request->samples = self->samples;
  request->until_sem = self->until_sem;
  request->max_samples = MAX (self->max_samples, self->samples);
  request->seed = self->seed;
  if (!isnan (self->noise_level))
    request->noise_level = self->noise_level;
  eg_corruption_copy (&self->corruption, &request->corruption);
  request->metric = self->metric;
  for (EgMetric m = 0; m < EG_N_METRICS; m++)
    request->all_metrics = request->all_metrics || self->others[m] != NULL;
  request->against = g_strdup (self->against);
  request->site = self->site;
  request->window = self->window;
  for (gsize i = 1; i < eg_trace_result_n_sites (self); i++)
    request->more_sites |= EG_SITE_BIT (eg_trace_result_get_site (self, i)->site);
  request->sweep = self->sweep;
  request->direction = self->direction;
  request->freeze = self->freeze;
  request->has_knockout = self->has_knockout;
  request->knockout = self->knockout;
  return request;
}

EgTraceResultInput
eg_trace_result_get_input (const EgTraceResult *self)
{
  if (self->input != NULL)
    return *self->input;
  return (EgTraceResultInput){ self->n_tokens, self->tokens, self->ids, self->subject_first,
                               self->subject_last };
}

void
eg_trace_result_take_input (EgTraceResult *self, EgTraceResultInput *input)
{
  g_strfreev (self->tokens);
  g_free (self->ids);
  g_clear_pointer (&self->input, eg_trace_result_input_free);
  if (self->sweep == EG_SWEEP_LAYERS)
    {
      g_return_if_fail (self->n_tokens == 1);
      self->input = input;
      self->tokens = g_strdupv ((char *[]){ (char *)_ ("all tokens"), NULL });
      self->ids = NULL;
      self->subject_first = self->subject_last = 0;
      return;
    }
  g_return_if_fail (self->n_tokens == input->n_tokens);
  self->tokens = input->tokens;
  self->ids = input->ids;
  self->subject_first = input->subject_first;
  self->subject_last = input->subject_last;
  g_free (input);
}

static gboolean
is_tokenizer_of (EgTokenizer *tokenizer, const EgTraceResult *self)
{
  for (gsize t = 0; t < self->n_tokens; t++)
    {
      g_autofree char *text = eg_tokenizer_token_text (tokenizer, self->ids[t]);
      if (g_strcmp0 (text, self->tokens[t]) != 0)
        return FALSE;
    }
  return TRUE;
}

void
eg_trace_result_spell (EgTraceResult *self, EgTokenizer *tokenizer)
{
  for (gsize i = 1; i < eg_trace_result_n_sites (self); i++)
    eg_trace_result_spell (eg_trace_result_get_site (self, i), tokenizer);
  if (self->ids == NULL || self->tokens == NULL || !is_tokenizer_of (tokenizer, self))
    return;
  g_clear_pointer (&self->spelled, g_strfreev);
  self->spelled = g_new0 (char *, self->n_tokens + 1);
  for (gsize t = 0; t < self->n_tokens; t++)
    self->spelled[t] = eg_token_spell (tokenizer, self->ids[t]);
}

const char *
eg_trace_result_get_token (const EgTraceResult *self, gsize position)
{
  char **tokens = self->spelled != NULL ? self->spelled : self->tokens;
  return tokens != NULL ? tokens[position] : "";
}

guint
eg_trace_result_get_shape (const EgTraceResult *self, gsize shape[2])
{
  switch (self->sweep)
    {
    case EG_SWEEP_LAYERS:
      shape[0] = self->n_layers;
      return 1;
    case EG_SWEEP_POSITIONS:
      shape[0] = self->n_tokens;
      return 1;
    case EG_SWEEP_CELLS:
    case EG_SWEEP_CARRY:
    case EG_N_SWEEPS:
      break;
    }
  shape[0] = self->n_layers;
  shape[1] = self->n_tokens;
  return 2;
}

char *
eg_trace_result_field_name (const char *base, const char *metric, const char *site)
{
  return g_strconcat (base, metric != NULL ? "_" : "", metric != NULL ? metric : "", site != NULL ? "_" : "",
                      site != NULL ? site : "", NULL);
}

gsize
eg_trace_result_n_sites (const EgTraceResult *self)
{
  return 1 + (self->more_sites != NULL ? self->more_sites->len : 0);
}

EgTraceResult *
eg_trace_result_get_site (const EgTraceResult *self, gsize index)
{
  g_return_val_if_fail (index < eg_trace_result_n_sites (self), NULL);
  return index == 0 ? (EgTraceResult *)self : self->more_sites->pdata[index - 1];
}

void
eg_trace_result_take_site (EgTraceResult *self, EgTraceResult *other)
{
  if (self->more_sites == NULL)
    self->more_sites = g_ptr_array_new_with_free_func ((GDestroyNotify)eg_trace_result_unref);
  g_ptr_array_add (self->more_sites, other);
}

double
eg_trace_result_normalize (const EgTraceResult *self, double score)
{
  if (!eg_metric_is_better (self->metric, self->high_score, self->low_score) || isnan (score))
    return NAN;
  const double part
      = self->direction == EG_DIRECTION_DAMAGE ? self->high_score - score : score - self->low_score;
  return CLAMP (part / (self->high_score - self->low_score), 0.0, 1.0);
}

/* Σ x[0…n), missing values counting as 0, in the order in which NumPy adds (pairwise_sum in
 * loops_utils.h.src), so that the averages are those of the notebook to the last bit. */
static double
sum_pairwise (const double *x, gsize n)
{
#define AT(i) (isnan (x[i]) ? 0.0 : x[i])
  if (n < 8)
    {
      double sum = 0;
      for (gsize i = 0; i < n; i++)
        sum += AT (i);
      return sum;
    }
  if (n <= 128)
    {
      double r[8];
      for (gsize k = 0; k < 8; k++)
        r[k] = AT (k);
      gsize i = 8;
      for (; i < n - n % 8; i += 8)
        for (gsize k = 0; k < 8; k++)
          r[k] += AT (i + k);
      double sum = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]));
      for (; i < n; i++)
        sum += AT (i);
      return sum;
    }
#undef AT
  gsize half = n / 2;
  half -= half % 8;
  return sum_pairwise (x, half) + sum_pairwise (x + half, n - half);
}

/* The mean of the values that are there; NaN when none is. */
static double
mean (const double *x, gsize n)
{
  gsize n_known = 0;
  for (gsize i = 0; i < n; i++)
    n_known += !isnan (x[i]);
  return n_known == 0 ? NAN : sum_pairwise (x, n) / (double)n_known;
}

/* The error of a row's mean if its cells were independent; NaN when a computed cell has none. */
static double
sem_of_mean (const double *scores, const double *sem, gsize n)
{
  double sum = 0;
  gsize n_known = 0;
  for (gsize i = 0; i < n; i++)
    if (!isnan (scores[i]))
      {
        sum += sem[i] * sem[i];
        n_known++;
      }
  return n_known == 0 ? NAN : sqrt (sum) / (double)n_known;
}

/* Whether one score says that more goes through its cell than another: that more comes back, or, of damage,
 * that more is lost. */
static gboolean
matters_more (const EgTraceResult *self, double score, double than)
{
  return self->direction == EG_DIRECTION_DAMAGE ? eg_metric_is_better (self->metric, than, score)
                                                : eg_metric_is_better (self->metric, score, than);
}

/* The number of the cell that matters most at the positions first … last; FALSE before one of them is known.
 */
static gboolean
find_best (const EgTraceResult *self, gsize first, gsize last, gsize *best)
{
  gboolean found = FALSE;
  for (gsize l = 0; l < self->n_layers; l++)
    for (gsize t = first; t <= last; t++)
      {
        const gsize i = l * self->n_tokens + t;
        if (isnan (self->scores[i]) || (found && !matters_more (self, self->scores[i], self->scores[*best])))
          continue;
        found = TRUE;
        *best = i;
      }
  return found;
}

/* argsort (average, stable)[::-1][:5] without the layers that have no average: of equal ones the later comes
 * first. Of −average where smaller is better, and of damage. */
static void
find_top_layers (const EgTraceResult *self, EgTraceAnalysis *analysis)
{
  for (gsize l = 0; l < analysis->n_layers; l++)
    {
      const double *average = analysis->layer_average;
      if (isnan (average[l]))
        continue;
      gsize place = 0;
      while (place < analysis->n_top && matters_more (self, average[analysis->top_layers[place]], average[l]))
        place++;
      if (place == G_N_ELEMENTS (analysis->top_layers))
        continue;
      if (analysis->n_top < G_N_ELEMENTS (analysis->top_layers))
        analysis->n_top++;
      for (gsize i = analysis->n_top - 1; i > place; i--)
        analysis->top_layers[i] = analysis->top_layers[i - 1];
      analysis->top_layers[place] = l;
    }
}

EgTraceAnalysis *
eg_trace_result_analyze (const EgTraceResult *self)
{
  EgTraceAnalysis *analysis = g_new0 (EgTraceAnalysis, 1);
  const gsize n_layers = self->n_layers, n_tokens = self->n_tokens;
  const gsize n_subject = self->subject_last - self->subject_first + 1;

  analysis->n_layers = n_layers;
  analysis->best_score = NAN;
  analysis->layer_average = g_new (double, n_layers);
  analysis->layer_sem = g_new (double, n_layers);
  analysis->subject_average = g_new (double, n_layers);
  for (gsize l = 0; l < n_layers; l++)
    {
      const double *scores = self->scores + l * n_tokens;
      analysis->layer_average[l] = mean (scores, n_tokens);
      analysis->layer_sem[l] = sem_of_mean (scores, self->sem + l * n_tokens, n_tokens);
      analysis->subject_average[l] = mean (scores + self->subject_first, n_subject);
    }
  gsize best;
  analysis->has_best = n_tokens > 0 && find_best (self, 0, n_tokens - 1, &best);
  if (analysis->has_best)
    {
      analysis->best_layer = best / n_tokens;
      analysis->best_position = best % n_tokens;
      analysis->best_score = self->scores[best];
    }
  find_top_layers (self, analysis);
  analysis->overall_mean = mean (analysis->layer_average, n_layers);
  analysis->subject_mean = mean (analysis->subject_average, n_layers);
  analysis->ratio = analysis->overall_mean > 0 ? analysis->subject_mean / analysis->overall_mean : NAN;
  return analysis;
}

void
eg_trace_analysis_free (EgTraceAnalysis *self)
{
  if (self == NULL)
    return;
  g_free (self->layer_average);
  g_free (self->layer_sem);
  g_free (self->subject_average);
  g_free (self);
}

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
describe_place (const EgTraceResult *self, gsize layer, const char *token)
{
  const gboolean damages = self->direction == EG_DIRECTION_DAMAGE;
  if (self->has_knockout)
    return g_strdup_printf (_ ("cutting the state’s paths around layer %zu"), layer);
  switch (self->sweep)
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
describe_best (const EgTraceResult *self, const EgTraceAnalysis *analysis)
{
  const gsize layer = analysis->best_layer;
  g_autofree char *token = eg_token_quote (eg_trace_result_get_token (self, analysis->best_position));
  g_autofree char *target = eg_token_quote (self->target != NULL ? self->target : "");
  g_autofree char *against = eg_token_quote (self->against != NULL ? self->against : "");
  const double sem = self->sem[layer * self->n_tokens + analysis->best_position];
  g_autofree char *value = eg_metric_format (self->metric, analysis->best_score);
  g_autofree char *error = format_error (self->metric, sem);
  if (self->sweep != EG_SWEEP_CELLS || self->direction == EG_DIRECTION_DAMAGE)
    {
      g_autofree char *place = describe_place (self, layer, token);
      /* TRANSLATORS: what was restored (“restoring layer 3”), the metric, its value, and its error (“ ± 2%”)
       * or nothing. */
      return g_strdup_printf (_ ("Most important: %s (%s: %s%s)"), place, eg_metric_get_title (self->metric),
                              value, error);
    }
  switch (self->metric)
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
describe_within_subject (const EgTraceResult *self, const EgTraceAnalysis *analysis, const char *sentence)
{
  const gboolean is_subject
      = analysis->best_position >= self->subject_first && analysis->best_position <= self->subject_last;
  gsize best;
  if (self->sweep == EG_SWEEP_LAYERS || self->tokens == NULL || is_subject
      || self->subject_last >= self->n_tokens
      || !find_best (self, self->subject_first, self->subject_last, &best))
    return NULL;
  const gsize layer = best / self->n_tokens;
  g_autofree char *token = eg_token_quote (eg_trace_result_get_token (self, best % self->n_tokens));
  g_autofree char *value = eg_metric_format (self->metric, self->scores[best]);
  g_autofree char *error = format_error (self->metric, self->sem[best]);
  if (self->sweep == EG_SWEEP_POSITIONS)
    /* TRANSLATORS: the sentence so far, a token of the subject, its score and its error or nothing. */
    return g_strdup_printf (_ ("%s; within the subject: “%s” (%s%s)"), sentence, token, value, error);
  /* TRANSLATORS: the sentence so far, a layer, a token of the subject, its score and its error or nothing. */
  return g_strdup_printf (_ ("%s; within the subject: layer %zu at “%s” (%s%s)"), sentence, layer, token,
                          value, error);
}

char *
eg_trace_result_describe (const EgTraceResult *self)
{
  g_autoptr (EgTraceAnalysis) analysis = eg_trace_result_analyze (self);
  if (!analysis->has_best)
    return NULL;
  g_autofree char *sentence = describe_best (self, analysis);
  char *both = describe_within_subject (self, analysis, sentence);
  return both != NULL ? both : g_steal_pointer (&sentence);
}

/* Where corruption changed nothing, or in the wrong direction. */
static char *
undefined_warning (const EgTraceResult *self, const char *high, const char *low)
{
  g_autofree char *target = eg_token_quote (self->target != NULL ? self->target : "");
  if (self->metric != EG_METRIC_PROB)
    return g_strdup_printf (_ ("Corrupting the subject does not worsen the metric “%s” (clean %s, corrupted "
                               "%s), so normalized scores are undefined"),
                            eg_metric_get_title (self->metric), high, low);
  if (self->corruption.kind == EG_CORRUPTION_SWAP)
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
  if (isnan (self->high_score))
    return EG_TRACE_NO_PROBLEM;
  if (!isnan (self->low_score) && !eg_metric_is_better (self->metric, self->high_score, self->low_score))
    return EG_TRACE_NOT_LOWERED;
  if (self->metric != EG_METRIC_PROB)
    return EG_TRACE_NO_PROBLEM;
  if (self->high_score < 0.1)
    return EG_TRACE_UNSURE;
  return self->low_score >= 0.8 * self->high_score ? EG_TRACE_HARDLY_LOWERED : EG_TRACE_NO_PROBLEM;
}

/* Where the samples that were allowed did not make the estimates as good as was wanted. */
static char *
describe_missed_error (const EgTraceResult *self)
{
  double worst = 0;

  if (!(self->until_sem > 0) || !self->complete)
    return NULL;
  for (gsize i = 0; i < eg_trace_result_n_sites (self); i++)
    {
      const EgTraceResult *site = eg_trace_result_get_site ((EgTraceResult *)self, i);
      for (gsize c = 0; c < site->n_layers * site->n_tokens; c++)
        worst = fmax (worst, site->sem[c]);
    }
  if (worst <= self->until_sem * (1 + 1e-6))
    return NULL;
  return g_strdup_printf (
      _ ("The largest standard error is still %.2g after %u samples, not %.2g: allow more samples"), worst,
      self->samples, self->until_sem);
}

/* What is told beside results that mean something. */
static char *
describe_shortcoming (const EgTraceResult *self)
{
  g_autofree char *target = eg_token_quote (self->target != NULL ? self->target : "");

  if (self->others[EG_METRIC_LOGIT_DIFF] != NULL && self->against_id == self->target_id)
    return g_strdup_printf (_ ("The swapped prompt predicts “%s”, too, so that there is no logit difference"),
                            target);
  return describe_missed_error (self);
}

char *
eg_trace_result_warning (const EgTraceResult *self)
{
  if (self->note != NULL)
    return g_strdup (self->note);
  g_autofree char *high = eg_metric_format (self->metric, self->high_score);
  g_autofree char *low = eg_metric_format (self->metric, self->low_score);
  g_autofree char *target = eg_token_quote (self->target != NULL ? self->target : "");

  switch (eg_trace_result_get_problem (self))
    {
    case EG_TRACE_NOT_LOWERED:
      return undefined_warning (self, high, low);
    case EG_TRACE_UNSURE:
      return g_strdup_printf (_ ("The model is unsure of “%s” even undisturbed (%s): "
                                 "try a prompt whose answer it knows, or another target"),
                              target, high);
    case EG_TRACE_HARDLY_LOWERED:
      if (self->corruption.kind == EG_CORRUPTION_SWAP)
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
