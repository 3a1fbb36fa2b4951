/* Packed weights by our own kernels where those are as wide as the processor's registers, OpenBLAS elsewhere.
 */
#include "engine/cpu/way.h"

#include <cblas.h>
#include <string.h>

/* y = x·wᵀ + bias as they lie. */
static void
multiply_by_openblas (const EgPanelProduct *op)
{
  const float beta = op->bias ? 1.0f : 0.0f;
  for (gsize r = 0; op->bias && r < op->n_rows; r++)
    memcpy (op->y + r * op->ldy, op->bias, op->n * sizeof *op->y);
  if (op->n_rows == 1 && op->ldx >= op->k)
    cblas_sgemv (CblasRowMajor, CblasNoTrans, (blasint)op->n, (blasint)op->k, 1.0f, op->panel, (blasint)op->k,
                 op->x, 1, beta, op->y, 1);
  else
    cblas_sgemm (CblasRowMajor, CblasNoTrans, CblasTrans, (blasint)op->n_rows, (blasint)op->n, (blasint)op->k,
                 1.0f, op->x, (blasint)op->ldx, op->panel, (blasint)op->k, beta, op->y, (blasint)op->ldy);
}

static EgCpuWay
openblas (void)
{
  /* Panels that sgemm finds warm after they were widened, and one for every thread of a team. */
  return (EgCpuWay){
    .name = "openblas", .panel_bytes = 1152 * 1024, .multiply = multiply_by_openblas, .head_panels = 1
  };
}

static EgCpuWay
own (const EgCpuKernels *kernels)
{
  /* Three panels and their rows fit into a second-level cache of 512 KiB or 1 MiB; the head's logits of one
   * step, 56 × 512 at a width of 768, beside one. */
  return (EgCpuWay){ .name = "engram",
                     .panel_bytes = 384 * 1024,
                     .packed = kernels->packed,
                     .multiply = kernels->packed->multiply,
                     .head_rows = 56,
                     .head_panels = 4 };
}

gboolean
eg_cpu_way_choose (const EgCpuKernels *kernels, const char *name, EgCpuWay *way)
{
  /* The baseline's registers are a quarter as wide as what OpenBLAS may find. */
  const gboolean by_own = strcmp (name, "auto") == 0 && kernels != &eg_cpu_kernels_baseline;
  if (by_own || strcmp (name, "engram") == 0)
    *way = own (kernels);
  else if (strcmp (name, "auto") == 0 || strcmp (name, "openblas") == 0)
    *way = openblas ();
  else
    return FALSE;
  return TRUE;
}
