/* What a trace tells while it is under way. */
#pragma once

#include "trace/result/result.h"
#include "trace/run/partial.h"

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

typedef struct _EgTracedPrompt EgTracedPrompt;

/**
 * EgTraceProgress: handed over in batches, each update at most a few milliseconds after the last.
 * @result: the result under way, with @cells already in it; keep a reference to go on looking at it
 * @cells: the cells that changed since the last update (none in the first update, which comes as soon as the
 * clean and corrupted probabilities are known)
 * @done, @total: work units (cells × samples), for a progress bar
 * @rounds: of samples that are done: a good moment to save what there is
 * @elapsed, @left: seconds; @left is negative while unknown
 * @trace: which is under way, for eg_trace_progress_get_partial()
 */
typedef struct
{
  EgTraceResult *result;
  const EgTraceCell *cells;
  gsize n_cells;
  gsize done, total;
  gsize rounds;
  double elapsed, left;
  EgTracedPrompt *trace;
} EgTraceProgress;

typedef void (*EgTraceProgressFunc) (const EgTraceProgress *progress, gpointer user_data);

/* A copy of all that the trace under way has measured until now, which may be more than the result has yet:
 * to be saved (saved.h), or gone on from. To be called by the progress function. (transfer full) */
EgTracePartial *eg_trace_progress_get_partial (const EgTraceProgress *progress);

/* The order that the trace was given (trace.h) is no good for a site: the rest of its cells come in the usual
 * order. What is computed of them is the same. To be called by the progress function. */
void eg_trace_progress_forget_order (const EgTraceProgress *progress, gsize site_index);

G_END_DECLS
