/* Makes a name from outside fit for a message. */
#include "formats/quote.h"

#include <string.h>

char *
eg_quote (const char *text)
{
  const glong longest = 120;
  GString *quoted = g_string_new (NULL);
  const char *end = text + strlen (text);
  glong n = 0;
  while (text < end && n < longest)
    {
      const gunichar c = g_utf8_get_char_validated (text, end - text);
      const gboolean broken = c == (gunichar)-1 || c == (gunichar)-2;
      const char *next = broken ? text + 1 : g_utf8_next_char (text);
      if (n == longest - 1 && next < end)
        g_string_append (quoted, "…");
      else
        g_string_append_unichar (quoted, broken || !g_unichar_isprint (c) ? 0xfffd : c);
      text = next;
      n++;
    }
  return g_string_free (quoted, FALSE);
}
