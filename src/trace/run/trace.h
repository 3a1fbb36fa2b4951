/* Runs a trace on its own threads and hands finished cells to the caller's main context. */
#pragma once

#include "library/model.h"
#include "trace/plan/order.h"
#include "trace/run/partial.h"
#include "trace/run/progress.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/* Bytes that the runs kept by a trace take at the most, beside the weights: of a prompt of n_tokens whose
 * subject is at its beginning, when these sites are restored (NULL: the residual stream). */
guint64 eg_trace_memory (EgModel *model, gsize n_tokens, gsize samples, char *const *sites);

/* Starts a trace on the request's device; never blocks. Where a device fails or has too little memory, the
 * trace begins again on the processor, with a new result whose note says so; EG_ERROR_DEVICE only when a GPU
 * was asked for by name and cannot be used at all. @progress (may be NULL) and @callback run in the
 * thread-default main context of the caller. Any number of traces may be under way at once. */
void eg_trace_async (EgModel *model,
                     const EgTraceRequest *request,
                     GCancellable *cancellable,
                     EgTraceProgressFunc progress,
                     gpointer progress_data,
                     GAsyncReadyCallback callback,
                     gpointer user_data);

/* The same, the cells in an order (NULL: the usual one), which changes no number of any. Of an order that
 * wants only some cells, the result is not complete. */
void eg_trace_ordered_async (EgTraceOrder *order,
                             EgModel *model,
                             const EgTraceRequest *request,
                             GCancellable *cancellable,
                             EgTraceProgressFunc progress,
                             gpointer progress_data,
                             GAsyncReadyCallback callback,
                             gpointer user_data);

/* The finished result (transfer full). When cancelled: NULL and G_IO_ERROR_CANCELLED; what was computed until
 * then is in the result that the progress function was given. */
EgTraceResult *eg_trace_finish (GAsyncResult *result, GError **error);

/* Of a finished call: what a cancelled trace, or one of some cells alone, had computed until then, to go on
 * from. (transfer full): NULL when it is complete, or was refused. */
EgTracePartial *eg_trace_get_partial (GAsyncResult *result);

/* Goes on with a trace that was stopped: what it had is in the first update, and the finished result has the
 * same bits as if it had never been stopped. order: of the rest, or NULL. For the rest, as eg_trace_async().
 */
void eg_trace_continue_async (EgTracePartial *partial,
                              EgTraceOrder *order,
                              GCancellable *cancellable,
                              EgTraceProgressFunc progress,
                              gpointer progress_data,
                              GAsyncReadyCallback callback,
                              gpointer user_data);

/* The same, waiting: for tests and scripts. @progress runs in this thread. */
EgTraceResult *eg_trace_run (EgModel *model,
                             const EgTraceRequest *request,
                             GCancellable *cancellable,
                             EgTraceProgressFunc progress,
                             gpointer progress_data,
                             GError **error);

/* The same, from what a stopped trace left (NULL: from the beginning; else model and request are its), and
 * with what this one leaves when it is cancelled in *left (NULL otherwise). */
EgTraceResult *eg_trace_run_from (EgTracePartial *partial,
                                  EgModel *model,
                                  const EgTraceRequest *request,
                                  GCancellable *cancellable,
                                  EgTraceProgressFunc progress,
                                  gpointer progress_data,
                                  EgTracePartial **left,
                                  GError **error);

/* The same, in an order. */
EgTraceResult *eg_trace_run_ordered (EgTraceOrder *order,
                                     EgTracePartial *partial,
                                     EgModel *model,
                                     const EgTraceRequest *request,
                                     GCancellable *cancellable,
                                     EgTraceProgressFunc progress,
                                     gpointer progress_data,
                                     EgTracePartial **left,
                                     GError **error);

G_END_DECLS
