/* Starts a trace on the model as it is placed. */
#pragma once

#include "trace/plan/order.h"
#include "trace/run/partial.h"
#include "trace/run/prompt.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/* A prompt to be traced by at most so many threads (0: as the request has it), of which nothing is planned
 * yet: NULL where it cannot be, or would not fit into memory. (transfer full) */
EgTracedPrompt *eg_trace_prepare (EgModel *model,
                                  const EgTraceRequest *request,
                                  EgTracePartial *partial,
                                  EgTraceOrder *order,
                                  gsize n_threads,
                                  GCancellable *cancellable,
                                  GError **error);

/* As eg_trace_async(), without a look at the request's device. partial: of the same model and request, or
 * NULL; order: of its cells, or NULL. */
void eg_trace_start (EgModel *model,
                     const EgTraceRequest *request,
                     EgTracePartial *partial,
                     EgTraceOrder *order,
                     GCancellable *cancellable,
                     EgTraceProgressFunc progress,
                     gpointer progress_data,
                     GAsyncReadyCallback callback,
                     gpointer user_data);

G_END_DECLS
