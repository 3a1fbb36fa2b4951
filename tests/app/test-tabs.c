/* Tabs and what stands above their maps: order, titles, model, date and settings, metrics, and what fades. */
#include "fixture.h"

#include "app/ask/prediction-list.h"
#include "app/page/analysis-pane.h"
#include "app/page/heatmap-view.h"
#include "app/page/trace-header.h"
#include "app/parts/banner.h"
#include "app/parts/token-strip.h"
#include "app/shell/expected-time.h"
#include "app/shell/window.h"
#include "library/locate.h"
#include "trace/result/metric-view.h"
#include "trace/result/result-io.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

/* ---- helpers ---- */

static char *folder; /* of this run's files */

static EgWindow *
open_window (void)
{
  EgWindow *window = eg_window_new (NULL, NULL, NULL);

  gtk_window_present (GTK_WINDOW (window));
  fixture_settle (GTK_WINDOW (window));
  return window;
}

static void
open_file (EgWindow *window, EgTraceResult *result, const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (folder, name, NULL);
  EgTracePage *before = eg_window_get_page (window);

  g_assert_true (eg_trace_result_save_npz (result, path, &error));
  g_assert_no_error (error);
  eg_window_open_file (window, path);
  fixture_wait_for (eg_window_get_page (window) != before);
  fixture_settle (GTK_WINDOW (window));
}

/* Of a subject, a model and settings. */
static EgTraceResult *
make_result (const char *subject, const char *model)
{
  EgTraceResult *result = fixture_result (8, 7);

  g_free (result->tokens->subject);
  result->tokens->subject = g_strdup (subject);
  result->model = g_strdup (model);
  result->has_settings = TRUE;
  return result;
}

static void
open_demo (EgWindow *window)
{
  eg_window_open_model (window, NULL);
  fixture_wait_for (eg_draft_get_model (eg_window_get_draft (window)) != NULL);
  fixture_settle (GTK_WINDOW (window));
}

static GtkWidget *
find_view (EgWindow *window)
{
  return fixture_find (GTK_WIDGET (window), ADW_TYPE_TAB_VIEW);
}

static const char *
get_title (EgWindow *window, int i)
{
  return adw_tab_page_get_title (adw_tab_view_get_nth_page (ADW_TAB_VIEW (find_view (window)), i));
}

/* The first label below a widget that has this text in it. */
static GtkWidget *
find_label (GtkWidget *root, const char *text)
{
  if (GTK_IS_LABEL (root) && strstr (gtk_label_get_text (GTK_LABEL (root)), text) != NULL)
    return root;
  for (GtkWidget *child = gtk_widget_get_first_child (root); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    {
      GtkWidget *found = find_label (child, text);
      if (found != NULL)
        return found;
    }
  return NULL;
}

static GtkWidget *
find_header (EgWindow *window)
{
  return fixture_find (GTK_WIDGET (eg_window_get_page (window)), EG_TYPE_TRACE_HEADER);
}

/* What a window shows as chips, joined. (transfer full) */
static char *
read_chips (EgWindow *window)
{
  GtkWidget *strip = fixture_find (GTK_WIDGET (window), EG_TYPE_TOKEN_STRIP);
  GString *text = g_string_new (NULL);

  for (GtkWidget *chip = gtk_widget_get_first_child (strip); chip != NULL;
       chip = gtk_widget_get_next_sibling (chip))
    g_string_append_printf (text, "%s|", gtk_label_get_text (GTK_LABEL (chip)));
  return g_string_free (text, FALSE);
}

/* ---- tabs ---- */

static void
test_reopened_tabs_keep_their_order (void)
{
  static const char *const subjects[] = { "One", "Two", "Three", "Four" };
  EgWindow *window = open_window ();
  AdwTabView *view = ADW_TAB_VIEW (find_view (window));

  for (gsize i = 0; i < G_N_ELEMENTS (subjects); i++)
    {
      g_autoptr (EgTraceResult) result = make_result (subjects[i], "demo");
      g_autofree char *name = g_strconcat (subjects[i], ".npz", NULL);
      open_file (window, result, name);
    }
  /* The third, the first, and what is then the first. */
  static const int closed[] = { 2, 0, 0 };
  for (gsize i = 0; i < G_N_ELEMENTS (closed); i++)
    adw_tab_view_close_page (view, adw_tab_view_get_nth_page (view, closed[i]));
  g_assert_cmpint (adw_tab_view_get_n_pages (view), ==, 1);
  gtk_widget_activate_action (GTK_WIDGET (window), "win.reopen-tab", NULL);
  g_assert_cmpint (adw_tab_view_get_n_pages (view), ==, 4);
  for (int i = 0; i < 4; i++)
    g_assert_true (g_str_has_prefix (get_title (window, i), subjects[i]));
  fixture_close (GTK_WINDOW (window));
}

/* Subject and answer first, however long the one is; then what is another one's setting, and nothing else. */
static void
test_titles_say_what_differs (void)
{
  static const char subject[] = "The Legend of Zelda: Breath of the Wild";
  EgWindow *window = open_window ();
  AdwTabView *view = ADW_TAB_VIEW (find_view (window));

  for (int i = 0; i < 2; i++)
    {
      g_autoptr (EgTraceResult) result = make_result (subject, "demo");
      ((EgTraceRequest *)result->request)->noise_level = i == 0 ? 3 : 5;
      open_file (window, result, i == 0 ? "a.npz" : "b.npz");
      eg_trace_page_set_file_name (eg_window_get_page (window), NULL);
    }
  adw_tab_view_set_selected_page (view, adw_tab_view_get_nth_page (view, 0));
  eg_window_set_texts (window, "another", "");
  g_signal_emit_by_name (eg_window_get_page (window), "changed");
  g_assert_cmpstr (get_title (window, 0), ==, "The Legend… the Wild → “German” · Noise 3");
  g_assert_cmpstr (get_title (window, 1), ==, "The Legend… the Wild → “German” · Noise 5");
  const char *tooltip = adw_tab_page_get_tooltip (adw_tab_view_get_nth_page (view, 0));
  g_assert_nonnull (strstr (tooltip, "Samples 10"));
  g_assert_nonnull (strstr (tooltip, "Angela Merkel"));
  fixture_close (GTK_WINDOW (window));
}

/* ---- above the map ---- */

static void
test_header_says_what_made_the_map (void)
{
  EgWindow *window = open_window ();
  g_autoptr (EgTraceResult) result = make_result ("Angela Merkel", "some/model");

  open_file (window, result, "made.npz");
  GtkWidget *origin = find_label (find_header (window), "some/model");
  g_assert_nonnull (origin);
  const char *line = gtk_label_get_text (GTK_LABEL (origin));
  g_assert_true (g_str_has_prefix (line, "some/model · "));
  g_assert_nonnull (strstr (line, " · Residual stream · Samples 10 · Noise 3"));
  g_assert_nonnull (strstr (gtk_widget_get_tooltip_text (origin), "some/model\n"));
  fixture_close (GTK_WINDOW (window));

  /* What is traced here says when. */
  window = open_window ();
  eg_window_set_texts (window, "The Eiffel Tower is located in", "Eiffel Tower");
  open_demo (window);
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autofree char *day = g_date_time_format (now, "%x");
  eg_window_trace (window);
  fixture_wait_for (eg_trace_page_get_state (eg_window_get_page (window)) == EG_TRACING_DONE);
  g_assert_nonnull (find_label (find_header (window), "Demo model · "));
  g_assert_nonnull (find_label (find_header (window), day));
  fixture_close (GTK_WINDOW (window));
}

static GtkWidget *
find_model_button (EgWindow *window)
{
  GtkWidget *label = find_label (find_header (window), "Open This Model");
  return gtk_widget_get_ancestor (label, GTK_TYPE_BUTTON);
}

/* A map of another model than the open one: its tokens stand under the prompt, no prediction is another's,
 * and its model is a click away. */
static void
test_other_models_map_keeps_its_tokens (void)
{
  EgWindow *window = open_window ();
  EgDraft *draft = eg_window_get_draft (window);
  g_autoptr (EgTraceResult) result = make_result ("Angela Merkel", "some/model");
  g_strfreev (result->tokens->tokens);
  result->tokens->tokens = g_strsplit ("The mo|ther tongue| of| Angela| Merk|el| is", "|", -1);

  open_demo (window);
  open_file (window, result, "other.npz");
  g_assert_true (gtk_widget_get_visible (find_model_button (window)));
  g_autofree char *chips = read_chips (window);
  g_assert_cmpstr (chips, ==, "The mo|ther tongue|␣of|␣Angela|␣Merk|el|␣is|");
  EgPredictionList *predictions
      = EG_PREDICTION_LIST (fixture_find (GTK_WIDGET (window), EG_TYPE_PREDICTION_LIST));
  g_assert_null (eg_predictor_get_model (eg_prediction_list_get_predictor (predictions)));

  /* Its chips mark what they show. */
  eg_draft_mark_subject (draft, 4, 5);
  g_assert_cmpstr (eg_draft_get_request (draft)->subject, ==, "Merkel");
  /* Another prompt is for the model that is open. */
  eg_draft_set_prompt (draft, "The Eiffel Tower is located in");
  g_autofree char *own = read_chips (window);
  g_assert_true (g_str_has_prefix (own, "The|␣Eiffel|␣Tower|"));
  fixture_close (GTK_WINDOW (window));
}

/* A model that is still in memory is there at once. */
static void
test_own_model_comes_back_at_once (void)
{
  EgWindow *window = open_window ();
  g_autofree char *demo = eg_model_find_demo (), *other = g_build_filename (folder, "copied", NULL);

  eg_window_set_texts (window, "The Eiffel Tower is located in", "Eiffel Tower");
  open_demo (window);
  EgModel *first = eg_draft_get_model (eg_window_get_draft (window));
  eg_window_trace (window);
  fixture_wait_for (eg_trace_page_get_state (eg_window_get_page (window)) == EG_TRACING_DONE);
  g_assert_false (gtk_widget_get_visible (find_model_button (window)));
  g_assert_cmpint (g_mkdir_with_parents (other, 0700), ==, 0);
  g_autoptr (GDir) dir = g_dir_open (demo, 0, NULL);
  for (const char *name = g_dir_read_name (dir); name != NULL; name = g_dir_read_name (dir))
    {
      g_autofree char *from = g_build_filename (demo, name, NULL), *to = g_build_filename (other, name, NULL);
      g_assert_true (symlink (from, to) == 0);
    }
  eg_window_open_model (window, other);
  fixture_wait_for (eg_draft_get_model (eg_window_get_draft (window)) != first);
  g_assert_true (gtk_widget_get_visible (find_model_button (window)));
  gtk_widget_activate_action (GTK_WIDGET (window), "win.open-page-model", NULL);
  g_assert_true (eg_draft_get_model (eg_window_get_draft (window)) == first);
  g_assert_false (gtk_widget_get_visible (find_model_button (window)));
  fixture_close (GTK_WINDOW (window));
}

/* ---- metrics ---- */

static void
test_metrics_change_places (void)
{
  g_autoptr (EgTraceResult) result = fixture_result (4, 5);
  const gsize at = eg_trace_result_add_metric (result, EG_METRIC_LOGIT);
  result->ends[at] = (EgTraceEnds){ .high = 9, .low = 1 };
  result->grids[0]->scores[at][3] = 7.5;
  const double before = result->grids[0]->scores[0][3];
  g_autoptr (EgTraceResult) view = eg_trace_result_view_metric (result, EG_METRIC_LOGIT);

  g_assert_cmpint (view->metrics[0], ==, EG_METRIC_LOGIT);
  g_assert_cmpfloat (view->ends[0].high, ==, 9);
  g_assert_cmpfloat (view->grids[0]->scores[0][3], ==, 7.5);
  g_assert_cmpfloat (view->grids[0]->scores[1][3], ==, before);
  g_assert_true (view->grids[0]->result == view);
  /* The result itself is as it was. */
  g_assert_cmpint (result->metrics[0], ==, EG_METRIC_PROB);
  g_assert_cmpfloat (result->grids[0]->scores[0][3], ==, before);
}

static void
test_finished_map_shows_each_metric (void)
{
  EgWindow *window = open_window ();

  eg_window_set_texts (window, "The Eiffel Tower is located in", "Eiffel Tower");
  open_demo (window);
  eg_draft_edit (eg_window_get_draft (window))->all_metrics = TRUE;
  eg_draft_commit (eg_window_get_draft (window));
  eg_window_trace (window);
  EgTracePage *page = eg_window_get_page (window);
  GtkWidget *list = fixture_find (find_header (window), GTK_TYPE_DROP_DOWN);
  fixture_wait_for (eg_trace_page_get_state (page) == EG_TRACING_DONE);
  fixture_settle (GTK_WINDOW (window));
  g_assert_true (gtk_widget_get_visible (list));
  const EgTraceResult *result = eg_trace_page_get_result (page);
  g_assert_cmpuint (g_list_model_get_n_items (gtk_drop_down_get_model (GTK_DROP_DOWN (list))), ==,
                    result->n_metrics);
  g_assert_cmpuint (gtk_drop_down_get_selected (GTK_DROP_DOWN (list)), ==, 0);

  for (guint m = 0; m < result->n_metrics; m++)
    {
      gtk_drop_down_set_selected (GTK_DROP_DOWN (list), m);
      const EgTraceGrid *shown = eg_trace_page_get_shown (page);
      g_assert_cmpint (eg_trace_grid_get_metric (shown), ==, result->metrics[m]);
      g_assert_cmpfloat (eg_trace_grid_score (shown, 2, 2), ==,
                         result->grids[0]->scores[m][2 * shown->n_tokens + 2]);
    }
  /* What is saved is the trace as it was asked for. */
  g_assert_cmpint (eg_trace_page_get_result (page)->metrics[0], ==, EG_METRIC_PROB);
  fixture_close (GTK_WINDOW (window));
}

/* ---- what fades ---- */

static void
test_all_that_is_outdated_fades (void)
{
  EgWindow *window = open_window ();

  eg_window_set_texts (window, "The Eiffel Tower is located in", "Eiffel Tower");
  open_demo (window);
  eg_window_trace (window);
  EgTracePage *page = eg_window_get_page (window);
  fixture_wait_for (eg_trace_page_get_state (page) == EG_TRACING_DONE);
  fixture_settle (GTK_WINDOW (window));
  GtkWidget *sentence = find_label (GTK_WIDGET (page), "ost important");
  if (sentence == NULL)
    sentence = find_label (GTK_WIDGET (page), "layer");
  GtkWidget *const parts[]
      = { find_header (window), fixture_find (GTK_WIDGET (page), EG_TYPE_ANALYSIS_PANE) };
  for (gsize i = 0; i < G_N_ELEMENTS (parts); i++)
    g_assert_cmpfloat (gtk_widget_get_opacity (parts[i]), ==, 1);
  eg_draft_edit (eg_window_get_draft (window))->samples = 11;
  eg_draft_commit (eg_window_get_draft (window));
  for (gsize i = 0; i < G_N_ELEMENTS (parts); i++)
    g_assert_cmpfloat (gtk_widget_get_opacity (parts[i]), <, 0.7);
  g_assert_nonnull (sentence);
  eg_draft_edit (eg_window_get_draft (window))->samples = 10;
  eg_draft_commit (eg_window_get_draft (window));
  for (gsize i = 0; i < G_N_ELEMENTS (parts); i++)
    g_assert_cmpfloat (gtk_widget_get_opacity (parts[i]), ==, 1);
  fixture_close (GTK_WINDOW (window));
}

/* ---- how long it will take ---- */

/* A prediction's speed gives a first guess; a trace's own, figures that follow the work. */
static void
test_time_is_expected_before_it_is_spent (void)
{
  EgWindow *window = open_window ();
  EgDraft *draft = eg_window_get_draft (window);
  g_autoptr (EgExpectedTime) expected = eg_expected_time_new (draft);

  g_assert_true (isnan (eg_expected_time_get (expected)));
  eg_window_set_texts (window, "The Eiffel Tower is located in", "Eiffel Tower");
  eg_draft_edit (draft)->device.kind = EG_DEVICE_CPU;
  eg_draft_commit (draft);
  open_demo (window);
  fixture_wait_for (eg_expected_time_get (expected) > 0);

  eg_window_trace (window);
  EgTracePage *page = eg_window_get_page (window);
  fixture_wait_for (eg_trace_page_get_state (page) == EG_TRACING_DONE);
  const double seconds = eg_trace_page_get_result (page)->seconds;
  fixture_wait_for (fabs (eg_expected_time_get (expected) / seconds - 1) < 1e-6);
  eg_draft_edit (draft)->samples = 1000;
  eg_draft_commit (draft);
  g_assert_true (isnan (eg_expected_time_get (expected)));
  fixture_wait_for (!isnan (eg_expected_time_get (expected)));
  g_assert_cmpfloat (eg_expected_time_get (expected) / seconds, >, 90);
  g_assert_cmpfloat (eg_expected_time_get (expected) / seconds, <, 110);
  /* Beside Trace, as long as there is nothing to wait for. */
  fixture_wait_for (find_label (GTK_WIDGET (window), "about ") != NULL);
  eg_draft_set_prompt (draft, "");
  g_assert_null (find_label (GTK_WIDGET (window), "about "));
  fixture_close (GTK_WINDOW (window));
}

/* What noise does not do is known before the cells are. */
static void
test_noise_without_effect_is_said_while_it_runs (void)
{
  EgWindow *window = open_window ();
  EgDraft *draft = eg_window_get_draft (window);

  eg_window_set_texts (window, "The Eiffel Tower is located in", "Eiffel Tower");
  open_demo (window);
  EgTraceRequest *request = eg_draft_edit (draft);
  request->noise_level = 0.1;
  request->samples = 10000;
  eg_draft_commit (draft);
  eg_window_trace (window);
  const gint64 begun = g_get_monotonic_time ();
  GtkWidget *banner = fixture_find (GTK_WIDGET (eg_window_get_page (window)), EG_TYPE_BANNER);
  fixture_wait_for (gtk_widget_get_visible (banner));
  g_assert_cmpint (eg_trace_page_get_state (eg_window_get_page (window)), ==, EG_TRACING_RUNNING);
  g_assert_cmpint (g_get_monotonic_time () - begun, <, 3 * G_USEC_PER_SEC);
  g_assert_nonnull (find_label (banner, "more noise"));
  fixture_close (GTK_WINDOW (window));
}

int
main (int argc, char **argv)
{
  fixture_init (&argc, &argv);
  g_autoptr (GError) error = NULL;
  folder = g_dir_make_tmp ("engram-tabs-XXXXXX", &error);
  g_assert_no_error (error);
  g_test_add_func ("/app/tabs/order", test_reopened_tabs_keep_their_order);
  g_test_add_func ("/app/tabs/titles", test_titles_say_what_differs);
  g_test_add_func ("/app/tabs/header", test_header_says_what_made_the_map);
  g_test_add_func ("/app/tabs/other-model", test_other_models_map_keeps_its_tokens);
  g_test_add_func ("/app/tabs/own-model", test_own_model_comes_back_at_once);
  g_test_add_func ("/app/tabs/metric-view", test_metrics_change_places);
  g_test_add_func ("/app/tabs/metrics", test_finished_map_shows_each_metric);
  g_test_add_func ("/app/tabs/outdated", test_all_that_is_outdated_fades);
  g_test_add_func ("/app/tabs/expected-time", test_time_is_expected_before_it_is_spent);
  g_test_add_func ("/app/tabs/noise-without-effect", test_noise_without_effect_is_said_while_it_runs);
  return g_test_run ();
}
