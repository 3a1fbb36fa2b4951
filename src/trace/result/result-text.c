/* Results as JSON and CSV, and JSON texts of which every number reads back exactly. */
#include "trace/result/result-io.h"

#include "formats/atomic-file.h"
#include "trace/result/result-private.h"

#include <math.h>
#include <string.h>

/* The shortest of the three that reads back as the same double; always with a point or an exponent, so that a
 * reader which tells whole numbers from others sees a double. */
static void
append_double (GString *text, double value)
{
  static const char *const formats[] = { "%.15g", "%.16g", "%.17g" };
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];
  for (gsize i = 0; i < G_N_ELEMENTS (formats); i++)
    if (g_ascii_strtod (g_ascii_formatd (buffer, sizeof buffer, formats[i], value), NULL) == value)
      break;
  g_string_append (text, buffer);
  if (strpbrk (buffer, ".e") == NULL)
    g_string_append (text, ".0");
}

static void
append_string (GString *text, const char *string)
{
  g_autofree char *valid = g_utf8_make_valid (string, -1);
  g_string_append_c (text, '"');
  for (const char *c = valid; *c != '\0'; c++)
    switch (*c)
      {
      case '"':
      case '\\':
        g_string_append_c (text, '\\');
        g_string_append_c (text, *c);
        break;
      case '\n':
        g_string_append (text, "\\n");
        break;
      case '\r':
        g_string_append (text, "\\r");
        break;
      case '\t':
        g_string_append (text, "\\t");
        break;
      default:
        if (g_ascii_iscntrl (*c))
          g_string_append_printf (text, "\\u%04x", (guint)*c);
        else
          g_string_append_c (text, *c);
      }
  g_string_append_c (text, '"');
}

static void
append_value (GString *text, JsonNode *node)
{
  switch (json_node_get_value_type (node))
    {
    case G_TYPE_STRING:
      append_string (text, json_node_get_string (node));
      break;
    case G_TYPE_BOOLEAN:
      g_string_append (text, json_node_get_boolean (node) ? "true" : "false");
      break;
    case G_TYPE_INT64:
      g_string_append_printf (text, "%" G_GINT64_FORMAT, json_node_get_int (node));
      break;
    default:
      if (isfinite (json_node_get_double (node)))
        append_double (text, json_node_get_double (node));
      else
        g_string_append (text, "null");
    }
}

static void
append_break (GString *text, gboolean pretty, guint depth)
{
  if (!pretty)
    return;
  g_string_append_c (text, '\n');
  for (guint i = 0; i < depth; i++)
    g_string_append (text, "  ");
}

static void append_node (GString *text, JsonNode *node, gboolean pretty, guint depth);

static void
append_array (GString *text, JsonArray *array, gboolean pretty, guint depth)
{
  /* Rows of numbers and words stay in one line. */
  const guint n = json_array_get_length (array);
  gboolean breaks = FALSE;
  for (guint i = 0; i < n; i++)
    breaks = breaks || JSON_NODE_HOLDS_ARRAY (json_array_get_element (array, i))
             || JSON_NODE_HOLDS_OBJECT (json_array_get_element (array, i));
  g_string_append_c (text, '[');
  for (guint i = 0; i < n; i++)
    {
      g_string_append (text, i == 0 ? "" : pretty && !breaks ? ", " : ",");
      append_break (text, pretty && breaks, depth + 1);
      append_node (text, json_array_get_element (array, i), pretty, depth + 1);
    }
  append_break (text, pretty && breaks, depth);
  g_string_append_c (text, ']');
}

static void
append_object (GString *text, JsonObject *object, gboolean pretty, guint depth)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *member;
  gboolean first = TRUE;
  g_string_append_c (text, '{');
  json_object_iter_init_ordered (&iter, object);
  while (json_object_iter_next_ordered (&iter, &name, &member))
    {
      g_string_append (text, first ? "" : ",");
      first = FALSE;
      append_break (text, pretty, depth + 1);
      append_string (text, name);
      g_string_append (text, pretty ? ": " : ":");
      append_node (text, member, pretty, depth + 1);
    }
  append_break (text, pretty && !first, depth);
  g_string_append_c (text, '}');
}

static void
append_node (GString *text, JsonNode *node, gboolean pretty, guint depth)
{
  switch (json_node_get_node_type (node))
    {
    case JSON_NODE_OBJECT:
      append_object (text, json_node_get_object (node), pretty, depth);
      break;
    case JSON_NODE_ARRAY:
      append_array (text, json_node_get_array (node), pretty, depth);
      break;
    case JSON_NODE_VALUE:
      append_value (text, node);
      break;
    case JSON_NODE_NULL:
    default:
      g_string_append (text, "null");
    }
}

char *
eg_json_to_text (JsonNode *node, gboolean pretty)
{
  GString *text = g_string_new (NULL);
  append_node (text, node, pretty, 0);
  return g_string_free (text, FALSE);
}

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
grid_to_json (const EgTraceResult *self, const double *values)
{
  gsize shape[2];
  if (eg_trace_result_get_shape (self, shape) == 1)
    return vector_to_json (values, shape[0]);
  JsonArray *rows = json_array_sized_new ((guint)shape[0]);
  for (gsize l = 0; l < shape[0]; l++)
    json_array_add_array_element (rows, vector_to_json (values + l * shape[1], shape[1]));
  return rows;
}

static void
set_text (JsonObject *object, const char *name, const char *text)
{
  if (text != NULL)
    json_object_set_string_member (object, name, text);
  else
    json_object_set_null_member (object, name);
}

static void
set_integer (JsonObject *object, const char *name, gboolean known, gint64 value)
{
  if (known)
    json_object_set_int_member (object, name, value);
  else
    json_object_set_null_member (object, name);
}

static JsonArray *
ids_to_json (const EgTraceResultInput *input)
{
  JsonArray *ids = json_array_sized_new ((guint)input->n_tokens);
  for (gsize t = 0; t < input->n_tokens; t++)
    json_array_add_int_element (ids, input->ids[t]);
  return ids;
}

static void
add_token (JsonObject *document, const char *name, const char *text, gint64 id)
{
  JsonObject *token = json_object_new ();
  set_integer (token, "id", id >= 0, id);
  set_text (token, "text", text);
  json_object_set_object_member (document, name, token);
}

static void
add_noise (JsonObject *noise, const EgTraceResult *self)
{
  g_autofree char *kind = eg_corruption_format_kind (&self->corruption);
  g_autofree char *scale = eg_corruption_format_scale (&self->corruption);
  g_autofree char *span = eg_corruption_format_span (&self->corruption);
  json_object_set_string_member (noise, "kind", kind);
  json_object_set_double_member (noise, "level", self->noise_level);
  json_object_set_double_member (noise, "std", self->noise_std);
  json_object_set_string_member (noise, "scale", scale);
  json_object_set_string_member (noise, "span", span);
  json_object_set_boolean_member (noise, "replace", self->corruption.replace);
}

/* What the other metrics' scores lie between. */
static void
add_other_ends (JsonObject *document, const EgTraceResult *self)
{
  for (EgMetric m = 0; m < EG_N_METRICS; m++)
    if (self->others[m] != NULL)
      {
        const char *metric = eg_metric_get_name (m);
        g_autofree char *high = eg_trace_result_field_name ("high_score", metric, NULL);
        g_autofree char *low = eg_trace_result_field_name ("low_score", metric, NULL);
        g_autofree char *low_sem = eg_trace_result_field_name ("low_score_sem", metric, NULL);
        json_object_set_double_member (document, high, self->others[m]->high_score);
        json_object_set_double_member (document, low, self->others[m]->low_score);
        json_object_set_double_member (document, low_sem, self->others[m]->low_sem);
      }
}

/* The grids that the .npz file has, under the same names. */
static void
add_scores (JsonObject *document, const EgTraceResult *self)
{
  json_object_set_array_member (document, "scores", grid_to_json (self, self->scores));
  json_object_set_array_member (document, "scores_sem", grid_to_json (self, self->sem));
  for (EgMetric m = 0; m < EG_N_METRICS; m++)
    if (self->others[m] != NULL)
      {
        g_autofree char *scores = eg_trace_result_field_name ("scores", eg_metric_get_name (m), NULL);
        g_autofree char *sem = eg_trace_result_field_name ("scores_sem", eg_metric_get_name (m), NULL);
        json_object_set_array_member (document, scores, grid_to_json (self, self->others[m]->scores));
        json_object_set_array_member (document, sem, grid_to_json (self, self->others[m]->sem));
      }
}

static void
add_request (JsonObject *document, const EgTraceResult *self)
{
  const EgTraceResultInput input = eg_trace_result_get_input (self);
  JsonArray *tokens = json_array_new (), *range = json_array_new ();
  for (gsize t = 0; t < input.n_tokens; t++)
    json_array_add_string_element (tokens, input.tokens[t]);
  json_array_add_int_element (range, (gint64)input.subject_first);
  json_array_add_int_element (range, (gint64)input.subject_last);

  set_text (document, "model", self->model);
  set_text (document, "prompt", self->prompt);
  set_text (document, "subject", self->subject);
  json_object_set_array_member (document, "tokens", tokens);
  if (input.ids != NULL)
    json_object_set_array_member (document, "token_ids", ids_to_json (&input));
  else
    json_object_set_null_member (document, "token_ids");
  json_object_set_array_member (document, "subject_range", range);
  add_token (document, "target", self->target, self->target_id);
}

static void
add_analysis (JsonObject *document, const EgTraceResult *self)
{
  g_autoptr (EgTraceAnalysis) analysis = eg_trace_result_analyze (self);
  if (analysis->has_best)
    {
      JsonObject *best = json_object_new ();
      if (self->sweep != EG_SWEEP_POSITIONS)
        json_object_set_int_member (best, "layer", (gint64)analysis->best_layer);
      if (self->sweep != EG_SWEEP_LAYERS)
        {
          json_object_set_int_member (best, "position", (gint64)analysis->best_position);
          json_object_set_string_member (best, "token", self->tokens[analysis->best_position]);
        }
      json_object_set_double_member (best, "score", analysis->best_score);
      json_object_set_object_member (document, "most_important", best);
    }
  else
    json_object_set_null_member (document, "most_important");
  JsonArray *top = json_array_new ();
  for (gsize i = 0; i < analysis->n_top; i++)
    json_array_add_int_element (top, (gint64)analysis->top_layers[i]);
  json_object_set_array_member (document, "layer_average",
                                vector_to_json (analysis->layer_average, analysis->n_layers));
  json_object_set_array_member (document, "top_layers", top);
  json_object_set_double_member (document, "subject_average", analysis->subject_mean);
  json_object_set_double_member (document, "overall_average", analysis->overall_mean);
  json_object_set_double_member (document, "ratio", analysis->ratio);
}

/* Settings that are left out where they are the defaults. */
static void
add_unusual_settings (JsonObject *document, const EgTraceResult *self)
{
  if (self->sweep != EG_SWEEP_CELLS)
    json_object_set_string_member (document, "sweep", eg_sweep_get_name (self->sweep));
  if (self->direction != EG_DIRECTION_RESTORE)
    json_object_set_string_member (document, "direction", eg_direction_get_name (self->direction));
  if (self->freeze != 0)
    {
      g_autofree char *frozen = eg_sites_to_names (self->freeze);
      json_object_set_string_member (document, "freeze", frozen);
    }
  if (self->has_knockout)
    {
      g_autofree char *knockout = eg_knockout_to_text (&self->knockout);
      json_object_set_string_member (document, "knockout", knockout);
    }
  if (self->until_sem > 0)
    {
      json_object_set_double_member (document, "until_sem", self->until_sem);
      json_object_set_int_member (document, "max_samples", self->max_samples);
    }
}

static void
add_settings (JsonObject *document, const EgTraceResult *self)
{
  const gboolean known = self->has_settings;
  JsonObject *noise = json_object_new ();
  set_integer (document, "samples", known, self->samples);
  set_integer (document, "seed", known, self->seed);
  add_noise (noise, self);
  json_object_set_object_member (document, "noise", noise);
  set_text (document, "metric", known ? eg_metric_get_name (self->metric) : NULL);
  if (self->against != NULL)
    add_token (document, "against", self->against, self->against_id);
  set_text (document, "site", known ? eg_site_get_name (self->site) : NULL);
  set_integer (document, "window", known, self->window);
  add_unusual_settings (document, self);
}

/* The sites after the first, an object each. */
static void
add_more_sites (JsonObject *document, const EgTraceResult *self)
{
  if (eg_trace_result_n_sites (self) == 1)
    return;
  JsonArray *sites = json_array_new ();
  for (gsize i = 1; i < eg_trace_result_n_sites (self); i++)
    {
      const EgTraceResult *other = eg_trace_result_get_site (self, i);
      JsonObject *site = json_object_new ();
      json_object_set_string_member (site, "site", eg_site_get_name (other->site));
      add_scores (site, other);
      add_analysis (site, other);
      json_array_add_object_element (sites, site);
    }
  json_object_set_array_member (document, "more_sites", sites);
}

JsonNode *
eg_trace_result_to_json (const EgTraceResult *self)
{
  JsonObject *document = json_object_new ();
  add_request (document, self);
  json_object_set_double_member (document, "high_score", self->high_score);
  json_object_set_double_member (document, "low_score", self->low_score);
  json_object_set_double_member (document, "low_score_sem", self->low_sem);
  add_other_ends (document, self);
  add_settings (document, self);
  add_scores (document, self);
  add_analysis (document, self);
  add_more_sites (document, self);
  set_text (document, "device", self->device);
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

/* ---- CSV (RFC 4180, lines ended by LF, decimal points) ---- */

static void
append_csv_text (GString *text, const char *field)
{
  if (field[0] != '\0' && strpbrk (field, " ,\"\r\n\t") == NULL)
    {
      g_string_append (text, field);
      return;
    }
  g_string_append_c (text, '"');
  for (const char *c = field; *c != '\0'; c++)
    g_string_append (text, (char[]){ *c, *c == '"' ? '"' : '\0', '\0' });
  g_string_append_c (text, '"');
}

static void
append_csv_number (GString *text, double value)
{
  g_string_append_c (text, ',');
  if (isfinite (value))
    append_double (text, value);
}

static void
append_csv_header (GString *text, const EgTraceResult *self)
{
  g_string_append_printf (text, "%slayer,position,token,score,sem,normalized",
                          eg_trace_result_n_sites (self) > 1 ? "site," : "");
  for (EgMetric m = 0; m < EG_N_METRICS; m++)
    if (self->others[m] != NULL)
      {
        const char *metric = eg_metric_get_name (m);
        g_string_append_printf (text, ",score_%s,sem_%s", metric, metric);
      }
  g_string_append_c (text, '\n');
}

/* A sweep over all layers or all positions has none of the one or the other. */
static void
append_csv_row (GString *text, const EgTraceResult *self, gsize l, gsize t)
{
  const gsize cell = l * self->n_tokens + t;
  if (self->sweep != EG_SWEEP_POSITIONS)
    g_string_append_printf (text, "%" G_GSIZE_FORMAT, l);
  g_string_append_c (text, ',');
  if (self->sweep != EG_SWEEP_LAYERS)
    g_string_append_printf (text, "%" G_GSIZE_FORMAT, t);
  g_string_append_c (text, ',');
  if (self->sweep != EG_SWEEP_LAYERS)
    append_csv_text (text, self->tokens[t]);
  append_csv_number (text, self->scores[cell]);
  append_csv_number (text, self->sem[cell]);
  append_csv_number (text, eg_trace_result_normalize (self, self->scores[cell]));
  for (EgMetric m = 0; m < EG_N_METRICS; m++)
    if (self->others[m] != NULL)
      {
        append_csv_number (text, self->others[m]->scores[cell]);
        append_csv_number (text, self->others[m]->sem[cell]);
      }
  g_string_append_c (text, '\n');
}

gboolean
eg_trace_result_save_csv (const EgTraceResult *self, const char *path, GError **error)
{
  g_autoptr (GString) text = g_string_new (NULL);
  const gsize n_sites = eg_trace_result_n_sites (self);
  append_csv_header (text, self);
  for (gsize i = 0; i < n_sites; i++)
    {
      const EgTraceResult *site = eg_trace_result_get_site (self, i);
      for (gsize l = 0; l < site->n_layers; l++)
        for (gsize t = 0; t < site->n_tokens; t++)
          {
            if (n_sites > 1)
              g_string_append_printf (text, "%s,", eg_site_get_name (site->site));
            append_csv_row (text, site, l, t);
          }
    }
  return eg_atomic_file_write (path, text->str, text->len, error);
}
