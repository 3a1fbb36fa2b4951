/* Precisions by name. */
#include "engine/precision.h"

#include "core/error.h"

#include <glib/gi18n.h>
#include <string.h>

static const char *const precisions[EG_N_PRECISIONS] = { "fp32", "tf32", "bf16" };

gboolean
eg_precision_from_name (const char *name, EgPrecision *precision, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (precisions); i++)
    if (strcmp (name, precisions[i]) == 0)
      {
        *precision = (EgPrecision)i;
        return TRUE;
      }
  return eg_error_invalid (error, _ ("There is no precision “%s”: it is fp32, tf32 or bf16"), name);
}

const char *
eg_precision_get_name (EgPrecision precision)
{
  return precisions[precision];
}
