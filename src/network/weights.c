/* Loads a checkpoint's tensors by a family's table, and checks them. */
#include "network/weights.h"

#include "core/error.h"
#include "network/tensor-names.h"

#include <glib/gi18n.h>
#include <string.h>

typedef struct
{
  const EgFamily *family;
  const EgSizes *sizes;
  EgCheckpoint *checkpoint;
  EgWeights *weights;
  EgTensorNames names;
  gboolean check_only; /* nothing is read but the tensors' names and shapes */
  gsize dims[EG_MAX_DIMS];
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

/* Memory of the weights' own. */
static gpointer
take (Loader *loader, gsize n_bytes)
{
  gpointer memory = g_malloc (n_bytes);
  g_ptr_array_add (loader->weights->copies, memory);
  return memory;
}

/* to[c, r] = from[r, c] */
static void
turn (float *to, const float *from, gsize rows, gsize cols)
{
  for (gsize c = 0; c < cols; c++)
    for (gsize r = 0; r < rows; r++)
      to[c * rows + r] = from[r * cols + c];
}

/* [groups, parts, …] → [parts, groups, …], pieces of so many bytes each. */
static void
sort (guint8 *to, const guint8 *from, gsize groups, gsize parts, gsize size)
{
  for (gsize g = 0; g < groups; g++)
    for (gsize p = 0; p < parts; p++)
      memcpy (to + (p * groups + g) * size, from + (g * parts + p) * size, size);
}

static gboolean
load_matrix (Loader *loader, const char *name, gsize rows, gsize cols, EgMatrix *matrix, GError **error)
{
  const EgTensor *tensor = find (loader, name, 2, (const gsize[]){ rows, cols }, error);
  if (!tensor)
    return FALSE;
  *matrix = (EgMatrix){
    .data = tensor->data, .dtype = tensor->dtype, .rows = rows, .cols = cols, .lasting = TRUE
  };
  return TRUE;
}

/* A layer's, as its role says. */
static gboolean
load_layer_matrix (Loader *loader,
                   const EgTensorSpec *spec,
                   const char *name,
                   const gsize *shape,
                   EgMatrix *matrix,
                   GError **error)
{
  const gsize rows = shape[0], cols = shape[1], groups = loader->dims[spec->groups];
  if (!load_matrix (loader, name, rows, cols, matrix, error))
    return FALSE;
  if (spec->role == EG_ROLE_TRANSPOSED_MATRIX)
    {
      matrix->rows = cols;
      matrix->cols = rows;
      matrix->transposed = TRUE;
    }
  if (spec->role != EG_ROLE_SORTED_MATRIX || loader->check_only)
    return TRUE;
  const guint8 *from = matrix->data;
  const gsize n_bytes = eg_matrix_get_bytes (matrix);
  guint8 *copy = take (loader, n_bytes);
  sort (copy, from, groups, spec->parts, n_bytes / (groups * spec->parts));
  matrix->data = copy;
  return TRUE;
}

static void
map_floats (float *values, gsize n, float (*map) (float))
{
  for (gsize i = 0; map != NULL && i < n; i++)
    values[i] = map (values[i]);
}

/* A float32 copy, each number mapped (nullable); with check_only, anything but NULL. */
static const float *
load_floats (
    Loader *loader, const char *name, guint n_dims, const gsize *shape, float (*map) (float), GError **error)
{
  const EgTensor *tensor = find (loader, name, n_dims, shape, error);
  if (!tensor)
    return NULL;
  if (loader->check_only)
    return tensor->data;
  float *copy = take (loader, eg_tensor_get_n_elements (tensor) * sizeof (float));
  eg_tensor_to_floats (tensor, copy);
  map_floats (copy, eg_tensor_get_n_elements (tensor), map);
  return copy;
}

static gboolean
load_vector (Loader *loader, const char *name, gsize n, const float **vector, GError **error)
{
  *vector = load_floats (loader, name, 1, &n, NULL, error);
  return *vector != NULL;
}

static void
shape_of (const EgTensorSpec *spec, const gsize *dims, gsize shape[3])
{
  for (guint i = 0; i < spec->n_dims; i++)
    shape[i] = spec->dims[i] == 0 ? 1 : dims[spec->dims[i]];
}

gsize
eg_tensor_spec_get_n (const EgTensorSpec *spec, const gsize dims[EG_MAX_DIMS])
{
  gsize shape[3], n = 1;
  shape_of (spec, dims, shape);
  for (guint i = 0; i < spec->n_dims; i++)
    n *= shape[i];
  return n;
}

/* The same, turned or sorted. */
static const float *
load_ordered (Loader *loader, const EgTensorSpec *spec, const char *name, const gsize *shape, GError **error)
{
  const EgTensor *tensor = find (loader, name, spec->n_dims, shape, error);
  if (tensor == NULL || loader->check_only)
    return tensor != NULL ? tensor->data : NULL;
  const gsize rows = shape[0], n = eg_tensor_get_n_elements (tensor);
  g_autofree float *from = g_new (float, n);
  float *to = take (loader, n * sizeof (float));
  eg_tensor_to_floats (tensor, from);
  const gsize groups = loader->dims[spec->groups];
  if (spec->role == EG_ROLE_TURNED_VECTOR)
    turn (to, from, rows, n / rows);
  else
    sort ((guint8 *)to, (const guint8 *)from, groups, spec->parts,
          n / (groups * spec->parts) * sizeof (float));
  map_floats (to, n, spec->map);
  return to;
}

/* What config.json says not to be there must not: a bias left out in silence would make wrong numbers. */
static gboolean
check_unwanted (Loader *loader, const EgTensorSpec *spec, const char *name, GError **error)
{
  if (!eg_checkpoint_has (loader->checkpoint, name))
    return TRUE;
  g_set_error (error, EG_ERROR, EG_ERROR_FORMAT,
               _ ("config.json says that %s is false, but %s has a tensor %s"), spec->field,
               eg_checkpoint_get_file_name (loader->checkpoint, name), name);
  return FALSE;
}

static gboolean
load_tensor (Loader *loader, const EgTensorSpec *spec, const char *name, gpointer layer, GError **error)
{
  const gboolean *wanted = (const gboolean *)(gpointer)((const guint8 *)loader->sizes + spec->wanted);
  if (spec->wanted != 0 && !*wanted)
    return check_unwanted (loader, spec, name, error);
  gsize shape[3];
  shape_of (spec, loader->dims, shape);
  if (eg_tensor_spec_is_matrix (spec))
    return load_layer_matrix (loader, spec, name, shape, eg_tensor_spec_matrix (spec, layer), error);
  const float **vector = eg_tensor_spec_vector (spec, layer);
  *vector = spec->role == EG_ROLE_VECTOR ? load_floats (loader, name, spec->n_dims, shape, spec->map, error)
                                         : load_ordered (loader, spec, name, shape, error);
  return *vector != NULL;
}

static gboolean
load_layer (Loader *loader, gsize l, gpointer layer, GError **error)
{
  const EgFamily *family = loader->family;
  for (guint i = 0; i < family->n_tensors; i++)
    {
      g_autofree char *name = eg_tensor_names_of_layer (&loader->names, l, &family->tensors[i]);
      if (!load_tensor (loader, &family->tensors[i], name, layer, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
load_embedding (Loader *loader, GError **error)
{
  EgWeights *self = loader->weights;
  const EgTensorNames *names = &loader->names;
  const gsize V = loader->sizes->vocab_size, d = loader->sizes->d_model;
  const gboolean by_head = loader->sizes->tie_embeddings
                           && !eg_checkpoint_has (loader->checkpoint, names->embedding)
                           && eg_checkpoint_has (loader->checkpoint, names->head);
  return load_matrix (loader, by_head ? names->head : names->embedding, V, d, &self->embedding, error);
}

static gboolean
load_head (Loader *loader, GError **error)
{
  EgWeights *self = loader->weights;
  const gsize V = loader->sizes->vocab_size, d = loader->sizes->d_model;
  const char *name = loader->names.head;
  if (eg_checkpoint_has (loader->checkpoint, name))
    {
      if (!load_matrix (loader, name, V, d, &self->head, error))
        return FALSE;
      if (self->head.data == self->embedding.data) /* one tensor under two names */
        self->n_parameters -= V * d;
      return TRUE;
    }
  self->head = self->embedding;
  if (loader->sizes->tie_embeddings)
    return TRUE;
  g_set_error (error, EG_ERROR, EG_ERROR_NOT_FOUND,
               _ ("%s: there is no tensor %s, and config.json says that the head is not tied to the "
                  "embedding"),
               eg_checkpoint_get_file_name (loader->checkpoint, name), name);
  return FALSE;
}

/* All that is not a layer's. */
static gboolean
load_ends (Loader *loader, GError **error)
{
  EgWeights *self = loader->weights;
  const EgTensorNames *names = &loader->names;
  const gsize d = loader->sizes->d_model, n = loader->sizes->n_positions;
  return load_embedding (loader, error) && load_vector (loader, names->norm, d, &self->norm, error)
         && (names->norm_bias == NULL || load_vector (loader, names->norm_bias, d, &self->norm_bias, error))
         && (names->positions == NULL
             || load_matrix (loader, names->positions, n, d, &self->positions, error))
         && load_head (loader, error);
}

static EgWeights *
load_weights (const EgFamily *family,
              const EgSizes *sizes,
              EgCheckpoint *checkpoint,
              gboolean check_only,
              GError **error)
{
  EgWeights *self = g_new0 (EgWeights, 1);
  self->copies = g_ptr_array_new_with_free_func (g_free);
  self->others = g_ptr_array_new_with_free_func (g_free);
  Loader loader = {
    .family = family, .sizes = sizes, .checkpoint = checkpoint, .weights = self, .check_only = check_only
  };
  family->get_dims (sizes, loader.dims);
  eg_tensor_names_init (&loader.names, family, checkpoint);
  gboolean ok = eg_tensor_names_check (&loader.names, sizes, self->others, &self->n_others, error)
                && load_ends (&loader, error);
  /* One layer at a time: a hostile number of layers fails at its first missing tensor, not at an allocation.
   */
  g_autoptr (GByteArray) layers = g_byte_array_new ();
  g_autofree gpointer layer = g_malloc (family->layer_size);
  for (gsize l = 0; ok && l < sizes->n_layers; l++)
    {
      memset (layer, 0, family->layer_size);
      ok = load_layer (&loader, l, layer, error);
      g_byte_array_append (layers, layer, (guint)family->layer_size);
    }
  self->layers = g_byte_array_free (g_steal_pointer (&layers), FALSE);
  eg_tensor_names_clear (&loader.names);
  if (!ok)
    g_clear_pointer (&self, eg_weights_free);
  return self;
}

EgWeights *
eg_weights_new (const EgFamily *family, const EgSizes *sizes, EgCheckpoint *checkpoint, GError **error)
{
  return load_weights (family, sizes, checkpoint, FALSE, error);
}

gboolean
eg_weights_check (const EgFamily *family,
                  const EgSizes *sizes,
                  EgCheckpoint *checkpoint,
                  gsize *n_parameters,
                  GError **error)
{
  EgWeights *weights = load_weights (family, sizes, checkpoint, TRUE, error);
  if (weights == NULL)
    return FALSE;
  *n_parameters = weights->n_parameters;
  eg_weights_free (weights);
  return TRUE;
}

void
eg_weights_free (EgWeights *self)
{
  g_ptr_array_unref (self->copies);
  g_ptr_array_unref (self->others);
  g_free (self->layers);
  g_free (self);
}

static void
forget_matrix (const EgMatrix *matrix)
{
  if (matrix->data)
    eg_backend_cpu_forget (matrix->data, eg_matrix_get_bytes (matrix));
}

void
eg_weights_forget (const EgWeights *self, const EgFamily *family, const EgSizes *sizes)
{
  forget_matrix (&self->embedding);
  forget_matrix (&self->head);
  for (gsize l = 0; l < sizes->n_layers; l++)
    for (guint i = 0; i < family->n_tensors; i++)
      if (eg_tensor_spec_is_matrix (&family->tensors[i]))
        forget_matrix (eg_tensor_spec_matrix (&family->tensors[i], self->layers + l * family->layer_size));
}

const char *
eg_weights_get_dtype_name (const EgWeights *self, const EgFamily *family, const EgSizes *sizes)
{
  const EgDType dtype = self->embedding.dtype;
  gboolean same = self->head.dtype == dtype;
  for (gsize l = 0; l < sizes->n_layers; l++)
    for (guint i = 0; i < family->n_tensors; i++)
      if (eg_tensor_spec_is_matrix (&family->tensors[i]))
        same = same
               && eg_tensor_spec_matrix (&family->tensors[i], self->layers + l * family->layer_size)->dtype
                      == dtype;
  return same ? eg_dtype_get_name (dtype) : "mixed";
}

gsize
eg_matrix_get_bytes (const EgMatrix *matrix)
{
  return matrix->rows * matrix->cols * eg_dtype_get_size (matrix->dtype);
}
