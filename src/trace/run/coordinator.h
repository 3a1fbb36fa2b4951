/* The thread that leads a prompt's trace from the clean run to its end. */
#pragma once

#include "trace/run/prompt.h"

G_BEGIN_DECLS

/* For g_thread_new(): takes over a reference to the prompt, whose first samples are planned. */
gpointer eg_coordinate (gpointer prompt);

/* The same step by step, for a thread that does all of it (alone.h). The clean run, to be run from its input
 * rows. */
gboolean eg_coordinator_prepare_clean (
    EgTracedPrompt *self, EgWorkspace *workspace, float *input, EgSegment *segment, GError **error);

/* A swap's clean run, which the workspace then has, and its swapped one. */
gboolean
eg_coordinator_run_swapped (EgTracedPrompt *self, EgWorkspace *workspace, float *input, GError **error);

/* Weights that were cut short are zeros: whatever seemed wrong then, this is why. With the pool's lock, or no
 * other thread. */
void eg_coordinator_blame_files (EgTracedPrompt *self);

G_END_DECLS
