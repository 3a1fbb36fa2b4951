#include "app/ask/settings-check.h"

/* As if this part had not been touched. */
static void
forget_part (EgTraceRequest *request, EgSettingsPart part)
{
  switch (part)
    {
    case EG_SETTINGS_CORRUPTION:
      eg_corruption_clear (&request->corruption);
      request->corruption = (EgCorruption){ 0 };
      break;
    case EG_SETTINGS_RESTORING:
      request->sweep = EG_SWEEP_CELLS;
      request->direction = EG_DIRECTION_RESTORE;
      request->freeze = 0;
      request->has_knockout = FALSE;
      break;
    case EG_SETTINGS_MORE:
      request->metric = EG_METRIC_PROB;
      request->until_sem = 0;
      g_clear_pointer (&request->against, g_free);
      break;
    case EG_SETTINGS_FINE:
    default:
      break;
    }
}

/* That without which it could be traced. */
static EgSettingsPart
find_part (const EgTraceRequest *request, EgModel *model)
{
  for (EgSettingsPart part = EG_SETTINGS_CORRUPTION; part <= EG_SETTINGS_MORE; part++)
    {
      g_autoptr (EgTraceRequest) other = eg_trace_request_copy (request);
      forget_part (other, part);
      g_autoptr (EgTraceInput) input = eg_trace_input_new (other, model, NULL);
      if (input != NULL)
        return part;
    }
  return EG_SETTINGS_FINE;
}

EgSettingsPart
eg_settings_check (const EgTraceRequest *request, EgModel *model, EgTraceInput **input, GError **error)
{
  g_autoptr (GError) wrong = NULL;

  *input = NULL;
  if (!eg_corruption_check (&request->corruption, error))
    return EG_SETTINGS_CORRUPTION;
  if (!eg_trace_request_check_sites (request, error))
    return EG_SETTINGS_RESTORING;
  if (model == NULL || (*input = eg_trace_input_new (request, model, &wrong)) != NULL)
    return EG_SETTINGS_FINE;
  const EgSettingsPart part = find_part (request, model);
  if (part != EG_SETTINGS_FINE)
    g_propagate_error (error, g_steal_pointer (&wrong));
  return part;
}
