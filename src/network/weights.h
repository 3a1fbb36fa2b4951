/* A checkpoint's tensors by their role in the network, checked against config.json: loaded by the family's
 * table (family.h). */
#pragma once

#include "engine/backend.h"
#include "formats/checkpoint.h"
#include "network/family.h"

G_BEGIN_DECLS

/**
 * EgWeights: matrices stay as they lie in the checkpoint, unless they are turned or sorted; vectors are
 * float32 copies.
 * @embedding, @head: [V, d] both; the same data when tied
 * @positions: [n_positions, d], to be added to the embeddings; no data where there is none
 * @norm, @norm_bias: [d] of the last norm; the bias %NULL of an RMSNorm
 * @layers: [n_layers] of the family's struct
 * @others: names of the first few of n_others tensors that lie beside the network and are not used
 */
typedef struct
{
  EgMatrix embedding, head, positions;
  const float *norm, *norm_bias;
  guint8 *layers;
  gsize n_parameters;
  GPtrArray *others;
  gsize n_others;
  GPtrArray *copies; /* owns all that is not the checkpoint's */
} EgWeights;

/* Names the tensor that is missing or has another shape. The checkpoint must outlive the weights. (transfer
 * full) */
EgWeights *
eg_weights_new (const EgFamily *family, const EgSizes *sizes, EgCheckpoint *checkpoint, GError **error);
void eg_weights_free (EgWeights *self);

/* Has the processor forget what it has made of them: before they are freed. */
void eg_weights_forget (const EgWeights *self, const EgFamily *family, const EgSizes *sizes);

/* The same checks, without reading a weight. n_parameters: (out), when they pass. */
gboolean eg_weights_check (const EgFamily *family,
                           const EgSizes *sizes,
                           EgCheckpoint *checkpoint,
                           gsize *n_parameters,
                           GError **error);

/* "F32", "F16", "BF16", or "mixed": the type of all matrices. */
const char *eg_weights_get_dtype_name (const EgWeights *self, const EgFamily *family, const EgSizes *sizes);

static inline gconstpointer
eg_weights_get_layer (const EgWeights *self, const EgFamily *family, gsize layer)
{
  return self->layers + layer * family->layer_size;
}

/* Bytes of a matrix as it lies in memory. */
gsize eg_matrix_get_bytes (const EgMatrix *matrix);

/* Numbers of a tensor of the table. */
gsize eg_tensor_spec_get_n (const EgTensorSpec *spec, const gsize dims[EG_MAX_DIMS]);

/* Where a layer's struct has it: a matrix, or the address of a vector. */
static inline EgMatrix *
eg_tensor_spec_matrix (const EgTensorSpec *spec, gpointer layer)
{
  return (EgMatrix *)(gpointer)((guint8 *)layer + spec->offset);
}

static inline const float **
eg_tensor_spec_vector (const EgTensorSpec *spec, gpointer layer)
{
  return (const float **)(gpointer)((guint8 *)layer + spec->offset);
}

static inline gboolean
eg_tensor_spec_is_matrix (const EgTensorSpec *spec)
{
  return spec->role == EG_ROLE_MATRIX || spec->role == EG_ROLE_TRANSPOSED_MATRIX
         || spec->role == EG_ROLE_SORTED_MATRIX;
}

G_END_DECLS
