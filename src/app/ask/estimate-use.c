/* The names of uses in the settings. */
#include "app/ask/estimate-use.h"

static const char *const names[EG_N_ESTIMATE_USES] = { "first", "only", "never" };

const char *
eg_estimate_use_get_name (EgEstimateUse self)
{
  return names[self];
}

EgEstimateUse
eg_estimate_use_from_name (const char *name)
{
  for (EgEstimateUse use = 0; use < EG_N_ESTIMATE_USES; use++)
    if (g_strcmp0 (name, names[use]) == 0)
      return use;
  return EG_ESTIMATE_FIRST;
}
