/* Brings a model's weights to a device: all of them, or a layer at a time. */
#include "network/device-weights.h"

#include "core/error.h"
#include "engine/stream.h"

#include <glib/gi18n.h>
#include <string.h>

/* Each part of a layer begins at such an offset. */
#define ALIGNMENT 256
/* Weights stay on the device while they take at most this part of what is free: the rest is for runs and
 * groups. */
#define RESIDENT_PART 0.7

struct _EgDeviceWeights
{
  gatomicrefcount refs;
  const EgWeights *host;
  const EgFamily *family;
  const EgSizes *sizes;
  EgBackend *backend;
  EgWeights weights;
  gboolean resident;
  gsize layer_bytes;
  GPtrArray *memory; /* all that is the device's */
};

static gboolean always_staged;

void
eg_device_weights_set_always_staged (gboolean staged)
{
  always_staged = staged;
}

static gsize
aligned (gsize n_bytes)
{
  return (n_bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

/* One array of a layer: where its address stands, and its bytes; 0 where the layer does not have it. */
static const void **
find_part (const EgTensorSpec *spec, const gsize *dims, gpointer layer, gsize *n_bytes)
{
  const gboolean is_matrix = eg_tensor_spec_is_matrix (spec);
  const void **address = is_matrix ? &eg_tensor_spec_matrix (spec, layer)->data
                                   : (const void **)eg_tensor_spec_vector (spec, layer);
  *n_bytes = *address == NULL ? 0
             : is_matrix      ? eg_matrix_get_bytes (eg_tensor_spec_matrix (spec, layer))
                              : eg_tensor_spec_get_n (spec, dims) * sizeof (float);
  return address;
}

static gsize
layer_size (EgDeviceWeights *self, gsize l)
{
  gsize dims[EG_MAX_DIMS] = { 0 }, size = 0;
  self->family->get_dims (self->sizes, dims);
  for (guint i = 0; i < self->family->n_tensors; i++)
    {
      gsize n_bytes;
      find_part (&self->family->tensors[i], dims, self->host->layers + l * self->family->layer_size,
                 &n_bytes);
      size += aligned (n_bytes);
    }
  return size;
}

/* Queues a layer's way to a place; view: what becomes of the layer's struct there. */
static void
stage_layer (EgDeviceWeights *self, EgStream *stream, guint slot, gsize l, float *memory, gpointer view)
{
  guint8 *to = (guint8 *)memory;
  gsize dims[EG_MAX_DIMS] = { 0 };
  self->family->get_dims (self->sizes, dims);
  memcpy (view, eg_weights_get_layer (self->host, self->family, l), self->family->layer_size);
  for (guint i = 0; i < self->family->n_tensors; i++)
    {
      gsize n_bytes;
      const void **address = find_part (&self->family->tensors[i], dims, view, &n_bytes);
      if (n_bytes == 0)
        continue;
      self->backend->stage (stream, slot, to, *address, n_bytes);
      *address = to;
      to += aligned (n_bytes);
    }
}

static float *
take (EgDeviceWeights *self, gsize n_bytes, GError **error)
{
  float *memory = self->backend->alloc (self->backend, (n_bytes + sizeof (float) - 1) / sizeof (float));
  if (memory)
    {
      g_ptr_array_add (self->memory, memory);
      return memory;
    }
  g_autofree char *size = g_format_size_full (n_bytes, G_FORMAT_SIZE_IEC_UNITS);
  g_set_error (error, EG_ERROR, EG_ERROR_MEMORY, _ ("There is no memory left on %s for %s of weights"),
               self->backend->name, size);
  return NULL;
}

static gboolean
stage_matrix (EgDeviceWeights *self, EgStream *stream, const EgMatrix *host, EgMatrix *matrix, GError **error)
{
  const gsize n_bytes = eg_matrix_get_bytes (host);
  float *memory = take (self, n_bytes, error);
  *matrix = *host;
  matrix->data = memory;
  if (memory)
    self->backend->stage (stream, 0, memory, host->data, n_bytes);
  return memory != NULL;
}

static gboolean
stage_vector (
    EgDeviceWeights *self, EgStream *stream, const float *host, const float **vector, GError **error)
{
  const gsize n_bytes = self->sizes->d_model * sizeof (float);
  float *memory = take (self, n_bytes, error);
  *vector = memory;
  if (memory)
    self->backend->stage (stream, 0, memory, host, n_bytes);
  return memory != NULL;
}

/* What every group needs. */
static gboolean
stage_ends (EgDeviceWeights *self, EgStream *stream, GError **error)
{
  const EgWeights *host = self->host;
  if (!stage_vector (self, stream, host->norm, &self->weights.norm, error)
      || (host->norm_bias && !stage_vector (self, stream, host->norm_bias, &self->weights.norm_bias, error))
      || !stage_matrix (self, stream, &host->embedding, &self->weights.embedding, error)
      || (host->positions.data
          && !stage_matrix (self, stream, &host->positions, &self->weights.positions, error)))
    return FALSE;
  if (host->head.data != host->embedding.data)
    return stage_matrix (self, stream, &host->head, &self->weights.head, error);
  self->weights.head = self->weights.embedding;
  return TRUE;
}

static gboolean
stage_all (EgDeviceWeights *self, EgStream *stream, GError **error)
{
  if (!stage_ends (self, stream, error))
    return FALSE;
  self->weights.layers = g_malloc0 (self->family->layer_size * self->sizes->n_layers);
  for (gsize l = 0; self->resident && l < self->sizes->n_layers; l++)
    {
      float *memory = take (self, self->layer_bytes, error);
      if (!memory)
        return FALSE;
      stage_layer (self, stream, 0, l, memory, self->weights.layers + l * self->family->layer_size);
    }
  self->backend->use_slot (stream, 0);
  /* Waits for all of it: other streams are to find it. */
  float last;
  self->backend->download (stream, &last, self->weights.norm, 1);
  return eg_stream_check (self->backend, stream, error);
}

EgDeviceWeights *
eg_device_weights_new (
    const EgWeights *host, const EgFamily *family, const EgSizes *sizes, EgBackend *backend, GError **error)
{
  g_autoptr (EgDeviceWeights) self = g_new0 (EgDeviceWeights, 1);
  g_atomic_ref_count_init (&self->refs);
  self->host = host;
  self->family = family;
  self->sizes = sizes;
  self->backend = backend;
  self->memory = g_ptr_array_new ();
  for (gsize l = 0; l < sizes->n_layers; l++)
    self->layer_bytes = MAX (self->layer_bytes, layer_size (self, l));
  if (backend->most_states > 0 && sizes->n_state > backend->most_states)
    {
      g_set_error (error, EG_ERROR, EG_ERROR_DEVICE,
                   _ ("The model has %zu states a channel, and %s takes at most %zu"), sizes->n_state,
                   backend->name, backend->most_states);
      return NULL;
    }
  const double bytes
      = (double)eg_matrix_get_bytes (&host->positions) + (double)eg_matrix_get_bytes (&host->embedding)
        + (host->head.data != host->embedding.data ? (double)eg_matrix_get_bytes (&host->head) : 0.0)
        + (double)self->layer_bytes * (double)sizes->n_layers;
  self->resident = !always_staged && bytes <= RESIDENT_PART * (double)backend->memory_free (backend);
  EgStream *stream = backend->stream_new (backend, 1);
  const gboolean ok = stage_all (self, stream, error);
  backend->stream_free (stream);
  return ok ? g_steal_pointer (&self) : NULL;
}

EgDeviceWeights *
eg_device_weights_ref (EgDeviceWeights *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
eg_device_weights_unref (EgDeviceWeights *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  for (guint i = 0; i < self->memory->len; i++)
    self->backend->release (self->backend, self->memory->pdata[i]);
  g_ptr_array_unref (self->memory);
  g_free (self->weights.layers);
  g_free (self);
}

EgBackend *
eg_device_weights_get_backend (EgDeviceWeights *self)
{
  return self->backend;
}

const EgWeights *
eg_device_weights_get (EgDeviceWeights *self)
{
  return &self->weights;
}

gboolean
eg_device_weights_is_resident (EgDeviceWeights *self)
{
  return self->resident;
}

/* ---- a stream's slots ---- */

gboolean
eg_layer_slots_init (EgLayerSlots *self, EgDeviceWeights *weights, EgStream *stream, GError **error)
{
  EgBackend *be = weights->backend;
  self->weights = weights;
  self->stream = stream;
  for (guint slot = 0; slot < EG_STREAM_SLOTS; slot++)
    {
      self->layer[slot] = G_MAXSIZE;
      self->views[slot] = g_malloc0 (weights->family->layer_size);
      self->memory[slot] = be->alloc (be, weights->layer_bytes / sizeof (float));
      if (!self->memory[slot])
        {
          g_set_error (error, EG_ERROR, EG_ERROR_MEMORY,
                       _ ("There is no memory left on %s for a layer’s weights"), be->name);
          eg_layer_slots_clear (self);
          return FALSE;
        }
    }
  return TRUE;
}

void
eg_layer_slots_clear (EgLayerSlots *self)
{
  for (guint slot = 0; slot < EG_STREAM_SLOTS; slot++)
    {
      if (self->memory[slot])
        self->weights->backend->release (self->weights->backend, self->memory[slot]);
      g_free (self->views[slot]);
    }
  *self = (EgLayerSlots){ 0 };
}

static void
fetch (EgLayerSlots *self, gsize layer)
{
  const guint slot = layer % EG_STREAM_SLOTS;
  if (self->layer[slot] == layer)
    return;
  stage_layer (self->weights, self->stream, slot, layer, self->memory[slot], self->views[slot]);
  self->layer[slot] = layer;
}

gconstpointer
eg_layer_slots_enter (EgLayerSlots *self, gsize layer)
{
  fetch (self, layer);
  self->weights->backend->use_slot (self->stream, layer % EG_STREAM_SLOTS);
  return self->views[layer % EG_STREAM_SLOTS];
}

void
eg_layer_slots_leave (EgLayerSlots *self, gsize layer, gsize next)
{
  self->weights->backend->leave_slot (self->stream, layer % EG_STREAM_SLOTS);
  if (next < self->weights->sizes->n_layers)
    fetch (self, next);
}
