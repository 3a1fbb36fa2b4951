/* Reads one file of torch.save (PyTorch 1.6 and later): a zip archive with ARCHIVE/data.pkl, the list of
 * tensors (pickle.h), and ARCHIVE/data/0, 1, …, their storages as they lie in memory. Storages that are not
 * compressed, as torch.save leaves them, are used where they lie in the mapped file; views with strides of
 * their own, with PyTorch's negative bit, or of fewer elements than they have (expanded ones) are copied.
 *
 * Checked: what zip.h and pickle.h say; that each storage is there, and has as many bytes as its number of
 * elements takes; that the byte order is little. */
#pragma once

#include "formats/tensor-file.h"

G_BEGIN_DECLS

/* Returns: (transfer full): NULL with EG_ERROR_NOT_FOUND, EG_ERROR_FORMAT, EG_ERROR_UNSUPPORTED (the format
 * before 1.6; something other than tensors by name), EG_ERROR_MEMORY or G_FILE_ERROR. */
EgTensorFile *eg_pytorch_file_load (const char *path, GError **error);

G_END_DECLS
