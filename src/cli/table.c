/* Pads texts to the columns that a terminal gives them. */
#include "cli/table.h"

#include "cli/common.h"

gsize
cli_text_width (const char *text)
{
  gsize width = 0;
  for (const char *c = text; *c != '\0'; c = g_utf8_next_char (c))
    {
      const gunichar unichar = g_utf8_get_char (c);
      width += g_unichar_iszerowidth (unichar) ? 0 : g_unichar_iswide (unichar) ? 2 : 1;
    }
  return width;
}

void
cli_print_padded (const char *text, gsize width, gboolean to_the_right)
{
  const gsize taken = cli_text_width (text);
  const int padding = taken < width ? (int)(width - taken) : 0;
  if (to_the_right)
    cli_print ("%*s%s", padding, "", text);
  else
    cli_print ("%s%*s", text, padding, "");
}

gsize
cli_label_width (const char *const *labels, gsize min)
{
  gsize width = min;
  for (gsize i = 0; labels[i] != NULL; i++)
    width = MAX (width, cli_text_width (labels[i]) + 2);
  return width;
}

void
cli_field (gsize width, const char *label, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_autofree char *text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  cli_print_padded (label, width, FALSE);
  cli_print ("%s\n", text);
}

char *
cli_join (GPtrArray *parts)
{
  GString *text = g_string_new (NULL);
  for (guint i = 0; i < parts->len; i++)
    g_string_append_printf (text, "%s%s", i > 0 ? ", " : "", (const char *)parts->pdata[i]);
  return g_string_free (text, FALSE);
}
