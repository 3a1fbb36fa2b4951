/* Writes Oniguruma's patterns anew for PCRE2. */
#include "tokenizer/split-pattern.h"

#include "core/error.h"
#include "formats/quote.h"
#include "tokenizer/unicode.h"

#include <glib/gi18n.h>
#include <string.h>

/* White space as Oniguruma's \s has it; PCRE2's also has U+180E. */
#define SPACES                                                                                               \
  "\\x{9}-\\x{d}\\x{20}\\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}"       \
  "\\x{3000}"
#define NO_SPACES                                                                                            \
  "\\x{0}-\\x{8}\\x{e}-\\x{1f}\\x{21}-\\x{84}\\x{86}-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-\\x{1fff}\\x{200b}-"  \
  "\\x{2027}\\x{202a}-\\x{202e}\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}\\x{3001}-\\x{d7ff}\\x{e000}-"          \
  "\\x{10ffff}"
#define WORDS "\\p{L}\\p{M}\\p{Nd}\\p{Pc}"

static const char gpt2[]
    = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

struct _EgSplitPattern
{
  GRegex *regex; /* NULL: GPT-2's words, which need none */
};

/* ---- from Oniguruma to PCRE2 ---- */

typedef struct
{
  const char *start, *at;
  GString *text; /* for PCRE2 */
} Translator;

G_GNUC_PRINTF (3, 4)
static gboolean
refuse (const Translator *self, GError **error, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_autofree char *construct = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_autofree char *quoted = eg_quote (self->start), *named = eg_quote (construct);
  g_set_error (error, EG_ERROR, EG_ERROR_UNSUPPORTED,
               /* TRANSLATORS: a regular expression, and a part of it. */
               _ ("Engram does not read “%2$s” in the pattern “%1$s”"), quoted, named);
  return FALSE;
}

static gboolean
is_known_property (const char *name, gsize length)
{
  static const char *const names[]
      = { "L",      "Lu",       "Ll",       "Lt",    "Lm",   "Lo",       "M",      "Mn",         "Mc",
          "Me",     "N",        "Nd",       "Nl",    "No",   "P",        "Pc",     "Pd",         "Ps",
          "Pe",     "Pi",       "Pf",       "Po",    "S",    "Sm",       "Sc",     "Sk",         "So",
          "Z",      "Zs",       "Zl",       "Zp",    "C",    "Cc",       "Cf",     "Han",        "Hiragana",
          "Hangul", "Katakana", "Latin",    "Greek", "Thai", "Cyrillic", "Khmer",  "Devanagari", "Arabic",
          "Hebrew", "Bengali",  "Armenian", "Tamil", "Lao",  "Georgian", "Myanmar" };
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    if (strlen (names[i]) == length && memcmp (names[i], name, length) == 0)
      return TRUE;
  return FALSE;
}

/* At the p or P of \p{…}. */
static gboolean
translate_property (Translator *self, GError **error)
{
  const char *end = self->at[1] == '{' ? strchr (self->at, '}') : NULL;
  if (end == NULL)
    return refuse (self, error, "\\%c", *self->at);
  const char *name = self->at + 2;
  const gboolean inverted = *name == '^';
  if (inverted)
    name++;
  if (!is_known_property (name, (gsize)(end - name)))
    return refuse (self, error, "\\%.*s", (int)(end + 1 - self->at), self->at);
  const char letter = inverted != (*self->at == 'P') ? 'P' : 'p';
  g_string_append_printf (self->text, "\\%c{%.*s}", letter, (int)(end - name), name);
  self->at = end + 1;
  return TRUE;
}

/* At the u of \uHHHH, or the x of \xHH or \x{H…}. */
static gboolean
translate_code (Translator *self, GError **error)
{
  const gboolean braced = self->at[0] == 'x' && self->at[1] == '{';
  const char *digits = self->at + (braced ? 2 : 1);
  const gsize most = braced ? 6 : self->at[0] == 'u' ? 4 : 2;
  gsize n = 0;
  while (n < most && g_ascii_isxdigit (digits[n]))
    n++;
  if (n == 0 || (braced ? digits[n] != '}' : n < most))
    return refuse (self, error, "\\%c", *self->at);
  g_string_append_printf (self->text, "\\x{%.*s}", (int)n, digits);
  self->at = digits + n + (braced ? 1 : 0);
  return TRUE;
}

/* After a backslash. in_class: within brackets. */
static gboolean
translate_escape (Translator *self, gboolean in_class, GError **error)
{
  static const struct
  {
    char name;
    const char *inside; /* of brackets; NULL: not there */
    const char *outside;
  } sets[] = {
    { 's', SPACES, "[" SPACES "]" },
    { 'S', NO_SPACES, "[^" SPACES "]" },
    { 'd', "\\p{Nd}", "\\p{Nd}" },
    { 'D', "\\P{Nd}", "\\P{Nd}" },
    { 'w', WORDS, "[" WORDS "]" },
    { 'W', NULL, "[^" WORDS "]" },
    { 'n', "\\x{a}", "\\x{a}" },
    { 'r', "\\x{d}", "\\x{d}" },
    { 't', "\\x{9}", "\\x{9}" },
    { 'f', "\\x{c}", "\\x{c}" },
    { 'v', "\\x{b}", "\\x{b}" },
    { 'a', "\\x{7}", "\\x{7}" },
    { 'e', "\\x{1b}", "\\x{1b}" },
    { 'A', NULL, "\\A" },
    { 'z', NULL, "\\z" },
  };
  const char c = *self->at;
  if (c == 'p' || c == 'P')
    return translate_property (self, error);
  if (c == 'x' || c == 'u')
    return translate_code (self, error);
  for (gsize i = 0; i < G_N_ELEMENTS (sets); i++)
    if (sets[i].name == c && (!in_class || sets[i].inside != NULL))
      {
        g_string_append (self->text, in_class ? sets[i].inside : sets[i].outside);
        self->at++;
        return TRUE;
      }
  if (c == '\0' || g_ascii_isalnum (c) || (guchar)c >= 0x80)
    return refuse (self, error, "\\%c", c);
  g_string_append_c (self->text, '\\');
  g_string_append_c (self->text, c);
  self->at++;
  return TRUE;
}

/* At an opening bracket. Sets in sets, and common parts of two (&&), are Oniguruma's alone. */
static gboolean
translate_class (Translator *self, GError **error)
{
  g_string_append_c (self->text, *self->at++);
  if (*self->at == '^')
    g_string_append_c (self->text, *self->at++);
  if (*self->at == ']')
    return refuse (self, error, "[]");
  while (*self->at != ']')
    {
      if (*self->at == '\0')
        return refuse (self, error, "[");
      if (*self->at == '[')
        return refuse (self, error, "[[");
      if (self->at[0] == '&' && self->at[1] == '&')
        return refuse (self, error, "&&");
      if (*self->at == '\\')
        {
          self->at++;
          if (!translate_escape (self, TRUE, error))
            return FALSE;
        }
      else
        g_string_append_c (self->text, *self->at++);
    }
  g_string_append_c (self->text, *self->at++);
  return TRUE;
}

/* At an opening parenthesis: of all that begin with "(?" those that mean the same in both. */
static gboolean
translate_group (Translator *self, GError **error)
{
  static const char *const same[]
      = { "(?:", "(?=", "(?!", "(?<=", "(?<!", "(?>", "(?i:", "(?-i:", "(?i)", "(?-i)" };
  if (self->at[1] != '?')
    {
      g_string_append_c (self->text, *self->at++);
      return TRUE;
    }
  for (gsize i = 0; i < G_N_ELEMENTS (same); i++)
    if (g_str_has_prefix (self->at, same[i]))
      {
        g_string_append (self->text, same[i]);
        self->at += strlen (same[i]);
        return TRUE;
      }
  return refuse (self, error, "%.4s", self->at);
}

/* At an opening brace: {n}, {n,}, {n,m} and {,m} count; any other is a brace. */
static gboolean
translate_count (Translator *self, GError **error)
{
  const char *end = self->at + 1 + strspn (self->at + 1, "0123456789,");
  const gboolean counts = *end == '}' && end > self->at + 1 && strcmp (self->at, "{,}") != 0;
  if (!counts)
    {
      g_string_append_printf (self->text, "\\%c", *self->at++);
      return TRUE;
    }
  /* A sign after it makes it possessive or lazy in one engine and repeats it in the other. */
  if (end[1] == '+' || end[1] == '?' || end[1] == '*')
    return refuse (self, error, "%.*s", (int)(end + 2 - self->at), self->at);
  g_string_append (self->text, self->at[1] == ',' ? "{0" : "{");
  g_string_append_len (self->text, self->at + 1, end - self->at);
  self->at = end + 1;
  return TRUE;
}

static gboolean
translate (Translator *self, GError **error)
{
  gboolean ok = TRUE;
  while (ok && *self->at != '\0')
    switch (*self->at)
      {
      case '\\':
        self->at++;
        ok = translate_escape (self, FALSE, error);
        break;
      case '[':
        ok = translate_class (self, error);
        break;
      case '(':
        ok = translate_group (self, error);
        break;
      case '{':
        ok = translate_count (self, error);
        break;
      case '^': /* Oniguruma's are those of lines. */
      case '$':
        g_string_append_printf (self->text, "(?m:%c)", *self->at++);
        break;
      default:
        g_string_append_c (self->text, *self->at++);
      }
  return ok;
}

static EgSplitPattern *
compile (const char *shown, const char *pattern, GError **error)
{
  g_autoptr (GError) problem = NULL;
  GRegex *regex = g_regex_new (pattern, G_REGEX_OPTIMIZE | G_REGEX_NEWLINE_LF, 0, &problem);
  if (regex == NULL)
    {
      g_autofree char *quoted = eg_quote (shown);
      g_set_error (error, EG_ERROR, EG_ERROR_FORMAT, _ ("the pattern “%s” is not a regular expression"),
                   quoted);
      return NULL;
    }
  EgSplitPattern *self = g_new (EgSplitPattern, 1);
  self->regex = regex;
  return self;
}

EgSplitPattern *
eg_split_pattern_new_regex (const char *pattern, GError **error)
{
  if (g_str_equal (pattern, gpt2))
    return g_new0 (EgSplitPattern, 1);
  g_autoptr (GString) text = g_string_new (NULL);
  Translator translator = { pattern, pattern, text };
  return translate (&translator, error) ? compile (pattern, text->str, error) : NULL;
}

EgSplitPattern *
eg_split_pattern_new_text (const char *text)
{
  g_autofree char *escaped = g_regex_escape_string (text, -1);
  return compile (text, escaped, NULL);
}

void
eg_split_pattern_free (EgSplitPattern *self)
{
  g_clear_pointer (&self->regex, g_regex_unref);
  g_free (self);
}

/* ---- matching ---- */

static void
append (GArray *parts, gsize start, gsize end, gboolean is_match)
{
  const EgSplitPart part = { start, end, is_match };
  g_array_append_val (parts, part);
}

static void
cut_words (GArray *parts, const char *text, gsize length)
{
  gsize n;
  for (gsize start = 0; start < length; start += n)
    {
      n = eg_word_length (text + start, length - start);
      append (parts, start, start + n, TRUE);
    }
}

/* The first match from place on. Returns: FALSE if there is none, or with an error. */
static gboolean
find (const EgSplitPattern *self,
      const char *text,
      gsize length,
      gsize place,
      gsize *start,
      gsize *end,
      GError **error)
{
  g_autoptr (GMatchInfo) match = NULL;
  g_autoptr (GError) problem = NULL;
  int from, to;
  const gboolean found
      = g_regex_match_full (self->regex, text, (gssize)length, (int)place, 0, &match, &problem);
  if (problem != NULL)
    eg_error_invalid (error, _ ("The tokenizer’s pattern takes too long on this text"));
  if (!found || problem != NULL || !g_match_info_fetch_pos (match, 0, &from, &to))
    return FALSE;
  *start = (gsize)from;
  *end = (gsize)to;
  return TRUE;
}

GArray *
eg_split_pattern_cut (const EgSplitPattern *self, const char *text, gsize length, GError **error)
{
  g_autoptr (GArray) parts = g_array_new (FALSE, FALSE, sizeof (EgSplitPart));
  GError *problem = NULL;
  gsize covered = 0, place = 0, start, end;
  gboolean matched = FALSE; /* there was a match, which ended at covered */
  if (length == 0)
    append (parts, 0, 0, FALSE);
  else if (self->regex == NULL)
    {
      cut_words (parts, text, length);
      covered = length;
    }
  else
    while (place <= length && find (self, text, length, place, &start, &end, &problem))
      {
        /* An empty match right after another does not count. */
        if (start == end && matched && end == covered)
          {
            place += place < length ? (gsize)g_utf8_skip[(guchar)text[place]] : 1;
            continue;
          }
        if (covered < start)
          append (parts, covered, start, FALSE);
        append (parts, start, end, TRUE);
        covered = place = end;
        matched = TRUE;
      }
  if (problem != NULL)
    {
      g_propagate_error (error, problem);
      return NULL;
    }
  if (covered < length)
    append (parts, covered, length, FALSE);
  return g_steal_pointer (&parts);
}
