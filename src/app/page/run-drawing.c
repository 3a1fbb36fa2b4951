/* Plays the three runs frame by frame, or shows them finished where animations are off. */
#include "app/page/run-drawing.h"

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
#define CAPTION    4.0  /* between a run's name and its cells */
#define BETWEEN    14.0 /* a run and the next one's name */
#define BAR_X      (GRID_WIDTH + 18)
#define BAR_WIDTH  70.0
#define ANSWER_X   (BAR_X + BAR_WIDTH + 6)
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

/* A run's name, in lines of at most a width; −1: in one. (transfer full) */
static PangoLayout *
name_run (GtkWidget *widget, int run, int width)
{
  const char *const names[N_RUNS] = { _ ("Clean: undisturbed"), _ ("Corrupted: noise on the subject"),
                                      _ ("Restored: one state put back") };
  PangoLayout *layout = gtk_widget_create_pango_layout (widget, names[run]);

  pango_layout_set_wrap (layout, PANGO_WRAP_WORD_CHAR);
  pango_layout_set_width (layout, width < 0 ? -1 : width * PANGO_SCALE);
  return layout;
}

/* What stands beside a run that is through, which can be higher than a cell. (transfer full) */
static PangoLayout *
name_answer (GtkWidget *widget)
{
  return gtk_widget_create_pango_layout (widget, _ ("answer"));
}

static int
height_of (PangoLayout *layout)
{
  int height;
  pango_layout_get_pixel_size (layout, NULL, &height);
  return height;
}

/* Draws a run from `top` on. Returns: where the next may begin. With cr NULL, measures alone. */
static double
draw_run (EgRunDrawing *self, cairo_t *cr, const GdkRGBA *color, int run, double top, int width)
{
  g_autoptr (PangoLayout) name = name_run (GTK_WIDGET (self), run, width);
  const double grid_top = top + height_of (name) + CAPTION, reached = self->phase * (N_TOKENS + N_LAYERS);
  const double bottom = grid_top + N_LAYERS * (CELL + GAP) - GAP;

  if (cr == NULL)
    return bottom + BETWEEN;
  gdk_cairo_set_source_rgba (cr, color);
  cairo_move_to (cr, 0, top);
  pango_cairo_show_layout (cr, name);
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
    return bottom + BETWEEN;
  g_autoptr (PangoLayout) answer = name_answer (GTK_WIDGET (self));
  gdk_cairo_set_source_rgba (cr, color);
  cairo_rectangle (cr, BAR_X, bottom - CELL, BAR_WIDTH * answers[run], CELL);
  cairo_fill (cr);
  cairo_move_to (cr, ANSWER_X, bottom - CELL / 2 - height_of (answer) / 2.0);
  pango_cairo_show_layout (cr, answer);
  return bottom + BETWEEN;
}

static void
eg_run_drawing_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  EgRunDrawing *self = EG_RUN_DRAWING (widget);
  const int width = gtk_widget_get_width (widget), height = gtk_widget_get_height (widget);
  cairo_t *cr = gtk_snapshot_append_cairo (snapshot, &GRAPHENE_RECT_INIT (0, 0, (float)width, (float)height));
  double top = 0;
  GdkRGBA color;

  gtk_style_context_get_color (gtk_widget_get_style_context (widget), &color);
  for (int run = 0; run < N_RUNS; run++)
    top = draw_run (self, cr, &color, run, top, width);
  cairo_destroy (cr);
}

static GtkSizeRequestMode
eg_run_drawing_get_request_mode (GtkWidget *widget)
{
  return GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH;
}

static void
eg_run_drawing_measure (
    GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural, int *b1, int *b2)
{
  int widest;

  if (orientation == GTK_ORIENTATION_HORIZONTAL)
    {
      g_autoptr (PangoLayout) answer = name_answer (widget);
      pango_layout_get_pixel_size (answer, &widest, NULL);
      *minimum = *natural = (int)ANSWER_X + widest;
      for (int run = 0; run < N_RUNS; run++)
        {
          g_autoptr (PangoLayout) name = name_run (widget, run, -1);
          pango_layout_get_pixel_size (name, &widest, NULL);
          *natural = MAX (*natural, widest);
        }
      return;
    }
  double bottom = 0;
  for (int run = 0; run < N_RUNS; run++)
    bottom = draw_run (EG_RUN_DRAWING (widget), NULL, NULL, run, bottom, for_size);
  *minimum = *natural = (int)ceil (bottom - BETWEEN);
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
  widget_class->get_request_mode = eg_run_drawing_get_request_mode;
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
