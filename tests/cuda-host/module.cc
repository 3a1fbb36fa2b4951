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

/* CUDA_HOST_CAPABILITY=61,90 is 6.1 of the first device and 9.0 of all others; CUDA_HOST_MEMORY is in MiB. */
__attribute__ ((constructor)) static void
take_environment ()
{
  const char *text = getenv ("CUDA_HOST_CAPABILITY");
  char *rest = const_cast<char *> (text ? text : "90");
  cuda_host_set_driver ((int)setting ("CUDA_HOST_DRIVER", CUDART_VERSION));
  cuda_host_set_device ((int)setting ("CUDA_HOST_DEVICES", 1), 9, 0);
  long capability = 90;
  for (int i = 0; i < CUDA_HOST_MOST_DEVICES; i++)
    {
      if (*rest)
        capability = strtol (rest, &rest, 10);
      rest += *rest == ',';
      cuda_host_set_capability (i, (int)(capability / 10), (int)(capability % 10));
    }
  cuda_host_set_memory ((size_t)setting ("CUDA_HOST_MEMORY", 2048) << 20);
}
