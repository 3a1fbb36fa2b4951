/* What a trace is called, and all that is to be known of its settings, in words. */
#pragma once

#include "trace/result/result.h"

G_BEGIN_DECLS

/* Of a result (NULL: there is none yet) of this request (NULL: nothing was asked for yet). */

/* "Eiffel Tower → “Paris”", or, before the answer is known, the subject alone. (transfer full) */
char *eg_trace_title (const EgTraceResult *result, const EgTraceRequest *request);

/* The same, with a long subject cut in its middle, so that there is room for the answer. (transfer full) */
char *eg_trace_title_short (const EgTraceResult *result, const EgTraceRequest *request);

/* The settings one by one, as eg_settings_to_texts(); NULL where they are not known. (transfer full) */
char **eg_trace_title_get_settings (const EgTraceResult *result, const EgTraceRequest *request);

/* Prompt, settings and file (nullable) in a line each. (transfer full) */
char *eg_trace_title_describe (const EgTraceResult *result, const EgTraceRequest *request, const char *file);

G_END_DECLS
