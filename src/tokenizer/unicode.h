/* Characters as the `tokenizers` library sees them. Its parts follow different versions of Unicode:
 * Oniguruma's \p{L}, \p{N}, \s and the regex crate's \w follow 16.0, its NFC follows 9.0. GLib's own version
 * is whatever this machine has; small tables here make up for the difference, for GLib with Unicode 15.0
 * to 18.0. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  EG_CHAR_OTHER,
  EG_CHAR_LETTER, /* \p{L} */
  EG_CHAR_NUMBER, /* \p{N} */
  EG_CHAR_SPACE,  /* \s, and White_Space */
} EgCharClass;

EgCharClass eg_char_class (gunichar c);

/* \w: letters, marks, decimal and letter numbers, connectors, and what else is Alphabetic. */
gboolean eg_char_is_word (gunichar c);

/* Canonical combining class, Unicode 9.0. */
guint8 eg_char_combining_class (gunichar c);

/* Canonical composition and full canonical decomposition, Unicode 9.0. */
gboolean eg_char_compose (gunichar first, gunichar second, gunichar *composed);
gsize eg_char_decompose (gunichar c, gunichar parts[4]);

/* Returns: the length of the first match of GPT-2's pattern in text[0 … length), length > 0 bytes of valid
 * UTF-8:  's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
 * Every text begins with a match, so words follow one another without gaps. */
gsize eg_word_length (const char *text, gsize length);

G_END_DECLS
