/* A rectangle a role and layer, in the map's colours. */
#include "app/study/role-thumb.h"

#include "app/parts/plot-style.h"

#include <math.h>
#include <string.h>

struct _EgRoleThumb
{
  GtkWidget parent_instance;
  double *values;
  gsize n_layers;
  double low, high;
  EgColormap colormap;
};

G_DEFINE_FINAL_TYPE (EgRoleThumb, eg_role_thumb, GTK_TYPE_WIDGET)

static void
eg_role_thumb_measure (GtkWidget *widget,
                       GtkOrientation orientation,
                       int for_size,
                       int *minimum,
                       int *natural,
                       int *minimum_baseline,
                       int *natural_baseline)
{
  const double em = eg_plot_style_font_size (widget);
  const gboolean horizontal = orientation == GTK_ORIENTATION_HORIZONTAL;

  *minimum = (int)((horizontal ? 5 : 2.5) * em);
  *natural = (int)((horizontal ? 9 : 2.5) * em);
}

/* On whole pixels: no seams. */
static float
edge (gsize i, gsize n, int size)
{
  return (float)(i * (gsize)size / n);
}

static void
eg_role_thumb_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  EgRoleThumb *self = EG_ROLE_THUMB (widget);
  const int width = gtk_widget_get_width (widget), height = gtk_widget_get_height (widget);

  for (gsize role = 0; role < EG_N_ROLES && self->values != NULL; role++)
    for (gsize l = 0; l < self->n_layers; l++)
      {
        const double value = self->values[role * self->n_layers + l];
        if (isnan (value))
          continue;
        const EgColor color
            = eg_colormap_lookup (self->colormap, (value - self->low) / (self->high - self->low));
        const float x0 = edge (l, self->n_layers, width), x1 = edge (l + 1, self->n_layers, width);
        const float y0 = edge (role, EG_N_ROLES, height), y1 = edge (role + 1, EG_N_ROLES, height);
        gtk_snapshot_append_color (snapshot,
                                   &(GdkRGBA){ (float)color.red, (float)color.green, (float)color.blue, 1 },
                                   &GRAPHENE_RECT_INIT (x0, y0, x1 - x0, y1 - y0));
      }
}

static void
eg_role_thumb_finalize (GObject *object)
{
  g_free (EG_ROLE_THUMB (object)->values);
  G_OBJECT_CLASS (eg_role_thumb_parent_class)->finalize (object);
}

static void
eg_role_thumb_class_init (EgRoleThumbClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = eg_role_thumb_finalize;
  widget_class->measure = eg_role_thumb_measure;
  widget_class->snapshot = eg_role_thumb_snapshot;
  gtk_widget_class_set_css_name (widget_class, "rolethumb");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_PRESENTATION);
}

static void
eg_role_thumb_init (EgRoleThumb *self)
{
  gtk_widget_set_overflow (GTK_WIDGET (self), GTK_OVERFLOW_HIDDEN);
}

GtkWidget *
eg_role_thumb_new (void)
{
  return g_object_new (EG_TYPE_ROLE_THUMB, NULL);
}

void
eg_role_thumb_set_values (
    EgRoleThumb *self, const double *values, gsize n_layers, double low, double high, EgColormap colormap)
{
  g_return_if_fail (EG_IS_ROLE_THUMB (self));

  g_free (self->values);
  self->values = g_memdup2 (values, EG_N_ROLES * n_layers * sizeof *values);
  self->n_layers = n_layers;
  self->low = low;
  self->high = high > low ? high : low + 1;
  self->colormap = colormap;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}
