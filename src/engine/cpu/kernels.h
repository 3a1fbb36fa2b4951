/* The CPU's own loops, compiled once for each instruction set (kernels.c, attention.c, head-scan.c) and
 * chosen at run time. Ops as in engine/backend.h. */
#pragma once

#include "engine/backend.h"

G_BEGIN_DECLS

typedef struct
{
  const char *name;
  void (*norm) (const EgNorm *op);
  void (*conv_silu) (const EgConv *op);
  /* scratch: [n_state, EG_SCAN_BLOCK] */
  void (*scan) (const EgScan *op, float *scratch);
  /* One head over all segments. scratch: [n_state, EG_HEAD_BLOCK] */
  void (*scan_head) (const EgHeadScan *op, gsize head, float *scratch);
  void (*step_size) (const EgStepSize *op);
  void (*group_norm) (const EgGroupNorm *op);
  void (*gate) (const EgGate *op);
  /* One head of one segment. scratch: a float for each position that a row of it reads */
  void (*attend) (const EgAttention *op, gsize segment, gsize head, float *scratch);
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
} EgCpuKernels;

/* Channels that scan keeps in the first-level cache at a time. */
#define EG_SCAN_BLOCK 128

/* Channels of a head that scan_head goes down at a time, at most. */
#define EG_HEAD_BLOCK 64

/* The set that is being compiled: its table, and what of it is in other files (attention.c, head-scan.c). */
#ifdef EG_KERNELS
void EG_SCAN_HEAD (const EgHeadScan *op, gsize head, float *scratch);
void EG_ATTEND (const EgAttention *op, gsize segment, gsize head, float *scratch);
#endif

extern const EgCpuKernels eg_cpu_kernels_baseline;
extern const EgCpuKernels eg_cpu_kernels_avx2;
extern const EgCpuKernels eg_cpu_kernels_avx512;

G_END_DECLS
