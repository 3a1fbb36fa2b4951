/* Which cells of a trace are wanted first, and which at all: what estimates say (preview/). What is computed
 * of a cell does not depend on it. */
#pragma once

#include "trace/plan/grid.h"

G_BEGIN_DECLS

/* When a cell is computed. */
typedef enum
{
  EG_TURN_USUAL,
  EG_TURN_HIGHEST, /* one of its site's most urgent: before all others */
  EG_TURN_CHANCE,  /* drawn by chance, to check what the urgency says: after those, before all others */
} EgTurn;

/* Of each site, unless something else is asked for: an eighth of its computed cells, and at least so many. */
#define EG_TRACE_ORDER_HIGHEST 12
#define EG_TRACE_ORDER_CHANCE  10

/**
 * EgTraceOrder: of a grid's cells. Immutable once a trace has it.
 * @urgency: [n_cells]: the highest first; NaN is the lowest
 * @turns: [n_cells] of #EgTurn
 * @wanted: [n_cells] the only ones that are computed; %NULL: all
 */
typedef struct
{
  gatomicrefcount refs;
  gsize n_cells;
  double *urgency;
  guint8 *turns;
  guint8 *wanted;
} EgTraceOrder;

/* Of these urgencies, copied: of each site, so many of the highest come first (0: as many as usual), and then
 * so many others of those that are computed at all, drawn by a generator of this seed. (transfer full) */
EgTraceOrder *
eg_trace_order_new (const EgGrid *grid, const double *urgency, gsize n_highest, gsize n_chance, guint32 seed);

/* Nothing is computed but what comes first; nothing but one site's cells. Before a trace has it. */
void eg_trace_order_keep_first (EgTraceOrder *self);
void eg_trace_order_keep_site (EgTraceOrder *self, gsize n_sites, gsize site_index);

EgTraceOrder *eg_trace_order_ref (EgTraceOrder *self);
void eg_trace_order_unref (EgTraceOrder *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgTraceOrder, eg_trace_order_unref)

/* Whether a cell is computed. */
gboolean eg_trace_order_wants (const EgTraceOrder *self, gsize cell);

/* A site's cells that are to be computed, the most urgent first, of gsize. (transfer full) */
GArray *eg_trace_order_list (const EgTraceOrder *self, const EgGrid *grid, gsize site_index);

G_END_DECLS
