/* Two maps beside each other on the screen: one place, marked and said, by pointer and keys. */
#include "app/page/comparison-view.h"
#include "app/models/model-menu.h"
#include "app/parts/progress-view.h"
#include "app/shell/comparing.h"
#include "app/shell/comparison-window.h"
#include "library/locate.h"
#include "fixture.h"

#include <glib/gstdio.h>
#include <unistd.h>

#include <adwaita.h>

#include <string.h>
#include <time.h>

/* Maps of eight and of five layers over the same tokens. (transfer full) */
static EgComparison *
new_comparison (void)
{
  g_autoptr (EgTraceResult) a = fixture_result (8, 7), b = fixture_result (5, 7);
  g_autoptr (GError) error = NULL;
  EgComparison *comparison = eg_comparison_new (a->grids[0], b->grids[0], FALSE, &error);
  g_assert_no_error (error);
  return comparison;
}

static void
assert_says (EgComparisonView *view, const char *part)
{
  const char *text = eg_comparison_view_get_text (view);
  if (strstr (text, part) == NULL)
    g_error ("“%s” does not say “%s”", text, part);
}

static void
test_pointer (void)
{
  EgComparisonView *view
      = EG_COMPARISON_VIEW (eg_comparison_view_new (new_comparison (), "A: one", "B: two"));
  GtkWindow *window = fixture_show (GTK_WIDGET (view), 900, 600);
  GtkWidget *area = fixture_find (GTK_WIDGET (view), GTK_TYPE_DRAWING_AREA);
  const double width = gtk_widget_get_width (area), height = gtk_widget_get_height (area);

  assert_says (view, "A: one · B: two");
  /* in the middle of the first map, and of the second, are other layers of the same depth */
  fixture_point (window, area, width * 0.25, height * 0.25);
  fixture_settle (window);
  assert_says (view, " · A: layer ");
  assert_says (view, " · B: layer ");
  assert_says (view, "difference ");
  /* the margin is no place */
  fixture_point (window, area, 2, 2);
  fixture_settle (window);
  assert_says (view, "A: one · B: two");
  fixture_close (window);
}

static void
test_keys (void)
{
  EgComparisonView *view
      = EG_COMPARISON_VIEW (eg_comparison_view_new (new_comparison (), "A: one", "B: two"));
  GtkWindow *window = fixture_show (GTK_WIDGET (view), 900, 600);
  GtkWidget *area = fixture_find (GTK_WIDGET (view), GTK_TYPE_DRAWING_AREA);

  gtk_widget_grab_focus (area);
  fixture_input (window, "key Down"); /* the first place */
  assert_says (view, "A: layer 0, ");
  assert_says (view, "B: layer 0, ");
  fixture_input (window, "key Down");
  fixture_input (window, "key Down");
  assert_says (view, "A: layer 2, ");
  assert_says (view, "B: layer 1, "); /* 2/7 of the depth is nearest to 1/4 */
  for (int i = 0; i < 9; i++)
    eg_comparison_view_move (view, 1, 1);
  assert_says (view, "A: layer 7, ");
  assert_says (view, "B: layer 4, ");
  fixture_close (window);
}

/* A window that has a widget of this type, other than the one given; NULL: none. */
static GtkWindow *
find_window (GtkWindow *other, GType type)
{
  GListModel *windows = gtk_window_get_toplevels ();
  for (guint i = 0; i < g_list_model_get_n_items (windows); i++)
    {
      g_autoptr (GtkWindow) window = g_list_model_get_item (windows, i);
      if (window != other && fixture_find (GTK_WIDGET (window), type) != NULL)
        return window;
    }
  return NULL;
}

/* Chooses the n-th row of the question. */
static void
choose (GtkWindow *question, int n)
{
  GtkListBox *list = GTK_LIST_BOX (fixture_find (GTK_WIDGET (question), GTK_TYPE_LIST_BOX));
  g_signal_emit_by_name (gtk_list_box_get_row_at_index (list, n), "activated");
}

/* Another tab's map, and the same prompt traced by the first demo model. */
static void
test_question (void)
{
  EgTracePage *page = EG_TRACE_PAGE (eg_trace_page_new ()), *other = EG_TRACE_PAGE (eg_trace_page_new ());
  g_autoptr (EgTraceResult) result = fixture_result (8, 7), another = fixture_result (5, 7);
  g_autoptr (GPtrArray) others = g_ptr_array_new ();
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
  g_autoptr (EgMessages) messages
      = eg_messages_new (EG_BANNER (eg_banner_new ()), ADW_TOAST_OVERLAY (adw_toast_overlay_new ()));

  gtk_box_append (GTK_BOX (box), GTK_WIDGET (page));
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (other));
  result->has_settings = TRUE; /* so that it can be traced again */
  GtkWindow *window = fixture_show (box, 700, 700);
  eg_trace_page_show (page, result, NULL);
  eg_trace_page_show (other, another, NULL);
  g_ptr_array_add (others, other);
  for (int row = 0; row < 2; row++)
    {
      eg_comparing_ask (window, page, others, messages);
      fixture_wait_for (find_window (window, GTK_TYPE_LIST_BOX) != NULL);
      choose (find_window (window, GTK_TYPE_LIST_BOX), row);
      fixture_wait_for (find_window (window, EG_TYPE_COMPARISON_VIEW) != NULL);
      GtkWindow *shown = find_window (window, EG_TYPE_COMPARISON_VIEW);
      EgComparisonView *view
          = EG_COMPARISON_VIEW (fixture_find (GTK_WIDGET (shown), EG_TYPE_COMPARISON_VIEW));
      eg_comparison_view_move (view, 0, 0);
      for (int i = 0; i < 9; i++)
        eg_comparison_view_move (view, 1, 0);
      assert_says (view, "A: layer 7, ");
      assert_says (view, row == 0 ? "B: layer 4, " : "B: layer 7, ");
      fixture_wait_for (find_window (window, GTK_TYPE_LIST_BOX) == NULL);
      fixture_close (shown);
    }
  fixture_close (window);
}

static int
count_rows (GMenuModel *menu)
{
  int n = g_menu_model_get_n_items (menu);
  for (int i = g_menu_model_get_n_items (menu) - 1; i >= 0; i--)
    {
      g_autoptr (GMenuModel) section = g_menu_model_get_item_link (menu, i, G_MENU_LINK_SECTION);
      n += section != NULL ? count_rows (section) : 0;
    }
  return n;
}

/* One in the store, of which the menu of models knows. */
static void
test_any_model_of_the_menu (void)
{
  EgTracePage *page = EG_TRACE_PAGE (eg_trace_page_new ());
  g_autoptr (EgTraceResult) result = fixture_result (8, 7);
  g_autoptr (GPtrArray) others = g_ptr_array_new ();
  g_autoptr (EgMessages) messages
      = eg_messages_new (EG_BANNER (eg_banner_new ()), ADW_TOAST_OVERLAY (adw_toast_overlay_new ()));
  EgModelMenu *menu = eg_model_menu_get_default (NULL);
  const int n_before = count_rows (eg_model_menu_get_menu (menu));
  g_autofree char *store = eg_model_get_store (), *link = g_build_filename (store, "little", NULL);
  g_autofree char *demo = g_test_build_filename (G_TEST_DIST, "..", "data", "demo-gpt2", NULL);

  g_assert_cmpint (g_mkdir_with_parents (store, 0700), ==, 0);
  g_assert_cmpint (symlink (demo, link), ==, 0);
  eg_model_menu_refresh (menu);
  fixture_wait_for (count_rows (eg_model_menu_get_menu (menu)) > n_before);
  result->has_settings = TRUE;
  GtkWindow *window = fixture_show (GTK_WIDGET (page), 700, 700);
  eg_trace_page_show (page, result, NULL);
  eg_comparing_ask (window, page, others, messages);
  fixture_wait_for (find_window (window, GTK_TYPE_LIST_BOX) != NULL);
  choose (find_window (window, GTK_TYPE_LIST_BOX), 2);
  fixture_wait_for (find_window (window, EG_TYPE_COMPARISON_VIEW) != NULL);
  GtkWindow *shown = find_window (window, EG_TYPE_COMPARISON_VIEW);
  EgComparisonView *view = EG_COMPARISON_VIEW (fixture_find (GTK_WIDGET (shown), EG_TYPE_COMPARISON_VIEW));
  eg_comparison_view_move (view, 0, 0);
  for (int i = 0; i < 9; i++)
    eg_comparison_view_move (view, 1, 0);
  assert_says (view, "B: layer 5, ");
  g_unlink (link);
  fixture_close (shown);
  fixture_close (window);
}

/* Whether the threads of this program come to rest, within seconds: what would go on would take much longer.
 */
static gboolean
comes_to_rest (void)
{
  for (int i = 0; i < 25; i++)
    {
      const clock_t before = clock ();
      fixture_run_for (0.2);
      if (clock () - before < CLOCKS_PER_SEC / 20)
        return TRUE;
    }
  return FALSE;
}

/* Asks for the same on the first demo model, with so many samples that it takes long, and waits until its
 * progress is seen. (transfer none): the window with it */
static GtkWindow *
begin_long_trace (GtkWindow *window, EgTracePage *page, EgMessages *messages)
{
  g_autoptr (EgTraceResult) result = fixture_result (8, 7);
  g_autoptr (GPtrArray) others = g_ptr_array_new ();

  result->has_settings = TRUE;
  ((EgTraceRequest *)result->request)->samples = 10000;
  eg_trace_page_show (page, result, NULL);
  eg_comparing_ask (window, page, others, messages);
  fixture_wait_for (find_window (window, GTK_TYPE_LIST_BOX) != NULL);
  choose (find_window (window, GTK_TYPE_LIST_BOX), 0);
  fixture_wait_for (find_window (window, EG_TYPE_PROGRESS_VIEW) != NULL);
  GtkWindow *shown = find_window (window, EG_TYPE_PROGRESS_VIEW);
  EgProgressView *progress = EG_PROGRESS_VIEW (fixture_find (GTK_WIDGET (shown), EG_TYPE_PROGRESS_VIEW));
  fixture_wait_for (eg_progress_view_get_fraction (progress) > 0);
  g_assert_cmpfloat (eg_progress_view_get_fraction (progress), <, 0.5);
  fixture_wait_for (strstr (eg_progress_view_get_text (progress), " left") != NULL);
  g_assert_nonnull (strstr (eg_progress_view_get_text (progress), " of "));
  return shown;
}

/* By its button, and with the window that asked for it. */
static void
test_cancel (void)
{
  for (int with_window = 0; with_window < 2; with_window++)
    {
      EgTracePage *page = EG_TRACE_PAGE (eg_trace_page_new ());
      g_autoptr (EgMessages) messages
          = eg_messages_new (EG_BANNER (eg_banner_new ()), ADW_TOAST_OVERLAY (adw_toast_overlay_new ()));
      GtkWindow *window = fixture_show (GTK_WIDGET (page), 700, 700);
      GtkWindow *shown = begin_long_trace (window, page, messages);
      GtkWidget *progress = fixture_find (GTK_WIDGET (shown), EG_TYPE_PROGRESS_VIEW);
      gpointer left = shown;

      g_object_add_weak_pointer (G_OBJECT (shown), &left);
      if (with_window)
        fixture_close (window);
      else
        g_signal_emit_by_name (fixture_find (progress, GTK_TYPE_BUTTON), "clicked");
      fixture_wait_for (left == NULL);
      g_assert_true (comes_to_rest ());
      if (!with_window)
        fixture_close (window);
    }
}

/* It says so where the bar was. */
static void
test_failure (void)
{
  g_autoptr (EgTraceResult) result = fixture_result (8, 7);
  GtkWindow *window = fixture_show (gtk_label_new (NULL), 300, 300);
  EgComparisonWindow *shown = eg_comparison_window_new (window, result->grids[0]);

  eg_comparison_window_trace (shown, "no-such-model");
  EgProgressView *progress = EG_PROGRESS_VIEW (fixture_find (GTK_WIDGET (shown), EG_TYPE_PROGRESS_VIEW));
  fixture_wait_for (strstr (eg_progress_view_get_text (progress), "no-such-model") != NULL);
  GtkWidget *button = fixture_find (GTK_WIDGET (progress), GTK_TYPE_BUTTON);
  g_assert_cmpstr (gtk_button_get_label (GTK_BUTTON (button)), ==, "_Close");
  g_assert_false (gtk_widget_get_visible (fixture_find (GTK_WIDGET (progress), GTK_TYPE_PROGRESS_BAR)));
  fixture_close (window);
}

int
main (int argc, char **argv)
{
  g_autofree char *home = g_dir_make_tmp ("engram-comparison-XXXXXX", NULL);
  g_setenv ("XDG_DATA_HOME", home, TRUE);
  fixture_init (&argc, &argv);
  g_test_add_func ("/comparison-view/the-pointer-marks-one-place-in-all", test_pointer);
  g_test_add_func ("/comparison-view/keys-move-it-to-the-end-of-both", test_keys);
  g_test_add_func ("/comparison-view/with-another-tab-or-the-same-on-a-demo-model", test_question);
  g_test_add_func ("/comparison-view/with-any-model-of-the-menu", test_any_model_of_the_menu);
  g_test_add_func ("/comparison-view/has-a-progress-and-ends-when-it-is-stopped", test_cancel);
  g_test_add_func ("/comparison-view/says-why-there-is-no-second-map", test_failure);
  return g_test_run ();
}
