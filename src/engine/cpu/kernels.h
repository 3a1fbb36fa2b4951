/* The CPU's own loops, compiled once for each instruction set (kernels.c, attention.c, head-scan.c) and
 * chosen at run time. Ops as in engine/backend.h. */
#pragma once

#include "engine/cpu/back-kernels.h"

G_BEGIN_DECLS

/* The least multiple that is not less than n. */
static inline gsize
eg_round_up (gsize n, gsize multiple)
{
  return (n + multiple - 1) / multiple * multiple;
}

/**
 * EgPanelProduct: y[r, 0 … n) = x[r, 0 … k) · wᵀ + bias, x and the panel of w packed (packed.c) or as they
 * lie, [n, k]; @ldx: of an x that is not packed; @bias: [n] or %NULL; @turned: packed, and x and w change
 * places: y[0 … n, r) is written, [n, n_rows], and @bias has n_rows numbers.
 */
typedef struct
{
  float *y;
  gsize ldy;
  const float *x;
  gsize ldx, n_rows;
  const float *panel;
  gsize n, k;
  const float *bias;
  gboolean turned;
} EgPanelProduct;

/**
 * EgPackedKernels: products of packed weights. One row's numbers are the same bits whatever rows and outputs
 * stand beside them.
 * @width: a packed panel has whole strips of so many rows
 * @deep: a packed row of x has whole pieces of so many floats
 */
typedef struct
{
  gsize width, deep;
  /* w: [n, k] of elements of 4 or 2 bytes, as they are, its rows ld apart; to: [⌈n / width⌉ · width, k] of
   * them, aligned to 64 bytes. */
  void (*pack_panel) (void *to, const void *w, gsize ld, gsize n, gsize k, gsize element);
  /* The same of n columns, ld apart: row i of the panel is column i of w, k long. */
  void (*pack_columns) (void *to, const void *w, gsize ld, gsize n, gsize k, gsize element);
  /* to: [n_rows, ⌈k / deep⌉ · deep] */
  void (*pack_rows) (float *to, const float *x, gsize ldx, gsize n_rows, gsize k);
  void (*multiply) (const EgPanelProduct *op);
} EgPackedKernels;

typedef struct
{
  const char *name;
  const EgPackedKernels *packed;
  void (*norm) (const EgNorm *op);
  void (*conv_silu) (const EgConv *op);
  /* scratch: [n_state, EG_SCAN_BLOCK] */
  void (*scan) (const EgScan *op, float *scratch);
  /* One head over all segments. scratch: [n_state, d_head] */
  void (*scan_head) (const EgHeadScan *op, gsize head, float *scratch);
  void (*step_size) (const EgStepSize *op);
  void (*group_norm) (const EgGroupNorm *op);
  void (*gate) (const EgGate *op);
  /* One head of one segment. scratch: a float for each position that a row of it reads */
  void (*attend) (const EgAttention *op, gsize segment, gsize head, float *scratch);
  /* scratch: [n_rotary] */
  void (*rotate) (const EgRotary *op, float *scratch);
  void (*activate) (EgActivation activation, float *x, gsize n);
  void (*add) (float *y, const float *x, gsize n);
  /* *max and *sum: the running maximum of a row's logits and Σ exp (logit − max), continued over n more of
   * them. */
  void (*log_sum_exp) (const float *logits, gsize n, float *max, double *sum);
  /* Σ weights·logits, in double precision. */
  double (*weighted_sum) (const float *logits, const float *weights, gsize n);
  /* How many logits are greater than a value. */
  gsize (*count_above) (const float *logits, gsize n, float value);
  void (*widen_half) (const void *from, gsize n, float *to);
  void (*widen_bfloat16) (const void *from, gsize n, float *to);
  const EgCpuBackKernels *back;
} EgCpuKernels;

/* Channels that scan keeps in the first-level cache at a time. */
#define EG_SCAN_BLOCK 128

/* The set that is being compiled: its table, and what of it is in other files (attention.c, head-scan.c,
 * packed.c). */
#ifdef EG_KERNELS
extern const EgPackedKernels EG_PACKED;
void EG_SCAN_HEAD (const EgHeadScan *op, gsize head, float *scratch);
void EG_ATTEND (const EgAttention *op, gsize segment, gsize head, float *scratch);
#endif

extern const EgCpuKernels eg_cpu_kernels_baseline;
extern const EgCpuKernels eg_cpu_kernels_avx2;
extern const EgCpuKernels eg_cpu_kernels_avx512;

G_END_DECLS
