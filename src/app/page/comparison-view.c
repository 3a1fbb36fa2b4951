/* Draws a comparison and follows the pointer and the arrow keys. */
#include "app/page/comparison-view.h"

#include "app/parts/plot-style.h"
#include "plot/comparison-picture.h"
#include "tokenizer/token-text.h"

#include <adwaita.h>
#include <glib/gi18n.h>
#include <math.h>

struct _EgComparisonView
{
  GtkBox parent_instance;
  GtkWidget *area;
  GtkLabel *label;
  EgComparison *comparison;
  char *title_a, *title_b;
  EgComparisonPicture *picture; /* of the area's size; NULL: to be made */
  gboolean has_place;
  EgComparisonCell place;
};

G_DEFINE_FINAL_TYPE (EgComparisonView, eg_comparison_view, GTK_TYPE_BOX)

/* "A: layer 3, 0.812" of the place in one map: of the last of the group's tokens. (transfer full) */
static char *
say_value (EgComparisonView *self, const char *letter, const EgTraceGrid *grid, const gsize range[2])
{
  const gsize layer = eg_comparison_cell_get_layer (self->comparison, &self->place, grid);
  const double value = eg_comparison_value (self->comparison, grid, layer, range[1] - 1);
  return isnan (value) ? g_strdup_printf (_ ("%s: layer %zu, not known"), letter, layer)
                       : g_strdup_printf (/* TRANSLATORS: A or B, the layer, its score. */
                                          _ ("%s: layer %zu, %.3f"), letter, layer, value);
}

static void
say_place (EgComparisonView *self)
{
  const EgComparison *it = self->comparison;
  if (!self->has_place)
    {
      g_autofree char *text
          = isnan (it->correlation)
                ? g_strdup_printf ("%s · %s", self->title_a, self->title_b)
                : g_strdup_printf (/* TRANSLATORS: the titles of two traces, and how alike they are. */
                                   _ ("%s · %s · correlation %.2f"), self->title_a, self->title_b,
                                   it->correlation);
      gtk_label_set_text (self->label, text);
      return;
    }
  const EgTokenGroup *group = it->groups->pdata[self->place.group];
  const gsize at = self->place.row * it->groups->len + self->place.group;
  g_autofree char *token = eg_token_quote (group->text_a);
  g_autofree char *a = say_value (self, "A", it->a, group->a), *b = say_value (self, "B", it->b, group->b);
  g_autofree char *difference
      = isnan (it->difference[at]) ? g_strdup (_ ("no difference: the tokens are not the same"))
        : isnan (it->sem[at])
            ? g_strdup_printf (_ ("difference %+.3f"), it->difference[at])
            : g_strdup_printf (/* TRANSLATORS: between two scores, and its standard error. */
                               _ ("difference %+.3f ± %.3f"), it->difference[at], it->sem[at]);
  g_autofree char *text = g_strdup_printf ("“%s” · %s · %s · %s", token, a, b, difference);
  gtk_label_set_text (self->label, text);
}

static void
set_place (EgComparisonView *self, gboolean has_place, EgComparisonCell place)
{
  self->has_place = has_place;
  self->place = place;
  say_place (self);
  gtk_widget_queue_draw (self->area);
}

static void
forget_picture (EgComparisonView *self)
{
  g_clear_pointer (&self->picture, eg_comparison_picture_free);
  gtk_widget_queue_draw (self->area);
}

static void
draw (GtkDrawingArea *area, cairo_t *cr, int width, int height, gpointer data)
{
  EgComparisonView *self = data;
  if (self->picture == NULL)
    {
      EgHeatmapStyle style;
      const gboolean dark = adw_style_manager_get_dark (adw_style_manager_get_default ());
      eg_heatmap_style_init_screen (&style, dark);
      eg_plot_style_heatmap (GTK_WIDGET (area), &style);
      self->picture
          = eg_comparison_picture_new (self->comparison, &style, dark, self->title_a, self->title_b, width,
                                       height, gtk_widget_get_scale_factor (GTK_WIDGET (area)));
    }
  eg_comparison_picture_draw (self->picture, self->has_place ? &self->place : NULL, cr);
}

void
eg_comparison_view_point (EgComparisonView *self, double x, double y)
{
  g_return_if_fail (EG_IS_COMPARISON_VIEW (self));
  EgComparisonCell place = { 0 };
  if (self->picture != NULL)
    set_place (self, eg_comparison_picture_find (self->picture, x, y, &place), place);
}

void
eg_comparison_view_move (EgComparisonView *self, int rows, int groups)
{
  g_return_if_fail (EG_IS_COMPARISON_VIEW (self));
  const EgComparison *it = self->comparison;
  EgComparisonCell place = { 0 };
  if (self->has_place)
    {
      place.row = (gsize)CLAMP ((gint64)self->place.row + rows, 0, (gint64)it->n_rows - 1);
      place.group = (gsize)CLAMP ((gint64)self->place.group + groups, 0, (gint64)it->groups->len - 1);
    }
  set_place (self, TRUE, place);
}

const char *
eg_comparison_view_get_text (EgComparisonView *self)
{
  g_return_val_if_fail (EG_IS_COMPARISON_VIEW (self), NULL);
  return gtk_label_get_text (self->label);
}

static void
on_motion (GtkEventControllerMotion *motion, double x, double y, gpointer data)
{
  eg_comparison_view_point (data, x, y);
}

static void
on_leave (GtkEventControllerMotion *motion, gpointer data)
{
  set_place (data, FALSE, (EgComparisonCell){ 0 });
}

static gboolean
on_key (GtkEventControllerKey *keys, guint key, guint code, GdkModifierType state, gpointer data)
{
  const int right = gtk_widget_get_direction (data) == GTK_TEXT_DIR_RTL ? -1 : 1;
  if (key != GDK_KEY_Up && key != GDK_KEY_Down && key != GDK_KEY_Left && key != GDK_KEY_Right)
    return GDK_EVENT_PROPAGATE;
  eg_comparison_view_move (data,
                           key == GDK_KEY_Down ? 1
                           : key == GDK_KEY_Up ? -1
                                               : 0,
                           key == GDK_KEY_Right  ? right
                           : key == GDK_KEY_Left ? -right
                                                 : 0);
  return GDK_EVENT_STOP;
}

static void
eg_comparison_view_finalize (GObject *object)
{
  EgComparisonView *self = EG_COMPARISON_VIEW (object);
  g_clear_pointer (&self->picture, eg_comparison_picture_free);
  g_clear_pointer (&self->comparison, eg_comparison_free);
  g_free (self->title_a);
  g_free (self->title_b);
  G_OBJECT_CLASS (eg_comparison_view_parent_class)->finalize (object);
}

static void
eg_comparison_view_class_init (EgComparisonViewClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = eg_comparison_view_finalize;
}

static void
eg_comparison_view_init (EgComparisonView *self)
{
  GtkEventController *motion = gtk_event_controller_motion_new (), *keys = gtk_event_controller_key_new ();

  gtk_orientable_set_orientation (GTK_ORIENTABLE (self), GTK_ORIENTATION_VERTICAL);
  self->area = gtk_drawing_area_new ();
  self->label = GTK_LABEL (gtk_label_new (NULL));
  gtk_widget_set_hexpand (self->area, TRUE);
  gtk_widget_set_vexpand (self->area, TRUE);
  gtk_widget_set_focusable (self->area, TRUE);
  gtk_widget_set_size_request (self->area, 2 * EG_PLOT_MIN_WIDTH, EG_PLOT_MIN_WIDTH);
  gtk_label_set_wrap (self->label, TRUE);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->area), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Two maps, their difference and their curves"), -1);
  gtk_accessible_update_relation (GTK_ACCESSIBLE (self->area), GTK_ACCESSIBLE_RELATION_DESCRIBED_BY,
                                  self->label, NULL, -1);
  g_signal_connect (motion, "motion", G_CALLBACK (on_motion), self);
  g_signal_connect (motion, "leave", G_CALLBACK (on_leave), self);
  g_signal_connect (keys, "key-pressed", G_CALLBACK (on_key), self);
  gtk_widget_add_controller (self->area, motion);
  gtk_widget_add_controller (self->area, keys);
  g_signal_connect_swapped (self->area, "resize", G_CALLBACK (forget_picture), self);
  g_signal_connect_object (adw_style_manager_get_default (), "notify::dark", G_CALLBACK (forget_picture),
                           self, G_CONNECT_SWAPPED);
  gtk_box_append (GTK_BOX (self), self->area);
  gtk_box_append (GTK_BOX (self), GTK_WIDGET (self->label));
}

GtkWidget *
eg_comparison_view_new (EgComparison *comparison, const char *title_a, const char *title_b)
{
  EgComparisonView *self = g_object_new (EG_TYPE_COMPARISON_VIEW, NULL);
  self->comparison = comparison;
  self->title_a = g_strdup (title_a);
  self->title_b = g_strdup (title_b);
  gtk_drawing_area_set_draw_func (GTK_DRAWING_AREA (self->area), draw, self, NULL);
  say_place (self);
  return GTK_WIDGET (self);
}
