/* Results as .npz files (design §7). */
#include "trace/result-io.h"

#include "core/error.h"
#include "formats/map-file.h"
#include "formats/npz.h"

#include <math.h>

#define MAX_LAYERS 4096
#define MAX_TOKENS 1000000

/* As float32 [L, T] when that loses nothing, which holds for what Engram computes; as float64 otherwise. */
static void
add_matrix (EgNpzWriter *writer, const char *name, const EgTraceResult *self, const double *values)
{
  const gsize shape[] = { self->n_layers, self->n_tokens };
  const gsize n = self->n_layers * self->n_tokens;
  g_autofree float *floats = g_new (float, n);
  gboolean exact = TRUE;
  for (gsize i = 0; i < n; i++)
    {
      floats[i] = (float)values[i];
      exact = exact && (isnan (values[i]) || floats[i] == values[i]);
    }
  if (exact)
    eg_npz_writer_add_f32 (writer, name, floats, 2, shape);
  else
    eg_npz_writer_add_f64 (writer, name, values, 2, shape);
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

/* The other metrics' numbers: scores_kl, scores_sem_kl, low_score_kl, low_score_sem_kl, high_score_kl. */
static void
add_other_metrics (EgNpzWriter *writer, const EgTraceResult *self)
{
  for (EgMetric m = 0; m < EG_N_METRICS; m++)
    {
      const EgTraceScores *other = self->others[m];
      if (other == NULL)
        continue;
      const char *metric = eg_metric_get_name (m);
      g_autofree char *scores = g_strconcat ("scores_", metric, NULL);
      g_autofree char *sem = g_strconcat ("scores_sem_", metric, NULL);
      g_autofree char *low = g_strconcat ("low_score_", metric, NULL);
      g_autofree char *low_sem = g_strconcat ("low_score_sem_", metric, NULL);
      g_autofree char *high = g_strconcat ("high_score_", metric, NULL);
      add_matrix (writer, scores, self, other->scores);
      add_matrix (writer, sem, self, other->sem);
      add_number (writer, low, other->low_score);
      add_number (writer, low_sem, other->low_sem);
      add_number (writer, high, other->high_score);
    }
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
  add_text (writer, "direction", eg_direction_get_name (self->direction));
  if (self->freeze != 0)
    {
      g_autofree char *frozen = eg_sites_to_names (self->freeze);
      add_text (writer, "freeze", frozen);
    }
  add_integer (writer, "target_named", self->target_named);
  add_integer (writer, "complete", self->complete);
  if (!self->complete)
    add_integers (writer, "scores_samples", self->counts, 2, (gsize[]){ self->n_layers, self->n_tokens });
}

gboolean
eg_trace_result_save_npz (const EgTraceResult *self, const char *path, GError **error)
{
  g_autoptr (EgNpzWriter) writer = eg_npz_writer_new ();
  const gint64 range[] = { (gint64)self->subject_first, (gint64)self->subject_last };

  add_matrix (writer, "scores", self, self->scores);
  add_number (writer, "low_score", self->low_score);
  add_number (writer, "high_score", self->high_score);
  eg_npz_writer_add_strings (writer, "input_tokens", (const char *const *)self->tokens, self->n_tokens,
                             FALSE);
  eg_npz_writer_add_i64 (writer, "subject_range", range, 1, (gsize[]){ 2 });
  add_text (writer, "target_token", self->target);
  add_text (writer, "prompt", self->prompt);
  add_text (writer, "subject", self->subject);

  add_matrix (writer, "scores_sem", self, self->sem);
  add_number (writer, "low_score_sem", self->low_sem);
  if (self->ids != NULL)
    add_integers (writer, "input_ids", self->ids, 1, &self->n_tokens);
  if (self->target_id >= 0)
    add_integer (writer, "target_id", self->target_id);
  if (self->has_settings)
    add_settings (writer, self);
  add_other_metrics (writer, self);
  add_text (writer, "model", self->model);
  add_text (writer, "device", self->device);
  add_number (writer, "seconds", self->seconds);
  add_text (writer, "engram_version", self->version);
  return eg_npz_writer_save (writer, path, error);
}

/* ---- Reading ---- */

typedef struct
{
  EgNpz *npz;
  const char *title;
} Reader;

static gboolean fail (const Reader *reader, GError **error, const char *format, ...) G_GNUC_PRINTF (3, 4);

static gboolean
fail (const Reader *reader, GError **error, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_autofree char *message = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error (error, EG_ERROR, EG_ERROR_FORMAT, "%s: %s", reader->title, message);
  return FALSE;
}

static char *
shape_text (const EgNpyArray *array)
{
  GString *text = g_string_new ("[");
  for (guint i = 0; i < eg_npy_array_get_n_dims (array); i++)
    g_string_append_printf (text, "%s%" G_GSIZE_FORMAT, i == 0 ? "" : ", ",
                            eg_npy_array_get_shape (array)[i]);
  g_string_append_c (text, ']');
  return g_string_free (text, FALSE);
}

static gboolean
check_fields (const Reader *reader, GError **error)
{
  static const char *const fields[] = { "scores",        "low_score",    "high_score", "input_tokens",
                                        "subject_range", "target_token", "prompt",     "subject" };
  g_autoptr (GString) missing = g_string_new (NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (fields); i++)
    if (!eg_npz_has (reader->npz, fields[i]))
      g_string_append_printf (missing, "%s%s", missing->len == 0 ? "" : ", ", fields[i]);
  if (missing->len > 0)
    return fail (reader, error, "it has no %s, which a saved trace has", missing->str);
  return TRUE;
}

/* An array of exactly n elements; n = 1 also takes a scalar. */
static EgNpyArray *
read_array (const Reader *reader, const char *name, gsize n, GError **error)
{
  g_autoptr (EgNpyArray) array = eg_npz_read (reader->npz, name, error);
  if (array == NULL)
    return NULL;
  if (eg_npy_array_get_n_elements (array) == n && eg_npy_array_get_n_dims (array) <= 1)
    return g_steal_pointer (&array);
  g_autofree char *shape = shape_text (array);
  if (n == 1)
    fail (reader, error, "%s has shape %s, where one value belongs", name, shape);
  else
    fail (reader, error, "%s has shape %s, expected [%" G_GSIZE_FORMAT "]", name, shape, n);
  return NULL;
}

/* Optional ones keep *value when they are not there. */
static gboolean
read_number (const Reader *reader, const char *name, double *value, GError **error)
{
  if (!eg_npz_has (reader->npz, name))
    return TRUE;
  g_autoptr (EgNpyArray) array = read_array (reader, name, 1, error);
  g_autofree double *values = array != NULL ? eg_npy_array_get_doubles (array, error) : NULL;
  if (values == NULL)
    return FALSE;
  if (isinf (values[0]))
    return fail (reader, error, "%s is infinite", name);
  *value = values[0];
  return TRUE;
}

static gboolean
read_integers (const Reader *reader, const char *name, gsize n, gint64 max, gint64 **values, GError **error)
{
  g_autoptr (EgNpyArray) array = read_array (reader, name, n, error);
  g_autofree gint64 *integers = array != NULL ? eg_npy_array_get_int64s (array, error) : NULL;
  if (integers == NULL)
    return FALSE;
  for (gsize i = 0; i < n; i++)
    if (integers[i] < 0 || integers[i] > max)
      return fail (reader, error, "%s holds %" G_GINT64_FORMAT ", which is out of range", name, integers[i]);
  *values = g_steal_pointer (&integers);
  return TRUE;
}

static gboolean
read_integer (const Reader *reader, const char *name, gint64 max, gint64 *value, GError **error)
{
  if (!eg_npz_has (reader->npz, name))
    return TRUE;
  g_autofree gint64 *values = NULL;
  if (!read_integers (reader, name, 1, max, &values, error))
    return FALSE;
  *value = values[0];
  return TRUE;
}

static gboolean
read_unsigned (const Reader *reader, const char *name, guint32 *value, GError **error)
{
  gint64 integer = *value;
  if (!read_integer (reader, name, G_MAXUINT32, &integer, error))
    return FALSE;
  *value = (guint32)integer;
  return TRUE;
}

static gboolean
read_texts (const Reader *reader, const char *name, gsize n, char ***texts, GError **error)
{
  g_autoptr (EgNpyArray) array = read_array (reader, name, n, error);
  if (array != NULL)
    *texts = eg_npy_array_get_strings (array, error);
  return array != NULL && *texts != NULL;
}

static gboolean
read_text (const Reader *reader, const char *name, char **text, GError **error)
{
  if (!eg_npz_has (reader->npz, name))
    return TRUE;
  g_auto (GStrv) texts = NULL;
  if (!read_texts (reader, name, 1, &texts, error))
    return FALSE;
  *text = g_strdup (texts[0]);
  return TRUE;
}

/* Fills values [n_layers, n_tokens] of self from an array that must have this shape. */
static gboolean
copy_matrix (const Reader *reader,
             const char *name,
             const EgNpyArray *array,
             const EgTraceResult *self,
             double *values,
             GError **error)
{
  const gsize *shape = eg_npy_array_get_shape (array);
  if (eg_npy_array_get_n_dims (array) != 2 || shape[0] != self->n_layers || shape[1] != self->n_tokens)
    {
      g_autofree char *text = shape_text (array);
      return fail (reader, error,
                   "%s has shape %s, but scores has shape [%" G_GSIZE_FORMAT ", %" G_GSIZE_FORMAT "]", name,
                   text, self->n_layers, self->n_tokens);
    }
  g_autofree double *numbers = eg_npy_array_get_doubles (array, error);
  if (numbers == NULL)
    return FALSE;
  for (gsize i = 0; i < self->n_layers * self->n_tokens; i++)
    {
      if (isinf (numbers[i]))
        return fail (reader, error, "%s holds an infinite value", name);
      values[i] = numbers[i];
    }
  return TRUE;
}

/* The result with its scores; the sizes are checked before anything is made of that size. */
static EgTraceResult *
read_scores (const Reader *reader, GError **error)
{
  g_autoptr (EgNpyArray) scores = eg_npz_read (reader->npz, "scores", error);
  g_autoptr (EgNpyArray) tokens = scores != NULL ? eg_npz_read (reader->npz, "input_tokens", error) : NULL;
  if (tokens == NULL)
    return NULL;
  g_autofree char *text = shape_text (scores);
  const gsize *shape = eg_npy_array_get_shape (scores);
  const gsize n_tokens = eg_npy_array_get_n_elements (tokens);
  if (eg_npy_array_get_n_dims (scores) != 2 || shape[0] == 0 || shape[1] == 0)
    fail (reader, error, "scores has shape %s, expected [layers, tokens]", text);
  else if (shape[0] > MAX_LAYERS || shape[1] > MAX_TOKENS)
    fail (reader, error, "scores has shape %s, more than %d layers or %d tokens", text, MAX_LAYERS,
          MAX_TOKENS);
  else if (shape[1] != n_tokens)
    fail (reader, error, "scores has shape %s but there are %" G_GSIZE_FORMAT " tokens", text, n_tokens);
  else
    {
      g_autoptr (EgTraceResult) self = eg_trace_result_new (shape[0], shape[1]);
      if (copy_matrix (reader, "scores", scores, self, self->scores, error))
        return g_steal_pointer (&self);
    }
  return NULL;
}

static gboolean
read_subject_range (const Reader *reader, EgTraceResult *self, GError **error)
{
  g_autofree gint64 *range = NULL;
  if (!read_integers (reader, "subject_range", 2, G_MAXINT64, &range, error))
    return FALSE;
  if (range[0] > range[1] || (guint64)range[1] >= self->n_tokens)
    return fail (reader, error,
                 "subject_range is [%" G_GINT64_FORMAT ", %" G_GINT64_FORMAT
                 "], but there are %" G_GSIZE_FORMAT " tokens",
                 range[0], range[1], self->n_tokens);
  self->subject_first = (gsize)range[0];
  self->subject_last = (gsize)range[1];
  return TRUE;
}

static gboolean
read_ids (const Reader *reader, EgTraceResult *self, GError **error)
{
  g_autofree gint64 *ids = NULL;
  if (!eg_npz_has (reader->npz, "input_ids"))
    return TRUE;
  if (!read_integers (reader, "input_ids", self->n_tokens, G_MAXUINT32, &ids, error))
    return FALSE;
  self->ids = g_new (guint32, self->n_tokens);
  for (gsize t = 0; t < self->n_tokens; t++)
    self->ids[t] = (guint32)ids[t];
  return TRUE;
}

/* A setting that a text stands for, if it is there. */
static gboolean
read_setting (const Reader *reader,
              const char *name,
              EgCorruption *corruption,
              gboolean (*parse) (EgCorruption *self, const char *text, GError **error),
              GError **error)
{
  g_autofree char *text = NULL;
  if (!read_text (reader, name, &text, error))
    return FALSE;
  if (text == NULL || parse (corruption, text, error))
    return TRUE;
  g_prefix_error (error, "%s: ", reader->title);
  return FALSE;
}

static gboolean
read_corruption (const Reader *reader, EgTraceResult *self, GError **error)
{
  EgCorruption *corruption = &self->corruption;
  gint64 replace = FALSE;
  if (!read_setting (reader, "corruption", corruption, eg_corruption_parse_kind, error)
      || !read_setting (reader, "noise_scale", corruption, eg_corruption_parse_scale, error)
      || !read_setting (reader, "span", corruption, eg_corruption_parse_span, error)
      || !read_integer (reader, "replace", 1, &replace, error))
    return FALSE;
  corruption->replace = replace != 0;
  if (eg_corruption_check (corruption, error))
    return TRUE;
  g_prefix_error (error, "%s: ", reader->title);
  return FALSE;
}

/* The main metric, what stands against the target, and the others' numbers. */
static gboolean
read_metric (const Reader *reader, EgTraceResult *self, GError **error)
{
  g_autofree char *name = NULL;
  if (!read_text (reader, "metric", &name, error))
    return FALSE;
  if (name != NULL && !eg_metric_from_name (name, &self->metric, error))
    {
      g_prefix_error (error, "%s: ", reader->title);
      return FALSE;
    }
  return read_text (reader, "against_token", &self->against, error)
         && read_integer (reader, "against_id", G_MAXUINT32, &self->against_id, error);
}

static gboolean
read_other_metric (const Reader *reader, EgTraceResult *self, EgMetric metric, GError **error)
{
  const char *name = eg_metric_get_name (metric);
  g_autofree char *scores = g_strconcat ("scores_", name, NULL);
  g_autofree char *sem = g_strconcat ("scores_sem_", name, NULL);
  g_autofree char *low = g_strconcat ("low_score_", name, NULL);
  g_autofree char *low_sem = g_strconcat ("low_score_sem_", name, NULL);
  g_autofree char *high = g_strconcat ("high_score_", name, NULL);
  if (metric == self->metric || !eg_npz_has (reader->npz, scores))
    return TRUE;
  EgTraceScores *other = eg_trace_result_add_metric (self, metric);
  g_autoptr (EgNpyArray) values = eg_npz_read (reader->npz, scores, error);
  if (values == NULL || !copy_matrix (reader, scores, values, self, other->scores, error)
      || !read_number (reader, low, &other->low_score, error)
      || !read_number (reader, low_sem, &other->low_sem, error)
      || !read_number (reader, high, &other->high_score, error))
    return FALSE;
  if (!eg_npz_has (reader->npz, sem))
    return TRUE;
  g_autoptr (EgNpyArray) errors = eg_npz_read (reader->npz, sem, error);
  return errors != NULL && copy_matrix (reader, sem, errors, self, other->sem, error);
}

/* Files of before these settings have neither. */
static gboolean
read_direction (const Reader *reader, EgTraceResult *self, GError **error)
{
  g_autofree char *direction = NULL, *frozen = NULL;
  if (!read_text (reader, "direction", &direction, error) || !read_text (reader, "freeze", &frozen, error))
    return FALSE;
  if ((direction == NULL || eg_direction_from_name (direction, &self->direction, error))
      && (frozen == NULL || eg_sites_from_names (frozen, &self->freeze, NULL, error)))
    return TRUE;
  g_prefix_error (error, "%s: ", reader->title);
  return FALSE;
}

/* What the notebook's files do not have is left as eg_trace_result_new() has it. */
static gboolean
read_settings (const Reader *reader, EgTraceResult *self, GError **error)
{
  static const char *const fields[] = { "samples", "seed", "noise_level", "site", "window" };
  self->has_settings = TRUE;
  for (gsize i = 0; i < G_N_ELEMENTS (fields); i++)
    self->has_settings = self->has_settings && eg_npz_has (reader->npz, fields[i]);
  if (!self->has_settings)
    return TRUE;
  g_autofree char *site = NULL;
  gint64 target_named = FALSE;
  if (!read_unsigned (reader, "samples", &self->samples, error)
      || !read_unsigned (reader, "seed", &self->seed, error)
      || !read_unsigned (reader, "window", &self->window, error)
      || !read_number (reader, "noise_level", &self->noise_level, error)
      || !read_number (reader, "noise_std", &self->noise_std, error) || !read_corruption (reader, self, error)
      || !read_metric (reader, self, error) || !read_direction (reader, self, error)
      || !read_text (reader, "site", &site, error)
      || !read_integer (reader, "target_named", 1, &target_named, error))
    return FALSE;
  self->target_named = target_named != 0;
  for (EgMetric m = 0; m < EG_N_METRICS; m++)
    if (!read_other_metric (reader, self, m, error))
      return FALSE;
  if (!eg_site_from_name (site, &self->site, error))
    {
      g_prefix_error (error, "%s: ", reader->title);
      return FALSE;
    }
  return TRUE;
}

static gboolean
read_sem (const Reader *reader, EgTraceResult *self, GError **error)
{
  if (!eg_npz_has (reader->npz, "scores_sem"))
    return TRUE;
  g_autoptr (EgNpyArray) array = eg_npz_read (reader->npz, "scores_sem", error);
  return array != NULL && copy_matrix (reader, "scores_sem", array, self, self->sem, error);
}

/* How many samples each score rests on: said by a file of an unfinished trace, otherwise all. */
static gboolean
read_counts (const Reader *reader, EgTraceResult *self, GError **error)
{
  const gsize n = self->n_layers * self->n_tokens;
  gint64 complete = TRUE;
  for (gsize i = 0; i < n; i++)
    {
      self->counts[i] = isnan (self->scores[i]) ? 0 : self->samples;
      complete = complete && !isnan (self->scores[i]);
    }
  if (!read_integer (reader, "complete", 1, &complete, error))
    return FALSE;
  self->complete = complete != 0;
  if (!eg_npz_has (reader->npz, "scores_samples"))
    return TRUE;
  g_autoptr (EgNpyArray) array = eg_npz_read (reader->npz, "scores_samples", error);
  g_autofree double *counts = g_new (double, n);
  if (array == NULL || !copy_matrix (reader, "scores_samples", array, self, counts, error))
    return FALSE;
  for (gsize i = 0; i < n; i++)
    if (!(counts[i] >= 0 && counts[i] <= self->samples))
      return fail (reader, error, "scores_samples holds %g, outside 0 … %u", counts[i], self->samples);
    else
      self->counts[i] = (guint)counts[i];
  return TRUE;
}

EgTraceResult *
eg_trace_result_load_npz (const char *path, GError **error)
{
  g_autoptr (EgNpz) npz = eg_npz_load (path, error);
  if (npz == NULL)
    return NULL;
  g_autofree char *title = eg_file_get_title (path);
  const Reader reader = { npz, title };
  g_autoptr (EgTraceResult) self = check_fields (&reader, error) ? read_scores (&reader, error) : NULL;
  if (self == NULL)
    return NULL;
  self->seconds = NAN;
  if (!read_number (&reader, "low_score", &self->low_score, error)
      || !read_number (&reader, "high_score", &self->high_score, error)
      || !read_texts (&reader, "input_tokens", self->n_tokens, &self->tokens, error)
      || !read_subject_range (&reader, self, error)
      || !read_text (&reader, "target_token", &self->target, error)
      || !read_text (&reader, "prompt", &self->prompt, error)
      || !read_text (&reader, "subject", &self->subject, error) || !read_sem (&reader, self, error)
      || !read_number (&reader, "low_score_sem", &self->low_sem, error) || !read_ids (&reader, self, error)
      || !read_integer (&reader, "target_id", G_MAXUINT32, &self->target_id, error)
      || !read_settings (&reader, self, error) || !read_counts (&reader, self, error)
      || !read_text (&reader, "model", &self->model, error)
      || !read_text (&reader, "device", &self->device, error)
      || !read_number (&reader, "seconds", &self->seconds, error)
      || !read_text (&reader, "engram_version", &self->version, error))
    return NULL;
  return g_steal_pointer (&self);
}
