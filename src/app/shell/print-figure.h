/* A figure on paper. */
#pragma once

#include "plot/figure.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Prints one page with the figure, as large as fits and as it is now: the grid is copied. job: what the
 * printer's queue calls it. What the figure's strings point to must live as long as this. (transfer full) */
GtkPrintOperation *eg_print_operation_new (const EgTraceGrid *grid, const EgFigure *figure, const char *job);

G_END_DECLS
