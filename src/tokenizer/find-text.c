/* Finds a part of a text, in another composition or with other spaces, too. */
#include "tokenizer/find-text.h"

#include <stdlib.h>
#include <string.h>

/* A character taken apart (NFD), white space as a space, and which character of the text it came from. */
typedef struct
{
  gunichar c;
  gsize place;
  int class;
} Unit;

static int
compare_classes (gconstpointer left, gconstpointer right, gpointer data)
{
  return ((const Unit *)left)->class - ((const Unit *)right)->class;
}

/* Marks behind one character in the order of their classes. */
static void
reorder (GArray *units)
{
  guint i = 0;
  while (i < units->len)
    {
      guint end = i;
      while (end < units->len && g_array_index (units, Unit, end).class != 0)
        end++;
      if (end - i > 1)
        g_qsort_with_data (&g_array_index (units, Unit, i), (gint)(end - i), sizeof (Unit), compare_classes,
                           NULL);
      i = end + 1;
    }
}

static GArray *
take_apart (const char *text)
{
  GArray *units = g_array_new (FALSE, FALSE, sizeof (Unit));
  gsize place = 0;
  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p), place++)
    {
      gunichar parts[G_UNICHAR_MAX_DECOMPOSITION_LENGTH];
      const gunichar c = g_utf8_get_char (p);
      const gsize n
          = g_unichar_fully_decompose (g_unichar_isspace (c) ? ' ' : c, FALSE, parts, G_N_ELEMENTS (parts));
      for (gsize i = 0; i < n; i++)
        {
          const Unit unit = { parts[i], place, g_unichar_combining_class (parts[i]) };
          g_array_append_val (units, unit);
        }
    }
  reorder (units);
  return units;
}

static const Unit *
unit_at (GArray *units, guint i)
{
  return &g_array_index (units, Unit, i);
}

/* Whether a character begins at unit i, with the marks that belong to it. */
static gboolean
is_boundary (GArray *units, guint i)
{
  return i == 0 || i == units->len
         || (unit_at (units, i)->class == 0 && unit_at (units, i)->place != unit_at (units, i - 1)->place);
}

static gboolean
equal_at (GArray *text, guint at, GArray *part)
{
  if (at + part->len > text->len || !is_boundary (text, at) || !is_boundary (text, at + part->len))
    return FALSE;
  for (guint i = 0; i < part->len; i++)
    if (unit_at (text, at + i)->c != unit_at (part, i)->c)
      return FALSE;
  return TRUE;
}

/* The end, in characters, of the units before i, which is a boundary. */
static gsize
end_before (GArray *units, guint i, gsize n_characters)
{
  return i < units->len ? unit_at (units, i)->place : n_characters;
}

/* A match in another writing that begins at first or, unless only_there, behind it. */
static gboolean
find_otherwise (
    const char *text, const char *part, gsize first, gboolean only_there, gsize *start, gsize *end)
{
  g_autoptr (GArray) whole = take_apart (text), wanted = take_apart (part);
  const gsize n_characters = (gsize)g_utf8_strlen (text, -1);
  for (guint at = 0; at < whole->len; at++)
    {
      const gsize place = unit_at (whole, at)->place;
      if (place < first || (only_there && place > first) || !equal_at (whole, at, wanted))
        continue;
      *start = place;
      *end = end_before (whole, at + wanted->len, n_characters);
      return TRUE;
    }
  return FALSE;
}

gboolean
eg_text_find (const char *text, const char *part, gsize first, gsize *start, gsize *end)
{
  const gsize n_characters = (gsize)g_utf8_strlen (text, -1);
  if (first > n_characters || *part == '\0')
    return FALSE;
  const char *found = strstr (g_utf8_offset_to_pointer (text, (glong)first), part);
  if (found == NULL)
    return find_otherwise (text, part, first, FALSE, start, end);
  *start = (gsize)g_utf8_pointer_to_offset (text, found);
  *end = *start + (gsize)g_utf8_strlen (part, -1);
  return TRUE;
}

gboolean
eg_text_has_at (const char *text, const char *part, gsize first, gsize *end)
{
  gsize start;
  if (first > (gsize)g_utf8_strlen (text, -1) || *part == '\0')
    return FALSE;
  if (!g_str_has_prefix (g_utf8_offset_to_pointer (text, (glong)first), part))
    return find_otherwise (text, part, first, TRUE, &start, end);
  *end = first + (gsize)g_utf8_strlen (part, -1);
  return TRUE;
}

/* ---- near matches ---- */

static gboolean
same_letter (GArray *text, guint i, GArray *part, guint k)
{
  return i < text->len && k < part->len
         && g_unichar_tolower (unit_at (text, i)->c) == g_unichar_tolower (unit_at (part, k)->c);
}

/* How many units of part from k on text has from i on, whatever their case. */
static guint
run_length (GArray *text, guint i, GArray *part, guint k)
{
  guint n = 0;
  while (same_letter (text, i + n, part, k + n))
    n++;
  return n;
}

/* Where a match ends that begins at unit at and has at most n_mistakes (0 or 1) letters wrong; 0: nowhere. */
static guint
match_near (GArray *text, guint at, GArray *part, guint n_mistakes)
{
  static const guint steps[][2] = { { 0, 1 }, { 1, 0 }, { 1, 1 } }; /* one too many; one missing; another */
  const guint same = run_length (text, at, part, 0);
  if (same == part->len)
    return at + same;
  for (guint i = 0; n_mistakes > 0 && i < G_N_ELEMENTS (steps); i++)
    {
      const guint k = same + steps[i][1];
      if (k <= part->len && at + same + steps[i][0] <= text->len
          && run_length (text, at + same + steps[i][0], part, k) == part->len - k)
        return at + same + steps[i][0] + (part->len - k);
    }
  return 0;
}

static gboolean
is_word (GArray *units, guint i)
{
  return i < units->len && g_unichar_isalnum (unit_at (units, i)->c);
}

/* Whole words only: anything is near to a piece of a word. */
static gboolean
cuts_word (GArray *text, guint at, guint end)
{
  return (at > 0 && is_word (text, at - 1) && is_word (text, at))
         || (is_word (text, end - 1) && is_word (text, end));
}

static char *
find_with_mistakes (const char *text, const char *part, guint n_mistakes)
{
  g_autoptr (GArray) whole = take_apart (text), wanted = take_apart (part);
  const gsize n_characters = (gsize)g_utf8_strlen (text, -1);
  for (guint at = 0; at < whole->len; at++)
    {
      const guint end = match_near (whole, at, wanted, n_mistakes);
      if (end <= at || !is_boundary (whole, at) || !is_boundary (whole, end) || cuts_word (whole, at, end))
        continue;
      return g_utf8_substring (text, (glong)unit_at (whole, at)->place,
                               (glong)end_before (whole, end, n_characters));
    }
  return NULL;
}

char *
eg_text_find_near (const char *text, const char *part)
{
  const glong shortest = 4;
  g_autofree char *bare = g_strstrip (g_strdup (part));
  if (*bare == '\0')
    return NULL;
  char *found = find_with_mistakes (text, bare, 0);
  if (found == NULL && g_utf8_strlen (bare, -1) >= shortest)
    found = find_with_mistakes (text, bare, 1);
  return found;
}
