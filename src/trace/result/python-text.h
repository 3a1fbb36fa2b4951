/* A trace as lines of Python, for the module engram (python/). */
#pragma once

#include "trace/result/result.h"

G_BEGIN_DECLS

/* Three lines that give the same result: what is as usual is not said. (transfer full) */
char *eg_trace_result_to_python (const EgTraceResult *self);

G_END_DECLS
