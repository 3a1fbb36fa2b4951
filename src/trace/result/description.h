/* What a result says, in sentences for a person. */
#pragma once

#include "trace/result/result.h"

G_BEGIN_DECLS

/* "In the subject: restoring layer 1 at “ Merkel” brings “ German” back to 41% ± 2%; after it: restoring
 * layer 4 at “ of” (12% ± 1%); at the last token the answer is there from layer 6 on". What stands out from
 * the corrupted run by more than two standard errors and a fiftieth of the way, or that nothing does; cells
 * that differ by less than a thousandth of the way are not named. NULL before the first cell. (transfer full)
 */
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

/* The settings in words: "Residual stream restored at each layer and token; Gaussian noise of 3 σ on “Angela
 * Merkel”; 10 samples, seed 1". Of files without settings, what is known. site: of several, the one that is
 * meant; NULL: all. (transfer full) */
char *eg_trace_result_describe_method (const EgTraceResult *self, const char *site);

/* What a spot check said of a trace in a lower precision, in words; NULL where there was none. (transfer
 * full)
 */
char *eg_trace_result_describe_precision (const EgTraceResult *self);

/* "2026-11-29", or NULL. (transfer full) */
char *eg_trace_result_get_day (const EgTraceResult *self);

G_END_DECLS
