/* What a result says, in sentences for a person. */
#pragma once

#include "trace/result/result.h"

G_BEGIN_DECLS

/* "Most important: layer 7 at “ is” brings “ German” back to 99%; within the subject: layer 1 at “ Merkel”
 * (41% ± 2%)": one sentence, or NULL before the first cell. (transfer full) */
char *eg_trace_grid_describe (const EgTraceGrid *grid);

/* Below this probability, the clean run's answer is not one that a model knows. */
#define EG_UNSURE_PROBABILITY 0.1

/**
 * EgTraceProblem: why a trace cannot mean much.
 * @EG_TRACE_NOT_LOWERED: high ≤ low; @EG_TRACE_UNSURE: high < EG_UNSURE_PROBABILITY;
 * @EG_TRACE_HARDLY_LOWERED: low ≥ 0.8·high
 */
typedef enum
{
  EG_TRACE_NO_PROBLEM,
  EG_TRACE_NOT_LOWERED,
  EG_TRACE_UNSURE,
  EG_TRACE_HARDLY_LOWERED,
} EgTraceProblem;

EgTraceProblem eg_trace_result_get_problem (const EgTraceResult *self);

/* The note; else that problem in one sentence, with a suggestion; NULL when there is neither. (transfer full)
 */
char *eg_trace_result_warning (const EgTraceResult *self);

G_END_DECLS
