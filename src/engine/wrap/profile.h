/* A backend that measures another: how long each op takes, summed over all streams. */
#pragma once

#include "engine/backend.h"

G_BEGIN_DECLS

typedef enum
{
  EG_OP_GEMM,
  EG_OP_RMSNORM,
  EG_OP_CONV_SILU,
  EG_OP_SOFTPLUS,
  EG_OP_SCAN,
  EG_OP_GATE,
  EG_OP_ADD,
  EG_OP_COPY,
  EG_OP_HEAD,
  EG_N_OPS,
} EgOp;

const char *eg_op_get_name (EgOp op);

/* The measuring twin of a backend that is done with an op when it returns. One at a time; it lives as long as
 * the program. */
EgBackend *eg_backend_profile (EgBackend *backend);

/* Seconds of each op on all streams that were freed since the last call. */
void eg_backend_profile_take (double seconds[EG_N_OPS]);

G_END_DECLS
