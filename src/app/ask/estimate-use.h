/* Whether a trace begins with estimates. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * EgEstimateUse: of requests that have estimates; others are traced without, whatever it is.
 * @EG_ESTIMATE_FIRST: where the trace takes long enough for them (preview/worth.h)
 * @EG_ESTIMATE_ONLY: in place of the trace
 * @EG_ESTIMATE_NEVER: the usual order, from the first cell on
 */
typedef enum
{
  EG_ESTIMATE_FIRST,
  EG_ESTIMATE_ONLY,
  EG_ESTIMATE_NEVER,
  EG_N_ESTIMATE_USES,
} EgEstimateUse;

/* "first", "only", "never": in the settings. What is none of them is the first. */
const char *eg_estimate_use_get_name (EgEstimateUse self);
EgEstimateUse eg_estimate_use_from_name (const char *name);

G_END_DECLS
