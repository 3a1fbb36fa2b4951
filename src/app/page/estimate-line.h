/* What is said of a map's estimates: that there are some, how good they were. */
#pragma once

#include "preview/check.h"

G_BEGIN_DECLS

/* One line; NULL where there were none, or nothing can be said of them. check: the spot check, or NULL;
 * running: more cells come. (transfer full) */
char *eg_estimate_line (const EgTraceGrid *grid, const EgPreviewCheck *check, gboolean running);

/* More of the same, for a tooltip, once all cells are computed. (transfer full) (nullable) */
char *eg_estimate_details (const EgTraceGrid *grid);

/* Whether a map has estimates, and no scores but those that cost nothing. */
gboolean eg_estimate_is_all (const EgTraceGrid *grid);

/* Of such a map, where the subject is estimated to matter most. (transfer full) (nullable) */
char *eg_estimate_headline (const EgTraceGrid *grid);

G_END_DECLS
