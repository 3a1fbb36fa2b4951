/* Counts what an estimate computes, and what it would save. */
#include "preview/worth.h"

#include "preview/preview.h"
#include "trace/ask/input.h"
#include "trace/plan/expected-work.h"

#include <math.h>

/* Floating-point operations of a thread in about a second. */
#define LEAST_WORK 8e10

/* A pass backward, in passes forward, as it was measured: two products for each of a layer's, and what is
 * computed again (docs/decisions/35). */
#define BACKWARD 2.2

static double least_work = LEAST_WORK;

void
eg_preview_worth_set_least (double flops)
{
  least_work = flops > 0 ? flops : LEAST_WORK;
}

double
eg_preview_expected_work (EgModel *model, const EgTraceRequest *request)
{
  EgModel *origin = eg_model_get_origin (model);
  g_autoptr (EgTraceInput) input = eg_preview_missing (request, origin) == NULL
                                       ? eg_trace_input_new (request, origin, NULL, NULL)
                                       : NULL;
  if (input == NULL)
    return NAN;
  const double samples = eg_trace_request_get_samples (request), steps = request->estimate_steps;
  const double passes = 1 + samples * (1 + steps + BACKWARD * MAX (steps, 1));
  return passes * eg_expected_work_of_run (origin, input->n_tokens);
}

gboolean
eg_preview_is_worth (EgModel *model, const EgTraceRequest *request)
{
  const gsize threads = eg_trace_request_count_threads (request);
  return eg_preview_missing (request, eg_model_get_origin (model)) == NULL
         && eg_device_open (&request->device, NULL) == eg_backend_cpu ()
         && eg_expected_work (eg_model_get_origin (model), request, NULL) >= least_work * (double)threads;
}
