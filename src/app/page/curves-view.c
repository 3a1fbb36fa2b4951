/* Draws one set of curves, with the layer of the map’s cursor marked. */
#include "app/page/curves-view.h"

#include "app/parts/plot-style.h"

#include <adwaita.h>
#include <string.h>

struct _EgCurvesView
{
  GtkWidget parent_instance;
  EgCurves curves;
  EgTraceGrid *grid;
  EgCell pins[EG_MAX_PINS];
  gsize n_pins;
  gssize layer;
  EgScale scale;
};

enum
{
  PROP_0,
  PROP_CURVES,
};

G_DEFINE_FINAL_TYPE (EgCurvesView, eg_curves_view, GTK_TYPE_WIDGET)

static gboolean
is_empty (EgCurvesView *self)
{
  return self->grid == NULL || (self->curves == EG_CURVES_PINNED && self->n_pins == 0);
}

static void
eg_curves_view_measure (GtkWidget *widget,
                        GtkOrientation orientation,
                        int for_size,
                        int *minimum,
                        int *natural,
                        int *minimum_baseline,
                        int *natural_baseline)
{
  eg_plot_style_measure (widget, orientation, 13, minimum, natural);
}

static void
eg_curves_view_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  EgCurvesView *self = EG_CURVES_VIEW (widget);
  const int width = gtk_widget_get_width (widget), height = gtk_widget_get_height (widget);
  EgChart chart;

  if (is_empty (self) || width <= 0 || height <= 0)
    return;
  eg_plot_style_chart (widget, &chart);
  chart.font_size = eg_plot_style_fit_font (chart.font_size, width);
  const gboolean dark
      = adw_style_manager_get_dark (adw_style_manager_get_for_display (gtk_widget_get_display (widget)));
  const graphene_rect_t bounds = GRAPHENE_RECT_INIT (0, 0, (float)width, (float)height);
  cairo_t *cr = gtk_snapshot_append_cairo (snapshot, &bounds);
  eg_curves_draw (self->curves, self->grid, self->scale, self->pins, self->n_pins, &chart,
                  eg_plot_style_subject (widget), dark, self->layer, cr, width, height);
  cairo_destroy (cr);
}

static void
describe (EgCurvesView *self)
{
  g_autofree char *text = self->grid != NULL ? eg_curves_describe (self->curves, self->grid, self->scale,
                                                                   self->pins, self->n_pins)
                                             : g_strdup ("");
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, text, -1);
}

static void
eg_curves_view_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  EgCurvesView *self = EG_CURVES_VIEW (object);
  const char *name = g_value_get_string (value);

  for (EgCurves curves = EG_CURVES_LAYERS; name != NULL && curves <= EG_CURVES_PINNED; curves++)
    if (strcmp (name, eg_curves_get_name (curves)) == 0)
      self->curves = curves;
}

static void
eg_curves_view_dispose (GObject *object)
{
  g_clear_pointer (&EG_CURVES_VIEW (object)->grid, eg_trace_grid_unref);
  G_OBJECT_CLASS (eg_curves_view_parent_class)->dispose (object);
}

static void
eg_curves_view_class_init (EgCurvesViewClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->set_property = eg_curves_view_set_property;
  object_class->dispose = eg_curves_view_dispose;
  widget_class->measure = eg_curves_view_measure;
  widget_class->snapshot = eg_curves_view_snapshot;
  g_object_class_install_property (
      object_class, PROP_CURVES,
      g_param_spec_string ("curves", NULL, NULL, "layers",
                           G_PARAM_WRITABLE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS));
  gtk_widget_class_set_css_name (widget_class, "curves");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void
eg_curves_view_init (EgCurvesView *self)
{
  self->layer = -1;
  g_signal_connect_object (adw_style_manager_get_default (), "notify::dark",
                           G_CALLBACK (gtk_widget_queue_draw), self, G_CONNECT_SWAPPED);
}

GtkWidget *
eg_curves_view_new (void)
{
  return g_object_new (EG_TYPE_CURVES_VIEW, NULL);
}

void
eg_curves_view_set_grid (EgCurvesView *self, EgTraceGrid *grid)
{
  g_return_if_fail (EG_IS_CURVES_VIEW (self));

  if (grid != self->grid)
    {
      if (grid != NULL)
        eg_trace_grid_ref (grid);
      g_clear_pointer (&self->grid, eg_trace_grid_unref);
      self->grid = grid;
    }
  eg_curves_view_update (self);
}

void
eg_curves_view_update (EgCurvesView *self)
{
  g_return_if_fail (EG_IS_CURVES_VIEW (self));

  describe (self);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
eg_curves_view_set_pins (EgCurvesView *self, const EgCell *pins, gsize n_pins)
{
  g_return_if_fail (EG_IS_CURVES_VIEW (self));

  self->n_pins = MIN (n_pins, EG_MAX_PINS);
  if (self->n_pins > 0)
    memcpy (self->pins, pins, self->n_pins * sizeof *pins);
  eg_curves_view_update (self);
}

void
eg_curves_view_set_scale (EgCurvesView *self, EgScale scale)
{
  g_return_if_fail (EG_IS_CURVES_VIEW (self));

  self->scale = scale;
  eg_curves_view_update (self);
}

void
eg_curves_view_set_layer (EgCurvesView *self, gssize layer)
{
  g_return_if_fail (EG_IS_CURVES_VIEW (self));

  if (self->layer == layer)
    return;
  self->layer = layer;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}
