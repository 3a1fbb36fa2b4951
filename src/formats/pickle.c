/* A pickle machine that can make tensors and nothing else. */
#include "formats/pickle.h"

#include "core/error.h"
#include "formats/quote.h"
#include "formats/tensor-file.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <string.h>

typedef enum
{
  ORDERED_DICT,
  REBUILD_TENSOR,
  REBUILD_OTHER_TENSOR,
  REBUILD_PARAMETER,
  STORAGE_TYPE,
  DTYPE,
  OBJECT_TYPE,
} GlobalKind;

typedef struct
{
  const char *module, *name;
  GlobalKind kind;
  const char *type; /* of a storage */
  gboolean is_read;
  EgDType dtype;
} Global;

static const Global globals[] = {
  { "collections", "OrderedDict", ORDERED_DICT },
  { "torch._utils", "_rebuild_tensor_v2", REBUILD_TENSOR },
  { "torch._utils", "_rebuild_tensor_v3", REBUILD_OTHER_TENSOR },
  { "torch._utils", "_rebuild_parameter", REBUILD_PARAMETER },
  { "torch._utils", "_rebuild_parameter_with_state", REBUILD_PARAMETER },
  { "torch", "FloatStorage", STORAGE_TYPE, "F32", TRUE, EG_DTYPE_F32 },
  { "torch", "HalfStorage", STORAGE_TYPE, "F16", TRUE, EG_DTYPE_F16 },
  { "torch", "BFloat16Storage", STORAGE_TYPE, "BF16", TRUE, EG_DTYPE_BF16 },
  { "torch", "DoubleStorage", STORAGE_TYPE, "F64", TRUE, EG_DTYPE_F64 },
  { "torch", "LongStorage", STORAGE_TYPE, "I64" },
  { "torch", "IntStorage", STORAGE_TYPE, "I32" },
  { "torch", "ShortStorage", STORAGE_TYPE, "I16" },
  { "torch", "CharStorage", STORAGE_TYPE, "I8" },
  { "torch", "ByteStorage", STORAGE_TYPE, "U8" },
  { "torch", "BoolStorage", STORAGE_TYPE, "BOOL" },
  { "torch", "ComplexFloatStorage", STORAGE_TYPE, "C64" },
  { "torch", "ComplexDoubleStorage", STORAGE_TYPE, "C128" },
  { "torch", "QInt8Storage", STORAGE_TYPE, "QI8" },
  { "torch", "QUInt8Storage", STORAGE_TYPE, "QU8" },
  { "torch", "QInt32Storage", STORAGE_TYPE, "QI32" },
  { "torch.storage", "UntypedStorage", STORAGE_TYPE, NULL },
  { "torch", "UntypedStorage", STORAGE_TYPE, NULL },
  /* What stands beside tensors. */
  { "torch", "Size", OBJECT_TYPE },
  { "torch", "device", OBJECT_TYPE },
  { "collections", "defaultdict", OBJECT_TYPE },
  { "collections", "Counter", OBJECT_TYPE },
  { "__builtin__", "set", OBJECT_TYPE },
  { "__builtin__", "dict", OBJECT_TYPE },
  { "__builtin__", "list", OBJECT_TYPE },
  { "__builtin__", "int", OBJECT_TYPE },
  { "__builtin__", "long", OBJECT_TYPE },
  { "__builtin__", "float", OBJECT_TYPE },
  { "__builtin__", "unicode", OBJECT_TYPE },
};

/* torch's dtypes: names without a module of their own. */
static const char *const dtype_prefixes[]
    = { "float", "bfloat", "int", "uint", "complex", "bool", "half", "double" };

typedef enum
{
  NONE,
  BOOLEAN,
  INTEGER,
  REAL,
  TEXT,
  TUPLE,
  LIST,
  DICT,
  GLOBAL,
  STORAGE,
  TENSOR,
  OBJECT, /* of which nothing is known */
  MARK,
} Kind;

static const char *const kind_names[]
    = { "None",          N_ ("a truth value"), N_ ("a number"),     N_ ("a number"),   N_ ("a text"),
        N_ ("a tuple"),  N_ ("a list"),        N_ ("a dictionary"), N_ ("a function"), N_ ("a storage"),
        N_ ("a tensor"), N_ ("an object"),     N_ ("a mark") };

typedef struct _Value Value;
struct _Value
{
  Kind kind;
  const char *type; /* of a function: the dtype that it names */
  union
  {
    gint64 integer;
    char *text;
    GPtrArray *items; /* of Value; of a dictionary: key, value, key, … */
    const Global *global;
    EgPickledTensor *tensor; /* of a storage: what is known of one */
  };
};

struct _EgPickle
{
  const char *where;
  const guint8 *bytes;
  gsize n_bytes, position;
  GPtrArray *values; /* all there are */
  GStringChunk *reasons;
  GPtrArray *stack;
  GHashTable *memo; /* number → Value */
  GPtrArray *tensors;
};

static void
value_free (gpointer data)
{
  Value *self = data;
  if (self->kind == TEXT)
    g_free (self->text);
  else if (self->kind == TUPLE || self->kind == LIST || self->kind == DICT)
    g_ptr_array_unref (self->items);
  else if (self->kind == STORAGE || self->kind == TENSOR)
    g_free (self->tensor);
  g_free (self);
}

G_GNUC_PRINTF (4, 5)
static gboolean
refuse (const EgPickle *self, EgError code, GError **error, const char *format, ...)
{
  va_list args;
  va_start (args, format);
  g_autofree char *reason = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, EG_ERROR, code, "%s: %s", self->where, reason);
  return FALSE;
}

static gboolean
refuse_end (const EgPickle *self, GError **error)
{
  return refuse (self, EG_ERROR_FORMAT, error, _ ("its list of tensors ends too early"));
}

/* ---- the stack ---- */

static Value *
push (EgPickle *self, Kind kind)
{
  Value *value = g_new0 (Value, 1);
  value->kind = kind;
  if (kind == TUPLE || kind == LIST || kind == DICT)
    value->items = g_ptr_array_new ();
  g_ptr_array_add (self->values, value);
  g_ptr_array_add (self->stack, value);
  return value;
}

static gboolean
pop (EgPickle *self, Value **value, GError **error)
{
  if (self->stack->len == 0)
    return refuse (self, EG_ERROR_FORMAT, error,
                   _ ("its list of tensors takes more from the stack than is there"));
  *value = g_ptr_array_steal_index (self->stack, self->stack->len - 1);
  return TRUE;
}

static gboolean
refuse_kind (const EgPickle *self, const Value *value, Kind expected, GError **error)
{
  return refuse (self, EG_ERROR_FORMAT, error, _ ("its list of tensors has %s where %s should be"),
                 _ (kind_names[value->kind]), _ (kind_names[expected]));
}

static gboolean
pop_kind (EgPickle *self, Kind kind, Value **value, GError **error)
{
  if (!pop (self, value, error))
    return FALSE;
  return (*value)->kind == kind || refuse_kind (self, *value, kind, error);
}

/* Everything above the last mark into items, and the mark away. */
static gboolean
pop_to_mark (EgPickle *self, GPtrArray *items, GError **error)
{
  guint i = self->stack->len;
  while (i > 0 && ((Value *)self->stack->pdata[i - 1])->kind != MARK)
    i--;
  if (i == 0)
    return refuse (self, EG_ERROR_FORMAT, error, _ ("its list of tensors has no mark where one should be"));
  for (guint k = i; k < self->stack->len; k++)
    g_ptr_array_add (items, self->stack->pdata[k]);
  g_ptr_array_set_size (self->stack, (int)i - 1);
  return TRUE;
}

/* ---- what opcodes carry ---- */

static gboolean
take (EgPickle *self, gsize n, const guint8 **bytes, GError **error)
{
  if (n > self->n_bytes - self->position)
    return refuse_end (self, error);
  *bytes = self->bytes + self->position;
  self->position += n;
  return TRUE;
}

/* Little-endian, of up to 8 bytes. */
static gboolean
take_number (EgPickle *self, gsize n, guint64 *number, GError **error)
{
  const guint8 *bytes = NULL;
  if (!take (self, n, &bytes, error))
    return FALSE;
  *number = 0;
  for (gsize i = 0; i < n; i++)
    *number |= (guint64)bytes[i] << 8 * i;
  return TRUE;
}

static gboolean
take_line (EgPickle *self, char **line, GError **error)
{
  const guint8 *begin = self->bytes + self->position;
  const guint8 *end = memchr (begin, '\n', self->n_bytes - self->position);
  if (end == NULL)
    return refuse_end (self, error);
  *line = g_strndup ((const char *)begin, (gsize)(end - begin));
  self->position += (gsize)(end - begin) + 1;
  return TRUE;
}

static gboolean
push_text (EgPickle *self, gsize n_of_length, GError **error)
{
  guint64 length;
  const guint8 *bytes = NULL;
  if (!take_number (self, n_of_length, &length, error))
    return FALSE;
  if (!take (self, (gsize)length, &bytes, error))
    return FALSE;
  if (!g_utf8_validate_len ((const char *)bytes, (gsize)length, NULL))
    return refuse (self, EG_ERROR_FORMAT, error, _ ("a name in it is not valid UTF-8"));
  push (self, TEXT)->text = g_strndup ((const char *)bytes, (gsize)length);
  return TRUE;
}

/* Two's complement, any length; but nothing here has more than 64 bits. */
static gboolean
push_long (EgPickle *self, GError **error)
{
  guint64 n, number;
  if (!take_number (self, 1, &n, error))
    return FALSE;
  if (n > 8)
    return refuse (self, EG_ERROR_UNSUPPORTED, error, _ ("a number in it has more than 64 bits"));
  if (!take_number (self, (gsize)n, &number, error))
    return FALSE;
  if (n > 0 && n < 8 && (number >> (8 * n - 1)) != 0)
    number |= G_MAXUINT64 << 8 * n;
  push (self, INTEGER)->integer = (gint64)number;
  return TRUE;
}

static const Global any_dtype = { "torch", NULL, DTYPE };

/* "float8_e4m3fn" of torch: letters, then numbers. */
static gboolean
is_dtype (const char *module, const char *name)
{
  if (strcmp (module, "torch") != 0)
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (dtype_prefixes); i++)
    if (g_str_has_prefix (name, dtype_prefixes[i]))
      return strspn (name, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen (name);
  return FALSE;
}

static gboolean
push_global (EgPickle *self, GError **error)
{
  g_autofree char *module = NULL, *name = NULL;
  if (!take_line (self, &module, error) || !take_line (self, &name, error))
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (globals); i++)
    if (strcmp (globals[i].module, module) == 0 && strcmp (globals[i].name, name) == 0)
      {
        push (self, GLOBAL)->global = &globals[i];
        return TRUE;
      }
  if (is_dtype (module, name))
    {
      Value *value = push (self, GLOBAL);
      value->global = &any_dtype;
      value->type = g_string_chunk_insert (self->reasons, name);
      return TRUE;
    }
  g_autofree char *full = g_strdup_printf ("%s.%s", module, name);
  g_autofree char *quoted = eg_quote (full);
  return refuse (self, EG_ERROR_UNSUPPORTED, error,
                 _ ("it asks for Python’s %s, which a list of tensors does not need, and no code from a file "
                    "is ever run"),
                 quoted);
}

/* ---- building ---- */

static gboolean
make_tuple (EgPickle *self, guint n, GError **error)
{
  Value *items[3] = { NULL };
  for (guint i = n; i > 0; i--)
    if (!pop (self, &items[i - 1], error))
      return FALSE;
  Value *tuple = push (self, TUPLE);
  for (guint i = 0; i < n; i++)
    g_ptr_array_add (tuple->items, items[i]);
  return TRUE;
}

static gboolean
make_marked_tuple (EgPickle *self, GError **error)
{
  g_autoptr (GPtrArray) items = g_ptr_array_new ();
  if (!pop_to_mark (self, items, error))
    return FALSE;
  Value *tuple = push (self, TUPLE);
  g_ptr_array_extend (tuple->items, items, NULL, NULL);
  return TRUE;
}

/* The container that is now on top takes the items. */
static gboolean
add_items (EgPickle *self, Kind kind, GPtrArray *items, GError **error)
{
  Value *container = NULL;
  if (!pop (self, &container, error))
    return FALSE;
  if (container->kind != kind && container->kind != OBJECT)
    return refuse_kind (self, container, kind, error);
  if (kind == DICT && items->len % 2 != 0)
    return refuse (self, EG_ERROR_FORMAT, error, _ ("a key in it has no value"));
  if (container->kind == kind)
    g_ptr_array_extend (container->items, items, NULL, NULL);
  g_ptr_array_add (self->stack, container);
  return TRUE;
}

static gboolean
add_marked_items (EgPickle *self, Kind kind, GError **error)
{
  g_autoptr (GPtrArray) items = g_ptr_array_new ();
  return pop_to_mark (self, items, error) && add_items (self, kind, items, error);
}

static gboolean
add_last_items (EgPickle *self, Kind kind, guint n, GError **error)
{
  g_autoptr (GPtrArray) items = g_ptr_array_new ();
  for (guint i = 0; i < n; i++)
    {
      Value *item = NULL;
      if (!pop (self, &item, error))
        return FALSE;
      g_ptr_array_insert (items, 0, item);
    }
  return add_items (self, kind, items, error);
}

static const Value *
item (const Value *tuple, guint i, Kind kind)
{
  const Value *value = i < tuple->items->len ? tuple->items->pdata[i] : NULL;
  return value != NULL && value->kind == kind ? value : NULL;
}

static const char *
say_dtype (EgPickle *self, const char *dtype)
{
  g_autofree char *reason = eg_tensor_file_say_dtype (dtype);
  return g_string_chunk_insert_const (self->reasons, reason);
}

/* ('storage', type, key, device, number of elements) */
static gboolean
make_storage (EgPickle *self, GError **error)
{
  Value *id = NULL;
  if (!pop_kind (self, TUPLE, &id, error))
    return FALSE;
  const Value *tag = item (id, 0, TEXT), *type = item (id, 1, GLOBAL), *key = item (id, 2, TEXT);
  const Value *device = item (id, 3, TEXT), *n = item (id, 4, INTEGER);
  if (id->items->len != 5 || !tag || strcmp (tag->text, "storage") != 0 || !type
      || type->global->kind != STORAGE_TYPE || !key || !device || !n || n->integer < 0)
    return refuse (self, EG_ERROR_FORMAT, error, _ ("a storage in it is not described as PyTorch does it"));
  Value *storage = push (self, STORAGE);
  storage->tensor = g_new0 (EgPickledTensor, 1);
  storage->tensor->storage = key->text;
  storage->tensor->type = type->global->type;
  storage->tensor->dtype = type->global->dtype;
  if (!type->global->is_read && type->global->type != NULL)
    storage->tensor->reason = say_dtype (self, type->global->type);
  storage->tensor->n_stored = (guint64)n->integer;
  return TRUE;
}

/* FALSE for numbers that are none of a size, or too many. */
static gboolean
read_sizes (const Value *tuple, gsize *sizes)
{
  for (guint i = 0; i < tuple->items->len; i++)
    {
      const Value *value = tuple->items->pdata[i];
      if (value->kind != INTEGER || value->integer < 0)
        return FALSE;
      sizes[i] = (gsize)value->integer;
    }
  return TRUE;
}

/* TRUE if all elements lie inside the storage. */
static gboolean
fits (const EgPickledTensor *tensor)
{
  guint64 last = tensor->offset;
  for (guint i = 0; i < tensor->n_dims; i++)
    if (tensor->shape[i] == 0)
      return tensor->offset <= tensor->n_stored;
  for (guint i = 0; i < tensor->n_dims; i++)
    {
      guint64 reach;
      if (!g_uint64_checked_mul (&reach, tensor->shape[i] - 1, tensor->stride[i])
          || !g_uint64_checked_add (&last, last, reach))
        return FALSE;
    }
  return last < tensor->n_stored;
}

/* The bits that PyTorch keeps beside a tensor, {"neg": True}: FALSE for others, or for one of numbers that
 * are read and have no such bit. */
static gboolean
read_bits (const Value *bits, EgPickledTensor *tensor)
{
  for (guint i = 0; bits != NULL && i < bits->items->len; i += 2)
    {
      const Value *name = bits->items->pdata[i], *value = bits->items->pdata[i + 1];
      if (name->kind != TEXT || value->kind != BOOLEAN)
        return FALSE;
      if (strcmp (name->text, "neg") == 0)
        tensor->is_negative = value->integer != 0;
      else if (value->integer != 0)
        return FALSE;
    }
  return TRUE;
}

static gboolean
refuse_tensor (const EgPickle *self, GError **error)
{
  return refuse (self, EG_ERROR_FORMAT, error, _ ("a tensor in it is not described as PyTorch does it"));
}

/* Where its elements are, of one that is read. */
static gboolean
read_view (EgPickle *self, EgPickledTensor *tensor, const Value *size, const Value *stride, GError **error)
{
  tensor->n_dims = size->items->len;
  if (tensor->n_dims > EG_TENSOR_MAX_DIMS)
    {
      g_autofree char *reason = eg_tensor_file_say_dimensions (tensor->n_dims);
      tensor->reason = g_string_chunk_insert (self->reasons, reason);
      return TRUE;
    }
  if (!read_sizes (size, tensor->shape) || !read_sizes (stride, tensor->stride))
    return refuse (self, EG_ERROR_FORMAT, error,
                   _ ("a tensor in it has a size or stride that is no whole number from 0"));
  if (fits (tensor))
    return TRUE;
  g_autofree char *shape = eg_shape_to_string (tensor->shape, tensor->n_dims);
  return refuse (self, EG_ERROR_FORMAT, error,
                 _ ("a tensor of shape %s in it reaches beyond its storage of %" PRIu64 " elements"), shape,
                 tensor->n_stored);
}

/* (storage, offset, size, stride, requires_grad, backward_hooks[, dtype][, bits]) */
static gboolean
make_tensor (EgPickle *self, const Value *arguments, gboolean has_dtype, GError **error)
{
  const guint least = has_dtype ? 7 : 6;
  const Value *storage = item (arguments, 0, STORAGE), *offset = item (arguments, 1, INTEGER);
  const Value *size = item (arguments, 2, TUPLE), *stride = item (arguments, 3, TUPLE);
  const Value *dtype = has_dtype ? item (arguments, 6, GLOBAL) : NULL, *bits = item (arguments, least, DICT);
  if (arguments->items->len < least || arguments->items->len > least + 1 || !storage || !offset || !size
      || !stride || offset->integer < 0 || size->items->len != stride->items->len
      || (arguments->items->len > least && bits == NULL) || (has_dtype && (!dtype || dtype->type == NULL)))
    return refuse_tensor (self, error);
  EgPickledTensor tensor = *storage->tensor;
  tensor.offset = (guint64)offset->integer;
  if (has_dtype)
    tensor.reason = say_dtype (self, dtype->type);
  else if (tensor.type == NULL)
    return refuse_tensor (self, error);
  if (!read_bits (bits, &tensor) && tensor.reason == NULL)
    return refuse (
        self, EG_ERROR_UNSUPPORTED, error,
        _ ("a tensor in it has a bit other than PyTorch’s negative bit: save it with .resolve_conj () and "
           ".contiguous ()"));
  if (tensor.reason == NULL && !read_view (self, &tensor, size, stride, error))
    return FALSE;
  push (self, TENSOR)->tensor = g_memdup2 (&tensor, sizeof tensor);
  return TRUE;
}

static gboolean
call (EgPickle *self, GError **error)
{
  Value *arguments = NULL, *function = NULL;
  if (!pop_kind (self, TUPLE, &arguments, error) || !pop_kind (self, GLOBAL, &function, error))
    return FALSE;
  switch (function->global->kind)
    {
    case ORDERED_DICT:
      if (arguments->items->len != 0)
        return refuse (self, EG_ERROR_UNSUPPORTED, error,
                       _ ("it makes a dictionary in a way that PyTorch does not use"));
      push (self, DICT);
      return TRUE;
    case REBUILD_TENSOR:
      return make_tensor (self, arguments, FALSE, error);
    case REBUILD_OTHER_TENSOR:
      return make_tensor (self, arguments, TRUE, error);
    case OBJECT_TYPE:
      push (self, OBJECT);
      return TRUE;
    case REBUILD_PARAMETER:
      if (!item (arguments, 0, TENSOR))
        return refuse (self, EG_ERROR_FORMAT, error,
                       _ ("a parameter in it is not described as PyTorch does it"));
      g_ptr_array_add (self->stack, arguments->items->pdata[0]);
      return TRUE;
    case STORAGE_TYPE:
    case DTYPE:
    default:
      return refuse (self, EG_ERROR_UNSUPPORTED, error, _ ("it makes an empty %s, which no checkpoint needs"),
                     function->type != NULL ? function->type : function->global->name);
    }
}

/* Attributes, of a dictionary or an object only, and dropped. */
static gboolean
drop_attributes (EgPickle *self, GError **error)
{
  Value *attributes = NULL, *object = NULL;
  if (!pop_kind (self, DICT, &attributes, error) || !pop (self, &object, error))
    return FALSE;
  if (object->kind != DICT && object->kind != OBJECT)
    return refuse_kind (self, object, DICT, error);
  g_ptr_array_add (self->stack, object);
  return TRUE;
}

static gboolean
put (EgPickle *self, gsize n_of_number, GError **error)
{
  guint64 number;
  if (!take_number (self, n_of_number, &number, error))
    return FALSE;
  if (self->stack->len == 0)
    return refuse (self, EG_ERROR_FORMAT, error,
                   _ ("its list of tensors takes more from the stack than is there"));
  g_hash_table_insert (self->memo, GUINT_TO_POINTER ((guint)number),
                       self->stack->pdata[self->stack->len - 1]);
  return TRUE;
}

static gboolean
get (EgPickle *self, gsize n_of_number, GError **error)
{
  guint64 number;
  if (!take_number (self, n_of_number, &number, error))
    return FALSE;
  Value *value = g_hash_table_lookup (self->memo, GUINT_TO_POINTER ((guint)number));
  if (value == NULL || value->kind == MARK)
    return refuse (self, EG_ERROR_FORMAT, error,
                   _ ("its list of tensors refers to something that was never there"));
  g_ptr_array_add (self->stack, value);
  return TRUE;
}

static gboolean
push_integer (EgPickle *self, gsize n, GError **error)
{
  guint64 number;
  if (!take_number (self, n, &number, error))
    return FALSE;
  push (self, INTEGER)->integer = n == 4 ? (gint32)(guint32)number : (gint64)number;
  return TRUE;
}

static gboolean
push_boolean (EgPickle *self, gboolean value)
{
  push (self, BOOLEAN)->integer = value;
  return TRUE;
}

static gboolean
push_empty (EgPickle *self, Kind kind)
{
  push (self, kind);
  return TRUE;
}

static gboolean
refuse_opcode (const EgPickle *self, guint8 opcode, GError **error)
{
  /* Those that a person may have read of. */
  static const struct
  {
    guint8 opcode;
    const char *name;
  } names[] = {
    { '0', "POP" },
    { '1', "POP_MARK" },
    { '2', "DUP" },
    { 'F', "FLOAT" },
    { 'I', "INT" },
    { 'L', "LONG" },
    { 'P', "PERSID" },
    { 'S', "STRING" },
    { 'T', "BINSTRING" },
    { 'U', "SHORT_BINSTRING" },
    { 'V', "UNICODE" },
    { 'd', "DICT" },
    { 'g', "GET" },
    { 'i', "INST" },
    { 'l', "LIST" },
    { 'o', "OBJ" },
    { 'p', "PUT" },
    { 0x81, "NEWOBJ" },
    { 0x82, "EXT1" },
    { 0x83, "EXT2" },
    { 0x84, "EXT4" },
    { 0x8b, "LONG4" },
    { 0x8c, "SHORT_BINUNICODE" },
    { 0x8d, "BINUNICODE8" },
    { 0x8f, "EMPTY_SET" },
    { 0x92, "NEWOBJ_EX" },
    { 0x93, "STACK_GLOBAL" },
    { 0x94, "MEMOIZE" },
    { 0x95, "FRAME" },
  };
  const char *name = _ ("unknown to Python");
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    if (names[i].opcode == opcode)
      name = names[i].name;
  return refuse (
      self, EG_ERROR_UNSUPPORTED, error,
      _ ("it has the opcode 0x%02x (%s), which a list of tensors as torch.save writes it does not need"),
      opcode, name);
}

static gboolean
take_protocol (EgPickle *self, GError **error)
{
  guint64 protocol;
  if (!take_number (self, 1, &protocol, error))
    return FALSE;
  if (protocol == 2)
    return TRUE;
  return refuse (self, EG_ERROR_UNSUPPORTED, error,
                 _ ("it is a pickle of protocol %u; save it with torch.save’s own protocol, 2"),
                 (guint)protocol);
}

static gboolean
run_opcode (EgPickle *self, guint8 opcode, GError **error)
{
  const guint8 *bytes = NULL;
  switch (opcode)
    {
    case 0x80:
      return take_protocol (self, error);
    case '(':
      return push_empty (self, MARK);
    case ')':
      return push_empty (self, TUPLE);
    case ']':
      return push_empty (self, LIST);
    case '}':
      return push_empty (self, DICT);
    case 'N':
      return push_empty (self, NONE);
    case 0x88:
      return push_boolean (self, TRUE);
    case 0x89:
      return push_boolean (self, FALSE);
    case 'K':
      return push_integer (self, 1, error);
    case 'M':
      return push_integer (self, 2, error);
    case 'J':
      return push_integer (self, 4, error);
    case 0x8a:
      return push_long (self, error);
    case 'G':
      return take (self, 8, &bytes, error) && push_empty (self, REAL);
    case 'X':
      return push_text (self, 4, error);
    case 'c':
      return push_global (self, error);
    case 'q':
      return put (self, 1, error);
    case 'r':
      return put (self, 4, error);
    case 'h':
      return get (self, 1, error);
    case 'j':
      return get (self, 4, error);
    case 't':
      return make_marked_tuple (self, error);
    case 0x85:
    case 0x86:
    case 0x87:
      return make_tuple (self, opcode - 0x84u, error);
    case 'a':
      return add_last_items (self, LIST, 1, error);
    case 'e':
      return add_marked_items (self, LIST, error);
    case 's':
      return add_last_items (self, DICT, 2, error);
    case 'u':
      return add_marked_items (self, DICT, error);
    case 'Q':
      return make_storage (self, error);
    case 'R':
      return call (self, error);
    case 'b':
      return drop_attributes (self, error);
    default:
      return refuse_opcode (self, opcode, error);
    }
}

/* ---- the result ---- */

/* Returns: (nullable): the member of that name that is a dictionary. */
static const Value *
find_member (const Value *dict, const char *name)
{
  for (guint i = 0; i < dict->items->len; i += 2)
    {
      const Value *key = dict->items->pdata[i], *value = dict->items->pdata[i + 1];
      if (key->kind == TEXT && value->kind == DICT && strcmp (key->text, name) == 0)
        return value;
    }
  return NULL;
}

/* Training programs save the dictionary of tensors as a member of another one. */
static const Value *
find_frame (const Value *dict)
{
  static const char *const names[] = { "state_dict", "model_state_dict", "model", "module" };
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      const Value *member = find_member (dict, names[i]);
      if (member != NULL)
        return member;
    }
  return dict;
}

static void
add_tensor (EgPickle *self, const Value *key, const Value *value)
{
  /* One tensor may stand there under two names. */
  EgPickledTensor *tensor = g_memdup2 (value->tensor, sizeof *value->tensor);
  tensor->name = key->text;
  g_ptr_array_add (self->tensors, tensor);
}

/* A dictionary of tensors by name. Other things beside tensors are left out; without any tensor, the first of
 * them is named. */
static gboolean
collect (EgPickle *self, GError **error)
{
  Value *whole = NULL;
  const Value *odd_key = NULL, *odd = NULL;
  if (!pop (self, &whole, error))
    return FALSE;
  if (whole->kind != DICT)
    return refuse (self, EG_ERROR_UNSUPPORTED, error,
                   _ ("it holds %s, not a dictionary of tensors: save the model’s state_dict ()"),
                   _ (kind_names[whole->kind]));
  const Value *dict = find_frame (whole);
  for (guint i = 0; i < dict->items->len; i += 2)
    {
      const Value *key = dict->items->pdata[i], *value = dict->items->pdata[i + 1];
      if (value->kind == TENSOR && key->kind != TEXT)
        return refuse (self, EG_ERROR_UNSUPPORTED, error, _ ("a tensor in it has %s for a name"),
                       _ (kind_names[key->kind]));
      if (value->kind == TENSOR)
        add_tensor (self, key, value);
      else if (odd == NULL && key->kind == TEXT)
        {
          odd_key = key;
          odd = value;
        }
    }
  if (self->tensors->len > 0 || odd == NULL)
    return TRUE;
  g_autofree char *quoted = eg_quote (odd_key->text);
  return refuse (self, EG_ERROR_UNSUPPORTED, error,
                 _ ("“%s” in it is %s, not a tensor: save the model’s state_dict () alone"), quoted,
                 _ (kind_names[odd->kind]));
}

EgPickle *
eg_pickle_read (const guint8 *bytes, gsize n_bytes, const char *where, GError **error)
{
  GError *problem = NULL;
  g_autoptr (EgPickle) self = g_new0 (EgPickle, 1);
  self->where = where;
  self->bytes = bytes;
  self->n_bytes = n_bytes;
  self->values = g_ptr_array_new_with_free_func (value_free);
  self->reasons = g_string_chunk_new (64);
  self->stack = g_ptr_array_new ();
  self->memo = g_hash_table_new (NULL, NULL);
  self->tensors = g_ptr_array_new_with_free_func (g_free);
  while (problem == NULL)
    {
      const guint8 *opcode = NULL;
      if (!take (self, 1, &opcode, &problem) || *opcode == '.' || !run_opcode (self, *opcode, &problem))
        break;
    }
  if (problem == NULL)
    collect (self, &problem);
  if (problem == NULL)
    return g_steal_pointer (&self);
  g_propagate_error (error, problem);
  return NULL;
}

void
eg_pickle_free (EgPickle *self)
{
  g_ptr_array_unref (self->tensors);
  g_hash_table_unref (self->memo);
  g_ptr_array_unref (self->stack);
  g_ptr_array_unref (self->values);
  g_string_chunk_free (self->reasons);
  g_free (self);
}

guint
eg_pickle_get_n_tensors (EgPickle *self)
{
  return self->tensors->len;
}

const EgPickledTensor *
eg_pickle_get_tensor (EgPickle *self, guint i)
{
  return self->tensors->pdata[i];
}
