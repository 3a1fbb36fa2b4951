/* Keeps a trace under way in files: saves it again and again, on a thread of its own, so that a program that
 * ends without a word loses no more than the last seconds.
 *
 *   g_autoptr (EgTraceKeeper) keeper = eg_trace_keeper_new (paths, EG_TRACE_KEEPER_SECONDS);
 *   …in the progress function:
 *     eg_trace_keeper_follow (keeper, progress);
 *
 * All of it is for one thread (that of the progress function). */
#pragma once

#include "trace/run/trace.h"

G_BEGIN_DECLS

/* What an interruption may cost. */
#define EG_TRACE_KEEPER_SECONDS 10

typedef struct _EgTraceKeeper EgTraceKeeper;

/* paths: one or more .npz, each of which gets all of it. (transfer full) */
EgTraceKeeper *eg_trace_keeper_new (const char *const *paths, double seconds);

/* Waits for what is being written. What is not saved yet, is not. */
void eg_trace_keeper_free (EgTraceKeeper *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgTraceKeeper, eg_trace_keeper_free)

/* Looks whether it is time: so many seconds after the last save began, or sooner (but not twice a second)
 * when a round of samples is done; and never before the last one is written. Then takes a copy, which costs
 * milliseconds, and has it written. */
void eg_trace_keeper_follow (EgTraceKeeper *self, const EgTraceProgress *progress);

/* Waits for what is being written, and writes this; FALSE with the first file's error. */
gboolean eg_trace_keeper_save (EgTraceKeeper *self,
                               const EgTracePartial *partial,
                               const EgTraceResult *result,
                               GError **error);

/* What kept the last save that eg_trace_keeper_follow() began from the disk; said once, until one succeeds
 * again. NULL for nothing new. The trace goes on, and so do the attempts. (transfer full) */
GError *eg_trace_keeper_take_error (EgTraceKeeper *self);

/* Whether any save has been written. */
gboolean eg_trace_keeper_has_saved (EgTraceKeeper *self);

G_END_DECLS
