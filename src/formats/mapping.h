/* A file of data that stays mapped while it is used, and what other programs do to it in that time. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _EgMapping EgMapping;

/* Maps a regular file, read-only, as eg_map_file() does. Where another program shortens the file, zeros are
 * read from then on, instead of the SIGBUS that would end the program: what was computed from it counts only
 * if eg_mapping_check() says so afterwards. (Of no more than 256 files at a time; more are mapped without
 * that.) A file that is replaced, renamed over or removed stays as it was. Returns: (transfer full): NULL
 * with EG_ERROR_NOT_FOUND or G_FILE_ERROR. */
EgMapping *eg_mapping_new (const char *path, GError **error);
void eg_mapping_free (EgMapping *self);

/* (transfer none) */
GMappedFile *eg_mapping_get_file (EgMapping *self);

/* Fails with EG_ERROR_FORMAT if the file has been written to or shortened since it was mapped. From any
 * thread. */
gboolean eg_mapping_check (EgMapping *self, GError **error);

/* Takes these bytes out of this process's memory, if they lie in a mapping: what is read of them later comes
 * from the file again. Whole pages alone; elsewhere nothing. Any thread. */
void eg_mapping_give_back (const void *memory, gsize n_bytes);

G_END_DECLS
