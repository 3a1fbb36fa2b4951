/* The settings of a trace: what the panel asks for, and what it says of it. */
#include "network/gpt2/gpt2.h"
#include "network/mamba1/private.h"
#include "app/ask/corruption-row.h"
#include "app/ask/device-row.h"
#include "app/ask/estimate-row.h"
#include "app/ask/more-row.h"
#include "app/ask/restoring-row.h"
#include "app/shell/settings.h"
#include "app/ask/site-chooser.h"
#include "trace/ask/fields.h"
#include "app/ask/trace-settings.h"
#include "engine/cuda/cuda.h"
#include "fixture.h"
#include "library/locate.h"

#include <string.h>

/* ---- a CUDA that is not there ---- */

static int n_gpus;

static int
count_gpus (char *why)
{
  g_strlcpy (why, "There is no NVIDIA driver", EG_CUDA_WHY);
  return n_gpus;
}

/* The first of three is too old. */
static gboolean
describe (int device, EgCudaDevice *info, char *why)
{
  if (device >= n_gpus || (n_gpus == 3 && device == 0))
    return FALSE;
  *info = (EgCudaDevice){ .capability = 90, .memory = 80ull << 30 };
  g_strlcpy (info->name, "Pretended GPU", sizeof info->name);
  return TRUE;
}

static const EgCudaModule pretended = { .abi = EG_CUDA_ABI, .n_devices = count_gpus, .describe = describe };

static const char *
get_choice (EgDeviceRow *row, guint i)
{
  return gtk_string_list_get_string (GTK_STRING_LIST (adw_combo_row_get_model (ADW_COMBO_ROW (row))), i);
}

static guint
count_choices (EgDeviceRow *row)
{
  return g_list_model_get_n_items (adw_combo_row_get_model (ADW_COMBO_ROW (row)));
}

/* The settings in a window, of a draft of their own. */
typedef struct
{
  EgDraft *draft;
  EgTraceSettings *settings;
  GtkWindow *window;
} Panel;

static void
panel_open (Panel *self)
{
  self->draft = eg_draft_new ();
  self->settings = EG_TRACE_SETTINGS (eg_trace_settings_new ());
  self->window = fixture_show (GTK_WIDGET (self->settings), 320, 700);
  eg_trace_settings_set_draft (self->settings, self->draft);
}

static void
panel_close (Panel *self)
{
  fixture_close (self->window);
  g_object_unref (self->draft);
}

static EgDeviceKind
get_kind (const Panel *panel)
{
  return eg_draft_get_request (panel->draft)->device.kind;
}

static void
test_each_gpu_can_be_chosen (void)
{
  n_gpus = 2;
  eg_cuda_use_module (&pretended);
  Panel panel;
  panel_open (&panel);
  EgDeviceRow *row = EG_DEVICE_ROW (fixture_find (GTK_WIDGET (panel.settings), EG_TYPE_DEVICE_ROW));

  g_assert_cmpint (get_kind (&panel), ==, EG_DEVICE_AUTO);
  fixture_wait_for (count_choices (row) == 4);
  g_assert_cmpstr (get_choice (row, 0), ==, "Automatic");
  g_assert_cmpstr (get_choice (row, 1), ==, "Processor");
  g_assert_cmpstr (get_choice (row, 3), ==, "Pretended GPU (1)");
  adw_combo_row_set_selected (ADW_COMBO_ROW (row), 3);
  g_autoptr (EgTraceRequest) request = eg_trace_request_copy (eg_draft_get_request (panel.draft));
  g_assert_cmpint (request->device.kind, ==, EG_DEVICE_CUDA);
  g_assert_cmpuint (request->device.index, ==, 1);
  request->device.kind = EG_DEVICE_CPU;
  request->device.index = 0;
  eg_draft_show_settings (panel.draft, request);
  g_assert_cmpuint (adw_combo_row_get_selected (ADW_COMBO_ROW (row)), ==, 1);
  panel_close (&panel);
  eg_cuda_use_module (NULL);
}

static void
test_gpus_that_can_be_used_are_listed (void)
{
  n_gpus = 3;
  eg_cuda_use_module (&pretended);
  Panel panel;
  panel_open (&panel);
  EgDeviceRow *row = EG_DEVICE_ROW (fixture_find (GTK_WIDGET (panel.settings), EG_TYPE_DEVICE_ROW));

  fixture_wait_for (count_choices (row) == 4);
  g_assert_cmpstr (get_choice (row, 2), ==, "Pretended GPU (1)");
  g_assert_cmpstr (get_choice (row, 3), ==, "Pretended GPU (2)");
  panel_close (&panel);
  eg_cuda_use_module (NULL);
}

static void
test_row_says_why_there_is_no_cuda (void)
{
  n_gpus = 0;
  eg_cuda_use_module (&pretended);
  Panel panel;
  panel_open (&panel);
  EgDeviceRow *row = EG_DEVICE_ROW (fixture_find (GTK_WIDGET (panel.settings), EG_TYPE_DEVICE_ROW));

  fixture_wait_for (adw_action_row_get_subtitle (ADW_ACTION_ROW (row)) != NULL);
  g_assert_cmpstr (adw_action_row_get_subtitle (ADW_ACTION_ROW (row)), ==,
                   "Processor · CUDA is not used: There is no NVIDIA driver");
  g_assert_null (adw_combo_row_get_model (ADW_COMBO_ROW (row)));
  /* A GPU that was chosen when there was one. */
  g_object_set (row, "device", "cuda:3", NULL);
  g_assert_cmpint (get_kind (&panel), ==, EG_DEVICE_AUTO);
  panel_close (&panel);
  eg_cuda_use_module (NULL);
}

/* ---- sites ---- */

static void
assert_names (EgSiteChooser *chooser, const char *expected)
{
  g_autofree char *names = NULL;
  g_object_get (chooser, "names", &names, NULL);
  g_assert_cmpstr (names, ==, expected);
}

/* The list is made when it is opened; rows and their boxes in the order of the table. */
static GtkListBox *
open_list (EgSiteChooser *chooser, GtkWindow *window)
{
  GtkMenuButton *button = GTK_MENU_BUTTON (fixture_find (GTK_WIDGET (chooser), GTK_TYPE_MENU_BUTTON));

  gtk_menu_button_popup (button);
  GtkWidget *popover = GTK_WIDGET (gtk_menu_button_get_popover (button));
  fixture_wait_for (gtk_widget_get_mapped (popover));
  fixture_settle (window);
  return GTK_LIST_BOX (fixture_find (popover, GTK_TYPE_LIST_BOX));
}

static GtkCheckButton *
get_check (GtkListBox *list, EgSite site)
{
  GtkWidget *row = GTK_WIDGET (gtk_list_box_get_row_at_index (list, (int)site));
  return GTK_CHECK_BUTTON (fixture_find (row, GTK_TYPE_CHECK_BUTTON));
}

static void
test_one_site_or_several (void)
{
  const EgFamily *family = eg_families[0];
  EgSiteChooser *chooser = g_object_new (EG_TYPE_SITE_CHOOSER, NULL);
  GtkWindow *window = fixture_show (GTK_WIDGET (chooser), 400, 300);
  GtkListBox *list = open_list (chooser, window);

  assert_names (chooser, "resid");
  for (EgSite site = 0; site < family->n_sites; site++)
    {
      AdwActionRow *row = ADW_ACTION_ROW (gtk_list_box_get_row_at_index (list, (int)site));
      g_assert_cmpstr (adw_action_row_get_subtitle (row), ==, family->sites[site].description);
    }
  /* The last one stays, the first one remains the first. */
  gtk_check_button_set_active (get_check (list, EG_SITE_RESID), FALSE);
  g_assert_true (gtk_check_button_get_active (get_check (list, EG_SITE_RESID)));
  gtk_check_button_set_active (get_check (list, SELECTIVE_STATE), TRUE);
  gtk_check_button_set_active (get_check (list, EG_SITE_RESID), FALSE);
  gtk_check_button_set_active (get_check (list, SELECTIVE_MIXER), TRUE);
  assert_names (chooser, "state,mixer");

  /* A name ticks where several are ticked, and is chosen alone where one is. */
  gtk_widget_activate (GTK_WIDGET (gtk_list_box_get_row_at_index (list, SELECTIVE_SSM)));
  assert_names (chooser, "state,mixer,ssm");
  gtk_check_button_set_active (get_check (list, SELECTIVE_STATE), FALSE);
  gtk_check_button_set_active (get_check (list, SELECTIVE_MIXER), FALSE);
  gtk_widget_activate (GTK_WIDGET (gtk_list_box_get_row_at_index (list, SELECTIVE_STATE)));
  assert_names (chooser, "state");
  fixture_close (window);
}

/* Another family has other sites; those that it has not are there again with the one that has. */
static void
test_sites_are_those_of_the_family (void)
{
  const EgFamily *other = &eg_family_gpt2;
  EgSiteChooser *chooser = g_object_new (EG_TYPE_SITE_CHOOSER, NULL);
  GtkWindow *window = fixture_show (GTK_WIDGET (chooser), 400, 300);
  GtkListBox *list = open_list (chooser, window);

  gtk_check_button_set_active (get_check (list, SELECTIVE_STATE), TRUE);
  assert_names (chooser, "resid,state");
  eg_site_chooser_set_family (chooser, other);
  assert_names (chooser, "resid");
  gtk_widget_activate (GTK_WIDGET (fixture_find (GTK_WIDGET (chooser), GTK_TYPE_MENU_BUTTON)));
  eg_site_chooser_set_family (chooser, eg_families[0]);
  assert_names (chooser, "resid,state");
  g_object_set (chooser, "names", other->sites[1].name, NULL);
  assert_names (chooser, "resid");
  eg_site_chooser_set_family (chooser, other);
  assert_names (chooser, other->sites[1].name);
  fixture_close (window);
}

static int
get_x (GtkWidget *popover)
{
  return gdk_popup_get_position_x (GDK_POPUP (gtk_native_get_surface (GTK_NATIVE (popover))));
}

/* The next box is where the pointer expects it. */
static void
test_open_list_stays_where_it_is (void)
{
  EgSiteChooser *chooser = g_object_new (EG_TYPE_SITE_CHOOSER, "halign", GTK_ALIGN_END, NULL);
  GtkWindow *window = fixture_show (GTK_WIDGET (chooser), 800, 300);
  GtkWidget *button = fixture_find (GTK_WIDGET (chooser), GTK_TYPE_MENU_BUTTON);
  GtkListBox *list = open_list (chooser, window);
  GtkWidget *popover = gtk_widget_get_ancestor (GTK_WIDGET (list), GTK_TYPE_POPOVER);
  GtkWidget *label = fixture_find (button, GTK_TYPE_LABEL);
  const int x = get_x (popover);

  gtk_check_button_set_active (get_check (list, SELECTIVE_STATE), TRUE);
  fixture_settle (window);
  g_assert_cmpint (get_x (popover), ==, x);
  gtk_check_button_set_active (get_check (list, SELECTIVE_MIXER), TRUE);
  fixture_settle (window);
  g_assert_cmpint (get_x (popover), ==, x);
  gtk_popover_popdown (GTK_POPOVER (popover));
  fixture_wait_for (strcmp (gtk_label_get_text (GTK_LABEL (label)), "3 sites") == 0);
  fixture_close (window);
}

/* ---- all of it ---- */

/* What a file may hold, and each kind of setting once. */
static EgTraceRequest *
make_request (guint i)
{
  EgTraceRequest *request = eg_trace_request_new ("The Eiffel Tower is located in", "Eiffel Tower");
  EgCorruption *corruption = &request->corruption;
  const char *kinds[]
      = { "gaussian", "uniform", "student-t:4.5", "multivariate", "swap:Space Needle", "gaussian" };
  const char *noise_scales[]
      = { "prompt", "subjects:/tmp/s", "text:/tmp/t", "text:/tmp/t", "prompt", "embedding" };
  const char *spans[] = { "all", "tokens:2-4", "subject", "tokens:1-1", "subject", "subject" };

  request->device.kind = EG_DEVICE_AUTO;
  g_assert_true (eg_corruption_parse_kind (corruption, kinds[i], NULL));
  g_assert_true (eg_corruption_parse_scale (corruption, noise_scales[i], NULL));
  g_assert_true (eg_corruption_parse_span (corruption, spans[i], NULL));
  corruption->replace = i == 1;
  request->samples = 3 + i;
  request->seed = 70 + i;
  request->noise_level = 1.5;
  request->metric = i == 2 ? EG_METRIC_KL : i >= 4 ? EG_METRIC_LOGIT_DIFF : EG_METRIC_PROB;
  request->against = i == 5 ? g_strdup ("Rome") : NULL;
  request->all_metrics = i == 1;
  eg_trace_request_set_sites (request, i == 0 ? "resid" : i == 3 ? "state,mixer,gate" : "state", NULL);
  request->sweep = i == 1   ? EG_SWEEP_CARRY
                   : i == 2 ? EG_SWEEP_POSITIONS
                   : i == 5 ? EG_SWEEP_LAYERS
                            : EG_SWEEP_CELLS;
  request->window = i == 2 ? 1 : 1 + i;
  request->direction = i == 1 || i == 5 ? EG_DIRECTION_DAMAGE : EG_DIRECTION_RESTORE;
  eg_trace_field_parse (EG_FIELD_FREEZE, request, i == 0 ? "conv,ssm" : "", NULL);
  request->until_sem = i == 1 ? 0.025 : 0;
  request->max_samples = i == 1 ? 77 : request->max_samples;
  request->has_knockout = i == 5;
  if (request->has_knockout)
    request->knockout = (EgKnockout){ 1, 4, 1, 2, 5, 5 };
  return request;
}

static void
test_what_is_shown_is_asked_for (void)
{
  Panel panel;
  panel_open (&panel);

  for (guint i = 0; i < 6; i++)
    {
      g_autoptr (EgTraceRequest) request = make_request (i);
      const char *why;
      eg_draft_show (panel.draft, request);
      g_assert_true (eg_trace_request_equal (request, eg_draft_get_request (panel.draft)));
      eg_draft_can_trace (panel.draft, &why);
      g_assert_cmpstr (why, ==, NULL);
    }
  panel_close (&panel);
}

/* What the next window asks for, when this one asked for that. */
static EgTraceRequest *
ask_again (GSettings *remembered, const EgTraceRequest *request)
{
  EgTraceRequest *asked;
  Panel first, second;

  panel_open (&first);
  eg_trace_settings_bind (first.settings, remembered);
  eg_draft_show (first.draft, request);
  panel_close (&first);
  panel_open (&second);
  eg_trace_settings_bind (second.settings, remembered);
  eg_draft_set_texts (second.draft, request->prompt, request->subject);
  asked = eg_trace_request_copy (eg_draft_get_request (second.draft));
  panel_close (&second);
  return asked;
}

static void
test_settings_are_remembered (void)
{
  g_autoptr (GSettings) remembered = eg_settings_new ("io.github.engram_app.Engram");
  g_autoptr (EgTraceRequest) request = eg_trace_request_new ("The Eiffel Tower is in", "Eiffel Tower");

  g_assert_nonnull (remembered);
  request->corruption.kind = EG_CORRUPTION_UNIFORM;
  request->corruption.scale = EG_NOISE_SCALE_EMBEDDING;
  request->corruption.replace = TRUE;
  eg_trace_request_set_sites (request, "gate", NULL);
  request->metric = EG_METRIC_KL;
  request->direction = EG_DIRECTION_DAMAGE;
  request->sweep = EG_SWEEP_LAYERS;
  request->window = 3;
  request->estimate_steps = 5;
  eg_trace_field_parse (EG_FIELD_FREEZE, request, "conv", NULL);
  g_autoptr (EgTraceRequest) again = ask_again (remembered, request);
  g_assert_true (eg_trace_request_equal (request, again));
  g_assert_cmpuint (again->estimate_steps, ==, 5);

  /* What is of one prompt alone leaves all else as it was. */
  g_autoptr (EgTraceRequest) swapped = eg_trace_request_copy (request);
  g_assert_true (eg_corruption_parse_kind (&swapped->corruption, "swap:Rome", NULL));
  swapped->corruption.scale = EG_NOISE_SCALE_PROMPT;
  swapped->corruption.replace = FALSE;
  g_autoptr (EgTraceRequest) noise = ask_again (remembered, swapped);
  g_assert_true (eg_trace_request_equal (request, noise));
  for (const char *const *key
       = (const char *const[]){ "corruption", "noise-scale", "replace", "site", "metric", "direction",
                                "sweep", "restored-layers", "freeze", "estimate-steps", NULL };
       *key != NULL; key++)
    g_settings_reset (remembered, *key);
}

static void
test_reset_resets_all (void)
{
  Panel panel;
  panel_open (&panel);
  GtkWidget *reset = fixture_find (GTK_WIDGET (panel.settings), GTK_TYPE_BUTTON);

  g_assert_cmpstr (gtk_button_get_label (GTK_BUTTON (reset)), ==, "_Reset");
  for (guint i = 0; i < 6; i++)
    {
      g_autoptr (EgTraceRequest) request = make_request (i);
      g_autoptr (EgTraceRequest) usual = eg_trace_request_new (request->prompt, request->subject);
      usual->device.kind = EG_DEVICE_AUTO;
      eg_draft_show (panel.draft, request);
      g_assert_true (gtk_widget_get_sensitive (reset));
      g_signal_emit_by_name (reset, "clicked");
      g_assert_true (eg_trace_request_equal (usual, eg_draft_get_request (panel.draft)));
      g_assert_false (gtk_widget_get_sensitive (reset));
    }
  panel_close (&panel);
}

/* ---- what is wrong, and where ---- */

static const char *
get_subtitle (const Panel *panel, GType type)
{
  return adw_expander_row_get_subtitle (ADW_EXPANDER_ROW (fixture_find (GTK_WIDGET (panel->settings), type)));
}

/* Shows a request and asks what is wrong with it, and which row says so. */
static void
assert_wrong (
    const Panel *panel, const EgTraceRequest *request, EgModel *model, GType row, const char *sentence)
{
  const GType rows[] = { EG_TYPE_CORRUPTION_ROW, EG_TYPE_RESTORING_ROW, EG_TYPE_MORE_ROW };
  const char *why;

  eg_draft_set_model (panel->draft, model);
  eg_draft_show (panel->draft, request);
  g_assert_false (eg_draft_can_trace (panel->draft, &why));
  g_assert_true (g_str_has_prefix (why, sentence));
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    g_assert_cmpint (g_str_has_prefix (get_subtitle (panel, rows[i]), sentence), ==, rows[i] == row);
}

static void
test_nonsense_is_said_where_it_stands (void)
{
  Panel panel;
  panel_open (&panel);
  g_autofree char *demo = eg_model_find_demo ();
  g_autoptr (EgModel) model = eg_model_open (demo, NULL, NULL);
  g_autoptr (EgTraceRequest) request = make_request (0);

  g_assert_nonnull (model);
  request->sweep = EG_SWEEP_CARRY;
  assert_wrong (&panel, request, NULL, EG_TYPE_RESTORING_ROW,
                "The sweep “carry” is one of what later tokens read");
  request->sweep = EG_SWEEP_CELLS;
  request->metric = EG_METRIC_LOGIT_DIFF;
  assert_wrong (&panel, request, model, EG_TYPE_MORE_ROW, "The metric logit-diff needs the token");
  request->metric = EG_METRIC_PROB;
  request->until_sem = 0.01;
  request->samples = 1;
  assert_wrong (&panel, request, model, EG_TYPE_MORE_ROW, "A standard error needs two samples");
  request->until_sem = 0;
  request->samples = 3;
  request->corruption.span = EG_SPAN_TOKENS;
  request->corruption.span_last = 99;
  assert_wrong (&panel, request, model, EG_TYPE_CORRUPTION_ROW, "The span ends with token 99");
  g_assert_true (eg_corruption_parse_kind (&request->corruption, "swap:Eiffel Tower", NULL));
  assert_wrong (&panel, request, model, EG_TYPE_CORRUPTION_ROW, "Nothing would be corrupted");
  g_assert_true (eg_corruption_parse_kind (&request->corruption, "multivariate", NULL));
  request->corruption.span = EG_SPAN_ALL;
  request->corruption.scale = EG_NOISE_SCALE_TEXT;
  assert_wrong (&panel, request, model, EG_TYPE_CORRUPTION_ROW, "The noise scale text takes a file");

  g_autoptr (EgTraceRequest) knockout = make_request (5);
  knockout->knockout = (EgKnockout){ 0, 70, 1, 2, 5, 5 };
  assert_wrong (&panel, knockout, model, EG_TYPE_RESTORING_ROW, "The knockout names layer 70");
  knockout->knockout = (EgKnockout){ 0, 7, 4, 5, 1, 2 };
  assert_wrong (&panel, knockout, model, EG_TYPE_RESTORING_ROW, "The knockout “0-7:4-5>1-2” goes backwards");

  /* And nothing once it is right again. */
  g_autoptr (EgTraceRequest) fine = make_request (0);
  eg_draft_show (panel.draft, fine);
  g_assert_true (eg_draft_can_trace (panel.draft, NULL));
  g_assert_cmpstr (get_subtitle (&panel, EG_TYPE_MORE_ROW), ==, "Probability");
  panel_close (&panel);
}

/* ---- what goes together ---- */

static GtkWidget *
get_child (GtkWidget *row, const char *name)
{
  return GTK_WIDGET (gtk_widget_get_template_child (row, G_OBJECT_TYPE (row), name));
}

static void
test_only_what_means_something_can_be_changed (void)
{
  Panel panel;
  panel_open (&panel);
  GtkWidget *corruption = fixture_find (GTK_WIDGET (panel.settings), EG_TYPE_CORRUPTION_ROW);
  GtkWidget *kind = get_child (corruption, "kind"), *scale = get_child (corruption, "scale");
  GtkWidget *samples = get_child (GTK_WIDGET (panel.settings), "samples_row");
  GtkWidget *noise = get_child (GTK_WIDGET (panel.settings), "noise_row");
  GtkWidget *more = fixture_find (GTK_WIDGET (panel.settings), EG_TYPE_MORE_ROW);

  adw_combo_row_set_selected (ADW_COMBO_ROW (kind), EG_CORRUPTION_SWAP);
  g_assert_false (gtk_widget_get_sensitive (samples));
  g_assert_false (gtk_widget_get_sensitive (noise));
  g_assert_false (gtk_widget_get_visible (scale));
  g_assert_false (gtk_widget_get_sensitive (get_child (more, "until_row")));
  g_assert_true (gtk_widget_get_visible (get_child (corruption, "swap_row")));
  adw_combo_row_set_selected (ADW_COMBO_ROW (kind), EG_CORRUPTION_MULTIVARIATE);
  g_assert_true (gtk_widget_get_sensitive (samples));
  g_assert_false (gtk_widget_get_sensitive (noise));
  g_assert_cmpuint (adw_combo_row_get_selected (ADW_COMBO_ROW (scale)), ==, EG_NOISE_SCALE_TEXT);
  g_assert_true (gtk_widget_get_visible (get_child (corruption, "file_row")));
  adw_combo_row_set_selected (ADW_COMBO_ROW (kind), EG_CORRUPTION_UNIFORM);
  g_assert_true (gtk_widget_get_sensitive (noise));
  g_assert_cmpuint (adw_combo_row_get_selected (ADW_COMBO_ROW (scale)), ==, EG_NOISE_SCALE_PROMPT);
  panel_close (&panel);
}

static void
test_knockout_is_of_the_state (void)
{
  Panel panel;
  panel_open (&panel);
  GtkWidget *restoring = fixture_find (GTK_WIDGET (panel.settings), EG_TYPE_RESTORING_ROW);
  GtkSwitch *knockout = GTK_SWITCH (get_child (restoring, "knockout"));
  g_autofree char *demo = eg_model_find_demo ();
  g_autoptr (EgModel) model = eg_model_open (demo, NULL, NULL);
  const EgTraceRequest *asked = eg_draft_get_request (panel.draft);

  /* Where it begins is taken from the prompt. */
  eg_draft_set_model (panel.draft, model);
  eg_draft_set_texts (panel.draft, "The Eiffel Tower is located in", "Eiffel Tower");
  g_assert_true (eg_draft_can_trace (panel.draft, NULL));
  gtk_switch_set_active (knockout, TRUE);
  g_autofree char *text = eg_knockout_to_text (&asked->knockout);
  g_assert_cmpstr (text, ==, "0-7:1-2>5");
  g_assert_cmpstr (asked->sites[0], ==, "state");
  g_assert_true (eg_draft_can_trace (panel.draft, NULL));
  g_assert_false (gtk_widget_get_sensitive (get_child (GTK_WIDGET (panel.settings), "site_row")));
  g_assert_false (gtk_widget_get_sensitive (get_child (restoring, "direction")));
  g_assert_cmpuint (adw_combo_row_get_selected (ADW_COMBO_ROW (get_child (restoring, "direction"))), ==,
                    EG_DIRECTION_DAMAGE);
  gtk_switch_set_active (knockout, FALSE);
  g_assert_cmpstr (asked->sites[0], ==, "resid");
  g_assert_cmpint (asked->sweep, ==, EG_SWEEP_CELLS);
  panel_close (&panel);
}

/* Of a model that has some: an entry for heads; empty, all of them. */
static void
test_knockout_may_be_of_heads (void)
{
  Panel panel;
  panel_open (&panel);
  GtkWidget *restoring = fixture_find (GTK_WIDGET (panel.settings), EG_TYPE_RESTORING_ROW);
  GtkWidget *row = get_child (restoring, "heads_row");
  GtkEditable *heads = GTK_EDITABLE (get_child (restoring, "heads"));
  g_autofree char *demo = eg_model_find_demo ();
  g_autofree char *other = g_test_build_filename (G_TEST_DIST, "..", "data", "demo-gpt2", NULL);
  g_autoptr (EgModel) mamba = eg_model_open (demo, NULL, NULL);
  g_autoptr (EgModel) transformer = eg_model_open (other, NULL, NULL);
  const EgTraceRequest *asked = eg_draft_get_request (panel.draft);

  eg_draft_set_model (panel.draft, mamba);
  eg_draft_set_texts (panel.draft, "The Eiffel Tower is located in", "Eiffel Tower");
  gtk_switch_set_active (GTK_SWITCH (get_child (restoring, "knockout")), TRUE);
  g_assert_false (gtk_widget_get_visible (row));
  eg_draft_set_model (panel.draft, transformer);
  fixture_settle (panel.window);
  g_assert_true (gtk_widget_get_visible (row));
  g_assert_cmpuint (asked->knockout.head_end, ==, 0);
  gtk_editable_set_text (heads, "1-2");
  g_assert_cmpuint (asked->knockout.head_first, ==, 1);
  g_assert_cmpuint (asked->knockout.head_end, ==, 3);
  eg_draft_set_model (panel.draft, mamba);
  fixture_settle (panel.window);
  g_assert_false (gtk_widget_get_visible (row));
  panel_close (&panel);
}

/* ---- steps of an estimate ---- */

static guint
get_steps (const Panel *panel)
{
  return eg_draft_get_request (panel->draft)->estimate_steps;
}

/* Off, or 2 to 10, where there are estimates; what a request has more is the most. */
static void
test_steps_are_of_an_estimate (void)
{
  g_autofree char *demo = eg_model_find_demo ();
  g_autoptr (EgModel) model = eg_model_open (demo, NULL, NULL);
  g_autoptr (EgTraceRequest) request = eg_trace_request_new ("The Eiffel Tower is in", "Eiffel Tower");
  Panel panel;
  panel_open (&panel);
  AdwComboRow *steps = ADW_COMBO_ROW (get_child (GTK_WIDGET (panel.settings), "steps"));
  EgEstimateRow *estimate
      = EG_ESTIMATE_ROW (fixture_find (GTK_WIDGET (panel.settings), EG_TYPE_ESTIMATE_ROW));
  GtkWidget *reset = fixture_find (GTK_WIDGET (panel.settings), GTK_TYPE_BUTTON);

  g_assert_false (gtk_widget_get_visible (GTK_WIDGET (steps)));
  eg_draft_set_model (panel.draft, model);
  g_assert_true (gtk_widget_get_visible (GTK_WIDGET (steps)));
  g_assert_cmpuint (g_list_model_get_n_items (adw_combo_row_get_model (steps)), ==, 10);
  g_assert_cmpuint (get_steps (&panel), ==, 0);
  for (guint i = 1; i < 10; i++)
    {
      g_autofree char *number = g_strdup_printf ("%u", i + 1);
      adw_combo_row_set_selected (steps, i);
      g_assert_cmpuint (get_steps (&panel), ==, i + 1);
      g_assert_cmpstr (gtk_string_list_get_string (GTK_STRING_LIST (adw_combo_row_get_model (steps)), i), ==,
                       number);
    }
  request->estimate_steps = 50;
  eg_draft_show (panel.draft, request);
  g_assert_cmpuint (get_steps (&panel), ==, 10);
  eg_estimate_row_set_use (estimate, EG_ESTIMATE_NEVER);
  g_assert_false (gtk_widget_get_visible (GTK_WIDGET (steps)));
  eg_estimate_row_set_use (estimate, EG_ESTIMATE_FIRST);
  g_assert_true (gtk_widget_get_visible (GTK_WIDGET (steps)));
  g_assert_true (gtk_widget_get_sensitive (reset));
  g_signal_emit_by_name (reset, "clicked");
  g_assert_cmpuint (get_steps (&panel), ==, 0);
  g_assert_cmpuint (adw_combo_row_get_selected (steps), ==, 0);
  g_assert_false (gtk_widget_get_sensitive (reset));
  panel_close (&panel);
}

int
main (int argc, char **argv)
{
  fixture_init (&argc, &argv);
  g_test_add_func ("/app/settings/sites", test_one_site_or_several);
  g_test_add_func ("/app/settings/sites-of-the-family", test_sites_are_those_of_the_family);
  g_test_add_func ("/app/settings/open-list-stays", test_open_list_stays_where_it_is);
  g_test_add_func ("/app/settings/shown-is-asked-for", test_what_is_shown_is_asked_for);
  g_test_add_func ("/app/settings/remembered", test_settings_are_remembered);
  g_test_add_func ("/app/settings/reset", test_reset_resets_all);
  g_test_add_func ("/app/settings/nonsense", test_nonsense_is_said_where_it_stands);
  g_test_add_func ("/app/settings/sensitive", test_only_what_means_something_can_be_changed);
  g_test_add_func ("/app/settings/knockout", test_knockout_is_of_the_state);
  g_test_add_func ("/app/settings/knockout-of-heads", test_knockout_may_be_of_heads);
  g_test_add_func ("/app/settings/each-gpu", test_each_gpu_can_be_chosen);
  g_test_add_func ("/app/settings/usable-gpus-are-listed", test_gpus_that_can_be_used_are_listed);
  g_test_add_func ("/app/settings/no-cuda", test_row_says_why_there_is_no_cuda);
  g_test_add_func ("/app/settings/steps-are-of-an-estimate", test_steps_are_of_an_estimate);
  return g_test_run ();
}
