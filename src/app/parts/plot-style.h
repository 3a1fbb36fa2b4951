/* The theme's colours and the user's font for the plots. */
#pragma once

#include "plot/chart.h"
#include "plot/heatmap.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* A plot is seldom that narrow, but a window of 360 pixels holds it, whatever the size of texts. */
#define EG_PLOT_MIN_WIDTH 300

/* Opacity of a map that does not show the present settings. */
#define EG_DIMMED 0.6

/* Sets the fields of a style that the theme decides; colour map, scale, orientation and title are left alone.
 */
void eg_plot_style_heatmap (GtkWidget *widget, EgHeatmapStyle *style);
void eg_plot_style_chart (GtkWidget *widget, EgChart *chart);

/* The size of the widget's font in pixels, text scaling included. */
double eg_plot_style_font_size (GtkWidget *widget);

/* For a plot's measure(): sizes in the font's. height: the natural one */
void eg_plot_style_measure (
    GtkWidget *widget, GtkOrientation orientation, double height, int *minimum, int *natural);

/* Such a size, or the largest that leaves room for a plot between its own texts in this width. */
double eg_plot_style_fit_font (double size, int width);

/* The theme's colour for the subject. */
EgColor eg_plot_style_subject (GtkWidget *widget);

G_END_DECLS
