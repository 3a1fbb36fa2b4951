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
 * @caption: below the picture, or %NULL for none
 * @outlines: texts as shapes, in SVG and PDF: to be seen the same everywhere, but not selected
 * @style: as eg_heatmap_style_init_figure() set it, with the colour map, the scale and the title as wanted;
 * of curves, the title, the font, the colours, the scale and its limits count
 */
typedef struct
{
  double width;
  double height;
  double png_scale;
  const char *caption;
  gboolean outlines;
  EgHeatmapStyle style;
} EgFigureOptions;

/* A page's width, its natural height, PNG at 2×, a sequential colour map, no title and no caption. */
void eg_figure_options_init (EgFigureOptions *self);

/**
 * EgPicture:
 * @EG_PICTURE_SITES: the heatmaps of all the sites of a trace side by side, on one scale with one colour bar,
 * or each on its own (style.own_scale)
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
 * EgDrawing: a picture of something else, on paper, under the figure's title and over its caption.
 * @get_height: what suits it, in points
 * @draw: fills options.width × height from the origin, in points; pixel as of eg_figure_draw(). Both get the
 * drawing
 */
typedef struct
{
  double (*get_height) (gconstpointer drawing, const EgFigureOptions *options);
  void (*draw) (
      gconstpointer drawing, const EgFigureOptions *options, cairo_t *cr, double height, double pixel);
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

/* With its own texts. (transfer full) */
EgFigure *eg_figure_copy (const EgFigure *self);
void eg_figure_free (EgFigure *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgFigure, eg_figure_free)

/* "“The Eiffel Tower is located in” → “ Paris”". (transfer full) */
char *eg_figure_make_title (const EgTraceGrid *grid);

/* What a reader must know beside the picture: the prompt and the answer where no title says them, model,
 * method, both runs' values, what the marks mean, the date. (transfer full) */
char *eg_figure_make_caption (const EgFigure *self, const EgTraceGrid *grid);

/* Ends of a scale as a person writes them: "0,0.5", "-1:1", or with a semicolon. EG_ERROR_INVALID. */
gboolean eg_limits_parse (const char *text, EgHeatmapStyle *style, GError **error);

/* FALSE and EG_ERROR_INVALID when there is no picture of this name. */
gboolean eg_picture_from_name (const char *name, EgPicture *picture, GError **error);

/* Whether a trace has this picture: pins are needed for that of them, several sites for that of sites, layers
 * and tokens for curves. */
gboolean eg_picture_is_of (EgPicture picture, const EgTraceGrid *grid, gsize n_pins);

/* In points: what options.height says, or what suits the width. */
double eg_figure_get_height (const EgFigure *self, const EgTraceGrid *grid);

/* Fills options.width × eg_figure_get_height() from the origin, in points. pixel: device pixels a point, or 0
 * for vector surfaces. */
void eg_figure_draw (const EgFigure *self, const EgTraceGrid *grid, cairo_t *cr, double pixel);

G_END_DECLS
