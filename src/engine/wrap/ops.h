/* The ops of the table as a list, from which whatever wraps them is made (profile.c, faults.c). Of the
 * functions that work on a stream, `top`, which alone returns something, uploads, downloads and stages are
 * not in it.
 *
 * OP (NAME, function, parameters, what is handed on after the stream) */
#pragma once

#include "engine/backend.h"

/* clang-format off */
#define EG_WRAPPED_OPS(OP)                                                                                   \
  OP (GEMM, gemm, (EgStream *stream, const EgGemm *op), op)                                                  \
  OP (NORM, norm, (EgStream *stream, const EgNorm *op), op)                                                  \
  OP (CONV_SILU, conv_silu, (EgStream *stream, const EgConv *op), op)                                        \
  OP (SCAN, scan, (EgStream *stream, const EgScan *op), op)                                                  \
  OP (GATE, gate, (EgStream *stream, const EgGate *op), op)                                                  \
  OP (ATTENTION, attention, (EgStream *stream, const EgAttention *op), op)                                   \
  OP (ACTIVATE, activate, (EgStream *stream, EgActivation kind, float *x, gsize n), kind, x, n)              \
  OP (ADD, add, (EgStream *stream, float *y, const float *x, gsize n), y, x, n)                              \
  OP (COPY_ROWS, copy_rows, (EgStream *stream, const EgRowCopy *copies, gsize n, gsize width), copies, n, width) \
  OP (EMBED, embed, (EgStream *stream, float *to, const EgMatrix *table, gsize row), to, table, row)         \
  OP (HEAD, head, (EgStream *stream, const EgHead *op), op)
/* clang-format on */
