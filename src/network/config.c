#include "network/config.h"

#include "core/error.h"
#include "formats/json-text.h"
#include "formats/quote.h"

#include <glib/gi18n.h>
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
      g_set_error (error, EG_ERROR, EG_ERROR_FORMAT, _ ("%s: the field “%s” is missing"), fields->where,
                   name);
      return FALSE;
    }
  guint64 number;
  if (!eg_json_node_get_size (json_object_get_member (fields->object, name), &number) || number < 1
      || number > MAX_SIZE)
    {
      g_set_error (error, EG_ERROR, EG_ERROR_FORMAT,
                   _ ("%s: the field “%s” must be a whole number from 1 to %u"), fields->where, name,
                   MAX_SIZE);
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
      g_set_error (error, EG_ERROR, EG_ERROR_FORMAT, _ ("%s: the field “%s” must be true or false"),
                   fields->where, name);
      return FALSE;
    }
  *value = json_node_get_boolean (node);
  return TRUE;
}

/* "auto" is ceil (d/16). */
static gboolean
read_rank (const Fields *fields, const char *name, gsize d_model, gsize *rank, GError **error)
{
  if (!has_field (fields, name)
      || g_strcmp0 (eg_json_node_get_text (json_object_get_member (fields->object, name)), "auto") == 0)
    {
      *rank = (d_model + 15) / 16;
      return TRUE;
    }
  return read_size (fields, name, rank, error);
}

static gboolean
read_inner (const Fields *fields, const char *width, gsize d_model, gsize *d_inner, GError **error)
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
      g_set_error (
          error, EG_ERROR, EG_ERROR_FORMAT,
          _ ("%s: intermediate_size is %zu, but expand × %s is %zu; the two fields contradict each other"),
          fields->where, given, width, *d_inner);
      return FALSE;
    }
  *d_inner = given;
  return TRUE;
}

static gboolean
read_epsilon (const Fields *fields, const char *name, float *epsilon, GError **error)
{
  *epsilon = 1e-5f;
  if (!has_field (fields, name))
    return TRUE;
  JsonNode *node = json_object_get_member (fields->object, name);
  const GType type = JSON_NODE_HOLDS_VALUE (node) ? json_node_get_value_type (node) : G_TYPE_INVALID;
  const double value = type == G_TYPE_DOUBLE || type == G_TYPE_INT64 ? json_node_get_double (node) : -1;
  if (!(value >= 0 && value <= 1))
    {
      g_set_error (error, EG_ERROR, EG_ERROR_FORMAT, _ ("%s: the field “%s” must be a number from 0 to 1"),
                   fields->where, name);
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
  g_set_error (error, EG_ERROR, EG_ERROR_UNSUPPORTED,
               /* TRANSLATORS: a file, a field of it and the field's value; the field again, and the value
                * that it must have. */
               _ ("%s: %s is “%s”; Engram traces models whose %s is “%s”"), fields->where, name, quoted, name,
               only);
  return FALSE;
}

static gboolean
load_hugging_face (const Fields *fields, EgModelConfig *config, GError **error)
{
  return require_text (fields, "model_type", "mamba", error)
         && require_text (fields, "hidden_act", "silu", error)
         && read_size (fields, "hidden_size", &config->d_model, error)
         && read_size (fields, "num_hidden_layers", &config->n_layers, error)
         && read_size (fields, "vocab_size", &config->vocab_size, error)
         && read_size (fields, "state_size", &config->d_state, error)
         && read_size (fields, "conv_kernel", &config->d_conv, error)
         && read_inner (fields, "hidden_size", config->d_model, &config->d_inner, error)
         && read_rank (fields, "time_step_rank", config->d_model, &config->dt_rank, error)
         && read_boolean (fields, "use_bias", FALSE, &config->use_bias, error)
         && read_boolean (fields, "use_conv_bias", TRUE, &config->use_conv_bias, error)
         && read_boolean (fields, "tie_word_embeddings", TRUE, &config->tie_embeddings, error)
         && read_epsilon (fields, "layer_norm_epsilon", &config->norm_eps, error);
}

/* ---- the original layout: mamba_ssm's MambaConfig ---- */

static gboolean
read_size_or (const Fields *fields, const char *name, gsize fallback, gsize *value, GError **error)
{
  *value = fallback;
  return !has_field (fields, name) || read_size (fields, name, value, error);
}

/* Fields that make another network of it unless they are empty: attention, MLPs. */
static gboolean
require_nothing (const Fields *fields, const char *name, GError **error)
{
  if (!has_field (fields, name))
    return TRUE;
  JsonNode *node = json_object_get_member (fields->object, name);
  guint64 number;
  if ((JSON_NODE_HOLDS_ARRAY (node) && json_array_get_length (json_node_get_array (node)) == 0)
      || (JSON_NODE_HOLDS_OBJECT (node) && json_object_get_size (json_node_get_object (node)) == 0)
      || (eg_json_node_get_size (node, &number) && number == 0))
    return TRUE;
  g_set_error (error, EG_ERROR, EG_ERROR_UNSUPPORTED,
               _ ("%s: %s is not empty; Engram traces Mamba alone, without attention and MLPs"),
               fields->where, name);
  return FALSE;
}

/* A field of ssm_cfg that Engram does not know might be another network. */
static gboolean
check_names (const Fields *fields, GError **error)
{
  static const char *const known[]
      = { "layer",   "d_state",  "d_conv",        "expand",    "dt_rank", "dt_min",        "dt_max",
          "dt_init", "dt_scale", "dt_init_floor", "conv_bias", "bias",    "use_fast_path", NULL };
  g_autoptr (GList) names = json_object_get_members (fields->object);
  for (GList *it = names; it; it = it->next)
    if (!g_strv_contains (known, it->data))
      {
        g_autofree char *quoted = eg_quote (it->data);
        g_set_error (error, EG_ERROR, EG_ERROR_UNSUPPORTED,
                     _ ("%s: Engram does not know the field “%s” of ssm_cfg"), fields->where, quoted);
        return FALSE;
      }
  return TRUE;
}

static gboolean
load_ssm (const Fields *fields, EgModelConfig *config, GError **error)
{
  return require_text (fields, "layer", "Mamba1", error) && check_names (fields, error)
         && read_size_or (fields, "d_state", 16, &config->d_state, error)
         && read_size_or (fields, "d_conv", 4, &config->d_conv, error)
         && read_inner (fields, "d_model", config->d_model, &config->d_inner, error)
         && read_rank (fields, "dt_rank", config->d_model, &config->dt_rank, error)
         && read_boolean (fields, "bias", FALSE, &config->use_bias, error)
         && read_boolean (fields, "conv_bias", TRUE, &config->use_conv_bias, error);
}

/* Its weights do not tell a LayerNorm from an RMSNorm before the first bias is missed. */
static gboolean
require_rms_norm (const Fields *fields, GError **error)
{
  gboolean rms_norm;
  if (!read_boolean (fields, "rms_norm", TRUE, &rms_norm, error))
    return FALSE;
  if (!rms_norm)
    g_set_error (error, EG_ERROR, EG_ERROR_UNSUPPORTED,
                 _ ("%s: rms_norm is false; Engram traces models with RMSNorm"), fields->where);
  return rms_norm;
}

static gboolean
load_original (const Fields *fields, EgModelConfig *config, GError **error)
{
  g_autoptr (JsonObject) none = json_object_new ();
  Fields ssm = { none, fields->where };
  if (has_field (fields, "ssm_cfg"))
    {
      JsonNode *node = json_object_get_member (fields->object, "ssm_cfg");
      if (!JSON_NODE_HOLDS_OBJECT (node))
        {
          g_set_error (error, EG_ERROR, EG_ERROR_FORMAT, _ ("%s: the field “ssm_cfg” must be an object"),
                       fields->where);
          return FALSE;
        }
      ssm.object = json_node_get_object (node);
    }
  gsize multiple;
  if (!read_size (fields, "d_model", &config->d_model, error)
      || !read_size (fields, "n_layer", &config->n_layers, error)
      || !read_size (fields, "vocab_size", &config->vocab_size, error)
      || !read_size_or (fields, "pad_vocab_size_multiple", 8, &multiple, error)
      || !require_rms_norm (fields, error) || !require_nothing (fields, "attn_layer_idx", error)
      || !require_nothing (fields, "attn_cfg", error) || !require_nothing (fields, "d_intermediate", error)
      || !read_boolean (fields, "tie_embeddings", TRUE, &config->tie_embeddings, error)
      || !load_ssm (&ssm, config, error))
    return FALSE;
  config->vocab_size = (config->vocab_size + multiple - 1) / multiple * multiple;
  return read_epsilon (fields, "norm_epsilon", &config->norm_eps, error);
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
  return has_field (&fields, "d_model") && !has_field (&fields, "hidden_size")
             ? load_original (&fields, config, error)
             : load_hugging_face (&fields, config, error);
}
