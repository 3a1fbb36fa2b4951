/* What the files of results share. */
#pragma once

#include "trace/result/result.h"

/* The request as a file has it: with the samples that there were so far. (transfer full) */
EgTraceRequest *eg_trace_result_get_request_for_file (const EgTraceResult *self);
