/* The heatmap of a trace: its layers by its tokens. One drawing code for the screen and for figures. */
#pragma once

#include "plot/colormap.h"
#include "plot/label.h"
#include "trace/result/result.h"

#include <cairo.h>

G_BEGIN_DECLS

/**
 * EgScale: what a cell's colour says.
 * @EG_SCALE_NORMALIZED: clip((score − low)/(high − low), 0, 1), or of damage the loss, clip((high −
 * score)/(high − low), 0, 1); shown raw, and said so, where that is undefined
 * @EG_SCALE_RAW: the score itself, from 0 to a round number that holds the clean probability and every score;
 * where scores are negative, between two round numbers
 * @EG_SCALE_SYMMETRIC: as normalized, but not cut: from −m to m about the run that is changed (0: white),
 * where m holds every cell; where normalized scores are undefined, the effect in the metric's unit. Always
 * red–white–blue
 */
typedef enum
{
  EG_SCALE_NORMALIZED,
  EG_SCALE_RAW,
  EG_SCALE_SYMMETRIC,
  EG_N_SCALES,
} EgScale;

/* "normalized", "raw", "symmetric": used on the command line and in the settings. */
const char *eg_scale_get_name (EgScale scale);

/* FALSE and EG_ERROR_INVALID, with the list of names, when there is none of this name. */
gboolean eg_scale_from_name (const char *name, EgScale *scale, GError **error);

/* What the numbers of a scale are: "Normalized probability". (transfer full) */
char *eg_scale_describe (EgScale scale, const EgTraceGrid *grid);

/* A score, and a standard error, as numbers of a scale, not cut to its ends. NaN where not known. */
double eg_scale_get_value (EgScale scale, const EgTraceGrid *grid, double score);
double eg_scale_get_error (EgScale scale, const EgTraceGrid *grid, double sem);

/**
 * EgOrientation: which axis goes down.
 * @EG_ORIENTATION_LAYERS_DOWN: layers by tokens, as the notebook has it: tokens stand below the map at 45°
 * @EG_ORIENTATION_TOKENS_DOWN: tokens by layers, as the figures of ROME have it: tokens stand at the left,
 * upright
 */
typedef enum
{
  EG_ORIENTATION_LAYERS_DOWN,
  EG_ORIENTATION_TOKENS_DOWN,
  EG_N_ORIENTATIONS,
} EgOrientation;

/* "layers-by-tokens", "tokens-by-layers": used on the command line and in the settings. */
const char *eg_orientation_get_name (EgOrientation orientation);

/* FALSE and EG_ERROR_INVALID, with the list of names, when there is none of this name. */
gboolean eg_orientation_from_name (const char *name, EgOrientation *orientation, GError **error);

/**
 * EgHeatmapStyle: everything that is choice and not data. Lengths are in units of the surface: pixels on the
 * screen, points in figures.
 * @title: above the map, or %NULL for none
 * @font_family: %NULL for "Sans"
 * @font_size: of token and layer labels; the others follow
 * @background: alpha 0 for none
 * @empty, @hatch: of the cells that are not computed yet, or have no score at all
 * @estimated: of the lines over cells that have an estimate and no score
 * @subject: of the bracket and its label
 * @limit_low, @limit_high: the ends of the scale, in its numbers; none where the first is not less
 * @own_scale: the normalized scale ends at the greatest of the map's own cells, rounded up: for small effects
 * @hatch_noise: cells within two standard errors of no effect are hatched
 * @hide_spaces: tokens without the ␣ that they begin with
 * @hide_bar: no colour bar: several maps share one
 * @unit: what the colour bar's numbers are, where they are no scores of a trace, or %NULL
 * @least, @greatest: scores that a raw scale holds beside those of the grid; none where the first is not
 * less
 */
typedef struct
{
  EgColormap colormap;
  EgScale scale;
  EgOrientation orientation;
  const char *title;
  const char *font_family;
  double font_size;
  EgColor foreground, dim, background, empty, hatch, estimated, subject;
  double limit_low, limit_high;
  gboolean own_scale, hatch_noise, hide_spaces, hide_bar;
  double least, greatest;
  const char *unit;
} EgHeatmapStyle;

/* A figure for paper: white background, black text, 8 points. */
void eg_heatmap_style_init_figure (EgHeatmapStyle *self);

/* For the screen, on the background of a light or a dark window. */
void eg_heatmap_style_init_screen (EgHeatmapStyle *self, gboolean dark);

/* Has the raw scale hold all of another grid's scores, so that several maps have one. */
void eg_heatmap_style_hold_scores (EgHeatmapStyle *self, const EgTraceGrid *grid);

/**
 * EgHeatmapLayout: where everything goes; made once for a grid's shape, a style, a size and a zoom.
 * @pixel: device pixels per unit, to which cells are snapped; 0 for vector surfaces
 * @least_cell: cells are not less than this before @zoom, whether or not the map can hold all of them
 * @map: the window through which the cells are seen; @cells: all of them, larger than @map by @zoom or
 * @least_cell and moved by how far they are scrolled; @bar: the colour bar
 * @bracket: of the line along the subject: y above the map, or x beside it where tokens go down
 * @metric, @is_loss: what the scores are of; @tells_layers, @tells_tokens: whether rows and columns are
 * layers and tokens, or all of them together
 * @low, @high: the least and the greatest score of the colour scale; @normalized: whether it is that of
 * normalized scores; @reversed: whether the least is at its red end, which says that much goes through a
 * cell: of raw scores, where smaller ones are better or where clean runs are damaged
 * @is_bars: a sweep over layers or positions alone, drawn as bars: a cell is a column as high as the map, and
 * the axis at its left is what the colour bar is elsewhere; @base: where bars begin; @first_tick: of the
 * scale, which may begin a little below it
 * @beyond_bottom, @beyond_top: whether cells lie outside the ends of the scale, as it is drawn
 * @estimated: whether any cell is, which the name of the scale says, too
 * @scale_name: of its numbers; an interned string
 * @layer_step, @token_step: every how many of them has its label; @n_bar_steps: ticks of the colour bar less
 * one
 * @labels: [n_labels] of #EgLabel: every text of the picture
 * @layer_labels: [n_layers], @token_labels: [n_tokens]: those among @labels that name layers and tokens, or
 * %NULL
 * @subject_label: the bracket's
 */
typedef struct
{
  double width, height, pixel, zoom, least_cell;
  gsize n_layers, n_tokens;
  gsize subject_first, subject_last;
  EgRect map, cells, bar;
  double bracket;
  EgMetric metric;
  gboolean is_loss, tells_layers, tells_tokens;
  double low, high;
  gboolean normalized, reversed;
  gboolean is_bars, beyond_bottom, beyond_top, estimated;
  double base, first_tick;
  const char *scale_name;
  gsize layer_step, token_step;
  guint n_bar_steps;
  GPtrArray *labels;
  EgLabel **layer_labels, **token_labels;
  EgLabel *subject_label;
  gboolean subject_within; /* its label stands in the bracket's line, not outside it */
  double token_angle;
  EgHeatmapStyle style;
} EgHeatmapLayout;

/* Measures the texts and places everything within width × height, all cells in view. The grid's shape,
 * tokens, subject and probabilities are read, its cells only for the raw scale's end. (transfer full) */
EgHeatmapLayout *eg_heatmap_layout_new (
    const EgTraceGrid *grid, const EgHeatmapStyle *style, double width, double height, double pixel);

/* The same for a map that can be scrolled: cells are `zoom` (≥ 1) times as wide and high as they would be to
 * be seen all at once, or to be one unit, where that is more. */
EgHeatmapLayout *eg_heatmap_layout_new_zoomed (const EgTraceGrid *grid,
                                               const EgHeatmapStyle *style,
                                               double width,
                                               double height,
                                               double pixel,
                                               double zoom);
void eg_heatmap_layout_free (EgHeatmapLayout *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgHeatmapLayout, eg_heatmap_layout_free)

/* Moves the cells so that the point (x, y) of them, held within what there is to scroll, is at the map's top
 * left corner; labels go along, and those of cells out of view are hidden. */
void eg_heatmap_layout_scroll (EgHeatmapLayout *self, double x, double y);

/* Whether there are more cells than the map shows at once. */
gboolean eg_heatmap_layout_is_cut (const EgHeatmapLayout *self);

/* The height at which the map of a figure of this width has a good shape. */
double eg_heatmap_natural_height (const EgTraceGrid *grid, const EgHeatmapStyle *style, double width);

/* Whether the layout still fits the grid: its shape and its colour scale have not changed. */
gboolean eg_heatmap_layout_fits (const EgHeatmapLayout *self, const EgTraceGrid *grid);

/* Of a cell that is scrolled away, it lies outside the map. */
EgRect eg_heatmap_layout_get_cell (const EgHeatmapLayout *self, gsize layer, gsize position);

/* Which cells can be seen: the columns [columns[0], columns[1]) and the rows [rows[0], rows[1]). */
void eg_heatmap_layout_get_visible (const EgHeatmapLayout *self, gsize columns[2], gsize rows[2]);

/* Which cell is at (x, y); FALSE outside the map. layer and position may be NULL. */
gboolean
eg_heatmap_layout_find_cell (const EgHeatmapLayout *self, double x, double y, gsize *layer, gsize *position);

/* The place of a score on the colour scale, 0 … 1; NaN for a score that is not known. */
double eg_heatmap_layout_place (const EgHeatmapLayout *self, const EgTraceGrid *grid, double score);

/* The same, not cut to 0 … 1. */
double eg_heatmap_layout_place_unclipped (const EgHeatmapLayout *self, const EgTraceGrid *grid, double score);

/* Makes a layout of a colour bar alone, to stand beside maps that have none: as wide as it needs. (transfer
 * full) */
EgHeatmapLayout *
eg_heatmap_layout_new_bar (const EgTraceGrid *grid, const EgHeatmapStyle *style, double height, double pixel);

/* Of such a layout. */
void eg_heatmap_draw_bar (const EgHeatmapLayout *self, cairo_t *cr);

/* The whole picture. */
void eg_heatmap_draw (const EgHeatmapLayout *self, const EgTraceGrid *grid, cairo_t *cr);

/* All cells that have a score again, after the scale has changed. For raster surfaces. */
void eg_heatmap_draw_known (const EgHeatmapLayout *self, const EgTraceGrid *grid, cairo_t *cr);

/* One cell again, after its score has changed; as eg_heatmap_draw() would have it. For raster surfaces. */
void eg_heatmap_draw_cell (
    const EgHeatmapLayout *self, const EgTraceGrid *grid, gsize layer, gsize position, cairo_t *cr);

G_END_DECLS
