/* One trace as the window sees it: under way, finished, stopped or failed, with its result as far as it is
 * known. */
#pragma once

#include "app/ask/estimate-use.h"
#include "preview/lead.h"
#include "trace/run/saved.h"
#include "trace/run/trace.h"

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum
{
  EG_TRACING_IDLE,
  EG_TRACING_RUNNING,
  EG_TRACING_DONE,
  EG_TRACING_STOPPED,
  EG_TRACING_FAILED,
} EgTracingState;

#define EG_TYPE_TRACING (eg_tracing_get_type ())

/* Signals, in the main context that started the trace:
 *   "state-changed" ()
 *   "progress" (const EgTraceCell *cells, gulong n_cells): these cells of the result have new values; none of
 * them when its probabilities alone are new */
G_DECLARE_FINAL_TYPE (EgTracing, eg_tracing, EG, TRACING, GObject)

EgTracing *eg_tracing_new (void);

/* Starts a trace, in place of the one under way or the last one. With estimates, these are its result first,
 * and beside the scores until its end; or all there is. */
void eg_tracing_start (EgTracing *self, EgModel *model, const EgTraceRequest *request, EgEstimateUse use);

/* Whether a site of a result of estimates has cells that can be computed; and computes them. model: the one
 * whose estimates they are. */
gboolean eg_tracing_can_make_exact (EgTracing *self, gsize site);
void eg_tracing_make_exact (EgTracing *self, EgModel *model, gsize site);

/* Whether its estimates are still being made. */
gboolean eg_tracing_is_estimating (EgTracing *self);

/* The spot check of a site's estimates. (transfer none): NULL until it is in. */
const EgPreviewCheck *eg_tracing_get_check (EgTracing *self, gsize site);

/* What is there stays. Nothing happens when no trace is under way. */
void eg_tracing_stop (EgTracing *self);

/* Whether the trace was stopped and can go on from what it has; and does. model: with which one from a file
 * does. */
gboolean eg_tracing_can_continue (EgTracing *self);
void eg_tracing_continue (EgTracing *self, EgModel *model);

/* Shows a result from a file: done, or stopped if it is not complete. saved: (transfer full) (nullable): what
 * it can go on from. */
void eg_tracing_show (EgTracing *self, EgTraceResult *result, EgSavedTrace *saved);

EgTracingState eg_tracing_get_state (EgTracing *self);

/* (transfer none): NULL before the first numbers. */
EgTraceResult *eg_tracing_get_result (EgTracing *self);

/* What it would go on from: of a trace under way as it was a few seconds ago. (transfer none): NULL where it
 * cannot go on, and at the beginning. */
const EgTracePartial *eg_tracing_get_partial (EgTracing *self);

/* What was asked for. (transfer none): NULL before the first trace. */
const EgTraceRequest *eg_tracing_get_request (EgTracing *self);

/* When it was started. (transfer none): NULL where that is not known. */
GDateTime *eg_tracing_get_date (EgTracing *self);

/* Of EG_TRACING_FAILED. (transfer none) */
const GError *eg_tracing_get_error (EgTracing *self);

/* Work units done and in all, seconds gone, and left (negative: unknown). */
void eg_tracing_get_progress (EgTracing *self, gsize *done, gsize *total, double *elapsed, double *left);

G_END_DECLS
