/* How long a trace will take, before anyone asks for it. */
#pragma once

#include "library/model.h"

G_BEGIN_DECLS

/* Floating-point operations a second of one thread's products with weights of this model's width and number
 * format, as the processor multiplies: measured, in about 20 milliseconds. */
double eg_trace_measure_rate (EgModel *model);

/* Seconds that a trace of these sites (%NULL: the default one) takes on the processor at such a rate, of a
 * prompt whose first token is the subject's first: what its products need, and as much again as everything
 * else took beside them when that was measured (a fifth of all). */
double eg_trace_forecast (
    EgModel *model, gsize n_tokens, gsize samples, char *const *sites, guint n_threads, double rate);

G_END_DECLS
