/* A checkpoint's config.json: the sizes of a Mamba-1 network (Gu & Dao 2023), as Hugging Face's MambaConfig
 * writes them, or as mamba_ssm's does (the original layout, with d_model, n_layer, ssm_cfg). */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * EgModelConfig: design §3's letters.
 * @d_model: d; @n_layers: L; @d_inner: D; @d_state: N; @d_conv: K; @dt_rank: R; @vocab_size: V, padded
 * @use_bias: in_proj and out_proj have biases; @use_conv_bias: conv1d has one
 * @tie_embeddings: the head is the embedding unless the checkpoint has lm_head.weight
 */
typedef struct
{
  gsize d_model, n_layers, d_inner, d_state, d_conv, dt_rank, vocab_size;
  gboolean use_bias, use_conv_bias, tie_embeddings;
  float norm_eps;
} EgModelConfig;

/* Reads and checks every field: EG_ERROR_FORMAT for a missing, mistyped, absurd or contradicting one (named),
 * EG_ERROR_UNSUPPORTED for a model that is not Mamba-1. */
gboolean eg_model_config_load (const char *path, EgModelConfig *config, GError **error);

G_END_DECLS
