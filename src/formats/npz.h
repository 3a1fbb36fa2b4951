/* .npz files: zip archives of .npy arrays, as numpy.savez writes and numpy.load reads them, without pickles.
 */
#pragma once

#include "formats/npy.h"

G_BEGIN_DECLS

/* An .npz file that is open for reading; immutable. The file stays mapped (map-file.h). */
typedef struct _EgNpz EgNpz;

/* Reads the archive's directory and no array yet, so that one that cannot be read harms only who asks for it.
 * Returns: (transfer full): NULL with EG_ERROR_NOT_FOUND, EG_ERROR_FORMAT, EG_ERROR_UNSUPPORTED or
 * G_FILE_ERROR. */
EgNpz *eg_npz_load (const char *path, GError **error);

void eg_npz_free (EgNpz *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgNpz, eg_npz_free)

/* Returns: (transfer none): the arrays' names, without ".npy", in the file's order, NULL-terminated. */
const char *const *eg_npz_get_names (EgNpz *self);

gboolean eg_npz_has (EgNpz *self, const char *name);

/* Reads the array called name. Returns: (transfer full): NULL with EG_ERROR_NOT_FOUND if there is none,
 * EG_ERROR_MEMORY if it has more than 1 GiB, and what npy.h and zip.h say. Messages begin with "trace.npz:
 * scores: ". */
EgNpyArray *eg_npz_read (EgNpz *self, const char *name, GError **error);

/* Collects arrays and writes them, uncompressed. The same arrays make the same bytes. */
typedef struct _EgNpzWriter EgNpzWriter;

EgNpzWriter *eg_npz_writer_new (void);
void eg_npz_writer_free (EgNpzWriter *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgNpzWriter, eg_npz_writer_free)

/* Each adds an array called name (a name not added before), with shape [n_dims] in C order; n_dims = 0 is a
 * scalar, of one element. The data are copied. */
void eg_npz_writer_add_f32 (
    EgNpzWriter *self, const char *name, const float *data, guint n_dims, const gsize *shape);
void eg_npz_writer_add_f64 (
    EgNpzWriter *self, const char *name, const double *data, guint n_dims, const gsize *shape);
void eg_npz_writer_add_i64 (
    EgNpzWriter *self, const char *name, const gint64 *data, guint n_dims, const gsize *shape);

/* Bytes of 0 and 1, as '|b1'. */
void eg_npz_writer_add_bools (
    EgNpzWriter *self, const char *name, const guint8 *data, guint n_dims, const gsize *shape);

/* Adds n texts as a '<U' array [n], or as a scalar if is_scalar (n is 1 then). Bytes that are not UTF-8
 * become U+FFFD. */
void eg_npz_writer_add_strings (
    EgNpzWriter *self, const char *name, const char *const *texts, gsize n, gboolean is_scalar);

/* Writes all to path, whole or not at all (atomic-file.h, which says how it fails, too). */
gboolean eg_npz_writer_save (EgNpzWriter *self, const char *path, GError **error);

/* The file's bytes; EG_ERROR_MEMORY where they are more than 1 GiB. (transfer full) */
GBytes *eg_npz_writer_to_bytes (EgNpzWriter *self, GError **error);

G_END_DECLS
