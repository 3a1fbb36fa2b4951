/* What the network (mamba.c) sees of a model. */
#pragma once

#include "network/device-weights.h"
#include "library/model.h"
#include "network/weights.h"

G_BEGIN_DECLS

/* Where its backend computes; of layers that are not resident, nothing. */
const EgWeights *eg_model_get_weights (EgModel *self);
EgBackend *eg_model_get_backend (EgModel *self);

/* NULL for a model that is computed where its files are mapped. */
EgDeviceWeights *eg_model_get_device_weights (EgModel *self);

/* Fails if the files with its weights have been changed since (mapping.h). */
gboolean eg_model_check_files (EgModel *self, GError **error);

/* For tests: forgets the weights that eg_model_place() keeps for the next time. */
void eg_model_unplace (EgModel *self);

/* For tests: the same model computed by another backend. Before any run of it. */
void eg_model_set_backend (EgModel *self, EgBackend *backend);

G_END_DECLS
