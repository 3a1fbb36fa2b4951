/* One tensor of a checkpoint, as it lies in memory. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The element types that Engram reads; all little-endian, as in the files. It computes from the first three.
 */
typedef enum
{
  EG_DTYPE_F32,
  EG_DTYPE_F16,  /* IEEE 754 binary16 */
  EG_DTYPE_BF16, /* the upper half of an F32 */
  EG_DTYPE_F64,  /* in files alone: a checkpoint narrows it to F32 (checkpoint.h) */
} EgDType;

#define EG_TENSOR_MAX_DIMS 8

/**
 * EgTensor:
 * @name: as in the file, valid UTF-8
 * @n_dims: 0 (a scalar, one element) … 8
 * @shape: the first @n_dims entries, outermost first; the rest are 0
 * @data: the elements, row-major, aligned at least to the element's size; owned by the checkpoint. May be
 * NULL when @n_bytes is 0
 * @n_bytes: product of @shape × size of an element
 */
typedef struct
{
  char *name;
  EgDType dtype;
  guint n_dims;
  gsize shape[EG_TENSOR_MAX_DIMS];
  const void *data;
  gsize n_bytes;
} EgTensor;

/* "F32", "F16", "BF16" or "F64". */
const char *eg_dtype_get_name (EgDType dtype);

/* Bytes of one element. */
gsize eg_dtype_get_size (EgDType dtype);

/* The number of elements: n_bytes / size. */
gsize eg_tensor_get_n_elements (const EgTensor *self);

/* Whether no element is infinite or no number; at: (out): else the first that is. */
gboolean eg_tensor_is_finite (const EgTensor *self, gsize *at);

/* The elements as float32, each rounded to nearest: values has room for all. */
void eg_tensor_to_floats (const EgTensor *self, float *values);

/* Returns: (transfer full): "[1536, 16]", for messages; "[]" for a scalar. */
char *eg_shape_to_string (const gsize *shape, guint n_dims);

G_END_DECLS
