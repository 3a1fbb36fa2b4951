/* The curves of a trace: the layer average, the subject against all tokens (the notebook's §5 and §6), and
 * the tokens of single cells. One drawing code for the screen and for figures. */
#pragma once

#include "plot/chart.h"
#include "plot/heatmap.h"
#include "trace/result/result.h"

G_BEGIN_DECLS

#define EG_MAX_PINS EG_CHART_MAX_SERIES

/**
 * EgCurves: what is drawn, over layers.
 * @EG_CURVES_LAYERS: the mean over tokens, its five highest layers marked
 * @EG_CURVES_SUBJECT: the mean over the subject's tokens and over all, with both overall means
 * @EG_CURVES_PINNED: the score of each pinned cell's token, with that cell marked
 */
typedef enum
{
  EG_CURVES_LAYERS,
  EG_CURVES_SUBJECT,
  EG_CURVES_PINNED,
} EgCurves;

typedef struct
{
  gsize layer, position;
} EgCell;

/* "layers", "subject", "pinned": in names of files. */
const char *eg_curves_get_name (EgCurves curves);

/* The colour of a pinned cell's curve: to be told apart on light and dark, also by colour-blind eyes. */
EgColor eg_curves_pin_color (gsize pin, gboolean dark);

/* The first pin of the same token: all of a token's pins are marks of one curve, in the colour of that pin.
 */
gsize eg_curves_pin_group (const EgCell *pins, gsize pin);

/**
 * eg_curves_draw: layers of a trace under way that are not all there have no average

 * @scale: as of the map beside them: the curves are in its unit
 * @chart: as eg_chart_init_figure() or eg_chart_init_screen() left it, with font and pixel as wanted
 * @accent: of the subject's curve
 * @pins: [n_pins] at most %EG_MAX_PINS, of %EG_CURVES_PINNED alone
 * @cursor: the layer to mark by a vertical line, or −1
 */
void eg_curves_draw (EgCurves curves,
                     const EgTraceGrid *grid,
                     EgScale scale,
                     const EgCell *pins,
                     gsize n_pins,
                     const EgChart *chart,
                     EgColor accent,
                     gboolean dark,
                     gssize cursor,
                     cairo_t *cr,
                     double width,
                     double height);

/* What the curves say, in a sentence or two: the five highest layers, both means and their ratio. (transfer
 * full) */
char *eg_curves_describe (
    EgCurves curves, const EgTraceGrid *grid, EgScale scale, const EgCell *pins, gsize n_pins);

G_END_DECLS
