/* What config.json says of layers with a convolution and a state, in both layouts. */
#include "network/ssm/config.h"

#include "core/error.h"
#include "formats/json-text.h"
#include "formats/quote.h"

#include <glib/gi18n.h>

/* "auto" is ceil (d/16). */
gboolean
eg_ssm_read_rank (const EgFields *fields, const char *name, gsize d_model, gsize *rank, GError **error)
{
  if (!eg_fields_has (fields, name)
      || g_strcmp0 (eg_json_node_get_text (json_object_get_member (fields->object, name)), "auto") == 0)
    {
      *rank = (d_model + 15) / 16;
      return TRUE;
    }
  return eg_fields_size (fields, name, rank, error);
}

/* As transformers spells it, or flash-linear-attention, whose configs say model_type "mamba", too. */
static gboolean
read_either_rank (const EgFields *fields, gsize d_model, gsize *rank, GError **error)
{
  gsize other;
  const gboolean has_other = eg_fields_has (fields, "dt_rank");
  const char *name = has_other && !eg_fields_has (fields, "time_step_rank") ? "dt_rank" : "time_step_rank";
  if (!eg_ssm_read_rank (fields, name, d_model, rank, error)
      || (has_other && !eg_ssm_read_rank (fields, "dt_rank", d_model, &other, error)))
    return FALSE;
  return !has_other || other == *rank
         || eg_fields_set_disagreement (fields, "time_step_rank", "dt_rank", error);
}

/* The size rules over expand, as in transformers: expand has a default that nobody takes back. */
gboolean
eg_ssm_read_inner (const EgFields *fields, gsize d_model, gsize *d_inner, GError **error)
{
  gsize expand;
  return eg_fields_size_or (fields, "expand", 2, &expand, error)
         && eg_fields_size_or (fields, "intermediate_size", expand * d_model, d_inner, error);
}

/* What follows from them. */
void
eg_selective_complete (EgSelectiveSizes *config)
{
  config->sizes.d_input = 2 * config->d_inner;
  config->sizes.d_memory = config->d_inner * config->d_state;
  config->sizes.n_state = config->d_state;
}

gboolean
eg_selective_read_hugging_face (const EgFields *fields, EgSelectiveSizes *config, GError **error)
{
  const gboolean ok
      = eg_fields_require_text (fields, "hidden_act", "silu|swish", error)
        && eg_fields_size_or (fields, "hidden_size", 768, &config->sizes.d_model, error)
        && eg_fields_size_or (fields, "num_hidden_layers", 32, &config->sizes.n_layers, error)
        && eg_fields_size_or (fields, "vocab_size", 50280, &config->sizes.vocab_size, error)
        && eg_fields_size_or (fields, "state_size", 16, &config->d_state, error)
        && eg_fields_size_or (fields, "conv_kernel", 4, &config->d_conv, error)
        && eg_ssm_read_inner (fields, config->sizes.d_model, &config->d_inner, error)
        && read_either_rank (fields, config->sizes.d_model, &config->dt_rank, error)
        && eg_fields_boolean (fields, "use_bias", FALSE, &config->use_bias, error)
        && eg_fields_boolean (fields, "use_conv_bias", TRUE, &config->use_conv_bias, error)
        && eg_fields_boolean (fields, "tie_word_embeddings", TRUE, &config->sizes.tie_embeddings, error)
        && eg_fields_epsilon (fields, EG_SSM_EPSILON, &config->sizes.norm_eps, error);
  if (ok)
    eg_selective_complete (config);
  return ok;
}

/* ---- the original layout: mamba_ssm's MambaConfig ---- */

/* MambaByte's has a hidden_size, too. But a Hugging Face file keeps all fields of the original that it was
 * made from, as state-spaces/mamba-130m-hf does, and transformers never reads them. */
gboolean
eg_ssm_is_original (const EgFields *fields)
{
  return eg_fields_has (fields, "d_model")
         && (!eg_fields_has (fields, "hidden_size")
             || (eg_fields_has (fields, "n_layer") && !eg_fields_has (fields, "num_hidden_layers")));
}

const char *
eg_ssm_get_layer_name (const EgFields *fields)
{
  JsonNode *node
      = eg_fields_has (fields, "ssm_cfg") ? json_object_get_member (fields->object, "ssm_cfg") : NULL;
  const EgFields ssm
      = { node && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL, fields->where };
  return eg_fields_text (&ssm, "layer");
}

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
check_names (const EgFields *fields, const char *const known[], GError **error)
{
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

/* Its weights do not tell a LayerNorm from an RMSNorm before the first bias is missed. */
static gboolean
require_rms_norm (const EgFields *fields, GError **error)
{
  return eg_fields_require_flag (fields, "rms_norm", TRUE, error);
}

gboolean
eg_ssm_read_original (
    const EgFields *fields, const char *const known[], EgSizes *sizes, EgFields *ssm, GError **error)
{
  gsize multiple;
  *ssm = (EgFields){ NULL, fields->where };
  if (eg_fields_has (fields, "ssm_cfg"))
    {
      JsonNode *node = json_object_get_member (fields->object, "ssm_cfg");
      if (!JSON_NODE_HOLDS_OBJECT (node))
        {
          g_set_error (error, EG_ERROR, EG_ERROR_FORMAT, _ ("%s: the field “ssm_cfg” must be an object"),
                       fields->where);
          return FALSE;
        }
      ssm->object = json_node_get_object (node);
    }
  if (!eg_fields_agree (fields, "d_model", "hidden_size", error)
      || !eg_fields_size (fields, "d_model", &sizes->d_model, error)
      || !eg_fields_size (fields, "n_layer", &sizes->n_layers, error)
      || !eg_fields_size (fields, "vocab_size", &sizes->vocab_size, error)
      || !eg_fields_size_or (fields, "pad_vocab_size_multiple", 8, &multiple, error)
      || !require_rms_norm (fields, error) || !require_nothing (fields, "attn_layer_idx", error)
      || !require_nothing (fields, "attn_cfg", error) || !require_nothing (fields, "d_intermediate", error)
      || !eg_fields_boolean (fields, "tie_embeddings", TRUE, &sizes->tie_embeddings, error)
      || (ssm->object && !check_names (ssm, known, error)))
    return FALSE;
  sizes->vocab_size = (sizes->vocab_size + multiple - 1) / multiple * multiple;
  return eg_fields_epsilon (fields, EG_SSM_EPSILON, &sizes->norm_eps, error);
}
