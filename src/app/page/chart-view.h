/* A small curve as a widget: one row or one column of a heatmap. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define EG_TYPE_CHART_VIEW (eg_chart_view_get_type ())
G_DECLARE_FINAL_TYPE (EgChartView, eg_chart_view, EG, CHART_VIEW, GtkWidget)

GtkWidget *eg_chart_view_new (void);

/* Shows n values (NaN: a gap) with the bands of their standard errors (or NULL) between low and high, and
 * marks one. The arrays are copied. */
void eg_chart_view_set_curve (EgChartView *self,
                              const double *values,
                              const double *sem,
                              gsize n,
                              double low,
                              double high,
                              gsize marked);

G_END_DECLS
