/* Reads and checks the header of a .safetensors file. */
#include "formats/safetensors.h"

#include "core/error.h"
#include "formats/json-text.h"
#include "formats/quote.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <string.h>

#define MAX_HEADER_LENGTH 100000000u

/* The format's dtypes, with the bits of an element. */
static const struct
{
  const char *name;
  guint bits;
  gboolean read;
  EgDType dtype; /* if read */
} dtypes[] = {
  { "F32", 32, TRUE, EG_DTYPE_F32 },
  { "F16", 16, TRUE, EG_DTYPE_F16 },
  { "BF16", 16, TRUE, EG_DTYPE_BF16 },
  { "F64", 64, TRUE, EG_DTYPE_F64 },
  { "BOOL", 8 },
  { "F4", 4 },
  { "F6_E2M3", 6 },
  { "F6_E3M2", 6 },
  { "U8", 8 },
  { "I8", 8 },
  { "F8_E5M2", 8 },
  { "F8_E4M3", 8 },
  { "F8_E8M0", 8 },
  { "F8_E4M3FNUZ", 8 },
  { "F8_E5M2FNUZ", 8 },
  { "I16", 16 },
  { "U16", 16 },
  { "I32", 32 },
  { "U32", 32 },
  { "I64", 64 },
  { "U64", 64 },
  { "C64", 64 },
};

/* A tensor as the header declares it. */
typedef struct
{
  const char *name;       /* owned by the JSON tree */
  const char *dtype_name; /* likewise */
  guint dtype;            /* index into dtypes; their number for one that the format did not have */
  gsize n_dims;
  gsize shape[EG_TENSOR_MAX_DIMS]; /* the first of them, if there are more */
  gsize n_elements;
  gboolean too_many; /* elements to be counted */
  gsize begin;
  gsize end;
} Declared;

G_GNUC_PRINTF (5, 6)
static gboolean
refuse (const EgTensorFile *file, const char *tensor, EgError code, GError **error, const char *format, ...)
{
  g_autofree char *quoted = eg_quote (tensor);
  va_list args;
  va_start (args, format);
  g_autofree char *reason = g_strdup_vprintf (format, args);
  va_end (args);
  /* TRANSLATORS: a file, the name of a tensor, and what is wrong: “has no dtype”, “ends at 12, before it
   * begins at 20”. */
  g_set_error (error, EG_ERROR, (int)code, _ ("%s: tensor %s %s"), file->name, quoted, reason);
  return FALSE;
}

static gboolean
read_dtype (const EgTensorFile *file, Declared *self, JsonNode *node, GError **error)
{
  const char *name = eg_json_node_get_text (node);
  if (name == NULL)
    return refuse (file, self->name, EG_ERROR_FORMAT, error, _ ("has no dtype"));
  self->dtype_name = name;
  while (self->dtype < G_N_ELEMENTS (dtypes) && strcmp (dtypes[self->dtype].name, name) != 0)
    self->dtype++;
  return TRUE;
}

/* Node: an array of sizes. Returns how many, or -1 if it is something else; values: the first max. */
static gssize
read_sizes (JsonNode *node, gsize *values, guint max)
{
  if (node == NULL || !JSON_NODE_HOLDS_ARRAY (node))
    return -1;
  JsonArray *array = json_node_get_array (node);
  const guint n = json_array_get_length (array);
  for (guint i = 0; i < n; i++)
    {
      guint64 value;
      if (!eg_json_node_get_size (json_array_get_element (array, i), &value) || value > G_MAXSIZE)
        return -1;
      if (i < max)
        values[i] = (gsize)value;
    }
  return n;
}

static gboolean
read_shape (const EgTensorFile *file, Declared *self, JsonNode *node, GError **error)
{
  const gssize n_dims = read_sizes (node, self->shape, EG_TENSOR_MAX_DIMS);
  if (n_dims < 0)
    return refuse (file, self->name, EG_ERROR_FORMAT, error,
                   _ ("has no shape, or one that is not a list of sizes"));
  self->n_dims = (gsize)n_dims;
  self->n_elements = 1;
  for (guint i = 0; i < self->n_dims; i++)
    {
      guint64 size = 0;
      eg_json_node_get_size (json_array_get_element (json_node_get_array (node), i), &size);
      self->too_many
          = self->too_many || !g_size_checked_mul (&self->n_elements, self->n_elements, (gsize)size);
    }
  return TRUE;
}

static gboolean
read_offsets (const EgTensorFile *file, Declared *self, JsonNode *node, gsize data_size, GError **error)
{
  gsize offsets[2];
  if (read_sizes (node, offsets, 2) != 2)
    return refuse (file, self->name, EG_ERROR_FORMAT, error, _ ("has no data_offsets, or not two sizes"));
  self->begin = offsets[0];
  self->end = offsets[1];
  if (self->begin > self->end)
    return refuse (file, self->name, EG_ERROR_FORMAT, error, _ ("ends at %zu, before it begins at %zu"),
                   self->end, self->begin);
  if (self->end > data_size)
    return refuse (file, self->name, EG_ERROR_FORMAT, error,
                   _ ("ends at %zu, but there are only %zu bytes of data: the file may be cut short"),
                   self->end, data_size);
  return TRUE;
}

/* Shape × dtype = end − begin? Of a dtype that is not known, nobody can say. */
static gboolean
check_size (const EgTensorFile *file, const Declared *self, GError **error)
{
  if (self->dtype == G_N_ELEMENTS (dtypes))
    return TRUE;
  gsize n_bits = 0;
  const gsize n_bytes = self->end - self->begin;
  if (!self->too_many && g_size_checked_mul (&n_bits, self->n_elements, dtypes[self->dtype].bits)
      && n_bits % 8 == 0 && n_bits / 8 == n_bytes)
    return TRUE;
  g_autofree char *shape = eg_shape_to_string (self->shape, (guint)MIN (self->n_dims, EG_TENSOR_MAX_DIMS));
  return refuse (file, self->name, EG_ERROR_FORMAT, error,
                 _ ("of shape %s and dtype %s does not fit its %zu bytes of data"), shape,
                 dtypes[self->dtype].name, n_bytes);
}

static int
compare_offsets (gconstpointer left, gconstpointer right)
{
  const Declared *a = left;
  const Declared *b = right;
  if (a->begin != b->begin)
    return a->begin < b->begin ? -1 : 1;
  return a->end < b->end ? -1 : a->end > b->end;
}

/* Sorts by offset; then each must begin where the one before ended. */
static gboolean
check_layout (const EgTensorFile *file, GArray *tensors, gsize data_size, GError **error)
{
  g_array_sort (tensors, compare_offsets);
  gsize end = 0;
  for (guint i = 0; i < tensors->len; i++)
    {
      const Declared *tensor = &g_array_index (tensors, Declared, i);
      if (tensor->begin != end)
        return refuse (file, tensor->name, EG_ERROR_FORMAT, error,
                       _ ("begins at %zu, but the data before it ends at %zu"), tensor->begin, end);
      end = tensor->end;
    }
  if (end == data_size)
    return TRUE;
  g_set_error (error, EG_ERROR, EG_ERROR_FORMAT,
               _ ("%s: there are %zu bytes of data, but its tensors end at %zu"), file->name, data_size, end);
  return FALSE;
}

static gboolean
check_metadata (const EgTensorFile *file, JsonNode *node, GError **error)
{
  gboolean good = JSON_NODE_HOLDS_OBJECT (node) || JSON_NODE_HOLDS_NULL (node);
  if (JSON_NODE_HOLDS_OBJECT (node))
    {
      JsonObjectIter iter;
      JsonNode *value;
      json_object_iter_init (&iter, json_node_get_object (node));
      while (good && json_object_iter_next (&iter, NULL, &value))
        good = eg_json_node_get_text (value) != NULL;
    }
  if (!good)
    g_set_error (error, EG_ERROR, EG_ERROR_FORMAT, _ ("%s: __metadata__ is not an object of texts"),
                 file->name);
  return good;
}

static gboolean
read_tensor (const EgTensorFile *file, Declared *self, JsonNode *node, gsize data_size, GError **error)
{
  if (!g_utf8_validate (self->name, -1, NULL))
    return refuse (file, self->name, EG_ERROR_FORMAT, error, _ ("has a name that is not valid UTF-8"));
  if (!JSON_NODE_HOLDS_OBJECT (node))
    return refuse (file, self->name, EG_ERROR_FORMAT, error, _ ("is not described by an object"));
  JsonObject *object = json_node_get_object (node);
  return read_dtype (file, self, json_object_get_member (object, "dtype"), error)
         && read_shape (file, self, json_object_get_member (object, "shape"), error)
         && read_offsets (file, self, json_object_get_member (object, "data_offsets"), data_size, error)
         && check_size (file, self, error);
}

/* Returns: (transfer full): the Declared tensors, in order of their data. */
static GArray *
read_header (const EgTensorFile *file, JsonObject *header, gsize data_size, GError **error)
{
  g_autoptr (GArray) tensors = g_array_new (FALSE, FALSE, sizeof (Declared));
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;
  json_object_iter_init (&iter, header);
  while (json_object_iter_next (&iter, &name, &node))
    {
      Declared tensor = { .name = name };
      if (strcmp (name, "__metadata__") == 0)
        {
          if (!check_metadata (file, node, error))
            return NULL;
          continue;
        }
      if (!read_tensor (file, &tensor, node, data_size, error))
        return NULL;
      g_array_append_val (tensors, tensor);
    }
  return check_layout (file, tensors, data_size, error) ? g_steal_pointer (&tensors) : NULL;
}

/* The format wants "{" first; its readers pass over white space before it. */
static gboolean
begins_object (const guint8 *text, gsize length)
{
  gsize i = 0;
  while (i < length && (text[i] == ' ' || text[i] == '\n' || text[i] == '\r' || text[i] == '\t'))
    i++;
  return i < length && text[i] == '{';
}

/* The header's length, or 0 with error. */
static gsize
read_header_length (EgTensorFile *file, GError **error)
{
  guint64 length = 0;
  if (file->size < sizeof length)
    {
      g_set_error (error, EG_ERROR, EG_ERROR_FORMAT, _ ("%s: %zu bytes are too few for a safetensors file"),
                   file->name, file->size);
      return 0;
    }
  memcpy (&length, eg_tensor_file_get_bytes (file), sizeof length);
  length = GUINT64_FROM_LE (length);
  if (length > MAX_HEADER_LENGTH)
    g_set_error (error, EG_ERROR, EG_ERROR_FORMAT,
                 _ ("%s: not a safetensors file, or damaged: the header’s length is given as %" PRIu64
                    " bytes; at most %u are allowed"),
                 file->name, length, MAX_HEADER_LENGTH);
  else if (length > file->size - sizeof length)
    g_set_error (error, EG_ERROR, EG_ERROR_FORMAT,
                 _ ("%s: the header ends beyond the end of the file: the file may be cut short"), file->name);
  else if (!begins_object (eg_tensor_file_get_bytes (file) + sizeof length, (gsize)length))
    g_set_error (error, EG_ERROR, EG_ERROR_FORMAT, _ ("%s: the header does not begin with “{”"), file->name);
  else
    return (gsize)length;
  return 0;
}

static gboolean
add_tensor (EgTensorFile *file, const Declared *tensor, gsize data_offset, GError **error)
{
  g_autofree char *reason = NULL;
  if (tensor->dtype == G_N_ELEMENTS (dtypes) || !dtypes[tensor->dtype].read)
    reason = eg_tensor_file_say_dtype (tensor->dtype_name);
  else if (tensor->n_dims > EG_TENSOR_MAX_DIMS)
    reason = eg_tensor_file_say_dimensions (tensor->n_dims);
  if (reason != NULL)
    return eg_tensor_file_add_unread (file, tensor->name, reason, error);
  return eg_tensor_file_add (file, tensor->name, dtypes[tensor->dtype].dtype, (guint)tensor->n_dims,
                             tensor->shape, data_offset + tensor->begin, tensor->end - tensor->begin, error);
}

EgTensorFile *
eg_safetensors_load (const char *path, GError **error)
{
  g_autoptr (EgTensorFile) file = eg_tensor_file_map (path, error);
  if (file == NULL)
    return NULL;
  const gsize header_length = read_header_length (file, error);
  if (header_length == 0)
    return NULL;

  const gsize data_offset = sizeof (guint64) + header_length;
  const char *text = (const char *)eg_tensor_file_get_bytes (file) + sizeof (guint64);
  g_autoptr (JsonNode) header = eg_json_parse_object (text, header_length, file->name, error);
  if (header == NULL)
    return NULL;
  g_autoptr (GArray) tensors
      = read_header (file, json_node_get_object (header), file->size - data_offset, error);
  if (tensors == NULL)
    return NULL;

  for (guint i = 0; i < tensors->len; i++)
    if (!add_tensor (file, &g_array_index (tensors, Declared, i), data_offset, error))
      return NULL;
  return g_steal_pointer (&file);
}
