#include "core/error.h"

G_DEFINE_QUARK (eg - error - quark, eg_error)

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
