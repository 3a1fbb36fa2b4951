/* Cuts what comes in into lines. */
#include "cli/serve-lines.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define PIECE 65536

void
cli_lines_clear (CliLines *self)
{
  g_clear_pointer (&self->bytes, g_byte_array_unref);
}

/* FALSE when nothing more comes. */
static gboolean
read_piece (CliLines *self, int descriptor)
{
  const guint before = self->bytes->len;
  gssize n;
  g_byte_array_set_size (self->bytes, before + PIECE);
  do
    n = read (descriptor, self->bytes->data + before, PIECE);
  while (n < 0 && errno == EINTR);
  g_byte_array_set_size (self->bytes, before + (guint)MAX (n, 0));
  return n > 0;
}

/* The next line's end among the bytes from `from` on; NULL as long as there is none. */
static const guint8 *
find_end (const CliLines *self, gsize from)
{
  return from < self->bytes->len ? memchr (self->bytes->data + from, '\n', self->bytes->len - from) : NULL;
}

/* Reads until there is a whole line, or what is left at the end of the input. Returns: its length, without
 * its end. */
static gsize
read_line (CliLines *self, int descriptor)
{
  const guint8 *end = find_end (self, 0);
  while (end == NULL && !self->ended)
    {
      const gsize before = self->bytes->len;
      self->ended = !read_piece (self, descriptor);
      end = find_end (self, before);
      if (end == NULL && self->bytes->len > CLI_MAX_LINE)
        {
          self->skipping = TRUE;
          g_byte_array_set_size (self->bytes, 0);
        }
    }
  return end != NULL ? (gsize)(end - self->bytes->data) : self->bytes->len;
}

gboolean
cli_lines_next (CliLines *self, int descriptor, const char **line, gsize *length)
{
  if (self->bytes == NULL)
    self->bytes = g_byte_array_new ();
  g_byte_array_remove_range (self->bytes, 0, (guint)MIN (self->taken, self->bytes->len));
  self->taken = 0;
  *length = read_line (self, descriptor);
  if (*length == self->bytes->len && *length == 0 && !self->skipping)
    return FALSE;
  self->taken = *length + 1;
  const gboolean too_long = self->skipping || *length > CLI_MAX_LINE;
  self->skipping = FALSE;
  *line = too_long ? NULL : (const char *)self->bytes->data;
  if (too_long)
    *length = CLI_MAX_LINE;
  return TRUE;
}
