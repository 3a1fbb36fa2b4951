/* config.json of GPT-NeoX, as Hugging Face's GPTNeoXConfig writes it: rotary_pct and rotary_emb_base, or
 * since version 5 an object rope_parameters. */
#include "network/gpt-neox/private.h"

#include "core/error.h"
#include "network/attention/config.h"

#include <glib/gi18n.h>

gboolean
eg_neox_recognizes (const EgFields *fields)
{
  return g_strcmp0 (eg_fields_text (fields, "model_type"), "gpt_neox") == 0;
}

/* What says how positions are rotated, or fields that say nothing of it. transformers reads rope_scaling
 * first. */
static gboolean
find_rope (const EgFields *fields, EgFields *rope, GError **error)
{
  static const char *const names[] = { "rope_scaling", "rope_parameters" };
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      if (!eg_fields_has (fields, names[i]))
        continue;
      JsonNode *node = json_object_get_member (fields->object, names[i]);
      if (!JSON_NODE_HOLDS_OBJECT (node))
        {
          g_set_error (error, EG_ERROR, EG_ERROR_FORMAT, _ ("%s: the field “%s” must be an object"),
                       fields->where, names[i]);
          return FALSE;
        }
      *rope = (EgFields){ json_node_get_object (node), fields->where };
      if (json_object_get_size (rope->object) > 0)
        return TRUE;
    }
  rope->object = NULL;
  return TRUE;
}

/* A number that both the file and the object within it may have: the same one, then. */
static gboolean
read_number (const EgFields *fields,
             const char *name,
             const EgFields *rope,
             const char *rope_name,
             double fallback,
             double most,
             double *value,
             GError **error)
{
  double inner = fallback;
  if (!eg_fields_number (fields, name, fallback, 0, most, value, error))
    return FALSE;
  if (rope->object == NULL || !eg_fields_has (rope, rope_name))
    return TRUE;
  if (!eg_fields_number (rope, rope_name, fallback, 0, most, &inner, error))
    return FALSE;
  if (eg_fields_has (fields, name) && inner != *value)
    return eg_fields_set_disagreement (fields, name, rope_name, error);
  *value = inner;
  return TRUE;
}

/* As transformers: R is whole numbers of the head's width, and an odd one's last pair has a partner, too. */
static gboolean
read_rotary (const EgFields *fields, EgNeoxSizes *self, GError **error)
{
  EgFields rope = { NULL, fields->where };
  double share;
  if (!find_rope (fields, &rope, error)
      || !read_number (fields, "rotary_pct", &rope, "partial_rotary_factor", 0.25, 1, &share, error)
      || !read_number (fields, "rotary_emb_base", &rope, "rope_theta", 10000, G_MAXFLOAT, &self->rotary_base,
                       error))
    return FALSE;
  if (rope.object != NULL
      && (!eg_fields_require_text (&rope, "rope_type", "default", error)
          || !eg_fields_require_text (&rope, "type", "default", error)))
    return FALSE;
  self->rotated = (gsize)((double)self->d_head * share);
  self->n_rotary = self->rotated + self->rotated % 2;
  if (self->n_rotary <= self->d_head && (self->rotary_base > 0 || self->n_rotary == 0))
    return TRUE;
  g_set_error (error, EG_ERROR, EG_ERROR_FORMAT,
               _ ("%s: %zu numbers of a head of %zu, to the base %g, cannot be rotated in pairs"),
               fields->where, self->rotated, self->d_head, self->rotary_base);
  return FALSE;
}

/* transformers rotates a share of head_dim where it is there, and shares hidden_size all the same. */
static gboolean
check_head_width (const EgFields *fields, const EgNeoxSizes *self, GError **error)
{
  gsize said;
  return eg_fields_size_or (fields, "head_dim", self->d_head, &said, error)
         && (said == self->d_head
             || eg_fields_set_disagreement (fields, "head_dim", "hidden_size / num_attention_heads", error));
}

gboolean
eg_neox_read (const EgFields *fields, gpointer sizes, GError **error)
{
  EgNeoxSizes *self = sizes;
  EgSizes *common = &self->sizes;
  if (!eg_fields_require_flag (fields, "is_causal", TRUE, error)
      || !eg_fields_size_or (fields, "hidden_size", 6144, &common->d_model, error)
      || !eg_fields_size_or (fields, "num_hidden_layers", 44, &common->n_layers, error)
      || !eg_fields_size_or (fields, "vocab_size", 50432, &common->vocab_size, error)
      || !eg_fields_size_or (fields, "num_attention_heads", 64, &self->n_heads, error)
      || !eg_attention_share_heads (fields, "hidden_size", common->d_model, "num_attention_heads",
                                    self->n_heads, &self->d_head, error)
      || !check_head_width (fields, self, error)
      || !eg_fields_size_or (fields, "intermediate_size", 24576, &self->n_inner, error)
      || !eg_attention_read_activation (fields, "hidden_act", EG_ACTIVATION_GELU, &self->activation, error)
      || !eg_fields_boolean (fields, "use_parallel_residual", TRUE, &self->parallel, error)
      || !eg_fields_boolean (fields, "attention_bias", TRUE, &self->attention_bias, error)
      || !eg_fields_boolean (fields, "tie_word_embeddings", FALSE, &common->tie_embeddings, error)
      || !eg_fields_epsilon (fields, "layer_norm_eps", &common->norm_eps, error)
      || !read_rotary (fields, self, error))
    return FALSE;
  common->d_input = 4 * common->d_model;
  common->n_heads = self->n_heads;
  return TRUE;
}
