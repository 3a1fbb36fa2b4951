/* The window's parts put together, its actions, and its title and buttons, which follow them. */
#include "app/shell/window.h"

#include "app/ask/draft.h"
#include "app/ask/prediction-list.h"
#include "app/ask/prompt-menu.h"
#include "app/ask/prompt-panel.h"
#include "app/ask/trace-settings.h"
#include "app/models/get-model-dialog.h"
#include "app/models/verify-dialog.h"
#include "app/models/model-button.h"
#include "app/page/map-scroll.h"
#include "app/parts/duration-text.h"
#include "app/parts/messages.h"
#include "app/parts/path-dialog.h"
#include "app/parts/tooltips.h"
#include "app/parts/wheel.h"
#include "app/shell/closing.h"
#include "app/shell/comparing.h"
#include "app/shell/expected-time.h"
#include "app/shell/exporter.h"
#include "app/shell/opener.h"
#include "app/shell/recovery.h"
#include "app/shell/studies.h"
#include "app/shell/tabs.h"
#include "core/error.h"
#include "library/hub/listing.h"
#include "library/locate.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

/* Seconds of a trace from which on its estimate's are said, too. */
#define LONG_TRACE 3

struct _EgWindow
{
  AdwApplicationWindow parent_instance;
  EgDraft *draft;        /* what the panel at the left asks for */
  EgModelLoader *loader; /* NULL: the window has closed */
  EgMessages *messages;
  EgTabs *tabs;
  EgExporter *exporter;
  EgOpener *opener;
  EgRecovery *recovery;
  EgStudies *studies;
  gboolean trace_when_loaded;
  GtkWindow *getting;   /* weak: the dialog that gets models */
  GtkWindow *verifying; /* weak: the one that verifies the model */
  char *missing; /* a model that was asked for by its name on the Hub, and is not here; NULL: none was */
  EgClosing *closing;
  EgExpectedTime *expected;
  GSettings *remembered; /* NULL: nothing is */
  char *tokenizer;       /* of models without one; "": GPT-NeoX's */
  char *colormap, *orientation;
  char *scale;
  gboolean hatch_noise, analysis_shown;

  AdwFlap *flap;
  AdwToastOverlay *toasts;
  EgModelButton *model_button;
  AdwWindowTitle *title;
  GtkButton *trace_button, *stop_button;
  GtkLabel *expected_label, *expected_both_label;
  GtkMenuButton *main_button;
  EgBanner *banner;
  GtkStack *content;
  AdwTabView *tab_view;
  EgPromptPanel *prompt_panel;
  EgPredictionList *predictions;
  EgTraceSettings *settings;
};

enum
{
  PROP_0,
  PROP_COLORMAP,
  PROP_SCALE,
  PROP_HATCH_NOISE,
  PROP_ORIENTATION,
  PROP_TOKENIZER,
  PROP_ANALYSIS,
  N_PROPS,
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (EgWindow, eg_window, ADW_TYPE_APPLICATION_WINDOW)

/* ---- what follows from its parts ---- */

static void
set_css_class (gpointer widget, const char *name, gboolean on)
{
  if (on)
    gtk_widget_add_css_class (widget, name);
  else
    gtk_widget_remove_css_class (widget, name);
}

static void
enable (EgWindow *self, const char *action, gboolean on)
{
  gtk_widget_action_set_enabled (GTK_WIDGET (self), action, on);
}

/* What is under way need not be started; with other settings, it can. */
static gboolean
is_under_way (EgWindow *self)
{
  EgTracePage *page = eg_tabs_get_front (self->tabs);

  return page != NULL && eg_trace_page_get_state (page) == EG_TRACING_RUNNING
         && !eg_tabs_is_outdated (self->tabs);
}

static gboolean
is_at_work (EgWindow *self)
{
  return eg_tabs_has_trace_to_lose (self->tabs) || eg_studies_is_running (self->studies);
}

/* Trace and Stop are two buttons: none becomes the other one under the pointer. Why nothing can be traced is
 * said on the one, which is then insensitive. While a trace is under way it is not: a number that is still
 * being typed would make it another one. */
static void
update_trace_buttons (EgWindow *self, EgTracePage *page)
{
  const EgTracingState state = page != NULL ? eg_trace_page_get_state (page) : EG_TRACING_IDLE;
  const gboolean under_way = is_under_way (self);
  const char *why;

  enable (self, "win.trace", eg_draft_can_trace (self->draft, &why));
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->trace_button),
                               under_way ? _ ("This is being traced already") : why);
  gtk_widget_set_visible (GTK_WIDGET (self->stop_button), state == EG_TRACING_RUNNING);
  set_css_class (self->trace_button, "suggested-action",
                 !under_way && (eg_tabs_is_outdated (self->tabs) || state != EG_TRACING_DONE));
}

/* "about 8 s". (transfer full) */
static char *
describe_expected (double seconds)
{
  g_autofree char *duration = seconds >= 1 ? eg_format_duration (seconds) : NULL;

  if (isnan (seconds))
    return g_strdup ("");
  /* TRANSLATORS: how long the trace will take, before it is started: “about 8 s”. */
  return duration != NULL ? g_strdup_printf (_ ("about %s"), duration) : g_strdup (_ ("less than 1 s"));
}

/* Both, where the difference is worth a thought. (transfer full) */
static char *
describe_both (const char *about, double seconds, double estimate)
{
  g_autofree char *moment = eg_format_duration (estimate);

  if (!(seconds >= LONG_TRACE) || isnan (estimate))
    return g_strdup ("");
  /* TRANSLATORS: how long the trace will take, and its estimate: “about 8 min; 12 s as an estimate”. */
  return g_strdup_printf (_ ("%s; %s as an estimate"), about, moment);
}

/* What Trace will take, before it is pressed; of what is under way, the page says more. */
static void
update_expected (EgWindow *self)
{
  const gboolean shown = !is_under_way (self);
  const EgEstimateUse use = eg_trace_settings_get_estimate (self->settings);
  const double seconds = shown ? eg_expected_time_get (self->expected) : NAN;
  const double estimate
      = shown && use != EG_ESTIMATE_NEVER ? eg_expected_time_get_estimate (self->expected) : NAN;
  const gboolean only = use == EG_ESTIMATE_ONLY && !isnan (estimate);
  g_autofree char *about = describe_expected (only ? estimate : seconds);
  g_autofree char *both = only ? g_strdup ("") : describe_both (about, seconds, estimate);

  gtk_label_set_text (self->expected_label, about);
  gtk_label_set_text (self->expected_both_label, both);
  gtk_widget_set_visible (GTK_WIDGET (self->expected_both_label), *both != '\0');
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->trace_button), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                  *both != '\0' ? both : about, -1);
}

static void
update_content (EgWindow *self)
{
  const gboolean has_tabs = adw_tab_view_get_n_pages (self->tab_view) > 0;
  const gboolean no_model
      = eg_draft_get_model (self->draft) == NULL && !eg_model_loader_is_loading (self->loader);

  gtk_stack_set_visible_child_name (self->content, has_tabs ? "tabs" : no_model ? "no-model" : "start");
}

static void
update_title (EgWindow *self, EgTracePage *page)
{
  g_autofree char *title = page != NULL ? eg_trace_page_describe (page) : g_strdup (_ ("Engram"));
  g_autofree char *mark = eg_tabs_tell_front_apart (self->tabs);

  adw_window_title_set_title (self->title, title);
  adw_window_title_set_subtitle (self->title, mark);
  gtk_window_set_title (GTK_WINDOW (self), title);
}

/* Actions, title and buttons follow draft and front page. */
static void
update (EgWindow *self)
{
  static const char *const of_results[]
      = { "win.export", "win.save", "win.copy", "win.copy-python", "win.print", "win.compare" };
  EgTracePage *page = eg_tabs_get_front (self->tabs);
  const gboolean has_result = page != NULL && eg_trace_page_get_result (page) != NULL;

  enable (self, "win.verify-model", eg_draft_get_model (self->draft) != NULL);
  enable (self, "win.stop", page != NULL && eg_trace_page_get_state (page) == EG_TRACING_RUNNING);
  enable (self, "win.continue",
          page != NULL && eg_trace_page_can_continue (page) && eg_draft_get_model (self->draft) != NULL);
  enable (self, "win.make-exact", page != NULL && eg_trace_page_can_make_exact (page));
  enable (self, "win.undo-trace", page != NULL && eg_trace_page_can_go (page, -1));
  enable (self, "win.redo-trace", page != NULL && eg_trace_page_can_go (page, 1));
  for (gsize i = 0; i < G_N_ELEMENTS (of_results); i++)
    enable (self, of_results[i], has_result);
  update_trace_buttons (self, page);
  update_expected (self);
  update_content (self);
  update_title (self, page);
  eg_closing_set_tracing (self->closing, is_at_work (self));
}

static void
on_studies_changed (gpointer data)
{
  EgWindow *self = data;

  eg_closing_set_tracing (self->closing, is_at_work (self));
}

static void
on_predicted (EgPredictor *predictor, const EgPrediction *prediction, gpointer data)
{
  if (prediction != NULL)
    eg_expected_time_learn_from_prediction (EG_WINDOW (data)->expected, eg_predictor_get_model (predictor),
                                            prediction);
}

static void
on_traced (EgTabs *tabs, EgTracePage *page, gpointer data)
{
  eg_expected_time_learn_from_trace (EG_WINDOW (data)->expected, eg_trace_page_get_model (page),
                                     eg_trace_page_get_result (page));
}

static void
on_saved (EgExporter *exporter, EgTracePage *page, const char *name, gpointer data)
{
  eg_tabs_set_saved (EG_WINDOW (data)->tabs, page, name);
}

/* ---- the model ---- */

/* What is not here may be on the Hub. */
static void
on_model_failed (EgModelLoader *loader, const GError *error, gpointer data)
{
  EgWindow *self = data;
  const char *name = eg_model_loader_get_asked_for (loader);
  const gboolean gettable = g_error_matches (error, EG_ERROR, EG_ERROR_NOT_FOUND)
                            && strchr (name, '/') != NULL && eg_hub_is_name (name);

  g_free (self->missing);
  self->missing = gettable ? g_strdup (name) : NULL;
  if (gettable)
    eg_messages_show_error (self->messages, error->message, "win.get-model", _ ("_Get a Model…"));
  else
    eg_messages_show_error (self->messages, error->message, "win.open-model", _ ("Open _Model…"));
  self->trace_when_loaded = FALSE;
}

static void
on_model_loaded (EgModelLoader *loader, gpointer data)
{
  EgWindow *self = data;

  g_clear_pointer (&self->missing, g_free);
  eg_messages_clear_error (self->messages);
  eg_draft_set_model (self->draft, eg_model_loader_get_model (loader));
  if (self->trace_when_loaded)
    {
      self->trace_when_loaded = FALSE;
      eg_window_trace (self);
    }
}

/* The model that is shown is loaded again unless it has a tokenizer of its own. */
static void
set_tokenizer (EgWindow *self, const char *path)
{
  EgModel *model = self->draft != NULL ? eg_draft_get_model (self->draft) : NULL;
  const gboolean has_its_own = model != NULL && eg_model_get_tokenizer_origin (model) < EG_TOKENIZER_SETTING;

  if (strcmp (self->tokenizer, path) == 0)
    return;
  g_free (self->tokenizer);
  self->tokenizer = g_strdup (path);
  if (self->loader != NULL && eg_model_loader_get_asked_for (self->loader) != NULL && !has_its_own)
    {
      g_autofree char *asked_for = g_strdup (eg_model_loader_get_asked_for (self->loader));
      eg_window_open_model (self, asked_for);
    }
}

/* ---- actions on the trace ---- */

static void
trace_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  eg_window_trace (EG_WINDOW (widget));
}

static void
fill_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  EgWindow *self = EG_WINDOW (widget);
  const char *prompt, *subject;

  g_variant_get (parameter, "(&s&s)", &prompt, &subject);
  eg_window_set_texts (self, prompt, subject);
  eg_window_trace (self);
}

static void
stop_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  eg_trace_page_stop (eg_window_get_page (EG_WINDOW (widget)));
}

static void
continue_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  eg_trace_page_continue (eg_window_get_page (EG_WINDOW (widget)),
                          eg_draft_get_model (EG_WINDOW (widget)->draft));
}

static void
make_exact_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  EgTracePage *page = eg_window_get_page (EG_WINDOW (widget));

  if (page != NULL)
    eg_trace_page_make_exact (page, eg_draft_get_model (EG_WINDOW (widget)->draft));
}

static void
undo_trace_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  eg_tabs_go (EG_WINDOW (widget)->tabs, -1);
}

static void
redo_trace_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  eg_tabs_go (EG_WINDOW (widget)->tabs, 1);
}

static void
more_noise_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  EgWindow *self = EG_WINDOW (widget);
  g_autoptr (EgTraceRequest) request = eg_trace_request_copy (eg_draft_get_request (self->draft));

  request->noise_level *= 2;
  eg_draft_show_settings (self->draft, request);
  eg_window_trace (self);
}

static void
first_prediction_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  EgWindow *self = EG_WINDOW (widget);

  eg_draft_set_target (self->draft, NULL);
  eg_window_trace (self);
}

static void
restore_answer_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  eg_draft_restore_answer (EG_WINDOW (widget)->draft);
}

/* Said, for it changes what is asked; and not for ever. */
static void
on_answer_reset (EgWindow *self)
{
  eg_messages_offer (self->messages, _ ("Another prompt: its target and swap are as usual"),
                     "win.restore-answer", _ ("_Undo"), NULL, NULL);
}

/* ---- actions on its files and models ---- */

static void
save_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  eg_exporter_save (EG_WINDOW (widget)->exporter, eg_window_get_page (EG_WINDOW (widget)));
}

static void
export_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  eg_exporter_export (EG_WINDOW (widget)->exporter, eg_window_get_page (EG_WINDOW (widget)));
}

static void
copy_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  eg_exporter_copy (EG_WINDOW (widget)->exporter, eg_window_get_page (EG_WINDOW (widget)));
}

static void
copy_python_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  eg_exporter_copy_python (EG_WINDOW (widget)->exporter, eg_window_get_page (EG_WINDOW (widget)));
}

static void
print_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  eg_exporter_print (EG_WINDOW (widget)->exporter, eg_window_get_page (EG_WINDOW (widget)));
}

static void
compare_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  EgWindow *self = EG_WINDOW (widget);
  EgTracePage *front = eg_window_get_page (self);
  g_autoptr (GPtrArray) others = g_ptr_array_new ();

  for (int i = 0; i < adw_tab_view_get_n_pages (self->tab_view); i++)
    {
      gpointer page = adw_tab_page_get_child (adw_tab_view_get_nth_page (self->tab_view, i));
      if (page != front && eg_trace_page_get_result (page) != NULL)
        g_ptr_array_add (others, page);
    }
  eg_comparing_ask (GTK_WINDOW (self), front, others, self->messages);
}

static void
on_open_path (GtkWindow *parent, const char *path, gpointer data)
{
  eg_window_open_file (EG_WINDOW (parent), path);
}

static void
open_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  const EgFileKind kind = { "npz", _ ("Traces (NumPy archives)") };
  eg_path_dialog_open_file (GTK_WINDOW (widget), _ ("Open a Trace"), &kind, on_open_path, NULL);
}

static void
open_model_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  eg_path_dialog_open_folder (GTK_WINDOW (widget), _ ("Open a Model’s Folder"), on_open_path, NULL);
}

static void
on_got_model (const char *folder, gpointer data)
{
  eg_window_open_model (EG_WINDOW (data), folder);
}

/* One dialog a window: what is on its way goes on. */
static void
get_model_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  EgWindow *self = EG_WINDOW (widget);
  g_autofree char *missing = g_steal_pointer (&self->missing);

  if (self->getting != NULL)
    gtk_window_present (self->getting);
  else
    g_set_weak_pointer (&self->getting,
                        eg_get_model_dialog_show (GTK_WINDOW (self), missing, on_got_model, self));
}

static void
verify_model_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  EgWindow *self = EG_WINDOW (widget);

  if (self->verifying != NULL)
    gtk_window_present (self->verifying);
  else
    g_set_weak_pointer (&self->verifying,
                        eg_verify_dialog_show (GTK_WINDOW (self), eg_draft_get_model (self->draft),
                                               &eg_draft_get_request (self->draft)->device));
}

static void
open_model_named_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  eg_window_open_model (EG_WINDOW (widget), g_variant_get_string (parameter, NULL));
}

/* At once where it is still in memory. */
static void
open_page_model_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  EgWindow *self = EG_WINDOW (widget);
  EgTracePage *page = eg_window_get_page (self);

  if (page == NULL || eg_trace_page_get_model_name (page) == NULL)
    return;
  if (eg_trace_page_get_model (page) != NULL)
    eg_model_loader_show (self->loader, eg_trace_page_get_model (page));
  else
    eg_window_open_model (self, eg_trace_page_get_model_name (page));
}

static void
cancel_loading_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  eg_model_loader_cancel (EG_WINDOW (widget)->loader);
}

static void
on_tokenizer_path (GtkWindow *parent, const char *path, gpointer data)
{
  g_object_set (parent, "tokenizer", path, NULL);
}

static void
choose_tokenizer_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  const EgFileKind kind = { "json", _ ("Tokenizers (JSON)") };
  eg_path_dialog_open_file (GTK_WINDOW (widget), _ ("Open a Tokenizer"), &kind, on_tokenizer_path, NULL);
}

static void
recover_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  eg_recovery_accept (EG_WINDOW (widget)->recovery);
}

static void
study_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  eg_studies_show (EG_WINDOW (widget)->studies);
}

static gboolean
on_drop (GtkDropTarget *target, const GValue *value, double x, double y, gpointer data)
{
  const GSList *files = gdk_file_list_get_files (g_value_get_boxed (value));
  gboolean taken = FALSE;

  for (; files != NULL; files = files->next)
    if (g_file_peek_path (files->data) != NULL)
      {
        eg_window_open_file (data, g_file_peek_path (files->data));
        taken = TRUE;
      }
  return taken;
}

static void
accept_drops (EgWindow *self)
{
  GtkDropTarget *target = gtk_drop_target_new (GDK_TYPE_FILE_LIST, GDK_ACTION_COPY);

  g_signal_connect (target, "drop", G_CALLBACK (on_drop), self);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (target));
}

/* ---- actions on what is shown ---- */

static void
examples_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  EgWindow *self = EG_WINDOW (widget);

  adw_flap_set_reveal_flap (self->flap, TRUE);
  eg_prompt_panel_open_menu (self->prompt_panel);
}

static void
panel_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  AdwFlap *flap = EG_WINDOW (widget)->flap;
  adw_flap_set_reveal_flap (flap, !adw_flap_get_reveal_flap (flap));
}

static void
zoom_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  EgTracePage *page = eg_window_get_page (EG_WINDOW (widget));
  const double factor = g_str_has_suffix (name, "in")    ? EG_ZOOM_STEP
                        : g_str_has_suffix (name, "out") ? 1 / EG_ZOOM_STEP
                                                         : 0;

  if (page != NULL)
    eg_trace_page_zoom (page, factor);
}

static void
close_tab_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  if (!eg_tabs_close_front (EG_WINDOW (widget)->tabs))
    gtk_window_close (GTK_WINDOW (widget));
}

static void
close_others_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  eg_tabs_close_others (EG_WINDOW (widget)->tabs);
}

static void
reopen_tab_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  eg_tabs_reopen (EG_WINDOW (widget)->tabs);
}

/* ---- closing ---- */

static gboolean
eg_window_close_request (GtkWindow *window)
{
  EgWindow *self = EG_WINDOW (window);

  if (self->tabs != NULL && is_at_work (self))
    {
      eg_closing_ask (self->closing);
      return TRUE;
    }
  return GTK_WINDOW_CLASS (eg_window_parent_class)->close_request (window);
}

/* ---- menus ---- */

/* Those of menus.ui, shared by all windows: a GtkPopoverMenu of GTK 4.8 never lets go of a menu's sections,
 * so that each window would leave its own behind. */
static GMenuModel *
get_menu (const char *id)
{
  static GtkBuilder *builder;

  if (builder == NULL)
    builder = gtk_builder_new_from_resource ("/io/github/engram_app/Engram/menus.ui");
  return G_MENU_MODEL (gtk_builder_get_object (builder, id));
}

/* ---- the object ---- */

static void
bind_settings (EgWindow *self, GSettings *settings)
{
  static const char *const own[]
      = { "colormap", "analysis", "scale", "hatch-noise", "orientation", "tokenizer" };

  if (settings == NULL)
    return;
  self->remembered = g_object_ref (settings);
  g_settings_bind (settings, "window-width", self, "default-width", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (settings, "window-height", self, "default-height", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (settings, "window-maximized", self, "maximized", G_SETTINGS_BIND_DEFAULT);
  for (gsize i = 0; i < G_N_ELEMENTS (own); i++)
    g_settings_bind (settings, own[i], self, own[i], G_SETTINGS_BIND_DEFAULT);
  eg_trace_settings_bind (self->settings, settings);
}

static void
eg_window_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  EgWindow *self = EG_WINDOW (object);

  switch (id)
    {
    case PROP_COLORMAP:
      g_value_set_string (value, self->colormap);
      break;
    case PROP_SCALE:
      g_value_set_string (value, self->scale);
      break;
    case PROP_HATCH_NOISE:
      g_value_set_boolean (value, self->hatch_noise);
      break;
    case PROP_ORIENTATION:
      g_value_set_string (value, self->orientation);
      break;
    case PROP_TOKENIZER:
      g_value_set_string (value, self->tokenizer);
      break;
    case PROP_ANALYSIS:
      g_value_set_boolean (value, self->analysis_shown);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
eg_window_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  EgWindow *self = EG_WINDOW (object);

  switch (id)
    {
    case PROP_COLORMAP:
      g_free (self->colormap);
      self->colormap = g_value_dup_string (value);
      break;
    case PROP_SCALE:
      g_free (self->scale);
      self->scale = g_value_dup_string (value);
      break;
    case PROP_HATCH_NOISE:
      self->hatch_noise = g_value_get_boolean (value);
      break;
    case PROP_ORIENTATION:
      g_free (self->orientation);
      self->orientation = g_value_dup_string (value);
      break;
    case PROP_TOKENIZER:
      set_tokenizer (self, g_value_get_string (value));
      break;
    case PROP_ANALYSIS:
      self->analysis_shown = g_value_get_boolean (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

/* What works in the background ends, and finds nobody any more who would show it. */
static void
eg_window_dispose (GObject *object)
{
  EgWindow *self = EG_WINDOW (object);

  if (self->loader != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->draft, self);
      g_signal_handlers_disconnect_by_data (self->tabs, self);
      g_signal_handlers_disconnect_by_data (self->exporter, self);
      g_signal_handlers_disconnect_by_data (self->expected, self);
      g_signal_handlers_disconnect_by_data (eg_prediction_list_get_predictor (self->predictions), self);
      g_signal_handlers_disconnect_by_data (self->loader, self);
      g_clear_pointer (&self->studies, eg_studies_free);
      eg_model_loader_cancel (self->loader);
      eg_messages_end (self->messages);
      eg_tabs_end (self->tabs);
      g_object_run_dispose (G_OBJECT (self->exporter));
      g_object_run_dispose (G_OBJECT (self->opener));
    }
  g_clear_weak_pointer (&self->getting);
  g_clear_weak_pointer (&self->verifying);
  g_clear_pointer (&self->closing, eg_closing_free);
  g_clear_object (&self->expected);
  g_clear_object (&self->recovery);
  g_clear_object (&self->opener);
  g_clear_object (&self->exporter);
  g_clear_object (&self->tabs);
  g_clear_object (&self->messages);
  g_clear_object (&self->loader);
  gtk_widget_dispose_template (GTK_WIDGET (object), EG_TYPE_WINDOW);
  g_clear_object (&self->draft);
  G_OBJECT_CLASS (eg_window_parent_class)->dispose (object);
}

static void
eg_window_finalize (GObject *object)
{
  EgWindow *self = EG_WINDOW (object);

  g_clear_object (&self->remembered);
  g_free (self->missing);
  g_free (self->colormap);
  g_free (self->scale);
  g_free (self->orientation);
  g_free (self->tokenizer);
  G_OBJECT_CLASS (eg_window_parent_class)->finalize (object);
}

static void
install_actions (GtkWidgetClass *widget_class)
{
  static const struct
  {
    const char *name, *parameter;
    GtkWidgetActionActivateFunc activate;
  } actions[] = {
    { "win.trace", NULL, trace_action },
    { "win.fill", "(ss)", fill_action },
    { "win.stop", NULL, stop_action },
    { "win.continue", NULL, continue_action },
    { "win.make-exact", NULL, make_exact_action },
    { "win.undo-trace", NULL, undo_trace_action },
    { "win.redo-trace", NULL, redo_trace_action },
    { "win.more-noise", NULL, more_noise_action },
    { "win.first-prediction", NULL, first_prediction_action },
    { "win.restore-answer", NULL, restore_answer_action },
    { "win.save", NULL, save_action },
    { "win.export", NULL, export_action },
    { "win.copy", NULL, copy_action },
    { "win.copy-python", NULL, copy_python_action },
    { "win.print", NULL, print_action },
    { "win.compare", NULL, compare_action },
    { "win.study", NULL, study_action },
    { "win.open", NULL, open_action },
    { "win.open-model", NULL, open_model_action },
    { "win.open-model-named", "s", open_model_named_action },
    { "win.get-model", NULL, get_model_action },
    { "win.verify-model", NULL, verify_model_action },
    { "win.open-page-model", NULL, open_page_model_action },
    { "win.cancel-loading", NULL, cancel_loading_action },
    { "win.choose-tokenizer", NULL, choose_tokenizer_action },
    { "win.recover", NULL, recover_action },
    { "win.examples", NULL, examples_action },
    { "win.panel", NULL, panel_action },
    { "win.zoom-in", NULL, zoom_action },
    { "win.zoom-out", NULL, zoom_action },
    { "win.zoom-fit", NULL, zoom_action },
    { "win.close-tab", NULL, close_tab_action },
    { "win.close-others", NULL, close_others_action },
    { "win.reopen-tab", NULL, reopen_tab_action },
  };
  static const char *const own[]
      = { "colormap", "analysis", "scale", "hatch-noise", "orientation", "tokenizer" };

  for (gsize i = 0; i < G_N_ELEMENTS (actions); i++)
    gtk_widget_class_install_action (widget_class, actions[i].name, actions[i].parameter,
                                     actions[i].activate);
  for (gsize i = 0; i < G_N_ELEMENTS (own); i++)
    {
      g_autofree char *name = g_strconcat ("win.", own[i], NULL);
      gtk_widget_class_install_property_action (widget_class, name, own[i]);
    }
}

static void
install_properties (GObjectClass *object_class)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;

  properties[PROP_COLORMAP] = g_param_spec_string ("colormap", NULL, NULL, NULL, flags);
  properties[PROP_SCALE] = g_param_spec_string ("scale", NULL, NULL, NULL, flags);
  properties[PROP_HATCH_NOISE] = g_param_spec_boolean ("hatch-noise", NULL, NULL, FALSE, flags);
  properties[PROP_ORIENTATION] = g_param_spec_string ("orientation", NULL, NULL, NULL, flags);
  properties[PROP_TOKENIZER] = g_param_spec_string ("tokenizer", NULL, NULL, "", flags);
  properties[PROP_ANALYSIS] = g_param_spec_boolean ("analysis", NULL, NULL, TRUE, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
bind_template (GtkWidgetClass *widget_class)
{
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/engram_app/Engram/window.ui");
  gtk_widget_class_bind_template_child (widget_class, EgWindow, flap);
  gtk_widget_class_bind_template_child (widget_class, EgWindow, toasts);
  gtk_widget_class_bind_template_child (widget_class, EgWindow, model_button);
  gtk_widget_class_bind_template_child (widget_class, EgWindow, title);
  gtk_widget_class_bind_template_child (widget_class, EgWindow, trace_button);
  gtk_widget_class_bind_template_child (widget_class, EgWindow, stop_button);
  gtk_widget_class_bind_template_child (widget_class, EgWindow, expected_label);
  gtk_widget_class_bind_template_child (widget_class, EgWindow, expected_both_label);
  gtk_widget_class_bind_template_child (widget_class, EgWindow, main_button);
  gtk_widget_class_bind_template_child (widget_class, EgWindow, banner);
  gtk_widget_class_bind_template_child (widget_class, EgWindow, content);
  gtk_widget_class_bind_template_child (widget_class, EgWindow, tab_view);
  gtk_widget_class_bind_template_child (widget_class, EgWindow, prompt_panel);
  gtk_widget_class_bind_template_child (widget_class, EgWindow, predictions);
  gtk_widget_class_bind_template_child (widget_class, EgWindow, settings);
  gtk_widget_class_bind_template_callback (widget_class, eg_window_trace);
}

static void
eg_window_class_init (EgWindowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = eg_window_dispose;
  object_class->finalize = eg_window_finalize;
  object_class->get_property = eg_window_get_property;
  object_class->set_property = eg_window_set_property;
  GTK_WINDOW_CLASS (klass)->close_request = eg_window_close_request;
  install_properties (object_class);

  g_type_ensure (EG_TYPE_BANNER);
  g_type_ensure (EG_TYPE_MODEL_BUTTON);
  g_type_ensure (EG_TYPE_PREDICTION_LIST);
  g_type_ensure (EG_TYPE_PROMPT_PANEL);
  g_type_ensure (EG_TYPE_TRACE_PAGE);
  g_type_ensure (EG_TYPE_TRACE_SETTINGS);
  bind_template (widget_class);
  install_actions (widget_class);
}

static void
eg_window_init (EgWindow *self)
{
  self->tokenizer = g_strdup ("");
  self->colormap = g_strdup (eg_colormap_get_name (EG_COLORMAP_RDYLBU_R));
  self->orientation = g_strdup (eg_orientation_get_name (EG_ORIENTATION_LAYERS_DOWN));
  self->analysis_shown = TRUE;
  self->scale = g_strdup (eg_scale_get_name (EG_SCALE_NORMALIZED));
  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_menu_button_set_menu_model (self->main_button, get_menu ("main_menu"));
  adw_tab_view_set_menu_model (self->tab_view, get_menu ("tab_menu"));
  accept_drops (self);
  eg_wheel_scrolls_only (GTK_WIDGET (self));
  eg_tooltips_give_way (GTK_WIDGET (self));
  eg_tooltips_give_way_to (GTK_WIDGET (self->trace_button), GTK_WIDGET (self->banner));
}

/* What is kept, is kept of studies, too. */
static void
compose_studies (EgWindow *self, GSettings *settings, gboolean kept)
{
  const EgStudyParts parts = { .window = GTK_WINDOW (self),
                               .draft = self->draft,
                               .loader = self->loader,
                               .tabs = self->tabs,
                               .look = G_OBJECT (self),
                               .settings = settings };
  g_autofree char *state = kept ? eg_studies_get_default_state () : NULL;

  self->studies = eg_studies_new (&parts, state, on_studies_changed, self);
}

/* Each part is given what it needs, and none knows the window. */
static void
compose (EgWindow *self, GSettings *settings, EgUnsaved *unsaved)
{
  self->closing = eg_closing_new (GTK_WINDOW (self));
  self->draft = eg_draft_new ();
  self->loader = eg_model_loader_new ();
  self->messages = eg_messages_new (self->banner, self->toasts);
  self->tabs = eg_tabs_new (self->tab_view, self->draft, self->messages, G_OBJECT (self), unsaved);
  self->expected = eg_expected_time_new (self->draft);
  self->exporter = eg_exporter_new (GTK_WINDOW (self), self->messages, G_OBJECT (self), settings);
  self->opener = eg_opener_new (self->tabs, self->draft, self->messages, unsaved);
  self->recovery = eg_recovery_new (unsaved, self->opener, self->messages);
  compose_studies (self, settings, unsaved != NULL);
  eg_model_button_set_loader (self->model_button, self->loader, settings);
  eg_prompt_panel_set_draft (self->prompt_panel, self->draft);
  eg_prompt_panel_set_menu (self->prompt_panel, eg_prompt_menu_get_default (settings));
  eg_prediction_list_set_draft (self->predictions, self->draft);
  eg_trace_settings_set_draft (self->settings, self->draft);
}

EgWindow *
eg_window_new (GtkApplication *application, GSettings *settings, EgUnsaved *unsaved)
{
  EgWindow *self = g_object_new (EG_TYPE_WINDOW, "application", application, NULL);

  compose (self, settings, unsaved);
  bind_settings (self, settings);
  g_signal_connect_swapped (self->draft, "changed", G_CALLBACK (update), self);
  g_signal_connect_swapped (self->draft, "answer-reset", G_CALLBACK (on_answer_reset), self);
  g_signal_connect_swapped (self->tabs, "changed", G_CALLBACK (update), self);
  g_signal_connect_swapped (self->settings, "estimate-changed", G_CALLBACK (update_expected), self);
  g_signal_connect (self->tabs, "traced", G_CALLBACK (on_traced), self);
  g_signal_connect (eg_prediction_list_get_predictor (self->predictions), "predicted",
                    G_CALLBACK (on_predicted), self);
  g_signal_connect_swapped (self->expected, "changed", G_CALLBACK (update_expected), self);
  g_signal_connect (self->exporter, "saved", G_CALLBACK (on_saved), self);
  g_signal_connect_swapped (self->loader, "changed", G_CALLBACK (update_content), self);
  g_signal_connect (self->loader, "loaded", G_CALLBACK (on_model_loaded), self);
  g_signal_connect (self->loader, "failed", G_CALLBACK (on_model_failed), self);
  update (self);
  return self;
}

EgTracePage *
eg_window_get_page (EgWindow *self)
{
  g_return_val_if_fail (EG_IS_WINDOW (self), NULL);

  return self->tabs != NULL ? eg_tabs_get_front (self->tabs) : NULL;
}

EgDraft *
eg_window_get_draft (EgWindow *self)
{
  g_return_val_if_fail (EG_IS_WINDOW (self), NULL);

  return self->draft;
}

void
eg_window_open_model (EgWindow *self, const char *name)
{
  g_return_if_fail (EG_IS_WINDOW (self));

  const EgTokenizerChoice choice = { .setting = *self->tokenizer != '\0' ? self->tokenizer : NULL };
  const EgDemo *demo = name == NULL ? &eg_demos[0] : eg_demo_find (name);
  g_autofree char *folder = demo != NULL ? eg_demo_get_folder (demo) : NULL;

  eg_model_loader_open (self->loader, folder != NULL ? folder : name, &choice);
}

void
eg_window_open_file (EgWindow *self, const char *path)
{
  g_return_if_fail (EG_IS_WINDOW (self));

  if (eg_studies_can_open (path))
    eg_studies_open (self->studies, path);
  else if (g_file_test (path, G_FILE_TEST_IS_DIR))
    eg_window_open_model (self, path);
  else
    eg_opener_open (self->opener, path);
}

void
eg_window_set_texts (EgWindow *self, const char *prompt, const char *subject)
{
  g_return_if_fail (EG_IS_WINDOW (self));

  eg_draft_set_texts (self->draft, prompt, subject);
}

void
eg_window_trace (EgWindow *self)
{
  g_return_if_fail (EG_IS_WINDOW (self));

  const EgTraceRequest *request = eg_draft_get_request (self->draft);

  /* A number that is still being typed counts. */
  eg_trace_settings_commit (self->settings);
  if (self->trace_when_loaded || is_under_way (self))
    eg_tabs_claim (self->tabs);
  self->trace_when_loaded = eg_model_loader_is_loading (self->loader);
  if (self->trace_when_loaded || !eg_draft_can_trace (self->draft, NULL) || is_under_way (self))
    return;
  eg_tabs_trace (self->tabs, eg_trace_settings_get_estimate (self->settings));
  eg_prompt_menu_remember (self->remembered, request->prompt, request->subject);
}

void
eg_window_trace_by_itself (EgWindow *self)
{
  g_return_if_fail (EG_IS_WINDOW (self));

  eg_tabs_add_automatic (self->tabs);
  eg_window_trace (self);
}

void
eg_window_offer_recovery (EgWindow *self)
{
  g_return_if_fail (EG_IS_WINDOW (self));

  eg_recovery_offer (self->recovery);
  eg_studies_reopen (self->studies);
}

void
eg_window_export_to (EgWindow *self, const char *path, const char *picture)
{
  g_return_if_fail (EG_IS_WINDOW (self));

  eg_exporter_export_to (self->exporter, eg_window_get_page (self), path, picture);
}
