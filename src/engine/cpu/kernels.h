/* The CPU's own loops, compiled once for each instruction set (kernels.c) and chosen at run time. Arguments
 * as in engine/backend.h. */
#pragma once

#include "engine/backend.h"

G_BEGIN_DECLS

typedef struct
{
  const char *name;
  void (*rmsnorm) (float *y, const float *x, gsize n_rows, gsize d, const float *weight, float eps);
  void (*conv_silu) (float *c,
                     const float *x,
                     gsize ldx,
                     const EgRows *segments,
                     gsize n_segments,
                     gsize n_inner,
                     gsize n_conv,
                     const float *w,
                     const float *bias);
  void (*softplus) (float *x, gsize n);
  void (*scan) (float *y,
                const float *delta,
                const float *c,
                const float *b_rows,
                const float *c_rows,
                gsize ldbc,
                const EgRows *segments,
                gsize n_segments,
                gsize n_inner,
                gsize n_state,
                const float *a,
                const float *skip,
                const float *z,
                gsize ldz,
                float *scratch);
  void (*gate) (float *y, const float *z, gsize ldz, gsize n_rows, gsize n_inner);
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

/* Channels that scan keeps in the first-level cache at a time; its scratch is n_state × this many floats. */
#define EG_SCAN_BLOCK 128

extern const EgCpuKernels eg_cpu_kernels_baseline;
extern const EgCpuKernels eg_cpu_kernels_avx2;
extern const EgCpuKernels eg_cpu_kernels_avx512;

G_END_DECLS
