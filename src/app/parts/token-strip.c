/* Chips in rows, marked by dragging or by keys. */
#include "app/parts/token-strip.h"

#include "app/parts/flow-layout.h"
#include "tokenizer/token-text.h"

#include <glib/gi18n.h>
#include <string.h>

struct _EgTokenStrip
{
  GtkWidget parent_instance;
  GPtrArray *chips; /* of GtkLabel, the children in order */
  GPtrArray *texts; /* of char *, one a chip, as markup */
  gboolean numbered;
  gssize subject_first, subject_last;
  gssize drag_from, drag_to; /* −1: no drag */
  gssize anchor, cursor;     /* of marking by keys: where it began, and its moving end */
  guint reveal_id;           /* an idle source; 0: none */
};

enum
{
  SUBJECT_MARKED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (EgTokenStrip, eg_token_strip, GTK_TYPE_WIDGET)

/* The space that a token begins with, small: it is a part of the token, and seldom what one looks for. */
static char *
chip_markup (const char *text)
{
  static const char space[] = "␣";
  g_autofree char *visible = eg_token_to_visible (text);
  g_autofree char *escaped = g_markup_escape_text (visible, -1);

  if (!g_str_has_prefix (escaped, space) || strlen (escaped) == strlen (space))
    return g_steal_pointer (&escaped);
  return g_strdup_printf ("<span size=\"75%%\">%s</span>%s", space, escaped + strlen (space));
}

/* A chip's token and, where numbers are wanted, its position below it. */
static void
show_text (EgTokenStrip *self, guint i)
{
  const char *text = self->texts->pdata[i];
  g_autofree char *both = g_strdup_printf ("%s\n<span size=\"70%%\" alpha=\"80%%\">%u</span>", text, i);

  gtk_label_set_markup (self->chips->pdata[i], self->numbered ? both : text);
}

static gssize
find_chip (EgTokenStrip *self, double x, double y)
{
  GtkWidget *widget = gtk_widget_pick (GTK_WIDGET (self), x, y, GTK_PICK_DEFAULT);

  while (widget != NULL && gtk_widget_get_parent (widget) != GTK_WIDGET (self))
    widget = gtk_widget_get_parent (widget);
  for (guint i = 0; widget != NULL && i < self->chips->len; i++)
    if (self->chips->pdata[i] == widget)
      return i;
  return -1;
}

static void
set_class (GtkWidget *widget, const char *name, gboolean on)
{
  if (on)
    gtk_widget_add_css_class (widget, name);
  else
    gtk_widget_remove_css_class (widget, name);
}

static void
describe_subject (EgTokenStrip *self)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (gssize i = self->subject_first; i >= 0 && i <= self->subject_last && i < (gssize)self->chips->len; i++)
    {
      g_auto (GStrv) lines = g_strsplit (gtk_label_get_text (self->chips->pdata[i]), "\n", 2);
      g_string_append_printf (text, "%s%s", text->len > 0 ? " " : "", lines[0] != NULL ? lines[0] : "");
    }
  g_autofree char *description = text->len > 0 ? g_strdup_printf (_ ("Subject: %s"), text->str)
                                               : g_strdup (_ ("No subject is marked"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, description,
                                  -1);
}

static void
show_subject (EgTokenStrip *self)
{
  for (guint i = 0; i < self->chips->len; i++)
    {
      GtkWidget *chip = self->chips->pdata[i];
      const gboolean inside = self->subject_first >= 0 && i >= self->subject_first && i <= self->subject_last;
      set_class (chip, "subject", inside);
    }
  describe_subject (self);
}

/* Where a long prompt's chips scroll: brings one into view. */
static void
reveal (EgTokenStrip *self, gssize place)
{
  GtkWidget *scroller = gtk_widget_get_ancestor (GTK_WIDGET (self), GTK_TYPE_SCROLLED_WINDOW);
  graphene_rect_t bounds;

  if (scroller == NULL || place < 0 || place >= (gssize)self->chips->len
      || !gtk_widget_compute_bounds (self->chips->pdata[place], GTK_WIDGET (self), &bounds))
    return;
  gtk_adjustment_clamp_page (gtk_scrolled_window_get_vadjustment (GTK_SCROLLED_WINDOW (scroller)),
                             (double)bounds.origin.y, (double)bounds.origin.y + (double)bounds.size.height);
}

static gboolean
reveal_subject (gpointer data)
{
  EgTokenStrip *self = data;

  self->reveal_id = 0;
  reveal (self, self->subject_last);
  reveal (self, self->subject_first);
  return G_SOURCE_REMOVE;
}

static void
mark_dragged (EgTokenStrip *self, gssize to)
{
  if (to < 0 || to == self->drag_to)
    return;
  self->drag_to = to;
  reveal (self, to);
  g_signal_emit (self, signals[SUBJECT_MARKED], 0, (guint)MIN (self->drag_from, to),
                 (guint)MAX (self->drag_from, to));
}

static void
on_drag_begin (GtkGestureDrag *gesture, double x, double y, gpointer data)
{
  EgTokenStrip *self = data;

  self->drag_from = find_chip (self, x, y);
  self->drag_to = -1;
  if (self->drag_from < 0)
    {
      gtk_gesture_set_state (GTK_GESTURE (gesture), GTK_EVENT_SEQUENCE_DENIED);
      return;
    }
  gtk_gesture_set_state (GTK_GESTURE (gesture), GTK_EVENT_SEQUENCE_CLAIMED);
  gtk_widget_grab_focus (GTK_WIDGET (self));
  mark_dragged (self, self->drag_from);
}

static void
on_drag_update (GtkGestureDrag *gesture, double dx, double dy, gpointer data)
{
  EgTokenStrip *self = data;
  double x, y;

  if (self->drag_from >= 0 && gtk_gesture_drag_get_start_point (gesture, &x, &y))
    mark_dragged (self, find_chip (self, x + dx, y + dy));
}

static void
on_drag_end (GtkGestureDrag *gesture, double dx, double dy, gpointer data)
{
  EgTokenStrip *self = data;
  self->drag_from = self->drag_to = -1;
}

/* An arrow marks the next token, with Shift one more. */
static gboolean
on_key (GtkWidget *widget, GVariant *args, gpointer data)
{
  EgTokenStrip *self = EG_TOKEN_STRIP (widget);
  const gssize last = (gssize)self->chips->len - 1;
  gboolean extend;
  int step;

  if (last < 0)
    return FALSE;
  g_variant_get (args, "(ib)", &step, &extend);
  /* Marked by other means since: goes on from there. */
  if (MIN (self->anchor, self->cursor) != self->subject_first
      || MAX (self->anchor, self->cursor) != self->subject_last)
    {
      self->anchor = self->subject_first;
      self->cursor = self->subject_last;
    }
  if (self->cursor < 0)
    self->anchor = self->cursor = step > 0 ? 0 : last;
  else
    self->cursor = CLAMP (self->cursor + step, 0, last);
  if (!extend)
    self->anchor = self->cursor;
  reveal (self, self->cursor);
  g_signal_emit (self, signals[SUBJECT_MARKED], 0, (guint)MIN (self->anchor, self->cursor),
                 (guint)MAX (self->anchor, self->cursor));
  return TRUE;
}

static void
eg_token_strip_dispose (GObject *object)
{
  EgTokenStrip *self = EG_TOKEN_STRIP (object);
  GtkWidget *child;

  g_clear_handle_id (&self->reveal_id, g_source_remove);
  g_ptr_array_set_size (self->chips, 0);
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self))) != NULL)
    gtk_widget_unparent (child);
  G_OBJECT_CLASS (eg_token_strip_parent_class)->dispose (object);
}

static void
eg_token_strip_finalize (GObject *object)
{
  g_ptr_array_unref (EG_TOKEN_STRIP (object)->chips);
  g_ptr_array_unref (EG_TOKEN_STRIP (object)->texts);
  G_OBJECT_CLASS (eg_token_strip_parent_class)->finalize (object);
}

static void
eg_token_strip_class_init (EgTokenStripClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = eg_token_strip_dispose;
  object_class->finalize = eg_token_strip_finalize;
  gtk_widget_class_set_layout_manager_type (widget_class, EG_TYPE_FLOW_LAYOUT);
  gtk_widget_class_set_css_name (widget_class, "tokenstrip");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_LIST);

  static const struct
  {
    guint keys[2];
    int step;
  } moves[] = {
    { { GDK_KEY_Left, GDK_KEY_KP_Left }, -1 },
    { { GDK_KEY_Right, GDK_KEY_KP_Right }, 1 },
    { { GDK_KEY_Home, GDK_KEY_KP_Home }, -G_MAXINT / 2 },
    { { GDK_KEY_End, GDK_KEY_KP_End }, G_MAXINT / 2 },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (moves); i++)
    for (gsize k = 0; k < 2; k++)
      for (int extend = 0; extend < 2; extend++)
        gtk_widget_class_add_binding (widget_class, moves[i].keys[k], extend ? GDK_SHIFT_MASK : 0, on_key,
                                      "(ib)", moves[i].step, extend);

  signals[SUBJECT_MARKED] = g_signal_new ("subject-marked", EG_TYPE_TOKEN_STRIP, G_SIGNAL_RUN_LAST, 0, NULL,
                                          NULL, NULL, G_TYPE_NONE, 2, G_TYPE_UINT, G_TYPE_UINT);
}

static void
eg_token_strip_init (EgTokenStrip *self)
{
  GtkGesture *drag = gtk_gesture_drag_new ();

  self->chips = g_ptr_array_new ();
  self->texts = g_ptr_array_new_with_free_func (g_free);
  self->subject_first = self->subject_last = -1;
  self->drag_from = self->drag_to = -1;
  self->anchor = self->cursor = -1;
  gtk_widget_set_focusable (GTK_WIDGET (self), TRUE);
  g_object_set (gtk_widget_get_layout_manager (GTK_WIDGET (self)), "spacing", 2, "row-spacing", 4, NULL);
  g_signal_connect (drag, "drag-begin", G_CALLBACK (on_drag_begin), self);
  g_signal_connect (drag, "drag-update", G_CALLBACK (on_drag_update), self);
  g_signal_connect (drag, "drag-end", G_CALLBACK (on_drag_end), self);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (drag));
}

GtkWidget *
eg_token_strip_new (void)
{
  return g_object_new (EG_TYPE_TOKEN_STRIP, NULL);
}

void
eg_token_strip_set_tokens (EgTokenStrip *self, const char *const *texts, const guint32 *ids, gsize n)
{
  g_return_if_fail (EG_IS_TOKEN_STRIP (self));

  while (self->chips->len > n)
    gtk_widget_unparent (g_ptr_array_steal_index (self->chips, self->chips->len - 1));
  while (self->chips->len < n)
    {
      GtkWidget *chip = gtk_label_new (NULL);
      gtk_widget_add_css_class (chip, "token");
      gtk_widget_set_cursor_from_name (chip, "pointer");
      gtk_label_set_ellipsize (GTK_LABEL (chip), PANGO_ELLIPSIZE_MIDDLE);
      gtk_label_set_justify (GTK_LABEL (chip), GTK_JUSTIFY_CENTER);
      gtk_widget_set_parent (chip, GTK_WIDGET (self));
      g_ptr_array_add (self->chips, chip);
    }
  g_ptr_array_set_size (self->texts, 0);
  for (gsize i = 0; i < n; i++)
    {
      g_ptr_array_add (self->texts, chip_markup (texts[i]));
      show_text (self, (guint)i);
      g_autofree char *tooltip = g_strdup_printf (_ ("Token %u at position %zu"), ids[i], i);
      gtk_widget_set_tooltip_text (self->chips->pdata[i], tooltip);
    }
  show_subject (self);
}

void
eg_token_strip_set_subject (EgTokenStrip *self, gssize first, gssize last)
{
  g_return_if_fail (EG_IS_TOKEN_STRIP (self));

  const gboolean moved = first != self->subject_first || last != self->subject_last;
  self->subject_first = first;
  self->subject_last = last;
  show_subject (self);
  /* After the chips have their places; a drag and the keys have brought their end into view. */
  if (moved && self->drag_from < 0 && last != self->cursor && self->reveal_id == 0)
    self->reveal_id = g_idle_add_full (GDK_PRIORITY_REDRAW + 10, reveal_subject, self, NULL);
}

void
eg_token_strip_set_numbered (EgTokenStrip *self, gboolean numbered)
{
  g_return_if_fail (EG_IS_TOKEN_STRIP (self));

  if (self->numbered == numbered)
    return;
  self->numbered = numbered;
  for (guint i = 0; i < self->chips->len; i++)
    show_text (self, i);
}
