#include "network/weights.h"

#include "core/error.h"
#include "core/half.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

typedef struct
{
  EgCheckpoint *checkpoint;
  EgWeights *weights;
  gboolean check_only; /* nothing is read but the tensors' names and shapes */
} Loader;

static const EgTensor *
find (Loader *loader, const char *name, guint n_dims, const gsize *shape, GError **error)
{
  const EgTensor *tensor = eg_checkpoint_require (loader->checkpoint, name, error);
  if (!tensor)
    return NULL;
  if (tensor->n_dims != n_dims || memcmp (tensor->shape, shape, n_dims * sizeof *shape) != 0)
    {
      g_autofree char *found = eg_shape_to_string (tensor->shape, tensor->n_dims);
      g_autofree char *expected = eg_shape_to_string (shape, n_dims);
      g_set_error (error, EG_ERROR, EG_ERROR_FORMAT, _ ("%s: tensor %s has shape %s, expected %s"),
                   eg_checkpoint_get_file_name (loader->checkpoint, name), name, found, expected);
      return NULL;
    }
  loader->weights->n_parameters += eg_tensor_get_n_elements (tensor);
  return tensor;
}

static gboolean
load_matrix (Loader *loader, const char *name, gsize rows, gsize cols, EgMatrix *matrix, GError **error)
{
  const EgTensor *tensor = find (loader, name, 2, (const gsize[]){ rows, cols }, error);
  if (!tensor)
    return FALSE;
  *matrix = (EgMatrix){ .data = tensor->data, .dtype = tensor->dtype, .rows = rows, .cols = cols };
  return TRUE;
}

/* A float32 copy; with check_only, anything but NULL. */
static const float *
load_floats (Loader *loader, const char *name, guint n_dims, const gsize *shape, GError **error)
{
  const EgTensor *tensor = find (loader, name, n_dims, shape, error);
  if (!tensor)
    return NULL;
  if (loader->check_only)
    return tensor->data;
  const gsize n = eg_tensor_get_n_elements (tensor);
  float *copy = g_new (float, n);
  g_ptr_array_add (loader->weights->vectors, copy);
  if (tensor->dtype == EG_DTYPE_F32)
    memcpy (copy, tensor->data, tensor->n_bytes);
  else if (tensor->dtype == EG_DTYPE_F16)
    eg_half_to_float_n (tensor->data, n, copy);
  else
    eg_bfloat16_to_float_n (tensor->data, n, copy);
  return copy;
}

static gboolean
load_vector (Loader *loader, const char *name, gsize n, const float **vector, GError **error)
{
  *vector = load_floats (loader, name, 1, &n, error);
  return *vector != NULL;
}

/* A vector that must be there when the config says so, and must not when it does not: a bias left out in
 * silence would make wrong numbers. */
static gboolean
load_bias (Loader *loader,
           const char *name,
           const char *field,
           gboolean wanted,
           gsize n,
           const float **vector,
           GError **error)
{
  *vector = NULL;
  if (wanted)
    return load_vector (loader, name, n, vector, error);
  if (!eg_checkpoint_has (loader->checkpoint, name))
    return TRUE;
  g_set_error (error, EG_ERROR, EG_ERROR_FORMAT,
               _ ("config.json says that %s is false, but %s has a tensor %s"), field,
               eg_checkpoint_get_file_name (loader->checkpoint, name), name);
  return FALSE;
}

/* [rows, cols] → a new [cols, rows], each element through `map`. */
static const float *
transpose (Loader *loader, const float *from, gsize rows, gsize cols, float (*map) (float))
{
  if (loader->check_only)
    return from;
  float *to = g_new (float, rows *cols);
  g_ptr_array_add (loader->weights->vectors, to);
  for (gsize r = 0; r < rows; r++)
    for (gsize c = 0; c < cols; c++)
      to[c * rows + r] = map ? map (from[r * cols + c]) : from[r * cols + c];
  return to;
}

static float
negative_exp_log2e (float x)
{
  return (float)(-exp ((double)x) * M_LOG2E);
}

static gboolean
load_layer (Loader *loader, const EgModelConfig *config, gsize l, EgLayerWeights *layer, GError **error)
{
  const gsize d = config->d_model, D = config->d_inner, N = config->d_state, K = config->d_conv,
              R = config->dt_rank;
  g_autofree char *prefix = g_strdup_printf ("backbone.layers.%" G_GSIZE_FORMAT ".", l);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
#define NAME(suffix)                                                                                         \
  (g_ptr_array_add (names, g_strconcat (prefix, suffix, NULL)), names->pdata[names->len - 1])
  if (!load_vector (loader, NAME ("norm.weight"), d, &layer->norm, error)
      || !load_matrix (loader, NAME ("mixer.in_proj.weight"), 2 * D, d, &layer->in_proj, error)
      || !load_bias (loader, NAME ("mixer.in_proj.bias"), "use_bias", config->use_bias, 2 * D,
                     &layer->in_bias, error)
      || !load_bias (loader, NAME ("mixer.conv1d.bias"), "use_conv_bias", config->use_conv_bias, D,
                     &layer->conv_bias, error)
      || !load_matrix (loader, NAME ("mixer.x_proj.weight"), R + 2 * N, D, &layer->x_proj, error)
      || !load_matrix (loader, NAME ("mixer.dt_proj.weight"), D, R, &layer->dt_proj, error)
      || !load_vector (loader, NAME ("mixer.dt_proj.bias"), D, &layer->dt_bias, error)
      || !load_vector (loader, NAME ("mixer.D"), D, &layer->skip, error)
      || !load_matrix (loader, NAME ("mixer.out_proj.weight"), d, D, &layer->out_proj, error)
      || !load_bias (loader, NAME ("mixer.out_proj.bias"), "use_bias", config->use_bias, d, &layer->out_bias,
                     error))
    return FALSE;
  const float *conv
      = load_floats (loader, NAME ("mixer.conv1d.weight"), 3, (const gsize[]){ D, 1, K }, error);
  if (!conv)
    return FALSE;
  layer->conv = transpose (loader, conv, D, K, NULL);
  const float *a_log = load_floats (loader, NAME ("mixer.A_log"), 2, (const gsize[]){ D, N }, error);
  if (!a_log)
    return FALSE;
  layer->a = transpose (loader, a_log, D, N, negative_exp_log2e);
#undef NAME
  return TRUE;
}

static EgWeights *
load_weights (EgCheckpoint *checkpoint, const EgModelConfig *config, gboolean check_only, GError **error)
{
  EgWeights *self = g_new0 (EgWeights, 1);
  self->vectors = g_ptr_array_new_with_free_func (g_free);
  Loader loader = { checkpoint, self, check_only };
  const gsize V = config->vocab_size, d = config->d_model;
  /* The original layout's name has no s. */
  const char *embedding = eg_checkpoint_has (checkpoint, "backbone.embedding.weight")
                              ? "backbone.embedding.weight"
                              : "backbone.embeddings.weight";
  gboolean ok = load_matrix (&loader, embedding, V, d, &self->embedding, error)
                && load_vector (&loader, "backbone.norm_f.weight", d, &self->norm, error);
  if (ok && eg_checkpoint_has (checkpoint, "lm_head.weight"))
    {
      ok = load_matrix (&loader, "lm_head.weight", V, d, &self->head, error);
      if (ok && self->head.data == self->embedding.data) /* one tensor under two names */
        self->n_parameters -= V * d;
    }
  else if (ok && config->tie_embeddings)
    self->head = self->embedding;
  else if (ok)
    {
      g_set_error (
          error, EG_ERROR, EG_ERROR_NOT_FOUND,
          _ ("%s: there is no tensor lm_head.weight, and config.json says that the head is not tied to the "
             "embedding"),
          eg_checkpoint_get_file_name (checkpoint, "lm_head.weight"));
      ok = FALSE;
    }
  /* One layer at a time: a hostile number of layers fails at its first missing tensor, not at an allocation.
   */
  GArray *layers = g_array_new (FALSE, TRUE, sizeof (EgLayerWeights));
  for (gsize l = 0; ok && l < config->n_layers; l++)
    {
      EgLayerWeights layer = { 0 };
      ok = load_layer (&loader, config, l, &layer, error);
      g_array_append_val (layers, layer);
    }
  self->layers = (EgLayerWeights *)(gpointer)g_array_free (layers, FALSE);
  if (!ok)
    g_clear_pointer (&self, eg_weights_free);
  return self;
}

EgWeights *
eg_weights_new (EgCheckpoint *checkpoint, const EgModelConfig *config, GError **error)
{
  return load_weights (checkpoint, config, FALSE, error);
}

gboolean
eg_weights_check (EgCheckpoint *checkpoint, const EgModelConfig *config, gsize *n_parameters, GError **error)
{
  EgWeights *weights = load_weights (checkpoint, config, TRUE, error);
  if (weights == NULL)
    return FALSE;
  *n_parameters = weights->n_parameters;
  eg_weights_free (weights);
  return TRUE;
}

void
eg_weights_free (EgWeights *self)
{
  g_ptr_array_unref (self->vectors);
  g_free (self->layers);
  g_free (self);
}
