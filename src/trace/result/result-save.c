/* Results written as .npz files (design §7). */
#include "trace/result/result-io.h"

#include "trace/ask/fields.h"
#include "trace/result/npz-fields.h"
#include "trace/result/result-private.h"

#include <math.h>

EgTraceRequest *
eg_trace_result_get_request_for_file (const EgTraceResult *self)
{
  EgTraceRequest *request = eg_trace_request_copy (self->request);
  request->samples = self->samples;
  return request;
}

/* As float32 when that loses nothing, which holds for what Engram computes; as float64 otherwise. */
static void
add_values (EgNpzWriter *writer, const char *name, const EgTraceGrid *grid, const double *values)
{
  gsize shape[2];
  const guint n_dims = eg_trace_grid_get_shape (grid, shape);
  const gsize n = eg_trace_grid_n_cells (grid);
  g_autofree float *floats = g_new (float, n);
  gboolean exact = TRUE;
  for (gsize i = 0; i < n; i++)
    {
      floats[i] = (float)values[i];
      exact = exact && (isnan (values[i]) || floats[i] == values[i]);
    }
  if (exact)
    eg_npz_writer_add_f32 (writer, name, floats, n_dims, shape);
  else
    eg_npz_writer_add_f64 (writer, name, values, n_dims, shape);
}

static void
add_integers (EgNpzWriter *writer, const char *name, const guint32 *values, guint n_dims, const gsize *shape)
{
  gsize n = 1;
  for (guint i = 0; i < n_dims; i++)
    n *= shape[i];
  g_autofree gint64 *integers = g_new (gint64, n);
  for (gsize i = 0; i < n; i++)
    integers[i] = values[i];
  eg_npz_writer_add_i64 (writer, name, integers, n_dims, shape);
}

static void
add_integer (EgNpzWriter *writer, const char *name, gint64 value)
{
  eg_npz_writer_add_i64 (writer, name, &value, 0, NULL);
}

static void
add_number (EgNpzWriter *writer, const char *name, double value)
{
  eg_npz_writer_add_f64 (writer, name, &value, 0, NULL);
}

static void
add_text (EgNpzWriter *writer, const char *name, const char *text)
{
  if (text != NULL)
    eg_npz_writer_add_strings (writer, name, &text, 1, TRUE);
}

/* Where the file that it came from had them. */
static void
add_effect_sem (EgNpzWriter *writer, const EgTraceGrid *grid, gsize m, const char *metric, const char *site)
{
  g_autofree char *name = eg_trace_result_field_name ("effect_sem", metric, site);
  gboolean any = FALSE;
  for (gsize i = 0; i < eg_trace_grid_n_cells (grid); i++)
    any = any || !isnan (grid->effect_sem[m][i]);
  if (any)
    add_values (writer, name, grid, grid->effect_sem[m]);
}

/* [layers, tokens, samples], as those of a trace that was stopped. */
static void
add_samples (EgNpzWriter *writer, const EgTraceGrid *grid, gsize m, const char *metric, const char *site)
{
  gsize shape[3];
  const guint n_dims = eg_trace_grid_get_shape (grid, shape);
  g_autofree char *name = eg_trace_result_field_name ("sample_values", metric, site);
  shape[n_dims] = grid->result->n_kept;
  if (grid->samples[m] != NULL)
    eg_npz_writer_add_f64 (writer, name, grid->samples[m], n_dims + 1, shape);
}

/* A site's numbers: scores, scores_sem, the samples that they rest on where these are not all, and the other
 * metrics': scores_kl, scores_sem_kl. Site is NULL for the first, whose names have no site. */
static void
add_grid (EgNpzWriter *writer, const EgTraceGrid *grid, const char *site)
{
  const EgTraceResult *result = grid->result;
  gsize shape[2];
  const guint n_dims = eg_trace_grid_get_shape (grid, shape);
  g_autofree char *estimate = eg_trace_result_field_name ("estimate", NULL, site);
  if (grid->estimate != NULL)
    add_values (writer, estimate, grid, grid->estimate);
  if (result->estimated && !eg_trace_result_has_scores (result))
    return;
  for (gsize m = 0; m < result->n_metrics; m++)
    {
      const char *metric = m > 0 ? eg_metric_get_name (result->metrics[m]) : NULL;
      g_autofree char *scores = eg_trace_result_field_name ("scores", metric, site);
      g_autofree char *sem = eg_trace_result_field_name ("scores_sem", metric, site);
      add_values (writer, scores, grid, grid->scores[m]);
      add_values (writer, sem, grid, grid->sem[m]);
      add_effect_sem (writer, grid, m, metric, site);
      add_samples (writer, grid, m, metric, site);
    }
  g_autofree char *samples = eg_trace_result_field_name ("scores_samples", NULL, site);
  if (result->has_settings && !result->complete)
    add_integers (writer, samples, grid->counts, n_dims, shape);
}

/* What the scores lie between: low_score_kl, low_score_sem_kl, high_score_kl; the main metric's have no name
 * behind. */
static void
add_ends (EgNpzWriter *writer, const EgTraceResult *self)
{
  for (gsize m = 0; m < self->n_metrics; m++)
    {
      const char *metric = m > 0 ? eg_metric_get_name (self->metrics[m]) : NULL;
      g_autofree char *low = eg_trace_result_field_name ("low_score", metric, NULL);
      g_autofree char *low_sem = eg_trace_result_field_name ("low_score_sem", metric, NULL);
      g_autofree char *high = eg_trace_result_field_name ("high_score", metric, NULL);
      add_number (writer, low, self->ends[m].low);
      add_number (writer, low_sem, self->ends[m].low_sem);
      add_number (writer, high, self->ends[m].high);
      g_autofree char *samples = eg_trace_result_field_name ("sample_low", metric, NULL);
      if (self->low_samples[m] != NULL)
        eg_npz_writer_add_f64 (writer, samples, self->low_samples[m], 1, &self->n_kept);
    }
}

/* The list of all sites, where there are several. */
static void
add_sites (EgNpzWriter *writer, const EgTraceResult *self)
{
  g_autofree const char **names = g_new (const char *, self->n_grids);
  for (gsize i = 0; i < self->n_grids; i++)
    names[i] = self->grids[i]->site;
  if (self->n_grids > 1)
    eg_npz_writer_add_strings (writer, "sites", names, self->n_grids, FALSE);
}

static void
add_field (EgNpzWriter *writer, EgTraceField field, const EgTraceRequest *request)
{
  const EgFieldInfo *info = eg_trace_field_get_info (field);
  if (!eg_trace_field_is_written (field, request, info->in_npz))
    return;
  if (info->type == EG_FIELD_TEXT || info->type == EG_FIELD_NAME)
    {
      g_autofree char *text = eg_trace_field_format_in_file (field, request);
      add_text (writer, info->name, text);
      return;
    }
  const double number = eg_trace_field_get_number (field, request);
  if (info->type == EG_FIELD_NUMBER)
    add_number (writer, info->name,
                eg_trace_field_get_useless (field, request) == NULL ? number : (double)NAN);
  else
    add_integer (writer, info->name, (gint64)number);
}

static void
add_settings (EgNpzWriter *writer, const EgTraceResult *self)
{
  g_autoptr (EgTraceRequest) request = eg_trace_result_get_request_for_file (self);
  for (EgTraceField field = 0; field < EG_N_FIELDS; field++)
    add_field (writer, field, request);
  add_number (writer, "noise_std", self->noise_std);
  add_integer (writer, "target_named", request->target != NULL);
  add_integer (writer, "complete", self->complete);
}

static void
add_tokens (EgNpzWriter *writer, const EgTraceTokens *tokens)
{
  const gint64 range[] = { (gint64)tokens->subject_first, (gint64)tokens->subject_last };
  eg_npz_writer_add_strings (writer, "input_tokens", (const char *const *)tokens->tokens, tokens->n_tokens,
                             FALSE);
  eg_npz_writer_add_i64 (writer, "subject_range", range, 1, (gsize[]){ 2 });
  add_text (writer, "subject", tokens->subject);
  add_text (writer, "target_token", tokens->target);
  if (tokens->ids != NULL)
    add_integers (writer, "input_ids", tokens->ids, 1, &tokens->n_tokens);
  if (tokens->target_id >= 0)
    add_integer (writer, "target_id", tokens->target_id);
  add_text (writer, "against_token", tokens->against);
  if (tokens->against_id >= 0)
    add_integer (writer, "against_id", tokens->against_id);
}

void
eg_trace_result_add_to_npz (const EgTraceResult *self, EgNpzWriter *writer)
{
  for (gsize i = 0; i < self->n_grids; i++)
    add_grid (writer, self->grids[i], i > 0 ? self->grids[i]->site : NULL);
  if (self->estimated)
    add_integer (writer, "estimated", TRUE);
  add_ends (writer, self);
  add_text (writer, "prompt", self->request->prompt);
  add_tokens (writer, self->tokens);
  if (self->has_settings)
    add_settings (writer, self);
  add_sites (writer, self);
  add_text (writer, "model", self->model);
  add_text (writer, "device", self->device);
  if (!isnan (self->precision_error))
    add_number (writer, "precision_error", self->precision_error);
  add_number (writer, "seconds", self->seconds);
  add_text (writer, "date", self->date);
  add_text (writer, "engram_version", self->version);
}

gboolean
eg_trace_result_save_npz (const EgTraceResult *self, const char *path, GError **error)
{
  g_autoptr (EgNpzWriter) writer = eg_npz_writer_new ();
  eg_trace_result_add_to_npz (self, writer);
  return eg_npz_writer_save (writer, path, error);
}

GBytes *
eg_trace_result_to_npz (const EgTraceResult *self, GError **error)
{
  g_autoptr (EgNpzWriter) writer = eg_npz_writer_new ();
  eg_trace_result_add_to_npz (self, writer);
  return eg_npz_writer_to_bytes (writer, error);
}
