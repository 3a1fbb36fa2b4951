/* config.json of Mamba-1, as Hugging Face's MambaConfig writes it, or as mamba_ssm's does (the original
 * layout, with d_model, n_layer, ssm_cfg). */
#include "network/mamba1/private.h"

#include "core/error.h"
#include "formats/json-text.h"
#include "formats/quote.h"

#include <glib/gi18n.h>

/* "auto" is ceil (d/16). */
static gboolean
read_rank (const EgFields *fields, const char *name, gsize d_model, gsize *rank, GError **error)
{
  if (!eg_fields_has (fields, name)
      || g_strcmp0 (eg_json_node_get_text (json_object_get_member (fields->object, name)), "auto") == 0)
    {
      *rank = (d_model + 15) / 16;
      return TRUE;
    }
  return eg_fields_size (fields, name, rank, error);
}

/* The size rules over expand, as in transformers: expand has a default that nobody takes back. */
static gboolean
read_inner (const EgFields *fields, gsize d_model, gsize *d_inner, GError **error)
{
  gsize expand;
  return eg_fields_size_or (fields, "expand", 2, &expand, error)
         && eg_fields_size_or (fields, "intermediate_size", expand * d_model, d_inner, error);
}

static gboolean
load_hugging_face (const EgFields *fields, EgMamba1Sizes *config, GError **error)
{
  return eg_fields_require_text (fields, "hidden_act", "silu|swish", error)
         && eg_fields_agree (fields, "hidden_size", "d_model", error)
         && eg_fields_size_or (fields, "hidden_size", 768, &config->sizes.d_model, error)
         && eg_fields_size_or (fields, "num_hidden_layers", 32, &config->sizes.n_layers, error)
         && eg_fields_size_or (fields, "vocab_size", 50280, &config->sizes.vocab_size, error)
         && eg_fields_size_or (fields, "state_size", 16, &config->d_state, error)
         && eg_fields_size_or (fields, "conv_kernel", 4, &config->d_conv, error)
         && read_inner (fields, config->sizes.d_model, &config->d_inner, error)
         && read_rank (fields, "time_step_rank", config->sizes.d_model, &config->dt_rank, error)
         && eg_fields_boolean (fields, "use_bias", FALSE, &config->use_bias, error)
         && eg_fields_boolean (fields, "use_conv_bias", TRUE, &config->use_conv_bias, error)
         && eg_fields_boolean (fields, "tie_word_embeddings", TRUE, &config->sizes.tie_embeddings, error)
         && eg_fields_epsilon (fields, &config->sizes.norm_eps, error);
}

/* ---- the original layout: mamba_ssm's MambaConfig ---- */

/* EgFields that make another network of it unless they are empty: attention, MLPs. */
static gboolean
require_nothing (const EgFields *fields, const char *name, GError **error)
{
  if (!eg_fields_has (fields, name))
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
check_names (const EgFields *fields, GError **error)
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
load_ssm (const EgFields *fields, EgMamba1Sizes *config, GError **error)
{
  return eg_fields_require_text (fields, "layer", "Mamba1", error) && check_names (fields, error)
         && eg_fields_size_or (fields, "d_state", 16, &config->d_state, error)
         && eg_fields_size_or (fields, "d_conv", 4, &config->d_conv, error)
         && read_inner (fields, config->sizes.d_model, &config->d_inner, error)
         && read_rank (fields, "dt_rank", config->sizes.d_model, &config->dt_rank, error)
         && eg_fields_boolean (fields, "bias", FALSE, &config->use_bias, error)
         && eg_fields_boolean (fields, "conv_bias", TRUE, &config->use_conv_bias, error);
}

/* Its weights do not tell a LayerNorm from an RMSNorm before the first bias is missed. */
static gboolean
require_rms_norm (const EgFields *fields, GError **error)
{
  gboolean rms_norm;
  if (!eg_fields_boolean (fields, "rms_norm", TRUE, &rms_norm, error))
    return FALSE;
  if (!rms_norm)
    g_set_error (error, EG_ERROR, EG_ERROR_UNSUPPORTED,
                 _ ("%s: rms_norm is false; Engram traces models with RMSNorm"), fields->where);
  return rms_norm;
}

static gboolean
load_original (const EgFields *fields, EgMamba1Sizes *config, GError **error)
{
  g_autoptr (JsonObject) none = json_object_new ();
  EgFields ssm = { none, fields->where };
  if (eg_fields_has (fields, "ssm_cfg"))
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
  if (!eg_fields_agree (fields, "d_model", "hidden_size", error)
      || !eg_fields_size (fields, "d_model", &config->sizes.d_model, error)
      || !eg_fields_size (fields, "n_layer", &config->sizes.n_layers, error)
      || !eg_fields_size (fields, "vocab_size", &config->sizes.vocab_size, error)
      || !eg_fields_size_or (fields, "pad_vocab_size_multiple", 8, &multiple, error)
      || !require_rms_norm (fields, error) || !require_nothing (fields, "attn_layer_idx", error)
      || !require_nothing (fields, "attn_cfg", error) || !require_nothing (fields, "d_intermediate", error)
      || !eg_fields_boolean (fields, "tie_embeddings", TRUE, &config->sizes.tie_embeddings, error)
      || !load_ssm (&ssm, config, error))
    return FALSE;
  config->sizes.vocab_size = (config->sizes.vocab_size + multiple - 1) / multiple * multiple;
  return eg_fields_epsilon (fields, &config->sizes.norm_eps, error);
}

/* What follows from them. */
static void
complete (EgMamba1Sizes *config)
{
  config->sizes.d_input = 2 * config->d_inner;
  config->sizes.d_memory = config->d_inner * config->d_state;
  config->sizes.n_state = config->d_state;
}

/* The original layout has no model_type; MambaByte's has a hidden_size, too. */
static gboolean
is_original (const EgFields *fields)
{
  return eg_fields_has (fields, "d_model")
         && (!eg_fields_has (fields, "hidden_size") || eg_fields_has (fields, "n_layer"));
}

gboolean
eg_mamba1_recognizes (const EgFields *fields)
{
  if (eg_fields_has (fields, "model_type"))
    return g_strcmp0 (eg_fields_text (fields, "model_type"), "mamba") == 0;
  return eg_fields_has (fields, "d_model") || eg_fields_has (fields, "hidden_size");
}

gboolean
eg_mamba1_read (const EgFields *fields, gpointer sizes, GError **error)
{
  EgMamba1Sizes *config = sizes;
  if (!(is_original (fields) ? load_original (fields, config, error)
                             : load_hugging_face (fields, config, error)))
    return FALSE;
  complete (config);
  return TRUE;
}
