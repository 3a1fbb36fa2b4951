/* How a trace is made: sites, target, samples, noise, and, folded, what is seldom changed. */
#pragma once

#include "trace/ask/request.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define EG_TYPE_TRACE_SETTINGS (eg_trace_settings_get_type ())

/* Signals: "changed" (), of anything but the threads; "activated" (), Enter in the target. */
G_DECLARE_FINAL_TYPE (EgTraceSettings, eg_trace_settings, EG, TRACE_SETTINGS, AdwBin)

GtkWidget *eg_trace_settings_new (void);

/* What is remembered from one start to the next; the target is not. settings may be NULL. */
void eg_trace_settings_bind (EgTraceSettings *self, GSettings *settings);

/* Whose tokens the target may be. */
void eg_trace_settings_set_model (EgTraceSettings *self, EgModel *model);

/* Puts all settings into a request, and takes them from one. */
void eg_trace_settings_fill (EgTraceSettings *self, EgTraceRequest *request);
void eg_trace_settings_show (EgTraceSettings *self, const EgTraceRequest *request);

/* Whether the request, which was filled in here, can be traced as far as it is settled here, and says beside
 * the settings concerned why not. model: NULL while none is loaded. Prompt, subject and target are checked
 * elsewhere. */
gboolean eg_trace_settings_check (EgTraceSettings *self,
                                  const EgTraceRequest *request,
                                  EgModel *model,
                                  GError **error);

/* NULL or "": the first prediction. */
void eg_trace_settings_set_target (EgTraceSettings *self, const char *target);
const char *eg_trace_settings_get_target (EgTraceSettings *self);

/* What is wrong with the target, or worth knowing about it; NULL for nothing. */
void eg_trace_settings_set_message (EgTraceSettings *self, const char *message, gboolean error);

/* A number that is still being typed counts. */
void eg_trace_settings_commit (EgTraceSettings *self);

G_END_DECLS
