/* Cuts a text to a menu's width and doubles its underscores, which would be mnemonics. */
#include "app/parts/menu-label.h"

#define LABEL_CHARS 48

char *
eg_menu_label (const char *text)
{
  g_autoptr (GString) label = g_string_new (NULL);
  glong n = 0;

  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p), n++)
    {
      const gunichar c = g_utf8_get_char (p);
      if (n == LABEL_CHARS)
        {
          g_string_append (label, "…");
          break;
        }
      if (c == '_')
        g_string_append (label, "__");
      else
        g_string_append_unichar (label, g_unichar_isspace (c) ? ' ' : c);
    }
  return g_string_free (g_steal_pointer (&label), FALSE);
}
