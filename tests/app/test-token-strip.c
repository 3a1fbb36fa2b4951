/* Marking the subject over a prompt's tokens: by dragging, by keys, and in step with the typed one. */
#include "app/ask/prompt-panel.h"
#include "app/parts/token-strip.h"
#include "fixture.h"

typedef struct
{
  GtkWindow *window;
  EgTokenStrip *strip;
  guint first, last, n_marked;
} Scene;

static void
on_marked (EgTokenStrip *strip, guint first, guint last, gpointer data)
{
  Scene *self = data;

  self->first = first;
  self->last = last;
  self->n_marked++;
  eg_token_strip_set_subject (strip, first, last);
}

static void
scene_open (Scene *self)
{
  static const char *const texts[] = { "The", " Space", " Need", "le", " is", " in", "\n", " downtown" };
  static const guint32 ids[] = { 1, 2, 3, 4, 5, 6, 7, 8 };

  *self = (Scene){ .strip = EG_TOKEN_STRIP (eg_token_strip_new ()) };
  eg_token_strip_set_tokens (self->strip, texts, ids, G_N_ELEMENTS (texts));
  g_signal_connect (self->strip, "subject-marked", G_CALLBACK (on_marked), self);
  self->window = fixture_show (GTK_WIDGET (self->strip), 260, 120);
}

static GtkWidget *
get_chip (GtkWidget *strip, guint i)
{
  GtkWidget *chip = gtk_widget_get_first_child (strip);
  for (; i > 0; i--)
    chip = gtk_widget_get_next_sibling (chip);
  return chip;
}

static void
point_at (GtkWindow *window, GtkWidget *chip)
{
  fixture_point (window, chip, gtk_widget_get_width (chip) / 2.0, gtk_widget_get_height (chip) / 2.0);
}

static void
drag (GtkWindow *window, GtkWidget *strip, guint from, guint to)
{
  point_at (window, get_chip (strip, from));
  fixture_input (window, "mousedown 1");
  /* By way of each chip between, as a hand goes. */
  for (guint i = from; i != to; i += from < to ? 1 : -1)
    point_at (window, get_chip (strip, i));
  point_at (window, get_chip (strip, to));
  fixture_input (window, "mouseup 1");
}

static gboolean
is_subject (GtkWidget *strip, guint i)
{
  return gtk_widget_has_css_class (get_chip (strip, i), "subject");
}

static void
test_dragging_marks (void)
{
  Scene scene;
  scene_open (&scene);

  drag (scene.window, GTK_WIDGET (scene.strip), 1, 3);
  g_assert_cmpuint (scene.first, ==, 1);
  g_assert_cmpuint (scene.last, ==, 3);
  for (guint i = 0; i < 8; i++)
    g_assert_true (is_subject (GTK_WIDGET (scene.strip), i) == (i >= 1 && i <= 3));
  /* Backwards, and over the end of a row. */
  drag (scene.window, GTK_WIDGET (scene.strip), 7, 4);
  g_assert_cmpuint (scene.first, ==, 4);
  g_assert_cmpuint (scene.last, ==, 7);
  /* A click marks one. */
  drag (scene.window, GTK_WIDGET (scene.strip), 0, 0);
  g_assert_cmpuint (scene.first, ==, 0);
  g_assert_cmpuint (scene.last, ==, 0);
  /* Moving without a button marks nothing. */
  const guint n_marked = scene.n_marked;
  point_at (scene.window, get_chip (GTK_WIDGET (scene.strip), 3));
  g_assert_cmpuint (scene.n_marked, ==, n_marked);
  fixture_close (scene.window);
}

static void
test_keys_mark (void)
{
  Scene scene;
  scene_open (&scene);

  gtk_widget_grab_focus (GTK_WIDGET (scene.strip));
  fixture_input (scene.window, "key Right key Right");
  g_assert_cmpuint (scene.first, ==, 1);
  g_assert_cmpuint (scene.last, ==, 1);
  fixture_input (scene.window, "key shift+Right key shift+Right");
  g_assert_cmpuint (scene.first, ==, 1);
  g_assert_cmpuint (scene.last, ==, 3);
  fixture_input (scene.window, "key shift+Left");
  g_assert_cmpuint (scene.last, ==, 2);
  fixture_input (scene.window, "key shift+End");
  g_assert_cmpuint (scene.first, ==, 1);
  g_assert_cmpuint (scene.last, ==, 7);
  fixture_input (scene.window, "key Home");
  g_assert_cmpuint (scene.first, ==, 0);
  g_assert_cmpuint (scene.last, ==, 0);

  g_autofree char *other = gtk_test_accessible_check_property (
      GTK_ACCESSIBLE (scene.strip), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, "Subject: The");
  g_assert_cmpstr (other, ==, NULL);
  fixture_close (scene.window);
}

/* Dragging over the panel's chips writes the subject; a typed subject marks chips. */
static void
test_panel_keeps_in_step (void)
{
  g_autofree char *folder = g_test_build_filename (G_TEST_DIST, "..", "data", "demo", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (EgModel) model = eg_model_open (folder, NULL, &error);
  g_assert_no_error (error);
  g_autoptr (EgDraft) draft = eg_draft_new ();
  EgPromptPanel *panel = EG_PROMPT_PANEL (eg_prompt_panel_new ());
  GtkWindow *window = fixture_show (GTK_WIDGET (panel), 320, 400);
  GtkWidget *strip = fixture_find (GTK_WIDGET (panel), EG_TYPE_TOKEN_STRIP);

  eg_prompt_panel_set_draft (panel, draft);
  eg_draft_set_model (draft, model);
  eg_draft_set_texts (draft, "The mother tongue of Angela Merkel is", "mother tongue");
  fixture_settle (window);
  g_assert_true (is_subject (strip, 1));
  g_assert_false (is_subject (strip, 3));

  guint n = 0;
  for (GtkWidget *chip = gtk_widget_get_first_child (strip); chip != NULL;
       chip = gtk_widget_get_next_sibling (chip))
    n++;
  drag (window, strip, 0, 1);
  g_assert_cmpstr (eg_draft_get_request (draft)->subject, ==, "The mother");
  gtk_widget_grab_focus (strip);
  fixture_input (window, "key End");
  g_assert_cmpstr (eg_draft_get_request (draft)->subject, ==, "is");
  g_assert_true (is_subject (strip, n - 1));

  /* Typed: the entry follows the tokens, and the tokens the entry. */
  GtkWidget *entry = fixture_find (GTK_WIDGET (panel), GTK_TYPE_ENTRY);
  gtk_widget_grab_focus (entry);
  fixture_input (window, "key ctrl+a");
  fixture_input (window, "type mother");
  g_assert_cmpstr (eg_draft_get_request (draft)->subject, ==, "mother");
  for (guint i = 0; i < n; i++)
    g_assert_true (is_subject (strip, i) == (i == 1));
  fixture_close (window);
}

/* The words of the chips that are marked. (transfer full) */
static char *
get_marked (GtkWidget *strip)
{
  GString *text = g_string_new (NULL);

  for (GtkWidget *chip = gtk_widget_get_first_child (strip); chip != NULL;
       chip = gtk_widget_get_next_sibling (chip))
    if (gtk_widget_has_css_class (chip, "subject"))
      g_string_append (text, gtk_label_get_text (GTK_LABEL (chip)));
  return g_string_free (text, FALSE);
}

/* What the panel takes for the subject, and all that shows it. */
static void
check_subject (
    EgDraft *draft, EgPromptPanel *panel, const char *subject, const char *entered, const char *marked)
{
  GtkWidget *entry = fixture_find (GTK_WIDGET (panel), GTK_TYPE_ENTRY);
  g_autofree char *chips = get_marked (fixture_find (GTK_WIDGET (panel), EG_TYPE_TOKEN_STRIP));

  g_assert_cmpstr (eg_draft_get_request (draft)->subject, ==, subject);
  g_assert_cmpstr (gtk_editable_get_text (GTK_EDITABLE (entry)), ==, entered);
  g_assert_cmpstr (chips, ==, marked);
}

/* A new prompt is guessed at; what the person named comes back with the prompt that had it. */
static void
test_subject_follows_the_prompt (void)
{
  g_autofree char *folder = g_test_build_filename (G_TEST_DIST, "..", "data", "demo", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (EgModel) model = eg_model_open (folder, NULL, &error);
  g_assert_no_error (error);
  g_autoptr (EgDraft) draft = eg_draft_new ();
  EgPromptPanel *panel = EG_PROMPT_PANEL (eg_prompt_panel_new ());
  GtkWindow *window = fixture_show (GTK_WIDGET (panel), 320, 400);
  GtkWidget *view = fixture_find (GTK_WIDGET (panel), GTK_TYPE_TEXT_VIEW);
  GtkWidget *entry = fixture_find (GTK_WIDGET (panel), GTK_TYPE_ENTRY);
  GtkTextBuffer *prompt = gtk_text_view_get_buffer (GTK_TEXT_VIEW (view));

  eg_prompt_panel_set_draft (panel, draft);
  eg_draft_set_model (draft, model);
  g_autoptr (EgTraceRequest) second = eg_trace_request_new ("Is Merkel Merkel", "Merkel");
  second->subject_offset = 10;
  eg_draft_show (draft, second);
  gtk_widget_grab_focus (view);
  fixture_input (window, "key ctrl+a");
  fixture_input (window, "type The");
  fixture_input (window, "key space");
  fixture_input (window, "type Eiffel");
  check_subject (draft, panel, "Eiffel", "", "␣Eiffel");
  g_assert_true (eg_draft_can_trace (draft, NULL));
  for (int i = 0; i < 12 && eg_draft_get_request (draft)->subject_offset < 0; i++)
    fixture_input (window, "key ctrl+z");
  check_subject (draft, panel, "Merkel", "Merkel", "␣Merkel");
  g_assert_cmpint (eg_draft_get_request (draft)->subject_offset, ==, 10);

  /* Without capital letters there is nothing to guess, and nothing is wrong. */
  gtk_text_buffer_set_text (prompt, "the capital of", -1);
  check_subject (draft, panel, "", "", "");
  g_assert_false (gtk_widget_has_css_class (entry, "error"));

  /* What is typed after the prompt stays, and is said to be wrong. */
  gtk_editable_set_text (GTK_EDITABLE (entry), "Paris");
  check_subject (draft, panel, "Paris", "Paris", "");
  g_assert_true (gtk_widget_has_css_class (entry, "error"));
  gtk_text_buffer_set_text (prompt, "The capital of France is", -1);
  check_subject (draft, panel, "France", "", "␣France");
  g_assert_false (gtk_widget_has_css_class (entry, "error"));
  gtk_text_buffer_set_text (prompt, "Is Merkel in Paris", -1);
  check_subject (draft, panel, "Paris", "Paris", "␣Paris");

  /* Forgotten with the next that is named. */
  gtk_text_buffer_set_text (prompt, "The Eiffel Tower is in", -1);
  gtk_editable_set_text (GTK_EDITABLE (entry), "Tower");
  gtk_editable_set_text (GTK_EDITABLE (entry), "");
  gtk_text_buffer_set_text (prompt, "Is Merkel in Paris", -1);
  check_subject (draft, panel, "Merkel", "", "␣Merkel");
  fixture_close (window);
}

/* A prompt of 400 tokens: the panel takes no more room than one of sixty, and what is marked by text or keys
 * comes into view. */
static void
test_many_tokens_scroll (void)
{
  g_autofree char *folder = g_test_build_filename (G_TEST_DIST, "..", "data", "demo", NULL);
  g_autoptr (EgModel) model = eg_model_open (folder, NULL, NULL);
  g_autoptr (EgDraft) draft = eg_draft_new ();
  g_autoptr (GString) prompt = g_string_new ("The");
  EgPromptPanel *panel = EG_PROMPT_PANEL (eg_prompt_panel_new ());
  GtkWindow *window = fixture_show (GTK_WIDGET (panel), 320, 700);
  GtkWidget *strip = fixture_find (GTK_WIDGET (panel), EG_TYPE_TOKEN_STRIP);
  GtkAdjustment *position = gtk_scrolled_window_get_vadjustment (
      GTK_SCROLLED_WINDOW (gtk_widget_get_ancestor (strip, GTK_TYPE_SCROLLED_WINDOW)));

  for (guint i = 0; i < 400; i++)
    g_string_append (prompt, " the");
  g_string_append (prompt, " mother tongue");
  eg_prompt_panel_set_draft (panel, draft);
  eg_draft_set_model (draft, model);
  eg_draft_set_texts (draft, prompt->str, "");
  fixture_settle (window);
  g_assert_cmpuint (eg_draft_get_tokens (draft)->n, >, 400);
  int height;
  gtk_widget_measure (GTK_WIDGET (panel), GTK_ORIENTATION_VERTICAL, 288, NULL, &height, NULL, NULL);
  g_assert_cmpint (height, <, 500);
  g_assert_cmpint (gtk_widget_get_height (gtk_widget_get_parent (strip)), >, 100);
  g_assert_cmpfloat (gtk_adjustment_get_value (position), ==, 0);

  eg_draft_set_texts (draft, prompt->str, "mother tongue");
  fixture_settle (window);
  fixture_wait_for (gtk_adjustment_get_value (position) > 500);
  gtk_widget_grab_focus (strip);
  fixture_input (window, "key Home");
  fixture_wait_for (gtk_adjustment_get_value (position) == 0);
  fixture_input (window, "key End");
  fixture_wait_for (gtk_adjustment_get_value (position) > 500);
  fixture_close (window);
}

int
main (int argc, char **argv)
{
  fixture_init (&argc, &argv);
  g_test_add_func ("/app/strip/drag", test_dragging_marks);
  g_test_add_func ("/app/strip/keys", test_keys_mark);
  g_test_add_func ("/app/strip/in-step", test_panel_keeps_in_step);
  g_test_add_func ("/app/strip/follows-the-prompt", test_subject_follows_the_prompt);
  g_test_add_func ("/token-strip/many-tokens-scroll", test_many_tokens_scroll);
  return g_test_run ();
}
