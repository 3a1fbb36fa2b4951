/* What GSettings remembers of a trace's settings beside those that widgets are bound to: names as the command
 * line has them. What belongs to one prompt alone (another subject, a span of tokens, a knockout, the token
 * against the target) or to a file that may be gone is not remembered. */
#pragma once

#include "trace/ask/request.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/* Into the request; what makes no sense there is left as it was. */
void eg_remembered_settings_load (GSettings *settings, EgTraceRequest *request);
void eg_remembered_settings_save (GSettings *settings, const EgTraceRequest *request);

G_END_DECLS
