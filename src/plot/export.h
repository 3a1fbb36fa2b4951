/* Figures as files: SVG, PNG and PDF, fit for a paper as they come. */
#pragma once

#include "plot/heatmap.h"

G_BEGIN_DECLS

#define EG_FIGURE_WIDTH_PAGE   7.0 /* inches: a page's text width */
#define EG_FIGURE_WIDTH_COLUMN 3.5 /* inches: one of two columns */

/**
 * EgFigureOptions:
 * @width: in inches, 1 … 40
 * @height: in inches, or 0 for what suits the width
 * @png_scale: of .png alone, 1 … 4: pixels = inches × 96 × scale
 * @style: as eg_heatmap_style_init_figure() set it, with the colour map, the scale and the title as wanted
 */
typedef struct
{
  double width;
  double height;
  double png_scale;
  EgHeatmapStyle style;
} EgFigureOptions;

/* A page's width, its natural height, PNG at 2×, the notebook's colours, no title. */
void eg_figure_options_init (EgFigureOptions *self);

/* Whether the path ends in .svg, .png or .pdf, letter case aside. */
gboolean eg_export_can_write (const char *path);

/* Writes the heatmap as the path's ending says, through a temporary file and a rename. EG_ERROR_INVALID for
 * another ending or options out of range; a full or missing disk as atomic-file.h says it. */
gboolean eg_export_heatmap (const EgTraceResult *result,
                            const EgFigureOptions *options,
                            const char *path,
                            GError **error);

G_END_DECLS
