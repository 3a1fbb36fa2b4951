/* The window's errands that leave the program or come from outside: paper, clipboard, dropped files, files
 * that are opened again, results that a killed program has left behind, models whose loading is cancelled. */
#include "fixture.h"

#include "app/shell/print-figure.h"
#include "app/parts/token-strip.h"
#include "app/ask/prompt-panel.h"
#include "app/models/model-loader.h"
#include "app/shell/tabs.h"
#include "app/shell/window.h"
#include "library/locate.h"
#include "trace/result/result-io.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>

/* ---- helpers ---- */

static char *folder; /* of this run's files */

static EgWindow *
open_window (EgUnsaved *unsaved)
{
  EgWindow *window = eg_window_new (NULL, NULL, unsaved);

  gtk_window_present (GTK_WINDOW (window));
  fixture_settle (GTK_WINDOW (window));
  return window;
}

static char *
save (EgTraceResult *result, const char *name)
{
  g_autoptr (GError) error = NULL;
  char *path = g_build_filename (folder, name, NULL);

  g_assert_true (eg_trace_result_save_npz (result, path, &error));
  g_assert_no_error (error);
  return path;
}

/* The result in front. */
static EgTraceResult *
get_result (EgWindow *window)
{
  EgTracePage *page = eg_window_get_page (window);
  return page != NULL ? eg_trace_page_get_result (page) : NULL;
}

static EgWindow *
open_with_result (void)
{
  g_autoptr (EgTraceResult) result = fixture_result (8, 8);
  g_autofree char *path = save (result, "shown.npz");
  EgWindow *window = open_window (NULL);

  eg_window_open_file (window, path);
  fixture_wait_for (get_result (window) != NULL);
  fixture_settle (GTK_WINDOW (window));
  return window;
}

static void
close_window (EgWindow *window)
{
  fixture_close (GTK_WINDOW (window));
}

/* What a program says. NULL where it is not installed. */
static char *
say (const char *program, const char *option, const char *path)
{
  g_autofree char *found = g_find_program_in_path (program);
  char *output = NULL;
  g_autoptr (GError) error = NULL;

  if (found == NULL)
    return NULL;
  g_autoptr (GSubprocess) process
      = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error, found, option, path, "-", NULL);
  g_assert_no_error (error);
  g_subprocess_communicate_utf8 (process, NULL, NULL, &output, NULL, &error);
  g_assert_no_error (error);
  return output;
}

/* ---- paper ---- */

static void
test_prints_one_page (void)
{
  g_autoptr (EgTraceResult) result = fixture_result (8, 8);
  EgFigure figure = { .picture = EG_PICTURE_HEATMAP };
  g_autofree char *path = g_build_filename (folder, "printed.pdf", NULL);
  g_autoptr (GError) error = NULL;

  eg_figure_options_init (&figure.options);
  g_autoptr (GtkPrintOperation) operation = eg_print_operation_new (result->grids[0], &figure, "A trace");
  gtk_print_operation_set_allow_async (operation, FALSE);
  gtk_print_operation_set_export_filename (operation, path);
  g_assert_cmpint (gtk_print_operation_run (operation, GTK_PRINT_OPERATION_ACTION_EXPORT, NULL, &error), ==,
                   GTK_PRINT_OPERATION_RESULT_APPLY);
  g_assert_no_error (error);

  g_autofree char *text = say ("pdftotext", "-raw", path);
  if (text == NULL)
    {
      g_test_skip ("pdftotext is not installed");
      return;
    }
  const char *feed = strchr (text, '\f');
  g_assert_nonnull (feed);
  g_assert_cmpstr (feed, ==, "\f");            /* one page */
  g_assert_nonnull (strstr (text, "Subject")); /* what stands aslant comes letter by letter */
}

/* ---- the clipboard ---- */

static void
on_texture (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  *(GdkTexture **)data = gdk_clipboard_read_texture_finish (GDK_CLIPBOARD (source), result, &error);
  g_assert_no_error (error);
}

static void
on_text (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  *(char **)data = gdk_clipboard_read_text_finish (GDK_CLIPBOARD (source), result, &error);
  g_assert_no_error (error);
}

static void
test_copies_three_lines_of_python (void)
{
  EgWindow *window = open_with_result ();
  g_autofree char *text = NULL;

  gtk_widget_activate_action (GTK_WIDGET (window), "win.copy-python", NULL);
  gdk_clipboard_read_text_async (gtk_widget_get_clipboard (GTK_WIDGET (window)), NULL, on_text, &text);
  fixture_wait_for (text != NULL);
  g_auto (GStrv) lines = g_strsplit (text, "\n", 0);
  g_assert_cmpuint (g_strv_length (lines), ==, 4); /* the last one ends, too */
  g_assert_cmpstr (lines[0], ==, "import engram");
  g_assert_nonnull (strstr (lines[2], "subject="));

  close_window (window);
}

static void
test_copies_the_picture (void)
{
  EgWindow *window = open_with_result ();
  GdkClipboard *clipboard = gtk_widget_get_clipboard (GTK_WIDGET (window));
  GdkTexture *texture = NULL;

  gtk_widget_activate_action (GTK_WIDGET (window), "win.copy", NULL);
  fixture_wait_for (
      gdk_content_formats_contain_gtype (gdk_clipboard_get_formats (clipboard), GDK_TYPE_TEXTURE));
  gdk_clipboard_read_texture_async (clipboard, NULL, on_texture, &texture);
  fixture_wait_for (texture != NULL);

  /* Fit for print: four pixels a point of a page's width. White around, coloured inside. */
  const int width = gdk_texture_get_width (texture), height = gdk_texture_get_height (texture);
  g_assert_cmpint (width, >=, 1000);
  g_autofree guint32 *pixels = g_new (guint32, (gsize)width * (gsize)height);
  gdk_texture_download (texture, (guchar *)pixels, (gsize)width * sizeof *pixels);
  g_autoptr (GHashTable) colors = g_hash_table_new (NULL, NULL);
  for (gsize i = 0; i < (gsize)width * (gsize)height; i++)
    g_hash_table_add (colors, GUINT_TO_POINTER (pixels[i]));
  g_assert_cmphex (pixels[0], ==, 0xffffffff);
  g_assert_cmpuint (g_hash_table_size (colors), >, 40);
  g_object_unref (texture);
  close_window (window);
}

/* ---- files ---- */

/* One text takes the place of the other while it still comes in. */
static void
test_says_what_was_written_however_fast (void)
{
  static const char *const names[] = { "one.svg", "two.svg", "three.svg" };
  EgWindow *window = open_with_result ();

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (folder, names[i], NULL);
      eg_window_export_to (window, path, "heatmap");
      fixture_wait_for (g_file_test (path, G_FILE_TEST_EXISTS));
    }
  fixture_run_for (1.5);
  close_window (window);
}

static void
test_says_what_could_not_be_written (void)
{
  EgWindow *window = open_with_result ();
  GtkWidget *banner = fixture_find (GTK_WIDGET (window), EG_TYPE_BANNER);

  eg_window_export_to (window, "/nonexistent/numbers.npz", "heatmap");
  fixture_wait_for (gtk_widget_get_visible (banner));
  GtkLabel *label = GTK_LABEL (fixture_find (banner, GTK_TYPE_LABEL));
  g_assert_nonnull (strstr (gtk_label_get_text (label), "nonexistent"));
  eg_banner_hide (EG_BANNER (banner));
  g_signal_emit_by_name (banner, "closed");
  /* Nothing waits for a window that has closed meanwhile. */
  eg_window_export_to (window, "/nonexistent/numbers.npz", "heatmap");
  close_window (window);
  fixture_run_for (0.2);
}

/* ---- dropped files ---- */

/* As the window's controller would report a drop. */
static gboolean
drop (EgWindow *window, const char *path)
{
  g_autoptr (GListModel) controllers = gtk_widget_observe_controllers (GTK_WIDGET (window));
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_auto (GValue) value = G_VALUE_INIT;
  gboolean taken = FALSE;

  g_value_init (&value, GDK_TYPE_FILE_LIST);
  g_value_take_boxed (&value, gdk_file_list_new_from_array (&file, 1));
  for (guint i = 0; i < g_list_model_get_n_items (controllers); i++)
    {
      g_autoptr (GObject) controller = g_list_model_get_item (controllers, i);
      if (GTK_IS_DROP_TARGET (controller))
        g_signal_emit_by_name (controller, "drop", &value, 10.0, 10.0, &taken);
    }
  return taken;
}

static void
test_takes_dropped_files (void)
{
  g_autoptr (EgTraceResult) result = fixture_result (8, 8);
  g_autofree char *path = save (result, "dropped.npz"), *demo = eg_model_find_demo ();
  EgWindow *window = open_window (NULL);

  g_assert_true (drop (window, path));
  fixture_wait_for (get_result (window) != NULL);
  g_assert_cmpstr (get_result (window)->tokens->target, ==, " German");

  EgDraft *draft = eg_window_get_draft (window);
  g_assert_null (eg_draft_get_model (draft));
  g_assert_true (drop (window, demo));
  fixture_wait_for (eg_draft_get_model (draft) != NULL);
  g_assert_cmpstr (eg_model_get_folder (eg_draft_get_model (draft)), ==, demo);
  close_window (window);
}

/* ---- opening again ---- */

static void
test_marks_the_occurrence_that_was_meant (void)
{
  g_autoptr (EgTraceResult) result = fixture_result (2, 7);
  EgWindow *window = open_window (NULL);
  EgTraceTokens *tokens = result->tokens;
  EgTraceRequest *request = (EgTraceRequest *)result->request;
  g_free (request->prompt);
  g_free (tokens->subject);
  g_strfreev (tokens->tokens);
  request->prompt = g_strdup ("Merkel met Merkel and Merkel in Berlin");
  tokens->subject = g_strdup ("Merkel");
  tokens->tokens = g_strsplit ("Merkel| met| Merkel| and| Merkel| in| Berlin", "|", -1);
  tokens->subject_first = tokens->subject_last = 4;
  g_autofree char *path = save (result, "twice.npz");
  eg_window_open_model (window, NULL);
  fixture_wait_for (eg_draft_get_model (eg_window_get_draft (window)) != NULL);
  eg_window_open_file (window, path);
  fixture_wait_for (get_result (window) != NULL);
  g_assert_cmpint (eg_draft_get_request (eg_window_get_draft (window))->subject_offset, ==, 22);

  /* Of the chips, those with the last "Merkel" alone. */
  GtkWidget *strip = fixture_find (GTK_WIDGET (window), EG_TYPE_TOKEN_STRIP);
  g_autoptr (GString) before = g_string_new (NULL), marked = g_string_new (NULL);
  for (GtkWidget *chip = gtk_widget_get_first_child (strip); chip != NULL;
       chip = gtk_widget_get_next_sibling (chip))
    if (gtk_widget_has_css_class (chip, "subject"))
      g_string_append (marked, gtk_label_get_text (GTK_LABEL (chip)));
    else if (marked->len == 0)
      g_string_append (before, gtk_label_get_text (GTK_LABEL (chip)));
  g_assert_cmpstr (marked->str, ==, "␣Merkel");
  g_assert_cmpstr (before->str, ==, "Merkel␣met␣Merkel␣and");
  close_window (window);
}

/* ---- doubts ---- */

/* At the begin of a trace that takes minutes. */
static void
test_doubts_are_said_while_it_runs (void)
{
  EgWindow *window = open_window (NULL);
  EgDraft *draft = eg_window_get_draft (window);

  eg_window_set_texts (window, "The Eiffel Tower is located in", "Eiffel Tower");
  eg_window_open_model (window, NULL);
  fixture_wait_for (eg_draft_get_model (draft) != NULL);
  EgTraceRequest *request = eg_draft_edit (draft);
  request->target = g_strdup (" German");
  request->samples = 10000;
  eg_draft_commit (draft);
  eg_window_trace (window);
  GtkWidget *banner = fixture_find (GTK_WIDGET (eg_window_get_page (window)), EG_TYPE_BANNER);
  fixture_wait_for (gtk_widget_get_visible (banner));
  g_assert_cmpint (eg_trace_page_get_state (eg_window_get_page (window)), ==, EG_TRACING_RUNNING);
  GtkLabel *label = GTK_LABEL (fixture_find (banner, GTK_TYPE_LABEL));
  g_assert_nonnull (strstr (gtk_label_get_text (label), "another target"));
  close_window (window);
}

/* ---- what a killed program has left behind ---- */

static void
keep_and_die (void)
{
  g_autoptr (EgTraceResult) result = fixture_result (8, 8);
  g_autoptr (GError) error = NULL;
  EgUnsaved *unsaved = eg_unsaved_new (g_getenv ("ENGRAM_TEST_UNSAVED"), &error);

  g_assert_no_error (error);
  eg_unsaved_keep (unsaved, "kept", result, NULL);
  eg_unsaved_keep (unsaved, "saved", result, NULL);
  eg_unsaved_forget (unsaved, "saved");
  eg_unsaved_flush (unsaved);
  raise (SIGKILL);
}

static void
test_recovers_what_was_not_saved (void)
{
  if (g_test_subprocess ())
    {
      keep_and_die ();
      return;
    }
  g_autofree char *kept = g_build_filename (folder, "unsaved", NULL);
  g_setenv ("ENGRAM_TEST_UNSAVED", kept, TRUE);
  g_test_trap_subprocess (NULL, 0, 0);
  g_assert_false (g_test_trap_has_passed ());

  g_autoptr (GError) error = NULL;
  g_autoptr (EgTraceResult) result = fixture_result (8, 8);
  EgUnsaved *unsaved = eg_unsaved_new (kept, &error);
  g_assert_no_error (error);
  EgWindow *window = open_window (unsaved);
  eg_window_offer_recovery (window);
  GtkWidget *banner = fixture_find (GTK_WIDGET (window), EG_TYPE_BANNER);
  g_assert_true (gtk_widget_get_visible (banner));
  gtk_widget_activate_action (GTK_WIDGET (window), "win.recover", NULL);
  fixture_wait_for (get_result (window) != NULL);
  g_assert_false (gtk_widget_get_visible (banner));
  AdwTabView *view = ADW_TAB_VIEW (fixture_find (GTK_WIDGET (window), ADW_TYPE_TAB_VIEW));
  g_assert_cmpint (adw_tab_view_get_n_pages (view), ==, 1);
  for (gsize i = 0; i < 64; i++)
    g_assert_true (get_result (window)->grids[0]->scores[0][i] == result->grids[0]->scores[0][i]);
  close_window (window);
  eg_unsaved_free (unsaved);

  /* It is still not saved: the next start offers it again. */
  unsaved = eg_unsaved_new (kept, &error);
  g_auto (GStrv) keys = eg_unsaved_adopt (unsaved);
  g_assert_cmpuint (g_strv_length (keys), ==, 1);
  g_assert_cmpstr (keys[0], ==, "kept");
  eg_unsaved_forget (unsaved, "kept");
  eg_unsaved_free (unsaved);
}

/* ---- loading ---- */

static void
count (gpointer object, gpointer data)
{
  *(guint *)data += 1;
}

static void
count_failed (gpointer object, const GError *error, gpointer data)
{
  *(guint *)data += 1;
}

static void
test_loading_can_be_cancelled (void)
{
  g_autofree char *demo = eg_model_find_demo ();
  g_autoptr (EgModelLoader) loader = eg_model_loader_new ();
  guint n_loaded = 0, n_failed = 0;

  g_signal_connect (loader, "loaded", G_CALLBACK (count), &n_loaded);
  g_signal_connect (loader, "failed", G_CALLBACK (count_failed), &n_failed);
  eg_model_loader_open (loader, demo, NULL);
  g_assert_true (eg_model_loader_is_loading (loader));
  eg_model_loader_cancel (loader);
  g_assert_false (eg_model_loader_is_loading (loader));

  /* The next one is the only one that comes. */
  eg_model_loader_open (loader, demo, NULL);
  fixture_wait_for (eg_model_loader_get_model (loader) != NULL);
  g_assert_cmpuint (n_loaded, ==, 1);

  /* The model that was there stays. */
  EgModel *model = eg_model_loader_get_model (loader);
  eg_model_loader_open (loader, demo, NULL);
  eg_model_loader_cancel (loader);
  for (gint64 end = g_get_monotonic_time () + G_USEC_PER_SEC / 2; g_get_monotonic_time () < end;
       g_usleep (1000))
    g_main_context_iteration (NULL, FALSE);
  g_assert_true (eg_model_loader_get_model (loader) == model);
  g_assert_cmpuint (n_loaded, ==, 1);
  g_assert_cmpuint (n_failed, ==, 0);
}

static const char *
get_title (AdwTabView *view, int tab)
{
  return adw_tab_page_get_title (adw_tab_view_get_nth_page (view, tab));
}

/* Traces of one subject and target say what differs, and files which they are. */
static void
test_tabs_can_be_told_apart (void)
{
  g_autoptr (EgTraceResult) first = fixture_result (8, 8);
  g_autoptr (EgTraceResult) second = fixture_result_of_sites (8, 8, "mixer");
  AdwTabView *view = ADW_TAB_VIEW (adw_tab_view_new ());
  GtkWindow *window = fixture_show (GTK_WIDGET (view), 800, 600);
  g_autoptr (GObject) look = g_object_ref_sink (G_OBJECT (eg_trace_page_new ()));
  g_autoptr (GObject) banner = g_object_ref_sink (G_OBJECT (eg_banner_new ()));
  g_autoptr (GObject) toasts = g_object_ref_sink (G_OBJECT (adw_toast_overlay_new ()));
  g_autoptr (EgMessages) messages = eg_messages_new (EG_BANNER (banner), ADW_TOAST_OVERLAY (toasts));
  g_autoptr (EgDraft) draft = eg_draft_new ();
  g_autoptr (EgTabs) tabs = eg_tabs_new (view, draft, messages, look, NULL);

  first->has_settings = second->has_settings = TRUE;
  ((EgTraceRequest *)second->request)->samples = 20;
  eg_tabs_show_result (tabs, first, NULL, NULL, NULL);
  eg_tabs_show_result (tabs, second, NULL, NULL, NULL);
  g_assert_true (g_str_has_prefix (get_title (view, 0), "Angela Merkel → "));
  g_assert_true (g_str_has_prefix (get_title (view, 1), "Angela Merkel → "));
  g_assert_true (g_str_has_suffix (get_title (view, 0), " · Residual stream, Samples 10"));
  g_assert_true (g_str_has_suffix (get_title (view, 1), " · Mixer output, Samples 20"));
  const char *tooltip = adw_tab_page_get_tooltip (adw_tab_view_get_nth_page (view, 1));
  g_assert_nonnull (strstr (tooltip, "\nMixer output\nSamples 20\n"));

  eg_tabs_show_result (tabs, second, NULL, "told apart.npz", NULL);
  g_assert_cmpint (adw_tab_view_get_n_pages (view), ==, 3);
  g_assert_true (g_str_has_suffix (get_title (view, 2), " · told apart.npz"));
  eg_tabs_end (tabs);
  fixture_close (window);
}

/* A file has texts, in which bytes that are no characters are lost; its ids bring them back, once a model is
 * there that has such. */
static void
test_bytes_are_shown_as_such (void)
{
  g_autofree char *demo = eg_model_find_demo ();
  g_autoptr (EgModelLoader) loader = eg_model_loader_new ();

  eg_model_loader_open (loader, demo, NULL);
  fixture_wait_for (eg_model_loader_get_model (loader) != NULL);
  EgTokenizer *tokenizer = eg_model_get_tokenizer (eg_model_loader_get_model (loader));
  g_autoptr (GArray) tokens = eg_tokenizer_encode (tokenizer, "日本", -1, NULL);
  g_autoptr (EgTraceResult) result = fixture_result (8, tokens->len);
  EgTraceTokens *prompt = result->tokens;
  prompt->ids = g_new (guint32, tokens->len);
  for (guint t = 0; t < tokens->len; t++)
    {
      prompt->ids[t] = g_array_index (tokens, EgToken, t).id;
      g_free (prompt->tokens[t]);
      prompt->tokens[t] = eg_tokenizer_token_text (tokenizer, prompt->ids[t]);
    }
  g_assert_cmpstr (eg_trace_grid_get_token (result->grids[0], 0), ==, "\357\277\275");
  g_autofree char *path = save (result, "bytes.npz");
  EgWindow *window = open_window (NULL);

  eg_window_open_file (window, path);
  fixture_wait_for (get_result (window) != NULL);
  eg_window_open_model (window, demo);
  fixture_wait_for (g_str_equal (eg_trace_grid_get_token (get_result (window)->grids[0], 0), "⟨E6⟩"));
  g_assert_cmpstr (get_result (window)->tokens->tokens[0], ==, "\357\277\275");
  close_window (window);
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
  folder = g_dir_make_tmp ("engram-window-XXXXXX", NULL);
  g_test_add_func ("/app/window/prints-one-page", test_prints_one_page);
  g_test_add_func ("/app/window/copies-the-picture", test_copies_the_picture);
  g_test_add_func ("/app/window/copies-three-lines-of-python", test_copies_three_lines_of_python);
  g_test_add_func ("/app/window/says-what-was-written-however-fast", test_says_what_was_written_however_fast);
  g_test_add_func ("/app/window/says-what-could-not-be-written", test_says_what_could_not_be_written);
  g_test_add_func ("/app/window/takes-dropped-files", test_takes_dropped_files);
  g_test_add_func ("/app/window/marks-the-occurrence-that-was-meant",
                   test_marks_the_occurrence_that_was_meant);
  g_test_add_func ("/app/window/recovers-what-was-not-saved", test_recovers_what_was_not_saved);
  g_test_add_func ("/app/window/tabs-can-be-told-apart", test_tabs_can_be_told_apart);
  g_test_add_func ("/app/window/bytes-are-shown-as-such", test_bytes_are_shown_as_such);
  g_test_add_func ("/app/window/doubts-are-said-while-it-runs", test_doubts_are_said_while_it_runs);
  g_test_add_func ("/app/window/loading-can-be-cancelled", test_loading_can_be_cancelled);
  const int status = g_test_run ();
  remove_all (folder);
  return status;
}
