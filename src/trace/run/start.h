/* Starts a trace on the model as it is placed. */
#pragma once

#include "trace/run/partial.h"
#include "trace/run/progress.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/* As eg_trace_async(), without a look at the request's device. partial: of the same model and request, or
 * NULL. */
void eg_trace_start (EgModel *model,
                     const EgTraceRequest *request,
                     EgTracePartial *partial,
                     GCancellable *cancellable,
                     EgTraceProgressFunc progress,
                     gpointer progress_data,
                     GAsyncReadyCallback callback,
                     gpointer user_data);

G_END_DECLS
