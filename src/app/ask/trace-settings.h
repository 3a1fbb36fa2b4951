/* How a trace is made: sites, target, samples, noise, and, folded, what is seldom changed. */
#pragma once

#include "app/ask/draft.h"
#include "app/ask/estimate-use.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define EG_TYPE_TRACE_SETTINGS (eg_trace_settings_get_type ())

/* Signals: "activated" (): Enter in the target; "estimate-changed" (). */
G_DECLARE_FINAL_TYPE (EgTraceSettings, eg_trace_settings, EG, TRACE_SETTINGS, AdwBin)

GtkWidget *eg_trace_settings_new (void);

/* Whose settings are shown and edited; once. */
void eg_trace_settings_set_draft (EgTraceSettings *self, EgDraft *draft);

/* What is remembered from one start to the next; the target is not. Once, with a draft; settings may be NULL.
 */
void eg_trace_settings_bind (EgTraceSettings *self, GSettings *settings);

/* Not of the draft: the exact cells of a request are the same. */
EgEstimateUse eg_trace_settings_get_estimate (EgTraceSettings *self);

/* A number that is still being typed counts. */
void eg_trace_settings_commit (EgTraceSettings *self);

G_END_DECLS
