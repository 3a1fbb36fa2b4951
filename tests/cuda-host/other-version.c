/* A libengram-cuda.so of another version of Engram. */
#include "engine/cuda/module.h"

#include <gmodule.h>

const EgCudaModule *eg_cuda_module (void);

G_MODULE_EXPORT const EgCudaModule *
eg_cuda_module (void)
{
  static const EgCudaModule module = { .abi = EG_CUDA_ABI + 1 };
  return &module;
}
