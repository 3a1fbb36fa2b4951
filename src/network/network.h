/* A network that is ready to be run: its family, its sizes, its weights, and what computes it. Immutable and
 * shared by any number of threads. */
#pragma once

#include "network/device-weights.h"

G_BEGIN_DECLS

typedef struct _EgNetwork EgNetwork;

/* Of a config.json that eg_family_read_config() read (sizes: taken over) and a checkpoint, which it refs; on
 * the processor. Names the tensor that is missing or has another shape. (transfer full) */
EgNetwork *eg_network_new (const EgFamily *family, EgSizes *sizes, EgCheckpoint *checkpoint, GError **error);
EgNetwork *eg_network_ref (EgNetwork *self);
void eg_network_unref (EgNetwork *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgNetwork, eg_network_unref)

const EgFamily *eg_network_get_family (EgNetwork *self);
const EgSizes *eg_network_get_sizes (EgNetwork *self);
/* [EG_MAX_DIMS]: what EgDim stands for. */
const gsize *eg_network_get_dims (EgNetwork *self);
gsize eg_network_get_n_parameters (EgNetwork *self);

/* "F32", "F16", "BF16" or "mixed". */
const char *eg_network_get_dtype_name (EgNetwork *self);

/* Tensors of its files that are not used: how many, and the names of the first few. (transfer none)
 * (element-type utf8) */
gsize eg_network_get_n_others (EgNetwork *self);
GPtrArray *eg_network_get_others (EgNetwork *self);

/* Where its backend computes; of layers that are not resident, nothing. */
const EgWeights *eg_network_get_weights (EgNetwork *self);
EgBackend *eg_network_get_backend (EgNetwork *self);

/* NULL for a network that is computed where its files are mapped. */
EgDeviceWeights *eg_network_get_device_weights (EgNetwork *self);

/* The same network computed by another backend, its weights in that one's memory: they stay there until the
 * network is freed or another backend is asked for. Itself for the backend of the processor. EG_ERROR_MEMORY,
 * EG_ERROR_DEVICE. Any thread. (transfer full) */
EgNetwork *eg_network_place (EgNetwork *self, EgBackend *backend, GError **error);

/* The network that was opened, of one that eg_network_place() has given. */
EgNetwork *eg_network_get_origin (EgNetwork *self);

/* Fails if the files with its weights have been changed since (mapping.h). */
gboolean eg_network_check_files (EgNetwork *self, GError **error);

/* Fails with EG_ERROR_FORMAT if a weight is infinite or no number, and says which: to be asked when what was
 * computed is none, since it reads them all. */
gboolean eg_network_check_finite (EgNetwork *self, GError **error);

/* Whether a text of these tokens can be run: EG_ERROR_INVALID for no token, too many of them, or one beyond
 * the vocabulary. */
gboolean eg_network_check_tokens (EgNetwork *self, const guint32 *ids, gsize n, GError **error);

/* For tests: forgets the weights that eg_network_place() keeps for the next time. */
void eg_network_unplace (EgNetwork *self);

/* For tests: computed by another backend of the processor. Before any run of it. */
void eg_network_set_backend (EgNetwork *self, EgBackend *backend);

G_END_DECLS
