/* What a trace tells while it is under way. */
#pragma once

#include "trace/result/result.h"

G_BEGIN_DECLS

/**
 * EgTraceCell: a cell's estimate after some of its samples.
 * @site: the number of its site's grid in the result
 * @layer, @position: of that grid
 */
typedef struct
{
  gsize site, layer, position;
  double score, sem;
  guint samples;
} EgTraceCell;

/**
 * EgTraceProgress: handed over in batches, each update at most a few milliseconds after the last.
 * @result: the result under way, with @cells already in it; keep a reference to go on looking at it
 * @cells: the cells that changed since the last update (none in the first update, which comes as soon as the
 * clean and corrupted probabilities are known)
 * @done, @total: work units (cells × samples), for a progress bar
 * @elapsed, @left: seconds; @left is negative while unknown
 */
typedef struct
{
  EgTraceResult *result;
  const EgTraceCell *cells;
  gsize n_cells;
  gsize done, total;
  double elapsed, left;
} EgTraceProgress;

typedef void (*EgTraceProgressFunc) (const EgTraceProgress *progress, gpointer user_data);

G_END_DECLS
