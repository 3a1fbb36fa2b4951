/* The curve of one row or column of the map, in the theme’s colours. */
#include "app/page/chart-view.h"

#include "app/parts/plot-style.h"

struct _EgChartView
{
  GtkWidget parent_instance;
  double *values, *sem;
  gsize n, marked;
  double low, high;
};

G_DEFINE_FINAL_TYPE (EgChartView, eg_chart_view, GTK_TYPE_WIDGET)

static void
eg_chart_view_measure (GtkWidget *widget,
                       GtkOrientation orientation,
                       int for_size,
                       int *minimum,
                       int *natural,
                       int *minimum_baseline,
                       int *natural_baseline)
{
  const double em = eg_plot_style_font_size (widget);
  *minimum = *natural = (int)(orientation == GTK_ORIENTATION_HORIZONTAL ? 8 * em : 3 * em);
}

static void
eg_chart_view_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  EgChartView *self = EG_CHART_VIEW (widget);
  const int width = gtk_widget_get_width (widget), height = gtk_widget_get_height (widget);
  EgChart chart;

  if (self->n == 0 || width <= 0 || height <= 0)
    return;
  eg_plot_style_chart (widget, &chart);
  chart.plain = TRUE;
  chart.low = self->low;
  chart.high = self->high;
  chart.cursor = (gssize)self->marked;
  chart.n_series = 1;
  chart.series[0] = (EgChartSeries){
    .values = self->values,
    .sem = self->sem,
    .n = self->n,
    .marked = &self->marked,
    .n_marked = 1,
    .color = chart.foreground,
  };
  const graphene_rect_t bounds = GRAPHENE_RECT_INIT (0, 0, (float)width, (float)height);
  cairo_t *cr = gtk_snapshot_append_cairo (snapshot, &bounds);
  eg_chart_draw (&chart, cr, width, height);
  cairo_destroy (cr);
}

static void
eg_chart_view_finalize (GObject *object)
{
  EgChartView *self = EG_CHART_VIEW (object);

  g_free (self->values);
  g_free (self->sem);
  G_OBJECT_CLASS (eg_chart_view_parent_class)->finalize (object);
}

static void
eg_chart_view_class_init (EgChartViewClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = eg_chart_view_finalize;
  widget_class->measure = eg_chart_view_measure;
  widget_class->snapshot = eg_chart_view_snapshot;
  gtk_widget_class_set_css_name (widget_class, "chart");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_PRESENTATION);
}

static void
eg_chart_view_init (EgChartView *self)
{
}

GtkWidget *
eg_chart_view_new (void)
{
  return g_object_new (EG_TYPE_CHART_VIEW, NULL);
}

void
eg_chart_view_set_curve (EgChartView *self,
                         const double *values,
                         const double *sem,
                         gsize n,
                         double low,
                         double high,
                         gsize marked)
{
  g_return_if_fail (EG_IS_CHART_VIEW (self));

  g_free (self->values);
  g_free (self->sem);
  self->values = g_memdup2 (values, n * sizeof (double));
  self->sem = sem != NULL ? g_memdup2 (sem, n * sizeof (double)) : NULL;
  self->n = n;
  self->low = low;
  self->high = high;
  self->marked = marked;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}
