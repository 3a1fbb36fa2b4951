/* Probabilities with as many digits as a person reads. */
#include "app/parts/probability-text.h"

#include <math.h>

char *
eg_format_probability (double probability)
{
  if (isnan (probability))
    return g_strdup ("–");
  if (probability > 0 && probability < 0.0005)
    return g_strdup_printf ("< %.3f", 0.001);
  return g_strdup_printf ("%.3f", probability);
}
