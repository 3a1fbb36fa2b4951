/* A reader of the one kind of pickle that is a checkpoint: the data.pkl of torch.save (state_dict), protocol
 * 2 (https://docs.python.org/3/library/pickletools.html; torch/_utils.py and torch/serialization.py of
 * PyTorch).
 *
 * A pickle is a program for a stack machine that may call any function of Python. This reader knows the
 * opcodes that build numbers, texts, tuples, lists and dictionaries, and of all functions these:
 *
 *   collections.OrderedDict ()               an empty dictionary; its attributes (a state dict's _metadata)
 *                                            are dropped
 *   torch._utils._rebuild_tensor_v2 (storage, offset, size, stride, requires_grad, backward_hooks, bits)
 *                                            bits: {"neg": True} turns every sign
 *   torch._utils._rebuild_tensor_v3          the same for dtypes without a storage of their own
 *   torch._utils._rebuild_parameter (tensor, requires_grad, backward_hooks), and
 * _rebuild_parameter_with_state torch.FloatStorage and its like          only as the type in a storage's
 * persistent id torch.Size, torch.device, dtypes, sets and dictionaries of Python's, which stand beside
 * tensors and are dropped
 *
 * None of them is called: what comes out is a list of tensors. The dictionary that holds them is the whole,
 * or the member "state_dict", "model_state_dict", "model" or "module" of it, which training programs write
 * beside other things. Any other opcode, function or nesting is an error that names it. Nothing is recursive,
 * no number from the file is used as a size, and the memory taken is in proportion to the pickle's length. */
#pragma once

#include "formats/tensor.h"

G_BEGIN_DECLS

/**
 * EgPickledTensor: a view of a storage.
 * @name: its key in the state dict, valid UTF-8
 * @storage: the storage's key: the entry data/@storage of the archive
 * @type: "F32", "F16", "BF16", "F64", or of those that Engram does not read "I64", …
 * @reason: why it is not read, to go on after "tensor NAME"; %NULL if it is: then all that follows counts
 * @is_negative: every sign is turned
 * @n_stored: elements of the storage
 * @offset: of the first element, in elements; @stride: in elements
 */
typedef struct
{
  const char *name, *storage, *type, *reason;
  EgDType dtype;
  gboolean is_negative;
  guint64 n_stored, offset;
  guint n_dims;
  gsize shape[EG_TENSOR_MAX_DIMS], stride[EG_TENSOR_MAX_DIMS];
} EgPickledTensor;

typedef struct _EgPickle EgPickle;

/* where: what begins the messages. Returns: (transfer full): NULL with EG_ERROR_FORMAT (damaged), or
 * EG_ERROR_UNSUPPORTED (something other than tensors by name). Elements of every tensor that is read lie
 * inside its storage, but may be in it several times (stride 0). */
EgPickle *eg_pickle_read (const guint8 *bytes, gsize n_bytes, const char *where, GError **error);

void eg_pickle_free (EgPickle *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgPickle, eg_pickle_free)

/* In the order of the state dict; valid as long as the pickle. */
guint eg_pickle_get_n_tensors (EgPickle *self);
const EgPickledTensor *eg_pickle_get_tensor (EgPickle *self, guint i);

G_END_DECLS
