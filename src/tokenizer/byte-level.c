/* Bytes to GPT-2's visible alphabet and back. */
#include "tokenizer/byte-level.h"

#include <string.h>

/* In Latin-1, the visible characters: ! … ~, ¡ … ¬, ® … ÿ. */
static gboolean
is_visible (gunichar c)
{
  return (c >= 0x21 && c <= 0x7e) || (c >= 0xa1 && c <= 0xac) || (c >= 0xae && c <= 0xff);
}

gunichar
eg_byte_level_char (guint8 byte)
{
  if (is_visible (byte))
    return byte;
  /* The others count on from U+0100: 0 … 0x20, then 0x7f … 0xa0, then 0xad. */
  if (byte <= 0x20)
    return 0x100u + byte;
  return byte <= 0xa0 ? 0x121u + byte - 0x7f : 0x143u;
}

int
eg_byte_level_byte (gunichar c)
{
  if (is_visible (c))
    return (int)c;
  if (c >= 0x100 && c <= 0x120)
    return (int)(c - 0x100);
  if (c >= 0x121 && c <= 0x142)
    return (int)(c - 0x121 + 0x7f);
  return c == 0x143 ? 0xad : -1;
}

void
eg_byte_level_decode (const char *token, GByteArray *bytes)
{
  const guint start = bytes->len;
  for (const char *p = token; *p != '\0'; p = g_utf8_next_char (p))
    {
      const int byte = eg_byte_level_byte (g_utf8_get_char (p));
      if (byte < 0)
        {
          g_byte_array_set_size (bytes, start);
          g_byte_array_append (bytes, (const guint8 *)token, (guint)strlen (token));
          return;
        }
      g_byte_array_append (bytes, &(const guint8){ (guint8)byte }, 1);
    }
}

/* How many bytes, at least one, belong to the broken character that bytes begins with. */
static gsize
broken_length (const guint8 *bytes, gsize n)
{
  const guint8 lead = bytes[0];
  gsize expected = 1;
  guint8 lowest = 0x80;
  guint8 highest = 0xbf;
  if (lead >= 0xc2 && lead <= 0xdf)
    expected = 2;
  else if (lead >= 0xe0 && lead <= 0xef)
    {
      expected = 3;
      lowest = lead == 0xe0 ? 0xa0 : 0x80;
      highest = lead == 0xed ? 0x9f : 0xbf;
    }
  else if (lead >= 0xf0 && lead <= 0xf4)
    {
      expected = 4;
      lowest = lead == 0xf0 ? 0x90 : 0x80;
      highest = lead == 0xf4 ? 0x8f : 0xbf;
    }

  gsize i = 1;
  while (i < MIN (expected, n) && bytes[i] >= lowest && bytes[i] <= highest)
    {
      i++;
      lowest = 0x80;
      highest = 0xbf;
    }
  return i;
}

char *
eg_utf8_lossy (const guint8 *bytes, gsize n, gsize *length)
{
  g_autoptr (GString) text = g_string_sized_new (n);
  gsize i = 0;
  while (i < n)
    {
      /* g_utf8_validate_len() stops at a NUL too, which is a character here. */
      const char *start = (const char *)bytes + i;
      const char *end;
      g_utf8_validate_len (start, n - i, &end);
      g_string_append_len (text, start, end - start);
      i += (gsize)(end - start);
      if (i == n)
        break;
      if (bytes[i] == '\0')
        {
          g_string_append_c (text, '\0');
          i++;
        }
      else
        {
          g_string_append (text, "\357\277\275");
          i += broken_length (bytes + i, n - i);
        }
    }
  if (length != NULL)
    *length = text->len;
  return g_string_free (g_steal_pointer (&text), FALSE);
}
