/* Reads a file block by block, and counts lines. */
#include "study/fact-source.h"

#include "core/error.h"

#include <glib/gi18n.h>
#include <string.h>

EgFactSource *
eg_fact_source_open (const char *path, GError **error)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  GInputStream *stream = G_INPUT_STREAM (g_file_read (file, NULL, error));
  if (stream == NULL)
    return NULL;
  EgFactSource *self = g_new0 (EgFactSource, 1);
  self->stream = stream;
  self->title = g_path_get_basename (path);
  self->line = 1;
  eg_fact_source_peek (self);
  if (self->n >= 3 && memcmp (self->buffer, "\xef\xbb\xbf", 3) == 0)
    self->at = 3;
  return self;
}

void
eg_fact_source_free (EgFactSource *self)
{
  g_clear_error (&self->problem);
  g_object_unref (self->stream);
  g_free (self->title);
  g_free (self);
}

int
eg_fact_source_peek (EgFactSource *self)
{
  if (self->at < self->n)
    return self->buffer[self->at];
  if (self->problem != NULL)
    return -1;
  const gssize n
      = g_input_stream_read (self->stream, self->buffer, sizeof self->buffer, NULL, &self->problem);
  self->at = 0;
  self->n = n > 0 ? (gsize)n : 0;
  return n > 0 ? self->buffer[0] : -1;
}

int
eg_fact_source_get (EgFactSource *self)
{
  const int c = eg_fact_source_peek (self);
  self->at += c >= 0;
  self->line += c == '\n';
  return c;
}

gboolean
eg_fact_source_fail (const EgFactSource *self, gsize line, GError **error, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_autofree char *message = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error (error, EG_ERROR, EG_ERROR_FORMAT, "%s:%zu: %s", self->title, line, message);
  return FALSE;
}

/* Whether bytes came to an end because the file did. */
static gboolean
check_problem (EgFactSource *self, GError **error)
{
  if (self->problem != NULL && error != NULL)
    *error = g_error_copy (self->problem);
  return self->problem == NULL;
}

/* FALSE with an error where there is no room for another byte. */
static gboolean
append (EgFactSource *self, GString *text, int c, gsize line, GError **error)
{
  if (text->len >= EG_FACT_MAX_BYTES)
    return eg_fact_source_fail (self, line, error,
                                _ ("what begins here is longer than a fact may be (1 MiB)"));
  g_string_append_c (text, (char)c);
  return TRUE;
}

gboolean
eg_fact_source_take_line (EgFactSource *self, GString *text, GError **error)
{
  const gsize line = self->line;
  int c;
  g_string_truncate (text, 0);
  while ((c = eg_fact_source_get (self)) >= 0 && c != '\n')
    if (!append (self, text, c, line, error))
      return FALSE;
  if (text->len > 0 && text->str[text->len - 1] == '\r')
    g_string_truncate (text, text->len - 1);
  return check_problem (self, error);
}

gboolean
eg_fact_source_take_object (EgFactSource *self, GString *text, GError **error)
{
  const gsize line = self->line;
  gsize depth = 0;
  gboolean in_text = FALSE, escaped = FALSE;
  g_string_truncate (text, 0);
  do
    {
      const int c = eg_fact_source_get (self);
      if (c < 0)
        return check_problem (self, error)
               && eg_fact_source_fail (self, line, error, _ ("the object that begins here has no end"));
      if (!append (self, text, c, line, error))
        return FALSE;
      if (in_text)
        {
          in_text = escaped || c != '"';
          escaped = !escaped && c == '\\';
          continue;
        }
      in_text = c == '"';
      depth += c == '{';
      depth -= c == '}';
    }
  while (depth > 0 || in_text);
  return TRUE;
}
