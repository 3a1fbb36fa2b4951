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

/* Texts from outside may have lines of their own, a message has one: ␊ stands for a line's end, and so on. */
static char *
show_controls (const char *text)
{
  GString *shown = g_string_new (NULL);
  for (const char *c = text; *c != '\0'; c++)
    if ((guint8)*c < ' ')
      g_string_append_unichar (shown, 0x2400 + (guint8)*c);
    else
      g_string_append_c (shown, *c);
  return g_string_free (shown, FALSE);
}

gboolean
eg_error_invalid (GError **error, const char *format, ...)
{
  va_list args;
  va_start (args, format);
  g_autofree char *message = g_strdup_vprintf (format, args);
  va_end (args);
  g_autofree char *line = show_controls (message);
  g_set_error_literal (error, EG_ERROR, EG_ERROR_INVALID, line);
  return FALSE;
}
