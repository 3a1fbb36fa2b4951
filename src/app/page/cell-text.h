/* A trace's numbers in words, as the window, the card and a screen reader say them. */
#pragma once

#include "trace/result/result.h"

G_BEGIN_DECLS

/* As eg_format_probability(); of other metrics, "−1.53". (transfer full) */
char *eg_format_value (EgMetric metric, double value);

/* "Layer 4 · “␣Merkel” (6)"; of other sweeps, what a cell of theirs is. (transfer full) */
char *eg_format_place (const EgTraceGrid *grid, gsize layer, gsize position);

/* "“ Merkel”" with ␣ for its space. (transfer full) */
char *eg_format_token (const EgTraceGrid *grid, gsize position);

/* "0.412 ± 0.020", or "not computed yet", or that there is none: where a swapped subject has fewer tokens.
 * (transfer full) */
char *eg_format_score (const EgTraceGrid *grid, gsize layer, gsize position);

/* "normalized 0.39", or that it is undefined. (transfer full) */
char *eg_format_normalized (const EgTraceGrid *grid, gsize layer, gsize position);

/* "Layer 4, “␣Merkel”, position 6: 0.412 ± 0.020, normalized 0.39". (transfer full) */
char *eg_format_cell (const EgTraceGrid *grid, gsize layer, gsize position);

/* "16 of 56 cells · 9.7 cells/s · 4 s left". cells: computed, of all; elapsed: seconds they took; left:
 * seconds; < 0: not known yet. (transfer full) */
char *eg_format_progress (double cells, double all_cells, double elapsed, double left);

/* How many cells have a score. */
gsize eg_count_known_cells (const EgTraceGrid *grid);

G_END_DECLS
