/* Every text of the window stands out from what is behind it by 4.5:1 at least, as WCAG 2.1 asks (AA, 1.4.3):
 * measured in the pixels, for what CSS makes of a colour cannot be asked. */
#include "fixture.h"

#include "app/page/analysis-pane.h"
#include "app/ask/site-chooser.h"
#include "app/shell/window.h"
#include "trace/result/result-io.h"

#include <adwaita.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#define LEAST_CONTRAST 4.5
#define HIGH           1500 /* the whole panel, opened */

/* WCAG's relative luminance. */
static double
luminance (guint32 color)
{
  static const double weights[] = { 0.0722, 0.7152, 0.2126 }; /* blue, green, red */
  double sum = 0;

  for (guint i = 0; i < 3; i++)
    {
      const double value = (color >> 8 * i & 0xff) / 255.0;
      sum += weights[i] * (value <= 0.03928 ? value / 12.92 : pow ((value + 0.055) / 1.055, 2.4));
    }
  return sum;
}

static double
contrast (guint32 a, guint32 b)
{
  const double x = luminance (a), y = luminance (b);
  return (MAX (x, y) + 0.05) / (MIN (x, y) + 0.05);
}

/* Of the colour that differs most from the most frequent one. */
static double
measure_contrast (cairo_surface_t *picture, int x0, int y0, int x1, int y1)
{
  g_autoptr (GHashTable) counts = g_hash_table_new (NULL, NULL);
  guint32 background = 0;
  gsize most = 0;
  double greatest = 1;
  GHashTableIter iter;
  gpointer key, value;

  for (int y = y0; y < y1; y++)
    for (int x = x0; x < x1; x++)
      {
        const guint32 color = fixture_get_pixel (picture, x, y);
        const gsize n = GPOINTER_TO_SIZE (g_hash_table_lookup (counts, GUINT_TO_POINTER (color))) + 1;
        g_hash_table_insert (counts, GUINT_TO_POINTER (color), GSIZE_TO_POINTER (n));
        if (n > most)
          {
            most = n;
            background = color;
          }
      }
  g_hash_table_iter_init (&iter, counts);
  while (g_hash_table_iter_next (&iter, &key, &value))
    greatest = MAX (greatest, contrast (GPOINTER_TO_UINT (key), background));
  return greatest;
}

static const char *
get_text (GtkWidget *widget)
{
  if (GTK_IS_LABEL (widget))
    return gtk_label_get_text (GTK_LABEL (widget));
  return GTK_IS_INSCRIPTION (widget) ? gtk_inscription_get_text (GTK_INSCRIPTION (widget)) : NULL;
}

/* Whether it is seen whole, and not disabled: what cannot be used may be faint. */
static gboolean
is_in_view (GtkWidget *widget, GtkWidget *native, graphene_rect_t *bounds)
{
  if (!gtk_widget_get_mapped (widget) || !gtk_widget_is_sensitive (widget)
      || !gtk_widget_compute_bounds (widget, native, bounds))
    return FALSE;
  for (GtkWidget *w = gtk_widget_get_parent (widget); w != NULL; w = gtk_widget_get_parent (w))
    {
      graphene_rect_t around;
      if (!gtk_widget_get_child_visible (w) || !gtk_widget_compute_bounds (w, native, &around))
        return FALSE;
      graphene_rect_inset (&around, -1, -1);
      if (!graphene_rect_contains_rect (&around, bounds))
        return FALSE;
      if (w == native)
        return TRUE;
    }
  return FALSE;
}

static guint n_measured, n_faint;

static void
check_texts (GtkWidget *widget, GtkWidget *native, cairo_surface_t *picture)
{
  const char *text = get_text (widget);
  graphene_rect_t bounds;

  if (text != NULL && strspn (text, " ") < strlen (text) && is_in_view (widget, native, &bounds))
    {
      const int x = MAX ((int)bounds.origin.x, 0), y = MAX ((int)bounds.origin.y, 0);
      const double ratio = measure_contrast (
          picture, x, y, MIN (x + (int)bounds.size.width, cairo_image_surface_get_width (picture)),
          MIN (y + (int)bounds.size.height, cairo_image_surface_get_height (picture)));
      n_measured++;
      n_faint += ratio < LEAST_CONTRAST;
      g_test_message ("%s%.2f:1: %s", ratio < LEAST_CONTRAST ? "faint, " : "", ratio, text);
    }
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    if (!GTK_IS_NATIVE (child))
      check_texts (child, native, picture);
}

/* `least`: how many texts there are in any case. */
static void
check_native (GtkWidget *native, guint least)
{
  cairo_surface_t *picture = fixture_take_picture (native);

  n_measured = n_faint = 0;
  check_texts (native, native, picture);
  cairo_surface_destroy (picture);
  g_assert_cmpuint (n_measured, >=, least);
  g_assert_cmpuint (n_faint, ==, 0);
}

static void
expand_rows (GtkWidget *root)
{
  if (ADW_IS_EXPANDER_ROW (root))
    adw_expander_row_set_expanded (ADW_EXPANDER_ROW (root), TRUE);
  for (GtkWidget *child = gtk_widget_get_first_child (root); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    expand_rows (child);
}

static void
wait (guint milliseconds)
{
  const gint64 end = g_get_monotonic_time () + 1000 * (gint64)milliseconds;
  while (g_get_monotonic_time () < end)
    g_main_context_iteration (NULL, FALSE);
}

static void
test_texts_stand_out (gconstpointer data)
{
  const AdwColorScheme scheme = GPOINTER_TO_UINT (data);
  g_autoptr (EgTraceResult) result = fixture_result (8, 8);
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("engram-contrast-XXXXXX", &error);
  g_assert_no_error (error);
  g_autofree char *path = g_build_filename (folder, "shown.npz", NULL);
  g_assert_true (eg_trace_result_save_npz (result, path, &error));
  adw_style_manager_set_color_scheme (adw_style_manager_get_default (), scheme);
  EgWindow *window = eg_window_new (NULL, NULL, NULL);
  GtkWidget *widget = GTK_WIDGET (window);

  gtk_window_set_default_size (GTK_WINDOW (window), 1100, HIGH);
  gtk_window_present (GTK_WINDOW (window));
  eg_window_open_file (window, path);
  fixture_wait_for (eg_window_get_page (window) != NULL
                    && eg_trace_page_get_result (eg_window_get_page (window)) != NULL);
  fixture_settle (GTK_WINDOW (window));
  expand_rows (widget);
  wait (1500); /* rows open, predictions come in */
  check_native (widget, 20);

  /* The table, with its titles. */
  GtkWidget *pane = fixture_find (widget, EG_TYPE_ANALYSIS_PANE);
  gtk_stack_set_visible_child_name (GTK_STACK (fixture_find (pane, GTK_TYPE_STACK)), "cells");
  wait (1000);
  check_native (widget, 50);

  /* What the sites are, in the list that one chooses from. */
  GtkWidget *chooser = fixture_find (widget, EG_TYPE_SITE_CHOOSER);
  GtkWidget *button = fixture_find (chooser, GTK_TYPE_MENU_BUTTON);
  gtk_menu_button_popup (GTK_MENU_BUTTON (button));
  wait (1000);
  check_native (GTK_WIDGET (gtk_menu_button_get_popover (GTK_MENU_BUTTON (button))), 8);
  gtk_menu_button_popdown (GTK_MENU_BUTTON (button));

  fixture_close (GTK_WINDOW (window));
  g_remove (path);
  g_rmdir (folder);
}

int
main (int argc, char **argv)
{
  fixture_init (&argc, &argv);
  g_test_add_data_func ("/app/contrast/light", GUINT_TO_POINTER (ADW_COLOR_SCHEME_FORCE_LIGHT),
                        test_texts_stand_out);
  g_test_add_data_func ("/app/contrast/dark", GUINT_TO_POINTER (ADW_COLOR_SCHEME_FORCE_DARK),
                        test_texts_stand_out);
  return g_test_run ();
}
