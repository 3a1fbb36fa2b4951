/* A model's weights in a device's memory: all of them while they fit; else the embedding and the head, and of
 * the layers two places a stream, into which the next layer comes while one is computed. */
#pragma once

#include "network/weights.h"

G_BEGIN_DECLS

typedef struct _EgDeviceWeights EgDeviceWeights;

/* host must outlive it. Uploads what is to stay. EG_ERROR_MEMORY, EG_ERROR_DEVICE. (transfer full) */
EgDeviceWeights *eg_device_weights_new (
    const EgWeights *host, const EgFamily *family, const EgSizes *sizes, EgBackend *backend, GError **error);
EgDeviceWeights *eg_device_weights_ref (EgDeviceWeights *self);
void eg_device_weights_unref (EgDeviceWeights *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgDeviceWeights, eg_device_weights_unref)

EgBackend *eg_device_weights_get_backend (EgDeviceWeights *self);

/* Embedding, head and norm in device memory; its layers only when they are resident. */
const EgWeights *eg_device_weights_get (EgDeviceWeights *self);
gboolean eg_device_weights_is_resident (EgDeviceWeights *self);

/* For tests: never resident from now on. */
void eg_device_weights_set_always_staged (gboolean staged);

/**
 * EgLayerSlots: a stream's two places.
 */
typedef struct
{
  EgDeviceWeights *weights; /* not owned */
  EgStream *stream;
  float *memory[EG_STREAM_SLOTS];
  gsize layer[EG_STREAM_SLOTS];    /* what is there, or comes there; G_MAXSIZE for nothing */
  gpointer views[EG_STREAM_SLOTS]; /* the family’s structs */
} EgLayerSlots;

/* Zeroed before; weights: not resident. EG_ERROR_MEMORY. */
gboolean eg_layer_slots_init (EgLayerSlots *self, EgDeviceWeights *weights, EgStream *stream, GError **error);
void eg_layer_slots_clear (EgLayerSlots *self);

/* The layer's weights, for ops queued from now on until eg_layer_slots_leave(), which has the next layer come
 * (n_layers or more: none does). */
gconstpointer eg_layer_slots_enter (EgLayerSlots *self, gsize layer);
void eg_layer_slots_leave (EgLayerSlots *self, gsize layer, gsize next);

G_END_DECLS
