/* config.json of Mamba-1, as Hugging Face's MambaConfig writes it, or as mamba_ssm's does (the original
 * layout, with d_model, n_layer, ssm_cfg). */
#include "network/mamba1/private.h"

#include "network/ssm/config.h"

static gboolean
read_block (const EgFields *ssm, EgSelectiveSizes *config, GError **error)
{
  return eg_fields_require_text (ssm, "layer", "Mamba1", error)
         && eg_fields_size_or (ssm, "d_state", 16, &config->d_state, error)
         && eg_fields_size_or (ssm, "d_conv", 4, &config->d_conv, error)
         && eg_ssm_read_inner (ssm, config->sizes.d_model, &config->d_inner, error)
         && eg_ssm_read_rank (ssm, "dt_rank", config->sizes.d_model, &config->dt_rank, error)
         && eg_fields_boolean (ssm, "bias", FALSE, &config->use_bias, error)
         && eg_fields_boolean (ssm, "conv_bias", TRUE, &config->use_conv_bias, error);
}

static gboolean
read_original (const EgFields *fields, EgSelectiveSizes *config, GError **error)
{
  static const char *const known[]
      = { "layer",   "d_state",  "d_conv",        "expand",    "dt_rank", "dt_min",        "dt_max",
          "dt_init", "dt_scale", "dt_init_floor", "conv_bias", "bias",    "use_fast_path", NULL };
  EgFields ssm;
  if (!eg_ssm_read_original (fields, known, &config->sizes, &ssm, error) || !read_block (&ssm, config, error))
    return FALSE;
  eg_selective_complete (config);
  return TRUE;
}

gboolean
eg_mamba1_recognizes (const EgFields *fields)
{
  if (eg_fields_has (fields, "model_type"))
    return g_strcmp0 (eg_fields_text (fields, "model_type"), "mamba") == 0;
  /* mamba_ssm's other block is another family's. */
  return g_strcmp0 (eg_ssm_get_layer_name (fields), "Mamba2") != 0
         && (eg_fields_has (fields, "d_model") || eg_fields_has (fields, "hidden_size"));
}

gboolean
eg_mamba1_read (const EgFields *fields, gpointer sizes, GError **error)
{
  return eg_ssm_is_original (fields) ? read_original (fields, sizes, error)
                                     : eg_selective_read_hugging_face (fields, sizes, error);
}
