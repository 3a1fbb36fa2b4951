/* Reads lengths with their units, and the ends of a scale. */
#include "plot/length.h"

#include "core/error.h"
#include "core/number.h"
#include "plot/figure.h"

#include <glib/gi18n.h>
#include <math.h>

#define MAX_LIMIT 1e9

gboolean
eg_limits_parse (const char *text, EgHeatmapStyle *style, GError **error)
{
  g_auto (GStrv) ends = g_strsplit_set (text, ",:;", 3);
  double low, high;
  if (g_strv_length (ends) != 2)
    return eg_error_invalid (error, _ ("Limits are two numbers, as in 0,0.5; not “%s”"), text);
  if (!eg_parse_number (_ ("A limit"), g_strstrip (ends[0]), -MAX_LIMIT, MAX_LIMIT, &low, error)
      || !eg_parse_number (_ ("A limit"), g_strstrip (ends[1]), -MAX_LIMIT, MAX_LIMIT, &high, error))
    return FALSE;
  if (!(low < high))
    return eg_error_invalid (error, _ ("The first limit is to be less than the second"));
  style->limit_low = low;
  style->limit_high = high;
  return TRUE;
}

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
  return eg_error_invalid (error, _ ("“%s” is no length such as 85mm, 3.35in, column or page"), text);
}
