/* The card under the pointer: what a heatmap's cell is, with its token's curve over layers and its layer's
 * curve over tokens. */
#pragma once

#include "trace/result/result.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define EG_TYPE_CELL_CARD (eg_cell_card_get_type ())
G_DECLARE_FINAL_TYPE (EgCellCard, eg_cell_card, EG, CELL_CARD, AdwBin)

GtkWidget *eg_cell_card_new (void);
void eg_cell_card_set_cell (EgCellCard *self, const EgTraceGrid *grid, gsize layer, gsize position);

/* Without its curves, where there is no room for them. */
void eg_cell_card_set_compact (EgCellCard *self, gboolean compact);

G_END_DECLS
