/* A libengram-cuda.so for the tests of the Flatpak's extension: it finds no GPU, and says that it was asked.
 */
#include "engine/cuda/module.h"

#include <string.h>

static int
count_devices (char *why)
{
  strcpy (why, "The stand-in was asked");
  return 0;
}

static gboolean
describe (int device, EgCudaDevice *info, char *why)
{
  return count_devices (why) > device;
}

static EgBackend *
open_device (int device, EgPrecision precision, char *why)
{
  count_devices (why);
  return NULL;
}

const EgCudaModule *eg_cuda_module (void);

const EgCudaModule *
eg_cuda_module (void)
{
  static const EgCudaModule module
      = { .abi = EG_CUDA_ABI, .n_devices = count_devices, .describe = describe, .open = open_device };
  return &module;
}
