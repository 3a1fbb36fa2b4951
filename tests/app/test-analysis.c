/* What is under the map: curves that say what they show, and the numbers as a table to sort and copy. */
#include "app/page/analysis-pane.h"
#include "trace/result/analysis.h"
#include "app/page/cell-table.h"
#include "app/page/cell-text.h"
#include "app/page/curves-view.h"
#include "fixture.h"

#include <math.h>
#include <string.h>

static const char *
get_page (EgAnalysisPane *pane)
{
  return gtk_stack_get_visible_child_name (GTK_STACK (fixture_find (GTK_WIDGET (pane), GTK_TYPE_STACK)));
}

static void
show_page (EgAnalysisPane *pane, const char *name)
{
  gtk_stack_set_visible_child_name (GTK_STACK (fixture_find (GTK_WIDGET (pane), GTK_TYPE_STACK)), name);
}

/* Whether some label below a widget has this text in it. */
static gboolean
says (GtkWidget *root, const char *text)
{
  if (GTK_IS_LABEL (root) && strstr (gtk_label_get_text (GTK_LABEL (root)), text) != NULL)
    return TRUE;
  for (GtkWidget *child = gtk_widget_get_first_child (root); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    if (says (child, text))
      return TRUE;
  return FALSE;
}

static void
on_unpin_all (EgAnalysisPane *pane, gpointer data)
{
  *(guint *)data += 1;
}

static void
test_pane_follows_pins (void)
{
  EgAnalysisPane *pane = EG_ANALYSIS_PANE (eg_analysis_pane_new ());
  g_autoptr (EgTraceResult) result = fixture_result (8, 7);
  const EgCell pins[] = { { 2, 5 }, { 7, 6 } };
  guint n_unpinned = 0;
  GtkWindow *window = fixture_show (GTK_WIDGET (pane), 600, 260);

  g_signal_connect (pane, "unpin-all", G_CALLBACK (on_unpin_all), &n_unpinned);
  eg_analysis_pane_set_scale (pane, EG_SCALE_RAW);
  eg_analysis_pane_set_grid (pane, result->grids[0]);
  g_assert_cmpstr (get_page (pane), ==, "layers");
  g_autoptr (EgTraceAnalysis) analysis = eg_trace_grid_analyze (result->grids[0]);
  g_autofree char *highest = g_strdup_printf ("Highest on average: layer %zu (%.3f)", analysis->top_layers[0],
                                              analysis->layer_average[analysis->top_layers[0]]);
  g_assert_true (says (GTK_WIDGET (pane), highest));
  /* In the unit of the map. */
  const double part
      = eg_trace_grid_fraction (result->grids[0], analysis->layer_average[analysis->top_layers[0]]);
  g_autofree char *normalized
      = g_strdup_printf ("Highest on average: layer %zu (%.3f)", analysis->top_layers[0], part);
  eg_analysis_pane_set_scale (pane, EG_SCALE_NORMALIZED);
  g_assert_true (says (GTK_WIDGET (pane), normalized));
  g_assert_true (says (GTK_WIDGET (pane), "Click cells of the map"));
  eg_analysis_pane_set_pins (pane, pins, 1);
  g_assert_cmpstr (get_page (pane), ==, "pinned");
  eg_analysis_pane_set_pins (pane, pins, 2);
  fixture_settle (window);
  g_assert_true (says (GTK_WIDGET (pane), "layer 2 at “␣Merkel” (5)"));
  g_assert_true (says (GTK_WIDGET (pane), "layer 7 at “␣is” (6)"));

  GtkWidget *button = fixture_find (
      gtk_stack_get_visible_child (GTK_STACK (fixture_find (GTK_WIDGET (pane), GTK_TYPE_STACK))),
      GTK_TYPE_BUTTON);
  fixture_point (window, button, 10, 10);
  fixture_input (window, "click 1");
  g_assert_cmpuint (n_unpinned, ==, 1);
  /* Unpinned, the page stays: nobody wants to be led away. */
  eg_analysis_pane_set_pins (pane, NULL, 0);
  g_assert_cmpstr (get_page (pane), ==, "pinned");
  g_assert_false (gtk_widget_get_sensitive (button));
  fixture_close (window);
}

/* The pages are as high as each other: the map above does not move when another is chosen. */
static void
test_pages_are_of_one_height (void)
{
  static const char *const pages[] = { "layers", "subject", "cells", "pinned" };
  EgAnalysisPane *pane = EG_ANALYSIS_PANE (eg_analysis_pane_new ());
  g_autoptr (EgTraceResult) result = fixture_result (8, 7);
  const EgCell pin = { 2, 5 };
  GtkWindow *window = fixture_show (GTK_WIDGET (pane), 600, 260);
  int height, minimum;

  eg_analysis_pane_set_grid (pane, result->grids[0]);
  gtk_widget_measure (GTK_WIDGET (pane), GTK_ORIENTATION_VERTICAL, 600, &minimum, &height, NULL, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (pages); i++)
    {
      int other;
      show_page (pane, pages[i]);
      if (i == 3)
        eg_analysis_pane_set_pins (pane, &pin, 1);
      fixture_settle (window);
      gtk_widget_measure (GTK_WIDGET (pane), GTK_ORIENTATION_VERTICAL, 600, &minimum, &other, NULL, NULL);
      g_assert_cmpint (other, ==, height);
    }
  fixture_close (window);
}

/* Pins of one token are marks of one curve, with their errors; and however many there are, the map above
 * keeps its size. */
static void
test_pins_of_one_token_share_a_curve (void)
{
  EgAnalysisPane *pane = EG_ANALYSIS_PANE (eg_analysis_pane_new ());
  g_autoptr (EgTraceResult) result = fixture_result (8, 7);
  const EgCell pins[] = { { 2, 5 }, { 7, 6 }, { 4, 5 }, { 1, 3 }, { 0, 6 }, { 5, 0 } };
  static const gsize groups[] = { 0, 1, 0, 3, 1, 5 };
  GtkWindow *window = fixture_show (GTK_WIDGET (pane), 360, 260);
  int minimum, one, six;

  for (gsize i = 0; i < G_N_ELEMENTS (pins); i++)
    g_assert_cmpuint (eg_curves_pin_group (pins, i), ==, groups[i]);
  eg_analysis_pane_set_grid (pane, result->grids[0]);
  eg_analysis_pane_set_pins (pane, pins, 1);
  gtk_widget_measure (GTK_WIDGET (pane), GTK_ORIENTATION_VERTICAL, 360, &one, NULL, NULL, NULL);
  eg_analysis_pane_set_pins (pane, pins, 6);
  fixture_settle (window);
  gtk_widget_measure (GTK_WIDGET (pane), GTK_ORIENTATION_VERTICAL, 360, &six, NULL, NULL, NULL);
  g_assert_cmpint (six, ==, one);
  gtk_widget_measure (GTK_WIDGET (pane), GTK_ORIENTATION_HORIZONTAL, -1, &minimum, NULL, NULL, NULL);
  g_assert_cmpint (minimum, <=, 360);
  /* In the map's unit: normalized. */
  const EgTraceGrid *grid = result->grids[0];
  g_autofree char *first = g_strdup_printf ("layer 2 at “␣Merkel” (5): %.3f\302\240±\302\240%.3f",
                                            eg_trace_grid_normalize (grid, eg_trace_grid_score (grid, 2, 5)),
                                            0.01 / (result->ends[0].high - result->ends[0].low));
  g_assert_true (says (GTK_WIDGET (pane), first));
  fixture_close (window);
}

/* ---- the table ---- */

typedef struct
{
  GtkWindow *window;
  EgCellTable *table;
  GtkColumnView *view;
  EgTraceResult *result;
} Scene;

static void
scene_open (Scene *self, gsize n_layers, gsize n_tokens)
{
  *self = (Scene){ .table = EG_CELL_TABLE (eg_cell_table_new ()),
                   .result = fixture_result (n_layers, n_tokens) };
  self->result->grids[0]->scores[0][3] = NAN;
  eg_cell_table_set_grid (self->table, self->result->grids[0]);
  self->window = fixture_show (GTK_WIDGET (self->table), 600, 300);
  self->view = GTK_COLUMN_VIEW (fixture_find (GTK_WIDGET (self->table), GTK_TYPE_COLUMN_VIEW));
  fixture_wait_for (g_list_model_get_n_items (G_LIST_MODEL (gtk_column_view_get_model (self->view)))
                    == n_layers * n_tokens);
}

static void
scene_close (Scene *self)
{
  fixture_close (self->window);
  eg_trace_result_unref (self->result);
}

static void
sort_by (Scene *self, guint column, GtkSortType way)
{
  GListModel *columns = gtk_column_view_get_columns (self->view);
  g_autoptr (GtkColumnViewColumn) by = g_list_model_get_item (columns, column);
  gtk_column_view_sort_by_column (self->view, by, way);
}

static void
on_text (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  *(char **)data = gdk_clipboard_read_text_finish (GDK_CLIPBOARD (source), result, &error);
  g_assert_no_error (error);
}

/* What is on the clipboard, line by line. (transfer full) */
static char **
paste (Scene *self)
{
  g_autofree char *text = NULL;

  gdk_clipboard_read_text_async (gtk_widget_get_clipboard (GTK_WIDGET (self->table)), NULL, on_text, &text);
  fixture_wait_for (text != NULL);
  return g_strsplit (g_strchomp (text), "\n", -1);
}

/* What Ctrl+C leaves there. (transfer full) */
static char **
copy (Scene *self)
{
  gtk_widget_activate_action (GTK_WIDGET (self->table), "table.copy", NULL);
  return paste (self);
}

static void
test_copies_as_tsv (void)
{
  Scene scene;
  scene_open (&scene, 8, 7);
  g_auto (GStrv) lines = copy (&scene);

  g_assert_cmpuint (g_strv_length (lines), ==, 1 + 56);
  g_assert_cmpstr (lines[0], ==, "Layer\tPosition\tToken\tScore\tStandard error\tNormalized");
  for (gsize i = 0; i < 56; i++)
    {
      g_auto (GStrv) fields = g_strsplit (lines[1 + i], "\t", -1);
      g_assert_cmpuint (g_strv_length (fields), ==, 6);
      /* Those without a score come last. */
      const gsize at = i < 3 ? i : i < 55 ? i + 1 : 3;
      g_assert_cmpuint (g_ascii_strtoull (fields[0], NULL, 10), ==, at / 7);
      g_assert_cmpuint (g_ascii_strtoull (fields[1], NULL, 10), ==, at % 7);
      if (at == 3)
        g_assert_cmpstr (fields[3], ==, "–");
      else
        g_assert_cmpfloat (g_ascii_strtod (fields[3], NULL), ==, scene.result->grids[0]->scores[0][at]);
    }

  /* Of a selection, that alone. */
  gtk_selection_model_select_range (gtk_column_view_get_model (scene.view), 10, 2, TRUE);
  g_auto (GStrv) selected = copy (&scene);
  g_assert_cmpuint (g_strv_length (selected), ==, 3);
  g_assert_true (g_str_has_prefix (selected[1], "1\t4\t␣Angela\t"));
  scene_close (&scene);
}

/* Waits until it is open and takes its only item. */
static void
choose_copy (Scene *self)
{
  fixture_wait_for (fixture_find (GTK_WIDGET (self->table), GTK_TYPE_POPOVER_MENU) != NULL);
  GtkWidget *menu = fixture_find (GTK_WIDGET (self->table), GTK_TYPE_POPOVER_MENU);
  fixture_wait_for (gtk_widget_get_mapped (menu));
  fixture_settle (self->window);
  gtk_widget_activate (fixture_find (menu, g_type_from_name ("GtkModelButton")));
  fixture_wait_for (!gtk_widget_get_mapped (menu));
  /* Without a window manager, the window has input again only once the pointer enters it. */
  fixture_input (self->window, "mousemove 2 2");
  fixture_point (self->window, GTK_WIDGET (self->table), 200, 150);
}

static void
test_menu_copies (void)
{
  Scene scene;
  scene_open (&scene, 8, 7);
  GtkSelectionModel *model = gtk_column_view_get_model (scene.view);

  /* A row that is pointed at is selected, and stays so. */
  fixture_point (scene.window, GTK_WIDGET (scene.table), 200, 150);
  fixture_input (scene.window, "click 3");
  choose_copy (&scene);
  g_autoptr (GtkBitset) selected = gtk_selection_model_get_selection (model);
  g_assert_cmpuint (gtk_bitset_get_size (selected), ==, 1);
  g_auto (GStrv) lines = paste (&scene);
  g_assert_cmpuint (g_strv_length (lines), ==, 2);

  /* One of several that are selected already: all of these; from the keyboard, too. */
  gtk_selection_model_select_range (model, 0, 20, TRUE);
  fixture_input (scene.window, "click 3");
  choose_copy (&scene);
  g_auto (GStrv) more = paste (&scene);
  g_assert_cmpuint (g_strv_length (more), ==, 21);
  gtk_selection_model_select_range (model, 0, 3, TRUE);
  gtk_widget_child_focus (GTK_WIDGET (scene.table), GTK_DIR_TAB_FORWARD);
  fixture_input (scene.window, "key Menu");
  choose_copy (&scene);
  g_auto (GStrv) by_key = paste (&scene);
  g_assert_cmpuint (g_strv_length (by_key), ==, 4);
  scene_close (&scene);
}

static void
test_sorts_by_numbers (void)
{
  static const GtkSortType ways[] = { GTK_SORT_ASCENDING, GTK_SORT_DESCENDING };
  Scene scene;
  scene_open (&scene, 8, 7);

  for (gsize w = 0; w < 2; w++)
    {
      double before = w == 0 ? -INFINITY : INFINITY;
      sort_by (&scene, 3, ways[w]);
      g_auto (GStrv) lines = copy (&scene);
      for (gsize i = 1; i < 56; i++)
        {
          g_auto (GStrv) fields = g_strsplit (lines[i], "\t", -1);
          const double score = g_ascii_strtod (fields[3], NULL);
          g_assert_true (w == 0 ? score >= before : score <= before);
          before = score;
        }
      g_assert_nonnull (strstr (lines[56], "–"));
    }
  scene_close (&scene);
}

/* Whoever asks for the highest wants to see it, wherever the list was scrolled to; new numbers move nothing.
 */
static void
test_sorting_shows_the_top (void)
{
  Scene scene;
  scene_open (&scene, 24, 16);
  GtkAdjustment *place = gtk_scrollable_get_vadjustment (GTK_SCROLLABLE (scene.view));

  fixture_wait_for (gtk_adjustment_get_upper (place) > 2000);
  gtk_adjustment_set_value (place, 1500);
  fixture_settle (scene.window);
  g_assert_cmpfloat (gtk_adjustment_get_value (place), >, 1000);
  sort_by (&scene, 3, GTK_SORT_DESCENDING);
  fixture_settle (scene.window);
  fixture_run_for (0.1);
  g_assert_cmpfloat (gtk_adjustment_get_value (place), <, 1);
  scene_close (&scene);
}

/* Numbers that come in are shown, and sorted anew once they rest; what is selected stays so. */
static void
test_follows_a_trace (void)
{
  Scene scene;
  scene_open (&scene, 48, 64);

  sort_by (&scene, 3, GTK_SORT_DESCENDING);
  scene.result->grids[0]->scores[0][100] = 0.99;
  eg_cell_table_set_grid (scene.table, scene.result->grids[0]);
  const gint64 end = g_get_monotonic_time () + 3 * G_USEC_PER_SEC / 2;
  while (g_get_monotonic_time () < end)
    g_main_context_iteration (NULL, FALSE);
  g_auto (GStrv) lines = copy (&scene);
  g_assert_true (g_str_has_prefix (lines[1], "1\t36\t"));

  /* Another shape: other rows. */
  g_autoptr (EgTraceResult) other = fixture_result (3, 5);
  eg_cell_table_set_grid (scene.table, other->grids[0]);
  fixture_wait_for (g_list_model_get_n_items (G_LIST_MODEL (gtk_column_view_get_model (scene.view))) == 15);
  eg_cell_table_set_grid (scene.table, NULL);
  fixture_wait_for (g_list_model_get_n_items (G_LIST_MODEL (gtk_column_view_get_model (scene.view))) == 0);
  scene_close (&scene);
}

/* What is counted, how fast and how long yet: all in cells. */
static void
test_progress_is_of_one_unit (void)
{
  static const struct
  {
    double cells, all, elapsed, left;
    const char *text;
  } cases[] = {
    { 16.1, 56, 1.66, 4, "16 of 56 cells · 9.7 cells/s · 4 s left" },
    { 55.9, 56, 5, 0.049, "55 of 56 cells · 11 cells/s · less than a second left" },
    { 0.2, 56, 0.1, -1, "0 of 56 cells" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text
          = eg_format_progress (cases[i].cells, cases[i].all, cases[i].elapsed, cases[i].left);
      g_assert_cmpstr (text, ==, cases[i].text);
    }
}

/* The text of a title, and the texts below it, end at the same side. */
static void
test_titles_stand_over_their_numbers (void)
{
  EgCellTable *table = EG_CELL_TABLE (eg_cell_table_new ());
  g_autoptr (EgTraceResult) result = fixture_result (8, 7);
  GtkWindow *window = fixture_show (GTK_WIDGET (table), 900, 300);

  eg_cell_table_set_grid (table, result->grids[0]);
  fixture_settle (window);
  GtkWidget *view = fixture_find (GTK_WIDGET (table), GTK_TYPE_COLUMN_VIEW);
  GtkWidget *title = gtk_widget_get_first_child (gtk_widget_get_first_child (view));
  for (int column = 0; column < 6; column++, title = gtk_widget_get_next_sibling (title))
    {
      graphene_rect_t bounds;
      GtkWidget *label = fixture_find (title, GTK_TYPE_LABEL);
      g_assert_true (gtk_widget_compute_bounds (label, title, &bounds));
      const double before = bounds.origin.x;
      const double after = gtk_widget_get_width (title) - before - bounds.size.width;
      if (column == 2)
        g_assert_cmpfloat (before, <, after);
      else
        g_assert_cmpfloat (before, >, after);
    }
  fixture_close (window);
}

/* A file of nothing but NaN says so, where the highest layers would be named. */
static void
test_says_that_nothing_is_known (void)
{
  EgAnalysisPane *pane = EG_ANALYSIS_PANE (eg_analysis_pane_new ());
  g_autoptr (EgTraceResult) result = fixture_result (8, 7);
  GtkWindow *window = fixture_show (GTK_WIDGET (pane), 700, 400);

  for (gsize i = 0; i < 8 * 7; i++)
    result->grids[0]->scores[0][i] = NAN;
  eg_analysis_pane_set_grid (pane, result->grids[0]);
  g_assert_true (says (GTK_WIDGET (pane), "No cell has a score"));
  g_assert_false (says (GTK_WIDGET (pane), "yet"));
  result->complete = FALSE;
  eg_analysis_pane_set_grid (pane, result->grids[0]);
  g_assert_true (says (GTK_WIDGET (pane), "No cell has a score yet"));
  fixture_close (window);
}

int
main (int argc, char **argv)
{
  fixture_init (&argc, &argv);
  g_test_add_func ("/app/analysis/pins", test_pane_follows_pins);
  g_test_add_func ("/app/analysis/heights", test_pages_are_of_one_height);
  g_test_add_func ("/app/analysis/nothing-known", test_says_that_nothing_is_known);
  g_test_add_func ("/app/text/progress", test_progress_is_of_one_unit);
  g_test_add_func ("/app/table/titles", test_titles_stand_over_their_numbers);
  g_test_add_func ("/app/table/copy", test_copies_as_tsv);
  g_test_add_func ("/app/table/menu-copies", test_menu_copies);
  g_test_add_func ("/app/table/sort", test_sorts_by_numbers);
  g_test_add_func ("/app/table/live", test_follows_a_trace);
  g_test_add_func ("/app/analysis/pins-of-one-token", test_pins_of_one_token_share_a_curve);
  g_test_add_func ("/app/analysis/sorting-top", test_sorting_shows_the_top);
  return g_test_run ();
}
