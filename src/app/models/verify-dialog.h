/* Says how far a model’s numbers, as this device computes them, are from those in double precision. */
#pragma once

#include "engine/device.h"
#include "library/model.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define EG_TYPE_VERIFY_DIALOG (eg_verify_dialog_get_type ())
G_DECLARE_FINAL_TYPE (EgVerifyDialog, eg_verify_dialog, EG, VERIFY_DIALOG, AdwWindow)

/* Shows the dialog over its parent, which can be used meanwhile, and begins; closing it ends what is under
 * way. (transfer none) */
GtkWindow *eg_verify_dialog_show (GtkWindow *parent, EgModel *model, const EgDevice *device);

G_END_DECLS
