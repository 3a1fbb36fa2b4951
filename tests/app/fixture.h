/* What the widgets' tests share: a window on Xvfb, a synthetic trace, and real input. */
#pragma once

#include "trace/result/result.h"

#include <gtk/gtk.h>

/* g_test_init() and GTK's. Ends the program with TAP's SKIP and the reason where there is no display. */
void fixture_init (int *argc, char ***argv);

/* Shows a widget in a window of this size and waits until it is drawn. (transfer none): fixture_close() it.
 */
GtkWindow *fixture_show (GtkWidget *child, int width, int height);
void fixture_close (GtkWindow *window);

/* Lets the main loop run until everything that is to be drawn is drawn. */
void fixture_settle (GtkWindow *window);

/* Lets it run until the condition holds; fails after a while. */
#define fixture_wait_for(condition)                                                                          \
  G_STMT_START                                                                                               \
  {                                                                                                          \
    const gint64 end_ = g_get_monotonic_time () + 60 * G_USEC_PER_SEC;                                       \
    while (!(condition) && g_get_monotonic_time () < end_)                                                   \
      {                                                                                                      \
        g_main_context_iteration (NULL, FALSE);                                                              \
        g_usleep (500);                                                                                      \
      }                                                                                                      \
    g_assert_true (condition);                                                                               \
  }                                                                                                          \
  G_STMT_END

/* Lets it run for that long. */
void fixture_run_for (double seconds);

/* A command of xdotool, split at spaces: "key Down", "click 1"; waits until its events have come through. */
void fixture_input (GtkWindow *window, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* Moves the pointer to a point of a widget. */
void fixture_point (GtkWindow *window, GtkWidget *widget, double x, double y);

/* A finished trace of a long prompt, with scores as real ones look. (transfer full) */
EgTraceResult *fixture_result (gsize n_layers, gsize n_tokens);
/* Of these sites, "mixer,state". */
EgTraceResult *fixture_result_of_sites (gsize n_layers, gsize n_tokens, const char *names);

/* The first widget of a type below a widget. */
GtkWidget *fixture_find (GtkWidget *root, GType type);

/* What is seen of a window or popover. (transfer full): of cairo's ARGB32. */
cairo_surface_t *fixture_take_picture (GtkWidget *native);

/* 0xRRGGBB. */
guint32 fixture_get_pixel (cairo_surface_t *picture, int x, int y);
