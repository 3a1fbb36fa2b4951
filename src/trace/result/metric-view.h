/* A result seen by another of the metrics that it holds. */
#pragma once

#include "trace/result/result.h"

G_BEGIN_DECLS

/* A copy whose main metric is this one, which was measured (eg_trace_result_find_metric()): its grids, ends
 * and sentences are of it. The metric that was the main one stands in its place. (transfer full) */
EgTraceResult *eg_trace_result_view_metric (const EgTraceResult *self, EgMetric metric);

G_END_DECLS
