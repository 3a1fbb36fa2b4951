/* How far a few of a trace's probabilities are from those in single precision, where a device multiplies in a
 * lower one. */
#pragma once

#include "library/model.h"
#include "trace/ask/request.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/* Computes eight cells of one sample of the request's prompt, subject and main site, restored under the
 * default noise where the request does anything else, by the model as it is placed and by the processor: on
 * a thread of its own. */
void eg_spot_check_async (EgModel *placed,
                          const EgTraceRequest *request,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data);

/* The largest difference of two probabilities; NaN where it could not be computed. */
double eg_spot_check_finish (GAsyncResult *result);

G_END_DECLS
