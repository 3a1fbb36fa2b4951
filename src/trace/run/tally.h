/* What has been measured, run by run, and which cells are to be handed over for it. All with the pool's lock.
 */
#pragma once

#include "trace/run/prompt.h"

G_BEGIN_DECLS

/* What a partial trace had is to be handed over first. */
void eg_tally_take_partial (EgTracedPrompt *self);

/* A computed cell, and those that are the same; metric m's values at values + m·stride. */
void eg_tally_record_cell (
    EgTracedPrompt *self, const EgGroup *group, gsize cell, const double *values, gsize stride);

/* Cells that cost nothing, of the samples of a round whose corrupted runs are known. */
void eg_tally_record_round (EgTracedPrompt *self, const EgRound *round);

G_END_DECLS
