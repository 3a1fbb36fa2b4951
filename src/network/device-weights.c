#include "network/device-weights.h"

#include "core/error.h"
#include "engine/stream.h"

#include <glib/gi18n.h>

/* Each part of a layer begins at such an offset. */
#define ALIGNMENT 256
/* Weights stay on the device while they take at most this part of what is free: the rest is for runs and
 * groups. */
#define RESIDENT_PART 0.7

struct _EgDeviceWeights
{
  gatomicrefcount refs;
  const EgWeights *host;
  const EgModelConfig *config;
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

/* One array of a layer: where its address stands, and its bytes. */
typedef struct
{
  const void **address;
  gsize n_bytes;
} Part;
#define N_PARTS 12

static gsize
matrix_bytes (const EgMatrix *matrix)
{
  return matrix->rows * matrix->cols * eg_dtype_get_size (matrix->dtype);
}

/* The arrays of a layer; those that it does not have are NULL. */
static void
list_parts (EgLayerWeights *layer, const EgModelConfig *config, Part parts[N_PARTS])
{
  const gsize d = config->d_model, D = config->d_inner, f = sizeof (float);
  const Part list[N_PARTS] = {
    { &layer->in_proj.data, matrix_bytes (&layer->in_proj) },
    { &layer->x_proj.data, matrix_bytes (&layer->x_proj) },
    { &layer->dt_proj.data, matrix_bytes (&layer->dt_proj) },
    { &layer->out_proj.data, matrix_bytes (&layer->out_proj) },
    { (const void **)&layer->norm, d * f },
    { (const void **)&layer->in_bias, 2 * D * f },
    { (const void **)&layer->conv, config->d_conv * D * f },
    { (const void **)&layer->conv_bias, D * f },
    { (const void **)&layer->dt_bias, D * f },
    { (const void **)&layer->a, config->d_state * D * f },
    { (const void **)&layer->skip, D * f },
    { (const void **)&layer->out_bias, d * f },
  };
  for (gsize i = 0; i < N_PARTS; i++)
    parts[i] = list[i];
}

static gsize
aligned (gsize n_bytes)
{
  return (n_bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static gsize
layer_size (const EgLayerWeights *layer, const EgModelConfig *config)
{
  EgLayerWeights copy = *layer;
  Part parts[N_PARTS];
  gsize size = 0;
  list_parts (&copy, config, parts);
  for (gsize i = 0; i < N_PARTS; i++)
    if (*parts[i].address)
      size += aligned (parts[i].n_bytes);
  return size;
}

/* Queues a layer's way to a place, and gives its view there. */
static EgLayerWeights
stage_layer (EgDeviceWeights *self, EgStream *stream, guint slot, gsize l, float *memory)
{
  EgLayerWeights view = self->host->layers[l];
  guint8 *to = (guint8 *)memory;
  Part parts[N_PARTS];
  list_parts (&view, self->config, parts);
  for (gsize i = 0; i < N_PARTS; i++)
    {
      if (!*parts[i].address)
        continue;
      self->backend->stage (stream, slot, to, *parts[i].address, parts[i].n_bytes);
      *parts[i].address = to;
      to += aligned (parts[i].n_bytes);
    }
  return view;
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
  const gsize n_bytes = matrix_bytes (host);
  float *memory = take (self, n_bytes, error);
  *matrix = *host;
  matrix->data = memory;
  if (memory)
    self->backend->stage (stream, 0, memory, host->data, n_bytes);
  return memory != NULL;
}

/* What every group needs. */
static gboolean
stage_ends (EgDeviceWeights *self, EgStream *stream, GError **error)
{
  const gsize norm_bytes = self->config->d_model * sizeof (float);
  float *norm = take (self, norm_bytes, error);
  if (!norm)
    return FALSE;
  self->backend->stage (stream, 0, norm, self->host->norm, norm_bytes);
  self->weights.norm = norm;
  if (!stage_matrix (self, stream, &self->host->embedding, &self->weights.embedding, error))
    return FALSE;
  if (self->host->head.data != self->host->embedding.data)
    return stage_matrix (self, stream, &self->host->head, &self->weights.head, error);
  self->weights.head = self->weights.embedding;
  return TRUE;
}

static gboolean
stage_all (EgDeviceWeights *self, EgStream *stream, GError **error)
{
  if (!stage_ends (self, stream, error))
    return FALSE;
  self->weights.layers = g_new0 (EgLayerWeights, self->config->n_layers);
  for (gsize l = 0; self->resident && l < self->config->n_layers; l++)
    {
      float *memory = take (self, self->layer_bytes, error);
      if (!memory)
        return FALSE;
      self->weights.layers[l] = stage_layer (self, stream, 0, l, memory);
    }
  self->backend->use_slot (stream, 0);
  /* Waits for all of it: other streams are to find it. */
  float last;
  self->backend->download (stream, &last, self->weights.norm, 1);
  return eg_stream_check (self->backend, stream, error);
}

EgDeviceWeights *
eg_device_weights_new (const EgWeights *host, const EgModelConfig *config, EgBackend *backend, GError **error)
{
  g_autoptr (EgDeviceWeights) self = g_new0 (EgDeviceWeights, 1);
  g_atomic_ref_count_init (&self->refs);
  self->host = host;
  self->config = config;
  self->backend = backend;
  self->memory = g_ptr_array_new ();
  for (gsize l = 0; l < config->n_layers; l++)
    self->layer_bytes = MAX (self->layer_bytes, layer_size (&host->layers[l], config));
  if (backend->most_states > 0 && config->d_state > backend->most_states)
    {
      g_set_error (error, EG_ERROR, EG_ERROR_DEVICE,
                   _ ("The model has %zu states a channel, and %s takes at most %zu"), config->d_state,
                   backend->name, backend->most_states);
      return NULL;
    }
  const double bytes = (double)matrix_bytes (&host->embedding)
                       + (host->head.data != host->embedding.data ? (double)matrix_bytes (&host->head) : 0.0)
                       + (double)self->layer_bytes * (double)config->n_layers;
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
      self->memory[slot] = be->alloc (be, weights->layer_bytes / sizeof (float));
      if (!self->memory[slot])
        {
          g_set_error (error, EG_ERROR, EG_ERROR_MEMORY,
                       _ ("There is no memory left on %s for a layer's weights"), be->name);
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
    if (self->memory[slot])
      self->weights->backend->release (self->weights->backend, self->memory[slot]);
  *self = (EgLayerSlots){ 0 };
}

static void
fetch (EgLayerSlots *self, gsize layer)
{
  const guint slot = layer % EG_STREAM_SLOTS;
  if (self->layer[slot] == layer)
    return;
  self->views[slot] = stage_layer (self->weights, self->stream, slot, layer, self->memory[slot]);
  self->layer[slot] = layer;
}

const EgLayerWeights *
eg_layer_slots_enter (EgLayerSlots *self, gsize layer)
{
  fetch (self, layer);
  self->weights->backend->use_slot (self->stream, layer % EG_STREAM_SLOTS);
  return &self->views[layer % EG_STREAM_SLOTS];
}

void
eg_layer_slots_leave (EgLayerSlots *self, gsize layer, gsize next)
{
  self->weights->backend->leave_slot (self->stream, layer % EG_STREAM_SLOTS);
  if (next < self->weights->config->n_layers)
    fetch (self, next);
}
