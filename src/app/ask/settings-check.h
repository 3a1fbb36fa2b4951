/* Which of a trace's settings keep it from being traced. */
#pragma once

#include "trace/ask/request.h"

G_BEGIN_DECLS

typedef enum
{
  EG_SETTINGS_FINE,
  EG_SETTINGS_CORRUPTION,
  EG_SETTINGS_RESTORING,
  EG_SETTINGS_MORE,
} EgSettingsPart;

/* Where to look, with the reason; fine also where the reason is not in these settings, but in prompt, subject
 * or target. model: may be NULL, then only what is wrong of every prompt is found. input: (out) (nullable)
 * (transfer full): the tokens, where all is well. */
EgSettingsPart
eg_settings_check (const EgTraceRequest *request, EgModel *model, EgTraceInput **input, GError **error);

G_END_DECLS
