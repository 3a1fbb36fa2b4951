/* A picture of a trace for paper: which one, how large, with what title. Drawn the same to files, to the
 * clipboard and to a printer. */
#pragma once

#include "plot/curves.h"
#include "plot/heatmap.h"

G_BEGIN_DECLS

#define EG_FIGURE_WIDTH_PAGE   7.0 /* inches: a page's text width */
#define EG_FIGURE_WIDTH_COLUMN 3.5 /* inches: one of two columns */

/**
 * EgFigureOptions:
 * @width: in inches, 1 … 40
 * @height: in inches, or 0 for what suits the width
 * @png_scale: of .png alone, 1 … 4: pixels = inches × 96 × scale
 * @style: as eg_heatmap_style_init_figure() set it, with the colour map, the scale and the title as wanted;
 * of curves, the title, the font and the colours count
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

/**
 * EgPicture:
 * @EG_PICTURE_SITES: the heatmaps of all the sites of a trace side by side, on one scale
 */
typedef enum
{
  EG_PICTURE_HEATMAP,
  EG_PICTURE_LAYERS,
  EG_PICTURE_SUBJECT,
  EG_PICTURE_PINNED,
  EG_PICTURE_SITES,
  EG_N_PICTURES,
} EgPicture;

/* "heatmap", "layers", "subject", "pinned", "sites": in settings and names of files. */
const char *eg_picture_get_name (EgPicture picture);

/**
 * EgDrawing: a picture of something else, on paper.
 * @get_height: in points; @draw: as eg_figure_draw(). Both get the drawing
 */
typedef struct
{
  double (*get_height) (gconstpointer drawing, const EgFigureOptions *options);
  void (*draw) (gconstpointer drawing, const EgFigureOptions *options, cairo_t *cr, double pixel);
  gpointer data;
} EgDrawing;

/**
 * EgFigure:
 * @pins: [n_pins], of %EG_PICTURE_PINNED
 * @drawing: what is drawn in place of a picture of a trace, or %NULL
 */
typedef struct
{
  EgPicture picture;
  EgFigureOptions options;
  EgCell pins[EG_MAX_PINS];
  gsize n_pins;
  const EgDrawing *drawing;
} EgFigure;

/* In points: what options.height says, or what suits the width. */
double eg_figure_get_height (const EgFigure *self, const EgTraceGrid *grid);

/* Fills options.width × eg_figure_get_height() from the origin, in points. pixel: device pixels a point, or 0
 * for vector surfaces. */
void eg_figure_draw (const EgFigure *self, const EgTraceGrid *grid, cairo_t *cr, double pixel);

G_END_DECLS
