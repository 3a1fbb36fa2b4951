/* The rounds of samples of a prompt's trace: planned, opened as their corrupted runs come in, and more of
 * them until the estimates are good enough. */
#pragma once

#include "trace/run/prompt.h"

G_BEGIN_DECLS

/* A plan of more samples, from those that there are up to an end, and its tasks, without what a partial trace
 * has. With the pool's lock, or before threads work. */
void eg_rounds_plan (EgTracedPrompt *self, gsize end);

/* One more block of a round's corrupted runs is there, n samples from first on, metric m's values at values +
 * m·stride: opens what can be. */
void eg_rounds_take_block (
    EgTracedPrompt *self, gsize round, gsize first, gsize n, const double *values, gsize stride);

/* Waits until all the corrupted runs of a round are there; FALSE when there is an error first. */
gboolean eg_rounds_wait (EgTracedPrompt *self, gsize round);

/* One more group of a round is done. */
void eg_rounds_end_group (EgTracedPrompt *self, gsize round);

/* Plans more samples, as long as the estimates are not good enough. FALSE when no more are needed, or there
 * is an error. */
gboolean eg_rounds_extend (EgTracedPrompt *self);

G_END_DECLS
