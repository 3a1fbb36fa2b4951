/* The settings of a trace in words, as the panel has them. */
#pragma once

#include "trace/result/result.h"

G_BEGIN_DECLS

/* "Residual stream, Mixer output", "Samples 10", "Noise 3", …: always as many, in the same order, so that
 * those of two traces can be compared one by one. model: its name, or NULL. (transfer full) */
char **eg_settings_to_texts (const EgTraceRequest *request, const char *model);

G_END_DECLS
