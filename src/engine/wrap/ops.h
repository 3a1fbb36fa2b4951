/* The ops of the tables that write device memory, as lists: whatever wraps them all is made from it
 * (profile.c, faults.c).
 *
 * OP (NAME, function, parameters, what is handed on after the stream) */
#pragma once

#include "engine/back.h"

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

/* Of EgBackOps. */
#define EG_WRAPPED_BACK_OPS(OP)                                                                              \
  OP (BACK, gemm, (EgStream *stream, const EgGemmBack *op), op)                                              \
  OP (BACK, norm, (EgStream *stream, const EgNormBack *op), op)                                              \
  OP (BACK, conv_silu, (EgStream *stream, const EgConvBack *op), op)                                         \
  OP (BACK, scan, (EgStream *stream, const EgScanBack *op), op)                                              \
  OP (BACK, scan_heads, (EgStream *stream, const EgHeadScanBack *op), op)                                    \
  OP (BACK, step_size, (EgStream *stream, const EgStepSizeBack *op), op)                                     \
  OP (BACK, group_norm, (EgStream *stream, const EgGroupNormBack *op), op)                                   \
  OP (BACK, gate, (EgStream *stream, const EgGateBack *op), op)                                              \
  OP (BACK, attention, (EgStream *stream, const EgAttentionBack *op), op)                                    \
  OP (BACK, activate, (EgStream *stream, EgActivation kind, float *d, const float *x, gsize n), kind, d, x, n) \
  OP (BACK, logits, (EgStream *stream, const EgLogitsBack *op), op)                                          \
  OP (BACK, dots, (EgStream *stream, const EgDots *op), op)                                                  \
  OP (BACK, conv_dots, (EgStream *stream, const EgConvDots *op), op)
/* clang-format on */
