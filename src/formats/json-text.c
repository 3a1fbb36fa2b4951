#include "formats/json-text.h"

#include "core/error.h"
#include "formats/map-file.h"
#include "formats/quote.h"

#include <string.h>

enum
{
  MAX_DEPTH = 64,
  MAX_VALUES = 4000000
};

/* A number that begins with 0 and goes on with a digit: json-glib would read it as octal. */
static gboolean
begins_octal (const char *text, gsize length, gsize i)
{
  if (text[i] != '0' || i + 1 >= length || !g_ascii_isdigit (text[i + 1]) || i == 0)
    return FALSE;
  const char before = text[i - 1];
  const gboolean exponent = before == '-' && i >= 2 && (text[i - 2] == 'e' || text[i - 2] == 'E');
  return !exponent && strchr ("-[,: \t\r\n", before) != NULL;
}

/* Checks what json-glib does not: brackets in balance and not too deep, one object and nothing behind it, and
 * outside strings only the characters that JSON has (so that both see the same strings). */
static gboolean
check_outline (const char *text, gsize length, const char *where, GError **error)
{
  guint depth = 0;
  gsize n_values = 0;
  gboolean in_string = FALSE;
  gboolean done = FALSE;
  const char *problem = NULL;
  for (gsize i = 0; i < length && problem == NULL; i++)
    {
      const char c = text[i];
      if (in_string)
        {
          if (c == '\\')
            i++;
          else if (c == '"')
            in_string = FALSE;
          else if ((guchar)c < 0x20)
            problem = "has a control character inside a text";
        }
      else if (c == ' ' || c == '\n' || c == '\r' || c == '\t')
        continue;
      else if (done)
        problem = "goes on after its end";
      else if (depth == 0 && c != '{')
        problem = "is not an object";
      else if (c == '"')
        in_string = TRUE;
      else if (c == '{' || c == '[')
        {
          if (++depth > MAX_DEPTH)
            problem = "is nested too deeply";
        }
      else if (c == '}' || c == ']')
        done = --depth == 0;
      else if (c == ',')
        {
          if (++n_values > MAX_VALUES)
            problem = "has more than 4 million values";
        }
      else if (c == '\0' || strchr (":+-.0123456789eEaflnrstu", c) == NULL || begins_octal (text, length, i))
        problem = "has a character that does not belong there";
    }
  if (problem == NULL && !done)
    problem = "ends too early";
  if (problem != NULL)
    g_set_error (error, EG_ERROR, EG_ERROR_FORMAT, "%s: the JSON text %s", where, problem);
  return problem == NULL;
}

typedef struct
{
  GHashTable *n_members; /* JsonObject being parsed → how many members it was given */
  char *duplicate;
} Duplicates;

static void
on_object_member (JsonParser *parser, JsonObject *object, const char *name, gpointer data)
{
  Duplicates *self = data;
  const guint n = GPOINTER_TO_UINT (g_hash_table_lookup (self->n_members, object)) + 1;
  if (n > json_object_get_size (object) && self->duplicate == NULL)
    self->duplicate = eg_quote (name);
  g_hash_table_insert (self->n_members, object, GUINT_TO_POINTER (n));
}

static void
on_object_end (JsonParser *parser, JsonObject *object, gpointer data)
{
  Duplicates *self = data;
  g_hash_table_remove (self->n_members, object);
}

JsonNode *
eg_json_parse_object (const char *text, gsize length, const char *where, GError **error)
{
  if (!g_utf8_validate_len (text, length, NULL))
    {
      g_set_error (error, EG_ERROR, EG_ERROR_FORMAT, "%s: the JSON text is not valid UTF-8", where);
      return NULL;
    }
  if (!check_outline (text, length, where, error))
    return NULL;

  g_autoptr (GHashTable) n_members = g_hash_table_new (NULL, NULL);
  Duplicates duplicates = { n_members, NULL };
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  g_signal_connect (parser, "object-member", G_CALLBACK (on_object_member), &duplicates);
  g_signal_connect (parser, "object-end", G_CALLBACK (on_object_end), &duplicates);
  g_autoptr (GError) parse_error = NULL;
  const gboolean parsed = json_parser_load_from_data (parser, text, (gssize)length, &parse_error);
  g_autofree char *duplicate = duplicates.duplicate;
  if (!parsed)
    {
      g_autofree char *reason = eg_quote (parse_error->message);
      g_set_error (error, EG_ERROR, EG_ERROR_FORMAT, "%s: the JSON text is damaged (%s)", where, reason);
      return NULL;
    }
  if (duplicate != NULL)
    {
      g_set_error (error, EG_ERROR, EG_ERROR_FORMAT, "%s: “%s” is there twice", where, duplicate);
      return NULL;
    }
  return json_parser_steal_root (parser);
}

JsonNode *
eg_json_load_object (const char *path, GError **error)
{
  g_autofree char *text = NULL;
  gsize length;
  if (!g_file_get_contents (path, &text, &length, error))
    return NULL;
  g_autofree char *where = eg_file_get_title (path);
  return eg_json_parse_object (text, length, where, error);
}

gboolean
eg_json_node_get_size (JsonNode *node, guint64 *value)
{
  if (node == NULL || !JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_INT64)
    return FALSE;
  /* What does not fit 63 bits comes out of json-glib as a negative number. */
  const gint64 number = json_node_get_int (node);
  if (number < 0)
    return FALSE;
  *value = (guint64)number;
  return TRUE;
}

const char *
eg_json_node_get_text (JsonNode *node)
{
  if (node == NULL || !JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_STRING)
    return NULL;
  const char *text = json_node_get_string (node);
  return text != NULL && g_utf8_validate (text, -1, NULL) ? text : NULL;
}
