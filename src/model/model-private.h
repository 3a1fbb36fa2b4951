/* What the network (mamba.c) sees of a model. */
#pragma once

#include "model/model.h"
#include "model/weights.h"

G_BEGIN_DECLS

const EgWeights *eg_model_get_weights (EgModel *self);
EgBackend *eg_model_get_backend (EgModel *self);

/* For tests: the same model computed by another backend. Before any run of it. */
void eg_model_set_backend (EgModel *self, EgBackend *backend);

G_END_DECLS
