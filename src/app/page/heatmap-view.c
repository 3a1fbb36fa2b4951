/* The map as a widget: pointer, keys and focus, pins, the card, and what a screen reader hears. */
#include "app/page/heatmap-view.h"

#include "app/page/cell-card.h"
#include "app/page/cell-text.h"
#include "app/page/heatmap-picture.h"
#include "app/page/map-scroll.h"
#include "app/parts/plot-style.h"

#include <adwaita.h>
#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#define CARD_DISTANCE 8  /* from the pointer, px */
#define WIDE_CARD     24 /* font sizes: where the map is less than this, the card has no curves */
#define HIGH_CARD     14
#define PAGE          8 /* rows of a step by Page Up and Page Down */

struct _EgHeatmapView
{
  GtkWidget parent_instance;
  EgTraceGrid *grid;
  EgHeatmapStyle style;
  EgHeatmapPicture *picture; /* without cursor and card */
  EgMapScroll *scroll;
  gboolean dimmed;

  GtkWidget *card;
  guint numbers_tick; /* those of the card and of the description are to be refreshed */
  gboolean has_cursor, cursor_by_keyboard;
  gsize layer, position;
  double pointer_x, pointer_y; /* NaN: elsewhere */
  EgCell pins[EG_MAX_PINS];
  gsize n_pins;
};

enum
{
  PINS_CHANGED,
  CURSOR_MOVED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (EgHeatmapView, eg_heatmap_view, GTK_TYPE_WIDGET)

static void
forget_picture (EgHeatmapView *self)
{
  eg_heatmap_picture_forget (self->picture);
  gtk_widget_queue_allocate (GTK_WIDGET (self));
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

/* NULL while there is nothing to show, or no room for it. */
static const EgHeatmapLayout *
ensure_layout (EgHeatmapView *self)
{
  GtkWidget *widget = GTK_WIDGET (self);
  const int width = gtk_widget_get_width (widget), height = gtk_widget_get_height (widget);
  double x, y;

  if (self->grid == NULL || width <= 0 || height <= 0)
    return NULL;
  if (eg_heatmap_picture_get_layout (self->picture) == NULL)
    {
      EgHeatmapStyle style = self->style;
      style.font_size = eg_plot_style_fit_font (style.font_size, width);
      const EgHeatmapLayout *layout = eg_heatmap_picture_measure (
          self->picture, self->grid, &style, width, height, gtk_widget_get_scale_factor (widget),
          eg_map_scroll_get_zoom (self->scroll));
      eg_map_scroll_configure (self->scroll, layout);
      eg_map_scroll_get_place (self->scroll, &x, &y);
      eg_heatmap_picture_scroll (self->picture, x, y);
    }
  return eg_heatmap_picture_get_layout (self->picture);
}

/* ---- the cursor and its card ---- */

/* Shows the cell's numbers in the card, without curves where there is no room for them. */
static void
fill_card (EgHeatmapView *self)
{
  const double em = eg_plot_style_font_size (GTK_WIDGET (self));
  const gboolean narrow = gtk_widget_get_width (GTK_WIDGET (self)) < WIDE_CARD * em
                          || gtk_widget_get_height (GTK_WIDGET (self)) < HIGH_CARD * em;

  eg_cell_card_set_compact (EG_CELL_CARD (self->card), narrow);
  eg_cell_card_set_cell (EG_CELL_CARD (self->card), self->grid, self->layer, self->position);
}

/* Once a frame, however often numbers come in: what is seen of them, and what is heard. */
static gboolean
refresh_numbers (GtkWidget *widget, GdkFrameClock *clock, gpointer data)
{
  EgHeatmapView *self = EG_HEATMAP_VIEW (widget);

  self->numbers_tick = 0;
  if (self->has_cursor && self->grid != NULL)
    fill_card (self);
  eg_heatmap_view_announce (self);
  return G_SOURCE_REMOVE;
}

static void
queue_refresh_of_numbers (EgHeatmapView *self)
{
  if (self->numbers_tick == 0)
    self->numbers_tick = gtk_widget_add_tick_callback (GTK_WIDGET (self), refresh_numbers, NULL, NULL);
}

static void
update_card (EgHeatmapView *self)
{
  const gboolean visible = self->has_cursor && self->grid != NULL;

  if (visible)
    fill_card (self);
  gtk_widget_set_visible (self->card, visible);
  g_signal_emit (self, signals[CURSOR_MOVED], 0);
  gtk_widget_queue_allocate (GTK_WIDGET (self));
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
hide_cursor (EgHeatmapView *self)
{
  if (!self->has_cursor)
    return;
  self->has_cursor = FALSE;
  update_card (self);
  eg_heatmap_view_announce (self);
}

static void
set_cursor (EgHeatmapView *self, gsize layer, gsize position, gboolean by_keyboard)
{
  const gboolean same = self->has_cursor && self->layer == layer && self->position == position
                        && self->cursor_by_keyboard == by_keyboard;

  self->has_cursor = TRUE;
  self->cursor_by_keyboard = by_keyboard;
  self->layer = layer;
  self->position = position;
  if (same)
    {
      /* Only the pointer has moved: the card follows. */
      gtk_widget_queue_allocate (GTK_WIDGET (self));
      return;
    }
  update_card (self);
  eg_heatmap_view_announce (self);
}

/* What of the cell under the cursor is in view; FALSE where nothing is. */
static gboolean
get_cursor_rect (EgHeatmapView *self, const EgHeatmapLayout *layout, EgRect *rect)
{
  const EgRect cell = eg_heatmap_layout_get_cell (layout, self->layer, self->position), *map = &layout->map;

  rect->x = MAX (cell.x, map->x);
  rect->y = MAX (cell.y, map->y);
  rect->width = MIN (cell.x + cell.width, map->x + map->width) - rect->x;
  rect->height = MIN (cell.y + cell.height, map->y + map->height) - rect->y;
  return rect->width > 0 && rect->height > 0;
}

/* Where a card of this size goes: to the right of and below the point, or on the other side at an edge. */
static void
place_card (EgHeatmapView *self, EgRect from, GtkAllocation *card)
{
  const int right = gtk_widget_get_width (GTK_WIDGET (self)),
            bottom = gtk_widget_get_height (GTK_WIDGET (self));

  if (!self->cursor_by_keyboard)
    from = (EgRect){ self->pointer_x, self->pointer_y, 0, 0 };
  card->x = (int)(from.x + from.width) + CARD_DISTANCE;
  if (card->x + card->width > right)
    card->x = (int)from.x - CARD_DISTANCE - card->width;
  card->y = (int)(from.y + from.height) + CARD_DISTANCE;
  if (card->y + card->height > bottom)
    card->y = (int)from.y - CARD_DISTANCE - card->height;
  card->x = CLAMP (card->x, 0, MAX (right - card->width, 0));
  card->y = CLAMP (card->y, 0, MAX (bottom - card->height, 0));
}

/* The cell under the pointer, which has moved, or the cells below it. */
static void
follow_pointer (EgHeatmapView *self)
{
  const EgHeatmapLayout *layout = ensure_layout (self);
  gsize layer, position;

  if (layout != NULL
      && eg_heatmap_layout_find_cell (layout, self->pointer_x, self->pointer_y, &layer, &position))
    set_cursor (self, layer, position, FALSE);
  else if (!self->cursor_by_keyboard)
    hide_cursor (self);
}

static void
on_motion (GtkEventControllerMotion *controller, double x, double y, gpointer data)
{
  EgHeatmapView *self = data;

  if (self->pointer_x == x && self->pointer_y == y)
    return;
  self->pointer_x = x;
  self->pointer_y = y;
  follow_pointer (self);
}

/* The pointer is elsewhere, as far as can be told. */
static void
forget_pointer (EgHeatmapView *self)
{
  self->pointer_x = self->pointer_y = NAN;
  if (!self->cursor_by_keyboard)
    hide_cursor (self);
}

static void
on_leave (GtkEventControllerMotion *controller, gpointer data)
{
  forget_pointer (data);
}

/* Nobody tells that the pointer leaves what is taken from under it, or another window's pointer. */
static void
on_active_changed (EgHeatmapView *self)
{
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));

  if (GTK_IS_WINDOW (root) && !gtk_window_is_active (GTK_WINDOW (root)))
    forget_pointer (self);
}

static void
eg_heatmap_view_unmap (GtkWidget *widget)
{
  GtkRoot *root = gtk_widget_get_root (widget);

  if (root != NULL)
    g_signal_handlers_disconnect_by_func (root, on_active_changed, widget);
  forget_pointer (EG_HEATMAP_VIEW (widget));
  GTK_WIDGET_CLASS (eg_heatmap_view_parent_class)->unmap (widget);
}

static void
eg_heatmap_view_map (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (eg_heatmap_view_parent_class)->map (widget);
  g_signal_connect_object (gtk_widget_get_root (widget), "notify::is-active", G_CALLBACK (on_active_changed),
                           widget, G_CONNECT_SWAPPED);
}

static void
on_focus_leave (GtkEventControllerFocus *controller, gpointer data)
{
  EgHeatmapView *self = data;

  if (self->cursor_by_keyboard)
    hide_cursor (self);
}

/* ---- pins ---- */

static void
set_pins (EgHeatmapView *self, gsize n)
{
  self->n_pins = n;
  g_signal_emit (self, signals[PINS_CHANGED], 0);
  eg_heatmap_view_announce (self);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static gssize
find_pin (EgHeatmapView *self, gsize layer, gsize position)
{
  for (gsize i = 0; i < self->n_pins; i++)
    if (self->pins[i].layer == layer && self->pins[i].position == position)
      return (gssize)i;
  return -1;
}

/* When there are too many, the oldest goes. */
static void
toggle_pin (EgHeatmapView *self, gsize layer, gsize position)
{
  gssize at = find_pin (self, layer, position);
  const gboolean add = at < 0;
  gsize n = self->n_pins;

  if (add && n == EG_MAX_PINS)
    at = 0;
  if (at >= 0)
    {
      memmove (self->pins + at, self->pins + at + 1, (n - (gsize)at - 1) * sizeof *self->pins);
      n--;
    }
  if (add)
    self->pins[n++] = (EgCell){ layer, position };
  set_pins (self, n);
}

static gboolean
pin_cursor (GtkWidget *widget, GVariant *args, gpointer data)
{
  EgHeatmapView *self = EG_HEATMAP_VIEW (widget);

  if (self->grid == NULL || !self->has_cursor)
    return FALSE;
  toggle_pin (self, self->layer, self->position);
  return TRUE;
}

static void
on_pressed (GtkGestureClick *gesture, int n_press, double x, double y, gpointer data)
{
  gtk_widget_grab_focus (data);
}

static void
on_released (GtkGestureClick *gesture, int n_press, double x, double y, gpointer data)
{
  EgHeatmapView *self = data;
  const EgHeatmapLayout *layout = ensure_layout (self);
  gsize layer, position;

  if (layout != NULL && eg_heatmap_layout_find_cell (layout, x, y, &layer, &position))
    toggle_pin (self, layer, position);
}

/* The cell a step away, held at the map's edges. */
static gsize
move_by (gsize from, int step, gsize n)
{
  if (step < 0)
    return from > (gsize)-step ? from - (gsize)-step : 0;
  return MIN (from + (gsize)step, n - 1);
}

static gboolean
move_cursor (GtkWidget *widget, GVariant *args, gpointer data)
{
  EgHeatmapView *self = EG_HEATMAP_VIEW (widget);
  const EgHeatmapLayout *layout = ensure_layout (self);
  gsize layer = self->layer, position = self->position;
  int down, across;

  if (layout == NULL)
    return FALSE;
  g_variant_get (args, "(ii)", &down, &across);
  /* The first key shows where the cursor is. */
  if (self->has_cursor)
    {
      /* Of the layout: bars lie as they must. */
      const gboolean tokens_down = layout->style.orientation == EG_ORIENTATION_TOKENS_DOWN;
      layer = move_by (layer, tokens_down ? across : down, self->grid->n_layers);
      position = move_by (position, tokens_down ? down : across, self->grid->n_tokens);
    }
  eg_map_scroll_reveal (self->scroll, eg_heatmap_layout_get_cell (layout, layer, position));
  set_cursor (self, layer, position, TRUE);
  return TRUE;
}

/* ---- zoom ---- */

static void
on_scroll_changed (GtkWidget *widget, gboolean zoomed)
{
  EgHeatmapView *self = EG_HEATMAP_VIEW (widget);
  double x, y;

  if (zoomed)
    {
      forget_picture (self);
      ensure_layout (self);
    }
  else
    {
      eg_map_scroll_get_place (self->scroll, &x, &y);
      eg_heatmap_picture_scroll (self->picture, x, y);
      gtk_widget_queue_allocate (widget);
      gtk_widget_queue_draw (widget);
    }
  if (!isnan (self->pointer_x) && !self->cursor_by_keyboard)
    follow_pointer (self);
}

/* About the cursor, where there is one, or else about the middle. */
void
eg_heatmap_view_zoom (EgHeatmapView *self, double factor)
{
  g_return_if_fail (EG_IS_HEATMAP_VIEW (self));

  const EgHeatmapLayout *layout = ensure_layout (self);
  EgRect around;

  if (layout == NULL)
    return;
  if (!self->has_cursor || !get_cursor_rect (self, layout, &around))
    around = layout->map;
  eg_map_scroll_zoom (self->scroll, factor, around.x + around.width / 2, around.y + around.height / 2);
}

double
eg_heatmap_view_get_zoom (EgHeatmapView *self)
{
  g_return_val_if_fail (EG_IS_HEATMAP_VIEW (self), 1);

  return eg_map_scroll_get_zoom (self->scroll);
}

/* ---- the widget ---- */

static void
eg_heatmap_view_measure (GtkWidget *widget,
                         GtkOrientation orientation,
                         int for_size,
                         int *minimum,
                         int *natural,
                         int *minimum_baseline,
                         int *natural_baseline)
{
  const double em = eg_plot_style_font_size (widget);

  /* GTK wants every visible child measured before it is placed. */
  gtk_widget_measure (EG_HEATMAP_VIEW (widget)->card, orientation, -1, NULL, NULL, NULL, NULL);
  eg_map_scroll_measure (EG_HEATMAP_VIEW (widget)->scroll, orientation);
  if (orientation == GTK_ORIENTATION_HORIZONTAL)
    {
      *minimum = MIN ((int)(18 * em), EG_PLOT_MIN_WIDTH);
      *natural = (int)(50 * em);
    }
  else
    {
      *minimum = (int)(16 * em);
      *natural = (int)(26 * em);
    }
}

static void
eg_heatmap_view_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  EgHeatmapView *self = EG_HEATMAP_VIEW (widget);
  const EgHeatmapLayout *layout = eg_heatmap_picture_get_layout (self->picture);
  GtkAllocation place = { 0 };
  EgRect cell;

  if (layout != NULL && ((int)layout->width != width || (int)layout->height != height))
    {
      eg_heatmap_picture_forget (self->picture);
      queue_refresh_of_numbers (self);
    }
  layout = ensure_layout (self);
  eg_map_scroll_allocate (self->scroll);
  if (layout == NULL || !gtk_widget_should_layout (self->card))
    return;

  gtk_widget_measure (self->card, GTK_ORIENTATION_HORIZONTAL, -1, NULL, &place.width, NULL, NULL);
  place.width = MIN (place.width, width);
  gtk_widget_measure (self->card, GTK_ORIENTATION_VERTICAL, place.width, NULL, &place.height, NULL, NULL);
  /* The keyboard's cell can be scrolled away. */
  const gboolean in_view = get_cursor_rect (self, layout, &cell);
  gtk_widget_set_child_visible (self->card, in_view);
  if (in_view)
    place_card (self, cell, &place);
  gtk_widget_size_allocate (self->card, &place, -1);
}

/* A frame of one colour around a cell. */
static void
append_frame (GtkSnapshot *snapshot, EgRect cell, float grow, float width, GdkRGBA color)
{
  const graphene_rect_t rect
      = GRAPHENE_RECT_INIT ((float)cell.x - grow, (float)cell.y - grow, (float)cell.width + 2 * grow,
                            (float)cell.height + 2 * grow);
  const float widths[] = { width, width, width, width };
  const GdkRGBA colors[] = { color, color, color, color };
  GskRoundedRect outline;

  gsk_rounded_rect_init_from_rect (&outline, &rect, 0);
  gtk_snapshot_append_border (snapshot, &outline, widths, colors);
}

static void
snapshot_pins_and_cursor (EgHeatmapView *self, const EgHeatmapLayout *layout, GtkSnapshot *snapshot)
{
  const EgRect *map = &layout->map;
  /* Frames reach out of their cells; those of cells that are cut must not reach out of the map. */
  const float out = eg_heatmap_layout_is_cut (layout) ? 1 : 3;
  const graphene_rect_t clip = GRAPHENE_RECT_INIT ((float)map->x - out, (float)map->y - out,
                                                   (float)map->width + 2 * out, (float)map->height + 2 * out);

  gtk_snapshot_push_clip (snapshot, &clip);
  for (gsize i = 0; i < self->n_pins; i++)
    {
      const EgRect cell = eg_heatmap_layout_get_cell (layout, self->pins[i].layer, self->pins[i].position);
      const EgColor pin = eg_curves_pin_color (eg_curves_pin_group (self->pins, i), FALSE);
      append_frame (snapshot, cell, 1, 3, (GdkRGBA){ 1, 1, 1, 1 });
      append_frame (snapshot, cell, 1, 2, (GdkRGBA){ (float)pin.red, (float)pin.green, (float)pin.blue, 1 });
    }
  if (self->has_cursor)
    {
      /* Light inside dark: to be seen on every colour. */
      const EgRect cell = eg_heatmap_layout_get_cell (layout, self->layer, self->position);
      append_frame (snapshot, cell, 2, 2, (GdkRGBA){ 0, 0, 0, 0.85f });
      append_frame (snapshot, cell, 0, 2, (GdkRGBA){ 1, 1, 1, 1 });
    }
  gtk_snapshot_pop (snapshot);
}

static void
eg_heatmap_view_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  EgHeatmapView *self = EG_HEATMAP_VIEW (widget);
  const EgHeatmapLayout *layout = ensure_layout (self);

  if (layout == NULL)
    return;
  if (self->dimmed)
    gtk_snapshot_push_opacity (snapshot, EG_DIMMED);
  eg_heatmap_picture_snapshot (self->picture, self->grid, snapshot);
  if (self->dimmed)
    gtk_snapshot_pop (snapshot);
  snapshot_pins_and_cursor (self, layout, snapshot);
  eg_map_scroll_snapshot (self->scroll, snapshot);
  gtk_widget_snapshot_child (widget, self->card, snapshot);
}

static void
restyle (EgHeatmapView *self)
{
  eg_plot_style_heatmap (GTK_WIDGET (self), &self->style);
  forget_picture (self);
  gtk_widget_queue_resize (GTK_WIDGET (self));
}

static void
eg_heatmap_view_css_changed (GtkWidget *widget, GtkCssStyleChange *change)
{
  GTK_WIDGET_CLASS (eg_heatmap_view_parent_class)->css_changed (widget, change);
  restyle (EG_HEATMAP_VIEW (widget));
}

static void
eg_heatmap_view_dispose (GObject *object)
{
  EgHeatmapView *self = EG_HEATMAP_VIEW (object);

  g_clear_pointer (&self->card, gtk_widget_unparent);
  g_clear_pointer (&self->scroll, eg_map_scroll_free);
  g_clear_pointer (&self->picture, eg_heatmap_picture_free);
  g_clear_pointer (&self->grid, eg_trace_grid_unref);
  G_OBJECT_CLASS (eg_heatmap_view_parent_class)->dispose (object);
}

static void
add_move (GtkWidgetClass *widget_class,
          guint key,
          guint keypad_key,
          GdkModifierType modifiers,
          int down,
          int across)
{
  gtk_widget_class_add_binding (widget_class, key, modifiers, move_cursor, "(ii)", down, across);
  gtk_widget_class_add_binding (widget_class, keypad_key, modifiers, move_cursor, "(ii)", down, across);
}

static void
eg_heatmap_view_class_init (EgHeatmapViewClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  const int far = G_MAXINT / 2;

  G_OBJECT_CLASS (klass)->dispose = eg_heatmap_view_dispose;
  widget_class->measure = eg_heatmap_view_measure;
  widget_class->size_allocate = eg_heatmap_view_size_allocate;
  widget_class->snapshot = eg_heatmap_view_snapshot;
  widget_class->map = eg_heatmap_view_map;
  widget_class->unmap = eg_heatmap_view_unmap;
  widget_class->css_changed = eg_heatmap_view_css_changed;
  gtk_widget_class_set_css_name (widget_class, "heatmap");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);

  gtk_widget_class_add_binding (widget_class, GDK_KEY_space, 0, pin_cursor, NULL);
  gtk_widget_class_add_binding (widget_class, GDK_KEY_Return, 0, pin_cursor, NULL);
  gtk_widget_class_add_binding (widget_class, GDK_KEY_KP_Enter, 0, pin_cursor, NULL);
  signals[PINS_CHANGED] = g_signal_new ("pins-changed", EG_TYPE_HEATMAP_VIEW, G_SIGNAL_RUN_LAST, 0, NULL,
                                        NULL, NULL, G_TYPE_NONE, 0);
  signals[CURSOR_MOVED] = g_signal_new ("cursor-moved", EG_TYPE_HEATMAP_VIEW, G_SIGNAL_RUN_LAST, 0, NULL,
                                        NULL, NULL, G_TYPE_NONE, 0);
  add_move (widget_class, GDK_KEY_Up, GDK_KEY_KP_Up, 0, -1, 0);
  add_move (widget_class, GDK_KEY_Down, GDK_KEY_KP_Down, 0, 1, 0);
  add_move (widget_class, GDK_KEY_Left, GDK_KEY_KP_Left, 0, 0, -1);
  add_move (widget_class, GDK_KEY_Right, GDK_KEY_KP_Right, 0, 0, 1);
  add_move (widget_class, GDK_KEY_Page_Up, GDK_KEY_KP_Page_Up, 0, -PAGE, 0);
  add_move (widget_class, GDK_KEY_Page_Down, GDK_KEY_KP_Page_Down, 0, PAGE, 0);
  add_move (widget_class, GDK_KEY_Home, GDK_KEY_KP_Home, 0, 0, -far);
  add_move (widget_class, GDK_KEY_End, GDK_KEY_KP_End, 0, 0, far);
  add_move (widget_class, GDK_KEY_Home, GDK_KEY_KP_Home, GDK_CONTROL_MASK, -far, -far);
  add_move (widget_class, GDK_KEY_End, GDK_KEY_KP_End, GDK_CONTROL_MASK, far, far);
}

static void
eg_heatmap_view_init (EgHeatmapView *self)
{
  GtkWidget *widget = GTK_WIDGET (self);
  GtkEventController *motion = gtk_event_controller_motion_new ();
  GtkEventController *focus = gtk_event_controller_focus_new ();
  GtkGesture *click = gtk_gesture_click_new ();

  eg_heatmap_style_init_screen (&self->style, FALSE);
  self->pointer_x = self->pointer_y = NAN;
  gtk_widget_set_focusable (widget, TRUE);
  gtk_widget_set_overflow (widget, GTK_OVERFLOW_HIDDEN);
  self->picture = eg_heatmap_picture_new ();
  self->scroll = eg_map_scroll_new (widget, on_scroll_changed);

  self->card = eg_cell_card_new ();
  gtk_widget_set_can_target (self->card, FALSE);
  gtk_widget_set_visible (self->card, FALSE);
  gtk_widget_set_parent (self->card, widget);

  g_signal_connect (motion, "motion", G_CALLBACK (on_motion), self);
  g_signal_connect (motion, "leave", G_CALLBACK (on_leave), self);
  gtk_widget_add_controller (widget, motion);
  g_signal_connect (focus, "leave", G_CALLBACK (on_focus_leave), self);
  gtk_widget_add_controller (widget, focus);
  g_signal_connect (click, "pressed", G_CALLBACK (on_pressed), self);
  g_signal_connect (click, "released", G_CALLBACK (on_released), self);
  gtk_widget_add_controller (widget, GTK_EVENT_CONTROLLER (click));

  g_signal_connect_object (adw_style_manager_get_default (), "notify::dark", G_CALLBACK (restyle), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect (self, "notify::scale-factor", G_CALLBACK (restyle), NULL);
  eg_heatmap_view_announce (self);
}

GtkWidget *
eg_heatmap_view_new (void)
{
  return g_object_new (EG_TYPE_HEATMAP_VIEW, NULL);
}

static gboolean
has_same_shape (const EgTraceGrid *a, const EgTraceGrid *b)
{
  return a != NULL && b != NULL && a->n_layers == b->n_layers && a->n_tokens == b->n_tokens;
}

void
eg_heatmap_view_set_grid (EgHeatmapView *self, EgTraceGrid *grid)
{
  g_return_if_fail (EG_IS_HEATMAP_VIEW (self));

  if (self->grid == grid)
    return;
  if (!has_same_shape (self->grid, grid))
    {
      self->has_cursor = FALSE;
      self->layer = self->position = 0;
      eg_map_scroll_reset (self->scroll);
      if (self->n_pins > 0)
        set_pins (self, 0);
    }
  if (grid != NULL)
    eg_trace_grid_ref (grid);
  g_clear_pointer (&self->grid, eg_trace_grid_unref);
  self->grid = grid;
  forget_picture (self);
  update_card (self);
  eg_heatmap_view_announce (self);
}

void
eg_heatmap_view_update_cells (EgHeatmapView *self, const EgTraceCell *cells, gsize n_cells)
{
  g_return_if_fail (EG_IS_HEATMAP_VIEW (self));

  if (self->grid == NULL)
    return;
  eg_heatmap_picture_add_changes (self->picture, self->grid, cells, n_cells);
  queue_refresh_of_numbers (self);
  if (eg_heatmap_picture_get_layout (self->picture) == NULL)
    gtk_widget_queue_allocate (GTK_WIDGET (self));
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
eg_heatmap_view_announce (EgHeatmapView *self)
{
  g_return_if_fail (EG_IS_HEATMAP_VIEW (self));

  g_autofree char *label = NULL, *progress = NULL, *cell = NULL, *description = NULL;
  if (self->grid == NULL)
    {
      label = g_strdup (_ ("Heatmap"));
      description = g_strdup (_ ("Nothing traced yet"));
    }
  else
    {
      const gsize n_cells = self->grid->n_layers * self->grid->n_tokens;
      label = g_strdup_printf (_ ("Heatmap of %zu layers by %zu tokens"), self->grid->n_layers,
                               self->grid->n_tokens);
      progress = g_strdup_printf (eg_trace_grid_has_estimated (self->grid)
                                      ? _ ("%'zu of %'zu cells computed, the others estimated")
                                      : _ ("%'zu of %'zu cells"),
                                  eg_count_known_cells (self->grid), n_cells);
      if (self->has_cursor)
        cell = eg_format_cell (self->grid, self->layer, self->position);
      description = cell != NULL ? g_strdup_printf ("%s. %s", cell, progress) : g_strdup (progress);
    }
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, label,
                                  GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, description,
                                  GTK_ACCESSIBLE_PROPERTY_VALUE_TEXT, cell != NULL ? cell : "", -1);
}

void
eg_heatmap_view_set_dimmed (EgHeatmapView *self, gboolean dimmed)
{
  g_return_if_fail (EG_IS_HEATMAP_VIEW (self));

  if (self->dimmed == dimmed)
    return;
  self->dimmed = dimmed;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
eg_heatmap_view_set_colormap (EgHeatmapView *self, EgColormap colormap)
{
  g_return_if_fail (EG_IS_HEATMAP_VIEW (self));

  self->style.colormap = colormap;
  forget_picture (self);
}

void
eg_heatmap_view_set_scale (EgHeatmapView *self, EgScale scale)
{
  g_return_if_fail (EG_IS_HEATMAP_VIEW (self));

  self->style.scale = scale;
  forget_picture (self);
}

void
eg_heatmap_view_set_hatch_noise (EgHeatmapView *self, gboolean hatch_noise)
{
  g_return_if_fail (EG_IS_HEATMAP_VIEW (self));

  self->style.hatch_noise = hatch_noise;
  forget_picture (self);
}

const EgHeatmapLayout *
eg_heatmap_view_get_layout (EgHeatmapView *self)
{
  g_return_val_if_fail (EG_IS_HEATMAP_VIEW (self), NULL);

  return ensure_layout (self);
}

void
eg_heatmap_view_set_orientation (EgHeatmapView *self, EgOrientation orientation)
{
  g_return_if_fail (EG_IS_HEATMAP_VIEW (self));

  if (self->style.orientation == orientation)
    return;
  self->style.orientation = orientation;
  eg_map_scroll_reset (self->scroll);
  forget_picture (self);
}

const EgCell *
eg_heatmap_view_get_pins (EgHeatmapView *self, gsize *n)
{
  *n = self->n_pins;
  return self->pins;
}

void
eg_heatmap_view_unpin_all (EgHeatmapView *self)
{
  g_return_if_fail (EG_IS_HEATMAP_VIEW (self));

  if (self->n_pins > 0)
    set_pins (self, 0);
}

gssize
eg_heatmap_view_get_layer (EgHeatmapView *self)
{
  return self->has_cursor && self->grid != NULL ? (gssize)self->layer : -1;
}
