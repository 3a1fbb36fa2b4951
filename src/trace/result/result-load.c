/* Results read from .npz files: Engram's and the notebook's (design §7). Nothing in a file is trusted. */
#include "trace/result/result-io.h"

#include "core/error.h"
#include "formats/map-file.h"
#include "trace/ask/fields.h"
#include "trace/ask/site-names.h"
#include "trace/result/npz-fields.h"
#include "trace/result/result-private.h"
#include "trace/result/rome-file.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#define MAX_LAYERS 4096
#define MAX_TOKENS 1000000

static gboolean
check_fields (const EgNpzFields *reader, GError **error)
{
  static const char *const fields[] = { "scores",        "low_score",    "high_score", "input_tokens",
                                        "subject_range", "target_token", "prompt",     "subject" };
  g_autoptr (GString) missing = g_string_new (NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (fields); i++)
    if (!eg_npz_has (reader->npz, fields[i]) && !(i == 0 && eg_npz_has (reader->npz, "estimate")))
      g_string_append_printf (missing, "%s%s", missing->len == 0 ? "" : ", ", fields[i]);
  if (missing->len > 0)
    return eg_npz_fields_fail (reader, error, _ ("it has no %s, which a saved trace has"), missing->str);
  return TRUE;
}

/* Fills values of a grid from an array that must have its shape. */
static gboolean
copy_values (const EgNpzFields *reader,
             const char *name,
             const EgNpyArray *array,
             const EgTraceGrid *grid,
             double *values,
             GError **error)
{
  gsize shape[2];
  const guint n_dims = eg_trace_grid_get_shape (grid, shape);
  if (!eg_npz_fields_has_shape (array, n_dims, shape))
    {
      g_autofree char *text = eg_npz_fields_array_shape (array);
      g_autofree char *expected = eg_npz_fields_shape_text (n_dims, shape);
      return eg_npz_fields_fail (reader, error, _ ("%s has shape %s, but scores has shape %s"), name, text,
                                 expected);
    }
  g_autofree double *numbers = eg_npy_array_get_doubles (array, error);
  if (numbers == NULL)
    return FALSE;
  for (gsize i = 0; i < eg_trace_grid_n_cells (grid); i++)
    {
      if (eg_npz_fields_is_infinite (numbers[i]))
        return eg_npz_fields_fail (reader, error, _ ("%s holds an infinite value"), name);
      values[i] = numbers[i];
    }
  return TRUE;
}

static gboolean
read_subject_range (const EgNpzFields *reader, EgTraceTokens *tokens, GError **error)
{
  g_autofree gint64 *range = NULL;
  if (!eg_npz_fields_integers (reader, "subject_range", 2, G_MAXINT64, &range, error))
    return FALSE;
  if (range[0] > range[1] || (guint64)range[1] >= tokens->n_tokens)
    return eg_npz_fields_fail (reader, error,
                               _ ("subject_range is [%" PRId64 ", %" PRId64 "], but there are %zu tokens"),
                               range[0], range[1], tokens->n_tokens);
  tokens->subject_first = (gsize)range[0];
  tokens->subject_last = (gsize)range[1];
  return TRUE;
}

static gboolean
read_ids (const EgNpzFields *reader, EgTraceTokens *tokens, GError **error)
{
  g_autofree gint64 *ids = NULL;
  if (!eg_npz_has (reader->npz, "input_ids"))
    return TRUE;
  if (!eg_npz_fields_integers (reader, "input_ids", tokens->n_tokens, G_MAXUINT32, &ids, error))
    return FALSE;
  tokens->ids = g_new (guint32, tokens->n_tokens);
  for (gsize t = 0; t < tokens->n_tokens; t++)
    tokens->ids[t] = (guint32)ids[t];
  return TRUE;
}

/* How many layers and columns there are, checked before anything is made of that size; a sweep over one of
 * them has one of the other. */
static gboolean
get_sizes (const EgNpzFields *reader,
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
  g_autofree char *text = eg_npz_fields_array_shape (scores);
  const gboolean one = sweep == EG_SWEEP_LAYERS || sweep == EG_SWEEP_POSITIONS;
  if (n_dims != (one ? 1 : 2) || eg_npy_array_get_n_elements (scores) == 0)
    return eg_npz_fields_fail (reader, error, _ ("scores has shape %s, expected %s"), text, expected[sweep]);
  *n_layers = sweep == EG_SWEEP_POSITIONS ? 1 : shape[0];
  *n_columns = sweep == EG_SWEEP_LAYERS ? 1 : shape[n_dims - 1];
  if (*n_layers > MAX_LAYERS || n_tokens > MAX_TOKENS)
    return eg_npz_fields_fail (reader, error, _ ("scores has shape %s, more than %d layers or %d tokens"),
                               text, MAX_LAYERS, MAX_TOKENS);
  if (sweep != EG_SWEEP_LAYERS && *n_columns != n_tokens)
    return eg_npz_fields_fail (reader, error, _ ("scores has shape %s but there are %zu tokens"), text,
                               n_tokens);
  return TRUE;
}

/* ---- the request ---- */

static gboolean
add_title (const EgNpzFields *reader, GError **error)
{
  g_prefix_error (error, "%s: ", reader->title);
  return FALSE;
}

/* A number that is missing, or NaN where it has no meaning, is left as usual. */
static gboolean
read_field_number (const EgNpzFields *reader, EgTraceField field, EgTraceRequest *request, GError **error)
{
  const EgFieldInfo *info = eg_trace_field_get_info (field);
  gint64 integer = (gint64)eg_trace_field_get_number (field, request);
  double number = eg_trace_field_get_number (field, request);
  if (info->type == EG_FIELD_NUMBER
          ? !eg_npz_fields_number (reader, info->name, &number, error)
          : !eg_npz_fields_integer (reader, info->name, info->type == EG_FIELD_FLAG ? 1 : G_MAXUINT32,
                                    &integer, error))
    return FALSE;
  if (info->type != EG_FIELD_NUMBER)
    number = (double)integer;
  if (!isnan (number))
    eg_trace_field_set_number (field, request, number);
  return TRUE;
}

static gboolean
read_field (const EgNpzFields *reader, EgTraceField field, EgTraceRequest *request, GError **error)
{
  const EgFieldInfo *info = eg_trace_field_get_info (field);
  g_autofree char *text = NULL;
  if (info->type != EG_FIELD_NAME)
    return read_field_number (reader, field, request, error);
  if (!eg_npz_fields_text (reader, info->name, &text, error))
    return FALSE;
  return text == NULL || eg_trace_field_parse_in_file (field, request, text, error)
         || add_title (reader, error);
}

/* Whether the file has settings at all. */
static gboolean
has_settings (const EgNpzFields *reader)
{
  for (EgTraceField field = 0; field < EG_N_FIELDS; field++)
    if (eg_trace_field_get_info (field)->in_first_files
        && !eg_npz_has (reader->npz, eg_trace_field_get_info (field)->name))
      return FALSE;
  return TRUE;
}

/* Which answers the request named: those of the file that it did not are what the model said. */
static gboolean
read_named_answers (const EgNpzFields *reader,
                    const EgTraceTokens *tokens,
                    EgTraceRequest *request,
                    GError **error)
{
  gint64 named = FALSE;
  if (!eg_npz_fields_integer (reader, "target_named", 1, &named, error))
    return FALSE;
  request->target = named ? g_strdup (tokens->target) : NULL;
  request->against = g_strdup (tokens->against);
  return TRUE;
}

/* What the notebook's files do not have is left as usual, but for the sweep, which says how to read the
 * scores. */
static gboolean
read_settings (const EgNpzFields *reader,
               const EgTraceTokens *tokens,
               EgTraceRequest *request,
               GError **error)
{
  if (!has_settings (reader))
    return read_field (reader, EG_FIELD_SWEEP, request, error);
  for (EgTraceField field = 0; field < EG_N_FIELDS; field++)
    if (eg_trace_field_get_info (field)->in_npz != EG_FIELD_NEVER
        && !read_field (reader, field, request, error))
      return FALSE;
  request->max_samples = MAX (request->max_samples, request->samples);
  if (!eg_corruption_check (&request->corruption, error))
    return add_title (reader, error);
  return read_named_answers (reader, tokens, request, error);
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
find_subject_offset (const char *prompt, const EgTraceTokens *tokens)
{
  const char *subject = tokens->subject;
  gsize first_start, first_end, last_start, last_end;

  if (*subject == '\0'
      || !find_token (prompt, tokens->tokens, tokens->subject_first, &first_start, &first_end)
      || !find_token (prompt, tokens->tokens, tokens->subject_last, &last_start, &last_end))
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

/* The prompt as tokens. (transfer full) */
static EgTraceTokens *
read_tokens (const EgNpzFields *reader, GError **error)
{
  g_autoptr (EgNpyArray) array = eg_npz_read (reader->npz, "input_tokens", error);
  if (array == NULL)
    return NULL;
  g_autoptr (EgTraceTokens) self = eg_trace_tokens_new (eg_npy_array_get_n_elements (array));
  if (!eg_npz_fields_texts (reader, "input_tokens", self->n_tokens, &self->tokens, error)
      || !read_subject_range (reader, self, error) || !read_ids (reader, self, error)
      || !eg_npz_fields_text (reader, "subject", &self->subject, error)
      || !eg_npz_fields_text (reader, "target_token", &self->target, error)
      || !eg_npz_fields_integer (reader, "target_id", G_MAXUINT32, &self->target_id, error))
    return NULL;
  if (has_settings (reader)
      && (!eg_npz_fields_text (reader, "against_token", &self->against, error)
          || !eg_npz_fields_integer (reader, "against_id", G_MAXUINT32, &self->against_id, error)))
    return NULL;
  return g_steal_pointer (&self);
}

/* ---- the numbers ---- */

/* Values of a grid that may be missing. */
static gboolean
read_values (
    const EgNpzFields *reader, const char *name, const EgTraceGrid *grid, double *values, GError **error)
{
  if (!eg_npz_has (reader->npz, name))
    return TRUE;
  g_autoptr (EgNpyArray) array = eg_npz_read (reader->npz, name, error);
  return array != NULL && copy_values (reader, name, array, grid, values, error);
}

static gboolean
read_ends (const EgNpzFields *reader, EgTraceEnds *ends, const char *metric, GError **error)
{
  g_autofree char *low = eg_trace_result_field_name ("low_score", metric, NULL);
  g_autofree char *low_sem = eg_trace_result_field_name ("low_score_sem", metric, NULL);
  g_autofree char *high = eg_trace_result_field_name ("high_score", metric, NULL);
  return eg_npz_fields_number (reader, low, &ends->low, error)
         && eg_npz_fields_number (reader, low_sem, &ends->low_sem, error)
         && eg_npz_fields_number (reader, high, &ends->high, error);
}

/* The metrics beside the main one, of which the file has numbers. */
static gboolean
find_metrics (const EgNpzFields *reader, EgTraceResult *self, GError **error)
{
  for (EgMetric m = 0; self->has_settings && m < EG_N_METRICS; m++)
    {
      g_autofree char *scores = eg_trace_result_field_name ("scores", eg_metric_get_name (m), NULL);
      if (m == self->request->metric || !eg_npz_has (reader->npz, scores))
        continue;
      const gsize index = eg_trace_result_add_metric (self, m);
      if (!read_ends (reader, &self->ends[index], eg_metric_get_name (m), error))
        return FALSE;
    }
  return read_ends (reader, &self->ends[0], NULL, error);
}

/* How many samples each score rests on: said by a file of an unfinished trace, otherwise all. */
static gboolean
read_counts (const EgNpzFields *reader, EgTraceGrid *grid, const char *site, GError **error)
{
  const gsize n = eg_trace_grid_n_cells (grid);
  const guint samples = grid->result->samples;
  /* A trace that adds samples may have gone on from more than its first ones when it was saved. */
  const guint most = MAX (samples, eg_trace_request_get_max_samples (grid->result->request));
  g_autofree char *name = eg_trace_result_field_name ("scores_samples", NULL, site);
  for (gsize i = 0; i < n; i++)
    grid->counts[i] = isnan (grid->scores[0][i]) ? 0 : samples;
  if (!eg_npz_has (reader->npz, name))
    return TRUE;
  g_autofree double *counts = g_new (double, n);
  if (!read_values (reader, name, grid, counts, error))
    return FALSE;
  for (gsize i = 0; i < n; i++)
    if (!(counts[i] >= 0 && counts[i] <= most))
      /* TRANSLATORS: the name of a field, a number in it, and what it must not exceed. */
      return eg_npz_fields_fail (reader, error, _ ("%s holds %g, outside 0 … %u"), name, counts[i], most);
    else
      grid->counts[i] = (guint)counts[i];
  return TRUE;
}

/* So many values; those of a file that has none are left. */
static gboolean
read_doubles (const EgNpzFields *reader,
              const char *base,
              const char *metric,
              const char *site,
              guint n_dims,
              const gsize *shape,
              double *to,
              GError **error)
{
  g_autofree char *name = eg_trace_result_field_name (base, metric, site);
  if (!eg_npz_has (reader->npz, name))
    return TRUE;
  g_autoptr (EgNpyArray) array = eg_npz_read (reader->npz, name, error);
  if (array == NULL)
    return FALSE;
  if (!eg_npz_fields_has_shape (array, n_dims, shape))
    {
      g_autofree char *text = eg_npz_fields_array_shape (array);
      g_autofree char *expected = eg_npz_fields_shape_text (n_dims, shape);
      return eg_npz_fields_fail (reader, error, _ ("%s has shape %s, expected %s"), name, text, expected);
    }
  g_autofree double *values = eg_npy_array_get_doubles (array, error);
  if (values == NULL)
    return FALSE;
  for (gsize i = 0; i < eg_npy_array_get_n_elements (array); i++)
    {
      if (eg_npz_fields_is_infinite (values[i]))
        return eg_npz_fields_fail (reader, error, _ ("%s holds an infinite value"), name);
      to[i] = values[i];
    }
  return TRUE;
}

static gboolean
read_samples (const EgNpzFields *reader,
              EgTraceGrid *grid,
              gsize m,
              const char *metric,
              const char *site,
              GError **error)
{
  gsize shape[3];
  const guint n_dims = eg_trace_grid_get_shape (grid, shape);
  shape[n_dims] = grid->result->n_kept;
  return grid->samples[m] == NULL
         || read_doubles (reader, "sample_values", metric, site, n_dims + 1, shape, grid->samples[m], error);
}

/* Room for the values of single samples, where a complete trace has kept them, and those of the corrupted
 * runs. */
static gboolean
read_low_samples (const EgNpzFields *reader, EgTraceResult *self, GError **error)
{
  gint64 complete = TRUE;
  if (!eg_npz_fields_integer (reader, "complete", 1, &complete, error))
    return FALSE;
  if (!self->has_settings || !complete || !self->request->keep_samples
      || !eg_npz_has (reader->npz, "sample_low"))
    return TRUE;
  g_autoptr (EgNpyArray) low = eg_npz_read (reader->npz, "sample_low", error);
  if (low == NULL)
    return FALSE;
  const gsize n = eg_npy_array_get_n_elements (low);
  if (n == 0 || n > EG_MAX_SAMPLES)
    return eg_npz_fields_fail (reader, error, _ ("it has values of %zu samples, and the request asks for %u"),
                               n, self->samples);
  /* Room is made for what the file has, and not for what it says. */
  if (!eg_npz_has (reader->npz, "sample_values"))
    return TRUE;
  g_autoptr (EgNpyArray) values = eg_npz_read (reader->npz, "sample_values", error);
  if (values == NULL)
    return FALSE;
  if (eg_npy_array_get_n_elements (values) != eg_trace_grid_n_cells (self->grids[0]) * n)
    return eg_npz_fields_fail (reader, error, _ ("it has values of %zu samples, and the request asks for %u"),
                               n, self->samples);
  eg_trace_result_keep_samples (self, n);
  for (gsize m = 0; m < self->n_metrics; m++)
    if (!read_doubles (reader, "sample_low", m > 0 ? eg_metric_get_name (self->metrics[m]) : NULL, NULL, 1,
                       &n, self->low_samples[m], error))
      return FALSE;
  return TRUE;
}

/* All that a file has of a site; `site` is NULL for the first, whose names have none. */
static gboolean
read_grid (const EgNpzFields *reader, EgTraceGrid *grid, const char *site, GError **error)
{
  const EgTraceResult *result = grid->result;
  g_autofree char *estimate = eg_trace_result_field_name ("estimate", NULL, site);
  if (grid->estimate != NULL && !read_values (reader, estimate, grid, grid->estimate, error))
    return FALSE;
  if (result->estimated && !eg_npz_has (reader->npz, "scores"))
    return TRUE;
  for (gsize m = 0; m < result->n_metrics; m++)
    {
      const char *metric = m > 0 ? eg_metric_get_name (result->metrics[m]) : NULL;
      g_autofree char *scores = eg_trace_result_field_name ("scores", metric, site);
      g_autofree char *sem = eg_trace_result_field_name ("scores_sem", metric, site);
      g_autofree char *effect_sem = eg_trace_result_field_name ("effect_sem", metric, site);
      if (m == 0 && !eg_npz_has (reader->npz, scores))
        return eg_npz_fields_fail (reader, error, _ ("it names the site %s, but has no %s"), grid->site,
                                   scores);
      if (!read_values (reader, scores, grid, grid->scores[m], error)
          || !read_values (reader, sem, grid, grid->sem[m], error)
          || !read_values (reader, effect_sem, grid, grid->effect_sem[m], error)
          || !read_samples (reader, grid, m, metric, site, error))
        return FALSE;
    }
  return read_counts (reader, grid, site, error);
}

/* The names of all sites, the request's first. (transfer full) */
static char **
read_sites (const EgNpzFields *reader, const EgTraceRequest *request, GError **error)
{
  if (!has_settings (reader) || !eg_npz_has (reader->npz, "sites"))
    return g_strdupv (request->sites);
  g_autoptr (EgNpyArray) array = eg_npz_read (reader->npz, "sites", error);
  g_auto (GStrv) names = array != NULL ? eg_npy_array_get_strings (array, error) : NULL;
  for (gsize i = 0; names != NULL && names[i] != NULL; i++)
    {
      char *const name[] = { names[i], NULL };
      if (!eg_site_names_check (name, NULL, error))
        {
          add_title (reader, error);
          return NULL;
        }
      gboolean is_right = (i == 0) == g_str_equal (names[i], request->sites[0]);
      for (gsize k = 0; k < i; k++)
        is_right = is_right && !g_str_equal (names[i], names[k]);
      if (!is_right)
        {
          eg_npz_fields_fail (reader, error, _ ("sites names %s where another site belongs"), names[i]);
          return NULL;
        }
    }
  return names != NULL && names[0] == NULL ? g_strdupv (request->sites) : g_steal_pointer (&names);
}

/* Of the shape that the scores have; the request's sites are those of the file. (transfer full) */
static EgTraceResult *
make_result (const EgNpzFields *reader, EgTraceTokens **tokens, EgTraceRequest **request, GError **error)
{
  gsize n_layers = 0, n_columns = 0;
  const gboolean has_scores = eg_npz_has (reader->npz, "scores");
  g_autoptr (EgNpyArray) scores = eg_npz_read (reader->npz, has_scores ? "scores" : "estimate", error);
  if (scores == NULL
      || !get_sizes (reader, scores, (*request)->sweep, (*tokens)->n_tokens, &n_layers, &n_columns, error))
    return NULL;
  char **sites = read_sites (reader, *request, error);
  if (sites == NULL)
    return NULL;
  g_strfreev ((*request)->sites);
  (*request)->sites = sites;
  EgTraceResult *self = eg_trace_result_new (g_steal_pointer (request), g_steal_pointer (tokens), n_layers,
                                             (const char *const *)sites, g_strv_length (sites));
  self->has_settings = has_settings (reader);
  self->samples = self->has_settings ? self->request->samples : 0;
  self->seconds = NAN;
  self->estimated = eg_npz_has (reader->npz, "estimated");
  if (eg_npz_has (reader->npz, "estimate"))
    eg_trace_result_add_estimates (self);
  return self;
}

/* "complete", or else whether the first site's scores are all there. */
static gboolean
read_complete (const EgNpzFields *reader, EgTraceResult *self, GError **error)
{
  gint64 complete = TRUE;
  for (gsize i = 0; i < eg_trace_grid_n_cells (self->grids[0]); i++)
    complete = complete && !isnan (self->grids[0]->scores[0][i]);
  if (!eg_npz_fields_integer (reader, "complete", 1, &complete, error))
    return FALSE;
  self->complete = complete != 0 && !self->estimated;
  return TRUE;
}

static gboolean
read_numbers (const EgNpzFields *reader, EgTraceResult *self, GError **error)
{
  if (!find_metrics (reader, self, error)
      || (self->has_settings && !eg_npz_fields_number (reader, "noise_std", &self->noise_std, error))
      || !eg_npz_fields_text (reader, "model", &self->model, error)
      || !eg_npz_fields_text (reader, "device", &self->device, error)
      || !eg_npz_fields_number (reader, "precision_error", &self->precision_error, error)
      || !eg_npz_fields_number (reader, "seconds", &self->seconds, error)
      || !eg_npz_fields_text (reader, "engram_version", &self->version, error)
      || !eg_npz_fields_text (reader, "date", &self->date, error) || !read_low_samples (reader, self, error))
    return FALSE;
  for (gsize i = 0; i < self->n_grids; i++)
    if (!read_grid (reader, self->grids[i], i > 0 ? self->grids[i]->site : NULL, error))
      return FALSE;
  ((EgTraceRequest *)self->request)->all_metrics = self->n_metrics > 1;
  return read_complete (reader, self, error);
}

/* ---- ROME's files ---- */

/* Of a file that ROME's programs saved: its settings are those of its site and window alone. */
static EgTraceResult *
load_rome (const EgNpzFields *reader, GError **error)
{
  g_autoptr (EgRomeTrace) trace = eg_rome_file_read (reader->npz, reader->title, error);
  if (trace == NULL)
    return NULL;
  EgTraceTokens *tokens = eg_trace_tokens_new (trace->n_tokens);
  EgTraceRequest *request = eg_trace_request_new (trace->prompt, trace->subject);
  tokens->tokens = g_steal_pointer (&trace->tokens);
  tokens->ids = trace->ids != NULL ? g_new (guint32, trace->n_tokens) : NULL;
  for (gsize t = 0; tokens->ids != NULL && t < trace->n_tokens; t++)
    tokens->ids[t] = (guint32)trace->ids[t];
  tokens->subject = g_strdup (trace->subject);
  tokens->subject_first = trace->subject_first;
  tokens->subject_last = trace->subject_last;
  tokens->target = g_strdup (trace->target);
  request->window = trace->window;
  request->subject_offset = find_subject_offset (trace->prompt, tokens);
  eg_trace_request_set_sites (request, trace->site, NULL);
  EgTraceResult *self = eg_trace_result_new (request, tokens, trace->n_layers, &trace->site, 1);
  memcpy (self->grids[0]->scores[0], trace->scores,
          eg_trace_grid_n_cells (self->grids[0]) * sizeof *trace->scores);
  self->ends[0] = (EgTraceEnds){ .high = trace->high_score, .low = trace->low_score, .low_sem = NAN };
  self->has_settings = FALSE;
  self->seconds = NAN;
  self->complete = TRUE;
  return self;
}

EgTraceResult *
eg_trace_result_read_npz (EgNpz *npz, const char *title, GError **error)
{
  g_autofree char *prompt = NULL;
  const EgNpzFields reader = { npz, title };
  if (eg_rome_file_is (npz))
    return load_rome (&reader, error);
  g_autoptr (EgTraceTokens) tokens
      = check_fields (&reader, error) && eg_npz_fields_text (&reader, "prompt", &prompt, error)
            ? read_tokens (&reader, error)
            : NULL;
  if (tokens == NULL)
    return NULL;
  g_autoptr (EgTraceRequest) request = eg_trace_request_new (prompt, tokens->subject);
  if (!read_settings (&reader, tokens, request, error))
    return NULL;
  request->subject_offset = find_subject_offset (prompt, tokens);
  g_autoptr (EgTraceResult) self = make_result (&reader, &tokens, &request, error);
  return self != NULL && read_numbers (&reader, self, error) ? g_steal_pointer (&self) : NULL;
}

EgTraceResult *
eg_trace_result_load_npz (const char *path, GError **error)
{
  g_autoptr (EgNpz) npz = eg_npz_load (path, error);
  g_autofree char *title = eg_file_get_title (path);
  return npz != NULL ? eg_trace_result_read_npz (npz, title, error) : NULL;
}
