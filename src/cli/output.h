/* The files that a result is written to: the ending says which kind. */
#pragma once

#include "plot/export.h"
#include "trace/result/result.h"

G_BEGIN_DECLS

/* Before anything is computed: the ending is known (one of a figure, when figures_only), and the file can be
 * written. The exit code: CLI_DONE, or another one and the error is said. */
int cli_output_check (char *const *paths, gboolean figures_only);

/* The picture of a whole result: its heatmap, or those of its sites. */
EgPicture cli_output_get_picture (const EgTraceResult *result);

/* Writes all that can be: figures of the grid, numbers of its whole result; FALSE, said, when one failed. */
gboolean cli_output_write (const EgTraceGrid *grid, const EgFigure *figure, char *const *paths);

G_END_DECLS
