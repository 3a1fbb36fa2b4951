/* Reads lengths with their units. */
#include "plot/length.h"

#include "core/error.h"
#include "plot/figure.h"

#include <glib/gi18n.h>
#include <math.h>

gboolean
eg_length_parse (const char *text, double *inches, GError **error)
{
  static const struct
  {
    const char *name;
    double inches;
  } units[] = {
    { "mm", 1 / EG_MM_PER_INCH }, { "cm", 10 / EG_MM_PER_INCH }, { "in", 1 }, { "pt", 1 / 72.0 }, { "", 1 }
  };
  char *end;

  if (g_ascii_strcasecmp (text, "column") == 0 || g_ascii_strcasecmp (text, "page") == 0)
    {
      *inches = g_ascii_strcasecmp (text, "page") == 0 ? EG_FIGURE_WIDTH_PAGE : EG_FIGURE_WIDTH_COLUMN;
      return TRUE;
    }
  const double value = g_ascii_strtod (text, &end);
  if (end != text && isfinite (value))
    for (gsize i = 0; i < G_N_ELEMENTS (units); i++)
      if (g_ascii_strcasecmp (end, units[i].name) == 0)
        {
          *inches = value * units[i].inches;
          return TRUE;
        }
  g_set_error (error, EG_ERROR, EG_ERROR_INVALID,
               _ ("“%s” is no length such as 85mm, 3.35in, column or page"), text);
  return FALSE;
}
