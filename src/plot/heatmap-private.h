/* What the files of the heatmap share. */
#pragma once

#include "plot/heatmap.h"

/* Multiples of the font size. */
#define EG_HEATMAP_MARGIN 0.5
#define EG_HEATMAP_GAP    0.4
#define EG_HEATMAP_TICK   0.35
#define EG_HEATMAP_DROP   0.5 /* of the bracket's ends */

/* Between the lines of cells that are not computed. */
#define EG_HEATMAP_HATCH_STEP 0.7

/* Whether a scale's numbers are parts of the way between the corrupted and the clean run. */
gboolean eg_scale_is_normalized (EgScale scale, const EgTraceGrid *grid);

/* The size of what points out of the colour bar where cells are beyond its end; multiple of the font size. */
#define EG_HEATMAP_POINT 0.7

/* Finds the ends of the scale, its ticks, and which cells lie beyond it. */
void eg_heatmap_layout_choose_scale (EgHeatmapLayout *self, const EgTraceGrid *grid);

/* Names it, and says what the lines over estimates are. */
void eg_heatmap_layout_name_scale (EgHeatmapLayout *self, const EgTraceGrid *grid);

/* Gives it the ends that several maps share. */
void eg_heatmap_layout_set_ends (
    EgHeatmapLayout *self, const EgTraceGrid *grid, gboolean normalized, double low, double high);

/* The next of 1, 2, 2.5, 5 times a power of ten. */
double eg_heatmap_round_up (double value);

/* The least and the greatest of all scores and both ends, as far as they are known; infinite where none is.
 */
void eg_heatmap_find_range (const EgTraceGrid *grid, double *least, double *greatest);

/* Where a number of the scale is between the map's bottom and its top, of bars. */
double eg_heatmap_layout_height_of (const EgHeatmapLayout *self, double value);

/* ---- heatmap-cells.c ---- */

/* One cell that is known, as colour or as a bar. */
void eg_heatmap_fill_cell (
    const EgHeatmapLayout *self, const EgTraceGrid *grid, gsize layer, gsize position, cairo_t *cr);

gboolean eg_heatmap_is_known (const EgTraceGrid *grid, gsize layer, gsize position);
double eg_heatmap_line_width (const EgHeatmapLayout *self);

/* To the device's pixels, on raster surfaces. */
double eg_heatmap_layout_snap (const EgHeatmapLayout *self, double x);

static inline gboolean
eg_heatmap_layout_is_tokens_down (const EgHeatmapLayout *self)
{
  return self->style.orientation == EG_ORIENTATION_TOKENS_DOWN;
}

/* Whether its columns are tokens, and not all of them together; and its rows layers. */
static inline gboolean
eg_heatmap_layout_tells_tokens (const EgHeatmapLayout *self)
{
  return self->tells_tokens;
}

static inline gboolean
eg_heatmap_layout_tells_layers (const EgHeatmapLayout *self)
{
  return self->tells_layers;
}

/* A layout of nothing yet but the grid's shape and subject, and the scale: for maps without texts. */
void
eg_heatmap_layout_init_scale (EgHeatmapLayout *self, const EgTraceGrid *grid, const EgHeatmapStyle *style);

/* The cells with the subject's lines and a frame, and no texts. */
void eg_heatmap_draw_bare (const EgHeatmapLayout *self, const EgTraceGrid *grid, cairo_t *cr);

/* The size of a cell along the axis of tokens, and along that of layers, before it is snapped. */
double eg_heatmap_layout_token_size (const EgHeatmapLayout *self);
double eg_heatmap_layout_layer_size (const EgHeatmapLayout *self);

/* ---- heatmap-labels.c: the texts ---- */

double eg_heatmap_labels_line_height (const EgHeatmapLayout *self);
double eg_heatmap_labels_width (const EgHeatmapLayout *self, const char *text);

/* A text over the whole width. Returns: where the next thing may begin. */
double
eg_heatmap_labels_add_heading (EgHeatmapLayout *self, const char *text, double size, EgColor color, double y);

/* Made once the size of cells is about known (`token_size`, along their axis), placed when all is. */
void eg_heatmap_labels_make_tokens (EgHeatmapLayout *self, const EgTraceGrid *grid, double token_size);
void eg_heatmap_labels_make_layers (EgHeatmapLayout *self);
void eg_heatmap_labels_make_subject (EgHeatmapLayout *self);

/* How far the tokens' labels reach below a map that is high enough. */
double eg_heatmap_labels_height_of_tokens (const EgHeatmapLayout *self);

/* How far left the map must begin so that no token's label leaves the picture, when it ends at `right`. */
double eg_heatmap_labels_left_for_tokens (const EgHeatmapLayout *self, double right);

/* Along the axes, for the present place of the cells. */
void eg_heatmap_labels_place (EgHeatmapLayout *self);

/* Those that no scrolling moves: the layers' axis and the colour bar's, whose numbers are tick_width wide. */
void eg_heatmap_labels_add_axis (EgHeatmapLayout *self);
/* How wide its numbers are: of one width while numbers come in, so that nothing moves. */
double eg_heatmap_labels_width_of_bar (const EgHeatmapLayout *self);
/* The same at the left of bars. */
void eg_heatmap_labels_add_scale (EgHeatmapLayout *self, double tick_width);
void eg_heatmap_labels_add_bar (EgHeatmapLayout *self, double tick_width);

/* The subject's ends along the axis of tokens, as far as they are in view; FALSE when no part of it is. */
gboolean eg_heatmap_layout_get_subject (const EgHeatmapLayout *self, double *from, double *to);
