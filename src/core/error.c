/* The error domain, and errors about what was asked for. */
#include "core/error.h"

/* Not by G_DEFINE_QUARK, whose static variable threads read and write without a lock. */
GQuark
eg_error_quark (void)
{
  static gsize quark;
  if (g_once_init_enter (&quark))
    g_once_init_leave (&quark, g_quark_from_static_string ("eg-error-quark"));
  return (GQuark)quark;
}

gboolean
eg_error_invalid (GError **error, const char *format, ...)
{
  va_list args;
  va_start (args, format);
  g_autofree char *message = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error_literal (error, EG_ERROR, EG_ERROR_INVALID, message);
  return FALSE;
}
