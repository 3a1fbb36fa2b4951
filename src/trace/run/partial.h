/* What a trace had computed when it was stopped: every value of every sample, so that it can go on to
 * the same bits as if it had never been stopped. Immutable. */
#pragma once

#include "trace/run/estimates.h"
#include "trace/plan/plan.h"
#include "trace/ask/request.h"

G_BEGIN_DECLS

typedef struct _EgTracePartial EgTracePartial;

/**
 * EgTracePartial:
 * @estimates: with the corrupted runs' values of all rounds with a known computed cell
 * @seconds: that the trace has taken so far
 */
struct _EgTracePartial
{
  gatomicrefcount refs;
  EgModel *model;
  EgTraceRequest *request;
  EgEstimates *estimates;
  double seconds;
};

/* Takes the estimates over. (transfer full) */
EgTracePartial *
eg_trace_partial_new (EgModel *model, const EgTraceRequest *request, EgEstimates *estimates, double seconds);
EgTracePartial *eg_trace_partial_ref (EgTracePartial *self);
void eg_trace_partial_unref (EgTracePartial *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgTracePartial, eg_trace_partial_unref)

/* Whether all that a group computes is known. */
gboolean eg_trace_partial_has_group (const EgTracePartial *self, const EgGroup *group);

/* Whether all groups of a round are known, so that its corrupted runs are not needed again. */
gboolean eg_trace_partial_has_round (const EgTracePartial *self, const EgRound *round);

G_END_DECLS
