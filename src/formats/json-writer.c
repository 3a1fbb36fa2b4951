/* Writes JSON so that every number reads back as it was, in lines that a person can read. */
#include "formats/json-writer.h"

#include <math.h>
#include <string.h>

void
eg_json_append_double (GString *text, double value)
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
        eg_json_append_double (text, json_node_get_double (node));
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

void
eg_json_set_text (JsonObject *object, const char *name, const char *text)
{
  if (text != NULL)
    json_object_set_string_member (object, name, text);
  else
    json_object_set_null_member (object, name);
}
