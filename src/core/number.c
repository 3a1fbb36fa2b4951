/* Reads numbers strictly, and says what was wanted where one is not. */
#include "core/number.h"

#include "core/error.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <inttypes.h>

gboolean
eg_parse_integer (
    const char *what, const char *text, guint64 min, guint64 max, guint64 *value, GError **error)
{
  return g_ascii_string_to_unsigned (text, 10, min, max, value, NULL)
         || eg_error_invalid (
             error,
             /* TRANSLATORS: an option, such as --samples; the least and the greatest number; what was typed.
              */
             _ ("%s takes a whole number from %" PRIu64 " to %" PRIu64 ", not “%s”"), what, min, max, text);
}

gboolean
eg_parse_number (const char *what, const char *text, double above, double max, double *value, GError **error)
{
  char *end = NULL;
  errno = 0;
  *value = g_ascii_strtod (text, &end);
  return (end != text && *end == '\0' && errno == 0 && *value > above && *value <= max)
         /* TRANSLATORS: an option, such as --noise; the bounds; what was typed. */
         || eg_error_invalid (error, _ ("%s takes a number above %g and up to %g, not “%s”"), what, above,
                              max, text);
}
