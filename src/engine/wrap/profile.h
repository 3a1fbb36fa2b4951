/* A backend that measures another: how long each op takes, summed over all streams. */
#pragma once

#include "engine/wrap/ops.h"

G_BEGIN_DECLS

#define EG_OP_NAME(NAME, ...) EG_OP_##NAME,
/* EG_OP_GEMM, EG_OP_NORM …: those of wrap/ops.h and the others that take time; gradients together. */
typedef enum
{
  EG_WRAPPED_OPS (EG_OP_NAME) EG_OP_HEAD,
  EG_OP_TOP,
  EG_OP_BACK,
  EG_OP_UPLOAD,
  EG_OP_DOWNLOAD,
  EG_N_OPS,
} EgOp;
#undef EG_OP_NAME

/* "gemm", "norm" …: the function's name in the table. */
const char *eg_op_get_name (EgOp op);

/* The measuring twin of a backend that is done with an op when it returns. One at a time; it lives as long as
 * the program. */
EgBackend *eg_backend_profile (EgBackend *backend);

/* Seconds of each op on all streams that were freed since the last call. */
void eg_backend_profile_take (double seconds[EG_N_OPS]);

G_END_DECLS
