/* Whether an estimate before the exact cells pays, and what it will take. */
#pragma once

#include "library/model.h"
#include "trace/ask/request.h"

G_BEGIN_DECLS

/* Work of an estimate as a trace's is counted (trace/plan/expected-work.h), so that the rate at which a trace
 * was measured tells its time. NaN where the request has none. Any thread. */
double eg_preview_expected_work (EgModel *model, const EgTraceRequest *request);

/* Whether the request has an estimate, is traced on the processor, and takes so long that there is time to
 * look at one: about a second, at what a thread of today's processors does. Makes a plan: any thread. */
gboolean eg_preview_is_worth (EgModel *model, const EgTraceRequest *request);

/* For tests: so much work of a thread is enough; 0: as usual. */
void eg_preview_worth_set_least (double flops);

G_END_DECLS
