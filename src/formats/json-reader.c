/* Takes a JSON text apart, token by token. */
#include "formats/json-reader.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

void
eg_json_reader_init (EgJsonReader *self, const char *text, gsize length)
{
  *self = (EgJsonReader){ .start = text, .at = text, .end = text + length, .text = g_string_new (NULL) };
}

void
eg_json_reader_clear (EgJsonReader *self)
{
  g_string_free (self->text, TRUE);
  self->text = NULL;
}

static EgJsonToken
bad (EgJsonReader *self, const char *problem)
{
  self->problem = problem;
  return EG_JSON_BAD;
}

/* Inside a token, what stands here is not what belongs here. */
static EgJsonToken
refuse_here (EgJsonReader *self)
{
  return bad (self, self->at == self->end ? _ ("the JSON text ends too early")
                                          : _ ("the JSON text has a character that does not belong there"));
}

/* ---- texts ---- */

/* The four digits of a \u escape; FALSE if there are not four. */
static gboolean
read_code_unit (EgJsonReader *self, gunichar *unit)
{
  *unit = 0;
  if (self->end - self->at < 4)
    return FALSE;
  for (int i = 0; i < 4; i++)
    {
      const int digit = g_ascii_xdigit_value (self->at[i]);
      if (digit < 0)
        return FALSE;
      *unit = *unit * 16 + (gunichar)digit;
    }
  self->at += 4;
  return TRUE;
}

/* After "\u"; characters past U+FFFF are written as two surrogates. */
static gboolean
read_unicode (EgJsonReader *self)
{
  gunichar c, low;
  if (!read_code_unit (self, &c) || (c >= 0xdc00 && c < 0xe000))
    return FALSE;
  if (c >= 0xd800 && c < 0xdc00)
    {
      if (self->end - self->at < 2 || self->at[0] != '\\' || self->at[1] != 'u')
        return FALSE;
      self->at += 2;
      if (!read_code_unit (self, &low) || low < 0xdc00 || low >= 0xe000)
        return FALSE;
      c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
    }
  g_string_append_unichar (self->text, c);
  return TRUE;
}

/* After a backslash. */
static gboolean
read_escape (EgJsonReader *self)
{
  static const char names[] = "\"\\/bfnrt", characters[] = "\"\\/\b\f\n\r\t";
  const char name = *self->at++;
  if (name == 'u')
    return read_unicode (self);
  const char *place = name != '\0' ? strchr (names, name) : NULL;
  if (place != NULL)
    g_string_append_c (self->text, characters[place - names]);
  return place != NULL;
}

/* After the first quotation mark. */
static EgJsonToken
read_text (EgJsonReader *self)
{
  g_string_truncate (self->text, 0);
  for (;;)
    {
      const char *from = self->at;
      while (self->at < self->end && *self->at != '"' && *self->at != '\\' && (guchar)*self->at >= 0x20)
        self->at++;
      g_string_append_len (self->text, from, self->at - from);
      if (self->at == self->end)
        return refuse_here (self);
      const char c = *self->at++;
      if (c == '"')
        return EG_JSON_TEXT;
      if (c != '\\')
        return bad (self, _ ("the JSON text has a control character inside a text"));
      if (self->at == self->end)
        return refuse_here (self);
      if (!read_escape (self))
        return bad (self, _ ("the JSON text is damaged (it has a broken escape)"));
    }
}

/* ---- numbers and words ---- */

/* Returns: FALSE if there is no digit here. */
static gboolean
skip_digits (EgJsonReader *self)
{
  const char *from = self->at;
  while (self->at < self->end && g_ascii_isdigit (*self->at))
    self->at++;
  return self->at > from;
}

static gboolean
skip_one_of (EgJsonReader *self, char a, char b)
{
  if (self->at == self->end || (*self->at != a && *self->at != b))
    return FALSE;
  self->at++;
  return TRUE;
}

static EgJsonToken
read_number (EgJsonReader *self)
{
  const char *from = self->at;
  gboolean whole = TRUE;
  skip_one_of (self, '-', '-');
  if (skip_one_of (self, '0', '0'))
    {
      if (self->at < self->end && g_ascii_isdigit (*self->at))
        return refuse_here (self);
    }
  else if (!skip_digits (self))
    return refuse_here (self);
  if (skip_one_of (self, '.', '.'))
    {
      whole = FALSE;
      if (!skip_digits (self))
        return refuse_here (self);
    }
  if (skip_one_of (self, 'e', 'E'))
    {
      whole = FALSE;
      skip_one_of (self, '+', '-');
      if (!skip_digits (self))
        return refuse_here (self);
    }

  g_string_truncate (self->text, 0);
  g_string_append_len (self->text, from, self->at - from);
  if (whole && g_ascii_string_to_signed (self->text->str, 10, G_MININT64, G_MAXINT64, &self->integer, NULL))
    return EG_JSON_INTEGER;
  self->real = g_ascii_strtod (self->text->str, NULL);
  return EG_JSON_REAL;
}

static EgJsonToken
read_word (EgJsonReader *self, const char *word, EgJsonToken token)
{
  for (; *word != '\0'; word++, self->at++)
    {
      if (self->at == self->end)
        return refuse_here (self);
      if (*self->at != *word)
        return bad (self,
                    _ ("the JSON text is damaged (it has a word that is none of true, false and null)"));
    }
  return token;
}

/* Python's names of numbers that JSON does not have. */
static gboolean
read_named_number (EgJsonReader *self)
{
  static const struct
  {
    const char *name;
    double value;
  } numbers[] = { { "Infinity", INFINITY }, { "-Infinity", -INFINITY }, { "NaN", NAN } };
  for (gsize i = 0; self->allow_names && i < G_N_ELEMENTS (numbers); i++)
    {
      const gsize length = strlen (numbers[i].name);
      if ((gsize)(self->end - self->at) < length || memcmp (self->at, numbers[i].name, length) != 0)
        continue;
      self->at += length;
      self->real = numbers[i].value;
      return TRUE;
    }
  return FALSE;
}

EgJsonToken
eg_json_reader_next (EgJsonReader *self)
{
  while (self->at < self->end
         && (*self->at == ' ' || *self->at == '\n' || *self->at == '\r' || *self->at == '\t'))
    self->at++;
  if (self->at == self->end)
    return EG_JSON_END;
  const char c = *self->at;
  switch (c)
    {
    case '{':
    case '}':
    case '[':
    case ']':
    case ':':
    case ',':
      self->at++;
      return (EgJsonToken)c;
    case '"':
      self->at++;
      return read_text (self);
    case 't':
      return read_word (self, "true", EG_JSON_TRUE);
    case 'f':
      return read_word (self, "false", EG_JSON_FALSE);
    case 'n':
      return read_word (self, "null", EG_JSON_NULL);
    default:
      if (read_named_number (self))
        return EG_JSON_REAL;
      return c == '-' || g_ascii_isdigit (c) ? read_number (self) : refuse_here (self);
    }
}
