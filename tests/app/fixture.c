#include "fixture.h"

#include <adwaita.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

void
fixture_init (int *argc, char ***argv)
{
  g_test_init (argc, argv, NULL);
  if (!gtk_init_check ())
    {
      g_print ("1..0 # SKIP no display to open a window on\n");
      exit (0);
    }
  adw_init ();
  GtkCssProvider *provider = gtk_css_provider_new ();
  gtk_css_provider_load_from_resource (provider, "/io/github/engram_app/Engram/style.css");
  gtk_style_context_add_provider_for_display (gdk_display_get_default (), GTK_STYLE_PROVIDER (provider),
                                              GTK_STYLE_PROVIDER_PRIORITY_APPLICATION);
  g_object_unref (provider);
}

static void
on_painted (GdkFrameClock *clock, gpointer data)
{
  *(int *)data += 1;
}

void
fixture_settle (GtkWindow *window)
{
  GdkFrameClock *clock = gtk_widget_get_frame_clock (GTK_WIDGET (window));
  int n_frames = 0;
  const gulong handler = g_signal_connect (clock, "after-paint", G_CALLBACK (on_painted), &n_frames);

  /* What a frame brings about may want another. */
  for (int i = 1; i <= 2; i++)
    {
      gtk_widget_queue_draw (GTK_WIDGET (window));
      fixture_wait_for (n_frames >= i);
    }
  g_signal_handler_disconnect (clock, handler);
}

GtkWindow *
fixture_show (GtkWidget *child, int width, int height)
{
  GtkWindow *window = GTK_WINDOW (gtk_window_new ());

  gtk_window_set_decorated (window, FALSE);
  gtk_window_set_default_size (window, width, height);
  gtk_window_set_child (window, child);
  gtk_window_present (window);
  fixture_wait_for (gtk_widget_get_mapped (child) && gtk_widget_get_width (child) > 0);
  fixture_settle (window);
  /* Nobody manages windows here: the keyboard's focus goes where the pointer is. */
  fixture_input (window, "mousemove %d %d", width - 2, height - 2);
  return window;
}

void
fixture_close (GtkWindow *window)
{
  gtk_window_destroy (window);
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

void
fixture_run_for (double seconds)
{
  const gint64 end = g_get_monotonic_time () + (gint64)(seconds * G_USEC_PER_SEC);

  while (g_get_monotonic_time () < end)
    {
      g_main_context_iteration (NULL, FALSE);
      g_usleep (1000);
    }
}

static void
on_exited (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_subprocess_wait_check_finish (G_SUBPROCESS (source), result, &error);
  g_assert_no_error (error);
  *(gboolean *)data = TRUE;
}

void
fixture_input (GtkWindow *window, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_autofree char *text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_autofree char *line = g_strdup_printf ("xdotool %s", text);
  g_auto (GStrv) words = g_strsplit (line, " ", -1);
  g_autoptr (GError) error = NULL;
  gboolean exited = FALSE;
  g_autoptr (GSubprocess) process
      = g_subprocess_newv ((const char *const *)words, G_SUBPROCESS_FLAGS_NONE, &error);

  g_assert_no_error (error);
  g_subprocess_wait_check_async (process, NULL, on_exited, &exited);
  fixture_wait_for (exited);
  gdk_display_sync (gdk_display_get_default ());
  fixture_settle (window);
}

void
fixture_point (GtkWindow *window, GtkWidget *widget, double x, double y)
{
  double at_x, at_y, surface_x, surface_y;

  g_assert_true (gtk_widget_translate_coordinates (widget, GTK_WIDGET (window), x, y, &at_x, &at_y));
  gtk_native_get_surface_transform (GTK_NATIVE (window), &surface_x, &surface_y);
  fixture_input (window, "mousemove %d %d", (int)(at_x + surface_x), (int)(at_y + surface_y));
}

static EgTraceTokens *
make_tokens (gsize n_tokens)
{
  static const char *const words[]
      = { "The",     " mother", " tongue", " of",    " Angela", " Merkel", " is",     " a",
          " tongue", " that",   " people", " speak", ".",       " In",     " Berlin", "," };
  EgTraceTokens *self = eg_trace_tokens_new (n_tokens);

  self->tokens = g_new0 (char *, n_tokens + 1);
  for (gsize t = 0; t < n_tokens; t++)
    self->tokens[t] = g_strdup (words[t % G_N_ELEMENTS (words)]);
  self->subject_first = MIN (4, n_tokens - 1);
  self->subject_last = MIN (5, n_tokens - 1);
  self->subject = g_strdup ("Angela Merkel");
  self->target = g_strdup (" German");
  return self;
}

static void
fill (EgTraceGrid *self)
{
  for (gsize i = 0; i < eg_trace_grid_n_cells (self); i++)
    {
      const gsize l = i / self->n_tokens, t = i % self->n_tokens;
      const double depth = (double)l / (double)MAX (self->n_layers - 1, 1);
      const double early = exp (-pow ((depth - 0.3) / 0.2, 2) - pow (((double)t - 5) / 1.5, 2));
      const double late = 1 / (1 + exp (-14 * (depth - 0.6))) * exp (-((double)(self->n_tokens - 1 - t)));
      self->scores[0][i] = 0.05 + 0.5 * early + 0.38 * late + 0.01 * sin (7.0 * (double)i);
      self->sem[0][i] = 0.01;
      self->counts[i] = 10;
    }
}

EgTraceResult *
fixture_result_of_sites (gsize n_layers, gsize n_tokens, const char *names)
{
  EgTraceRequest *request = eg_trace_request_new ("The mother tongue of Angela Merkel is", "Angela Merkel");

  g_assert_true (eg_trace_request_set_sites (request, names, NULL));
  EgTraceResult *self
      = eg_trace_result_new (request, make_tokens (n_tokens), n_layers, (const char *const *)request->sites,
                             g_strv_length (request->sites));
  self->ends[0] = (EgTraceEnds){ .high = 0.93, .low = 0.05 };
  self->samples = 10;
  self->complete = TRUE;
  self->has_settings = FALSE;
  for (gsize i = 0; i < self->n_grids; i++)
    fill (self->grids[i]);
  return self;
}

EgTraceResult *
fixture_result (gsize n_layers, gsize n_tokens)
{
  return fixture_result_of_sites (n_layers, n_tokens, "resid");
}

GtkWidget *
fixture_find (GtkWidget *root, GType type)
{
  if (G_TYPE_CHECK_INSTANCE_TYPE (root, type))
    return root;
  for (GtkWidget *child = gtk_widget_get_first_child (root); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    {
      GtkWidget *found = fixture_find (child, type);
      if (found != NULL)
        return found;
    }
  return NULL;
}

cairo_surface_t *
fixture_take_picture (GtkWidget *native)
{
  const int width = gtk_widget_get_width (native), height = gtk_widget_get_height (native);
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, width, height);
  g_autoptr (GdkPaintable) paintable = gtk_widget_paintable_new (native);
  GtkSnapshot *snapshot = gtk_snapshot_new ();

  gdk_paintable_snapshot (paintable, GDK_SNAPSHOT (snapshot), width, height);
  g_autoptr (GskRenderNode) node = gtk_snapshot_free_to_node (snapshot);
  g_assert_nonnull (node);
  g_autoptr (GdkTexture) texture
      = gsk_renderer_render_texture (gtk_native_get_renderer (GTK_NATIVE (native)), node,
                                     &GRAPHENE_RECT_INIT (0, 0, (float)width, (float)height));
  cairo_surface_flush (surface);
  gdk_texture_download (texture, cairo_image_surface_get_data (surface),
                        (gsize)cairo_image_surface_get_stride (surface));
  cairo_surface_mark_dirty (surface);
  return surface;
}

guint32
fixture_get_pixel (cairo_surface_t *picture, int x, int y)
{
  guint32 pixel;
  memcpy (&pixel,
          cairo_image_surface_get_data (picture) + y * cairo_image_surface_get_stride (picture) + 4 * x,
          sizeof pixel);
  return pixel & 0xffffff;
}
