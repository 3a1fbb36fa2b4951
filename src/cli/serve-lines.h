/* Lines of standard input, none of which can grow without end. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The longest line that is read, in bytes. */
#define CLI_MAX_LINE (16 << 20)

/* To be zeroed before and cleared after. @skipping: of a line that is too long, up to its end */
typedef struct
{
  GByteArray *bytes;
  gsize taken;
  gboolean skipping, ended;
} CliLines;

void cli_lines_clear (CliLines *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CliLines, cli_lines_clear)

/* Waits for the next line, without its end; valid until the next call, and not ended by a NUL. A line that is
 * too long is NULL, with the length of %CLI_MAX_LINE. FALSE at the end of the input. */
gboolean cli_lines_next (CliLines *self, int descriptor, const char **line, gsize *length);

G_END_DECLS
