/* A reader of the one kind of pickle that is a checkpoint: the data.pkl of torch.save(state_dict), protocol 2
 * (https://docs.python.org/3/library/pickletools.html; torch/_utils.py and torch/serialization.py of
 * PyTorch).
 *
 * A pickle is a program for a stack machine that may call any function of Python. This reader knows the
 * opcodes that build numbers, texts, tuples, lists and dictionaries, and of all functions these:
 *
 *   collections.OrderedDict ()               an empty dictionary; its attributes (a state dict's _metadata)
 * are dropped torch._utils._rebuild_tensor_v2 (storage, offset, size, stride, requires_grad, backward_hooks)
 *   torch._utils._rebuild_parameter (tensor, requires_grad, backward_hooks)
 *   torch.FloatStorage and its like          only as the type in a storage's persistent id
 *
 * None of them is called: what comes out is a list of tensors. Any other opcode, function or nesting is an
 * error that names it. Nothing is recursive, no number from the file is used as a size, and the memory taken
 * is in proportion to the pickle's length. */
#pragma once

#include "formats/tensor.h"

G_BEGIN_DECLS

/**
 * EgPickledTensor: a view of a storage.
 * @name: its key in the state dict, valid UTF-8
 * @storage: the storage's key: the entry data/@storage of the archive
 * @type: "F32", "F16", "BF16", or of those that Engram does not read "F64", "I64", …
 * @is_read: TRUE for the first three; then @dtype
 * @n_stored: elements of the storage
 * @offset: of the first element, in elements; @stride: in elements
 */
typedef struct
{
  const char *name, *storage, *type;
  gboolean is_read;
  EgDType dtype;
  guint64 n_stored, offset;
  guint n_dims;
  gsize shape[EG_TENSOR_MAX_DIMS], stride[EG_TENSOR_MAX_DIMS];
} EgPickledTensor;

typedef struct _EgPickle EgPickle;

/* where: what begins the messages. Returns: (transfer full): NULL with EG_ERROR_FORMAT (damaged), or
 * EG_ERROR_UNSUPPORTED (something other than tensors by name). Elements of every tensor lie inside its
 * storage. */
EgPickle *eg_pickle_read (const guint8 *bytes, gsize n_bytes, const char *where, GError **error);

void eg_pickle_free (EgPickle *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgPickle, eg_pickle_free)

/* In the order of the state dict; valid as long as the pickle. */
guint eg_pickle_get_n_tensors (EgPickle *self);
const EgPickledTensor *eg_pickle_get_tensor (EgPickle *self, guint i);

G_END_DECLS
