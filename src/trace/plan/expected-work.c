/* Small plans, made only to be counted. */
#include "trace/plan/expected-work.h"

#include "trace/ask/input.h"

#include <math.h>

static double
count (const EgGrid *grid, gsize samples, const EgPlanCosts *costs)
{
  g_autoptr (EgPlan) plan = eg_plan_new (grid, samples, samples, NULL);
  return eg_plan_needed_flops (plan, costs);
}

/* Each sample adds the same: thousands of them need not be planned. */
double
eg_expected_work_of_grid (const EgGrid *grid, gsize samples, const EgPlanCosts *costs)
{
  const double one = count (grid, 1, costs), two = count (grid, 2, costs);
  return one + (double)(samples - 1) * (two - one);
}

double
eg_expected_work (EgModel *model, const EgTraceRequest *request, GError **error)
{
  g_autoptr (EgTraceInput) input = eg_trace_input_new (request, model, NULL, error);
  if (input == NULL)
    return NAN;
  const EgPlanCosts costs = eg_plan_costs_of (eg_model_get_family (model), eg_model_get_sizes (model));
  const EgGrid grid = eg_grid_of_input (request, model, input);
  return eg_expected_work_of_grid (&grid, eg_trace_request_get_samples (request), &costs);
}

double
eg_expected_work_of_run (EgModel *model, gsize n_tokens)
{
  const EgPlanCosts costs = eg_plan_costs_of (eg_model_get_family (model), eg_model_get_sizes (model));
  return eg_plan_run_flops (&costs, 0, n_tokens);
}
