/* Figures as files: SVG, PNG and PDF, fit for a paper as they come. */
#pragma once

#include "plot/figure.h"

G_BEGIN_DECLS

/* Whether the path ends in .svg, .png or .pdf, letter case aside. */
gboolean eg_export_can_write (const char *path);

/* Writes the figure as the path's ending says, through a temporary file and a rename. EG_ERROR_INVALID for
 * another ending or options out of range; a full or missing disk as atomic-file.h says it. */
gboolean eg_export_figure (const EgTraceGrid *grid, const EgFigure *figure, const char *path, GError **error);

G_END_DECLS
