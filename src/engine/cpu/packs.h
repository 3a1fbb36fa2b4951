/* Weights that stay packed from their first use on, in their own number format: the file that they were read
 * from need not be in memory as well. Any thread. */
#pragma once

#include "engine/cpu/kernels.h"

G_BEGIN_DECLS

typedef struct _EgPack EgPack;

/* Of a lasting weight, cut into panels of so many rows; NULL when memory is short: then it is to be packed at
 * each use. Valid until eg_packs_forget(). (transfer none) */
EgPack *eg_packs_find (const EgMatrix *w, gsize panel_rows, const EgPackedKernels *kernels);

/* A packed panel, to multiply so many rows by: by this call where nobody has done it before. NULL while
 * another thread does, and until it has been asked for EG_PACK_ROWS rows in all: then packing it for this
 * product alone is cheaper than keeping it. */
const void *eg_pack_get_panel (EgPack *self, gsize index, gsize n_rows);

#define EG_PACK_ROWS 32

/* Frees those of weights in this memory. */
void eg_packs_forget (const void *memory, gsize n_bytes);

/* Bytes of all that is packed. */
guint64 eg_packs_get_bytes (void);

G_END_DECLS
