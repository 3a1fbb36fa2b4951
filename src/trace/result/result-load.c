/* Results read from .npz files: Engram's and the notebook's (design §7). Nothing in a file is trusted. */
#include "trace/result/result-io.h"

#include "core/error.h"
#include "formats/map-file.h"
#include "formats/npz.h"
#include "trace/result/result-private.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <math.h>

#define MAX_LAYERS 4096
#define MAX_TOKENS 1000000

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
shape_text (guint n_dims, const gsize *shape)
{
  GString *text = g_string_new ("[");
  for (guint i = 0; i < n_dims; i++)
    g_string_append_printf (text, "%s%" G_GSIZE_FORMAT, i == 0 ? "" : ", ", shape[i]);
  g_string_append_c (text, ']');
  return g_string_free (text, FALSE);
}

static char *
array_shape_text (const EgNpyArray *array)
{
  return shape_text (eg_npy_array_get_n_dims (array), eg_npy_array_get_shape (array));
}

static gboolean
has_shape (const EgNpyArray *array, guint n_dims, const gsize *shape)
{
  gboolean same = eg_npy_array_get_n_dims (array) == n_dims;
  for (guint i = 0; same && i < n_dims; i++)
    same = eg_npy_array_get_shape (array)[i] == shape[i];
  return same;
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
    return fail (reader, error, _ ("it has no %s, which a saved trace has"), missing->str);
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
  g_autofree char *shape = array_shape_text (array);
  if (n == 1)
    fail (reader, error, _ ("%s has shape %s, where one value belongs"), name, shape);
  else
    fail (reader, error, _ ("%s has shape %s, expected [%zu]"), name, shape, n);
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
    return fail (reader, error, _ ("%s is infinite"), name);
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
      return fail (reader, error, _ ("%s holds %" PRId64 ", which is out of range"), name, integers[i]);
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

/* Fills values of self's grid from an array that must have its shape. */
static gboolean
copy_grid (const Reader *reader,
           const char *name,
           const EgNpyArray *array,
           const EgTraceResult *self,
           double *values,
           GError **error)
{
  gsize shape[2];
  const guint n_dims = eg_trace_result_get_shape (self, shape);
  if (!has_shape (array, n_dims, shape))
    {
      g_autofree char *text = array_shape_text (array);
      g_autofree char *expected = shape_text (n_dims, shape);
      return fail (reader, error, _ ("%s has shape %s, but scores has shape %s"), name, text, expected);
    }
  g_autofree double *numbers = eg_npy_array_get_doubles (array, error);
  if (numbers == NULL)
    return FALSE;
  for (gsize i = 0; i < self->n_layers * self->n_tokens; i++)
    {
      if (isinf (numbers[i]))
        return fail (reader, error, _ ("%s holds an infinite value"), name);
      values[i] = numbers[i];
    }
  return TRUE;
}

static gboolean
read_subject_range (const Reader *reader, EgTraceResultInput *input, GError **error)
{
  g_autofree gint64 *range = NULL;
  if (!read_integers (reader, "subject_range", 2, G_MAXINT64, &range, error))
    return FALSE;
  if (range[0] > range[1] || (guint64)range[1] >= input->n_tokens)
    return fail (reader, error, _ ("subject_range is [%" PRId64 ", %" PRId64 "], but there are %zu tokens"),
                 range[0], range[1], input->n_tokens);
  input->subject_first = (gsize)range[0];
  input->subject_last = (gsize)range[1];
  return TRUE;
}

static gboolean
read_ids (const Reader *reader, EgTraceResultInput *input, GError **error)
{
  g_autofree gint64 *ids = NULL;
  if (!eg_npz_has (reader->npz, "input_ids"))
    return TRUE;
  if (!read_integers (reader, "input_ids", input->n_tokens, G_MAXUINT32, &ids, error))
    return FALSE;
  input->ids = g_new (guint32, input->n_tokens);
  for (gsize t = 0; t < input->n_tokens; t++)
    input->ids[t] = (guint32)ids[t];
  return TRUE;
}

static gboolean
read_sweep (const Reader *reader, EgSweep *sweep, GError **error)
{
  g_autofree char *name = NULL;
  if (!read_text (reader, "sweep", &name, error))
    return FALSE;
  if (name == NULL || eg_sweep_from_name (name, sweep, error))
    return TRUE;
  g_prefix_error (error, "%s: ", reader->title);
  return FALSE;
}

/* How many layers and columns there are, checked before anything is made of that size; a sweep over one of
 * them has one of the other. */
static gboolean
get_sizes (const Reader *reader,
           const EgNpyArray *scores,
           EgSweep sweep,
           gsize n_tokens,
           gsize *n_layers,
           gsize *n_columns,
           GError **error)
{
  static const char *const expected[EG_N_SWEEPS] = { [EG_SWEEP_CELLS] = "[layers, tokens]",
                                                     [EG_SWEEP_LAYERS] = "[layers]",
                                                     [EG_SWEEP_POSITIONS] = "[tokens]",
                                                     [EG_SWEEP_CARRY] = "[layers, tokens]" };
  const gsize *shape = eg_npy_array_get_shape (scores);
  const guint n_dims = eg_npy_array_get_n_dims (scores);
  g_autofree char *text = array_shape_text (scores);
  const gboolean one = sweep == EG_SWEEP_LAYERS || sweep == EG_SWEEP_POSITIONS;
  if (n_dims != (one ? 1 : 2) || eg_npy_array_get_n_elements (scores) == 0)
    return fail (reader, error, _ ("scores has shape %s, expected %s"), text, expected[sweep]);
  *n_layers = sweep == EG_SWEEP_POSITIONS ? 1 : shape[0];
  *n_columns = sweep == EG_SWEEP_LAYERS ? 1 : shape[n_dims - 1];
  if (*n_layers > MAX_LAYERS || n_tokens > MAX_TOKENS)
    return fail (reader, error, _ ("scores has shape %s, more than %d layers or %d tokens"), text, MAX_LAYERS,
                 MAX_TOKENS);
  if (sweep != EG_SWEEP_LAYERS && *n_columns != n_tokens)
    return fail (reader, error, _ ("scores has shape %s but there are %zu tokens"), text, n_tokens);
  return TRUE;
}

/* The result with its prompt and its scores. */
static EgTraceResult *
read_scores (const Reader *reader, GError **error)
{
  EgSweep sweep = EG_SWEEP_CELLS;
  gsize n_layers = 0, n_columns = 0;
  g_autoptr (EgNpyArray) scores = eg_npz_read (reader->npz, "scores", error);
  g_autoptr (EgNpyArray) tokens = scores != NULL ? eg_npz_read (reader->npz, "input_tokens", error) : NULL;
  if (tokens == NULL || !read_sweep (reader, &sweep, error))
    return NULL;
  g_autoptr (EgTraceResultInput) input = g_new0 (EgTraceResultInput, 1);
  input->n_tokens = eg_npy_array_get_n_elements (tokens);
  if (!get_sizes (reader, scores, sweep, input->n_tokens, &n_layers, &n_columns, error)
      || !read_texts (reader, "input_tokens", input->n_tokens, &input->tokens, error)
      || !read_subject_range (reader, input, error) || !read_ids (reader, input, error))
    return NULL;
  g_autoptr (EgTraceResult) self = eg_trace_result_new (n_layers, n_columns);
  self->sweep = sweep;
  eg_trace_result_take_input (self, g_steal_pointer (&input));
  return copy_grid (reader, "scores", scores, self, self->scores, error) ? g_steal_pointer (&self) : NULL;
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
read_other_ends (const Reader *reader, EgTraceScores *other, const char *metric, GError **error)
{
  g_autofree char *low = eg_trace_result_field_name ("low_score", metric, NULL);
  g_autofree char *low_sem = eg_trace_result_field_name ("low_score_sem", metric, NULL);
  g_autofree char *high = eg_trace_result_field_name ("high_score", metric, NULL);
  return read_number (reader, low, &other->low_score, error)
         && read_number (reader, low_sem, &other->low_sem, error)
         && read_number (reader, high, &other->high_score, error);
}

/* Files of before these settings have none of them. */
static gboolean
read_direction (const Reader *reader, EgTraceResult *self, GError **error)
{
  g_autofree char *direction = NULL, *frozen = NULL, *knockout = NULL;
  if (!read_text (reader, "direction", &direction, error) || !read_text (reader, "freeze", &frozen, error)
      || !read_text (reader, "knockout", &knockout, error))
    return FALSE;
  self->has_knockout = knockout != NULL;
  if ((direction == NULL || eg_direction_from_name (direction, &self->direction, error))
      && (frozen == NULL || eg_sites_from_names (frozen, &self->freeze, NULL, error))
      && (knockout == NULL || eg_knockout_parse (knockout, &self->knockout, error)))
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
      || !read_number (reader, "until_sem", &self->until_sem, error)
      || !read_unsigned (reader, "max_samples", &self->max_samples, error)
      || !read_text (reader, "site", &site, error)
      || !read_integer (reader, "target_named", 1, &target_named, error))
    return FALSE;
  self->target_named = target_named != 0;
  if (!eg_site_from_name (site, &self->site, error))
    {
      g_prefix_error (error, "%s: ", reader->title);
      return FALSE;
    }
  return TRUE;
}

/* A grid that may be missing. */
static gboolean
read_grid (const Reader *reader, const char *name, const EgTraceResult *self, double *values, GError **error)
{
  if (!eg_npz_has (reader->npz, name))
    return TRUE;
  g_autoptr (EgNpyArray) array = eg_npz_read (reader->npz, name, error);
  return array != NULL && copy_grid (reader, name, array, self, values, error);
}

/* The other metrics that were measured. */
static gboolean
read_other_metrics (const Reader *reader, EgTraceResult *self, const char *site, GError **error)
{
  for (EgMetric m = 0; m < EG_N_METRICS; m++)
    {
      const char *metric = eg_metric_get_name (m);
      g_autofree char *scores = eg_trace_result_field_name ("scores", metric, site);
      g_autofree char *sem = eg_trace_result_field_name ("scores_sem", metric, site);
      if (m == self->metric || !eg_npz_has (reader->npz, scores))
        continue;
      EgTraceScores *other = eg_trace_result_add_metric (self, m);
      if (!read_grid (reader, scores, self, other->scores, error)
          || !read_grid (reader, sem, self, other->sem, error)
          || !read_other_ends (reader, other, metric, error))
        return FALSE;
    }
  return TRUE;
}

/* How many samples each score rests on: said by a file of an unfinished trace, otherwise all. */
static gboolean
read_counts (const Reader *reader, EgTraceResult *self, const char *site, GError **error)
{
  const gsize n = self->n_layers * self->n_tokens;
  g_autofree char *name = eg_trace_result_field_name ("scores_samples", NULL, site);
  gint64 complete = TRUE;
  for (gsize i = 0; i < n; i++)
    {
      self->counts[i] = isnan (self->scores[i]) ? 0 : self->samples;
      complete = complete && !isnan (self->scores[i]);
    }
  if (!read_integer (reader, "complete", 1, &complete, error))
    return FALSE;
  self->complete = complete != 0;
  if (!eg_npz_has (reader->npz, name))
    return TRUE;
  g_autofree double *counts = g_new (double, n);
  if (!read_grid (reader, name, self, counts, error))
    return FALSE;
  for (gsize i = 0; i < n; i++)
    if (!(counts[i] >= 0 && counts[i] <= self->samples))
      /* TRANSLATORS: the name of a field, a number in it, and what it must not exceed. */
      return fail (reader, error, _ ("%s holds %g, outside 0 … %u"), name, counts[i], self->samples);
    else
      self->counts[i] = (guint)counts[i];
  return TRUE;
}

/* What a site's grid has beside its scores; site is NULL for the first. */
static gboolean
read_rest_of_site (const Reader *reader, EgTraceResult *self, const char *site, GError **error)
{
  g_autofree char *sem = eg_trace_result_field_name ("scores_sem", NULL, site);
  return read_grid (reader, sem, self, self->sem, error) && read_counts (reader, self, site, error)
         && (!self->has_settings || read_other_metrics (reader, self, site, error));
}

/* A site after the first: all else is as in the first's result. (transfer full) */
static EgTraceResult *
read_site (const Reader *reader, const EgTraceResult *first, EgSite site, GError **error)
{
  const char *name = eg_site_get_name (site);
  g_autofree char *scores = eg_trace_result_field_name ("scores", NULL, name);
  g_autoptr (EgTraceResult) self = eg_trace_result_copy_blank (first);
  self->site = site;
  if (!eg_npz_has (reader->npz, scores))
    {
      fail (reader, error, _ ("it names the site %s, but has no %s"), name, scores);
      return NULL;
    }
  if (!read_grid (reader, scores, self, self->scores, error)
      || !read_rest_of_site (reader, self, name, error))
    return NULL;
  return g_steal_pointer (&self);
}

/* The list of sites, of files that have several. */
static gboolean
read_more_sites (const Reader *reader, EgTraceResult *self, GError **error)
{
  if (!self->has_settings || !eg_npz_has (reader->npz, "sites"))
    return TRUE;
  g_autoptr (EgNpyArray) array = eg_npz_read (reader->npz, "sites", error);
  g_auto (GStrv) names = array != NULL ? eg_npy_array_get_strings (array, error) : NULL;
  EgSiteSet seen = 0;
  for (gsize i = 0; names != NULL && names[i] != NULL; i++)
    {
      EgSite site;
      if (!eg_site_from_name (names[i], &site, error))
        {
          g_prefix_error (error, "%s: ", reader->title);
          return FALSE;
        }
      if ((i == 0) != (site == self->site) || (seen & EG_SITE_BIT (site)) != 0)
        return fail (reader, error, _ ("sites names %s where another site belongs"), names[i]);
      seen |= EG_SITE_BIT (site);
      EgTraceResult *other = i > 0 ? read_site (reader, self, site, error) : NULL;
      if (i > 0 && other == NULL)
        return FALSE;
      if (other != NULL)
        eg_trace_result_take_site (self, other);
    }
  return names != NULL;
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
      || !read_text (&reader, "target_token", &self->target, error)
      || !read_text (&reader, "prompt", &self->prompt, error)
      || !read_text (&reader, "subject", &self->subject, error)
      || !read_number (&reader, "low_score_sem", &self->low_sem, error)
      || !read_integer (&reader, "target_id", G_MAXUINT32, &self->target_id, error)
      || !read_settings (&reader, self, error) || !read_text (&reader, "model", &self->model, error)
      || !read_text (&reader, "device", &self->device, error)
      || !read_number (&reader, "seconds", &self->seconds, error)
      || !read_text (&reader, "engram_version", &self->version, error)
      || !read_rest_of_site (&reader, self, NULL, error) || !read_more_sites (&reader, self, error))
    return NULL;
  return g_steal_pointer (&self);
}
