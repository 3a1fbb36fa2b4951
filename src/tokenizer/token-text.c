/* Tokens as labels and in sentences. */
#include "tokenizer/token-text.h"

#include <string.h>

#define LONGEST 40 /* characters of a text in a sentence */

/* The sign that stands for a character which cannot be seen; 0 for one that can. */
static gunichar
visible_sign (gunichar c)
{
  if (c == '\n')
    return 0x21b5; /* ↵ */
  if (c == '\t')
    return 0x21e5; /* ⇥ */
  if (c < 0x20)
    return 0x2400 + c; /* ␀ … ␟ */
  if (c == 0x7f)
    return 0x2421; /* ␡ */
  if (g_unichar_isspace (c))
    return 0x2423; /* ␣ */
  return 0;
}

/* Letters of some scripts are joined or kept apart by these, which turn nothing. */
static gboolean
is_joiner (gunichar c)
{
  return c == 0x200c || c == 0x200d;
}

static void
append_visible (GString *text, gunichar c, gboolean keep_space)
{
  const gunichar sign = visible_sign (c);

  if (sign != 0)
    g_string_append_unichar (text, keep_space ? c : sign);
  else if (g_unichar_isprint (c) || g_unichar_ismark (c) || is_joiner (c))
    g_string_append_unichar (text, c);
  else
    g_string_append_printf (text, "⟨U+%04X⟩", c);
}

/* Spaces between printable characters stay, for a person reads those. */
static char *
make_visible (const char *token, gboolean keep_first)
{
  g_autofree char *valid = g_utf8_make_valid (token, -1);
  const char *begin = valid;
  GString *text = g_string_new (NULL);

  if (!keep_first && begin[0] == ' ' && begin[1] != '\0' && !g_unichar_isspace (g_utf8_get_char (begin + 1)))
    begin++;
  for (const char *p = begin; *p != '\0'; p = g_utf8_next_char (p))
    {
      const gunichar c = g_utf8_get_char (p);
      const gboolean inner
          = c == ' ' && p > begin && p[1] != '\0' && !g_ascii_isspace (p[-1]) && !g_ascii_isspace (p[1]);
      append_visible (text, c, inner);
    }
  if (text->len == 0)
    g_string_append (text, "∅");
  return g_string_free (text, FALSE);
}

char *
eg_token_to_label (const char *token)
{
  return make_visible (token, FALSE);
}

char *
eg_token_to_visible (const char *token)
{
  return make_visible (token, TRUE);
}

/* Takes the text over. */
static char *
fit_sentence (char *text)
{
  const gsize n = (gsize)g_utf8_strlen (text, -1);

  if (n > LONGEST)
    {
      const char *end = g_utf8_offset_to_pointer (text, (glong)n - LONGEST / 2);
      *g_utf8_offset_to_pointer (text, LONGEST / 2 - 1) = '\0';
      char *shorter = g_strconcat (text, "…", end, NULL);
      g_free (text);
      text = shorter;
    }
  return text;
}

/* Takes the text over; original: as it was, before signs stood in it. */
static char *
isolate (char *text, const char *original)
{
  if (g_str_is_ascii (original))
    return text;
  char *isolated = g_strconcat ("\u2068", text, "\u2069", NULL);
  g_free (text);
  return isolated;
}

char *
eg_token_quote (const char *token)
{
  return isolate (fit_sentence (eg_token_to_visible (token)), token);
}

char *
eg_text_quote (const char *text)
{
  return isolate (fit_sentence (eg_token_to_label (text)), text);
}
