/* Results as JSON: the document of `engram-cli trace --json`. */
#include "trace/result/result-io.h"

#include "formats/atomic-file.h"
#include "formats/json-writer.h"
#include "trace/ask/fields.h"
#include "trace/result/analysis.h"
#include "trace/result/npz-fields.h"
#include "trace/result/result-private.h"

#include <math.h>
#include <string.h>

static JsonArray *
vector_to_json (const double *values, gsize n)
{
  JsonArray *array = json_array_sized_new ((guint)n);
  for (gsize i = 0; i < n; i++)
    json_array_add_double_element (array, values[i]);
  return array;
}

/* Rows of layers, or one row of a sweep over layers or over positions. */
static JsonArray *
values_to_json (const EgTraceGrid *grid, const double *values)
{
  gsize shape[2];
  if (eg_trace_grid_get_shape (grid, shape) == 1)
    return vector_to_json (values, shape[0]);
  JsonArray *rows = json_array_sized_new ((guint)shape[0]);
  for (gsize l = 0; l < shape[0]; l++)
    json_array_add_array_element (rows, vector_to_json (values + l * shape[1], shape[1]));
  return rows;
}

static JsonArray *
ids_to_json (const EgTraceTokens *tokens)
{
  JsonArray *ids = json_array_sized_new ((guint)tokens->n_tokens);
  for (gsize t = 0; t < tokens->n_tokens; t++)
    json_array_add_int_element (ids, tokens->ids[t]);
  return ids;
}

static void
add_token (JsonObject *document, const char *name, const char *text, gint64 id)
{
  JsonObject *token = json_object_new ();
  if (id >= 0)
    json_object_set_int_member (token, "id", id);
  else
    json_object_set_null_member (token, "id");
  eg_json_set_text (token, "text", text);
  json_object_set_object_member (document, name, token);
}

/* What the scores lie between, of the metrics from the first to the end. */
static void
add_ends (JsonObject *document, const EgTraceResult *self)
{
  for (gsize m = 0; m < self->n_metrics; m++)
    {
      const char *metric = m > 0 ? eg_metric_get_name (self->metrics[m]) : NULL;
      g_autofree char *high = eg_trace_result_field_name ("high_score", metric, NULL);
      g_autofree char *low = eg_trace_result_field_name ("low_score", metric, NULL);
      g_autofree char *low_sem = eg_trace_result_field_name ("low_score_sem", metric, NULL);
      json_object_set_double_member (document, high, self->ends[m].high);
      json_object_set_double_member (document, low, self->ends[m].low);
      json_object_set_double_member (document, low_sem, self->ends[m].low_sem);
    }
}

/* The grids that the .npz file has, under the names that its first site has there. */
static void
add_scores (JsonObject *document, const EgTraceGrid *grid)
{
  for (gsize m = 0; m < grid->result->n_metrics; m++)
    {
      const char *metric = m > 0 ? eg_metric_get_name (grid->result->metrics[m]) : NULL;
      g_autofree char *scores = eg_trace_result_field_name ("scores", metric, NULL);
      g_autofree char *sem = eg_trace_result_field_name ("scores_sem", metric, NULL);
      json_object_set_array_member (document, scores, values_to_json (grid, grid->scores[m]));
      json_object_set_array_member (document, sem, values_to_json (grid, grid->sem[m]));
    }
}

/* Normalized, as the map shows it, and not cut to 0 … 1. */
static void
add_normalized (JsonObject *document, const EgTraceGrid *grid)
{
  const gsize n = eg_trace_grid_n_cells (grid);
  g_autofree double *cut = g_new (double, n), *whole = g_new (double, n);
  for (gsize i = 0; i < n; i++)
    {
      cut[i] = eg_trace_grid_normalize (grid, grid->scores[0][i]);
      whole[i] = eg_trace_grid_fraction (grid, grid->scores[0][i]);
    }
  json_object_set_array_member (document, "normalized", values_to_json (grid, cut));
  json_object_set_array_member (document, "normalized_unclipped", values_to_json (grid, whole));
  json_object_set_array_member (document, "effect_sem", values_to_json (grid, grid->effect_sem[0]));
}

/* Of what was estimated, the estimates; scores only where some cells were computed after them. */
static void
add_values (JsonObject *document, const EgTraceGrid *grid)
{
  if (grid->estimate != NULL)
    json_object_set_array_member (document, "estimate", values_to_json (grid, grid->estimate));
  if (grid->result->estimated && !eg_trace_result_has_scores (grid->result))
    return;
  add_scores (document, grid);
  add_normalized (document, grid);
}

static void
add_prompt (JsonObject *document, const EgTraceResult *self)
{
  const EgTraceTokens *prompt = self->tokens;
  JsonArray *tokens = json_array_new (), *range = json_array_new ();
  for (gsize t = 0; t < prompt->n_tokens; t++)
    json_array_add_string_element (tokens, prompt->tokens[t]);
  json_array_add_int_element (range, (gint64)prompt->subject_first);
  json_array_add_int_element (range, (gint64)prompt->subject_last);

  eg_json_set_text (document, "model", self->model);
  eg_json_set_text (document, "prompt", self->request->prompt);
  eg_json_set_text (document, "subject", prompt->subject);
  json_object_set_array_member (document, "tokens", tokens);
  if (prompt->ids != NULL)
    json_object_set_array_member (document, "token_ids", ids_to_json (prompt));
  else
    json_object_set_null_member (document, "token_ids");
  json_object_set_array_member (document, "subject_range", range);
  add_token (document, "target", prompt->target, prompt->target_id);
}

static void
add_best (JsonObject *document, const EgTraceGrid *grid, const EgTraceAnalysis *analysis)
{
  if (!analysis->has_best)
    {
      json_object_set_null_member (document, "most_important");
      return;
    }
  JsonObject *best = json_object_new ();
  if (eg_trace_grid_tells_layers (grid))
    json_object_set_int_member (best, "layer", (gint64)analysis->best_layer);
  if (eg_trace_grid_tells_tokens (grid))
    {
      json_object_set_int_member (best, "position", (gint64)analysis->best_position);
      json_object_set_string_member (best, "token", eg_trace_grid_get_text (grid, analysis->best_position));
    }
  json_object_set_double_member (best, "score", analysis->best_score);
  json_object_set_object_member (document, "most_important", best);
}

static void
add_analysis (JsonObject *document, const EgTraceGrid *grid)
{
  g_autoptr (EgTraceAnalysis) analysis = eg_trace_grid_analyze (grid);
  add_best (document, grid, analysis);
  JsonArray *top = json_array_new ();
  for (gsize i = 0; i < analysis->n_top; i++)
    json_array_add_int_element (top, (gint64)analysis->top_layers[i]);
  json_object_set_array_member (document, "layer_average",
                                vector_to_json (analysis->layer_average, analysis->n_layers));
  json_object_set_array_member (document, "top_layers", top);
  json_object_set_double_member (document, "subject_average", analysis->subject_mean);
  json_object_set_double_member (document, "overall_average", analysis->overall_mean);
  if (!isnan (analysis->ratio))
    json_object_set_double_member (document, "ratio", analysis->ratio);
}

/* ---- the request ---- */

static void
set_field (JsonObject *object, const char *name, EgTraceField field, const EgTraceRequest *request)
{
  const EgFieldInfo *info = eg_trace_field_get_info (field);
  g_autofree char *text = NULL;
  switch (info->type)
    {
    case EG_FIELD_FLAG:
      json_object_set_boolean_member (object, name, eg_trace_field_get_number (field, request) != 0);
      break;
    case EG_FIELD_COUNT:
      json_object_set_int_member (object, name, (gint64)eg_trace_field_get_number (field, request));
      break;
    case EG_FIELD_NUMBER:
      json_object_set_double_member (object, name,
                                     eg_trace_field_get_useless (field, request) == NULL
                                         ? eg_trace_field_get_number (field, request)
                                         : (double)NAN);
      break;
    case EG_FIELD_TEXT:
    case EG_FIELD_NAME:
    default:
      text = eg_trace_field_format_in_file (field, request);
      eg_json_set_text (object, name, text);
    }
}

/* The object that a field is in: the document, or one in it, which is made with the first of its fields.
 * name: (out): the field's name in there. */
static JsonObject *
get_place (JsonObject *document, const EgFieldInfo *info, const char **name)
{
  const char *path = info->json != NULL ? info->json : info->name, *dot = strchr (path, '.');
  *name = dot != NULL ? dot + 1 : path;
  if (dot == NULL)
    return document;
  g_autofree char *inner = g_strndup (path, (gsize)(dot - path));
  if (!json_object_has_member (document, inner))
    json_object_set_object_member (document, inner, json_object_new ());
  return json_object_get_object_member (document, inner);
}

/* Where nothing is known of the settings, those that every file has are null, but for the kind of the noise,
 * which always was the same. */
static void
add_field (JsonObject *document, EgTraceField field, const EgTraceRequest *request, gboolean known)
{
  const EgFieldInfo *info = eg_trace_field_get_info (field);
  const char *name;
  if (!eg_trace_field_is_written (field, request, info->in_json))
    return;
  JsonObject *place = get_place (document, info, &name);
  if (known || (info->part == EG_FIELD_OF_CORRUPTION && !info->in_first_files)
      || info->in_json == EG_FIELD_UNUSUAL)
    set_field (place, name, field, request);
  else
    json_object_set_null_member (place, name);
}

static void
add_settings (JsonObject *document, const EgTraceResult *self)
{
  g_autoptr (EgTraceRequest) request = eg_trace_result_get_request_for_file (self);
  for (EgTraceField field = 0; field < EG_N_FIELDS; field++)
    {
      add_field (document, field, request, self->has_settings);
      if (field == EG_FIELD_NOISE_LEVEL)
        json_object_set_double_member (json_object_get_object_member (document, "noise"), "std",
                                       self->noise_std);
      if (field == EG_FIELD_AGAINST && self->tokens->against != NULL)
        add_token (document, "against", self->tokens->against, self->tokens->against_id);
    }
}

/* The sites after the first, an object each. */
static void
add_more_sites (JsonObject *document, const EgTraceResult *self)
{
  if (self->n_grids == 1)
    return;
  JsonArray *sites = json_array_new ();
  for (gsize i = 1; i < self->n_grids; i++)
    {
      const EgTraceGrid *grid = self->grids[i];
      JsonObject *site = json_object_new ();
      json_object_set_string_member (site, "site", grid->site);
      add_values (site, grid);
      if (!self->estimated)
        add_analysis (site, grid);
      json_array_add_object_element (sites, site);
    }
  json_object_set_array_member (document, "more_sites", sites);
}

JsonNode *
eg_trace_result_to_json (const EgTraceResult *self)
{
  JsonObject *document = json_object_new ();
  add_prompt (document, self);
  add_ends (document, self);
  add_settings (document, self);
  if (self->estimated)
    json_object_set_boolean_member (document, "estimated", TRUE);
  add_values (document, self->grids[0]);
  if (!self->estimated)
    add_analysis (document, self->grids[0]);
  add_more_sites (document, self);
  eg_json_set_text (document, "device", self->device);
  if (!isnan (self->precision_error))
    json_object_set_double_member (document, "precision_error", self->precision_error);
  eg_json_set_text (document, "date", self->date);
  json_object_set_double_member (document, "seconds", self->seconds);
  JsonNode *node = json_node_init_object (json_node_alloc (), document);
  json_object_unref (document);
  return node;
}

gboolean
eg_trace_result_save_json (const EgTraceResult *self, const char *path, GError **error)
{
  g_autoptr (JsonNode) node = eg_trace_result_to_json (self);
  g_autofree char *json = eg_json_to_text (node, TRUE);
  g_autofree char *text = g_strconcat (json, "\n", NULL);
  return eg_atomic_file_write (path, text, strlen (text), error);
}
