/* A prompt's corrupted runs: their inputs, and the runs themselves, which restored ones continue. */
#pragma once

#include "trace/run/prompt.h"

G_BEGIN_DECLS

/* The noise for the clean prompt's input rows [n_tokens, d], in device memory. */
gboolean
eg_corrupted_init_noise (EgTracedPrompt *self, EgWorkspace *workspace, const float *input, GError **error);

/* The runs of samples first … first + n − 1, to be run: one of a swap. segments: [n]. */
gboolean eg_corrupted_prepare (
    EgTracedPrompt *self, EgWorkspace *workspace, gsize first, gsize n, EgSegment *segments, GError **error);

/* Draws the same noise again, from the first sample on. */
gboolean eg_corrupted_rewind (EgTracedPrompt *self, GError **error);

/* Runs and measures the block of a task. */
gboolean eg_corrupted_run (EgTracedPrompt *self, EgWorkspace *workspace, const EgTask *task, GError **error);

G_END_DECLS
