/* Output files that are there whole or not at all. The content goes into a temporary file in the same folder,
 * which is brought to the disk and renamed over the old file; a crash, a full disk or an error in between
 * leaves the old file as it was. Where the file system can do it, the temporary has no name until it is
 * whole, so that not even a crash leaves a piece of it behind.
 *
 *   g_autoptr (EgAtomicFile) file = eg_atomic_file_begin (path, error);
 *   if (file == NULL || !write_it_somehow (eg_atomic_file_get_path (file), error))
 *     return FALSE;
 *   return eg_atomic_file_commit (file, error);
 *
 * Symbolic links are written through: the link stays, its target is replaced. The permissions of an existing
 * file are kept (its owner and other hard links to it are not); a new one gets what the umask leaves of
 * rw-rw-rw-.
 *
 * Errors are G_FILE_ERROR, with sentences such as "No such folder: X", "No permission to write into the
 * folder X", "No space left on device while writing X". */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _EgAtomicFile EgAtomicFile;

/* Checks, before a long run, that path could be written at its end: its folder is there and writable, and
 * path is nothing yet, or a regular file that may be written. (A disk can still be full then.) */
gboolean eg_output_check (const char *path, GError **error);

/* Makes the empty temporary file. Returns: (transfer full): NULL with what eg_output_check says, too. */
EgAtomicFile *eg_atomic_file_begin (const char *path, GError **error);

/* Returns: (transfer none): the temporary's path, with path's ending (".npz"): to be written to, or replaced,
 * before the commit. It has a name from now on. */
const char *eg_atomic_file_get_path (EgAtomicFile *self);

/* Appends n bytes to the temporary; not to be mixed with writing by its path. */
gboolean eg_atomic_file_append (EgAtomicFile *self, const void *data, gsize n, GError **error);

/* Puts the temporary in path's place. Once only; after a failure the temporary is gone. */
gboolean eg_atomic_file_commit (EgAtomicFile *self, GError **error);

/* Without a commit before, the temporary is removed and nothing has happened. */
void eg_atomic_file_free (EgAtomicFile *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgAtomicFile, eg_atomic_file_free)

/* All three steps for content that is at hand. */
gboolean eg_atomic_file_write (const char *path, const void *data, gsize n, GError **error);

/* Says why writing path failed, by its errno; for writers that use eg_atomic_file_get_path. */
void eg_output_set_error (GError **error, int error_number, const char *path);

G_END_DECLS
