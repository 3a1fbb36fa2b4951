/* Reads what the config.json of families with attention have alike. */
#include "network/attention/config.h"

#include "core/error.h"
#include "formats/quote.h"

#include <glib/gi18n.h>

gboolean
eg_attention_read_activation (
    const EgFields *fields, const char *name, EgActivation fallback, EgActivation *activation, GError **error)
{
  static const struct
  {
    const char *name;
    EgActivation activation;
  } known[] = { { "gelu_new", EG_ACTIVATION_GELU_TANH },
                { "gelu_pytorch_tanh", EG_ACTIVATION_GELU_TANH },
                { "gelu_fast", EG_ACTIVATION_GELU_TANH },
                { "gelu_accurate", EG_ACTIVATION_GELU_TANH },
                { "gelu_python_tanh", EG_ACTIVATION_GELU_TANH },
                { "gelu", EG_ACTIVATION_GELU },
                { "gelu_python", EG_ACTIVATION_GELU },
                { "relu", EG_ACTIVATION_RELU },
                { "silu", EG_ACTIVATION_SILU },
                { "swish", EG_ACTIVATION_SILU } };
  *activation = fallback;
  if (!eg_fields_has (fields, name))
    return TRUE;
  const char *text = eg_fields_text (fields, name);
  for (gsize i = 0; i < G_N_ELEMENTS (known); i++)
    if (g_strcmp0 (text, known[i].name) == 0)
      {
        *activation = known[i].activation;
        return TRUE;
      }
  g_autofree char *quoted = text ? eg_quote (text) : g_strdup ("?");
  g_set_error (error, EG_ERROR, EG_ERROR_UNSUPPORTED,
               /* TRANSLATORS: a file, a field of it and its value. */
               _ ("%s: %s is “%s”; Engram knows gelu_new, gelu, relu and silu"), fields->where, name, quoted);
  return FALSE;
}

gboolean
eg_attention_share_heads (const EgFields *fields,
                          const char *width_name,
                          gsize d_model,
                          const char *heads_name,
                          gsize n_heads,
                          gsize *d_head,
                          GError **error)
{
  *d_head = d_model / n_heads;
  if (*d_head * n_heads == d_model)
    return TRUE;
  g_set_error (error, EG_ERROR, EG_ERROR_FORMAT,
               /* TRANSLATORS: a file, a field of it and its value; how many heads, and that field. */
               _ ("%s: %s is %zu, which %zu heads (%s) do not share evenly"), fields->where, width_name,
               d_model, n_heads, heads_name);
  return FALSE;
}
