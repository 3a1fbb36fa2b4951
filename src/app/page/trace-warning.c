/* A trace that cannot mean much, or was not made as asked for, and what may help. */
#include "app/page/trace-warning.h"

#include <glib/gi18n.h>

void
eg_trace_warning_show (EgBanner *banner, const EgTraceResult *result, const EgTraceRequest *request)
{
  const EgTraceProblem problem = eg_trace_result_get_problem (result);
  g_autofree char *warning = eg_trace_result_warning (result);
  const char *action = NULL, *label = NULL;

  if (warning == NULL)
    {
      eg_banner_hide (banner);
      return;
    }
  if (problem == EG_TRACE_UNSURE)
    {
      action = request->target != NULL ? "win.first-prediction" : "win.examples";
      label = request->target != NULL ? _ ("Follow First _Prediction") : _ ("Show _Examples");
    }
  else if (problem != EG_TRACE_NO_PROBLEM && eg_corruption_uses_level (&request->corruption))
    {
      action = "win.more-noise";
      label = _ ("_Double the Noise");
    }
  /* A note stands before a problem, which then is not spoken of. */
  eg_banner_show (banner, EG_BANNER_WARNING, warning, result->note == NULL ? action : NULL, label);
}
