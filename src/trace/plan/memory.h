/* What the runs of a trace keep, and how many of them are there at a time. */
#pragma once

#include "trace/plan/grid.h"

G_BEGIN_DECLS

/**
 * EgTraceMemory: never decided by what happens to be free: the same request gives the same bits.
 * @clean, @corrupted: what the clean run and each corrupted one keep; the latter without its base
 * @samples_at_once: of a round; a round's and the next one's runs are kept at a time
 * @bytes: of all that is kept at a time
 */
typedef struct
{
  EgRunShape clean, corrupted;
  gsize samples_at_once;
  guint64 bytes;
} EgTraceMemory;

EgTraceMemory eg_trace_memory_plan (const EgSizes *sizes, const EgGrid *grid, gsize samples);

/* For tests: no more samples at once than this; 0: as memory has it. */
void eg_trace_memory_set_most (gsize samples);
/* For tests: what the corrupted runs of a round take at most; 0: as usual. */
void eg_trace_memory_set_round (guint64 bytes);

/* Rows of a group on a device, for eg_group_sizes_of(): those that keep it busy, or, by halves, so few that
 * what its lanes compute with fits into half of the memory that `kept` bytes of runs leave free. 0 for a
 * processor. */
gsize eg_trace_group_rows (EgNetwork *network, guint64 kept);

G_END_DECLS
