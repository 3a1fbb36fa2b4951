/* Says in a page's banner why its trace cannot mean much, with a button that helps. */
#pragma once

#include "app/parts/banner.h"
#include "trace/result/description.h"

G_BEGIN_DECLS

/* Of a result as far as it is known; hides what was said before where there is nothing to say. */
void eg_trace_warning_show (EgBanner *banner, const EgTraceResult *result, const EgTraceRequest *request);

G_END_DECLS
