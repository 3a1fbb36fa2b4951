/* Starts a trace on the model as it is placed. */
#pragma once

#include "trace/plan/order.h"
#include "trace/run/partial.h"
#include "trace/run/progress.h"

#include <gio/gio.h>

G_BEGIN_DECLS

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
