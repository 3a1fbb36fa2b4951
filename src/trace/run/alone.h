/* A prompt's trace on the calling thread alone, without a main context: for who traces many, each on a thread
 * of its own. Its bits are those of eg_trace_run(). */
#pragma once

#include "library/model.h"
#include "network/workspace.h"
#include "trace/result/result.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * EgTraceEntry: what is known of a prompt before its cells are computed.
 * @result: of tokens, subject and target; no score yet
 * @prediction, @probability: the clean run's first prediction
 * @clean, @corrupted: P(target) of the clean run, and the mean over the corrupted ones; NaN before those are
 * run
 */
typedef struct
{
  const EgTraceResult *result;
  guint32 prediction;
  double probability;
  double clean, corrupted;
} EgTraceEntry;

/* Whether the prompt is worth more work: asked once the clean run is there, and again with the corrupted
 * ones.
 */
typedef gboolean (*EgTraceGateFunc) (const EgTraceEntry *entry, gpointer user_data);

/* workspace: of the model's network and one thread, kept from trace to trace. Where the gate says no, the
 * result has its ends as far as they were computed, no scores, and is not complete. NULL with an error as
 * eg_trace_run(), but that a device that fails is one, too. (transfer full) */
EgTraceResult *eg_trace_run_alone (EgWorkspace *workspace,
                                   EgModel *model,
                                   const EgTraceRequest *request,
                                   EgTraceGateFunc gate,
                                   gpointer user_data,
                                   GCancellable *cancellable,
                                   GError **error);

G_END_DECLS
