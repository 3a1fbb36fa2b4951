/* Small maps in a row, drawn at once; a click or an arrow key chooses one. */
#include "app/page/site-maps.h"

#include "trace/ask/site-names.h"

#include "app/parts/plot-style.h"

#include <adwaita.h>
#include <glib/gi18n.h>

struct _EgSiteMaps
{
  GtkWidget parent_instance;
  GPtrArray *grids; /* of EgTraceGrid */
  gsize chosen;
  EgHeatmapStyle style;
  gboolean dimmed;
};

enum
{
  CHOSEN,
  ACTIVATED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (EgSiteMaps, eg_site_maps, GTK_TYPE_WIDGET)

static EgTraceGrid *const *
get_grids (EgSiteMaps *self)
{
  return (EgTraceGrid *const *)self->grids->pdata;
}

static const char *
get_title (EgSiteMaps *self, gsize i)
{
  return eg_site_name_get_title (get_grids (self)[i]->site);
}

/* What is said of a map; of an estimated one, how it becomes exact. (transfer full) */
static char *
describe_map (EgSiteMaps *self, gsize i)
{
  const EgTraceGrid *grid = get_grids (self)[i];

  if (grid->result->estimated && eg_trace_grid_has_estimated (grid))
    /* TRANSLATORS: a map of a site that is estimated. */
    return g_strdup_printf (_ ("%s: estimated; a double click computes it"), get_title (self, i));
  return g_strdup (get_title (self, i));
}

/* FALSE where there is nothing to place. */
static gboolean
place (EgSiteMaps *self, EgMultiples *multiples)
{
  GtkWidget *widget = GTK_WIDGET (self);
  const int width = gtk_widget_get_width (widget), height = gtk_widget_get_height (widget);

  if (self->grids->len == 0 || width <= 0 || height <= 0)
    return FALSE;
  eg_multiples_init (multiples, get_grids (self), self->grids->len, &self->style, width, height,
                     gtk_widget_get_scale_factor (widget));
  return TRUE;
}

static void
describe (EgSiteMaps *self)
{
  g_autofree char *name = self->chosen < self->grids->len ? describe_map (self, self->chosen) : NULL;
  g_autofree char *text
      = name != NULL
            /* TRANSLATORS: the name of a map, its number and how many maps there are. */
            ? g_strdup_printf (_ ("%s, %zu of %u"), name, self->chosen + 1, self->grids->len)
            : g_strdup ("");
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, text,
                                  GTK_ACCESSIBLE_PROPERTY_VALUE_TEXT, text, -1);
}

static void
choose (EgSiteMaps *self, gsize i)
{
  if (i == self->chosen || i >= self->grids->len)
    return;
  eg_site_maps_set_chosen (self, i);
  g_signal_emit (self, signals[CHOSEN], 0, (guint)i);
}

static void
on_released (GtkGestureClick *gesture, int n_press, double x, double y, gpointer data)
{
  EgSiteMaps *self = data;
  EgMultiples multiples;
  gsize i;

  gtk_widget_grab_focus (GTK_WIDGET (self));
  if (!place (self, &multiples) || !eg_multiples_find (&multiples, x, y, &i))
    return;
  choose (self, i);
  if (n_press == 2)
    g_signal_emit (self, signals[ACTIVATED], 0, (guint)i);
}

static gboolean
on_activate (GtkWidget *widget, GVariant *args, gpointer data)
{
  EgSiteMaps *self = EG_SITE_MAPS (widget);

  if (self->chosen < self->grids->len)
    g_signal_emit (self, signals[ACTIVATED], 0, (guint)self->chosen);
  return TRUE;
}

static gboolean
on_query_tooltip (GtkWidget *widget, int x, int y, gboolean by_keyboard, GtkTooltip *tooltip, gpointer data)
{
  EgSiteMaps *self = EG_SITE_MAPS (widget);
  EgMultiples multiples;
  gsize i = self->chosen;

  if (!place (self, &multiples) || (!by_keyboard && !eg_multiples_find (&multiples, x, y, &i)))
    return FALSE;
  g_autofree char *text = describe_map (self, i);
  gtk_tooltip_set_text (tooltip, text);
  return TRUE;
}

static gboolean
on_key (GtkWidget *widget, GVariant *args, gpointer data)
{
  EgSiteMaps *self = EG_SITE_MAPS (widget);
  const gssize to = (gssize)self->chosen + g_variant_get_int32 (args);

  choose (self, (gsize)CLAMP (to, 0, (gssize)self->grids->len - 1));
  return TRUE;
}

/* ---- the widget ---- */

static GtkSizeRequestMode
eg_site_maps_get_request_mode (GtkWidget *widget)
{
  return GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH;
}

static void
eg_site_maps_measure (GtkWidget *widget,
                      GtkOrientation orientation,
                      int for_size,
                      int *minimum,
                      int *natural,
                      int *minimum_baseline,
                      int *natural_baseline)
{
  EgSiteMaps *self = EG_SITE_MAPS (widget);
  const gsize n = MAX (self->grids->len, 1);
  const double em = self->style.font_size;

  if (orientation == GTK_ORIENTATION_HORIZONTAL)
    {
      *minimum = MIN ((int)(12 * em), EG_PLOT_MIN_WIDTH);
      *natural = (int)(10 * em * (double)n);
    }
  else
    {
      const double width = for_size > 0 ? for_size : 10 * em * (double)n;
      *minimum = *natural = (int)eg_multiples_natural_height (n, &self->style, width);
    }
}

static void
eg_site_maps_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  EgSiteMaps *self = EG_SITE_MAPS (widget);
  const graphene_rect_t bounds = GRAPHENE_RECT_INIT (0, 0, (float)gtk_widget_get_width (widget),
                                                     (float)gtk_widget_get_height (widget));
  g_autofree const char **titles = g_new (const char *, self->grids->len);
  EgMultiples multiples;

  if (!place (self, &multiples))
    return;
  for (guint i = 0; i < self->grids->len; i++)
    titles[i] = get_title (self, i);
  if (self->dimmed)
    gtk_snapshot_push_opacity (snapshot, EG_DIMMED);
  cairo_t *cr = gtk_snapshot_append_cairo (snapshot, &bounds);
  eg_multiples_draw (&multiples, get_grids (self), titles, &self->style, self->chosen, cr);
  cairo_destroy (cr);
  if (self->dimmed)
    gtk_snapshot_pop (snapshot);
}

static void
restyle (EgSiteMaps *self)
{
  eg_plot_style_heatmap (GTK_WIDGET (self), &self->style);
  gtk_widget_queue_resize (GTK_WIDGET (self));
}

static void
eg_site_maps_css_changed (GtkWidget *widget, GtkCssStyleChange *change)
{
  GTK_WIDGET_CLASS (eg_site_maps_parent_class)->css_changed (widget, change);
  restyle (EG_SITE_MAPS (widget));
}

static void
eg_site_maps_finalize (GObject *object)
{
  g_ptr_array_unref (EG_SITE_MAPS (object)->grids);
  G_OBJECT_CLASS (eg_site_maps_parent_class)->finalize (object);
}

static void
eg_site_maps_class_init (EgSiteMapsClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  static const struct
  {
    guint key;
    int step;
  } moves[] = { { GDK_KEY_Left, -1 },
                { GDK_KEY_Up, -1 },
                { GDK_KEY_Right, 1 },
                { GDK_KEY_Down, 1 },
                { GDK_KEY_Home, -G_MAXINT / 2 },
                { GDK_KEY_End, G_MAXINT / 2 } };

  G_OBJECT_CLASS (klass)->finalize = eg_site_maps_finalize;
  widget_class->get_request_mode = eg_site_maps_get_request_mode;
  widget_class->measure = eg_site_maps_measure;
  widget_class->snapshot = eg_site_maps_snapshot;
  widget_class->css_changed = eg_site_maps_css_changed;
  gtk_widget_class_set_css_name (widget_class, "sitemaps");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_RADIO_GROUP);
  for (gsize i = 0; i < G_N_ELEMENTS (moves); i++)
    gtk_widget_class_add_binding (widget_class, moves[i].key, 0, on_key, "i", moves[i].step);
  gtk_widget_class_add_binding (widget_class, GDK_KEY_Return, 0, on_activate, NULL);
  gtk_widget_class_add_binding (widget_class, GDK_KEY_KP_Enter, 0, on_activate, NULL);
  signals[ACTIVATED] = g_signal_new ("activated", EG_TYPE_SITE_MAPS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                     G_TYPE_NONE, 1, G_TYPE_UINT);
  signals[CHOSEN] = g_signal_new ("chosen", EG_TYPE_SITE_MAPS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                  G_TYPE_NONE, 1, G_TYPE_UINT);
}

static void
eg_site_maps_init (EgSiteMaps *self)
{
  GtkWidget *widget = GTK_WIDGET (self);
  GtkGesture *click = gtk_gesture_click_new ();

  self->grids = g_ptr_array_new_with_free_func ((GDestroyNotify)eg_trace_grid_unref);
  eg_heatmap_style_init_screen (&self->style, FALSE);
  gtk_widget_set_focusable (widget, TRUE);
  gtk_widget_set_has_tooltip (widget, TRUE);
  gtk_widget_set_visible (widget, FALSE);
  /* TRANSLATORS: the places inside the model whose states can be restored. */
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, _ ("Sites"), -1);
  g_signal_connect (self, "query-tooltip", G_CALLBACK (on_query_tooltip), NULL);
  g_signal_connect (click, "released", G_CALLBACK (on_released), self);
  gtk_widget_add_controller (widget, GTK_EVENT_CONTROLLER (click));
  g_signal_connect_object (adw_style_manager_get_default (), "notify::dark", G_CALLBACK (restyle), self,
                           G_CONNECT_SWAPPED);
}

GtkWidget *
eg_site_maps_new (void)
{
  return g_object_new (EG_TYPE_SITE_MAPS, NULL);
}

void
eg_site_maps_set_grids (EgSiteMaps *self, EgTraceGrid *const *grids, gsize n)
{
  g_return_if_fail (EG_IS_SITE_MAPS (self));

  GPtrArray *before = g_steal_pointer (&self->grids);
  const guint n_before = before->len;

  self->grids = g_ptr_array_new_with_free_func ((GDestroyNotify)eg_trace_grid_unref);
  for (gsize i = 0; i < n; i++)
    g_ptr_array_add (self->grids, eg_trace_grid_ref (grids[i]));
  g_ptr_array_unref (before); /* not before: the results may be the same */
  if (self->chosen >= n)
    self->chosen = 0;
  gtk_widget_set_visible (GTK_WIDGET (self), n > 1);
  describe (self);
  if (n != n_before)
    gtk_widget_queue_resize (GTK_WIDGET (self));
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
eg_site_maps_set_chosen (EgSiteMaps *self, gsize chosen)
{
  g_return_if_fail (EG_IS_SITE_MAPS (self));

  self->chosen = chosen;
  describe (self);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

gsize
eg_site_maps_get_chosen (EgSiteMaps *self)
{
  g_return_val_if_fail (EG_IS_SITE_MAPS (self), 0);

  return self->chosen;
}

void
eg_site_maps_set_style (EgSiteMaps *self, EgColormap colormap, EgScale scale, EgOrientation orientation)
{
  g_return_if_fail (EG_IS_SITE_MAPS (self));

  self->style.colormap = colormap;
  self->style.scale = scale;
  self->style.orientation = orientation;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
eg_site_maps_set_dimmed (EgSiteMaps *self, gboolean dimmed)
{
  g_return_if_fail (EG_IS_SITE_MAPS (self));

  if (self->dimmed == dimmed)
    return;
  self->dimmed = dimmed;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}
