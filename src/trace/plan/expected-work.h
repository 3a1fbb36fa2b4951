/* How much a trace will compute, before it is begun. */
#pragma once

#include "library/model.h"
#include "trace/plan/plan.h"

G_BEGIN_DECLS

/* The floating-point operations of the products that this request's trace cannot do without
 * (eg_plan_needed_flops()): at a rate that was measured by the same count, what it will take. Makes a plan:
 * milliseconds of large prompts; any thread. NaN with the error of a request that cannot be traced. */
double eg_expected_work (EgModel *model, const EgTraceRequest *request, GError **error);

/* The same of a grid and so many samples. */
double eg_expected_work_of_grid (const EgGrid *grid, gsize samples, const EgPlanCosts *costs);

/* Those of one clean run over so many tokens, with its head. */
double eg_expected_work_of_run (EgModel *model, gsize n_tokens);

G_END_DECLS
