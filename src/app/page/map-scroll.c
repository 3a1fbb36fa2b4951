/* Zoom and place of the map, from wheel, fingers, keys and scrollbars. */
#include "app/page/map-scroll.h"

#include <math.h>

#define SURFACE_UNITS 40.0 /* pixels of a touchpad's scrolling that count as a notch */
#define LARGEST_CELL  6.0  /* times the font size */
#define LEAST_LIMIT   4.0  /* so often can any map be enlarged */
#define LARGEST_ZOOM  64.0
#define FRICTION      4.0  /* of scrolling that goes on when the fingers have left, 1/s */
#define SLOWEST       20.0 /* at which that ends, pixels a second */
#define PAN_THRESHOLD 8.0  /* pixels of a finger's move that make it no click */

enum
{
  ACROSS,
  DOWN,
};

struct _EgMapScroll
{
  GtkWidget *widget;
  EgMapScrollFunc changed;
  GtkAdjustment *adjustments[2];
  GtkWidget *bars[2];
  EgRect map;
  double all[2]; /* the size of all cells; 0: not known */
  double zoom, largest;
  gboolean configuring;
  /* The point that a zoom keeps in its place: of the cells, 0 … 1, and of the widget. */
  gboolean has_anchor;
  double anchor[2], anchor_at[2];
  double pointer[2];  /* where it is, or was last */
  double pinch_zoom;  /* at the beginning of a pinch */
  double pan_from[2]; /* the adjustments when a finger came down */
  double speed[2];    /* of scrolling that goes on, pixels a second */
  gint64 speed_time;  /* of the last frame of that */
  guint tick;
};

static double
get_least (const EgRect *rect, guint axis)
{
  return axis == ACROSS ? rect->x : rect->y;
}

static double
get_length (const EgRect *rect, guint axis)
{
  return axis == ACROSS ? rect->width : rect->height;
}

static void
stop_moving (EgMapScroll *self)
{
  if (self->tick != 0)
    gtk_widget_remove_tick_callback (self->widget, self->tick);
  self->tick = 0;
}

static void
on_value_changed (GtkAdjustment *adjustment, gpointer data)
{
  EgMapScroll *self = data;

  if (!self->configuring)
    self->changed (self->widget, FALSE);
}

static gboolean
can_scroll (EgMapScroll *self)
{
  return self->all[ACROSS] > get_length (&self->map, ACROSS)
         || self->all[DOWN] > get_length (&self->map, DOWN);
}

static void
move_by (EgMapScroll *self, guint axis, double distance)
{
  GtkAdjustment *adjustment = self->adjustments[axis];
  gtk_adjustment_set_value (adjustment, gtk_adjustment_get_value (adjustment) + distance);
}

void
eg_map_scroll_zoom (EgMapScroll *self, double factor, double x, double y)
{
  const double zoom = factor > 0 ? CLAMP (self->zoom * factor, 1, self->largest) : 1;
  const double at[] = { x, y };

  if (fabs (zoom - self->zoom) < 1e-6 || self->all[ACROSS] <= 0)
    return;
  stop_moving (self);
  for (guint axis = ACROSS; axis <= DOWN; axis++)
    {
      const double begin = get_least (&self->map, axis), length = get_length (&self->map, axis);
      self->anchor_at[axis] = CLAMP (at[axis], begin, begin + length);
      self->anchor[axis]
          = (self->anchor_at[axis] - begin + gtk_adjustment_get_value (self->adjustments[axis]))
            / self->all[axis];
    }
  self->has_anchor = TRUE;
  /* Not quite 1, by rounding, would leave a pixel to scroll. */
  self->zoom = zoom < 1.01 ? 1 : zoom;
  self->changed (self->widget, TRUE);
}

/* ---- input ---- */

static gboolean
on_scroll (GtkEventControllerScroll *controller, double dx, double dy, gpointer data)
{
  EgMapScroll *self = data;
  const GdkModifierType state
      = gtk_event_controller_get_current_event_state (GTK_EVENT_CONTROLLER (controller));
  const gboolean pixels = gtk_event_controller_scroll_get_unit (controller) == GDK_SCROLL_UNIT_SURFACE;
  double step[2] = { dx, dy };

  if (state & GDK_CONTROL_MASK)
    {
      eg_map_scroll_zoom (self, pow (EG_ZOOM_STEP, -dy / (pixels ? SURFACE_UNITS : 1)), self->pointer[ACROSS],
                          self->pointer[DOWN]);
      return GDK_EVENT_STOP;
    }
  if (!can_scroll (self))
    return GDK_EVENT_PROPAGATE;
  stop_moving (self);
  if (state & GDK_SHIFT_MASK)
    {
      step[ACROSS] = dy;
      step[DOWN] = dx;
    }
  for (guint axis = ACROSS; axis <= DOWN; axis++)
    {
      /* A notch moves as far as in any other list: GTK's rule. */
      const double notch = pow (get_length (&self->map, axis), 2.0 / 3);
      move_by (self, axis, step[axis] * (pixels ? 1 : notch));
    }
  return GDK_EVENT_STOP;
}

/* Goes on after the fingers have left, ever more slowly. */
static gboolean
on_tick (GtkWidget *widget, GdkFrameClock *clock, gpointer data)
{
  EgMapScroll *self = data;
  const gint64 now = gdk_frame_clock_get_frame_time (clock);
  const double seconds = (double)(now - self->speed_time) / G_USEC_PER_SEC;

  self->speed_time = now;
  for (guint axis = ACROSS; axis <= DOWN; axis++)
    {
      move_by (self, axis, self->speed[axis] * seconds);
      self->speed[axis] *= exp (-FRICTION * seconds);
    }
  if (hypot (self->speed[ACROSS], self->speed[DOWN]) > SLOWEST)
    return G_SOURCE_CONTINUE;
  self->tick = 0;
  return G_SOURCE_REMOVE;
}

static void
on_decelerate (GtkEventControllerScroll *controller, double speed_x, double speed_y, gpointer data)
{
  EgMapScroll *self = data;
  gboolean animate;

  g_object_get (gtk_widget_get_settings (self->widget), "gtk-enable-animations", &animate, NULL);
  stop_moving (self);
  if (!animate || !can_scroll (self))
    return;
  self->speed[ACROSS] = speed_x;
  self->speed[DOWN] = speed_y;
  self->speed_time = gdk_frame_clock_get_frame_time (gtk_widget_get_frame_clock (self->widget));
  self->tick = gtk_widget_add_tick_callback (self->widget, on_tick, self, NULL);
}

/* Events of a wheel do not say where they happen. */
static void
on_motion (GtkEventControllerMotion *controller, double x, double y, gpointer data)
{
  EgMapScroll *self = data;

  self->pointer[ACROSS] = x;
  self->pointer[DOWN] = y;
}

static void
on_pinch_begin (GtkGesture *gesture, GdkEventSequence *sequence, gpointer data)
{
  EgMapScroll *self = data;

  self->pinch_zoom = self->zoom;
  gtk_gesture_set_state (gesture, GTK_EVENT_SEQUENCE_CLAIMED);
}

static void
on_pinch (GtkGestureZoom *gesture, double scale, gpointer data)
{
  EgMapScroll *self = data;
  double x, y;

  if (gtk_gesture_get_bounding_box_center (GTK_GESTURE (gesture), &x, &y))
    eg_map_scroll_zoom (self, self->pinch_zoom * scale / self->zoom, x, y);
}

static void
on_pan_begin (GtkGestureDrag *gesture, double x, double y, gpointer data)
{
  EgMapScroll *self = data;

  stop_moving (self);
  for (guint axis = ACROSS; axis <= DOWN; axis++)
    self->pan_from[axis] = gtk_adjustment_get_value (self->adjustments[axis]);
}

static void
on_pan (GtkGestureDrag *gesture, double dx, double dy, gpointer data)
{
  EgMapScroll *self = data;

  if (!can_scroll (self) || hypot (dx, dy) < PAN_THRESHOLD)
    return;
  gtk_gesture_set_state (GTK_GESTURE (gesture), GTK_EVENT_SEQUENCE_CLAIMED);
  gtk_adjustment_set_value (self->adjustments[ACROSS], self->pan_from[ACROSS] - dx);
  gtk_adjustment_set_value (self->adjustments[DOWN], self->pan_from[DOWN] - dy);
}

static void
add_controllers (EgMapScroll *self)
{
  GtkEventController *scroll = gtk_event_controller_scroll_new (GTK_EVENT_CONTROLLER_SCROLL_BOTH_AXES
                                                                | GTK_EVENT_CONTROLLER_SCROLL_KINETIC);
  GtkEventController *motion = gtk_event_controller_motion_new ();
  GtkGesture *pinch = gtk_gesture_zoom_new (), *pan = gtk_gesture_drag_new ();

  g_signal_connect (motion, "enter", G_CALLBACK (on_motion), self);
  g_signal_connect (motion, "motion", G_CALLBACK (on_motion), self);
  gtk_widget_add_controller (self->widget, motion);

  g_signal_connect (scroll, "scroll", G_CALLBACK (on_scroll), self);
  g_signal_connect (scroll, "decelerate", G_CALLBACK (on_decelerate), self);
  gtk_widget_add_controller (self->widget, scroll);
  g_signal_connect (pinch, "begin", G_CALLBACK (on_pinch_begin), self);
  g_signal_connect (pinch, "scale-changed", G_CALLBACK (on_pinch), self);
  gtk_widget_add_controller (self->widget, GTK_EVENT_CONTROLLER (pinch));
  gtk_gesture_single_set_touch_only (GTK_GESTURE_SINGLE (pan), TRUE);
  g_signal_connect (pan, "drag-begin", G_CALLBACK (on_pan_begin), self);
  g_signal_connect (pan, "drag-update", G_CALLBACK (on_pan), self);
  gtk_widget_add_controller (self->widget, GTK_EVENT_CONTROLLER (pan));
}

/* ---- the rest ---- */

EgMapScroll *
eg_map_scroll_new (GtkWidget *widget, EgMapScrollFunc changed)
{
  EgMapScroll *self = g_new0 (EgMapScroll, 1);

  self->widget = widget;
  self->changed = changed;
  self->zoom = 1;
  self->largest = LARGEST_ZOOM;
  for (guint axis = ACROSS; axis <= DOWN; axis++)
    {
      self->adjustments[axis] = g_object_ref_sink (gtk_adjustment_new (0, 0, 0, 0, 0, 0));
      self->bars[axis] = gtk_scrollbar_new (
          axis == ACROSS ? GTK_ORIENTATION_HORIZONTAL : GTK_ORIENTATION_VERTICAL, self->adjustments[axis]);
      gtk_widget_add_css_class (self->bars[axis], "overlay-indicator");
      gtk_widget_set_child_visible (self->bars[axis], FALSE);
      gtk_widget_set_parent (self->bars[axis], widget);
      g_signal_connect (self->adjustments[axis], "value-changed", G_CALLBACK (on_value_changed), self);
    }
  add_controllers (self);
  return self;
}

void
eg_map_scroll_free (EgMapScroll *self)
{
  if (self == NULL)
    return;
  stop_moving (self);
  for (guint axis = ACROSS; axis <= DOWN; axis++)
    {
      g_signal_handlers_disconnect_by_data (self->adjustments[axis], self);
      gtk_widget_unparent (self->bars[axis]);
      g_object_unref (self->adjustments[axis]);
    }
  g_free (self);
}

double
eg_map_scroll_get_zoom (EgMapScroll *self)
{
  return self->zoom;
}

void
eg_map_scroll_get_place (EgMapScroll *self, double *x, double *y)
{
  *x = gtk_adjustment_get_value (self->adjustments[ACROSS]);
  *y = gtk_adjustment_get_value (self->adjustments[DOWN]);
}

/* The value at which what was zoomed at stays where it was; or, of a map of another size, the same part in
 * view. */
static double
find_value (EgMapScroll *self, guint axis, double length)
{
  const double old = self->all[axis];

  if (self->has_anchor)
    return self->anchor[axis] * length - (self->anchor_at[axis] - get_least (&self->map, axis));
  return old > 0 ? gtk_adjustment_get_value (self->adjustments[axis]) * length / old : 0;
}

void
eg_map_scroll_configure (EgMapScroll *self, const EgHeatmapLayout *layout)
{
  const EgRect cell = eg_heatmap_layout_get_cell (layout, 0, 0);
  const double fit = MAX (MIN (cell.width, cell.height) / layout->zoom, 1e-3);

  self->largest = CLAMP (LARGEST_CELL * layout->style.font_size / fit, LEAST_LIMIT, LARGEST_ZOOM);
  self->map = layout->map;
  self->configuring = TRUE;
  for (guint axis = ACROSS; axis <= DOWN; axis++)
    {
      const double page = get_length (&layout->map, axis), all = get_length (&layout->cells, axis);
      gtk_adjustment_configure (self->adjustments[axis], CLAMP (find_value (self, axis, all), 0, all - page),
                                0, all, page / 10, page * 0.9, page);
      gtk_widget_set_child_visible (self->bars[axis], all > page + 0.5);
      self->all[axis] = all;
    }
  self->configuring = FALSE;
  self->has_anchor = FALSE;
}

void
eg_map_scroll_reset (EgMapScroll *self)
{
  stop_moving (self);
  self->zoom = 1;
  self->has_anchor = FALSE;
  self->all[ACROSS] = self->all[DOWN] = 0;
}

void
eg_map_scroll_reveal (EgMapScroll *self, EgRect rect)
{
  for (guint axis = ACROSS; axis <= DOWN; axis++)
    {
      const double begin = get_least (&rect, axis) - get_least (&self->map, axis);
      const double end = begin + get_length (&rect, axis) - get_length (&self->map, axis);
      if (begin < 0)
        move_by (self, axis, begin);
      else if (end > 0)
        move_by (self, axis, MIN (end, begin));
    }
}

void
eg_map_scroll_measure (EgMapScroll *self, GtkOrientation orientation)
{
  for (guint axis = ACROSS; axis <= DOWN; axis++)
    gtk_widget_measure (self->bars[axis], orientation, -1, NULL, NULL, NULL, NULL);
}

/* Within the map's lower and right edges, short of the corner between them. */
void
eg_map_scroll_allocate (EgMapScroll *self)
{
  int thickness[2];

  for (guint axis = ACROSS; axis <= DOWN; axis++)
    gtk_widget_measure (self->bars[axis],
                        axis == ACROSS ? GTK_ORIENTATION_VERTICAL : GTK_ORIENTATION_HORIZONTAL, -1, NULL,
                        &thickness[axis], NULL, NULL);
  const EgRect *map = &self->map;
  const GtkAllocation across = { .x = (int)map->x,
                                 .y = (int)(map->y + map->height) - thickness[ACROSS],
                                 .width = (int)map->width - thickness[DOWN],
                                 .height = thickness[ACROSS] };
  const GtkAllocation down = { .x = (int)(map->x + map->width) - thickness[DOWN],
                               .y = (int)map->y,
                               .width = thickness[DOWN],
                               .height = (int)map->height - thickness[ACROSS] };
  if (gtk_widget_get_child_visible (self->bars[ACROSS]))
    gtk_widget_size_allocate (self->bars[ACROSS], &across, -1);
  if (gtk_widget_get_child_visible (self->bars[DOWN]))
    gtk_widget_size_allocate (self->bars[DOWN], &down, -1);
}

void
eg_map_scroll_snapshot (EgMapScroll *self, GtkSnapshot *snapshot)
{
  for (guint axis = ACROSS; axis <= DOWN; axis++)
    gtk_widget_snapshot_child (self->widget, self->bars[axis], snapshot);
}
