/* Times with as much detail as a person reads. */
#include "app/parts/duration-text.h"

#include <glib/gi18n.h>
#include <math.h>

char *
eg_format_duration (double seconds)
{
  const guint whole = (guint)ceil (CLAMP (seconds, 0, 1e9));

  if (seconds < 0.1)
    return g_strdup_printf (_ ("%.0f ms"), MAX (seconds, 0) * 1e3);
  if (seconds < 1)
    return g_strdup_printf (_ ("%.1f s"), seconds);
  if (whole < 60)
    return g_strdup_printf (_ ("%u s"), whole);
  if (whole < 3600)
    /* TRANSLATORS: minutes and seconds. */
    return g_strdup_printf (_ ("%u min %u s"), whole / 60, whole % 60);
  /* TRANSLATORS: hours and minutes. */
  return g_strdup_printf (_ ("%u h %u min"), whole / 3600, whole / 60 % 60);
}
