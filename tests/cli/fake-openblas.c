/* Preloaded: an OpenBLAS that does not know this processor, but does as OPENBLAS_CORETYPE says. */
#include <stdlib.h>
#include <string.h>

static char core[32] = "Prescott";

__attribute__ ((constructor)) static void
choose (void)
{
  const char *asked = getenv ("OPENBLAS_CORETYPE");
  if (asked)
    strncpy (core, asked, sizeof core - 1);
}

char *openblas_get_corename (void);

char *
openblas_get_corename (void)
{
  return core;
}
