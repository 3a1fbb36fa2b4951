/* The wheel over the panel scrolls it, whatever is under the pointer. */
#include "fixture.h"

#include "app/shell/window.h"

#include <adwaita.h>

/* All rows open, so that everything that has a value is there. */
static void
open_rows (GtkWidget *root)
{
  if (ADW_IS_EXPANDER_ROW (root))
    adw_expander_row_set_expanded (ADW_EXPANDER_ROW (root), TRUE);
  for (GtkWidget *child = gtk_widget_get_first_child (root); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    open_rows (child);
}

static void
collect (GtkWidget *root, GPtrArray *widgets)
{
  if ((GTK_IS_SPIN_BUTTON (root) || ADW_IS_COMBO_ROW (root)) && gtk_widget_get_mapped (root))
    g_ptr_array_add (widgets, root);
  for (GtkWidget *child = gtk_widget_get_first_child (root); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    collect (child, widgets);
}

static GtkAdjustment *
get_scroll (GtkWidget *widget)
{
  GtkWidget *scrolled = gtk_widget_get_ancestor (widget, GTK_TYPE_SCROLLED_WINDOW);
  return gtk_scrolled_window_get_vadjustment (GTK_SCROLLED_WINDOW (scrolled));
}

/* Where it is seen, with some of the panel above and below. */
static void
scroll_to (GtkWindow *window, GtkWidget *widget)
{
  GtkAdjustment *scroll = get_scroll (widget);
  GtkWidget *panel = gtk_widget_get_ancestor (widget, GTK_TYPE_VIEWPORT);
  double x, y;

  g_assert_true (gtk_widget_translate_coordinates (widget, panel, 0, 0, &x, &y));
  gtk_adjustment_set_value (scroll, gtk_adjustment_get_value (scroll) + y - 200);
  fixture_settle (window);
}

static void
turn (GtkWindow *window, GtkWidget *widget, int button)
{
  fixture_point (window, widget, 30, gtk_widget_get_height (widget) / 2.0);
  fixture_input (window, "click %d", button);
  fixture_run_for (0.3);
}

static void
test_wheel_changes_nothing (void)
{
  EgWindow *window = eg_window_new (NULL, NULL, NULL);
  GtkWindow *native = GTK_WINDOW (window);
  g_autoptr (GPtrArray) widgets = g_ptr_array_new ();
  guint n_spins = 0;

  gtk_window_present (native);
  fixture_settle (native);
  open_rows (GTK_WIDGET (window));
  fixture_run_for (0.5);
  eg_draft_set_texts (eg_window_get_draft (window), "The Eiffel Tower is located in", "Eiffel Tower");
  collect (GTK_WIDGET (window), widgets);
  const EgTraceRequest *now = eg_draft_get_request (eg_window_get_draft (window));
  g_autoptr (EgTraceRequest) before = eg_trace_request_copy (now);
  for (guint i = 0; i < widgets->len; i++)
    {
      GtkWidget *widget = widgets->pdata[i];
      scroll_to (native, widget);
      const double start = gtk_adjustment_get_value (get_scroll (widget));
      turn (native, widget, start > 0 ? 4 : 5);
      g_assert_true (eg_trace_request_equal (before, now));
      g_assert_cmpuint (before->threads, ==, now->threads);
      g_assert_true (gtk_adjustment_get_value (get_scroll (widget)) != start);
      n_spins += GTK_IS_SPIN_BUTTON (widget);
    }
  g_assert_cmpuint (n_spins, >=, 5);
  g_assert_cmpuint (widgets->len, >, n_spins);
  fixture_close (native);
}

/* Focused by a click, it still listens to keys. */
static void
test_keys_change_values (void)
{
  EgWindow *window = eg_window_new (NULL, NULL, NULL);

  gtk_window_present (GTK_WINDOW (window));
  fixture_settle (GTK_WINDOW (window));
  GtkWidget *spin = fixture_find (GTK_WIDGET (window), GTK_TYPE_SPIN_BUTTON);
  const double before = gtk_spin_button_get_value (GTK_SPIN_BUTTON (spin));
  scroll_to (GTK_WINDOW (window), spin);
  fixture_point (GTK_WINDOW (window), spin, 10, gtk_widget_get_height (spin) / 2.0);
  fixture_input (GTK_WINDOW (window), "click 1");
  fixture_input (GTK_WINDOW (window), "key Up");
  fixture_wait_for (gtk_spin_button_get_value (GTK_SPIN_BUTTON (spin)) > before);
  fixture_close (GTK_WINDOW (window));
}

int
main (int argc, char **argv)
{
  fixture_init (&argc, &argv);
  g_test_add_func ("/app/wheel/changes-nothing", test_wheel_changes_nothing);
  g_test_add_func ("/app/wheel/keys-change-values", test_keys_change_values);
  return g_test_run ();
}
