/* Three callouts at a first start, each beside what it explains. */
#include "app/shell/tour.h"

#include "app/page/heatmap-view.h"
#include "app/ask/prompt-panel.h"
#include "app/ask/trace-settings.h"

#include <adwaita.h>
#include <glib/gi18n.h>

#define TOUR_KEY   "eg-tour" /* the window's, while one is open */
#define SEEN       "tour-seen"
#define WAIT_MS    400
#define N_STOPS    3
#define MAX_WAIT   150 /* looks for the map: a minute */
#define TEXT_WIDTH 312

typedef struct
{
  GtkWindow *window;
  GtkWidget *popover, *next; /* of the stop that is shown */
  GtkEventController *keys;  /* the window's */
  GWeakRef before;           /* what had the focus */
  guint stop, later;         /* later: a source */
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
  /* TRANSLATORS: the heading of the settings of a trace, and a step of the tour about the button that begins
   * it. */
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
  self->next = NULL;
  if (popover != NULL)
    gtk_widget_unparent (popover);
}

/* Whether the focus is where the tour has put it, or nowhere: a person who went elsewhere stays there. */
static gboolean
has_focus (Tour *self)
{
  GtkWidget *focus = gtk_window_get_focus (self->window);
  return focus == NULL
         || (self->popover != NULL
             && (focus == self->popover || gtk_widget_is_ancestor (focus, self->popover)));
}

static void
give_focus_back (Tour *self)
{
  g_autoptr (GtkWidget) before = g_weak_ref_get (&self->before);

  if (before != NULL && gtk_widget_get_mapped (before) && !gtk_widget_grab_focus (before))
    gtk_widget_child_focus (before, GTK_DIR_TAB_FORWARD);
}

static void
tour_free (gpointer data)
{
  Tour *self = data;

  g_signal_handlers_disconnect_by_data (self->window, self);
  g_clear_handle_id (&self->later, g_source_remove);
  hide_callout (self);
  gtk_widget_remove_controller (GTK_WIDGET (self->window), self->keys);
  g_weak_ref_clear (&self->before);
  g_free (self);
}

static void
end (GtkWindow *window)
{
  g_object_set_data (G_OBJECT (window), TOUR_KEY, NULL);
}

static void
on_window_gone (GtkWidget *window, gpointer data)
{
  end (GTK_WINDOW (window));
}

static gboolean
end_later (gpointer data)
{
  Tour *self = data;

  self->later = 0;
  if (has_focus (self))
    give_focus_back (self);
  end (self->window);
  return G_SOURCE_REMOVE;
}

static gboolean
next_later (gpointer data)
{
  Tour *self = data;

  self->later = 0;
  hide_callout (self);
  self->stop++;
  show_stop (self);
  return G_SOURCE_REMOVE;
}

/* A callout's own buttons cannot take it away while they are handling the click. */
static void
do_later (Tour *self, GSourceFunc func)
{
  if (self->later == 0)
    self->later = g_idle_add (func, self);
}

static void
on_skip (GtkButton *button, gpointer data)
{
  do_later (data, end_later);
}

static void
on_next (GtkButton *button, gpointer data)
{
  do_later (data, next_later);
}

/* From anywhere in the window, before Escape stops a trace; but a menu that is open above it closes first. */
static gboolean
on_escape (GtkWidget *widget, GVariant *arguments, gpointer data)
{
  Tour *self = data;
  GtkWidget *focus = gtk_window_get_focus (self->window);
  GtkWidget *popover = focus != NULL ? gtk_widget_get_ancestor (focus, GTK_TYPE_POPOVER) : NULL;

  if (popover != NULL && popover != self->popover)
    return FALSE;
  do_later (self, end_later);
  return TRUE;
}

/* Before all that the widget holds. A popover's keys do not come to the window: each needs its own. */
static GtkEventController *
make_escape (Tour *self)
{
  GtkEventController *keys = gtk_shortcut_controller_new ();

  gtk_event_controller_set_propagation_phase (keys, GTK_PHASE_CAPTURE);
  gtk_shortcut_controller_add_shortcut (GTK_SHORTCUT_CONTROLLER (keys),
                                        gtk_shortcut_new (gtk_keyval_trigger_new (GDK_KEY_Escape, 0),
                                                          gtk_callback_action_new (on_escape, self, NULL)));
  return keys;
}

/* Round the callout's buttons: in GTK 4.8, Tab leaves a popover that lets the pointer go elsewhere. */
static gboolean
on_tab (GtkWidget *buttons, GVariant *arguments, gpointer data)
{
  const GtkDirectionType direction = GPOINTER_TO_INT (data);

  if (!gtk_widget_child_focus (buttons, direction))
    {
      gtk_widget_set_focus_child (buttons, NULL);
      gtk_widget_child_focus (buttons, direction);
    }
  return TRUE;
}

static void
keep_tab_inside (GtkWidget *buttons)
{
  static const struct
  {
    guint key;
    GdkModifierType modifiers;
    GtkDirectionType direction;
  } tabs[] = {
    { GDK_KEY_Tab, 0, GTK_DIR_TAB_FORWARD },
    { GDK_KEY_Tab, GDK_SHIFT_MASK, GTK_DIR_TAB_BACKWARD },
  };
  GtkEventController *keys = gtk_shortcut_controller_new ();

  for (gsize i = 0; i < G_N_ELEMENTS (tabs); i++)
    gtk_shortcut_controller_add_shortcut (
        GTK_SHORTCUT_CONTROLLER (keys),
        gtk_shortcut_new (gtk_keyval_trigger_new (tabs[i].key, tabs[i].modifiers),
                          gtk_callback_action_new (on_tab, GINT_TO_POINTER (tabs[i].direction), NULL)));
  gtk_widget_add_controller (buttons, keys);
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
  /* TRANSLATORS: which of the callouts of the tour this is, and how many there are. */
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
  self->next = next;
  gtk_box_append (GTK_BOX (box), next);
  keep_tab_inside (box);
  return box;
}

static GtkWidget *
make_callout (Tour *self, const Stop *stop)
{
  GtkWidget *popover = gtk_popover_new (), *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 12);
  GtkWidget *clamp = adw_clamp_new ();

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
  gtk_widget_add_controller (popover, make_escape (self));
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
      do_later (self, end_later);
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
  gtk_widget_grab_focus (self->next);
}

/* What gets the focus back: of a menu that is just closing, its button. */
static GtkWidget *
find_focus (GtkWindow *window)
{
  GtkWidget *focus = gtk_window_get_focus (window);
  GtkWidget *popover;

  while (focus != NULL && (popover = gtk_widget_get_ancestor (focus, GTK_TYPE_POPOVER)) != NULL)
    focus = gtk_widget_get_parent (popover);
  return focus;
}

/* One that is open ends: the tour begins again. */
void
eg_tour_start (GtkWindow *window)
{
  Tour *before = g_object_get_data (G_OBJECT (window), TOUR_KEY);

  if (before != NULL)
    {
      give_focus_back (before);
      end (window);
    }
  Tour *self = g_new0 (Tour, 1);
  self->window = window;
  g_weak_ref_init (&self->before, find_focus (window));
  g_object_set_data_full (G_OBJECT (window), TOUR_KEY, self, tour_free);
  g_signal_connect (window, "unrealize", G_CALLBACK (on_window_gone), self);
  self->keys = make_escape (self);
  gtk_widget_add_controller (GTK_WIDGET (window), self->keys);
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
