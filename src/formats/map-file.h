/* Opens a file of data from outside. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Maps a regular file, read-only; anything else (a folder, a pipe that would block) is refused. A file that
 * another program shortens while it is mapped makes a read of the missing part a SIGBUS: for files that are
 * read at once; mapping.h is for those that stay mapped. Returns: (transfer full): NULL with
 * EG_ERROR_NOT_FOUND or G_FILE_ERROR. */
GMappedFile *eg_map_file (const char *path, GError **error);

/* Returns: (transfer full): the file's base name, fit for a message (quote.h). */
char *eg_file_get_title (const char *path);

G_END_DECLS
