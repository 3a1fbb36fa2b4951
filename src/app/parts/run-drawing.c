/* Plays the runs frame by frame, or shows them finished where animations are off. */
#include "app/parts/run-drawing.h"

#include <glib/gi18n.h>
#include <math.h>

#define MOST_RUNS 4
#define N_LAYERS  4
#define N_TOKENS  5

/* The drawing's own prompt: its subject, and the state that a run puts back or damages. */
#define SUBJECT_FIRST 1
#define SUBJECT_LAST  2
#define OWN_LAYER     1
#define OWN_TOKEN     2

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
  EgRunMethod method;
  EgColormap colormap;
  guint tick;
  gint64 started; /* microseconds of the frame clock; 0: not yet */
  double phase;   /* 0 … 1, how much of the runs is computed */
};

G_DEFINE_FINAL_TYPE (EgRunDrawing, eg_run_drawing, GTK_TYPE_WIDGET)

enum
{
  PROP_0,
  PROP_METHOD,
};

/* What a run is. */
typedef enum
{
  CLEAN,
  CORRUPTED, /* by noise, or by another subject */
  RESTORED,  /* corrupted, with one clean state */
  DAMAGED,   /* clean, with one corrupted state */
  CUT,       /* clean, without what the subject's states put into the last token */
  FROZEN,    /* restored, while the paths to other tokens are held */
} RunKind;

/* kind, its name, and how much of the answer it keeps: an example, not a measurement. */
typedef struct
{
  RunKind kind;
  const char *name;
  double answer;
} Run;

static const Run runs[EG_N_RUN_METHODS][MOST_RUNS] = {
  [EG_RUN_NOISE] = { { CLEAN, N_ ("Clean: undisturbed"), 0.95 },
                     { CORRUPTED, N_ ("Corrupted: noise on the subject"), 0.05 },
                     { RESTORED, N_ ("Restored: one state put back"), 0.6 } },
  [EG_RUN_SWAP] = { { CLEAN, N_ ("Clean: undisturbed"), 0.95 },
                    { CORRUPTED, N_ ("Swapped: another subject in its place"), 0.05 },
                    { RESTORED, N_ ("Restored: one state put back"), 0.6 } },
  [EG_RUN_DAMAGE] = { { CLEAN, N_ ("Clean: undisturbed"), 0.95 },
                      { CORRUPTED, N_ ("Corrupted: the subject disturbed"), 0.05 },
                      { DAMAGED, N_ ("Damaged: one corrupted state in the clean run"), 0.5 } },
  [EG_RUN_KNOCKOUT] = { { CLEAN, N_ ("Clean: undisturbed"), 0.95 },
                        { CUT, N_ ("Knocked out: the last token no longer reads the subject"), 0.3 } },
  [EG_RUN_FREEZE] = { { CLEAN, N_ ("Clean: undisturbed"), 0.95 },
                      { CORRUPTED, N_ ("Corrupted: noise on the subject"), 0.05 },
                      { RESTORED, N_ ("Restored: one state put back"), 0.6 },
                      { FROZEN, N_ ("Restored and frozen: the paths to other tokens are severed"), 0.15 } },
};

static const char *const descriptions[EG_N_RUN_METHODS] = {
  [EG_RUN_NOISE]
  = N_ ("Three runs: clean, with the answer; corrupted, without it; restored, with a part of it"),
  [EG_RUN_SWAP]
  = N_ ("Three runs: clean, with the answer; of another subject, without it; restored, with a part of it"),
  [EG_RUN_DAMAGE]
  = N_ ("Three runs: clean, with the answer; corrupted, without it; damaged, with a part of it lost"),
  [EG_RUN_KNOCKOUT] = N_ ("Two runs: clean, with the answer; with paths cut, with a part of it lost"),
  [EG_RUN_FREEZE]
  = N_ ("Four runs: clean, with the answer; corrupted, without it; restored, with a part of it; "
        "with severed paths, with less of it"),
};

static guint
count_runs (EgRunMethod method)
{
  guint n = 0;

  while (n < MOST_RUNS && runs[method][n].name != NULL)
    n++;
  return n;
}

static gboolean
is_own_cell (int layer, int token)
{
  return layer == OWN_LAYER && token == OWN_TOKEN;
}

/* Whether a run does something at one state of its own. */
static gboolean
has_own_cell (RunKind kind)
{
  return kind == RESTORED || kind == DAMAGED || kind == FROZEN;
}

/* Noise enters at the subject and goes on to the right and down. */
static double
corrupted_cleanness (int layer, int token)
{
  if (token < SUBJECT_FIRST)
    return 1;
  return token <= SUBJECT_LAST ? 0 : MAX (0, 0.5 - 0.15 * layer);
}

/* What reaches a cell: 0, what the corrupted run has, … 1, the clean value. */
static double
cleanness (RunKind kind, int layer, int token)
{
  const gboolean after = layer > OWN_LAYER && token >= OWN_TOKEN;

  switch (kind)
    {
    case CORRUPTED:
      return corrupted_cleanness (layer, token);
    case RESTORED:
      return is_own_cell (layer, token) ? 1 : after ? 0.6 : corrupted_cleanness (layer, token);
    case FROZEN:
      return is_own_cell (layer, token)    ? 1
             : after && token == OWN_TOKEN ? 0.6
                                           : corrupted_cleanness (layer, token);
    case DAMAGED:
      return is_own_cell (layer, token) ? 0 : after ? 0.5 : 1;
    case CUT:
      return token == N_TOKENS - 1 && layer > 0 ? 0.3 : 1;
    case CLEAN:
    default:
      return 1;
    }
}

static void
draw_cell (EgRunDrawing *self, cairo_t *cr, RunKind kind, int layer, int token, double x, double y)
{
  const EgColor color = eg_colormap_lookup (self->colormap, cleanness (kind, layer, token));

  cairo_set_source_rgb (cr, color.red, color.green, color.blue);
  cairo_rectangle (cr, x, y, CELL, CELL);
  cairo_fill (cr);
}

/* A run's name, in lines of at most a width; −1: in one. (transfer full) */
static PangoLayout *
name_run (EgRunDrawing *self, guint run, int width)
{
  PangoLayout *layout = gtk_widget_create_pango_layout (GTK_WIDGET (self), _ (runs[self->method][run].name));

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
draw_run (EgRunDrawing *self, cairo_t *cr, const GdkRGBA *color, guint run, double top, int width)
{
  const RunKind kind = runs[self->method][run].kind;
  g_autoptr (PangoLayout) name = name_run (self, run, width);
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
          draw_cell (self, cr, kind, l, t, x, y);
        gdk_cairo_set_source_rgba (cr, color);
        cairo_set_line_width (cr, has_own_cell (kind) && is_own_cell (l, t) ? 2.5 : 0.5);
        cairo_rectangle (cr, x + 0.5, y + 0.5, CELL - 1, CELL - 1);
        cairo_stroke (cr);
      }
  if (self->phase < 1)
    return bottom + BETWEEN;
  g_autoptr (PangoLayout) answer = name_answer (GTK_WIDGET (self));
  gdk_cairo_set_source_rgba (cr, color);
  cairo_rectangle (cr, BAR_X, bottom - CELL, BAR_WIDTH * runs[self->method][run].answer, CELL);
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
  for (guint run = 0; run < count_runs (EG_RUN_DRAWING (widget)->method); run++)
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
      for (guint run = 0; run < count_runs (EG_RUN_DRAWING (widget)->method); run++)
        {
          g_autoptr (PangoLayout) name = name_run (EG_RUN_DRAWING (widget), run, -1);
          pango_layout_get_pixel_size (name, &widest, NULL);
          *natural = MAX (*natural, widest);
        }
      return;
    }
  double bottom = 0;
  for (guint run = 0; run < count_runs (EG_RUN_DRAWING (widget)->method); run++)
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
describe (EgRunDrawing *self)
{
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ (descriptions[self->method]), -1);
}

static void
eg_run_drawing_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  eg_run_drawing_set_method (EG_RUN_DRAWING (object), (EgRunMethod)g_value_get_uint (value));
}

static void
eg_run_drawing_class_init (EgRunDrawingClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->set_property = eg_run_drawing_set_property;
  g_object_class_install_property (G_OBJECT_CLASS (klass), PROP_METHOD,
                                   g_param_spec_uint ("method", NULL, NULL, 0, EG_N_RUN_METHODS - 1, 0,
                                                      G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS));
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
  describe (self);
}

void
eg_run_drawing_set_method (EgRunDrawing *self, EgRunMethod method)
{
  g_return_if_fail (EG_IS_RUN_DRAWING (self) && method < EG_N_RUN_METHODS);

  if (self->method == method)
    return;
  self->method = method;
  describe (self);
  gtk_widget_queue_resize (GTK_WIDGET (self));
}

void
eg_run_drawing_set_colormap (EgRunDrawing *self, EgColormap colormap)
{
  g_return_if_fail (EG_IS_RUN_DRAWING (self));

  self->colormap = colormap;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

EgColor
eg_run_drawing_get_color (EgRunDrawing *self, guint run, guint layer, guint token)
{
  return eg_colormap_lookup (self->colormap,
                             cleanness (runs[self->method][run].kind, (int)layer, (int)token));
}

guint
eg_run_drawing_get_n_runs (EgRunDrawing *self)
{
  return count_runs (self->method);
}
