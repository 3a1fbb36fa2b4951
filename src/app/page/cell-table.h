/* A trace's cells as a table to sort and to copy. */
#pragma once

#include "trace/result/result.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define EG_TYPE_CELL_TABLE (eg_cell_table_get_type ())
G_DECLARE_FINAL_TYPE (EgCellTable, eg_cell_table, EG, CELL_TABLE, AdwBin)

GtkWidget *eg_cell_table_new (void);

/* Shows the grid as it is now. Costs nothing while the table is not on the screen. */
void eg_cell_table_set_grid (EgCellTable *self, EgTraceGrid *grid);

G_END_DECLS
