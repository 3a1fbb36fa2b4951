/* Weights that stay packed from their first use on, in their own number format: the file that they were read
 * from need not be in memory as well. Any thread. */
#pragma once

#include "engine/cpu/kernels.h"

G_BEGIN_DECLS

typedef struct _EgPack EgPack;

/* Of a lasting weight, cut into panels of so many rows; NULL when memory is short. Valid until
 * eg_packs_forget(). (transfer none) */
EgPack *eg_packs_find (const EgMatrix *w, gsize panel_rows, const EgPackedKernels *kernels);

/* Whether a product by so many rows is to be one of packed panels, which costs memory and what some hundred
 * rows cost: if it has that many itself, or if enough rows have asked before that more will come. */
gboolean eg_pack_is_worth_it (EgPack *self, gsize n_rows);

#define EG_PACK_ROWS        1024
#define EG_PACK_ROWS_BEFORE 64

/* Rows first … first + n − 1 of a weight as a panel, in its own number format. */
void eg_pack_weight (const EgPackedKernels *kernels, void *to, const EgMatrix *w, gsize first, gsize n);

/* A packed panel: by this call where nobody has done it before. NULL while another thread does. */
const void *eg_pack_get_panel (EgPack *self, gsize index);

/* Frees those of weights in this memory. */
void eg_packs_forget (const void *memory, gsize n_bytes);

/* Bytes of all that is packed. */
guint64 eg_packs_get_bytes (void);

G_END_DECLS
