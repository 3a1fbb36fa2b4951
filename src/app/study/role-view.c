/* Draws a summary with the plots' own code. */
#include "app/study/role-view.h"

#include "app/parts/plot-style.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

struct _EgRoleView
{
  GtkWidget parent_instance;
  gboolean is_curves;
  const EgStudySummary *summary;
  gsize site;
  EgStudyQuantity quantity;
  EgColormap colormap;
};

enum
{
  PROP_0,
  PROP_PICTURE,
};

G_DEFINE_FINAL_TYPE (EgRoleView, eg_role_view, GTK_TYPE_WIDGET)

static void
eg_role_view_measure (GtkWidget *widget,
                      GtkOrientation orientation,
                      int for_size,
                      int *minimum,
                      int *natural,
                      int *minimum_baseline,
                      int *natural_baseline)
{
  const double em = eg_plot_style_font_size (widget);
  const gboolean horizontal = orientation == GTK_ORIENTATION_HORIZONTAL;

  *minimum = horizontal ? MIN ((int)(16 * em), EG_PLOT_MIN_WIDTH) : (int)(9 * em);
  *natural = (int)((horizontal ? 40 : 22) * em);
}

static void
eg_role_view_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
}

static void
eg_role_view_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  EG_ROLE_VIEW (object)->is_curves = g_strcmp0 (g_value_get_string (value), "curves") == 0;
}

static void
eg_role_view_class_init (EgRoleViewClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->set_property = eg_role_view_set_property;
  widget_class->measure = eg_role_view_measure;
  widget_class->snapshot = eg_role_view_snapshot;
  g_object_class_install_property (
      G_OBJECT_CLASS (klass), PROP_PICTURE,
      g_param_spec_string ("picture", NULL, NULL, "map",
                           G_PARAM_WRITABLE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS));
  gtk_widget_class_set_css_name (widget_class, "roleview");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void
eg_role_view_init (EgRoleView *self)
{
  g_signal_connect_object (adw_style_manager_get_default (), "notify::dark",
                           G_CALLBACK (gtk_widget_queue_draw), self, G_CONNECT_SWAPPED);
}

void
eg_role_view_show (EgRoleView *self,
                   const EgStudySummary *summary,
                   gsize site,
                   EgStudyQuantity quantity,
                   EgColormap colormap)
{
  g_return_if_fail (EG_IS_ROLE_VIEW (self));

  self->summary = summary;
  self->site = site;
  self->quantity = quantity;
  self->colormap = colormap;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}
