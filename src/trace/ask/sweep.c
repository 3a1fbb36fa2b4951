/* Names of sweeps and directions, and the text of a knockout. */
#include "trace/ask/sweep.h"

#include "core/error.h"

#include <glib/gi18n.h>

#include <string.h>

static const char *const sweeps[EG_N_SWEEPS] = {
  [EG_SWEEP_CELLS] = "cells",
  [EG_SWEEP_LAYERS] = "layers",
  [EG_SWEEP_POSITIONS] = "positions",
  [EG_SWEEP_CARRY] = "carry",
};

static const char *const directions[EG_N_DIRECTIONS] = {
  [EG_DIRECTION_RESTORE] = "restore",
  [EG_DIRECTION_DAMAGE] = "damage",
};

const char *
eg_sweep_get_name (EgSweep sweep)
{
  g_return_val_if_fail (sweep < EG_N_SWEEPS, NULL);
  return sweeps[sweep];
}

const char *
eg_direction_get_name (EgDirection direction)
{
  g_return_val_if_fail (direction < EG_N_DIRECTIONS, NULL);
  return directions[direction];
}

static gboolean
find_name (
    const char *what, const char *const *names, gsize n, const char *name, gsize *index, GError **error)
{
  g_autoptr (GString) list = g_string_new (NULL);
  for (*index = 0; *index < n; ++*index)
    {
      if (g_str_equal (name, names[*index]))
        return TRUE;
      g_string_append_printf (list, "%s%s", *index == 0 ? "" : ", ", names[*index]);
    }
  /* TRANSLATORS: “sweep”, “direction” or “site”, the name that was given, and those that there are. */
  return eg_error_invalid (error, _ ("There is no %s “%s”; there are %s"), what, name, list->str);
}

gboolean
eg_sweep_from_name (const char *name, EgSweep *sweep, GError **error)
{
  gsize index;
  if (!find_name ("sweep", sweeps, EG_N_SWEEPS, name, &index, error))
    return FALSE;
  *sweep = (EgSweep)index;
  return TRUE;
}

gboolean
eg_direction_from_name (const char *name, EgDirection *direction, GError **error)
{
  gsize index;
  if (!find_name ("direction", directions, EG_N_DIRECTIONS, name, &index, error))
    return FALSE;
  *direction = (EgDirection)index;
  return TRUE;
}

/* "3" or "3-5". */
static gboolean
parse_range (const char *text, gsize *first, gsize *last)
{
  g_auto (GStrv) ends = g_strsplit (text, "-", -1);
  const guint n = g_strv_length (ends);
  guint64 value[2];
  for (guint i = 0; i < n && i < 2; i++)
    if (!g_ascii_string_to_unsigned (ends[i], 10, 0, G_MAXUINT32, &value[i], NULL))
      return FALSE;
  if (n < 1 || n > 2)
    return FALSE;
  *first = (gsize)value[0];
  *last = (gsize)value[n - 1];
  return TRUE;
}

static void
append_range (GString *text, gsize first, gsize last)
{
  g_string_append_printf (text, "%" G_GSIZE_FORMAT, first);
  if (last != first)
    g_string_append_printf (text, "-%" G_GSIZE_FORMAT, last);
}

char *
eg_knockout_to_text (const EgKnockout *knockout)
{
  GString *text = g_string_new (NULL);
  append_range (text, knockout->layer_first, knockout->layer_last);
  g_string_append_c (text, ':');
  append_range (text, knockout->from_first, knockout->from_last);
  g_string_append_c (text, '>');
  append_range (text, knockout->to_first, knockout->to_last);
  if (knockout->head_end > 0)
    {
      g_string_append_c (text, '@');
      append_range (text, knockout->head_first, knockout->head_end - 1);
    }
  return g_string_free (text, FALSE);
}

gboolean
eg_knockout_check (const EgKnockout *knockout, GError **error)
{
  g_autofree char *text = eg_knockout_to_text (knockout);
  if (knockout->layer_last < knockout->layer_first || knockout->from_last < knockout->from_first
      || knockout->to_last < knockout->to_first
      || (knockout->head_end > 0 && knockout->head_end <= knockout->head_first))
    return eg_error_invalid (error, _ ("A range of the knockout “%s” ends before it begins"), text);
  if (knockout->to_first <= knockout->from_last)
    return eg_error_invalid (
        error,
        _ ("The knockout “%s” goes backwards in time: the positions that are read from must come "
           "before those that read"),
        text);
  return TRUE;
}

/* What stands behind "@"; text: NULL for all heads. */
static gboolean
parse_heads (const char *text, EgKnockout *knockout)
{
  gsize last;
  knockout->head_first = knockout->head_end = 0;
  if (text == NULL)
    return TRUE;
  if (!parse_range (text, &knockout->head_first, &last))
    return FALSE;
  knockout->head_end = last + 1;
  return TRUE;
}

gboolean
eg_knockout_parse (const char *text, EgKnockout *knockout, GError **error)
{
  const char *colon = strchr (text, ':'), *arrow = strchr (text, '>'), *at = strchr (text, '@');
  if (colon != NULL && arrow != NULL && colon < arrow)
    {
      g_autofree char *layers = g_strndup (text, (gsize)(colon - text));
      g_autofree char *from = g_strndup (colon + 1, (gsize)(arrow - colon - 1));
      g_autofree char *to
          = at != NULL && at > arrow ? g_strndup (arrow + 1, (gsize)(at - arrow - 1)) : g_strdup (arrow + 1);
      if (parse_range (layers, &knockout->layer_first, &knockout->layer_last)
          && parse_range (from, &knockout->from_first, &knockout->from_last)
          && parse_range (to, &knockout->to_first, &knockout->to_last)
          && parse_heads (at != NULL ? at + 1 : NULL, knockout))
        return eg_knockout_check (knockout, error);
    }
  return eg_error_invalid (error,
                           _ ("The knockout “%s” is not of the form L0-L1:FROM>TO, like 4-12:1-3>7, or "
                              "L0-L1:FROM>TO@HEADS: layers, "
                              "then the positions that no longer reach those after them, then heads"),
                           text);
}
