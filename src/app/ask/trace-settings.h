/* How a trace is made: sites, target, samples, noise, and, folded, what is seldom changed. */
#pragma once

#include "app/ask/draft.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define EG_TYPE_TRACE_SETTINGS (eg_trace_settings_get_type ())

/* Signal "activated" (): Enter in the target. */
G_DECLARE_FINAL_TYPE (EgTraceSettings, eg_trace_settings, EG, TRACE_SETTINGS, AdwBin)

GtkWidget *eg_trace_settings_new (void);

/* Whose settings are shown and edited; once. */
void eg_trace_settings_set_draft (EgTraceSettings *self, EgDraft *draft);

/* What is remembered from one start to the next; the target is not. Once, with a draft; settings may be NULL.
 */
void eg_trace_settings_bind (EgTraceSettings *self, GSettings *settings);

/* A number that is still being typed counts. */
void eg_trace_settings_commit (EgTraceSettings *self);

G_END_DECLS
