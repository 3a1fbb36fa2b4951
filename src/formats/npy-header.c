/* Reads the Python dictionary at the head of a .npy array. */
#include "formats/npy-header.h"

#include "core/error.h"
#include "formats/quote.h"

#include <glib/gi18n.h>
#include <string.h>

#define MAX_HEADER_LENGTH 65536u
#define MAGIC             "\x93NUMPY"
#define MAGIC_LENGTH      6u

/* The text between position and end, which is eaten from the front. */
typedef struct
{
  const char *position;
  const char *end;
} Scanner;

static gboolean
fail (const char *where, EgError code, GError **error, const char *reason)
{
  g_set_error (error, EG_ERROR, (int)code, "%s: %s", where, reason);
  return FALSE;
}

static void
skip_spaces (Scanner *self)
{
  while (self->position < self->end && (*self->position == ' ' || *self->position == '\n'))
    self->position++;
}

/* Eats token, and spaces before it, if it is what comes next. */
static gboolean
eat (Scanner *self, const char *token)
{
  const gsize length = strlen (token);
  skip_spaces (self);
  if ((gsize)(self->end - self->position) < length || memcmp (self->position, token, length) != 0)
    return FALSE;
  self->position += length;
  return TRUE;
}

/* A Python string literal of printable ASCII without escapes. Returns: (transfer full): NULL if it is none.
 */
static char *
scan_text (Scanner *self)
{
  const char *quote = eat (self, "'") ? "'" : eat (self, "\"") ? "\"" : NULL;
  if (quote == NULL)
    return NULL;
  const char *begin = self->position;
  while (self->position < self->end && *self->position != *quote)
    {
      if (!g_ascii_isprint (*self->position) || *self->position == '\\')
        return NULL;
      self->position++;
    }
  const gsize length = (gsize)(self->position - begin);
  return eat (self, quote) ? g_strndup (begin, length) : NULL;
}

static gboolean
scan_size (Scanner *self, gsize *value)
{
  skip_spaces (self);
  const char *begin = self->position;
  *value = 0;
  for (; self->position < self->end && g_ascii_isdigit (*self->position); self->position++)
    {
      const gsize digit = (gsize)(*self->position - '0');
      if (!g_size_checked_mul (value, *value, 10) || !g_size_checked_add (value, *value, digit))
        return FALSE;
    }
  return self->position > begin;
}

/* "()", "(3,)" or "(3, 4)". */
static gboolean
scan_shape (Scanner *self, EgNpyHeader *header)
{
  if (!eat (self, "("))
    return FALSE;
  header->n_dims = 0;
  gboolean after_comma = TRUE;
  while (!eat (self, ")"))
    {
      if (!after_comma || header->n_dims == EG_NPY_MAX_DIMS
          || !scan_size (self, &header->shape[header->n_dims]))
        return FALSE;
      header->n_dims++;
      after_comma = eat (self, ",");
    }
  /* "(3)" is no tuple. */
  return header->n_dims != 1 || after_comma;
}

static gboolean
scan_bool (Scanner *self, gboolean *value)
{
  *value = eat (self, "True");
  return *value || eat (self, "False");
}

/* The dictionary, with each of its three keys once. descr: (transfer full) */
static gboolean
scan_dictionary (Scanner *self, EgNpyHeader *header, char **descr)
{
  gboolean has_order = FALSE;
  gboolean has_shape = FALSE;
  gboolean after_comma = TRUE;
  if (!eat (self, "{"))
    return FALSE;
  while (!eat (self, "}"))
    {
      g_autofree char *key = scan_text (self);
      if (!after_comma || key == NULL || !eat (self, ":"))
        return FALSE;
      gboolean good = FALSE;
      if (strcmp (key, "descr") == 0 && *descr == NULL)
        {
          skip_spaces (self);
          /* A list describes a structured array. */
          if (self->position < self->end && *self->position == '[')
            {
              *descr = g_strdup ("[");
              return TRUE;
            }
          *descr = scan_text (self);
          good = *descr != NULL;
        }
      else if (strcmp (key, "fortran_order") == 0 && !has_order)
        good = has_order = scan_bool (self, &header->is_fortran);
      else if (strcmp (key, "shape") == 0 && !has_shape)
        good = has_shape = scan_shape (self, header);
      if (!good)
        return FALSE;
      after_comma = eat (self, ",");
    }
  skip_spaces (self);
  return *descr != NULL && has_order && has_shape && self->position == self->end;
}

/* The kinds of numbers, with the sizes that they may have. */
static const struct
{
  char letter;
  EgNpyKind kind;
  const char *sizes;
} kinds[] = {
  { 'b', EG_NPY_BOOL, "1" },
  { 'i', EG_NPY_INT, "1248" },
  { 'u', EG_NPY_UINT, "1248" },
  { 'f', EG_NPY_FLOAT, "248" },
};

static gboolean
read_text_descr (EgNpyHeader *header, const char *digits)
{
  Scanner scanner = { digits, digits + strlen (digits) };
  gsize length;
  if (digits[0] == ' ' || !scan_size (&scanner, &length) || scanner.position != scanner.end || length == 0)
    return FALSE;
  header->kind = EG_NPY_TEXT;
  return g_size_checked_mul (&header->item_size, length, 4);
}

static gboolean
read_number_descr (EgNpyHeader *header, const char *descr)
{
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (descr[1] == kinds[i].letter && descr[2] != '\0' && strchr (kinds[i].sizes, descr[2]) != NULL
        && descr[3] == '\0')
      {
        header->kind = kinds[i].kind;
        header->item_size = (gsize)(descr[2] - '0');
        return header->item_size == 1 || descr[0] != '|';
      }
  return FALSE;
}

static gboolean
read_descr (EgNpyHeader *header, const char *descr, const char *where, GError **error)
{
  if (strlen (descr) >= 2 && descr[1] == 'O')
    return fail (where, EG_ERROR_UNSUPPORTED, error,
                 _ ("holds Python objects; object arrays are never read, for they could run any program"));
  if (descr[0] == '[')
    return fail (where, EG_ERROR_UNSUPPORTED, error, _ ("is a structured array, which Engram does not read"));
  header->is_big_endian = descr[0] == '>';
  if (strlen (descr) >= 3 && strchr ("<>|", descr[0]) != NULL
      && (descr[1] == 'U' ? descr[0] != '|' && read_text_descr (header, descr + 2)
                          : read_number_descr (header, descr)))
    return TRUE;
  g_autofree char *quoted = eg_quote (descr);
  g_autofree char *reason = g_strdup_printf (_ ("has the type “%s”, which Engram does not read"), quoted);
  return fail (where, EG_ERROR_UNSUPPORTED, error, reason);
}

/* Finds the header's text; sets header->data_offset. */
static gboolean
find_text (
    const guint8 *bytes, gsize size, const char *where, EgNpyHeader *header, Scanner *text, GError **error)
{
  const gsize version_end = MAGIC_LENGTH + 2;
  if (size < version_end || memcmp (bytes, MAGIC, MAGIC_LENGTH) != 0)
    return fail (where, EG_ERROR_FORMAT, error, _ ("not an array as NumPy saves it"));
  const guint major = bytes[MAGIC_LENGTH];
  if (major < 1 || major > 3 || bytes[MAGIC_LENGTH + 1] != 0)
    return fail (where, EG_ERROR_UNSUPPORTED, error,
                 _ ("is in a version of NumPy’s format that Engram does not know"));

  const gsize length_size = major == 1 ? 2 : 4;
  if (size - version_end < length_size)
    return fail (where, EG_ERROR_FORMAT, error, _ ("the header is cut short"));
  gsize length = 0;
  for (gsize i = 0; i < length_size; i++)
    length |= (gsize)bytes[version_end + i] << (8 * i);
  const gsize begin = version_end + length_size;
  if (length > MAX_HEADER_LENGTH)
    return fail (where, EG_ERROR_FORMAT, error, _ ("the header is longer than 64 KiB"));
  if (length > size - begin)
    return fail (where, EG_ERROR_FORMAT, error, _ ("the header is cut short"));
  text->position = (const char *)bytes + begin;
  text->end = text->position + length;
  header->data_offset = begin + length;
  return TRUE;
}

gboolean
eg_npy_header_parse (const guint8 *bytes, gsize size, const char *where, EgNpyHeader *header, GError **error)
{
  Scanner text;
  g_autofree char *descr = NULL;
  if (!find_text (bytes, size, where, header, &text, error))
    return FALSE;
  if (!scan_dictionary (&text, header, &descr))
    return fail (where, EG_ERROR_FORMAT, error, _ ("the header is not one that NumPy writes"));
  if (!read_descr (header, descr, where, error))
    return FALSE;

  gsize n_bytes = 0;
  gboolean fits = TRUE;
  header->n_elements = 1;
  for (guint i = 0; i < header->n_dims; i++)
    fits = fits && g_size_checked_mul (&header->n_elements, header->n_elements, header->shape[i]);
  fits = fits && g_size_checked_mul (&n_bytes, header->n_elements, header->item_size);
  if (fits && n_bytes == size - header->data_offset)
    return TRUE;
  g_set_error (error, EG_ERROR, EG_ERROR_FORMAT,
               _ ("%s: its shape and type do not fit the %zu bytes of its elements"), where,
               size - header->data_offset);
  return FALSE;
}
