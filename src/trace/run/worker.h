/* The threads that take a prompt's tasks: groups of cells, and blocks of corrupted runs. */
#pragma once

#include "trace/run/prompt.h"

G_BEGIN_DECLS

/* Does all tasks that are left, with the pool's threads, of which the caller's is one. */
void eg_workers_run (EgTracedPrompt *self);

/* Does one of them. What its round waits for must be there. */
gboolean
eg_worker_run_task (EgTracedPrompt *self, EgWorkspace *workspace, const EgTask *task, GError **error);

/* A group's segments, [cells × samples], ordered by layer; and what was measured of them, metric m of segment
 * i at values[m · stride + i]. */
void eg_group_prepare (const EgTracedPrompt *self, const EgGroup *group, EgSegment *segments);
void eg_group_record (EgTracedPrompt *self, const EgGroup *group, const double *values, gsize stride);

/* A lost device gives no memory, either: then it is the loss that is told. *error is set. */
void eg_worker_tell_cause (EgWorkspace *workspace, GError **error);

G_END_DECLS
