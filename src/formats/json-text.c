/* Makes json-glib's tree of a JSON text, strictly. */
#include "formats/json-text.h"

#include "core/error.h"
#include "formats/json-reader.h"
#include "formats/map-file.h"
#include "formats/placeholder.h"
#include "formats/quote.h"

#include <glib/gi18n.h>
#include <string.h>

enum
{
  MAX_DEPTH = 64,
  MAX_VALUES = 4000000
};

typedef struct
{
  EgJsonReader reader;
  EgJsonSpan *spans;
  gsize n_spans;
  gsize n_values;
  char *field;       /* the last name in a tree */
  gboolean is_field; /* the problem names it */
  char *problem;     /* once it has failed */
} Parser;

/* problem: what is wrong with the text. Returns: FALSE. */
static gboolean
fail (Parser *self, const char *problem)
{
  self->problem = g_strdup (problem);
  return FALSE;
}

/* Returns: FALSE. */
static gboolean
fail_duplicate (Parser *self, const char *name)
{
  g_autofree char *quoted = eg_quote (name);
  self->problem = g_strdup_printf (_ ("“%s” is there twice"), quoted);
  self->is_field = TRUE;
  return FALSE;
}

/* token is not what belongs there. Returns: FALSE. */
static gboolean
refuse (Parser *self, EgJsonToken token, const char *expected)
{
  if (token == EG_JSON_END)
    return fail (self, _ ("the JSON text ends too early"));
  if (token == EG_JSON_BAD)
    return fail (self, self->reader.problem);
  /* TRANSLATORS: %s is “a name”, “a comma or a closing brace” or the like. */
  self->problem = g_strdup_printf (_ ("the JSON text is damaged (%s is missing at byte %zu)"), expected,
                                   (gsize)(self->reader.at - self->reader.start));
  return FALSE;
}

static gboolean read_value (Parser *self, EgJsonToken token, guint depth, const char *owner, JsonNode **node);

/* The span that the caller wants of this member; NULL: none. */
static EgJsonSpan *
find_span (Parser *self, const char *owner, const char *name)
{
  for (gsize i = 0; owner != NULL && i < self->n_spans; i++)
    if (g_str_equal (self->spans[i].owner, owner) && g_str_equal (self->spans[i].name, name))
      return &self->spans[i];
  return NULL;
}

/* token: that of an object or an array. */
static gboolean
read_span (Parser *self, EgJsonToken token, guint depth, EgJsonSpan *span, JsonNode **node)
{
  const gsize n_before = self->n_values;
  span->start = self->reader.at - 1;
  if (!read_value (self, token, depth, NULL, NULL))
    return FALSE;
  span->length = (gsize)(self->reader.at - span->start);
  span->n_values = self->n_values - n_before - 1;
  *node = json_node_init_null (json_node_alloc ());
  return TRUE;
}

/* From the colon on. object, name: where it goes, both NULL if it is only checked. */
static gboolean
read_member (Parser *self, guint depth, const char *owner, JsonObject *object, const char *name)
{
  EgJsonToken token = eg_json_reader_next (&self->reader);
  if (token != EG_JSON_COLON)
    return refuse (self, token, _ ("a colon"));
  token = eg_json_reader_next (&self->reader);
  if (object == NULL)
    return read_value (self, token, depth, NULL, NULL);

  JsonNode *value = NULL;
  EgJsonSpan *span = token == EG_JSON_OBJECT || token == EG_JSON_ARRAY ? find_span (self, owner, name) : NULL;
  if (span != NULL ? !read_span (self, token, depth, span, &value)
                   : !read_value (self, token, depth, depth == 1 ? name : NULL, &value))
    return FALSE;
  json_object_set_member (object, name, value);
  return TRUE;
}

/* After the bracket. object: (nullable). */
static gboolean
read_members (Parser *self, guint depth, const char *owner, JsonObject *object)
{
  EgJsonToken token = eg_json_reader_next (&self->reader);
  if (token == EG_JSON_OBJECT_END)
    return TRUE;
  for (;;)
    {
      if (token != EG_JSON_TEXT)
        return refuse (self, token, _ ("a name"));
      g_autofree char *name = object != NULL ? g_strdup (self->reader.text->str) : NULL;
      if (object != NULL && json_object_has_member (object, name))
        return fail_duplicate (self, name);
      if (name != NULL)
        {
          g_free (self->field);
          self->field = g_strdup (name);
        }
      if (!read_member (self, depth, owner, object, name))
        return FALSE;
      token = eg_json_reader_next (&self->reader);
      if (token == EG_JSON_OBJECT_END)
        return TRUE;
      if (token != EG_JSON_COMMA)
        return refuse (self, token, _ ("a comma or a closing brace"));
      token = eg_json_reader_next (&self->reader);
    }
}

/* After the bracket. array: (nullable). */
static gboolean
read_elements (Parser *self, guint depth, JsonArray *array)
{
  EgJsonToken token = eg_json_reader_next (&self->reader);
  if (token == EG_JSON_ARRAY_END)
    return TRUE;
  for (;;)
    {
      JsonNode *value;
      if (!read_value (self, token, depth, NULL, array != NULL ? &value : NULL))
        return FALSE;
      if (array != NULL)
        json_array_add_element (array, value);
      token = eg_json_reader_next (&self->reader);
      if (token == EG_JSON_ARRAY_END)
        return TRUE;
      if (token != EG_JSON_COMMA)
        return refuse (self, token, _ ("a comma or a closing bracket"));
      token = eg_json_reader_next (&self->reader);
    }
}

static gboolean
read_object (Parser *self, guint depth, const char *owner, JsonNode **node)
{
  g_autoptr (JsonObject) object = node != NULL ? json_object_new () : NULL;
  if (!read_members (self, depth, owner, object))
    return FALSE;
  if (node != NULL)
    *node = json_node_init_object (json_node_alloc (), object);
  return TRUE;
}

static gboolean
read_array (Parser *self, guint depth, JsonNode **node)
{
  g_autoptr (JsonArray) array = node != NULL ? json_array_new () : NULL;
  if (!read_elements (self, depth, array))
    return FALSE;
  if (node != NULL)
    *node = json_node_init_array (json_node_alloc (), array);
  return TRUE;
}

/* token: that of no object and no array. Returns: (transfer full). */
static JsonNode *
new_scalar (const EgJsonReader *reader, EgJsonToken token)
{
  switch (token)
    {
    case EG_JSON_TEXT:
      return json_node_init_string (json_node_alloc (), reader->text->str);
    case EG_JSON_INTEGER:
      return json_node_init_int (json_node_alloc (), reader->integer);
    case EG_JSON_REAL:
      return json_node_init_double (json_node_alloc (), reader->real);
    case EG_JSON_TRUE:
    case EG_JSON_FALSE:
      return json_node_init_boolean (json_node_alloc (), token == EG_JSON_TRUE);
    default:
      return json_node_init_null (json_node_alloc ());
    }
}

/* token: its first. depth: how many objects and arrays it lies in. owner: its name, if it is a member of the
 * root. node: (out) (optional): without it, the value is only checked. */
static gboolean
read_value (Parser *self, EgJsonToken token, guint depth, const char *owner, JsonNode **node)
{
  if (++self->n_values > MAX_VALUES)
    return fail (self, _ ("the JSON text has more than 4 million values"));
  switch (token)
    {
    case EG_JSON_OBJECT:
    case EG_JSON_ARRAY:
      if (depth == MAX_DEPTH)
        return fail (self, _ ("the JSON text is nested too deeply"));
      return token == EG_JSON_OBJECT ? read_object (self, depth + 1, owner, node)
                                     : read_array (self, depth + 1, node);
    case EG_JSON_OBJECT_END:
    case EG_JSON_ARRAY_END:
    case EG_JSON_COLON:
    case EG_JSON_COMMA:
    case EG_JSON_END:
    case EG_JSON_BAD:
      return refuse (self, token, _ ("a value"));
    default:
      if (node != NULL)
        *node = new_scalar (&self->reader, token);
      return TRUE;
    }
}

/* root: (out) (optional). */
static gboolean
read_root (Parser *self, JsonNode **root)
{
  const EgJsonToken token = eg_json_reader_next (&self->reader);
  if (token != EG_JSON_OBJECT)
    return fail (self, token == EG_JSON_END ? _ ("the JSON text ends too early")
                                            : _ ("the JSON text is not an object"));
  if (!read_value (self, token, 0, NULL, root))
    return FALSE;
  return eg_json_reader_next (&self->reader) == EG_JSON_END
         || fail (self, _ ("the JSON text goes on after its end"));
}

/* Where the reader stands, as a person counts: from 1, at the last character that is not white space. */
static guint
count_lines (const EgJsonReader *reader)
{
  const char *at = reader->at;
  guint n = 1;
  while (at > reader->start && g_ascii_isspace (at[-1]))
    at--;
  for (const char *p = reader->start; p < at; p++)
    n += *p == '\n';
  return n;
}

static void
set_error (const Parser *self, const char *where, gboolean is_file, GError **error)
{
  const guint line = count_lines (&self->reader);
  g_autofree char *field = self->field != NULL ? eg_quote (self->field) : NULL;
  if (!is_file)
    g_set_error (error, EG_ERROR, EG_ERROR_FORMAT, "%s: %s", where, self->problem);
  else if (field == NULL || self->is_field)
    /* TRANSLATORS: a file, a line of it, and what is wrong there. */
    g_set_error (error, EG_ERROR, EG_ERROR_FORMAT, _ ("%s: line %u: %s"), where, line, self->problem);
  else
    /* TRANSLATORS: a file, a line of it, the name of a field, and what is wrong there. */
    g_set_error (error, EG_ERROR, EG_ERROR_FORMAT, _ ("%s: line %u, field “%s”: %s"), where, line, field,
                 self->problem);
}

static gboolean
parse (Parser *self,
       const char *text,
       gsize length,
       const char *where,
       gboolean is_file,
       JsonNode **root,
       GError **error)
{
  if (!g_utf8_validate_len (text, length, NULL))
    {
      g_set_error (error, EG_ERROR, EG_ERROR_FORMAT, "%s: %s", where, _ ("the JSON text is not valid UTF-8"));
      return FALSE;
    }
  eg_json_reader_init (&self->reader, text, length);
  self->reader.allow_names = is_file;
  const gboolean ok = read_root (self, root);
  if (!ok)
    set_error (self, where, is_file, error);
  eg_json_reader_clear (&self->reader);
  g_free (self->field);
  g_free (self->problem);
  return ok;
}

JsonNode *
eg_json_parse_object_with_spans (
    const char *text, gsize length, const char *where, EgJsonSpan *spans, gsize n_spans, GError **error)
{
  for (gsize i = 0; i < n_spans; i++)
    {
      spans[i].start = NULL;
      spans[i].length = spans[i].n_values = 0;
    }
  Parser parser = { .spans = spans, .n_spans = n_spans };
  g_autoptr (JsonNode) root = NULL;
  return parse (&parser, text, length, where, FALSE, &root, error) ? g_steal_pointer (&root) : NULL;
}

gboolean
eg_json_check_object (const char *text, gsize length, const char *where, gsize *n_values, GError **error)
{
  Parser parser = { 0 };
  if (!parse (&parser, text, length, where, FALSE, NULL, error))
    return FALSE;
  *n_values = parser.n_values - 1;
  return TRUE;
}

JsonNode *
eg_json_parse_object (const char *text, gsize length, const char *where, GError **error)
{
  return eg_json_parse_object_with_spans (text, length, where, NULL, 0, error);
}

JsonNode *
eg_json_load_object (const char *path, GError **error)
{
  g_autofree char *text = NULL;
  gsize length;
  if (!g_file_get_contents (path, &text, &length, error))
    return NULL;
  g_autofree char *where = eg_file_get_title (path);
  Parser parser = { 0 };
  g_autoptr (JsonNode) root = NULL;
  return eg_check_placeholder (text, length, where, error)
                 && parse (&parser, text, length, where, TRUE, &root, error)
             ? g_steal_pointer (&root)
             : NULL;
}

gboolean
eg_json_node_get_size (JsonNode *node, guint64 *value)
{
  if (node == NULL || !JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_INT64)
    return FALSE;
  const gint64 number = json_node_get_int (node);
  if (number < 0)
    return FALSE;
  *value = (guint64)number;
  return TRUE;
}

static gboolean
read_named_double (const char *name, double *value)
{
  g_auto (EgJsonReader) reader;
  eg_json_reader_init (&reader, name, strlen (name));
  reader.allow_names = TRUE;
  const EgJsonToken token = eg_json_reader_next (&reader);
  *value = token == EG_JSON_INTEGER ? (double)reader.integer : reader.real;
  return (token == EG_JSON_REAL || token == EG_JSON_INTEGER) && reader.at == reader.end;
}

gboolean
eg_json_node_get_double (JsonNode *node, double *value)
{
  if (node != NULL && JSON_NODE_HOLDS_OBJECT (node))
    {
      const char *name
          = eg_json_node_get_text (json_object_get_member (json_node_get_object (node), "__float__"));
      return name != NULL && read_named_double (name, value);
    }
  const GType type
      = node != NULL && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_value_type (node) : G_TYPE_INVALID;
  if (type != G_TYPE_DOUBLE && type != G_TYPE_INT64)
    return FALSE;
  *value = json_node_get_double (node);
  return TRUE;
}

const char *
eg_json_node_get_text (JsonNode *node)
{
  if (node == NULL || !JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_STRING)
    return NULL;
  return json_node_get_string (node);
}
