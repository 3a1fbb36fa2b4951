/* Estimates in the background. */
#pragma once

#include "app/ask/estimate-use.h"
#include "library/model.h"
#include "trace/result/result.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/* Whether eg_estimate_async() may have something to say. */
gboolean eg_estimate_is_wanted (EgModel *model, const EgTraceRequest *request, EgEstimateUse use);

/* A result with estimates alone, on a thread of its own; of no more samples than an order needs where the
 * trace follows. */
void eg_estimate_async (EgModel *model,
                        const EgTraceRequest *request,
                        EgEstimateUse use,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data);

/* (transfer full): NULL without an error where the trace is too short for them. */
EgTraceResult *eg_estimate_finish (GAsyncResult *result, GError **error);

G_END_DECLS
