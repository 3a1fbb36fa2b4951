/* The header of a .npy file (npy.h). */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define EG_NPY_MAX_DIMS 32

typedef enum
{
  EG_NPY_BOOL,
  EG_NPY_INT,
  EG_NPY_UINT,
  EG_NPY_FLOAT,
  EG_NPY_TEXT, /* unicode, dtype U */
} EgNpyKind;

/**
 * EgNpyHeader:
 * @item_size: bytes of an element; a multiple of 4 for texts
 * @is_big_endian: numbers (and the code points of texts) have their first byte first
 * @is_fortran: the first dimension runs fastest
 * @n_elements: the product of @shape
 * @data_offset: where the elements begin
 */
typedef struct
{
  EgNpyKind kind;
  gsize item_size;
  gboolean is_big_endian;
  gboolean is_fortran;
  guint n_dims;
  gsize shape[EG_NPY_MAX_DIMS];
  gsize n_elements;
  gsize data_offset;
} EgNpyHeader;

/* Checks also that n_elements × item_size is what is left of the size bytes. */
gboolean
eg_npy_header_parse (const guint8 *bytes, gsize size, const char *where, EgNpyHeader *header, GError **error);

G_END_DECLS
