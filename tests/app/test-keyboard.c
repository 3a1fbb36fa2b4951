/* The window from the keyboard alone: Tab comes to everything and round again, and what is shown is what is
 * chosen. */
#include "fixture.h"

#include "app/page/analysis-pane.h"
#include "app/page/cell-table.h"
#include "app/shell/export-dialog.h"
#include "app/page/heatmap-view.h"
#include "app/ask/target-row.h"
#include "app/ask/trace-settings.h"
#include "app/ask/prompt-panel.h"
#include "app/parts/banner.h"
#include "app/shell/window.h"
#include "library/locate.h"
#include "trace/result/result-io.h"

#include <glib/gstdio.h>
#include <string.h>

#define MOST_STOPS 60

/* ---- Tab ---- */

static EgTraceResult *
get_result (EgWindow *window)
{
  EgTracePage *page = eg_window_get_page (window);
  return page != NULL ? eg_trace_page_get_result (page) : NULL;
}

/* With a model, a result and a message: all that can have the focus is there. */
static EgWindow *
open_full_window (void)
{
  g_autoptr (EgTraceResult) result = fixture_result (8, 8);
  g_autofree char *folder = g_dir_make_tmp ("engram-keyboard-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "shown.npz", NULL);
  g_autoptr (GError) error = NULL;
  EgWindow *window = eg_window_new (NULL, NULL, NULL);

  g_assert_true (eg_trace_result_save_npz (result, path, &error));
  g_assert_no_error (error);
  gtk_window_present (GTK_WINDOW (window));
  eg_window_open_model (window, NULL);
  fixture_wait_for (eg_draft_get_model (eg_window_get_draft (window)) != NULL);
  eg_window_open_file (window, path);
  fixture_wait_for (get_result (window) != NULL);
  eg_banner_show (EG_BANNER (fixture_find (GTK_WIDGET (window), EG_TYPE_BANNER)), EG_BANNER_ERROR,
                  "The file is not there", "win.open-model", "Open Model…");
  fixture_settle (GTK_WINDOW (window));
  g_unlink (path);
  g_rmdir (folder);
  return window;
}

/* Where the focus is after each Tab, once round, beginning at the panel's button. */
static GPtrArray *
go_round (EgWindow *window, GtkDirectionType direction)
{
  GPtrArray *stops = g_ptr_array_new ();
  GtkWidget *focus, *first = gtk_window_get_focus (GTK_WINDOW (window));

  do
    {
      focus = gtk_window_get_focus (GTK_WINDOW (window));
      g_ptr_array_add (stops, focus);
      g_signal_emit_by_name (window, "move-focus", direction);
      if (gtk_window_get_focus (GTK_WINDOW (window)) == focus)
        g_error ("the focus stays at %s in %s", G_OBJECT_TYPE_NAME (focus),
                 G_OBJECT_TYPE_NAME (gtk_widget_get_parent (focus)));
    }
  while (gtk_window_get_focus (GTK_WINDOW (window)) != first && stops->len < MOST_STOPS);
  g_assert_cmpuint (stops->len, <, MOST_STOPS);
  return stops;
}

static guint
count_inside (GPtrArray *stops, GType type)
{
  guint n = 0;
  for (guint i = 0; i < stops->len; i++)
    n += stops->pdata[i] != NULL
         && (G_TYPE_CHECK_INSTANCE_TYPE (stops->pdata[i], type)
             || gtk_widget_get_ancestor (stops->pdata[i], type) != NULL);
  return n;
}

static void
test_tab_comes_round (void)
{
  static const char *const pages[] = { "layers", "subject", "cells", "pinned" };
  EgWindow *window = open_full_window ();
  GtkWidget *pane = fixture_find (GTK_WIDGET (window), EG_TYPE_ANALYSIS_PANE);
  GtkStack *stack = GTK_STACK (fixture_find (pane, GTK_TYPE_STACK));

  for (gsize i = 0; i < G_N_ELEMENTS (pages); i++)
    {
      const gboolean table = strcmp (pages[i], "cells") == 0;
      gtk_stack_set_visible_child_name (stack, pages[i]);
      fixture_settle (GTK_WINDOW (window));
      eg_prompt_panel_focus_prompt (
          EG_PROMPT_PANEL (fixture_find (GTK_WIDGET (window), EG_TYPE_PROMPT_PANEL)));
      g_autoptr (GPtrArray) forward = go_round (window, GTK_DIR_TAB_FORWARD);
      g_autoptr (GPtrArray) backward = go_round (window, GTK_DIR_TAB_BACKWARD);
      g_assert_cmpuint (count_inside (forward, ADW_TYPE_HEADER_BAR), ==, 4);
      g_assert_cmpuint (count_inside (forward, EG_TYPE_BANNER), ==, 2);
      g_assert_cmpuint (count_inside (forward, EG_TYPE_PROMPT_PANEL), ==, 4);
      g_assert_cmpuint (count_inside (forward, EG_TYPE_HEATMAP_VIEW), ==, 1);
      g_assert_cmpuint (count_inside (forward, GTK_TYPE_STACK_SWITCHER), ==, 4);
      /* A table of thousands of cells is one stop. */
      g_assert_cmpuint (count_inside (forward, EG_TYPE_CELL_TABLE), ==, table ? 1 : 0);
      g_assert_cmpuint (count_inside (backward, EG_TYPE_CELL_TABLE), ==, table ? 1 : 0);
      g_assert_cmpuint (backward->len, ==, forward->len);
    }
  fixture_close (GTK_WINDOW (window));
}

/* ---- what a target may be ---- */

static void
test_match_that_is_shown_is_chosen (void)
{
  g_autofree char *demo = eg_model_find_demo ();
  g_autoptr (GError) error = NULL;
  g_autoptr (EgModel) model = eg_model_open (demo, NULL, &error);
  EgTraceSettings *settings = EG_TRACE_SETTINGS (eg_trace_settings_new ());
  GtkWindow *window = fixture_show (GTK_WIDGET (settings), 320, 700);
  g_autoptr (EgDraft) draft = eg_draft_new ();
  GtkWidget *row = fixture_find (GTK_WIDGET (settings), EG_TYPE_TARGET_ROW);
  GtkEntry *target = GTK_ENTRY (gtk_widget_get_template_child (row, EG_TYPE_TARGET_ROW, "entry"));
  GtkEntryCompletion *completion = gtk_entry_get_completion (target);
  g_autoptr (GList) renderers = gtk_cell_layout_get_cells (GTK_CELL_LAYOUT (completion));

  g_assert_no_error (error);
  /* A row without a renderer is blank. */
  g_assert_cmpuint (g_list_length (renderers), ==, 1);
  GtkCellArea *area = gtk_cell_layout_get_area (GTK_CELL_LAYOUT (completion));
  g_assert_cmpint (gtk_cell_area_attribute_get_column (area, renderers->data, "text"), ==, 0);

  eg_trace_settings_set_draft (settings, draft);
  eg_draft_set_model (draft, model);
  gtk_widget_grab_focus (GTK_WIDGET (target));
  /* The index of the tokens is made in a thread; the list follows the typing. */
  for (int i = 0; i < 200 && gtk_entry_completion_get_model (completion) == NULL; i++)
    {
      gtk_editable_set_text (GTK_EDITABLE (target), "");
      fixture_input (window, "type Fr");
    }
  GtkTreeModel *rows = gtk_entry_completion_get_model (completion);
  g_assert_nonnull (rows);
  GtkTreeIter iter;
  g_autofree char *second = NULL;
  g_assert_true (gtk_tree_model_get_iter_from_string (rows, &iter, "1"));
  gtk_tree_model_get (rows, &iter, 0, &second, -1);
  /* As tokens are shown everywhere; what is followed is the token. */
  g_assert_true (g_str_has_prefix (second, "␣"));
  g_autofree char *token = g_strconcat (" ", second + strlen ("␣"), NULL);
  g_assert_cmpstr (token, !=, eg_draft_get_request (draft)->target);
  fixture_wait_for (gtk_widget_get_mapped (fixture_find (GTK_WIDGET (target), GTK_TYPE_POPOVER)));
  fixture_settle (window);
  fixture_input (window, "key Down Down Return");
  fixture_wait_for (g_strcmp0 (eg_draft_get_request (draft)->target, token) == 0);
  g_assert_cmpstr (gtk_editable_get_text (GTK_EDITABLE (target)), ==, second);
  fixture_close (window);
}

/* ---- dialogs ---- */

static int n_exported;
static double exported_height;
static gboolean exported_own_scale;

static void
on_export (const char *ending, const EgFigure *figure, gpointer data)
{
  n_exported++;
  exported_height = figure->options.height;
  exported_own_scale = figure->options.style.own_scale;
}

static GtkWindow *
show_dialog (GtkWindow *window, const EgTraceResult *result)
{
  EgFigure figure = { .picture = EG_PICTURE_HEATMAP };
  GtkWindow *dialog = NULL;

  eg_figure_options_init (&figure.options);
  eg_export_dialog_show (window, &figure, result->grids[0], NULL, on_export, NULL);
  g_autoptr (GList) windows = gtk_window_list_toplevels ();
  for (GList *l = windows; l != NULL; l = l->next)
    if (EG_IS_EXPORT_DIALOG (l->data))
      dialog = l->data;
  g_assert_nonnull (dialog);
  fixture_wait_for (gtk_widget_get_mapped (GTK_WIDGET (dialog)));
  fixture_settle (dialog);
  return dialog;
}

static void
test_return_exports (void)
{
  GtkWindow *window = fixture_show (gtk_label_new ("Map"), 600, 500);
  g_autoptr (EgTraceResult) result = fixture_result (3, 4);
  GtkWindow *dialog = show_dialog (window, result);
  GtkWidget *focus = gtk_window_get_focus (dialog);
  g_assert_nonnull (focus);
  g_assert_true (focus == gtk_window_get_default_widget (dialog));
  n_exported = 0;
  gtk_widget_activate (focus);
  fixture_wait_for (n_exported == 1);
  g_assert_cmpfloat (exported_height, ==, 0);
  g_assert_false (exported_own_scale);
  fixture_close (window);
}

/* What is no height cannot be exported; limits and an own scale contradict each other. */
static void
test_height_and_own_scale (void)
{
  GtkWindow *window = fixture_show (gtk_label_new ("Map"), 600, 500);
  g_autoptr (EgTraceResult) result = fixture_result (3, 4);
  GtkWindow *dialog = show_dialog (window, result);
  GtkWidget *button = gtk_window_get_default_widget (dialog);
  GObject *height = gtk_widget_get_template_child (GTK_WIDGET (dialog), EG_TYPE_EXPORT_DIALOG, "height");
  GObject *limits = gtk_widget_get_template_child (GTK_WIDGET (dialog), EG_TYPE_EXPORT_DIALOG, "limits");
  GObject *own = gtk_widget_get_template_child (GTK_WIDGET (dialog), EG_TYPE_EXPORT_DIALOG, "own_scale");
  GObject *row = gtk_widget_get_template_child (GTK_WIDGET (dialog), EG_TYPE_EXPORT_DIALOG, "own_scale_row");

  gtk_editable_set_text (GTK_EDITABLE (height), "tall");
  g_assert_false (gtk_widget_is_sensitive (button));
  gtk_editable_set_text (GTK_EDITABLE (height), "50.8mm");
  g_assert_true (gtk_widget_is_sensitive (button));
  gtk_editable_set_text (GTK_EDITABLE (limits), "0,0.5");
  g_assert_false (gtk_widget_get_visible (GTK_WIDGET (row)));
  gtk_editable_set_text (GTK_EDITABLE (limits), "");
  g_assert_true (gtk_widget_get_visible (GTK_WIDGET (row)));
  gtk_switch_set_active (GTK_SWITCH (own), TRUE);
  n_exported = 0;
  gtk_widget_activate (button);
  fixture_wait_for (n_exported == 1);
  g_assert_cmpfloat_with_epsilon (exported_height, 2, 1e-9);
  g_assert_true (exported_own_scale);
  fixture_close (window);
}

int
main (int argc, char **argv)
{
  fixture_init (&argc, &argv);
  g_test_add_func ("/app/keyboard/tab-comes-round", test_tab_comes_round);
  g_test_add_func ("/app/keyboard/match-that-is-shown-is-chosen", test_match_that_is_shown_is_chosen);
  g_test_add_func ("/app/keyboard/return-exports", test_return_exports);
  g_test_add_func ("/app/keyboard/figures-take-a-height-and-their-own-scale", test_height_and_own_scale);
  return g_test_run ();
}
