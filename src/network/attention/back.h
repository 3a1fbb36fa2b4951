/* What passes backward through attention share. */
#pragma once

#include "network/back.h"

G_BEGIN_DECLS

/* Attention over the lanes' rows, each of which wants its y where it lies: the positions before the lane's,
 * of its run, then its own rows; in an input row keys begin at key_offset and values at value_offset. What is
 * read of it, its heads and scale are the family's. rows: [lanes], spans: [2 · lanes], filled; they must
 * outlive it. */
EgAttention eg_attention_over_back (EgWorkspace *workspace,
                                    const EgLayerBack *back,
                                    gsize key_offset,
                                    gsize value_offset,
                                    EgAttentionRows *rows,
                                    EgAttentionSpan *spans);

G_END_DECLS
