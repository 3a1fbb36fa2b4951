/* Which cells of a trace are wanted first, and which at all: what estimates say (preview/). What is computed
 * of a cell does not depend on it. */
#pragma once

#include "trace/plan/grid.h"

G_BEGIN_DECLS

/**
 * EgTraceOrder: of a grid's cells. Immutable.
 * @urgency: [n_cells]: the highest first; NaN is the lowest
 * @wanted: [n_cells] the only ones that are computed; %NULL: all
 */
typedef struct
{
  gatomicrefcount refs;
  gsize n_cells;
  double *urgency;
  guint8 *wanted;
} EgTraceOrder;

/* Of these urgencies, copied; only the first are to be computed, and as many others of those that are
 * computed at all, drawn by a generator of this seed: of each site. n_first 0: all cells. (transfer full) */
EgTraceOrder *
eg_trace_order_new (const EgGrid *grid, const double *urgency, gsize n_first, gsize n_others, guint32 seed);
EgTraceOrder *eg_trace_order_ref (EgTraceOrder *self);
void eg_trace_order_unref (EgTraceOrder *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgTraceOrder, eg_trace_order_unref)

/* Whether a cell is computed. */
gboolean eg_trace_order_wants (const EgTraceOrder *self, gsize cell);

/* A site's cells that are to be computed, the most urgent first, of gsize. (transfer full) */
GArray *eg_trace_order_list (const EgTraceOrder *self, const EgGrid *grid, gsize site_index);

G_END_DECLS
