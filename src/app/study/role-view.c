/* Draws a summary with the plots' own code, and follows the pointer and the arrow keys. */
#include "app/study/role-view.h"

#include "app/parts/plot-style.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#define CURSOR_WIDTH 2.0

struct _EgRoleView
{
  GtkWidget parent_instance;
  gboolean is_curves;
  const EgStudySummary *summary; /* NULL: nothing is known yet */
  const EgStudySettings *settings;
  gsize site;
  EgStudyQuantity quantity;
  EgColormap colormap;
  EgTraceGrid *grid;       /* of the map */
  EgHeatmapLayout *layout; /* of the widget's size; NULL: to be made */
  EgRect area;             /* of the curves, as they were drawn last */
  gboolean has_place;
  gsize layer;
  EgRole role;
};

enum
{
  PROP_0,
  PROP_PICTURE,
};

enum
{
  POINTED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (EgRoleView, eg_role_view, GTK_TYPE_WIDGET)

static gboolean
is_dark (EgRoleView *self)
{
  return adw_style_manager_get_dark (
      adw_style_manager_get_for_display (gtk_widget_get_display (GTK_WIDGET (self))));
}

/* ---- words ---- */

static char *
describe_cell (EgRoleView *self)
{
  const EgStatistics *of = eg_study_summary_get (self->summary, self->site, self->quantity, self->role);
  const char *role = eg_role_get_title (self->role);
  g_autofree char *facts = g_strdup_printf (ngettext ("%'zu fact", "%'zu facts", of->n), of->n);

  if (of->n == 0)
    return g_strdup_printf (/* TRANSLATORS: the role of a token, as “Last subject token”. */
                            _ ("%s: no fact has one"), role);
  if (isnan (of->sem[self->layer]))
    return g_strdup_printf (/* TRANSLATORS: a role, a layer, its mean, “65 facts”. */
                            _ ("%s, layer %zu: %.3f, %s"), role, self->layer, of->mean[self->layer], facts);
  if (isnan (of->lower[self->layer]))
    return g_strdup_printf (/* TRANSLATORS: a role, a layer, its mean and that one’s error, “65 facts”. */
                            _ ("%s, layer %zu: %.3f ± %.3f, %s"), role, self->layer, of->mean[self->layer],
                            of->sem[self->layer], facts);
  return g_strdup_printf (
      /* TRANSLATORS: a role, a layer, its mean, that one’s error and the ends of its interval, “65 facts”. */
      _ ("%s, layer %zu: %.3f ± %.3f (95%%: %.3f to %.3f), %s"), role, self->layer, of->mean[self->layer],
      of->sem[self->layer], of->lower[self->layer], of->upper[self->layer], facts);
}

static char *
describe_layer (EgRoleView *self)
{
  g_autoptr (GString) text = g_string_new (NULL);

  g_string_append_printf (text, _ ("Layer %zu"), self->layer);
  for (EgRole role = 0; role < EG_N_ROLES; role++)
    {
      const EgStatistics *of = eg_study_summary_get (self->summary, self->site, self->quantity, role);
      if (of->n > 0)
        g_string_append_printf (text, " · %s %.2f", eg_role_get_title (role), of->mean[self->layer]);
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

char *
eg_role_view_get_text (EgRoleView *self)
{
  g_return_val_if_fail (EG_IS_ROLE_VIEW (self), NULL);

  if (self->summary == NULL || !self->has_place || self->layer >= self->summary->n_layers)
    return NULL;
  return self->is_curves ? describe_layer (self) : describe_cell (self);
}

static void
describe (EgRoleView *self)
{
  g_autofree char *text = eg_role_view_get_text (self);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                  text != NULL ? text : "", GTK_ACCESSIBLE_PROPERTY_VALUE_TEXT,
                                  text != NULL ? text : "", -1);
}

/* ---- drawing ---- */

static void
forget_layout (EgRoleView *self)
{
  g_clear_pointer (&self->layout, eg_heatmap_layout_free);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
make_layout (EgRoleView *self, int width, int height)
{
  EgHeatmapStyle style = { 0 };

  eg_heatmap_style_init_screen (&style, is_dark (self));
  eg_plot_style_heatmap (GTK_WIDGET (self), &style);
  style.colormap = self->colormap;
  eg_study_map_set_style (&style, &self->grid, 1, self->quantity, self->settings);
  style.font_size = eg_plot_style_fit_font (style.font_size, width);
  self->layout = eg_heatmap_layout_new (self->grid, &style, width, height,
                                        gtk_widget_get_scale_factor (GTK_WIDGET (self)));
}

static void
draw_map (EgRoleView *self, cairo_t *cr, int width, int height)
{
  if (self->layout == NULL)
    make_layout (self, width, height);
  eg_heatmap_draw (self->layout, self->grid, cr);
  if (!self->has_place || self->layer >= self->grid->n_layers)
    return;
  const EgRect cell = eg_heatmap_layout_get_cell (self->layout, self->layer, (gsize)self->role);
  eg_color_set (self->layout->style.foreground, cr);
  cairo_set_line_width (cr, CURSOR_WIDTH);
  cairo_rectangle (cr, cell.x + CURSOR_WIDTH / 2, cell.y + CURSOR_WIDTH / 2, cell.width - CURSOR_WIDTH,
                   cell.height - CURSOR_WIDTH);
  cairo_stroke (cr);
}

static void
draw_curves (EgRoleView *self, cairo_t *cr, int width, int height)
{
  EgHeatmapStyle style = { 0 };
  EgChart chart;

  eg_heatmap_style_init_screen (&style, is_dark (self));
  eg_plot_style_heatmap (GTK_WIDGET (self), &style);
  eg_plot_style_chart (GTK_WIDGET (self), &chart);
  chart.font_size = style.font_size = eg_plot_style_fit_font (chart.font_size, width);
  const double legend = eg_study_legend_draw (&style, is_dark (self), cr, width);
  double low = 0, high = 0;
  eg_study_curves_hold (self->summary, self->site, self->quantity, &low, &high);
  eg_study_curves_set_axis (&chart, low, high);
  chart.y_title = eg_study_quantity_get_title (self->quantity, self->settings);
  self->area = eg_chart_get_area (&chart, width, height - legend);
  self->area.y += legend;
  cairo_translate (cr, 0, legend);
  eg_study_curves_draw (self->summary, self->site, self->quantity, &chart, is_dark (self),
                        self->has_place ? (gssize)self->layer : -1, cr, width, height - legend);
}

static void
eg_role_view_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  EgRoleView *self = EG_ROLE_VIEW (widget);
  const int width = gtk_widget_get_width (widget), height = gtk_widget_get_height (widget);

  if (self->summary == NULL || width <= 0 || height <= 0)
    return;
  cairo_t *cr = gtk_snapshot_append_cairo (snapshot, &GRAPHENE_RECT_INIT (0, 0, (float)width, (float)height));
  if (self->is_curves)
    draw_curves (self, cr, width, height);
  else
    draw_map (self, cr, width, height);
  cairo_destroy (cr);
}

/* ---- pointing ---- */

static void
set_place (EgRoleView *self, gboolean has_place, gsize layer, EgRole role)
{
  if (has_place == self->has_place && (!has_place || (layer == self->layer && role == self->role)))
    return;
  self->has_place = has_place;
  self->layer = layer;
  self->role = role;
  describe (self);
  gtk_widget_queue_draw (GTK_WIDGET (self));
  g_signal_emit (self, signals[POINTED], 0);
}

void
eg_role_view_point (EgRoleView *self, gsize layer, EgRole role)
{
  g_return_if_fail (EG_IS_ROLE_VIEW (self));

  if (self->summary != NULL && layer < self->summary->n_layers && role < EG_N_ROLES)
    set_place (self, TRUE, layer, role);
}

static void
on_motion (GtkEventControllerMotion *motion, double x, double y, gpointer data)
{
  EgRoleView *self = data;
  gsize layer = 0, role = 0;
  gboolean found = FALSE;

  if (self->summary == NULL)
    return;
  if (!self->is_curves)
    found = self->layout != NULL && eg_heatmap_layout_find_cell (self->layout, x, y, &layer, &role);
  else if (x >= self->area.x && x < self->area.x + self->area.width)
    {
      layer = (gsize)((x - self->area.x) / self->area.width * (double)self->summary->n_layers);
      found = layer < self->summary->n_layers;
    }
  set_place (self, found, layer, (EgRole)role);
}

static void
on_leave (GtkEventControllerMotion *motion, gpointer data)
{
  set_place (data, FALSE, 0, 0);
}

static gboolean
on_key (GtkWidget *widget, GVariant *args, gpointer data)
{
  EgRoleView *self = EG_ROLE_VIEW (widget);
  int layers, roles;

  if (self->summary == NULL)
    return FALSE;
  g_variant_get (args, "(ii)", &layers, &roles);
  const gssize last = (gssize)self->summary->n_layers - 1;
  if (!self->has_place)
    eg_role_view_point (self, 0, EG_ROLE_SUBJECT_LAST);
  else
    eg_role_view_point (self, (gsize)CLAMP ((gssize)self->layer + layers, 0, last),
                        (EgRole)CLAMP ((int)self->role + roles, 0, EG_N_ROLES - 1));
  return TRUE;
}

/* ---- the widget ---- */

static void
eg_role_view_measure (GtkWidget *widget,
                      GtkOrientation orientation,
                      int for_size,
                      int *minimum,
                      int *natural,
                      int *minimum_baseline,
                      int *natural_baseline)
{
  eg_plot_style_measure (widget, orientation, 22, minimum, natural);
}

static void
eg_role_view_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  forget_layout (EG_ROLE_VIEW (widget));
}

static void
eg_role_view_css_changed (GtkWidget *widget, GtkCssStyleChange *change)
{
  GTK_WIDGET_CLASS (eg_role_view_parent_class)->css_changed (widget, change);
  forget_layout (EG_ROLE_VIEW (widget));
}

static void
eg_role_view_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  EG_ROLE_VIEW (object)->is_curves = g_strcmp0 (g_value_get_string (value), "curves") == 0;
}

static void
eg_role_view_finalize (GObject *object)
{
  EgRoleView *self = EG_ROLE_VIEW (object);

  g_clear_pointer (&self->layout, eg_heatmap_layout_free);
  g_clear_pointer (&self->grid, eg_trace_grid_unref);
  G_OBJECT_CLASS (eg_role_view_parent_class)->finalize (object);
}

static void
eg_role_view_class_init (EgRoleViewClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  static const struct
  {
    guint key;
    int layers, roles;
  } moves[] = {
    { GDK_KEY_Left, -1, 0 },
    { GDK_KEY_Right, 1, 0 },
    { GDK_KEY_Up, 0, -1 },
    { GDK_KEY_Down, 0, 1 },
    { GDK_KEY_Home, -G_MAXINT / 2, 0 },
    { GDK_KEY_End, G_MAXINT / 2, 0 },
  };

  G_OBJECT_CLASS (klass)->set_property = eg_role_view_set_property;
  G_OBJECT_CLASS (klass)->finalize = eg_role_view_finalize;
  widget_class->measure = eg_role_view_measure;
  widget_class->size_allocate = eg_role_view_size_allocate;
  widget_class->snapshot = eg_role_view_snapshot;
  widget_class->css_changed = eg_role_view_css_changed;
  for (gsize i = 0; i < G_N_ELEMENTS (moves); i++)
    gtk_widget_class_add_binding (widget_class, moves[i].key, 0, on_key, "(ii)", moves[i].layers,
                                  moves[i].roles);
  g_object_class_install_property (
      G_OBJECT_CLASS (klass), PROP_PICTURE,
      g_param_spec_string ("picture", NULL, NULL, "map",
                           G_PARAM_WRITABLE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS));
  signals[POINTED]
      = g_signal_new ("pointed", EG_TYPE_ROLE_VIEW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  gtk_widget_class_set_css_name (widget_class, "roleview");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void
eg_role_view_init (EgRoleView *self)
{
  GtkEventController *motion = gtk_event_controller_motion_new ();

  gtk_widget_set_focusable (GTK_WIDGET (self), TRUE);
  g_signal_connect (motion, "motion", G_CALLBACK (on_motion), self);
  g_signal_connect (motion, "leave", G_CALLBACK (on_leave), self);
  gtk_widget_add_controller (GTK_WIDGET (self), motion);
  g_signal_connect_object (adw_style_manager_get_default (), "notify::dark", G_CALLBACK (forget_layout), self,
                           G_CONNECT_SWAPPED);
}

void
eg_role_view_show (EgRoleView *self,
                   const EgStudySummary *summary,
                   const EgStudySettings *settings,
                   gsize site,
                   EgStudyQuantity quantity,
                   EgColormap colormap)
{
  g_return_if_fail (EG_IS_ROLE_VIEW (self));

  self->summary = summary != NULL && summary->n_facts > 0 && settings != NULL ? summary : NULL;
  self->settings = settings;
  self->site = site;
  self->quantity = quantity;
  self->colormap = colormap;
  g_clear_pointer (&self->grid, eg_trace_grid_unref);
  if (self->summary != NULL && !self->is_curves)
    self->grid = eg_study_map_new (summary, settings, site, quantity);
  describe (self);
  forget_layout (self);
}
