/* The heatmap of a trace: layers down, tokens across. One drawing code for the screen and for figures. */
#pragma once

#include "plot/colormap.h"
#include "plot/label.h"
#include "trace/result.h"

#include <cairo.h>

G_BEGIN_DECLS

/**
 * EgScale: what a cell's colour says.
 * @EG_SCALE_NORMALIZED: clip((score − low)/(high − low), 0, 1); shown raw, and said so, where that is
 * undefined
 * @EG_SCALE_RAW: the score itself, from 0 to a round number that holds the clean probability and every score
 */
typedef enum
{
  EG_SCALE_NORMALIZED,
  EG_SCALE_RAW,
} EgScale;

/**
 * EgHeatmapStyle: everything that is choice and not data. Lengths are in units of the surface: pixels on the
 * screen, points in figures.
 * @title: above the map, or %NULL for none
 * @font_family: %NULL for "Sans"
 * @font_size: of token and layer labels; the others follow
 * @background: alpha 0 for none
 * @empty, @hatch: of the cells that are not computed yet
 * @subject: of the bracket and its label
 */
typedef struct
{
  EgColormap colormap;
  EgScale scale;
  const char *title;
  const char *font_family;
  double font_size;
  EgColor foreground, dim, background, empty, hatch, subject;
} EgHeatmapStyle;

/* A figure for paper: white background, black text, 8 points. */
void eg_heatmap_style_init_figure (EgHeatmapStyle *self);

/* For the screen, on the background of a light or a dark window. */
void eg_heatmap_style_init_screen (EgHeatmapStyle *self, gboolean dark);

/**
 * EgHeatmapLayout: where everything goes; made once for a result's shape, a style and a size.
 * @pixel: device pixels per unit, to which cells are snapped; 0 for vector surfaces
 * @map: the cells' area; @bar: the colour bar
 * @bracket_y: of the horizontal line over the subject
 * @low, @high: the ends of the colour scale; @normalized: whether it is that of normalized scores
 * @layer_step: every how many layers has its number; @n_bar_steps: ticks of the colour bar less one
 * @labels: [n_labels] of #EgLabel: every text of the picture
 * @token_labels: [n_tokens], those among @labels that name the tokens; @subject_label: the bracket's
 */
typedef struct
{
  double width, height, pixel;
  gsize n_layers, n_tokens;
  gsize subject_first, subject_last;
  EgRect map, bar;
  double bracket_y;
  double low, high;
  gboolean normalized;
  gsize layer_step;
  guint n_bar_steps;
  GPtrArray *labels;
  EgLabel **token_labels;
  EgLabel *subject_label;
  EgHeatmapStyle style;
} EgHeatmapLayout;

/* Measures the texts and places everything within width × height. The result's shape, tokens, subject and
 * probabilities are read, its cells only for the raw scale's end. (transfer full) */
EgHeatmapLayout *eg_heatmap_layout_new (
    const EgTraceResult *result, const EgHeatmapStyle *style, double width, double height, double pixel);
void eg_heatmap_layout_free (EgHeatmapLayout *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgHeatmapLayout, eg_heatmap_layout_free)

/* The height at which the map of a figure of this width has a good shape. */
double eg_heatmap_natural_height (const EgTraceResult *result, const EgHeatmapStyle *style, double width);

/* The narrowest width at which the tokens stand at 45° without touching. */
double eg_heatmap_minimum_width (const EgTraceResult *result, const EgHeatmapStyle *style);

/* Whether the layout still fits the result: its shape and its colour scale have not changed. */
gboolean eg_heatmap_layout_fits (const EgHeatmapLayout *self, const EgTraceResult *result);

EgRect eg_heatmap_layout_get_cell (const EgHeatmapLayout *self, gsize layer, gsize position);

/* Which cell is at (x, y); FALSE outside the map. layer and position may be NULL. */
gboolean
eg_heatmap_layout_find_cell (const EgHeatmapLayout *self, double x, double y, gsize *layer, gsize *position);

/* The place of a score on the colour scale, 0 … 1; NaN for a score that is not known. */
double eg_heatmap_layout_place (const EgHeatmapLayout *self, const EgTraceResult *result, double score);

/* The whole picture. */
void eg_heatmap_draw (const EgHeatmapLayout *self, const EgTraceResult *result, cairo_t *cr);

/* One cell again, after its score has changed; as eg_heatmap_draw() would have it. For raster surfaces. */
void eg_heatmap_draw_cell (
    const EgHeatmapLayout *self, const EgTraceResult *result, gsize layer, gsize position, cairo_t *cr);

G_END_DECLS
