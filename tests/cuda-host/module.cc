/* The kernels on a processor as a libengram-cuda.so of its own, for tests of what opens one: programs that
 * are told where it lies by $ENGRAM_LIBRARY_DIR. What the device seems to be comes from the environment. */
#include "engram-cuda.cu"

#include "control.h"

#include <stdlib.h>

static long
setting (const char *name, long unset)
{
  const char *text = getenv (name);
  return text ? strtol (text, nullptr, 10) : unset;
}

/* CUDA_HOST_CAPABILITY=61 is 6.1; CUDA_HOST_MEMORY is in MiB. */
__attribute__ ((constructor)) static void
take_environment ()
{
  const long capability = setting ("CUDA_HOST_CAPABILITY", 90);
  cuda_host_set_driver ((int)setting ("CUDA_HOST_DRIVER", CUDART_VERSION));
  cuda_host_set_device ((int)setting ("CUDA_HOST_DEVICES", 1), (int)(capability / 10),
                        (int)(capability % 10));
  cuda_host_set_memory ((size_t)setting ("CUDA_HOST_MEMORY", 2048) << 20);
}
