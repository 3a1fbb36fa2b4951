#include "model/config.h"

#include "core/error.h"
#include "formats/json-text.h"
#include "formats/quote.h"

#include <math.h>

/* No size of a real network comes near; products of two of them stay far below 2⁶⁴. */
#define MAX_SIZE (1u << 24)

typedef struct
{
  JsonObject *object;
  const char *where;
} Fields;

/* TRUE when the field is there and not null. */
static gboolean
has_field (const Fields *fields, const char *name)
{
  return json_object_has_member (fields->object, name) && !json_object_get_null_member (fields->object, name);
}

static gboolean
read_size (const Fields *fields, const char *name, gsize *value, GError **error)
{
  if (!has_field (fields, name))
    {
      g_set_error (error, EG_ERROR, EG_ERROR_FORMAT, "%s: the field “%s” is missing", fields->where, name);
      return FALSE;
    }
  guint64 number;
  if (!eg_json_node_get_size (json_object_get_member (fields->object, name), &number) || number < 1
      || number > MAX_SIZE)
    {
      g_set_error (error, EG_ERROR, EG_ERROR_FORMAT, "%s: the field “%s” must be a whole number from 1 to %u",
                   fields->where, name, MAX_SIZE);
      return FALSE;
    }
  *value = (gsize)number;
  return TRUE;
}

static gboolean
read_boolean (const Fields *fields, const char *name, gboolean fallback, gboolean *value, GError **error)
{
  *value = fallback;
  if (!has_field (fields, name))
    return TRUE;
  JsonNode *node = json_object_get_member (fields->object, name);
  if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_BOOLEAN)
    {
      g_set_error (error, EG_ERROR, EG_ERROR_FORMAT, "%s: the field “%s” must be true or false",
                   fields->where, name);
      return FALSE;
    }
  *value = json_node_get_boolean (node);
  return TRUE;
}

/* "auto" is ceil (d/16). */
static gboolean
read_rank (const Fields *fields, gsize d_model, gsize *rank, GError **error)
{
  if (!has_field (fields, "time_step_rank")
      || g_strcmp0 (eg_json_node_get_text (json_object_get_member (fields->object, "time_step_rank")), "auto")
             == 0)
    {
      *rank = (d_model + 15) / 16;
      return TRUE;
    }
  return read_size (fields, "time_step_rank", rank, error);
}

static gboolean
read_inner (const Fields *fields, gsize d_model, gsize *d_inner, GError **error)
{
  gsize expand = 2;
  if (has_field (fields, "expand") && !read_size (fields, "expand", &expand, error))
    return FALSE;
  *d_inner = expand * d_model;
  if (!has_field (fields, "intermediate_size"))
    return TRUE;
  gsize given;
  if (!read_size (fields, "intermediate_size", &given, error))
    return FALSE;
  if (has_field (fields, "expand") && given != *d_inner)
    {
      g_set_error (error, EG_ERROR, EG_ERROR_FORMAT,
                   "%s: intermediate_size is %" G_GSIZE_FORMAT
                   ", but expand × hidden_size is %" G_GSIZE_FORMAT "; the two fields contradict each other",
                   fields->where, given, *d_inner);
      return FALSE;
    }
  *d_inner = given;
  return TRUE;
}

static gboolean
read_epsilon (const Fields *fields, float *epsilon, GError **error)
{
  *epsilon = 1e-5f;
  if (!has_field (fields, "layer_norm_epsilon"))
    return TRUE;
  JsonNode *node = json_object_get_member (fields->object, "layer_norm_epsilon");
  const GType type = JSON_NODE_HOLDS_VALUE (node) ? json_node_get_value_type (node) : G_TYPE_INVALID;
  const double value = type == G_TYPE_DOUBLE || type == G_TYPE_INT64 ? json_node_get_double (node) : -1;
  if (!(value >= 0 && value <= 1))
    {
      g_set_error (error, EG_ERROR, EG_ERROR_FORMAT,
                   "%s: the field “layer_norm_epsilon” must be a number from 0 to 1", fields->where);
      return FALSE;
    }
  *epsilon = (float)value;
  return TRUE;
}

/* A field that Engram knows in one form only: any other is another network. */
static gboolean
require_text (const Fields *fields, const char *name, const char *only, GError **error)
{
  if (!has_field (fields, name))
    return TRUE;
  const char *text = eg_json_node_get_text (json_object_get_member (fields->object, name));
  if (g_strcmp0 (text, only) == 0)
    return TRUE;
  g_autofree char *quoted = text ? eg_quote (text) : g_strdup ("not a text");
  g_set_error (error, EG_ERROR, EG_ERROR_UNSUPPORTED, "%s: %s is “%s”; Engram traces models whose %s is “%s”",
               fields->where, name, quoted, name, only);
  return FALSE;
}

gboolean
eg_model_config_load (const char *path, EgModelConfig *config, GError **error)
{
  g_autoptr (JsonNode) root = eg_json_load_object (path, error);
  if (!root)
    return FALSE;
  g_autofree char *where = g_path_get_basename (path);
  const Fields fields = { json_node_get_object (root), where };
  *config = (EgModelConfig){ 0 };
  return require_text (&fields, "model_type", "mamba", error)
         && require_text (&fields, "hidden_act", "silu", error)
         && read_size (&fields, "hidden_size", &config->d_model, error)
         && read_size (&fields, "num_hidden_layers", &config->n_layers, error)
         && read_size (&fields, "vocab_size", &config->vocab_size, error)
         && read_size (&fields, "state_size", &config->d_state, error)
         && read_size (&fields, "conv_kernel", &config->d_conv, error)
         && read_inner (&fields, config->d_model, &config->d_inner, error)
         && read_rank (&fields, config->d_model, &config->dt_rank, error)
         && read_boolean (&fields, "use_bias", FALSE, &config->use_bias, error)
         && read_boolean (&fields, "use_conv_bias", TRUE, &config->use_conv_bias, error)
         && read_boolean (&fields, "tie_word_embeddings", TRUE, &config->tie_embeddings, error)
         && read_epsilon (&fields, &config->norm_eps, error);
}
