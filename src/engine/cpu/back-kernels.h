/* The backward ops' loops, compiled once for each instruction set (back-kernels.c) as kernels.h's are. Each
 * does a part of an op that may be done beside its other parts. */
#pragma once

#include "engine/back.h"

G_BEGIN_DECLS

/* Channels of a scan that are done together, with all their states. */
#define EG_SCAN_BACK_BLOCK 128

/* back-heads.c */
typedef struct
{
  /* One head, as scan below. scratch: EG_HEAD_BACK_SCRATCH floats; sums and dots as scan's */
  void (*scan_head) (const EgHeadScanBack *op, gsize head, float *scratch, float *sums, float *dots);
  /* Rows first … end − 1. */
  void (*step_size) (const EgStepSizeBack *op, gsize first, gsize end);
  void (*group_norm) (const EgGroupNormBack *op, gsize first, gsize end);
} EgCpuHeadBackKernels;

/* Of so many rows: their states, three more, and two rows of channels. */
#define EG_HEAD_BACK_SCRATCH(n_rows, n_state, d_head) (((n_rows) + 3) * (n_state) * (d_head) + 2 * (d_head))

typedef struct
{
  const EgCpuHeadBackKernels *heads;
  /* Rows first … end − 1. */
  void (*norm) (const EgNormBack *op, gsize first, gsize end);
  void (*gate) (const EgGateBack *op, gsize first, gsize end);
  /* One segment. scratch: [D] */
  void (*conv_silu) (const EgConvBack *op, gsize segment, float *scratch);
  /* Channels i0 … of one block. scratch: [rows + 1, N, EG_SCAN_BACK_BLOCK]. What it adds to db, dcr and the
   * dots, overwritten: sums [graded rows, 2N], then dots [n_out, 2] */
  void (*scan) (const EgScanBack *op, gsize i0, float *scratch, float *sums, float *dots);
  /* One head of one segment. scratch: two floats for each position that a row of it reads */
  void (*attend) (const EgAttentionBack *back, gsize segment, gsize head, float *scratch);
  void (*activate) (EgActivation activation, float *d, const float *x, gsize n);
  void (*logits) (const EgLogitsBack *op, gsize row);
  /* One of the op's EgDotRows. */
  void (*dots) (const EgDots *op, gsize index);
  void (*conv_dots) (const EgConvDots *op, gsize index);
} EgCpuBackKernels;

#ifdef EG_BACK_KERNELS
extern const EgCpuBackKernels EG_BACK_KERNELS;
extern const EgCpuHeadBackKernels EG_BACK_HEADS;
#endif

G_END_DECLS
