/* How far a model's scores are from those of the formulas in double precision, here and on this device. */
#pragma once

#include "library/model.h"
#include "trace/ask/request.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * EgVerification: of some cells of one sample.
 * @n_cells: how many, spread over layers and positions
 * @largest: the largest distance of one's probability of the target from the reference's
 * @layer, @position: where that is
 */
typedef struct
{
  gsize n_cells;
  double largest;
  gsize layer, position;
} EgVerification;

/* Traces up to n_cells cells of the request's first site, of one sample of its noise, as the one model
 * computes and as the other one of the same weights does, each as it is placed. The target is the first one's
 * first prediction. EG_ERROR_INVALID: the request makes no sense for it; and whatever its runs fail with. */
gboolean eg_trace_compare_cells (EgModel *model,
                                 EgModel *other,
                                 const EgTraceRequest *request,
                                 gsize n_cells,
                                 GCancellable *cancellable,
                                 EgVerification *found,
                                 GError **error);

/* How much is done, of 1; in the thread that verifies. */
typedef void (*EgVerifyProgressFunc) (double done, gpointer user_data);

/* The same as the model computes and by the reference, which does every op in double precision, loop by loop:
 * some seconds for a small model. model: as it is placed; plain: the same one, opened for this: from now on
 * the reference computes with it. progress: (nullable) */
gboolean eg_trace_verify (EgModel *model,
                          EgModel *plain,
                          const EgTraceRequest *request,
                          gsize n_cells,
                          GCancellable *cancellable,
                          EgVerifyProgressFunc progress,
                          gpointer user_data,
                          EgVerification *found,
                          GError **error);

/* The same for any model, of eight cells of a prompt that is always the same: as it is placed on the device,
 * and opened once more for the reference. device_name: (out) (optional) (transfer full): as results have it.
 */
gboolean eg_verify_on_device (EgModel *model,
                              const EgDevice *device,
                              GCancellable *cancellable,
                              EgVerifyProgressFunc progress,
                              gpointer user_data,
                              EgVerification *found,
                              char **device_name,
                              GError **error);

G_END_DECLS
