/* What the table of fields calls to check each of them; EG_ERROR_INVALID. */
#pragma once

#include "trace/ask/request.h"

G_BEGIN_DECLS

gboolean eg_check_target (const EgTraceRequest *self, GError **error);
gboolean eg_check_samples (const EgTraceRequest *self, GError **error);
gboolean eg_check_corruption (const EgTraceRequest *self, GError **error);
gboolean eg_check_noise_level (const EgTraceRequest *self, GError **error);
gboolean eg_check_noise_scale (const EgTraceRequest *self, GError **error);
gboolean eg_check_span (const EgTraceRequest *self, GError **error);
gboolean eg_check_metric (const EgTraceRequest *self, GError **error);
gboolean eg_check_against (const EgTraceRequest *self, GError **error);
gboolean eg_check_sites (const EgTraceRequest *self, GError **error);
gboolean eg_check_window (const EgTraceRequest *self, GError **error);
gboolean eg_check_sweep (const EgTraceRequest *self, GError **error);
gboolean eg_check_direction (const EgTraceRequest *self, GError **error);
gboolean eg_check_freeze (const EgTraceRequest *self, GError **error);
gboolean eg_check_knockout (const EgTraceRequest *self, GError **error);
gboolean eg_check_until_sem (const EgTraceRequest *self, GError **error);
gboolean eg_check_max_samples (const EgTraceRequest *self, GError **error);

G_END_DECLS
