/* How a device multiplies. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * EgPrecision: how a GPU multiplies. The processor always computes in float32.
 * @EG_PRECISION_FP32: float32 throughout; probabilities within 1e-5 of the processor's
 * @EG_PRECISION_TF32: factors rounded to 11 bits, sums in float32
 * @EG_PRECISION_BF16: factors rounded to 8 bits, sums in float32
 */
typedef enum
{
  EG_PRECISION_FP32,
  EG_PRECISION_TF32,
  EG_PRECISION_BF16,
  EG_N_PRECISIONS,
} EgPrecision;

/* "fp32", "tf32", "bf16". EG_ERROR_INVALID. */
gboolean eg_precision_from_name (const char *name, EgPrecision *precision, GError **error);
const char *eg_precision_get_name (EgPrecision precision);

G_END_DECLS
