/* Reads the members of a line; those that are options of a trace by the table of fields. */
#include "cli/serve-members.h"

#include "core/error.h"
#include "core/number.h"
#include "formats/json-text.h"
#include "formats/json-writer.h"
#include "trace/ask/fields.h"

#include <glib/gi18n.h>
#include <inttypes.h>

static gboolean
fail (const char *name, char **field, GError **error, const char *message)
{
  *field = g_strdup (name);
  return eg_error_invalid (error, message, name);
}

/* NULL where it is missing or null, which is the same. With "_" for "-" it may be, too. */
static JsonNode *
get_member (JsonObject *members, const char *name)
{
  g_autofree char *other = g_strdelimit (g_strdup (name), "-", '_');
  JsonNode *node = json_object_get_member (members, json_object_has_member (members, name) ? name : other);
  return node != NULL && !JSON_NODE_HOLDS_NULL (node) ? node : NULL;
}

gboolean
cli_members_get_text (JsonObject *members, const char *name, const char **text, char **field, GError **error)
{
  JsonNode *node = get_member (members, name);
  *text = node != NULL ? eg_json_node_get_text (node) : NULL;
  return node == NULL || *text != NULL || fail (name, field, error, _ ("“%s” is not a text"));
}

gboolean
cli_members_need_text (JsonObject *members, const char *name, const char **text, char **field, GError **error)
{
  if (!cli_members_get_text (members, name, text, field, error))
    return FALSE;
  return *text != NULL || fail (name, field, error, _ ("“%s” is missing"));
}

gboolean
cli_members_get_count (JsonObject *members,
                       const char *name,
                       guint64 min,
                       guint64 max,
                       guint64 *value,
                       char **field,
                       GError **error)
{
  JsonNode *node = get_member (members, name);
  guint64 number = *value;
  if (node != NULL && (!eg_json_node_get_size (node, &number) || number < min || number > max))
    {
      *field = g_strdup (name);
      return eg_error_invalid (error, _ ("“%s” is not a whole number from %" PRIu64 " to %" PRIu64), name,
                               min, max);
    }
  *value = number;
  return TRUE;
}

gboolean
cli_members_get_number (JsonObject *members,
                        const char *name,
                        double above,
                        double max,
                        double *value,
                        char **field,
                        GError **error)
{
  JsonNode *node = get_member (members, name);
  double number = *value;
  if (node != NULL && (!eg_json_node_get_double (node, &number) || !(number > above && number <= max)))
    {
      *field = g_strdup (name);
      return eg_error_invalid (error, _ ("“%s” is not a number above %g and up to %g"), name, above, max);
    }
  *value = number;
  return TRUE;
}

gboolean
cli_members_get_flag (JsonObject *members, const char *name, gboolean *value, char **field, GError **error)
{
  JsonNode *node = get_member (members, name);
  if (node == NULL)
    return TRUE;
  if (json_node_get_value_type (node) != G_TYPE_BOOLEAN)
    return fail (name, field, error, _ ("“%s” is neither true nor false"));
  *value = json_node_get_boolean (node);
  return TRUE;
}

/* ---- options of a trace ---- */

const char *
cli_members_field_name (EgTraceField field)
{
  const EgFieldInfo *info = eg_trace_field_get_info (field);
  return info->option != NULL ? info->option : info->name;
}

static gboolean
find_option (const char *name, EgTraceField *field)
{
  g_autofree char *option = g_strdelimit (g_strdup (name), "_", '-');
  return eg_trace_field_from_option (option, field);
}

static gboolean
is_among (const char *name, const EgTraceField *options)
{
  EgTraceField found;
  if (options == NULL || !find_option (name, &found))
    return FALSE;
  while (*options != EG_N_FIELDS && *options != found)
    options++;
  return *options == found;
}

gboolean
cli_members_check_names (
    JsonObject *members, const char *const *names, const EgTraceField *options, char **field, GError **error)
{
  JsonObjectIter iter;
  const char *name;
  json_object_iter_init_ordered (&iter, members);
  while (json_object_iter_next_ordered (&iter, &name, NULL))
    {
      g_autofree char *dashed = g_strdelimit (g_strdup (name), "_", '-');
      if (!g_str_equal (dashed, name) && json_object_has_member (members, dashed))
        return fail (name, field, error, _ ("“%s” is there twice, with “-” and with “_”"));
      if (!g_strv_contains (names, dashed) && !g_str_equal (name, "id") && !g_str_equal (name, "method")
          && !is_among (name, options))
        return fail (name, field, error, _ ("there is no “%s” in such a request"));
    }
  return TRUE;
}

/* "a,b"; NULL where not all are texts. (transfer full) */
static char *
join_texts (JsonArray *array)
{
  g_autoptr (GPtrArray) texts = g_ptr_array_new ();
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      const char *text = eg_json_node_get_text (json_array_get_element (array, i));
      if (text == NULL)
        return NULL;
      g_ptr_array_add (texts, (gpointer)text);
    }
  g_ptr_array_add (texts, NULL);
  return g_strjoinv (",", (char **)texts->pdata);
}

/* What the command line would have. NULL where it cannot have that. (transfer full) */
static char *
option_text (JsonNode *node, EgFieldType type)
{
  if (JSON_NODE_HOLDS_ARRAY (node))
    return type == EG_FIELD_NAME ? join_texts (json_node_get_array (node)) : NULL;
  if (!JSON_NODE_HOLDS_VALUE (node))
    return NULL;
  const GType value_type = json_node_get_value_type (node);
  if (value_type == G_TYPE_STRING)
    return g_strdup (eg_json_node_get_text (node));
  if (value_type == G_TYPE_BOOLEAN)
    return type == EG_FIELD_FLAG ? g_strdup (json_node_get_boolean (node) ? "1" : "0") : NULL;
  if (type == EG_FIELD_FLAG)
    return NULL;
  if (value_type == G_TYPE_INT64)
    return g_strdup_printf ("%" G_GINT64_FORMAT, json_node_get_int (node));
  GString *text = g_string_new (NULL);
  eg_json_append_double (text, json_node_get_double (node));
  return g_string_free (text, FALSE);
}

static gboolean
take_options (
    JsonObject *members, EgTraceRequest *request, gboolean named[EG_N_FIELDS], char **wrong, GError **error)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;
  EgTraceField field;
  json_object_iter_init_ordered (&iter, members);
  while (json_object_iter_next_ordered (&iter, &name, &node))
    {
      if (JSON_NODE_HOLDS_NULL (node) || !find_option (name, &field))
        continue;
      g_autofree char *text = option_text (node, eg_trace_field_get_info (field)->type);
      if (text == NULL)
        return fail (name, wrong, error, _ ("“%s” has a value of another kind than this option takes"));
      if (!eg_trace_field_parse (field, request, text, error))
        {
          *wrong = g_strdup (cli_members_field_name (field));
          return FALSE;
        }
      /* A flag that is false was not typed. */
      named[field] = eg_trace_field_get_info (field)->type != EG_FIELD_FLAG
                     || eg_trace_field_get_number (field, request) != 0;
    }
  return TRUE;
}

/* As for the command line: what was named, and means nothing beside the rest, is a mistake. */
static gboolean
check_useful (const EgTraceRequest *request, const gboolean named[EG_N_FIELDS], char **wrong, GError **error)
{
  for (EgTraceField field = 0; field < EG_N_FIELDS; field++)
    if (named[field] && eg_trace_field_get_useless (field, request) != NULL)
      {
        *wrong = g_strdup (cli_members_field_name (field));
        return eg_error_invalid (error, "--%s: %s", *wrong, eg_trace_field_get_useless (field, request));
      }
  return TRUE;
}

static gboolean
take_device (JsonObject *members, EgTraceRequest *request, char **wrong, GError **error)
{
  const char *device, *precision;
  guint64 threads = 0;
  if (!cli_members_get_count (members, "threads", 1, 1024, &threads, wrong, error)
      || !cli_members_get_text (members, "device", &device, wrong, error)
      || !cli_members_get_text (members, "precision", &precision, wrong, error))
    return FALSE;
  request->threads = (guint)threads;
  request->device = (EgDevice){ 0 };
  if (device != NULL && !eg_device_from_name (device, &request->device, error))
    *wrong = g_strdup ("device");
  else if (precision != NULL && !eg_precision_from_name (precision, &request->device.precision, error))
    *wrong = g_strdup ("precision");
  return *wrong == NULL;
}

gboolean
cli_members_take_options (JsonObject *members, EgTraceRequest *request, char **field, GError **error)
{
  gboolean named[EG_N_FIELDS] = { FALSE };
  if (!take_device (members, request, field, error) || !take_options (members, request, named, field, error)
      || !check_useful (request, named, field, error))
    return FALSE;
  eg_trace_request_complete (request, named);
  return TRUE;
}

gboolean
cli_members_to_request (JsonObject *members, EgTraceRequest *request, char **field, GError **error)
{
  EgTraceField which;
  if (!cli_members_take_options (members, request, field, error))
    return FALSE;
  if (request->subject == NULL && request->corruption.span == EG_SPAN_SUBJECT)
    return fail ("subject", field, error,
                 _ ("“%s” is missing: which part of the prompt is to be corrupted?"));
  if (eg_trace_request_check (request, &which, error))
    return TRUE;
  *field = g_strdup (cli_members_field_name (which));
  return FALSE;
}
