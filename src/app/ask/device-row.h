/* The choice of what computes: automatic, the processor, or one of the GPUs that can be used. */
#pragma once

#include "engine/device.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define EG_TYPE_DEVICE_ROW (eg_device_row_get_type ())

/* Property "device": a name of engine/device.h. Where CUDA cannot be used there is nothing to choose: the row
 * says why. What there is is found out in a thread. */
G_DECLARE_FINAL_TYPE (EgDeviceRow, eg_device_row, EG, DEVICE_ROW, AdwComboRow)

/* Automatic where CUDA cannot be used, whatever GPU was chosen when it could. */
void eg_device_row_get_device (EgDeviceRow *self, EgDevice *device);
void eg_device_row_set_device (EgDeviceRow *self, const EgDevice *device);

G_END_DECLS
