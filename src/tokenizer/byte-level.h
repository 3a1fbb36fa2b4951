/* GPT-2's alphabet: each byte is written as one visible character, so that any bytes are a text. Bytes that
 * are visible in Latin-1 stand for themselves, the other 68 are U+0100 … U+0143 (a space is "Ġ", U+0120). */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

gunichar eg_byte_level_char (guint8 byte);

/* Returns: the byte that c stands for, or -1. */
int eg_byte_level_byte (gunichar c);

/* Appends the bytes that token (UTF-8, NUL-terminated) stands for. If any of its characters is not in the
 * alphabet, as in most added tokens, it stands for its own UTF-8. */
void eg_byte_level_decode (const char *token, GByteArray *bytes);

/* Writes bytes as UTF-8, with one U+FFFD for each maximal part that is no character (what Rust's
 * String::from_utf8_lossy and the WHATWG's decoder do).
 * length: (out) (optional): in bytes. Returns: (transfer full): NUL-terminated. */
char *eg_utf8_lossy (const guint8 *bytes, gsize n, gsize *length);

G_END_DECLS
