/* Nothing computed is lost: tracing again, undoing it, stopping, failing and closing. */
#include "fixture.h"

#include "app/shell/tabs.h"
#include "app/shell/window.h"
#include "library/locate.h"
#include "trace/result/result-io.h"

#include <glib/gstdio.h>
#include <string.h>

static char *folder; /* of this run's files */

/* ---- helpers ---- */

static EgWindow *
open_window (EgUnsaved *unsaved)
{
  EgWindow *window = eg_window_new (NULL, NULL, unsaved);

  eg_window_set_texts (window, "The Eiffel Tower is located in", "Eiffel Tower");
  eg_window_open_model (window, NULL);
  gtk_window_present (GTK_WINDOW (window));
  fixture_settle (GTK_WINDOW (window));
  fixture_wait_for (eg_draft_get_model (eg_window_get_draft (window)) != NULL);
  return window;
}

static void
set_samples (EgWindow *window, guint samples)
{
  g_autoptr (EgTraceRequest) request
      = eg_trace_request_copy (eg_draft_get_request (eg_window_get_draft (window)));

  request->samples = samples;
  eg_draft_show_settings (eg_window_get_draft (window), request);
}

static void
activate (EgWindow *window, const char *action)
{
  gtk_widget_activate_action (GTK_WIDGET (window), action, NULL);
}

static EgTracingState
get_state (EgWindow *window)
{
  EgTracePage *page = eg_window_get_page (window);
  return page != NULL ? eg_trace_page_get_state (page) : EG_TRACING_IDLE;
}

static EgTraceResult *
get_result (EgWindow *window)
{
  return eg_trace_page_get_result (eg_window_get_page (window));
}

static void
trace (EgWindow *window)
{
  activate (window, "win.trace");
  fixture_wait_for (get_state (window) == EG_TRACING_DONE);
}

/* Under way, with numbers that are shown. */
static void
begin (EgWindow *window)
{
  activate (window, "win.trace");
  fixture_wait_for (get_state (window) == EG_TRACING_RUNNING && get_result (window) != NULL
                    && get_result (window)->grids[0]->counts[0] > 0);
}

static GtkWidget *
find_button (GtkWidget *root, const char *action)
{
  if (GTK_IS_BUTTON (root) && g_strcmp0 (gtk_actionable_get_action_name (GTK_ACTIONABLE (root)), action) == 0)
    return root;
  for (GtkWidget *child = gtk_widget_get_first_child (root); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    {
      GtkWidget *found = find_button (child, action);
      if (found != NULL)
        return found;
    }
  return NULL;
}

/* The results that the next start would offer. */
static guint
count_kept (const char *unsaved)
{
  g_autoptr (GDir) dir = g_dir_open (unsaved, 0, NULL);
  guint n = 0;

  for (const char *name; dir != NULL && (name = g_dir_read_name (dir)) != NULL;)
    {
      g_autofree char *path = g_build_filename (unsaved, name, NULL);
      n += g_str_has_suffix (name, ".npz");
      n += g_file_test (path, G_FILE_TEST_IS_DIR) ? count_kept (path) : 0;
    }
  return n;
}

/* ---- tracing again ---- */

static void
test_result_before_comes_back (void)
{
  EgWindow *window = open_window (NULL);

  trace (window);
  g_autoptr (EgTraceResult) first = eg_trace_result_ref (get_result (window));
  AdwTabView *view = ADW_TAB_VIEW (fixture_find (GTK_WIDGET (window), ADW_TYPE_TAB_VIEW));
  activate (window, "win.trace");
  fixture_wait_for (get_state (window) == EG_TRACING_DONE && get_result (window) != first);
  g_autoptr (EgTraceResult) second = eg_trace_result_ref (get_result (window));
  g_assert_cmpint (adw_tab_view_get_n_pages (view), ==, 1);
  GtkWidget *undo = find_button (GTK_WIDGET (eg_window_get_page (window)), "win.undo-trace");
  g_assert_true (gtk_widget_get_visible (undo));

  activate (window, "win.undo-trace");
  g_assert_true (get_result (window) == first);
  g_assert_cmpint (get_state (window), ==, EG_TRACING_DONE);
  g_assert_false (gtk_widget_get_visible (undo));
  activate (window, "win.redo-trace");
  g_assert_true (get_result (window) == second);
  fixture_close (GTK_WINDOW (window));
}

/* What an hour had computed is not thrown away for what has just begun. */
static void
test_stopped_trace_comes_back_and_goes_on (void)
{
  EgWindow *window = open_window (NULL);

  set_samples (window, 3000);
  begin (window);
  activate (window, "win.stop");
  fixture_wait_for (get_state (window) == EG_TRACING_STOPPED);
  g_autoptr (EgTraceResult) first = eg_trace_result_ref (get_result (window));
  activate (window, "win.trace");
  fixture_wait_for (get_state (window) == EG_TRACING_RUNNING && get_result (window) != NULL);
  activate (window, "win.undo-trace");
  g_assert_true (get_result (window) == first);
  g_assert_cmpint (get_state (window), ==, EG_TRACING_STOPPED);
  g_assert_true (eg_trace_page_can_continue (eg_window_get_page (window)));
  activate (window, "win.continue");
  fixture_wait_for (get_state (window) == EG_TRACING_RUNNING);
  activate (window, "win.stop");
  fixture_wait_for (get_state (window) == EG_TRACING_STOPPED);
  fixture_close (GTK_WINDOW (window));
}

/* Also what was traced by itself, under other settings; and the panel says which ones. */
static void
test_undo_brings_back_the_settings (void)
{
  EgWindow *window = open_window (NULL);

  eg_window_trace_by_itself (window);
  fixture_wait_for (get_state (window) == EG_TRACING_DONE);
  set_samples (window, 12);
  trace (window);
  fixture_wait_for (get_result (window)->samples == 12);
  activate (window, "win.undo-trace");
  g_assert_cmpuint (get_result (window)->samples, ==, 10);
  g_assert_cmpuint (eg_draft_get_request (eg_window_get_draft (window))->samples, ==, 10);
  fixture_close (GTK_WINDOW (window));
}

static void
test_failed_trace_loses_nothing (void)
{
  g_autofree char *demo = eg_model_find_demo ();
  g_autoptr (GError) error = NULL;
  g_autoptr (EgModel) model = eg_model_open (demo, NULL, &error);
  g_assert_no_error (error);
  g_autoptr (EgTraceRequest) request
      = eg_trace_request_new ("The Eiffel Tower is located in", "Eiffel Tower");
  EgTracePage *page = EG_TRACE_PAGE (eg_trace_page_new ());
  GtkWindow *window = fixture_show (GTK_WIDGET (page), 800, 600);

  eg_trace_page_start (page, model, request, EG_ESTIMATE_FIRST);
  fixture_wait_for (eg_trace_page_get_state (page) == EG_TRACING_DONE);
  g_autoptr (EgTraceResult) first = eg_trace_result_ref (eg_trace_page_get_result (page));
  g_free (request->subject);
  request->subject = g_strdup ("Rome");
  eg_trace_page_start (page, model, request, EG_ESTIMATE_FIRST);
  g_assert_null (eg_trace_page_get_result (page));
  fixture_wait_for (eg_trace_page_get_state (page) != EG_TRACING_RUNNING);
  g_assert_true (eg_trace_page_get_result (page) == first);
  g_assert_false (eg_trace_page_can_go (page, -1) || eg_trace_page_can_go (page, 1));
  GtkWidget *banner = fixture_find (GTK_WIDGET (page), EG_TYPE_BANNER);
  g_assert_true (gtk_widget_get_visible (banner));
  GtkLabel *label = GTK_LABEL (fixture_find (banner, GTK_TYPE_LABEL));
  g_assert_nonnull (strstr (gtk_label_get_text (label), "Rome"));
  fixture_close (window);
}

/* ---- Trace and Stop ---- */

/* A click that was meant for Stop and comes just after the end starts nothing; nor does Trace while it goes.
 */
static void
test_click_on_stop_starts_nothing (void)
{
  EgWindow *window = open_window (NULL);
  GtkWidget *start = find_button (GTK_WIDGET (window), "win.trace");
  GtkWidget *stop = find_button (GTK_WIDGET (window), "win.stop");
  double x, y;

  g_assert_true (start != stop && stop != NULL);
  g_assert_false (gtk_widget_get_visible (stop));
  set_samples (window, 2000);
  begin (window);
  fixture_settle (GTK_WINDOW (window));
  g_assert_true (gtk_widget_get_visible (stop) && gtk_widget_get_sensitive (stop));
  const EgTraceResult *under_way = get_result (window);
  eg_window_trace (window);
  g_assert_true (get_result (window) == under_way);
  const double width = gtk_widget_get_width (stop), height = gtk_widget_get_height (stop);
  gtk_widget_translate_coordinates (stop, GTK_WIDGET (window), width / 2, height / 2, &x, &y);
  fixture_point (GTK_WINDOW (window), stop, width / 2, height / 2);
  fixture_input (GTK_WINDOW (window), "click 1");
  fixture_wait_for (get_state (window) == EG_TRACING_STOPPED);
  fixture_settle (GTK_WINDOW (window));
  fixture_input (GTK_WINDOW (window), "click 1");
  fixture_run_for (0.1);
  g_assert_cmpint (get_state (window), ==, EG_TRACING_STOPPED);
  GtkWidget *there = gtk_widget_pick (GTK_WIDGET (window), x, y, GTK_PICK_DEFAULT);
  g_assert_false (there == start || gtk_widget_is_ancestor (there, start));
  fixture_close (GTK_WINDOW (window));
}

/* ---- on the disk ---- */

/* As the next start would read them. (transfer full): the only one that is kept. */
static EgSavedTrace *
load_kept (EgUnsaved *unsaved, EgTracePage *page)
{
  g_autofree char *path = eg_unsaved_get_path (unsaved, eg_trace_page_get_key (page));
  g_autoptr (GError) error = NULL;
  EgSavedTrace *saved = eg_saved_trace_load (path, &error);

  g_assert_no_error (error);
  return saved;
}

/* Whether all that was shown is there, by now. */
static gboolean
is_kept (EgUnsaved *unsaved, EgTracePage *page, const EgTraceResult *shown)
{
  const char *key = eg_trace_page_get_key (page);
  g_autofree char *path = key != NULL ? eg_unsaved_get_path (unsaved, key) : NULL;
  if (path == NULL || !g_file_test (path, G_FILE_TEST_EXISTS))
    return FALSE;
  g_autoptr (EgSavedTrace) saved = load_kept (unsaved, page);
  for (gsize i = 0; i < eg_trace_grid_n_cells (shown->grids[0]); i++)
    if (saved->result->grids[0]->counts[i] < shown->grids[0]->counts[i])
      return FALSE;
  return TRUE;
}

static void
test_what_is_shown_is_kept_while_it_runs (void)
{
  g_autofree char *kept = g_build_filename (folder, "runs", NULL);
  EgUnsaved *unsaved = eg_unsaved_new (kept, NULL);
  EgWindow *window = open_window (unsaved);

  set_samples (window, 10000);
  begin (window);
  const gint64 begun = g_get_monotonic_time ();
  g_autoptr (EgTraceResult) shown = eg_trace_result_copy (get_result (window));
  fixture_wait_for (is_kept (unsaved, eg_window_get_page (window), shown));
  g_assert_cmpint (g_get_monotonic_time () - begun, <, 10 * G_USEC_PER_SEC);
  g_assert_cmpint (get_state (window), ==, EG_TRACING_RUNNING);
  eg_unsaved_flush (unsaved);
  g_autoptr (EgSavedTrace) saved = load_kept (unsaved, eg_window_get_page (window));
  g_assert_false (saved->result->complete);
  g_assert_true (eg_saved_trace_check (saved, NULL));
  activate (window, "win.stop");
  fixture_wait_for (get_state (window) == EG_TRACING_STOPPED);
  fixture_close (GTK_WINDOW (window));
  eg_unsaved_free (unsaved);
}

/* What began by itself is kept from the moment on that somebody asks for it, though nothing starts anew. */
static void
test_what_is_asked_for_under_way_is_kept (void)
{
  g_autofree char *kept = g_build_filename (folder, "asked for", NULL);
  EgUnsaved *unsaved = eg_unsaved_new (kept, NULL);
  EgWindow *window = open_window (unsaved);

  eg_window_trace_by_itself (window);
  fixture_wait_for (get_state (window) == EG_TRACING_DONE);
  eg_unsaved_flush (unsaved);
  g_assert_cmpuint (count_kept (kept), ==, 0);
  fixture_close (GTK_WINDOW (window));

  window = open_window (unsaved);
  set_samples (window, 100);
  eg_window_trace_by_itself (window);
  g_assert_cmpint (get_state (window), ==, EG_TRACING_RUNNING);
  activate (window, "win.trace");
  fixture_wait_for (get_state (window) == EG_TRACING_DONE);
  eg_unsaved_flush (unsaved);
  g_assert_cmpuint (count_kept (kept), ==, 1);
  fixture_close (GTK_WINDOW (window));
  eg_unsaved_free (unsaved);
}

/* What a killed program has left behind is gone on with, and ends in the same bits. */
static void
test_reopened_trace_goes_on (void)
{
  g_autofree char *kept = g_build_filename (folder, "killed", NULL);
  EgUnsaved *unsaved = eg_unsaved_new (kept, NULL);
  EgWindow *window = open_window (unsaved);

  set_samples (window, 600);
  trace (window);
  g_autoptr (EgTraceResult) whole = eg_trace_result_ref (get_result (window));
  g_autofree char *path = g_build_filename (folder, "stopped.npz", NULL);
  begin (window);
  activate (window, "win.stop");
  fixture_wait_for (get_state (window) == EG_TRACING_STOPPED);
  eg_unsaved_flush (unsaved);
  g_autofree char *left = eg_unsaved_get_path (unsaved, eg_trace_page_get_key (eg_window_get_page (window)));
  g_assert_cmpint (g_rename (left, path), ==, 0);
  EgTracePage *before = eg_window_get_page (window);
  eg_window_open_file (window, path);
  fixture_wait_for (eg_window_get_page (window) != before);
  g_assert_cmpint (get_state (window), ==, EG_TRACING_STOPPED);
  g_assert_true (eg_trace_page_can_continue (eg_window_get_page (window)));
  activate (window, "win.continue");
  fixture_wait_for (get_state (window) == EG_TRACING_DONE);
  for (gsize i = 0; i < eg_trace_grid_n_cells (whole->grids[0]); i++)
    g_assert_true (get_result (window)->grids[0]->scores[0][i] == whole->grids[0]->scores[0][i]);
  fixture_close (GTK_WINDOW (window));
  eg_unsaved_free (unsaved);
}

/* ---- closing ---- */

static GtkWindow *
find_question (EgWindow *window)
{
  g_autoptr (GListModel) all = g_object_ref (gtk_window_get_toplevels ());

  for (guint i = 0; i < g_list_model_get_n_items (all); i++)
    {
      g_autoptr (GtkWindow) other = g_list_model_get_item (all, i);
      if (ADW_IS_MESSAGE_DIALOG (other) && gtk_window_get_transient_for (other) == GTK_WINDOW (window))
        return other;
    }
  return NULL;
}

static GtkWidget *
find_labelled (GtkWidget *root, const char *label)
{
  if (GTK_IS_BUTTON (root) && g_strcmp0 (gtk_button_get_label (GTK_BUTTON (root)), label) == 0)
    return root;
  GtkWidget *found = NULL;
  for (GtkWidget *child = gtk_widget_get_first_child (root); child != NULL && found == NULL;
       child = gtk_widget_get_next_sibling (child))
    found = find_labelled (child, label);
  return found;
}

static void
answer (EgWindow *window, const char *label)
{
  fixture_wait_for (find_question (window) != NULL);
  g_signal_emit_by_name (find_labelled (GTK_WIDGET (find_question (window)), label), "clicked");
}

static void
test_closing_asks_while_a_trace_runs (void)
{
  g_autofree char *kept = g_build_filename (folder, "closed", NULL);
  EgUnsaved *unsaved = eg_unsaved_new (kept, NULL);
  EgWindow *window = open_window (unsaved);
  gpointer watched = window;

  g_object_add_weak_pointer (G_OBJECT (window), &watched);
  set_samples (window, 10000);
  begin (window);
  gtk_window_close (GTK_WINDOW (window));
  answer (window, "_Keep Tracing");
  fixture_wait_for (find_question (window) == NULL);
  g_assert_cmpint (get_state (window), ==, EG_TRACING_RUNNING);

  gtk_window_close (GTK_WINDOW (window));
  answer (window, "_Stop and Close");
  fixture_wait_for (watched == NULL);
  eg_unsaved_flush (unsaved);
  g_assert_cmpuint (count_kept (kept), ==, 1);
  eg_unsaved_free (unsaved);
}

static void
test_question_goes_when_the_trace_ends (void)
{
  EgWindow *window = open_window (NULL);

  set_samples (window, 500);
  begin (window);
  gtk_window_close (GTK_WINDOW (window));
  fixture_wait_for (find_question (window) != NULL);
  g_assert_cmpint (get_state (window), ==, EG_TRACING_RUNNING);
  fixture_wait_for (find_question (window) == NULL);
  g_assert_cmpint (get_state (window), ==, EG_TRACING_DONE);
  g_assert_true (gtk_widget_get_visible (GTK_WIDGET (window)));
  fixture_close (GTK_WINDOW (window));
}

/* Nobody has asked for what the window traces by itself. */
static void
test_closing_does_not_ask_about_the_first_example (void)
{
  EgWindow *window = open_window (NULL);
  gpointer watched = window;

  g_object_add_weak_pointer (G_OBJECT (window), &watched);
  set_samples (window, 10000);
  eg_window_trace_by_itself (window);
  fixture_wait_for (get_state (window) == EG_TRACING_RUNNING);
  gtk_window_close (GTK_WINDOW (window));
  fixture_wait_for (watched == NULL);
}

/* Nothing is asked where nothing is lost. */
static void
test_closing_asks_nothing_else (void)
{
  EgWindow *window = open_window (NULL);
  gpointer watched = window;

  g_object_add_weak_pointer (G_OBJECT (window), &watched);
  trace (window);
  gtk_window_close (GTK_WINDOW (window));
  fixture_wait_for (watched == NULL);
}

static void
test_both_results_are_kept_until_the_tab_is_closed (void)
{
  g_autofree char *kept = g_build_filename (folder, "both", NULL);
  EgUnsaved *unsaved = eg_unsaved_new (kept, NULL);
  EgWindow *window = open_window (unsaved);

  trace (window);
  const EgTraceResult *first = get_result (window);
  activate (window, "win.trace");
  fixture_wait_for (get_state (window) == EG_TRACING_DONE && get_result (window) != first);
  eg_unsaved_flush (unsaved);
  g_assert_cmpuint (count_kept (kept), ==, 2);
  /* One is saved: the other one is still not. */
  g_autofree char *path = g_build_filename (folder, "saved.npz", NULL);
  eg_window_export_to (window, path, "heatmap");
  fixture_wait_for (eg_trace_page_get_file_name (eg_window_get_page (window)) != NULL);
  activate (window, "win.undo-trace");
  activate (window, "win.redo-trace");
  eg_unsaved_flush (unsaved);
  g_assert_cmpuint (count_kept (kept), ==, 1);
  fixture_close (GTK_WINDOW (window));
  eg_unsaved_free (unsaved);
}

static void
remove_all (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);

  for (const char *name = dir != NULL ? g_dir_read_name (dir) : NULL; name != NULL;
       name = g_dir_read_name (dir))
    {
      g_autofree char *child = g_build_filename (path, name, NULL);
      remove_all (child);
    }
  g_remove (path);
}

int
main (int argc, char **argv)
{
  fixture_init (&argc, &argv);
  folder = g_dir_make_tmp ("engram-keeping-XXXXXX", NULL);
  g_test_add_func ("/app/keeping/result-before-comes-back", test_result_before_comes_back);
  g_test_add_func ("/app/keeping/stopped-trace-comes-back-and-goes-on",
                   test_stopped_trace_comes_back_and_goes_on);
  g_test_add_func ("/app/keeping/undo-brings-back-the-settings", test_undo_brings_back_the_settings);
  g_test_add_func ("/app/keeping/failed-trace-loses-nothing", test_failed_trace_loses_nothing);
  g_test_add_func ("/app/keeping/click-on-stop-starts-nothing", test_click_on_stop_starts_nothing);
  g_test_add_func ("/app/keeping/both-results-are-kept-until-the-tab-is-closed",
                   test_both_results_are_kept_until_the_tab_is_closed);
  g_test_add_func ("/app/keeping/what-is-shown-is-kept-while-it-runs",
                   test_what_is_shown_is_kept_while_it_runs);
  g_test_add_func ("/app/keeping/what-is-asked-for-under-way-is-kept",
                   test_what_is_asked_for_under_way_is_kept);
  g_test_add_func ("/app/keeping/reopened-trace-goes-on", test_reopened_trace_goes_on);
  g_test_add_func ("/app/keeping/closing-asks-while-a-trace-runs", test_closing_asks_while_a_trace_runs);
  g_test_add_func ("/app/keeping/question-goes-when-the-trace-ends", test_question_goes_when_the_trace_ends);
  g_test_add_func ("/app/keeping/closing-does-not-ask-about-the-first-example",
                   test_closing_does_not_ask_about_the_first_example);
  g_test_add_func ("/app/keeping/closing-asks-nothing-else", test_closing_asks_nothing_else);
  const int status = g_test_run ();
  remove_all (folder);
  return status;
}
