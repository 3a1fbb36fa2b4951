/* A checkpoint's tensors by their role in the network, checked against config.json. */
#pragma once

#include "engine/backend.h"
#include "formats/checkpoint.h"
#include "network/config.h"

G_BEGIN_DECLS

/**
 * EgLayerWeights: matrices stay as they lie in the checkpoint; vectors are float32 copies.
 * @in_proj [2D, d], @x_proj [R+2N, D], @dt_proj [D, R], @out_proj [d, D]
 * @norm [d]; @in_bias [2D] and @out_bias [d] or %NULL; @dt_bias [D]; @skip [D] (the checkpoint's D)
 * @conv [K, D]: the checkpoint's conv1d.weight [D, 1, K], transposed; @conv_bias [D] or %NULL
 * @a [N, D]: −exp (A_log)·log₂e, transposed
 */
typedef struct
{
  EgMatrix in_proj, x_proj, dt_proj, out_proj;
  const float *norm, *in_bias, *conv, *conv_bias, *dt_bias, *a, *skip, *out_bias;
} EgLayerWeights;

typedef struct
{
  EgMatrix embedding, head; /* [V, d] both; the same data when tied */
  const float *norm;        /* [d] */
  EgLayerWeights *layers;   /* [n_layers] */
  gsize n_parameters;
  GPtrArray *vectors; /* owns the float32 copies */
} EgWeights;

/* Names the tensor that is missing or has another shape. The checkpoint must outlive the weights. (transfer
 * full) */
EgWeights *eg_weights_new (EgCheckpoint *checkpoint, const EgModelConfig *config, GError **error);
void eg_weights_free (EgWeights *self);

/* The same checks, without reading a weight. n_parameters: (out), when they pass. */
gboolean
eg_weights_check (EgCheckpoint *checkpoint, const EgModelConfig *config, gsize *n_parameters, GError **error);

G_END_DECLS
