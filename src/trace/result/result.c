/* Results and their grids: what they hold, and the plain questions about it. */
#include "trace/result/result.h"

#include "tokenizer/token-text.h"

#include <glib/gi18n.h>
#include <math.h>

/* ---- the prompt ---- */

EgTraceTokens *
eg_trace_tokens_new (gsize n_tokens)
{
  EgTraceTokens *self = g_new0 (EgTraceTokens, 1);
  self->n_tokens = n_tokens;
  self->target_id = self->against_id = -1;
  return self;
}

void
eg_trace_tokens_free (EgTraceTokens *self)
{
  g_free (self->ids);
  g_strfreev (self->tokens);
  g_strfreev (self->spelled);
  g_free (self->subject);
  g_free (self->target);
  g_free (self->against);
  g_free (self);
}

static EgTraceTokens *
copy_tokens (const EgTraceTokens *self)
{
  EgTraceTokens *copy = g_memdup2 (self, sizeof *self);
  copy->ids = g_memdup2 (self->ids, self->ids != NULL ? self->n_tokens * sizeof *self->ids : 0);
  copy->tokens = g_strdupv (self->tokens);
  copy->spelled = g_strdupv (self->spelled);
  copy->subject = g_strdup (self->subject);
  copy->target = g_strdup (self->target);
  copy->against = g_strdup (self->against);
  return copy;
}

/* ---- making and copying ---- */

static double *
new_values (gsize n)
{
  double *values = g_new (double, n);
  for (gsize i = 0; i < n; i++)
    values[i] = NAN;
  return values;
}

static EgTraceGrid *
grid_new (EgTraceResult *result, const char *site, gsize n_layers, gsize n_tokens)
{
  EgTraceGrid *self = g_new0 (EgTraceGrid, 1);
  self->result = result;
  self->site = g_strdup (site);
  self->n_layers = result->request->sweep == EG_SWEEP_POSITIONS ? 1 : n_layers;
  self->n_tokens = result->request->sweep == EG_SWEEP_LAYERS ? 1 : n_tokens;
  self->scores[0] = new_values (eg_trace_grid_n_cells (self));
  self->sem[0] = new_values (eg_trace_grid_n_cells (self));
  self->effect_sem[0] = new_values (eg_trace_grid_n_cells (self));
  self->counts = g_new0 (guint, eg_trace_grid_n_cells (self));
  return self;
}

static void
grid_free (EgTraceGrid *self)
{
  for (EgMetric m = 0; m < EG_N_METRICS; m++)
    {
      g_free (self->scores[m]);
      g_free (self->sem[m]);
      g_free (self->effect_sem[m]);
      g_free (self->samples[m]);
    }
  g_free (self->counts);
  g_free (self->estimate);
  g_free (self->site);
  g_free (self);
}

static EgTraceGrid *
copy_grid (const EgTraceGrid *self, EgTraceResult *result)
{
  const gsize n = eg_trace_grid_n_cells (self);
  EgTraceGrid *copy = g_memdup2 (self, sizeof *self);
  copy->result = result;
  copy->site = g_strdup (self->site);
  for (gsize m = 0; m < result->n_metrics; m++)
    {
      copy->scores[m] = g_memdup2 (self->scores[m], n * sizeof *self->scores[m]);
      copy->sem[m] = g_memdup2 (self->sem[m], n * sizeof *self->sem[m]);
      copy->effect_sem[m] = g_memdup2 (self->effect_sem[m], n * sizeof *self->effect_sem[m]);
      copy->samples[m] = g_memdup2 (self->samples[m], n * result->n_kept * sizeof *self->samples[m]);
    }
  copy->counts = g_memdup2 (self->counts, n * sizeof *self->counts);
  copy->estimate = g_memdup2 (self->estimate, self->estimate != NULL ? n * sizeof *self->estimate : 0);
  return copy;
}

EgTraceResult *
eg_trace_result_new (
    EgTraceRequest *request, EgTraceTokens *tokens, gsize n_layers, const char *const *sites, gsize n_sites)
{
  gsize n_cells;
  const gboolean fits = g_size_checked_mul (&n_cells, n_layers, tokens->n_tokens);
  g_return_val_if_fail (fits && n_sites > 0, NULL);

  EgTraceResult *self = g_new0 (EgTraceResult, 1);
  g_atomic_ref_count_init (&self->refs);
  self->request = request;
  self->has_settings = TRUE;
  self->tokens = tokens;
  self->n_metrics = 1;
  self->metrics[0] = request->metric;
  self->ends[0] = (EgTraceEnds){ NAN, NAN, NAN };
  self->noise_std = NAN;
  self->precision_error = NAN;
  self->n_grids = n_sites;
  self->grids = g_new (EgTraceGrid *, n_sites);
  for (gsize i = 0; i < n_sites; i++)
    self->grids[i] = grid_new (self, sites[i], n_layers, tokens->n_tokens);
  return self;
}

EgTraceResult *
eg_trace_result_ref (EgTraceResult *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
eg_trace_result_unref (EgTraceResult *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  for (gsize i = 0; i < self->n_grids; i++)
    grid_free (self->grids[i]);
  g_free (self->grids);
  eg_trace_request_free ((EgTraceRequest *)self->request);
  eg_trace_tokens_free (self->tokens);
  g_free (self->model);
  g_free (self->device);
  g_free (self->note);
  g_free (self->version);
  g_free (self->date);
  for (EgMetric m = 0; m < EG_N_METRICS; m++)
    g_free (self->low_samples[m]);
  g_free (self);
}

EgTraceResult *
eg_trace_result_copy (const EgTraceResult *self)
{
  EgTraceResult *copy = g_memdup2 (self, sizeof *self);
  g_atomic_ref_count_init (&copy->refs);
  copy->request = eg_trace_request_copy (self->request);
  copy->tokens = copy_tokens (self->tokens);
  copy->grids = g_new (EgTraceGrid *, self->n_grids);
  for (gsize i = 0; i < self->n_grids; i++)
    copy->grids[i] = copy_grid (self->grids[i], copy);
  copy->model = g_strdup (self->model);
  copy->device = g_strdup (self->device);
  copy->note = g_strdup (self->note);
  copy->version = g_strdup (self->version);
  copy->date = g_strdup (self->date);
  for (gsize m = 0; m < self->n_metrics; m++)
    copy->low_samples[m] = g_memdup2 (self->low_samples[m], self->n_kept * sizeof (double));
  return copy;
}

/* ---- a result ---- */

gsize
eg_trace_result_add_metric (EgTraceResult *self, EgMetric metric)
{
  g_return_val_if_fail (metric < EG_N_METRICS && !eg_trace_result_find_metric (self, metric, NULL), 0);
  const gsize index = self->n_metrics++;
  self->metrics[index] = metric;
  self->ends[index] = (EgTraceEnds){ NAN, NAN, NAN };
  for (gsize i = 0; i < self->n_grids; i++)
    {
      EgTraceGrid *grid = self->grids[i];
      grid->scores[index] = new_values (eg_trace_grid_n_cells (grid));
      grid->sem[index] = new_values (eg_trace_grid_n_cells (grid));
      grid->effect_sem[index] = new_values (eg_trace_grid_n_cells (grid));
    }
  return index;
}

gboolean
eg_trace_grid_has_estimated (const EgTraceGrid *self)
{
  for (gsize cell = 0; self->estimate != NULL && cell < eg_trace_grid_n_cells (self); cell++)
    if (isnan (self->scores[0][cell]) && !isnan (self->estimate[cell]))
      return TRUE;
  return FALSE;
}

void
eg_trace_result_add_estimates (EgTraceResult *self)
{
  for (gsize i = 0; i < self->n_grids; i++)
    if (self->grids[i]->estimate == NULL)
      self->grids[i]->estimate = new_values (eg_trace_grid_n_cells (self->grids[i]));
}

gboolean
eg_trace_result_has_scores (const EgTraceResult *self)
{
  for (gsize i = 0; i < self->n_grids; i++)
    for (gsize cell = 0; cell < eg_trace_grid_n_cells (self->grids[i]); cell++)
      if (!isnan (self->grids[i]->scores[0][cell]))
        return TRUE;
  return FALSE;
}

void
eg_trace_result_keep_samples (EgTraceResult *self, gsize n)
{
  self->n_kept = n;
  for (gsize m = 0; m < self->n_metrics; m++)
    {
      g_free (self->low_samples[m]);
      self->low_samples[m] = new_values (n);
      for (gsize i = 0; i < self->n_grids; i++)
        {
          g_free (self->grids[i]->samples[m]);
          self->grids[i]->samples[m] = new_values (eg_trace_grid_n_cells (self->grids[i]) * n);
        }
    }
}

gboolean
eg_trace_result_find_metric (const EgTraceResult *self, EgMetric metric, gsize *index)
{
  for (gsize m = 0; m < self->n_metrics; m++)
    if (self->metrics[m] == metric)
      {
        if (index != NULL)
          *index = m;
        return TRUE;
      }
  return FALSE;
}

gboolean
eg_trace_result_is_loss (const EgTraceResult *self)
{
  return eg_trace_request_is_loss (self->request);
}

EgTraceGrid *
eg_trace_result_find_site (const EgTraceResult *self, const char *site)
{
  for (gsize i = 0; i < self->n_grids; i++)
    if (g_str_equal (self->grids[i]->site, site))
      return self->grids[i];
  return NULL;
}

static gboolean
is_tokenizer_of (EgTokenizer *tokenizer, const EgTraceTokens *tokens)
{
  for (gsize t = 0; t < tokens->n_tokens; t++)
    {
      g_autofree char *text = eg_tokenizer_token_text (tokenizer, tokens->ids[t]);
      if (g_strcmp0 (text, tokens->tokens[t]) != 0)
        return FALSE;
    }
  return TRUE;
}

void
eg_trace_result_spell (EgTraceResult *self, EgTokenizer *tokenizer)
{
  EgTraceTokens *tokens = self->tokens;
  if (tokens->ids == NULL || tokens->tokens == NULL || !is_tokenizer_of (tokenizer, tokens))
    return;
  g_clear_pointer (&tokens->spelled, g_strfreev);
  tokens->spelled = g_new0 (char *, tokens->n_tokens + 1);
  for (gsize t = 0; t < tokens->n_tokens; t++)
    tokens->spelled[t] = eg_token_spell (tokenizer, tokens->ids[t]);
}

/* ---- a grid ---- */

EgTraceGrid *
eg_trace_grid_ref (EgTraceGrid *self)
{
  eg_trace_result_ref (self->result);
  return self;
}

void
eg_trace_grid_unref (EgTraceGrid *self)
{
  eg_trace_result_unref (self->result);
}

EgTraceGrid *
eg_trace_grid_copy (const EgTraceGrid *self)
{
  return eg_trace_result_find_site (eg_trace_result_copy (self->result), self->site);
}

gboolean
eg_trace_grid_tells_layers (const EgTraceGrid *self)
{
  return self->result->request->sweep != EG_SWEEP_POSITIONS;
}

gboolean
eg_trace_grid_tells_tokens (const EgTraceGrid *self)
{
  return self->result->request->sweep != EG_SWEEP_LAYERS;
}

gsize
eg_trace_grid_n_cells (const EgTraceGrid *self)
{
  return self->n_layers * self->n_tokens;
}

guint
eg_trace_grid_get_shape (const EgTraceGrid *self, gsize shape[2])
{
  guint n_dims = 0;
  if (eg_trace_grid_tells_layers (self))
    shape[n_dims++] = self->n_layers;
  if (eg_trace_grid_tells_tokens (self))
    shape[n_dims++] = self->n_tokens;
  return n_dims;
}

void
eg_trace_grid_get_subject (const EgTraceGrid *self, gsize *first, gsize *last)
{
  const gboolean tells = eg_trace_grid_tells_tokens (self);
  *first = tells ? self->result->tokens->subject_first : 0;
  *last = tells ? self->result->tokens->subject_last : 0;
}

static const char *
get_text (const EgTraceGrid *self, char *const *tokens, gsize position)
{
  g_return_val_if_fail (position < self->n_tokens, "");
  if (!eg_trace_grid_tells_tokens (self))
    return _ ("all tokens");
  return tokens != NULL ? tokens[position] : "";
}

const char *
eg_trace_grid_get_text (const EgTraceGrid *self, gsize position)
{
  return get_text (self, self->result->tokens->tokens, position);
}

const char *
eg_trace_grid_get_token (const EgTraceGrid *self, gsize position)
{
  const EgTraceTokens *tokens = self->result->tokens;
  return get_text (self, tokens->spelled != NULL ? tokens->spelled : tokens->tokens, position);
}

EgMetric
eg_trace_grid_get_metric (const EgTraceGrid *self)
{
  return self->result->metrics[0];
}

const EgTraceEnds *
eg_trace_grid_get_ends (const EgTraceGrid *self)
{
  return &self->result->ends[0];
}

double
eg_trace_grid_scale (const EgTraceGrid *self, double difference)
{
  const EgTraceEnds *ends = eg_trace_grid_get_ends (self);
  if (!eg_metric_is_better (eg_trace_grid_get_metric (self), ends->high, ends->low))
    return NAN;
  return difference / (ends->high - ends->low);
}

double
eg_trace_grid_fraction (const EgTraceGrid *self, double score)
{
  const EgTraceEnds *ends = eg_trace_grid_get_ends (self);
  return eg_trace_grid_scale (self, eg_trace_result_is_loss (self->result) ? ends->high - score
                                                                           : score - ends->low);
}

double
eg_trace_grid_normalize (const EgTraceGrid *self, double score)
{
  const double fraction = eg_trace_grid_fraction (self, score);
  return isnan (fraction) ? fraction : CLAMP (fraction, 0.0, 1.0);
}

double
eg_trace_grid_effect (const EgTraceGrid *self, gsize layer, gsize position)
{
  const EgTraceEnds *ends = eg_trace_grid_get_ends (self);
  const double score = eg_trace_grid_score (self, layer, position);
  return eg_trace_result_is_loss (self->result) ? ends->high - score : score - ends->low;
}

gboolean
eg_trace_grid_is_noise (const EgTraceGrid *self, gsize layer, gsize position)
{
  const double sem = self->effect_sem[0][layer * self->n_tokens + position];
  /* The numbers are float32: less than their last digit is no effect. */
  const double least = 1e-7 * fabs (eg_trace_grid_score (self, layer, position));
  return !isnan (sem) && fabs (eg_trace_grid_effect (self, layer, position)) <= 2 * sem + least;
}
