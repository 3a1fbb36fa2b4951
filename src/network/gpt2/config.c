/* config.json of GPT-2, as Hugging Face's GPT2Config writes it; it also takes the names that sizes have in
 * all of transformers' configs (its attribute_map). */
#include "network/gpt2/private.h"

#include "core/error.h"
#include "formats/quote.h"

#include <glib/gi18n.h>

gboolean
eg_gpt2_recognizes (const EgFields *fields)
{
  return g_strcmp0 (eg_fields_text (fields, "model_type"), "gpt2") == 0;
}

static gboolean
read_activation (const EgFields *fields, EgActivation *activation, GError **error)
{
  static const struct
  {
    const char *name;
    EgActivation activation;
  } known[] = { { "gelu_new", EG_ACTIVATION_GELU_TANH },  { "gelu_pytorch_tanh", EG_ACTIVATION_GELU_TANH },
                { "gelu_fast", EG_ACTIVATION_GELU_TANH }, { "gelu", EG_ACTIVATION_GELU },
                { "relu", EG_ACTIVATION_RELU },           { "silu", EG_ACTIVATION_SILU },
                { "swish", EG_ACTIVATION_SILU } };
  *activation = EG_ACTIVATION_GELU_TANH;
  if (!eg_fields_has (fields, "activation_function"))
    return TRUE;
  const char *text = eg_fields_text (fields, "activation_function");
  for (gsize i = 0; i < G_N_ELEMENTS (known); i++)
    if (g_strcmp0 (text, known[i].name) == 0)
      {
        *activation = known[i].activation;
        return TRUE;
      }
  g_autofree char *quoted = text ? eg_quote (text) : g_strdup ("?");
  g_set_error (error, EG_ERROR, EG_ERROR_UNSUPPORTED,
               _ ("%s: activation_function is “%s”; Engram knows gelu_new, gelu, relu and silu"),
               fields->where, quoted);
  return FALSE;
}

static gboolean
read_heads (const EgFields *fields, EgGpt2Sizes *self, GError **error)
{
  if (!eg_fields_size_by (fields, "n_head", "num_attention_heads", 12, &self->n_heads, error))
    return FALSE;
  self->d_head = self->sizes.d_model / self->n_heads;
  if (self->d_head * self->n_heads == self->sizes.d_model)
    return TRUE;
  g_set_error (error, EG_ERROR, EG_ERROR_FORMAT,
               _ ("%s: n_embd is %zu, which %zu heads (n_head) do not share evenly"), fields->where,
               self->sizes.d_model, self->n_heads);
  return FALSE;
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
  if (!refuse_cross_attention (fields, error)
      || !eg_fields_size_by (fields, "n_embd", "hidden_size", 768, &common->d_model, error)
      || !eg_fields_size_by (fields, "n_layer", "num_hidden_layers", 12, &common->n_layers, error)
      || !eg_fields_size_or (fields, "vocab_size", 50257, &common->vocab_size, error)
      || !eg_fields_size_by (fields, "n_positions", "max_position_embeddings", 1024, &common->n_positions,
                             error)
      || !read_heads (fields, self, error)
      || !eg_fields_size_or (fields, "n_inner", 4 * common->d_model, &self->n_inner, error)
      || !read_activation (fields, &self->activation, error)
      || !eg_fields_boolean (fields, "scale_attn_weights", TRUE, &self->scale_weights, error)
      || !eg_fields_boolean (fields, "scale_attn_by_inverse_layer_idx", FALSE, &self->scale_by_layer, error)
      || !eg_fields_boolean (fields, "tie_word_embeddings", TRUE, &common->tie_embeddings, error)
      || !eg_fields_epsilon (fields, &common->norm_eps, error))
    return FALSE;
  common->d_input = 3 * common->d_model;
  return TRUE;
}
