/* The ops of the table that write device memory, as a list: whatever wraps them all is made from it
 * (profile.c, faults.c).
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
  OP (SCAN_HEADS, scan_heads, (EgStream *stream, const EgHeadScan *op), op)                                  \
  OP (STEP_SIZE, step_size, (EgStream *stream, const EgStepSize *op), op)                                    \
  OP (GROUP_NORM, group_norm, (EgStream *stream, const EgGroupNorm *op), op)                                 \
  OP (GATE, gate, (EgStream *stream, const EgGate *op), op)                                                  \
  OP (ATTENTION, attention, (EgStream *stream, const EgAttention *op), op)                                   \
  OP (ROTATE, rotate, (EgStream *stream, const EgRotary *op), op)                                            \
  OP (ACTIVATE, activate, (EgStream *stream, EgActivation kind, float *x, gsize n), kind, x, n)              \
  OP (ADD, add, (EgStream *stream, float *y, const float *x, gsize n), y, x, n)                              \
  OP (COPY_ROWS, copy_rows, (EgStream *stream, const EgRowCopy *rows, gsize n, gsize width), rows, n, width) \
  OP (EMBED, embed, (EgStream *stream, float *to, const EgMatrix *table, gsize row), to, table, row)
/* clang-format on */
