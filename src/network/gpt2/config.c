/* config.json of GPT-2, as Hugging Face's GPT2Config writes it; it also takes the names that sizes have in
 * all of transformers' configs (its attribute_map). */
#include "network/gpt2/private.h"

#include "core/error.h"
#include "network/attention/config.h"

#include <glib/gi18n.h>

gboolean
eg_gpt2_recognizes (const EgFields *fields)
{
  return g_strcmp0 (eg_fields_text (fields, "model_type"), "gpt2") == 0;
}

static gboolean
refuse_cross_attention (const EgFields *fields, GError **error)
{
  gboolean crossed;
  if (!eg_fields_boolean (fields, "add_cross_attention", FALSE, &crossed, error))
    return FALSE;
  if (crossed)
    g_set_error (error, EG_ERROR, EG_ERROR_UNSUPPORTED,
                 _ ("%s: add_cross_attention is true; Engram traces models of text alone"), fields->where);
  return !crossed;
}

gboolean
eg_gpt2_read (const EgFields *fields, gpointer sizes, GError **error)
{
  EgGpt2Sizes *self = sizes;
  EgSizes *common = &self->sizes;
  if (!refuse_cross_attention (fields, error) || !eg_fields_require_flag (fields, "is_causal", TRUE, error)
      || !eg_fields_size_by (fields, "n_embd", "hidden_size", 768, &common->d_model, error)
      || !eg_fields_size_by (fields, "n_layer", "num_hidden_layers", 12, &common->n_layers, error)
      || !eg_fields_size_or (fields, "vocab_size", 50257, &common->vocab_size, error)
      || !eg_fields_size_by (fields, "n_positions", "max_position_embeddings", 1024, &common->n_positions,
                             error)
      || !eg_fields_size_by (fields, "n_head", "num_attention_heads", 12, &self->n_heads, error)
      || !eg_attention_share_heads (fields, "n_embd", common->d_model, "n_head", self->n_heads, &self->d_head,
                                    error)
      || !eg_fields_size_or (fields, "n_inner", 4 * common->d_model, &self->n_inner, error)
      || !eg_attention_read_activation (fields, "activation_function", EG_ACTIVATION_GELU_TANH,
                                        &self->activation, error)
      || !eg_fields_boolean (fields, "scale_attn_weights", TRUE, &self->scale_weights, error)
      || !eg_fields_boolean (fields, "scale_attn_by_inverse_layer_idx", FALSE, &self->scale_by_layer, error)
      || !eg_fields_boolean (fields, "tie_word_embeddings", TRUE, &common->tie_embeddings, error)
      || !eg_fields_epsilon (fields, "layer_norm_epsilon", &common->norm_eps, error))
    return FALSE;
  common->d_input = 3 * common->d_model;
  common->n_heads = self->n_heads;
  return TRUE;
}
