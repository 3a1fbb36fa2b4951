#include "app/tour.h"

#include "app/heatmap-view.h"
#include "app/prompt-panel.h"
#include "app/trace-settings.h"

#include <adwaita.h>
#include <glib/gi18n.h>

#define SEEN       "tour-seen"
#define WAIT_MS    400
#define N_STOPS    3
#define MAX_WAIT   150 /* looks for the map: a minute */
#define TEXT_WIDTH 312

/* Owned by the callout that is shown, as its data. */
typedef struct
{
  GtkWindow *window;
  GtkWidget *popover;
  guint stop;
} Tour;

typedef struct
{
  GType (*get_type) (void);
  const char *title, *text;
  GtkPositionType position;
} Stop;

static const Stop stops[N_STOPS] = {
  { eg_prompt_panel_get_type, N_ ("Say something that the model knows"),
    N_ ("Type a prompt that ends before the answer, and drag over the tokens that it is about: the subject."),
    GTK_POS_RIGHT },
  { eg_trace_settings_get_type, N_ ("Trace"),
    N_ ("Choose which state is put back, and press Trace. Every setting has a tooltip that explains it."),
    GTK_POS_RIGHT },
  { eg_heatmap_view_get_type, N_ ("Read the map"),
    N_ ("Warm cells bring the answer back. Point at one, or go there with the arrow keys, to see its "
        "numbers; “What "
        "am I looking at?” above tells more."),
    GTK_POS_TOP },
};

static void show_stop (Tour *self);

/* The first widget of a type that is on the screen, or NULL. */
static GtkWidget *
find_widget (GtkWidget *root, GType type)
{
  if (g_type_is_a (G_OBJECT_TYPE (root), type) && gtk_widget_get_mapped (root))
    return root;
  for (GtkWidget *child = gtk_widget_get_first_child (root); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    {
      GtkWidget *found = find_widget (child, type);
      if (found != NULL)
        return found;
    }
  return NULL;
}

static void
hide_callout (Tour *self)
{
  GtkWidget *popover = g_steal_pointer (&self->popover);
  if (popover != NULL)
    gtk_widget_unparent (popover);
}

static void
end (Tour *self)
{
  g_signal_handlers_disconnect_by_data (self->window, self);
  hide_callout (self);
  g_free (self);
}

static void
on_window_gone (GtkWidget *window, gpointer data)
{
  end (data);
}

static gboolean
end_later (gpointer data)
{
  end (data);
  return G_SOURCE_REMOVE;
}

static gboolean
next_later (gpointer data)
{
  Tour *self = data;
  hide_callout (self);
  self->stop++;
  show_stop (self);
  return G_SOURCE_REMOVE;
}

/* A callout's own buttons cannot take it away while they are handling the click. */
static void
on_skip (GtkButton *button, gpointer data)
{
  gtk_widget_set_sensitive (GTK_WIDGET (button), FALSE);
  g_idle_add (end_later, data);
}

static void
on_next (GtkButton *button, gpointer data)
{
  gtk_widget_set_sensitive (GTK_WIDGET (button), FALSE);
  g_idle_add (next_later, data);
}

static gboolean
on_escape (GtkWidget *widget, GVariant *arguments, gpointer data)
{
  g_idle_add (end_later, data);
  return TRUE;
}

static GtkWidget *
make_label (const char *text, const char *css_class)
{
  GtkWidget *label = gtk_label_new (text);
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_max_width_chars (GTK_LABEL (label), 36);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  if (css_class != NULL)
    gtk_widget_add_css_class (label, css_class);
  return label;
}

static GtkWidget *
make_buttons (Tour *self)
{
  const gboolean last = self->stop == N_STOPS - 1;
  g_autofree char *place = g_strdup_printf (_ ("%u of %u"), self->stop + 1, N_STOPS);
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6), *where = make_label (place, "dim-label");
  GtkWidget *next = gtk_button_new_with_mnemonic (last ? _ ("_Done") : _ ("_Next"));

  gtk_widget_set_hexpand (where, TRUE);
  gtk_box_append (GTK_BOX (box), where);
  if (!last)
    {
      GtkWidget *skip = gtk_button_new_with_mnemonic (_ ("S_kip"));
      gtk_widget_add_css_class (skip, "flat");
      g_signal_connect (skip, "clicked", G_CALLBACK (on_skip), self);
      gtk_box_append (GTK_BOX (box), skip);
    }
  gtk_widget_add_css_class (next, "suggested-action");
  g_signal_connect (next, "clicked", G_CALLBACK (last ? on_skip : on_next), self);
  gtk_box_append (GTK_BOX (box), next);
  return box;
}

static GtkWidget *
make_callout (Tour *self, const Stop *stop)
{
  GtkWidget *popover = gtk_popover_new (), *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 12);
  GtkWidget *clamp = adw_clamp_new ();
  GtkEventController *keys = gtk_shortcut_controller_new ();

  gtk_box_append (GTK_BOX (box), make_label (_ (stop->title), "heading"));
  gtk_box_append (GTK_BOX (box), make_label (_ (stop->text), NULL));
  gtk_box_append (GTK_BOX (box), make_buttons (self));
  /* A popover measures its height for its width with the shadows: wider than its texts get, and too low. */
  adw_clamp_set_maximum_size (ADW_CLAMP (clamp), TEXT_WIDTH);
  adw_clamp_set_tightening_threshold (ADW_CLAMP (clamp), TEXT_WIDTH);
  adw_clamp_set_child (ADW_CLAMP (clamp), box);
  gtk_popover_set_child (GTK_POPOVER (popover), clamp);
  gtk_popover_set_autohide (GTK_POPOVER (popover), FALSE);
  gtk_popover_set_position (GTK_POPOVER (popover), stop->position);
  gtk_shortcut_controller_add_shortcut (GTK_SHORTCUT_CONTROLLER (keys),
                                        gtk_shortcut_new (gtk_keyval_trigger_new (GDK_KEY_Escape, 0),
                                                          gtk_callback_action_new (on_escape, self, NULL)));
  gtk_widget_add_controller (popover, keys);
  gtk_accessible_update_property (GTK_ACCESSIBLE (popover), GTK_ACCESSIBLE_PROPERTY_LABEL, _ (stop->title),
                                  -1);
  return popover;
}

/* Stops whose widget is not on the screen, as the panel of a narrow window, are left out. */
static void
show_stop (Tour *self)
{
  GtkWidget *child = gtk_window_get_child (self->window), *target = NULL;
  graphene_rect_t bounds;

  if (child == NULL)
    child = gtk_widget_get_first_child (GTK_WIDGET (self->window));
  for (; self->stop < N_STOPS && target == NULL; self->stop += target == NULL)
    target = find_widget (GTK_WIDGET (self->window), stops[self->stop].get_type ());
  if (target == NULL || !gtk_widget_compute_bounds (target, child, &bounds))
    {
      end (self);
      return;
    }
  self->popover = make_callout (self, &stops[self->stop]);
  gtk_widget_set_parent (self->popover, child);
  /* At the middle of the edge, for the map's own edge may be near the window's. */
  const GtkPositionType position = stops[self->stop].position;
  const float x = position == GTK_POS_RIGHT ? bounds.origin.x + bounds.size.width - 24
                                            : bounds.origin.x + bounds.size.width / 2;
  const float y = position == GTK_POS_RIGHT ? bounds.origin.y + MIN (60, bounds.size.height / 2)
                                            : bounds.origin.y + bounds.size.height / 2;
  gtk_popover_set_pointing_to (GTK_POPOVER (self->popover), &(GdkRectangle){ (int)x, (int)y, 1, 1 });
  gtk_popover_popup (GTK_POPOVER (self->popover));
}

void
eg_tour_start (GtkWindow *window)
{
  Tour *self = g_new0 (Tour, 1);
  self->window = window;
  g_signal_connect (window, "unrealize", G_CALLBACK (on_window_gone), self);
  show_stop (self);
}

/* ---- the first start ---- */

typedef struct
{
  GWeakRef window;
  GSettings *settings;
  guint looks;
} Offer;

static void
offer_free (gpointer data)
{
  Offer *offer = data;
  g_weak_ref_clear (&offer->window);
  g_object_unref (offer->settings);
  g_free (offer);
}

static gboolean
look_for_map (gpointer data)
{
  Offer *offer = data;
  g_autoptr (GtkWindow) window = g_weak_ref_get (&offer->window);

  if (window == NULL || offer->looks++ > MAX_WAIT)
    return G_SOURCE_REMOVE;
  if (find_widget (GTK_WIDGET (window), EG_TYPE_HEATMAP_VIEW) == NULL)
    return G_SOURCE_CONTINUE;
  g_settings_set_boolean (offer->settings, SEEN, TRUE);
  eg_tour_start (window);
  return G_SOURCE_REMOVE;
}

void
eg_tour_offer (GtkWindow *window, GSettings *settings)
{
  if (settings == NULL || g_settings_get_boolean (settings, SEEN))
    return;
  Offer *offer = g_new0 (Offer, 1);
  g_weak_ref_init (&offer->window, window);
  offer->settings = g_object_ref (settings);
  g_timeout_add_full (G_PRIORITY_DEFAULT_IDLE, WAIT_MS, look_for_map, offer, offer_free);
}
