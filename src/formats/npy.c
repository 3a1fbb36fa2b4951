/* Reads and writes the numbers and texts of .npy arrays. */
#include "formats/npy.h"

#include "core/error.h"
#include "core/half.h"
#include "formats/npy-header.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <string.h>

struct _EgNpyArray
{
  char *where;
  EgNpyHeader header;
  guint8 *data; /* C order, this machine's byte order */
};

G_GNUC_PRINTF (4, 5)
static void
set_error (const EgNpyArray *self, EgError code, GError **error, const char *format, ...)
{
  va_list args;
  va_start (args, format);
  g_autofree char *reason = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, EG_ERROR, (int)code, "%s: %s", self->where, reason);
}

/* Returns: (transfer full): room for n elements of size bytes, and never NULL when n is 0; NULL with
 * EG_ERROR_MEMORY. */
static void *
allocate (const EgNpyArray *self, gsize n, gsize size, GError **error)
{
  gsize n_bytes;
  void *memory = NULL;
  if (g_size_checked_mul (&n_bytes, n, size) && g_size_checked_add (&n_bytes, n_bytes, 1))
    memory = g_try_malloc (n_bytes);
  if (memory == NULL)
    set_error (self, EG_ERROR_MEMORY, error, _ ("its %zu elements do not fit into memory"), n);
  return memory;
}

/* Copies n items of size bytes from src, where they are stored with the first dimension fastest, in C order.
 */
static void
transpose (const EgNpyHeader *header, const guint8 *src, guint8 *dst)
{
  gsize index[EG_NPY_MAX_DIMS] = { 0 };
  gsize strides[EG_NPY_MAX_DIMS];
  gsize stride = header->item_size;
  for (guint d = 0; d < header->n_dims; d++)
    {
      strides[d] = stride;
      stride *= header->shape[d];
    }
  gsize offset = 0;
  for (gsize i = 0; i < header->n_elements; i++)
    {
      memcpy (dst + i * header->item_size, src + offset, header->item_size);
      /* Count up, the last dimension first. */
      for (guint d = header->n_dims; d-- > 0;)
        {
          offset += strides[d];
          if (++index[d] < header->shape[d])
            break;
          offset -= strides[d] * header->shape[d];
          index[d] = 0;
        }
    }
}

static void
swap_bytes (guint8 *data, gsize n, gsize size)
{
  for (guint8 *item = data; n > 0; n--, item += size)
    for (gsize i = 0; i < size / 2; i++)
      {
        const guint8 byte = item[i];
        item[i] = item[size - 1 - i];
        item[size - 1 - i] = byte;
      }
}

EgNpyArray *
eg_npy_parse (GBytes *bytes, const char *where, GError **error)
{
  gsize size;
  const guint8 *file = g_bytes_get_data (bytes, &size);
  g_autoptr (EgNpyArray) self = g_new0 (EgNpyArray, 1);
  self->where = g_strdup (where);
  EgNpyHeader *header = &self->header;
  if (!eg_npy_header_parse (file, size, where, header, error))
    return NULL;

  self->data = allocate (self, header->n_elements, header->item_size, error);
  if (self->data == NULL)
    return NULL;
  const guint8 *stored = file + header->data_offset;
  if (header->is_fortran)
    transpose (header, stored, self->data);
  else
    memcpy (self->data, stored, header->n_elements * header->item_size);

  const gsize unit = header->kind == EG_NPY_TEXT ? 4 : header->item_size;
  if (header->is_big_endian != (G_BYTE_ORDER == G_BIG_ENDIAN))
    swap_bytes (self->data, header->n_elements * (header->item_size / unit), unit);
  return g_steal_pointer (&self);
}

void
eg_npy_array_free (EgNpyArray *self)
{
  g_free (self->data);
  g_free (self->where);
  g_free (self);
}

EgNpyKind
eg_npy_array_get_kind (const EgNpyArray *self)
{
  return self->header.kind;
}

guint
eg_npy_array_get_n_dims (const EgNpyArray *self)
{
  return self->header.n_dims;
}

const gsize *
eg_npy_array_get_shape (const EgNpyArray *self)
{
  return self->header.shape;
}

gsize
eg_npy_array_get_n_elements (const EgNpyArray *self)
{
  return self->header.n_elements;
}

/* Element i of an array of kind BOOL or UINT. */
static guint64
get_unsigned (const EgNpyArray *self, gsize i)
{
  const gsize size = self->header.item_size;
  const guint8 *item = self->data + i * size;
  guint16 two;
  guint32 four;
  guint64 eight;
  switch (size)
    {
    case 1:
      return self->header.kind == EG_NPY_BOOL ? *item != 0 : *item;
    case 2:
      memcpy (&two, item, sizeof two);
      return two;
    case 4:
      memcpy (&four, item, sizeof four);
      return four;
    default:
      memcpy (&eight, item, sizeof eight);
      return eight;
    }
}

/* Element i of an array of kind INT. */
static gint64
get_signed (const EgNpyArray *self, gsize i)
{
  switch (self->header.item_size)
    {
    case 1:
      return (gint8)get_unsigned (self, i);
    case 2:
      return (gint16)get_unsigned (self, i);
    case 4:
      return (gint32)get_unsigned (self, i);
    default:
      return (gint64)get_unsigned (self, i);
    }
}

/* Element i of an array of kind FLOAT. */
static double
get_float (const EgNpyArray *self, gsize i)
{
  const gsize size = self->header.item_size;
  float four;
  double eight;
  if (size == 2)
    return (double)eg_half_to_float ((guint16)get_unsigned (self, i));
  if (size == 4)
    {
      memcpy (&four, self->data + i * size, sizeof four);
      return (double)four;
    }
  memcpy (&eight, self->data + i * size, sizeof eight);
  return eight;
}

double *
eg_npy_array_get_doubles (const EgNpyArray *self, GError **error)
{
  const EgNpyKind kind = self->header.kind;
  if (kind == EG_NPY_TEXT)
    {
      set_error (self, EG_ERROR_FORMAT, error, _ ("holds texts where numbers are expected"));
      return NULL;
    }
  double *values = allocate (self, self->header.n_elements, sizeof *values, error);
  if (values == NULL)
    return NULL;
  for (gsize i = 0; i < self->header.n_elements; i++)
    values[i] = kind == EG_NPY_FLOAT ? get_float (self, i)
                : kind == EG_NPY_INT ? (double)get_signed (self, i)
                                     : (double)get_unsigned (self, i);
  return values;
}

gint64 *
eg_npy_array_get_int64s (const EgNpyArray *self, GError **error)
{
  const EgNpyKind kind = self->header.kind;
  if (kind == EG_NPY_TEXT || kind == EG_NPY_FLOAT)
    {
      set_error (self, EG_ERROR_FORMAT, error,
                 kind == EG_NPY_TEXT ? _ ("holds texts where numbers are expected")
                                     : _ ("holds fractional numbers where whole numbers are expected"));
      return NULL;
    }
  g_autofree gint64 *values = allocate (self, self->header.n_elements, sizeof *values, error);
  if (values == NULL)
    return NULL;
  for (gsize i = 0; i < self->header.n_elements; i++)
    {
      values[i] = kind == EG_NPY_INT ? get_signed (self, i) : (gint64)get_unsigned (self, i);
      if (kind == EG_NPY_UINT && values[i] < 0)
        {
          set_error (self, EG_ERROR_FORMAT, error, _ ("holds the number %" PRIu64 ", which is too large"),
                     get_unsigned (self, i));
          return NULL;
        }
    }
  return g_steal_pointer (&values);
}

/* Returns: (transfer full): element i as UTF-8; NULL if it is no text. */
static char *
get_text (const EgNpyArray *self, gsize i)
{
  const guint8 *item = self->data + i * self->header.item_size;
  gsize length = self->header.item_size / 4;
  guint32 c = 0;
  while (length > 0 && (memcpy (&c, item + 4 * (length - 1), sizeof c), c == 0))
    length--;
  g_autoptr (GString) text = g_string_sized_new (length + 1);
  for (gsize k = 0; k < length; k++)
    {
      memcpy (&c, item + 4 * k, sizeof c);
      if (c == 0 || !g_unichar_validate (c))
        return NULL;
      g_string_append_unichar (text, c);
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

char **
eg_npy_array_get_strings (const EgNpyArray *self, GError **error)
{
  if (self->header.kind != EG_NPY_TEXT)
    {
      set_error (self, EG_ERROR_FORMAT, error, _ ("holds numbers where texts are expected"));
      return NULL;
    }
  gsize n_pointers;
  if (!g_size_checked_add (&n_pointers, self->header.n_elements, 1))
    n_pointers = G_MAXSIZE;
  g_auto (GStrv) texts = allocate (self, n_pointers, sizeof *texts, error);
  if (texts == NULL)
    return NULL;
  texts[0] = NULL;
  for (gsize i = 0; i < self->header.n_elements; i++)
    {
      texts[i] = get_text (self, i);
      if (texts[i] == NULL)
        {
          set_error (self, EG_ERROR_FORMAT, error, _ ("text %zu has characters that are not Unicode’s"), i);
          return NULL;
        }
      texts[i + 1] = NULL;
    }
  return g_steal_pointer (&texts);
}

/* The header's text without its padding, as Python writes the dictionary. */
static GString *
format_dictionary (const char *descr, guint n_dims, const gsize *shape)
{
  GString *text = g_string_new (NULL);
  g_string_printf (text, "{'descr': '%s', 'fortran_order': False, 'shape': (", descr);
  for (guint d = 0; d < n_dims; d++)
    g_string_append_printf (text, "%s%" G_GSIZE_FORMAT, d == 0 ? "" : ", ", shape[d]);
  g_string_append (text, n_dims == 1 ? ",), }" : "), }");

  /* NumPy leaves room for the first dimension to grow to 21 digits in place. */
  if (n_dims > 0)
    {
      const int room = 21;
      g_autofree char *digits = g_strdup_printf ("%" G_GSIZE_FORMAT, shape[0]);
      g_string_append_printf (text, "%*s", room - (int)strlen (digits), "");
    }
  return text;
}

GBytes *
eg_npy_format (const char *descr, guint n_dims, const gsize *shape, const void *data, gsize n_bytes)
{
  const gsize alignment = 64;
  const gsize before = 10; /* magic, version 1.0, length */
  g_assert (n_dims <= EG_NPY_MAX_DIMS);
  g_autoptr (GString) header = format_dictionary (descr, n_dims, shape);
  const gsize padding = alignment - (before + header->len + 1) % alignment;
  for (gsize i = 0; i < padding; i++)
    g_string_append_c (header, ' ');
  g_string_append_c (header, '\n');

  const gsize size = before + header->len + n_bytes;
  guint8 *file = g_malloc (size);
  memcpy (file, "\x93NUMPY\x01\x00", 8);
  file[8] = (guint8)(header->len & 0xff);
  file[9] = (guint8)(header->len >> 8);
  memcpy (file + before, header->str, header->len);
  if (n_bytes > 0)
    memcpy (file + before + header->len, data, n_bytes);
  return g_bytes_new_take (file, size);
}
