/* NumPy's .npy arrays (numpy.lib.format, versions 1.0, 2.0 and 3.0): six magic bytes, two of version, the
 * header's length (u16, or u32 from 2.0 on), then the header: a Python dictionary of 'descr', 'fortran_order'
 * and 'shape', and then the elements. The header is read by a parser that knows such dictionaries and nothing
 * else.
 *
 * Read: |b1, i1 i2 i4 i8, u1 u2 u4 u8, f2 f4 f8 and U, of either byte order and either storage order.
 * Refused: object arrays (they are pickles, and could run anything), structured arrays and all other types; a
 * header of more than 64 KiB; more than 32 dimensions; and elements that are not exactly the bytes behind the
 * header. */
#pragma once

#include "formats/npy-header.h"

G_BEGIN_DECLS

/* An array in memory, immutable. */
typedef struct _EgNpyArray EgNpyArray;

/* bytes: a whole .npy file; where: what begins the messages ("trace.npz: scores"). Takes about as much memory
 * as bytes. Returns: (transfer full): NULL with EG_ERROR_FORMAT, EG_ERROR_UNSUPPORTED or EG_ERROR_MEMORY. */
EgNpyArray *eg_npy_parse (GBytes *bytes, const char *where, GError **error);

void eg_npy_array_free (EgNpyArray *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgNpyArray, eg_npy_array_free)

EgNpyKind eg_npy_array_get_kind (const EgNpyArray *self);

/* 0 for a scalar, which has one element. */
guint eg_npy_array_get_n_dims (const EgNpyArray *self);

/* Returns: (transfer none): n_dims sizes, outermost first. */
const gsize *eg_npy_array_get_shape (const EgNpyArray *self);

/* The number of elements: the product of shape. */
gsize eg_npy_array_get_n_elements (const EgNpyArray *self);

/* These return all n_elements elements in C order (the last dimension runs fastest), converted, in memory
 * that the caller frees with g_free() (g_strfreev() for texts); never NULL but with an error, also when there
 * are none. They fail with EG_ERROR_FORMAT when the array is of another kind, EG_ERROR_MEMORY when the copy
 * does not fit. */

/* Any numbers, bool as 0 and 1; whole numbers beyond ±2⁵³ are rounded. */
double *eg_npy_array_get_doubles (const EgNpyArray *self, GError **error);

/* Whole numbers and bool; an unsigned number beyond 2⁶³ − 1 is EG_ERROR_FORMAT. */
gint64 *eg_npy_array_get_int64s (const EgNpyArray *self, GError **error);

/* UTF-8; the NULs that fill a text up are dropped. A NUL before a text's last character, or a number that is
 * no Unicode character (a surrogate, or beyond U+10FFFF), is EG_ERROR_FORMAT. */
char **eg_npy_array_get_strings (const EgNpyArray *self, GError **error);

/* Makes a .npy file, version 1.0, byte by byte as numpy.save does for a C-ordered array. descr: '<f4', '<i8',
 * '<U7', ..; shape: [n_dims]; data: n_bytes bytes, little-endian. Returns: (transfer full) */
GBytes *eg_npy_format (const char *descr, guint n_dims, const gsize *shape, const void *data, gsize n_bytes);

G_END_DECLS
