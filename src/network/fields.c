/* Reads the fields of a config.json, with errors that name them. */
#include "network/fields.h"

#include "core/error.h"
#include "formats/json-text.h"
#include "formats/quote.h"

#include <glib/gi18n.h>
#include <math.h>

/* No size of a real network comes near; products of two of them stay far below 2⁶⁴. */
#define MAX_SIZE (1u << 24)

/* TRUE when the field is there and not null. */
gboolean
eg_fields_has (const EgFields *self, const char *name)
{
  return self->object && json_object_has_member (self->object, name)
         && !json_object_get_null_member (self->object, name);
}

const char *
eg_fields_text (const EgFields *self, const char *name)
{
  return eg_fields_has (self, name) ? eg_json_node_get_text (json_object_get_member (self->object, name))
                                    : NULL;
}

static gboolean
check_size (const EgFields *self, const char *name, guint64 number, GError **error)
{
  if (number >= 1 && number <= MAX_SIZE)
    return TRUE;
  g_set_error (error, EG_ERROR, EG_ERROR_FORMAT, _ ("%s: the field “%s” must be a whole number from 1 to %u"),
               self->where, name, MAX_SIZE);
  return FALSE;
}

gboolean
eg_fields_size (const EgFields *self, const char *name, gsize *value, GError **error)
{
  if (!eg_fields_has (self, name))
    {
      g_set_error (error, EG_ERROR, EG_ERROR_FORMAT, _ ("%s: the field “%s” is missing"), self->where, name);
      return FALSE;
    }
  guint64 number;
  if (!eg_json_node_get_size (json_object_get_member (self->object, name), &number))
    number = 0;
  *value = (gsize)number;
  return check_size (self, name, number, error);
}

gboolean
eg_fields_size_or (const EgFields *self, const char *name, gsize fallback, gsize *value, GError **error)
{
  *value = fallback;
  return eg_fields_has (self, name) ? eg_fields_size (self, name, value, error)
                                    : check_size (self, name, fallback, error);
}

gboolean
eg_fields_boolean (const EgFields *self, const char *name, gboolean fallback, gboolean *value, GError **error)
{
  *value = fallback;
  if (!eg_fields_has (self, name))
    return TRUE;
  JsonNode *node = json_object_get_member (self->object, name);
  if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_BOOLEAN)
    {
      g_set_error (error, EG_ERROR, EG_ERROR_FORMAT, _ ("%s: the field “%s” must be true or false"),
                   self->where, name);
      return FALSE;
    }
  *value = json_node_get_boolean (node);
  return TRUE;
}

gboolean
eg_fields_number (const EgFields *self,
                  const char *name,
                  double fallback,
                  double least,
                  double most,
                  double *value,
                  GError **error)
{
  *value = fallback;
  if (!eg_fields_has (self, name))
    return TRUE;
  JsonNode *node = json_object_get_member (self->object, name);
  const GType type = JSON_NODE_HOLDS_VALUE (node) ? json_node_get_value_type (node) : G_TYPE_INVALID;
  *value = type == G_TYPE_DOUBLE || type == G_TYPE_INT64 ? json_node_get_double (node) : (double)NAN;
  if (*value >= least && *value <= most)
    return TRUE;
  g_set_error (error, EG_ERROR, EG_ERROR_FORMAT, _ ("%s: the field “%s” must be a number from %g to %g"),
               self->where, name, least, most);
  return FALSE;
}

gboolean
eg_fields_set_disagreement (const EgFields *self, const char *name, const char *other, GError **error)
{
  g_set_error (error, EG_ERROR, EG_ERROR_FORMAT,
               _ ("%s: the fields “%s” and “%s” mean the same and contradict each other"), self->where, name,
               other);
  return FALSE;
}

/* Nobody reads another network's name of ε: what it says must be so anyway. found: the name that is read, or
 * NULL where it is the default. */
static gboolean
check_epsilon (
    const EgFields *self, const char *name, const char *own, const char *found, double value, GError **error)
{
  double said;
  if (!eg_fields_number (self, name, value, 0, 1, &said, error))
    return FALSE;
  if (said == value)
    return TRUE;
  if (found != NULL)
    return eg_fields_set_disagreement (self, found, name, error);
  g_set_error (error, EG_ERROR, EG_ERROR_UNSUPPORTED,
               /* TRANSLATORS: a file, a field of it, and the name of the field that would be read. */
               _ ("%s: the field “%s” is not read for this network; rename it to “%s” if it is meant, or "
                  "remove it"),
               self->where, name, own);
  return FALSE;
}

gboolean
eg_fields_epsilon (const EgFields *self, const char *own, float *epsilon, GError **error)
{
  static const char *const names[]
      = { "layer_norm_epsilon", "layer_norm_eps", "norm_epsilon", "norm_eps", "rms_norm_eps" };
  g_auto (GStrv) read = g_strsplit (own, "|", -1);
  const char *found = NULL;
  double value = 1e-5;
  for (gsize i = 0; read[i] != NULL && found == NULL; i++)
    if (eg_fields_has (self, read[i]))
      found = read[i];
  if (found != NULL && !eg_fields_number (self, found, value, 0, 1, &value, error))
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    if (!check_epsilon (self, names[i], read[0], found, value, error))
      return FALSE;
  *epsilon = (float)value;
  return TRUE;
}

gboolean
eg_fields_agree (const EgFields *self, const char *name, const char *other, GError **error)
{
  gsize one, two;
  if (!eg_fields_has (self, name) || !eg_fields_has (self, other))
    return TRUE;
  if (!eg_fields_size (self, name, &one, error) || !eg_fields_size (self, other, &two, error))
    return FALSE;
  return one == two || eg_fields_set_disagreement (self, name, other, error);
}

/* A field that Engram knows in one form only: any other is another network. */
gboolean
eg_fields_require_text (const EgFields *self, const char *name, const char *only, GError **error)
{
  if (!eg_fields_has (self, name))
    return TRUE;
  const char *text = eg_json_node_get_text (json_object_get_member (self->object, name));
  g_auto (GStrv) forms = g_strsplit (only, "|", -1);
  if (text != NULL && g_strv_contains ((const char *const *)forms, text))
    return TRUE;
  g_autofree char *quoted = text ? eg_quote (text) : g_strdup ("not a text");
  g_set_error (error, EG_ERROR, EG_ERROR_UNSUPPORTED,
               /* TRANSLATORS: a file, a field of it and the field's value; the field again, and the value
                * that it must have. */
               _ ("%s: %s is “%s”; Engram traces models whose %s is “%s”"), self->where, name, quoted, name,
               forms[0]);
  return FALSE;
}

gboolean
eg_fields_require_flag (const EgFields *self, const char *name, gboolean value, GError **error)
{
  gboolean found;
  if (!eg_fields_boolean (self, name, value, &found, error))
    return FALSE;
  if (found != value)
    g_set_error (error, EG_ERROR, EG_ERROR_UNSUPPORTED,
                 found ? _ ("%s: %s is true; Engram traces models where it is false")
                       : _ ("%s: %s is false; Engram traces models where it is true"),
                 self->where, name);
  return found == value;
}

gboolean
eg_fields_size_by (
    const EgFields *self, const char *name, const char *other, gsize fallback, gsize *value, GError **error)
{
  return eg_fields_agree (self, name, other, error)
         && eg_fields_size_or (self, eg_fields_has (self, other) ? other : name, fallback, value, error);
}
