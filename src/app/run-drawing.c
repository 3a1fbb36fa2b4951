#include "app/run-drawing.h"

#include <glib/gi18n.h>
#include <math.h>

#define N_RUNS   3
#define N_LAYERS 4
#define N_TOKENS 5

/* The drawing's own prompt: its subject, and the cell that the third run puts back. */
#define SUBJECT_FIRST  1
#define SUBJECT_LAST   2
#define RESTORED_LAYER 1
#define RESTORED_TOKEN 2

#define CELL       14.0 /* pixels, as all that follows */
#define GAP        3.0
#define GRID_WIDTH (N_TOKENS * (CELL + GAP) - GAP)
#define ROW_HEIGHT (N_LAYERS * (CELL + GAP) + 22.0)
#define BAR_WIDTH  70.0
#define WIDTH      300
#define PERIOD     4.0 /* seconds of one round */
#define STILL      0.7 /* the part of it in which the answer stands there */

struct _EgRunDrawing
{
  GtkWidget parent_instance;
  guint tick;
  gint64 started; /* microseconds of the frame clock; 0: not yet */
  double phase;   /* 0 … 1, how much of the runs is computed */
};

G_DEFINE_FINAL_TYPE (EgRunDrawing, eg_run_drawing, GTK_TYPE_WIDGET)

enum
{
  CLEAN,
  CORRUPTED,
  RESTORED
};

/* How much of the answer each run keeps: an example, not a measurement. */
static const double answers[N_RUNS] = { 0.95, 0.05, 0.6 };

/* What reaches a cell: 0 noise … 1 the clean value. Noise enters at the subject and goes on to the right and
 * down. */
static double
cleanness (int run, int layer, int token)
{
  if (run == CLEAN || token < SUBJECT_FIRST)
    return 1;
  if (run == RESTORED && layer == RESTORED_LAYER && token == RESTORED_TOKEN)
    return 1;
  if (run == RESTORED && layer > RESTORED_LAYER && token >= RESTORED_TOKEN)
    return 0.6;
  return token <= SUBJECT_LAST ? 0 : MAX (0, 0.5 - 0.15 * layer);
}

static void
draw_cell (cairo_t *cr, int run, int layer, int token, double x, double y)
{
  static const double clean[] = { 0.27, 0.46, 0.71 }, noise[] = { 0.84, 0.19, 0.15 };
  const double share = cleanness (run, layer, token);

  cairo_set_source_rgb (cr, share * clean[0] + (1 - share) * noise[0],
                        share * clean[1] + (1 - share) * noise[1], share * clean[2] + (1 - share) * noise[2]);
  cairo_rectangle (cr, x, y, CELL, CELL);
  cairo_fill (cr);
}

static void
draw_text (GtkWidget *widget, cairo_t *cr, const char *text, double x, double y)
{
  g_autoptr (PangoLayout) layout = gtk_widget_create_pango_layout (widget, text);
  cairo_move_to (cr, x, y);
  pango_cairo_show_layout (cr, layout);
}

static void
draw_run (EgRunDrawing *self, cairo_t *cr, const GdkRGBA *color, int run, double top)
{
  const char *const names[N_RUNS] = { _ ("Clean: undisturbed"), _ ("Corrupted: noise on the subject"),
                                      _ ("Restored: one state put back") };
  const double grid_top = top + 20, reached = self->phase * (N_TOKENS + N_LAYERS);

  gdk_cairo_set_source_rgba (cr, color);
  draw_text (GTK_WIDGET (self), cr, names[run], 0, top);
  for (int l = 0; l < N_LAYERS; l++)
    for (int t = 0; t < N_TOKENS; t++)
      {
        const double x = t * (CELL + GAP), y = grid_top + l * (CELL + GAP);
        if (l + t < reached)
          draw_cell (cr, run, l, t, x, y);
        gdk_cairo_set_source_rgba (cr, color);
        cairo_set_line_width (cr, run == RESTORED && l == RESTORED_LAYER && t == RESTORED_TOKEN ? 2.5 : 0.5);
        cairo_rectangle (cr, x + 0.5, y + 0.5, CELL - 1, CELL - 1);
        cairo_stroke (cr);
      }
  if (self->phase < 1)
    return;
  const double x = GRID_WIDTH + 18, y = grid_top + (N_LAYERS - 1) * (CELL + GAP);
  gdk_cairo_set_source_rgba (cr, color);
  cairo_rectangle (cr, x, y, BAR_WIDTH * answers[run], CELL);
  cairo_fill (cr);
  draw_text (GTK_WIDGET (self), cr, _ ("answer"), x + BAR_WIDTH + 6, y - 2);
}

static void
eg_run_drawing_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  EgRunDrawing *self = EG_RUN_DRAWING (widget);
  const int width = gtk_widget_get_width (widget), height = gtk_widget_get_height (widget);
  cairo_t *cr = gtk_snapshot_append_cairo (snapshot, &GRAPHENE_RECT_INIT (0, 0, (float)width, (float)height));
  GdkRGBA color;

  gtk_style_context_get_color (gtk_widget_get_style_context (widget), &color);
  for (int run = 0; run < N_RUNS; run++)
    draw_run (self, cr, &color, run, run * ROW_HEIGHT);
  cairo_destroy (cr);
}

static void
eg_run_drawing_measure (
    GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural, int *b1, int *b2)
{
  *minimum = *natural = orientation == GTK_ORIENTATION_HORIZONTAL ? WIDTH : (int)(N_RUNS * ROW_HEIGHT);
}

static gboolean
on_tick (GtkWidget *widget, GdkFrameClock *clock, gpointer data)
{
  EgRunDrawing *self = EG_RUN_DRAWING (widget);
  const gint64 now = gdk_frame_clock_get_frame_time (clock);

  if (self->started == 0)
    self->started = now;
  const double round = fmod ((double)(now - self->started) / G_USEC_PER_SEC, PERIOD) / PERIOD;
  self->phase = MIN (1, round / (1 - STILL));
  gtk_widget_queue_draw (widget);
  return G_SOURCE_CONTINUE;
}

static gboolean
wants_motion (GtkWidget *widget)
{
  gboolean enabled = TRUE;
  g_object_get (gtk_widget_get_settings (widget), "gtk-enable-animations", &enabled, NULL);
  return enabled;
}

static void
eg_run_drawing_map (GtkWidget *widget)
{
  EgRunDrawing *self = EG_RUN_DRAWING (widget);

  GTK_WIDGET_CLASS (eg_run_drawing_parent_class)->map (widget);
  self->started = 0;
  self->phase = 1;
  if (wants_motion (widget))
    self->tick = gtk_widget_add_tick_callback (widget, on_tick, NULL, NULL);
}

static void
eg_run_drawing_unmap (GtkWidget *widget)
{
  EgRunDrawing *self = EG_RUN_DRAWING (widget);

  if (self->tick != 0)
    gtk_widget_remove_tick_callback (widget, self->tick);
  self->tick = 0;
  GTK_WIDGET_CLASS (eg_run_drawing_parent_class)->unmap (widget);
}

static void
eg_run_drawing_class_init (EgRunDrawingClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  widget_class->snapshot = eg_run_drawing_snapshot;
  widget_class->measure = eg_run_drawing_measure;
  widget_class->map = eg_run_drawing_map;
  widget_class->unmap = eg_run_drawing_unmap;
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void
eg_run_drawing_init (EgRunDrawing *self)
{
  self->phase = 1;
  gtk_accessible_update_property (
      GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL,
      _ ("Three runs: clean, with the answer; corrupted, without it; restored, with a part of it"), -1);
}
