/* Reads one .safetensors file (https://github.com/huggingface/safetensors#format):
 *
 *   u64 little-endian   N, the header's length
 *   N bytes             JSON, beginning with '{': {"name": {"dtype": "F32", "shape": [..], "data_offsets":
 * [begin, end]}, ..}, and perhaps "__metadata__": {text: text}, which is not read; spaces may follow the rest
 * the data; offsets count from here
 *
 * Checked, as the reference implementation does: N ≤ 100,000,000 and inside the file; shape × element size =
 * end − begin without overflow; and, in order of their offsets, each tensor begins where the one before ended
 * and the last ends with the file: no overlap, no hole, nothing left over. Also: no name twice. F32, F16,
 * BF16 and F64 of up to 8 dimensions are read; other tensors, those of dtypes that are not known among them,
 * are remembered by name only. */
#pragma once

#include "formats/tensor-file.h"

G_BEGIN_DECLS

/* Returns: (transfer full): NULL with EG_ERROR_NOT_FOUND, EG_ERROR_FORMAT, EG_ERROR_MEMORY or
 * G_FILE_ERROR. */
EgTensorFile *eg_safetensors_load (const char *path, GError **error);

G_END_DECLS
