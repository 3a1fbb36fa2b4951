/* Classes of characters, by GLib and small tables. */
#include "tokenizer/unicode.h"

#include <stdlib.h>
#include <string.h>

typedef struct
{
  gunichar first;
  gunichar last; /* inclusive */
} Range;

/* Assigned or changed since Unicode 15.0: what they are in 16.0, where GLib's answer depends on its version.
 * Of those that are neither letter, number nor mark in 16.0, only the ones are here that became it later. */
/* clang-format off */
static const Range newer_letters[] = {
  {0x1c89, 0x1c8a}, {0xa7cb, 0xa7cd}, {0xa7da, 0xa7dc}, {0x105c0, 0x105f3}, {0x10d4a, 0x10d65},
  {0x10d6f, 0x10d85}, {0x10ec2, 0x10ec4}, {0x11380, 0x11389}, {0x1138b, 0x1138b}, {0x1138e, 0x1138e},
  {0x11390, 0x113b5}, {0x113b7, 0x113b7}, {0x113d1, 0x113d1}, {0x113d3, 0x113d3}, {0x11bc0, 0x11be0},
  {0x13460, 0x143fa}, {0x16100, 0x1611d}, {0x16d40, 0x16d6c}, {0x18cff, 0x18cff}, {0x1e5d0, 0x1e5ed},
  {0x1e5f0, 0x1e5f0}, {0x2ebf0, 0x2ee5d}
};

static const Range newer_numbers[] = { /* all of them decimal */
  {0x10d40, 0x10d49}, {0x116d0, 0x116e3}, {0x11bf0, 0x11bf9}, {0x16130, 0x16139}, {0x16d70, 0x16d79},
  {0x1ccf0, 0x1ccf9}, {0x1e5f1, 0x1e5fa}
};

static const Range newer_marks[] = {
  {0x897, 0x897}, {0x10d69, 0x10d6d}, {0x10efc, 0x10efc}, {0x113b8, 0x113c0}, {0x113c2, 0x113c2},
  {0x113c5, 0x113c5}, {0x113c7, 0x113ca}, {0x113cc, 0x113d0}, {0x113d2, 0x113d2}, {0x113e1, 0x113e2},
  {0x11f5a, 0x11f5a}, {0x1611e, 0x1612f}, {0x1e5ee, 0x1e5ef}
};

static const Range later_than_16[] = {
  {0x558, 0x558}, {0x58b, 0x58c}, {0x5c8, 0x5c9}, {0x88f, 0x88f}, {0xb53, 0xb54}, {0xc5c, 0xc5c},
  {0xcdc, 0xcdc}, {0x1acf, 0x1af0}, {0x208f, 0x208f}, {0x209d, 0x209f}, {0xa7ce, 0xa7cf}, {0xa7d2, 0xa7d2},
  {0xa7d4, 0xa7d4}, {0xa7dd, 0xa7dd}, {0xa7e2, 0xa7e2}, {0xa7f1, 0xa7f1}, {0xab6c, 0xab6d},
  {0x107bb, 0x107bf}, {0x10940, 0x10959}, {0x10ec5, 0x10ec7}, {0x10ecb, 0x10ecf}, {0x10ed9, 0x10eee},
  {0x10ef0, 0x10efb}, {0x11b0a, 0x11b0a}, {0x11b60, 0x11b67}, {0x11db0, 0x11ddb}, {0x11de0, 0x11de9},
  {0x11df0, 0x11df1}, {0x1246f, 0x1246f}, {0x12475, 0x1247f}, {0x12550, 0x12686}, {0x16ea0, 0x16eb8},
  {0x16ebb, 0x16ed3}, {0x16ff2, 0x16ff6}, {0x187f8, 0x187ff}, {0x18cd6, 0x18cda}, {0x18d09, 0x18d20},
  {0x18d80, 0x18df2}, {0x18e00, 0x19191}, {0x191a0, 0x191d2}, {0x1b123, 0x1b128}, {0x1b168, 0x1b168},
  {0x1d127, 0x1d128}, {0x1d250, 0x1d252}, {0x1d25b, 0x1d25c}, {0x1d25f, 0x1d25f}, {0x1d280, 0x1d281},
  {0x1d6a6, 0x1d6a6}, {0x1df1f, 0x1df24}, {0x1df2b, 0x1df81}, {0x1df90, 0x1df96}, {0x1dfcd, 0x1dfff},
  {0x1e6c0, 0x1e6de}, {0x1e6e0, 0x1e6f5}, {0x1e6fe, 0x1e6ff}, {0x2b73a, 0x2b73f}, {0x2b81e, 0x2b81e},
  {0x2cea2, 0x2cead}, {0x323b0, 0x33479}, {0x3d000, 0x3fc3f}
};

/* Combining class not 0, and canonical composites, since Unicode 9.0: the library's NFC knows none of them. */
static const Range newer_combining[] = {
  {0x5c8, 0x5c9}, {0x7fd, 0x7fd}, {0x897, 0x89f}, {0x8ca, 0x8d3}, {0x9fe, 0x9fe}, {0xc3c, 0xc3c},
  {0xd3b, 0xd3c}, {0xeba, 0xeba}, {0x1715, 0x1715}, {0x1abf, 0x1af0}, {0x1df6, 0x1dfa}, {0xa82c, 0xa82c},
  {0x10d24, 0x10d27}, {0x10d69, 0x10d6d}, {0x10eab, 0x10eac}, {0x10ecb, 0x10ecf}, {0x10ef0, 0x10efb},
  {0x10efd, 0x10eff}, {0x10f46, 0x10f50}, {0x10f82, 0x10f85}, {0x11070, 0x11070}, {0x1133b, 0x1133b},
  {0x113ce, 0x113d0}, {0x1145e, 0x1145e}, {0x11839, 0x1183a}, {0x1193d, 0x1193e}, {0x11943, 0x11943},
  {0x119e0, 0x119e0}, {0x11a34, 0x11a34}, {0x11a47, 0x11a47}, {0x11a99, 0x11a99}, {0x11d42, 0x11d42},
  {0x11d44, 0x11d45}, {0x11d97, 0x11d97}, {0x11f41, 0x11f42}, {0x1612f, 0x1612f}, {0x16ff0, 0x16ff1},
  {0x1d127, 0x1d128}, {0x1d250, 0x1d252}, {0x1d25b, 0x1d25c}, {0x1d25f, 0x1d25f}, {0x1d280, 0x1d281},
  {0x1e08f, 0x1e08f}, {0x1e130, 0x1e136}, {0x1e2ae, 0x1e2ae}, {0x1e2ec, 0x1e2ef}, {0x1e4ec, 0x1e4ef},
  {0x1e5ee, 0x1e5ef}, {0x1e6e3, 0x1e6e3}, {0x1e6e6, 0x1e6e6}, {0x1e6ee, 0x1e6ef}, {0x1e6f5, 0x1e6f5}
};

static const Range newer_composites[] = {
  {0x105c9, 0x105c9}, {0x105e4, 0x105e4}, {0x11383, 0x11383}, {0x11385, 0x11385}, {0x1138e, 0x1138e},
  {0x11391, 0x11391}, {0x113c5, 0x113c5}, {0x113c7, 0x113c8}, {0x11938, 0x11938}, {0x16121, 0x16128},
  {0x16d68, 0x16d6a}
};

/* Alphabetic symbols (category So): circled, squared and negative letters. */
static const Range alphabetic_symbols[] = {
  {0x24b6, 0x24e9}, {0x1f130, 0x1f149}, {0x1f150, 0x1f169}, {0x1f170, 0x1f189}
};
/* clang-format on */

static int
compare_range (const void *key, const void *element)
{
  const gunichar c = *(const gunichar *)key;
  const Range *range = element;
  return c < range->first ? -1 : c > range->last;
}

static gboolean
is_in (gunichar c, const Range *ranges, gsize n)
{
  return bsearch (&c, ranges, n, sizeof *ranges, compare_range) != NULL;
}

#define IS_IN(c, ranges) is_in (c, ranges, G_N_ELEMENTS (ranges))

/* g_unichar_type() by Unicode 16.0, as far as letters, numbers, marks and spaces go. */
static GUnicodeType
category (gunichar c)
{
  const gunichar first_difference = later_than_16[0].first;
  if (c < first_difference)
    return g_unichar_type (c);
  if (IS_IN (c, newer_letters))
    return G_UNICODE_OTHER_LETTER;
  if (IS_IN (c, newer_numbers))
    return G_UNICODE_DECIMAL_NUMBER;
  if (IS_IN (c, newer_marks))
    return G_UNICODE_NON_SPACING_MARK;
  if (IS_IN (c, later_than_16))
    return G_UNICODE_UNASSIGNED;
  return g_unichar_type (c);
}

EgCharClass
eg_char_class (gunichar c)
{
  switch (category (c))
    {
    case G_UNICODE_UPPERCASE_LETTER:
    case G_UNICODE_LOWERCASE_LETTER:
    case G_UNICODE_TITLECASE_LETTER:
    case G_UNICODE_MODIFIER_LETTER:
    case G_UNICODE_OTHER_LETTER:
      return EG_CHAR_LETTER;
    case G_UNICODE_DECIMAL_NUMBER:
    case G_UNICODE_LETTER_NUMBER:
    case G_UNICODE_OTHER_NUMBER:
      return EG_CHAR_NUMBER;
    case G_UNICODE_SPACE_SEPARATOR:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
      return EG_CHAR_SPACE;
    default:
      return (c >= '\t' && c <= '\r') || c == 0x85 ? EG_CHAR_SPACE : EG_CHAR_OTHER;
    }
}

gboolean
eg_char_is_word (gunichar c)
{
  const gunichar zero_width_non_joiner = 0x200c;
  const gunichar zero_width_joiner = 0x200d;
  switch (category (c))
    {
    case G_UNICODE_UPPERCASE_LETTER:
    case G_UNICODE_LOWERCASE_LETTER:
    case G_UNICODE_TITLECASE_LETTER:
    case G_UNICODE_MODIFIER_LETTER:
    case G_UNICODE_OTHER_LETTER:
    case G_UNICODE_NON_SPACING_MARK:
    case G_UNICODE_SPACING_MARK:
    case G_UNICODE_ENCLOSING_MARK:
    case G_UNICODE_DECIMAL_NUMBER:
    case G_UNICODE_LETTER_NUMBER:
    case G_UNICODE_CONNECT_PUNCTUATION:
      return TRUE;
    default:
      return c == zero_width_non_joiner || c == zero_width_joiner || IS_IN (c, alphabetic_symbols);
    }
}

guint8
eg_char_combining_class (gunichar c)
{
  const int combining_class = g_unichar_combining_class (c);
  return combining_class == 0 || IS_IN (c, newer_combining) ? 0 : (guint8)combining_class;
}

gboolean
eg_char_compose (gunichar first, gunichar second, gunichar *composed)
{
  return g_unichar_compose (first, second, composed) && !IS_IN (*composed, newer_composites);
}

gsize
eg_char_decompose (gunichar c, gunichar parts[4])
{
  if (c >= 0xc0 && !IS_IN (c, newer_composites))
    return g_unichar_fully_decompose (c, FALSE, parts, 4);
  parts[0] = c;
  return 1;
}

/* Bytes of the run of characters of one class that text begins with. */
static gsize
run_length (const char *text, gsize length, EgCharClass class)
{
  gsize i = 0;
  while (i < length && eg_char_class (g_utf8_get_char (text + i)) == class)
    i += (gsize)g_utf8_skip[(guchar)text[i]];
  return i;
}

static gsize
contraction_length (const char *text, gsize length)
{
  static const char *const contractions[] = { "'s", "'t", "'re", "'ve", "'m", "'ll", "'d" };
  for (gsize i = 0; i < G_N_ELEMENTS (contractions); i++)
    {
      const gsize n = strlen (contractions[i]);
      if (n <= length && memcmp (text, contractions[i], n) == 0)
        return n;
    }
  return 0;
}

gsize
eg_word_length (const char *text, gsize length)
{
  const gsize contraction = contraction_length (text, length);
  if (contraction > 0)
    return contraction;

  const gsize space = text[0] == ' ' && length > 1 ? 1 : 0;
  const EgCharClass class = eg_char_class (g_utf8_get_char (text + space));
  if (class != EG_CHAR_SPACE)
    return space + run_length (text + space, length - space, class);

  /* \s+(?!\S): what follows the spaces keeps the last of them, unless it is the only one. */
  const gsize run = run_length (text, length, EG_CHAR_SPACE);
  if (run == length)
    return run;
  const gsize last = (gsize)(g_utf8_prev_char (text + run) - text);
  return last > 0 ? last : run;
}
