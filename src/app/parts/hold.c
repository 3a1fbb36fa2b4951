/* Holds of the default GApplication, if there is one. */
#include "app/parts/hold.h"

void
eg_program_hold (void)
{
  if (g_application_get_default () != NULL)
    g_application_hold (g_application_get_default ());
}

void
eg_program_release (void)
{
  if (g_application_get_default () != NULL)
    g_application_release (g_application_get_default ());
}
