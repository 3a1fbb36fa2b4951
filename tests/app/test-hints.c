/* What the window says before anybody asks, and what explains it: notes on settings, positions under the
 * chips, lists that keep what was chosen, tooltips that give way, the drawing of the runs, the guide. */
#include "fixture.h"

#include "app/ask/corruption-row.h"
#include "app/ask/prediction-list.h"
#include "app/ask/prompt-panel.h"
#include "app/ask/restoring-row.h"
#include "app/ask/site-chooser.h"
#include "app/ask/trace-settings.h"
#include "app/page/map-help.h"
#include "app/parts/run-drawing.h"
#include "app/parts/token-strip.h"
#include "app/parts/tooltips.h"
#include "app/shell/guide-window.h"
#include "library/locate.h"
#include "trace/ask/site-names.h"

#include <math.h>
#include <string.h>

static const char EIFFEL[] = "The Eiffel Tower is located in";

/* ---- helpers ---- */

static EgModel *
get_demo (void)
{
  static EgModel *model;

  if (model == NULL)
    {
      g_autofree char *demo = eg_model_find_demo ();
      g_autoptr (GError) error = NULL;
      model = eg_model_open (demo, NULL, &error);
      g_assert_no_error (error);
    }
  return model;
}

static EgDraft *
make_draft (void)
{
  EgDraft *draft = eg_draft_new ();

  eg_draft_set_model (draft, get_demo ());
  eg_draft_set_texts (draft, EIFFEL, "Eiffel Tower");
  return draft;
}

/* The first widget of a type below a widget that says this. */
static gboolean
says (GtkWidget *root, const char *text)
{
  if (GTK_IS_LABEL (root) && gtk_widget_get_visible (root)
      && strstr (gtk_label_get_text (GTK_LABEL (root)), text) != NULL)
    return TRUE;
  for (GtkWidget *child = gtk_widget_get_first_child (root); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    if (says (child, text))
      return TRUE;
  return FALSE;
}

/* ---- before a trace ---- */

static const char *
note_of (EgDraft *draft, EgSweep sweep, const char *sites, const char *freeze)
{
  EgTraceRequest *request = eg_draft_edit (draft);

  request->sweep = sweep;
  g_assert_true (eg_trace_request_set_sites (request, sites, NULL));
  g_strfreev (request->freeze);
  request->freeze = freeze != NULL ? eg_site_names_parse (freeze, TRUE, NULL) : NULL;
  eg_draft_commit (draft);
  return eg_draft_get_note (draft, EG_PART_RESTORING);
}

/* All of the residual stream is the whole run; with other values in its way, or of other sites, it is not. */
static void
test_trivial_sweep_is_said_before_it_is_traced (void)
{
  g_autoptr (EgDraft) draft = make_draft ();

  g_assert_null (note_of (draft, EG_SWEEP_CELLS, "resid", NULL));
  const char *note = note_of (draft, EG_SWEEP_LAYERS, "resid", NULL);
  g_assert_nonnull (note);
  g_assert_nonnull (strstr (note, "clean run"));
  g_assert_nonnull (note_of (draft, EG_SWEEP_LAYERS, "mixer,resid", NULL));
  g_assert_null (note_of (draft, EG_SWEEP_LAYERS, "mixer", NULL));
  g_assert_null (note_of (draft, EG_SWEEP_LAYERS, "resid", "conv"));
  g_assert_null (note_of (draft, EG_SWEEP_POSITIONS, "mixer", NULL));
  eg_draft_edit (draft)->direction = EG_DIRECTION_DAMAGE;
  eg_draft_commit (draft);
  g_assert_nonnull (strstr (note_of (draft, EG_SWEEP_LAYERS, "resid", NULL), "corrupted run"));

  /* Where it is set. */
  EgTraceSettings *settings = EG_TRACE_SETTINGS (eg_trace_settings_new ());
  GtkWindow *window = fixture_show (GTK_WIDGET (settings), 320, 700);
  eg_trace_settings_set_draft (settings, draft);
  g_assert_true (says (fixture_find (GTK_WIDGET (settings), EG_TYPE_RESTORING_ROW), "nothing but the"));
  note_of (draft, EG_SWEEP_LAYERS, "mixer", NULL);
  g_assert_false (says (fixture_find (GTK_WIDGET (settings), EG_TYPE_RESTORING_ROW), "nothing but the"));
  fixture_close (window);
}

static void
test_unsure_prediction_is_said (void)
{
  g_autoptr (EgDraft) draft = make_draft ();
  EgPredictionList *list = EG_PREDICTION_LIST (eg_prediction_list_new ());
  GtkWindow *window = fixture_show (GTK_WIDGET (list), 320, 300);

  eg_draft_set_prompt (draft, "The");
  eg_prediction_list_set_draft (list, draft);
  fixture_wait_for (says (GTK_WIDGET (list), "unsure what comes next"));
  eg_draft_set_texts (draft, EIFFEL, "Eiffel Tower");
  fixture_wait_for (!says (GTK_WIDGET (list), "unsure what comes next"));
  fixture_close (window);
}

/* ---- positions ---- */

static char *
read_chip (EgTokenStrip *strip, guint i)
{
  GtkWidget *chip = gtk_widget_get_first_child (GTK_WIDGET (strip));

  for (; i > 0; i--)
    chip = gtk_widget_get_next_sibling (chip);
  return g_strdup (gtk_label_get_text (GTK_LABEL (chip)));
}

static void
test_positions_stand_under_the_chips_when_wanted (void)
{
  g_autoptr (EgDraft) draft = make_draft ();
  EgPromptPanel *panel = EG_PROMPT_PANEL (eg_prompt_panel_new ());
  GtkWindow *window = fixture_show (GTK_WIDGET (panel), 320, 400);
  EgTokenStrip *strip = EG_TOKEN_STRIP (fixture_find (GTK_WIDGET (panel), EG_TYPE_TOKEN_STRIP));

  eg_prompt_panel_set_draft (panel, draft);
  g_autofree char *bare = read_chip (strip, 2);
  g_assert_cmpstr (bare, ==, "␣Tower");
  EgTraceRequest *request = eg_draft_edit (draft);
  request->has_knockout = TRUE;
  request->knockout = (EgKnockout){ 0, 7, 1, 2, 5, 5 };
  eg_draft_commit (draft);
  g_autofree char *numbered = read_chip (strip, 2);
  g_assert_cmpstr (numbered, ==, "␣Tower\n2");
  request = eg_draft_edit (draft);
  request->has_knockout = FALSE;
  request->corruption.span = EG_SPAN_TOKENS;
  eg_draft_commit (draft);
  g_autofree char *of_span = read_chip (strip, 5);
  g_assert_cmpstr (of_span, ==, "␣in\n5");
  eg_draft_edit (draft)->corruption.span = EG_SPAN_SUBJECT;
  eg_draft_commit (draft);
  g_autofree char *again = read_chip (strip, 2);
  g_assert_cmpstr (again, ==, "␣Tower");
  fixture_close (window);
}

/* ---- what was chosen ---- */

static void
test_another_subject_keeps_its_text (void)
{
  EgCorruptionRow *row = g_object_new (EG_TYPE_CORRUPTION_ROW, NULL);
  GtkWindow *window = fixture_show (GTK_WIDGET (row), 320, 300);
  g_autoptr (EgTraceRequest) noise = eg_trace_request_new (EIFFEL, "Eiffel Tower");
  g_autoptr (EgTraceRequest) swap = eg_trace_request_copy (noise);
  g_autoptr (EgTraceRequest) other = eg_trace_request_new ("Big Ben is located in", "Big Ben");
  g_autoptr (EgTraceRequest) read = eg_trace_request_copy (noise);
  GtkWidget *kind = fixture_find (GTK_WIDGET (row), ADW_TYPE_COMBO_ROW);

  swap->corruption.kind = EG_CORRUPTION_SWAP;
  swap->corruption.swap = g_strdup ("Colosseum");
  eg_corruption_row_show (row, swap);
  eg_corruption_row_show (row, noise);
  adw_combo_row_set_selected (ADW_COMBO_ROW (kind), EG_CORRUPTION_SWAP);
  g_assert_true (eg_corruption_row_fill (row, read, NULL));
  g_assert_cmpstr (read->corruption.swap, ==, "Colosseum");
  /* Not beside another prompt. */
  eg_corruption_row_show (row, other);
  adw_combo_row_set_selected (ADW_COMBO_ROW (kind), EG_CORRUPTION_SWAP);
  g_assert_true (eg_corruption_row_fill (row, read, NULL));
  g_assert_cmpstr (read->corruption.swap, ==, "");
  fixture_close (window);
}

static guint
count_chosen (EgSiteChooser *chooser)
{
  g_auto (GStrv) names = eg_site_chooser_get_names (chooser);
  return g_strv_length (names);
}

static void
activate_row (EgSiteChooser *chooser, int i)
{
  GtkListBox *list = GTK_LIST_BOX (fixture_find (GTK_WIDGET (chooser), GTK_TYPE_LIST_BOX));
  g_signal_emit_by_name (list, "row-activated", gtk_list_box_get_row_at_index (list, i));
}

static void
test_site_list_keeps_ticks_and_has_all (void)
{
  EgSiteChooser *chooser = g_object_new (EG_TYPE_SITE_CHOOSER, NULL);
  GtkWindow *window = fixture_show (GTK_WIDGET (chooser), 320, 300);
  GtkWidget *button = fixture_find (GTK_WIDGET (chooser), GTK_TYPE_MENU_BUTTON);
  const EgFamily *family = eg_model_get_family (get_demo ());

  gtk_menu_button_popup (GTK_MENU_BUTTON (button));
  fixture_settle (window);
  GtkWidget *popover = fixture_find (GTK_WIDGET (chooser), GTK_TYPE_POPOVER);
  GtkWidget *all = fixture_find (gtk_popover_get_child (GTK_POPOVER (popover)), GTK_TYPE_BUTTON);
  /* A name alone, as long as there is one. */
  activate_row (chooser, 2);
  g_assert_cmpuint (count_chosen (chooser), ==, 1);
  g_auto (GStrv) names = eg_site_chooser_get_names (chooser);
  g_assert_cmpstr (names[0], ==, family->sites[2].name);
  /* Ticks are not lost by a name. */
  g_auto (GStrv) three = g_strsplit ("resid,mixer,conv", ",", -1);
  eg_site_chooser_set_names (chooser, three);
  activate_row (chooser, 4);
  g_assert_cmpuint (count_chosen (chooser), ==, 4);
  activate_row (chooser, 4);
  g_assert_cmpuint (count_chosen (chooser), ==, 3);
  g_signal_emit_by_name (all, "clicked");
  g_assert_cmpuint (count_chosen (chooser), ==, family->n_sites);
  g_signal_emit_by_name (all, "clicked");
  g_assert_cmpuint (count_chosen (chooser), ==, 1);
  /* A list of names, no taller than the screen. */
  g_signal_emit_by_name (all, "clicked");
  gtk_menu_button_popdown (GTK_MENU_BUTTON (button));
  fixture_settle (window);
  g_assert_null (strchr (gtk_widget_get_tooltip_text (button), '\n'));
  fixture_close (window);
}

/* ---- tooltips ---- */

static gboolean
wants_tooltip (GtkWidget *widget)
{
  g_autoptr (GObject) tooltip = g_object_new (GTK_TYPE_TOOLTIP, NULL);
  gboolean wants = FALSE;

  g_signal_emit_by_name (widget, "query-tooltip", 1, 1, FALSE, tooltip, &wants);
  return wants;
}

static void
test_tooltips_cover_no_menu_and_no_error (void)
{
  EgTraceSettings *settings = EG_TRACE_SETTINGS (eg_trace_settings_new ());
  GtkWindow *window = fixture_show (GTK_WIDGET (settings), 320, 700);
  g_autoptr (EgDraft) draft = make_draft ();
  eg_trace_settings_set_draft (settings, draft);
  eg_tooltips_give_way (GTK_WIDGET (settings));
  GtkWidget *button = fixture_find (GTK_WIDGET (settings), GTK_TYPE_MENU_BUTTON);
  GtkWidget *row = gtk_widget_get_ancestor (button, ADW_TYPE_ACTION_ROW);

  g_assert_true (wants_tooltip (button) && wants_tooltip (row));
  gtk_menu_button_popup (GTK_MENU_BUTTON (button));
  fixture_settle (window);
  g_assert_false (wants_tooltip (button) || wants_tooltip (row));
  gtk_menu_button_popdown (GTK_MENU_BUTTON (button));
  fixture_settle (window);
  g_assert_true (wants_tooltip (button) && wants_tooltip (row));

  GtkWidget *restoring = fixture_find (GTK_WIDGET (settings), EG_TYPE_RESTORING_ROW);
  g_assert_true (wants_tooltip (restoring));
  eg_restoring_row_set_error (EG_RESTORING_ROW (restoring), "Wrong");
  g_assert_false (wants_tooltip (restoring));
  fixture_close (window);
}

/* ---- what explains the map ---- */

static void
assert_color (EgRunDrawing *drawing, guint run, guint layer, guint token, EgColormap colormap, double value)
{
  const EgColor is = eg_run_drawing_get_color (drawing, run, layer, token);
  const EgColor wanted = eg_colormap_lookup (colormap, value);

  g_assert_cmpfloat (is.red, ==, wanted.red);
  g_assert_cmpfloat (is.green, ==, wanted.green);
  g_assert_cmpfloat (is.blue, ==, wanted.blue);
}

/* Layer 1 of the second subject token, the third token, is where something is done. */
static void
test_each_method_has_its_runs_in_the_maps_colours (void)
{
  static const guint n_runs[EG_N_RUN_METHODS] = { 3, 3, 3, 2, 4 };
  EgRunDrawing *drawing = g_object_new (EG_TYPE_RUN_DRAWING, NULL);
  g_object_ref_sink (drawing);

  for (EgRunMethod method = 0; method < EG_N_RUN_METHODS; method++)
    for (EgColormap map = EG_COLORMAP_RDYLBU_R; map <= EG_COLORMAP_VIRIDIS; map++)
      {
        eg_run_drawing_set_method (drawing, method);
        eg_run_drawing_set_colormap (drawing, map);
        g_assert_cmpuint (eg_run_drawing_get_n_runs (drawing), ==, n_runs[method]);
        assert_color (drawing, 0, 1, 2, map, 1);
        if (method != EG_RUN_KNOCKOUT)
          assert_color (drawing, 1, 1, 2, map, 0);
        if (method == EG_RUN_NOISE || method == EG_RUN_SWAP || method == EG_RUN_FREEZE)
          assert_color (drawing, 2, 1, 2, map, 1);
        if (method == EG_RUN_DAMAGE)
          assert_color (drawing, 2, 1, 2, map, 0);
      }
  /* What is severed brings nothing back at later tokens, which have what the corrupted run has. */
  eg_run_drawing_set_method (drawing, EG_RUN_FREEZE);
  const EgColor corrupted = eg_run_drawing_get_color (drawing, 1, 3, 4);
  const EgColor restored = eg_run_drawing_get_color (drawing, 2, 3, 4);
  const EgColor frozen = eg_run_drawing_get_color (drawing, 3, 3, 4);
  g_assert_cmpfloat (frozen.green, ==, corrupted.green);
  g_assert_cmpfloat (restored.green, !=, corrupted.green);
  g_object_unref (drawing);
}

static void
test_help_is_of_the_method_at_hand (void)
{
  EgMapHelp *help = g_object_new (EG_TYPE_MAP_HELP, NULL);
  GtkWindow *window = fixture_show (GTK_WIDGET (help), 100, 60);
  g_autoptr (EgTraceRequest) request = eg_trace_request_new (EIFFEL, "Eiffel Tower");

  eg_map_help_explain (help, request, EG_COLORMAP_RDYLBU_R);
  g_assert_true (says (GTK_WIDGET (help), "drowned in noise, so the answer is lost"));
  request->direction = EG_DIRECTION_DAMAGE;
  eg_map_help_explain (help, request, EG_COLORMAP_RDYLBU_R);
  g_assert_true (says (GTK_WIDGET (help), "The more of the answer is lost"));
  request->direction = EG_DIRECTION_RESTORE;
  request->freeze = eg_site_names_parse ("conv", TRUE, NULL);
  eg_map_help_explain (help, request, EG_COLORMAP_RDYLBU_R);
  g_assert_true (says (GTK_WIDGET (help), "severed"));
  g_clear_pointer (&request->freeze, g_strfreev);
  request->corruption.kind = EG_CORRUPTION_SWAP;
  eg_map_help_explain (help, request, EG_COLORMAP_RDYLBU_R);
  g_assert_true (says (GTK_WIDGET (help), "Another subject"));
  request->corruption.kind = EG_CORRUPTION_GAUSSIAN;
  request->has_knockout = TRUE;
  request->direction = EG_DIRECTION_DAMAGE;
  eg_map_help_explain (help, request, EG_COLORMAP_RDYLBU_R);
  g_assert_true (says (GTK_WIDGET (help), "is not read by later ones"));
  fixture_close (window);
}

/* ---- the guide ---- */

static gboolean
has_tag (GtkTextBuffer *buffer, const char *text, const char *tag)
{
  GtkTextIter start, end;

  gtk_text_buffer_get_start_iter (buffer, &start);
  if (!gtk_text_iter_forward_search (&start, text, 0, &start, &end, NULL))
    return FALSE;
  return gtk_text_iter_has_tag (&start,
                                gtk_text_tag_table_lookup (gtk_text_buffer_get_tag_table (buffer), tag));
}

static void
test_guide_is_rendered (void)
{
  g_autoptr (GtkTextBuffer) buffer = gtk_text_buffer_new (NULL);
  GtkTextIter start, end;

  eg_guide_render (buffer,
                   "# Title\n\nA line of `code`, **strong**\nand [a link](there.md), 2 * 3.\n\n"
                   "- one\n  more\n- two\n\n```sh\nls *.c\n```\n\n| a | b |\n|---|---|\n| 1 | `x` |\n");
  gtk_text_buffer_get_bounds (buffer, &start, &end);
  g_autofree char *text = gtk_text_buffer_get_text (buffer, &start, &end, FALSE);
  g_assert_cmpstr (text, ==,
                   "Title\n\nA line of code, strong and a link, 2 * 3.\n\n• one more\n• two\n\n"
                   "ls *.c\n\n• a – b\n• 1 – x\n\n");
  g_assert_true (has_tag (buffer, "Title", "h1"));
  g_assert_true (has_tag (buffer, "code", "code"));
  g_assert_true (has_tag (buffer, "strong", "strong"));
  g_assert_true (has_tag (buffer, "ls *.c", "block"));
  g_assert_false (has_tag (buffer, "line", "code"));
}

static void
test_guide_is_in_the_program (void)
{
  GtkWidget *label = gtk_label_new ("parent");
  GtkWindow *window = fixture_show (label, 200, 100);

  eg_guide_window_show (window);
  g_autoptr (GListModel) windows = g_object_ref (gtk_window_get_toplevels ());
  GtkWidget *view = NULL;
  for (guint i = 0; view == NULL && i < g_list_model_get_n_items (windows); i++)
    {
      g_autoptr (GtkWidget) toplevel = g_list_model_get_item (windows, i);
      view = fixture_find (toplevel, GTK_TYPE_TEXT_VIEW);
    }
  g_assert_nonnull (view);
  GtkTextBuffer *buffer = gtk_text_view_get_buffer (GTK_TEXT_VIEW (view));
  g_assert_true (has_tag (buffer, "Reading the map", "h2"));
  g_assert_cmpint (gtk_text_buffer_get_line_count (buffer), >, 100);
  fixture_close (window);
}

int
main (int argc, char **argv)
{
  fixture_init (&argc, &argv);
  g_test_add_func ("/app/hints/trivial-sweep", test_trivial_sweep_is_said_before_it_is_traced);
  g_test_add_func ("/app/hints/unsure", test_unsure_prediction_is_said);
  g_test_add_func ("/app/hints/positions", test_positions_stand_under_the_chips_when_wanted);
  g_test_add_func ("/app/hints/another-subject", test_another_subject_keeps_its_text);
  g_test_add_func ("/app/hints/sites", test_site_list_keeps_ticks_and_has_all);
  g_test_add_func ("/app/hints/tooltips", test_tooltips_cover_no_menu_and_no_error);
  g_test_add_func ("/app/hints/drawing", test_each_method_has_its_runs_in_the_maps_colours);
  g_test_add_func ("/app/hints/help", test_help_is_of_the_method_at_hand);
  g_test_add_func ("/app/hints/guide", test_guide_is_rendered);
  g_test_add_func ("/app/hints/guide-window", test_guide_is_in_the_program);
  return g_test_run ();
}
