/* The tokens of a JSON text one after the other, as RFC 8259 has them and nothing else. Which may follow
 * which is for the caller to see to (json-text.h does, for whole texts). */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  EG_JSON_OBJECT = '{',
  EG_JSON_OBJECT_END = '}',
  EG_JSON_ARRAY = '[',
  EG_JSON_ARRAY_END = ']',
  EG_JSON_COLON = ':',
  EG_JSON_COMMA = ',',
  EG_JSON_TEXT = '"',
  EG_JSON_INTEGER = '0', /* neither fraction nor exponent, and fits */
  EG_JSON_REAL = '.',    /* any other number; infinite where that is too large, or by name */
  EG_JSON_TRUE = 't',
  EG_JSON_FALSE = 'f',
  EG_JSON_NULL = 'n',
  EG_JSON_END = '\0',
  EG_JSON_BAD = '?',
} EgJsonToken;

/**
 * EgJsonReader:
 * @start, @at, @end: the text, UTF-8, and where the next token is looked for
 * @text: of the last EG_JSON_TEXT, without its escapes
 * @integer, @real: the last number of each kind
 * @allow_names: set by the caller: Infinity, -Infinity and NaN are numbers, as in Python's JSON
 * @problem: after EG_JSON_BAD, what is wrong with the text, a translated message: "the JSON text has a …"
 */
typedef struct
{
  const char *start, *at, *end;
  GString *text;
  gint64 integer;
  double real;
  gboolean allow_names;
  const char *problem;
} EgJsonReader;

/* text: length bytes of valid UTF-8, which must outlive the reader; no NUL is needed after them. */
void eg_json_reader_init (EgJsonReader *self, const char *text, gsize length);
void eg_json_reader_clear (EgJsonReader *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (EgJsonReader, eg_json_reader_clear)

EgJsonToken eg_json_reader_next (EgJsonReader *self);

G_END_DECLS
