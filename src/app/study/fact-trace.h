/* What a study keeps of a fact, as the result of a trace: to be looked at as any other. */
#pragma once

#include "study/settings.h"
#include "study/study-fact.h"
#include "trace/result/result.h"

G_BEGIN_DECLS

/* NULL where it has no scores: of a fact that was not traced, or only estimated. (transfer full) (nullable)
 */
EgTraceResult *eg_fact_trace_new (const EgStudySettings *settings, const EgStudyFact *known);

G_END_DECLS
