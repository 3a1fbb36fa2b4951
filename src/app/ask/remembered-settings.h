/* What GSettings remembers of a trace's settings beside those that widgets are bound to: names as the command
 * line has them. What belongs to one prompt alone (another subject, a span of tokens, a knockout, the token
 * against the target) or to a file that may be gone is not remembered. */
#pragma once

#include "app/ask/draft.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/* Puts what is remembered into the draft, and remembers each change from now on. */
void eg_remembered_settings_bind (GSettings *settings, EgDraft *draft);

G_END_DECLS
