/* A study as a map, token roles by layers, and as curves over layers with the bands of their intervals. One
 * drawing code for the screen and for figures. */
#pragma once

#include "plot/chart.h"
#include "plot/heatmap.h"
#include "study/summary.h"

G_BEGIN_DECLS

/* A map to be drawn as a trace's (heatmap.h): its tokens are the roles, its scores the means of
 * statistics [EG_N_ROLES], NaN where no fact has one; its errors are those over facts. (transfer full):
 * eg_trace_grid_unref() */
EgTraceGrid *eg_study_map_new_of (EgStatistics *const *statistics,
                                  const EgStudySettings *settings,
                                  gsize site,
                                  EgStudyQuantity quantity);

/* The same of a summary. */
EgTraceGrid *eg_study_map_new (const EgStudySummary *summary,
                               const EgStudySettings *settings,
                               gsize site,
                               EgStudyQuantity quantity);

/* Sets the scale on which such maps, [n], all are, its name, how they lie, roles down, and that of effects
 * and parts those are hatched that may be nothing; the rest of the style stays. */
void eg_study_map_set_style (EgHeatmapStyle *style,
                             EgTraceGrid *const *maps,
                             gsize n,
                             EgStudyQuantity quantity,
                             const EgStudySettings *settings);

/* "Average indirect effect": what the numbers are. (transfer none) */
const char *eg_study_quantity_get_title (EgStudyQuantity quantity, const EgStudySettings *settings);

/* The colour of a role's curve. */
EgColor eg_study_role_color (EgRole role, gboolean dark);

/* The means of all roles over layers, each with its 95% interval as a band, where there is one.
 *
 * chart: as eg_chart_init_figure() or eg_chart_init_screen() left it, with font, pixel and axis' ends as
 * wanted; without a legend (eg_study_legend_draw()). cursor: a layer to mark, or −1 */
void eg_study_curves_draw (const EgStudySummary *summary,
                           gsize site,
                           EgStudyQuantity quantity,
                           const EgChart *chart,
                           gboolean dark,
                           gssize cursor,
                           cairo_t *cr,
                           double width,
                           double height);

/* The least and the greatest of all that these curves and bands reach, held by low and high with what they
 * were before (low > high: nothing). */
void eg_study_curves_hold (
    const EgStudySummary *summary, gsize site, EgStudyQuantity quantity, double *low, double *high);

/* The axis of charts that hold these: from 0 where what is below it is small. */
void eg_study_curves_set_axis (EgChart *chart, double low, double high);

/* The roles' names with their colours, in as many lines as they need in a width; its height. cr NULL: only
 * that.
 */
double eg_study_legend_draw (const EgHeatmapStyle *style, gboolean dark, cairo_t *cr, double width);

G_END_DECLS
