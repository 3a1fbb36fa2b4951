/* How the CPU backend multiplies. */
#pragma once

#include "engine/cpu/kernels.h"

G_BEGIN_DECLS

/**
 * EgCpuWay: a way to multiply rows by a weight, a panel of the weight's rows at a time.
 * @name: as --gemm and $ENGRAM_GEMM name it
 * @panel_bytes: of a panel as float32, at most: a part of a cache
 * @packed: how panels and rows are packed; %NULL: they are multiplied as they lie
 * @multiply: rows by a panel, both packed where @packed says so
 * @head_rows, @head_panels: how many rows × panels of logits the head asks at a time: what stays in a cache.
 * 0 rows: all
 */
typedef struct
{
  const char *name;
  gsize panel_bytes;
  const EgPackedKernels *packed;
  void (*multiply) (const EgPanelProduct *op);
  gsize head_rows, head_panels;
} EgCpuWay;

/* The one of this name with these kernels; “auto” is the best for them. FALSE where it names none. */
gboolean eg_cpu_way_choose (const EgCpuKernels *kernels, const char *name, EgCpuWay *way);

G_END_DECLS
