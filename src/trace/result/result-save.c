/* Results written as .npz files (design §7). */
#include "trace/result/result-io.h"

#include "formats/npz.h"
#include "trace/result/result-private.h"

#include <math.h>

/* As float32 when that loses nothing, which holds for what Engram computes; as float64 otherwise. */
static void
add_grid (EgNpzWriter *writer, const char *name, const EgTraceResult *self, const double *values)
{
  gsize shape[2];
  const guint n_dims = eg_trace_result_get_shape (self, shape);
  const gsize n = self->n_layers * self->n_tokens;
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

/* A site's numbers: scores, scores_sem, the samples that they rest on where these are not all, and the other
 * metrics': scores_kl, scores_sem_kl. Site is NULL for the first, whose names have no site. */
static void
add_scores (EgNpzWriter *writer, const EgTraceResult *self, const char *site)
{
  g_autofree char *scores = eg_trace_result_field_name ("scores", NULL, site);
  g_autofree char *sem = eg_trace_result_field_name ("scores_sem", NULL, site);
  g_autofree char *samples = eg_trace_result_field_name ("scores_samples", NULL, site);
  gsize shape[2];
  const guint n_dims = eg_trace_result_get_shape (self, shape);
  add_grid (writer, scores, self, self->scores);
  add_grid (writer, sem, self, self->sem);
  if (self->has_settings && !self->complete)
    add_integers (writer, samples, self->counts, n_dims, shape);
  for (EgMetric m = 0; m < EG_N_METRICS; m++)
    if (self->others[m] != NULL)
      {
        g_autofree char *name = eg_trace_result_field_name ("scores", eg_metric_get_name (m), site);
        g_autofree char *name_sem = eg_trace_result_field_name ("scores_sem", eg_metric_get_name (m), site);
        add_grid (writer, name, self, self->others[m]->scores);
        add_grid (writer, name_sem, self, self->others[m]->sem);
      }
}

/* What the other metrics' scores lie between: low_score_kl, low_score_sem_kl, high_score_kl. */
static void
add_other_ends (EgNpzWriter *writer, const EgTraceResult *self)
{
  for (EgMetric m = 0; m < EG_N_METRICS; m++)
    if (self->others[m] != NULL)
      {
        const char *metric = eg_metric_get_name (m);
        g_autofree char *low = eg_trace_result_field_name ("low_score", metric, NULL);
        g_autofree char *low_sem = eg_trace_result_field_name ("low_score_sem", metric, NULL);
        g_autofree char *high = eg_trace_result_field_name ("high_score", metric, NULL);
        add_number (writer, low, self->others[m]->low_score);
        add_number (writer, low_sem, self->others[m]->low_sem);
        add_number (writer, high, self->others[m]->high_score);
      }
}

/* The sites after the first, and the list of all. */
static void
add_more_sites (EgNpzWriter *writer, const EgTraceResult *self)
{
  const gsize n = eg_trace_result_n_sites (self);
  g_autofree const char **names = g_new (const char *, n);
  for (gsize i = 0; i < n; i++)
    {
      const EgTraceResult *other = eg_trace_result_get_site (self, i);
      names[i] = eg_site_get_name (other->site);
      if (i > 0)
        add_scores (writer, other, names[i]);
    }
  if (n > 1)
    eg_npz_writer_add_strings (writer, "sites", names, n, FALSE);
}

/* How the prompt was corrupted. */
static void
add_corruption (EgNpzWriter *writer, const EgTraceResult *self)
{
  g_autofree char *kind = eg_corruption_format_kind (&self->corruption);
  g_autofree char *scale = eg_corruption_format_scale (&self->corruption);
  g_autofree char *span = eg_corruption_format_span (&self->corruption);
  add_text (writer, "corruption", kind);
  add_text (writer, "noise_scale", scale);
  add_text (writer, "span", span);
  add_integer (writer, "replace", self->corruption.replace);
}

static void
add_settings (EgNpzWriter *writer, const EgTraceResult *self)
{
  add_integer (writer, "samples", self->samples);
  add_integer (writer, "seed", self->seed);
  add_number (writer, "noise_level", self->noise_level);
  add_number (writer, "noise_std", self->noise_std);
  add_corruption (writer, self);
  add_text (writer, "metric", eg_metric_get_name (self->metric));
  add_text (writer, "against_token", self->against);
  if (self->against_id >= 0)
    add_integer (writer, "against_id", self->against_id);
  add_text (writer, "site", eg_site_get_name (self->site));
  add_integer (writer, "window", self->window);
  add_text (writer, "sweep", eg_sweep_get_name (self->sweep));
  add_text (writer, "direction", eg_direction_get_name (self->direction));
  if (self->freeze != 0)
    {
      g_autofree char *frozen = eg_sites_to_names (self->freeze);
      add_text (writer, "freeze", frozen);
    }
  if (self->has_knockout)
    {
      g_autofree char *knockout = eg_knockout_to_text (&self->knockout);
      add_text (writer, "knockout", knockout);
    }
  if (self->until_sem > 0)
    {
      add_number (writer, "until_sem", self->until_sem);
      add_integer (writer, "max_samples", self->max_samples);
    }
  add_integer (writer, "target_named", self->target_named);
  add_integer (writer, "complete", self->complete);
}

gboolean
eg_trace_result_save_npz (const EgTraceResult *self, const char *path, GError **error)
{
  g_autoptr (EgNpzWriter) writer = eg_npz_writer_new ();
  const EgTraceResultInput input = eg_trace_result_get_input (self);
  const gint64 range[] = { (gint64)input.subject_first, (gint64)input.subject_last };

  add_scores (writer, self, NULL);
  add_number (writer, "low_score", self->low_score);
  add_number (writer, "high_score", self->high_score);
  eg_npz_writer_add_strings (writer, "input_tokens", (const char *const *)input.tokens, input.n_tokens,
                             FALSE);
  eg_npz_writer_add_i64 (writer, "subject_range", range, 1, (gsize[]){ 2 });
  add_text (writer, "target_token", self->target);
  add_text (writer, "prompt", self->prompt);
  add_text (writer, "subject", self->subject);

  add_number (writer, "low_score_sem", self->low_sem);
  if (input.ids != NULL)
    add_integers (writer, "input_ids", input.ids, 1, &input.n_tokens);
  if (self->target_id >= 0)
    add_integer (writer, "target_id", self->target_id);
  if (self->has_settings)
    add_settings (writer, self);
  add_other_ends (writer, self);
  add_more_sites (writer, self);
  add_text (writer, "model", self->model);
  add_text (writer, "device", self->device);
  add_number (writer, "seconds", self->seconds);
  add_text (writer, "engram_version", self->version);
  return eg_npz_writer_save (writer, path, error);
}
