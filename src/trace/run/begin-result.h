/* A result before anything is computed: what is known from the request and its texts alone. */
#pragma once

#include "trace/plan/grid.h"
#include "trace/result/result.h"

G_BEGIN_DECLS

/* With the request's metric alone. (transfer full) */
EgTraceResult *eg_trace_begin_result (EgModel *model,
                                      const EgTraceRequest *request,
                                      const EgTraceInput *input,
                                      const EgGrid *grid);

G_END_DECLS
