/* Small line charts over layers or tokens: the layer average, the subject against all, one token's curve. */
#pragma once

#include "plot/label.h"

G_BEGIN_DECLS

#define EG_CHART_MAX_SERIES 6

/**
 * EgChartSeries: one curve.
 * @values: [n] NaN leaves a gap
 * @sem: [n] drawn as a band of ± one standard error, or %NULL
 * @lower, @upper: [n] the ends of a band in its place, such as an interval's, or both %NULL
 * @name: for the legend, or %NULL
 * @marked: [n_marked] points that get a dot and, where there is room, their x in figures
 */
typedef struct
{
  const char *name;
  const double *values;
  const double *sem;
  const double *lower, *upper;
  gsize n;
  const gsize *marked;
  gsize n_marked;
  EgColor color;
} EgChartSeries;

/**
 * EgChart: everything that is drawn; borrows its arrays and strings for the time of a call.
 * @low, @high: the y axis' ends, or both 0 for round numbers around the values
 * @x_title, @y_title: or %NULL
 * @plain: no numbers, titles or legend: the small curves of a tooltip
 * @decimal: every 2nd, 5th, 10th … point has its number where not all have room, not every 2nd, 4th, 8th
 * @cursor: an x to mark by a vertical line, or −1
 */
typedef struct
{
  EgChartSeries series[EG_CHART_MAX_SERIES];
  gsize n_series;
  const char *title, *x_title, *y_title;
  double low, high;
  gboolean plain, decimal;
  gssize cursor;
  const char *font_family;
  double font_size;
  double pixel; /* device pixels per unit; 0 for vector surfaces */
  EgColor foreground, dim, background;
} EgChart;

/* A chart of nothing, in black on white, 8 points. */
void eg_chart_init_figure (EgChart *self);
void eg_chart_init_screen (EgChart *self, gboolean dark);

/* Where the curves go within width × height: x of point i is its left + (i + ½)·width/n, as a heatmap's
 * column is. */
EgRect eg_chart_get_area (const EgChart *self, double width, double height);

void eg_chart_draw (const EgChart *self, cairo_t *cr, double width, double height);

G_END_DECLS
