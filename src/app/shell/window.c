#include "app/shell/window-private.h"

#include "app/page/heatmap-view.h"
#include "app/ask/prompt-menu.h"
#include "library/locate.h"

#include <glib/gi18n.h>
#include <string.h>

#define UNDO_SECONDS 8

enum
{
  PROP_0,
  PROP_COLORMAP,
  PROP_NORMALIZED,
  PROP_ORIENTATION,
  PROP_TOKENIZER,
  PROP_ANALYSIS,
  N_PROPS,
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (EgWindow, eg_window, ADW_TYPE_APPLICATION_WINDOW)

/* ---- messages ---- */

void
eg_window_show_error (EgWindow *self, const char *text, const char *action, const char *label)
{
  self->offering = FALSE;
  eg_banner_show (self->banner, EG_BANNER_ERROR, text, action, label);
}

static void
on_toast_dismissed (AdwToast *toast, EgWindow *self)
{
  void (*done) (EgWindow *) = self->toast_done;

  if (toast != self->toast)
    return;
  self->toast = NULL;
  self->toast_done = NULL;
  if (done != NULL)
    done (self);
}

void
eg_window_show_toast (
    EgWindow *self, const char *text, const char *action, const char *label, void (*done) (EgWindow *self))
{
  g_autofree char *escaped = g_markup_escape_text (text, -1);

  if (self->toast_done == done)
    self->toast_done = NULL;
  if (self->toast != NULL)
    adw_toast_dismiss (self->toast);
  self->toast = adw_toast_new (escaped);
  self->toast_done = done;
  if (action != NULL)
    {
      adw_toast_set_action_name (self->toast, action);
      adw_toast_set_button_label (self->toast, label);
      adw_toast_set_timeout (self->toast, UNDO_SECONDS);
    }
  g_signal_connect_object (self->toast, "dismissed", G_CALLBACK (on_toast_dismissed), self, 0);
  adw_toast_overlay_add_toast (self->toasts, self->toast);
}

/* ---- the request, and what follows from it ---- */

EgTraceRequest *
eg_window_make_request (EgWindow *self)
{
  EgTraceRequest *request = eg_trace_request_new (eg_prompt_panel_get_prompt (self->prompt_panel),
                                                  eg_prompt_panel_get_subject (self->prompt_panel));
  request->subject_offset = eg_prompt_panel_get_subject_offset (self->prompt_panel);
  eg_trace_settings_fill (self->settings, request);
  return request;
}

void
eg_window_show_request (EgWindow *self, const EgTraceRequest *request)
{
  eg_prompt_panel_set_texts (self->prompt_panel, request->prompt,
                             request->subject != NULL ? request->subject : "");
  eg_prompt_panel_set_subject_offset (self->prompt_panel, request->subject_offset);
  eg_trace_settings_show (self->settings, request);
}

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

/* Settings that changed while a trace is under way make Stop a Trace again: it starts at once with the new
 * ones.
 */
static void
update_trace_button (EgWindow *self, EgTracePage *page, gboolean outdated)
{
  const EgTracingState state = page != NULL ? eg_trace_page_get_state (page) : EG_TRACING_IDLE;
  const gboolean stop = state == EG_TRACING_RUNNING && !outdated;

  const char *label = stop ? _ ("St_op") : _ ("_Trace");

  gtk_label_set_text_with_mnemonic (self->trace_label, label);
  gtk_image_set_from_icon_name (self->trace_icon,
                                stop ? "media-playback-stop-symbolic" : "media-playback-start-symbolic");
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->trace_button), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  gtk_label_get_text (self->trace_label), -1);
  gtk_actionable_set_action_name (GTK_ACTIONABLE (self->trace_button), stop ? "win.stop" : "win.trace");
  set_css_class (self->trace_button, "suggested-action", !stop && (outdated || state != EG_TRACING_DONE));
}

static void
update_content (EgWindow *self)
{
  const gboolean has_tabs = adw_tab_view_get_n_pages (self->tabs) > 0;
  const gboolean no_model
      = eg_model_loader_get_model (self->loader) == NULL && !eg_model_loader_is_loading (self->loader);

  gtk_stack_set_visible_child_name (self->content, has_tabs ? "tabs" : no_model ? "no-model" : "start");
}

void
eg_window_update (EgWindow *self)
{
  /* A field that loses the focus because the window goes away still says that it has changed. */
  if (self->loader == NULL)
    return;

  EgModel *model = eg_model_loader_get_model (self->loader);
  EgTracePage *page = eg_window_get_page (self);
  EgTraceResult *result = page != NULL ? eg_trace_page_get_result (page) : NULL;
  g_autoptr (EgTraceRequest) request = eg_window_make_request (self);
  g_autofree char *title = page != NULL ? eg_trace_page_describe (page) : g_strdup (_ ("Engram"));
  const gboolean outdated = page != NULL && eg_trace_page_is_outdated (page, model, request);

  enable (self, "win.trace",
          model != NULL && eg_prompt_panel_get_valid (self->prompt_panel) && self->target_valid
              && self->settings_valid);
  enable (self, "win.stop", page != NULL && eg_trace_page_get_state (page) == EG_TRACING_RUNNING);
  enable (self, "win.continue", page != NULL && eg_trace_page_can_continue (page));
  enable (self, "win.export", result != NULL);
  enable (self, "win.save", result != NULL);
  enable (self, "win.copy", result != NULL);
  enable (self, "win.print", result != NULL);
  update_trace_button (self, page, outdated);
  update_content (self);
  if (page != NULL)
    eg_trace_page_set_outdated (page, outdated);
  g_autofree char *mark = page != NULL ? eg_window_tell_apart (self, page) : g_strdup ("");
  adw_window_title_set_title (self->title, title);
  adw_window_title_set_subtitle (self->title, mark);
  gtk_window_set_title (GTK_WINDOW (self), title);
}

/* ---- the prompt ---- */

/* What cannot be traced is said beside the settings, and on the button that is then insensitive. */
static void
check_settings (EgWindow *self)
{
  g_autoptr (EgTraceRequest) request = eg_window_make_request (self);
  g_autoptr (GError) error = NULL;

  self->settings_valid
      = eg_trace_settings_check (self->settings, request, eg_model_loader_get_model (self->loader), &error);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->trace_button), error != NULL ? error->message : NULL);
}

static void
on_prompt_changed (EgPromptPanel *panel, gpointer data)
{
  EgWindow *self = data;

  if (self->predictor == NULL)
    return;
  eg_prediction_list_set_outdated (self->predictions, TRUE);
  eg_predictor_ask (self->predictor, eg_model_loader_get_model (self->loader),
                    eg_prompt_panel_get_prompt (panel));
  check_settings (self);
  eg_window_update (self);
}

static void
on_predicted (EgPredictor *predictor, const EgPrediction *prediction, gpointer data)
{
  EgWindow *self = data;
  eg_prediction_list_set_prediction (self->predictions, prediction);
}

/* A target that is no token is said at its field at once. */
static void
check_target (EgWindow *self)
{
  EgModel *model = eg_model_loader_get_model (self->loader);
  g_autoptr (EgTraceRequest) request = eg_window_make_request (self);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) notes = g_ptr_array_new_with_free_func (g_free);
  const char *message = NULL;
  guint32 id;

  self->target_valid = TRUE;
  if (model != NULL && request->target != NULL)
    {
      self->target_valid
          = eg_trace_find_target (eg_model_get_tokenizer (model), request->target, &id, notes, &error);
      message = error != NULL ? error->message : notes->len > 0 ? notes->pdata[0] : NULL;
    }
  eg_trace_settings_set_message (self->settings, message, error != NULL);
}

static void
on_setting_changed (EgTraceSettings *settings, gpointer data)
{
  EgWindow *self = data;

  if (self->loader == NULL)
    return;
  check_target (self);
  check_settings (self);
  eg_prediction_list_set_target (self->predictions, eg_trace_settings_get_target (self->settings));
  eg_window_update (self);
}

static void
on_target_chosen (EgPredictionList *list, const char *text, gpointer data)
{
  eg_trace_settings_set_target (EG_WINDOW (data)->settings, text);
}

/* ---- the model ---- */

/* As wide as its text, up to a limit; cut where there is less room; and with hardly any, an icon takes its
 * place. */
static void
set_model_text (EgWindow *self, const char *text)
{
  gtk_label_set_width_chars (self->model_label, (int)MIN (g_utf8_strlen (text, -1), 12));
  gtk_label_set_text (self->model_label, text);
  g_autofree char *name = g_strdup_printf (_ ("Model: %s"), text);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->model_button), GTK_ACCESSIBLE_PROPERTY_LABEL, name,
                                  -1);
}

static char *
describe_model (EgModel *model)
{
  g_autofree char *bytes = g_format_size (eg_model_get_n_bytes (model));
  const char *origin = eg_tokenizer_origin_describe (eg_model_get_tokenizer_origin (model));

  /* TRANSLATORS: of a model: the type of its numbers, its size, the device; its folder; where its tokenizer
   * comes from, and that file. */
  return g_strdup_printf (_ ("%'zu parameters, %s, %s, on %s\n%s\nTokenizer: %s\n%s"),
                          eg_model_get_n_parameters (model), eg_model_get_dtype_name (model), bytes,
                          eg_model_get_device_name (model), eg_model_get_folder (model), origin,
                          eg_model_get_tokenizer_path (model));
}

static void
show_loading (EgWindow *self)
{
  const double progress = eg_model_loader_get_progress (self->loader);
  g_autofree char *text
      = progress > 0 ? g_strdup_printf (_ ("Loading… %.0f%%"), 100 * progress) : g_strdup (_ ("Loading…"));
  set_model_text (self, text);
}

static void
show_model (EgWindow *self, EgModel *model)
{
  const char *name = eg_model_get_name (model);
  g_autofree char *tooltip = describe_model (model);
  g_autofree char *text
      /* TRANSLATORS: the name of a model, and how many layers it has. */
      = g_strdup_printf (_ ("%s · %zu layers"), strcmp (name, "demo") == 0 ? _ ("Demo model") : name,
                         eg_model_get_sizes (model)->n_layers);

  set_model_text (self, text);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->model_button), tooltip);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->model_button), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                  tooltip, -1);
}

static void
on_loader_changed (EgModelLoader *loader, gpointer data)
{
  EgWindow *self = data;
  const gboolean loading = eg_model_loader_is_loading (loader);
  EgModel *model = eg_model_loader_get_model (loader);

  gtk_spinner_set_spinning (self->model_spinner, loading);
  gtk_widget_set_visible (GTK_WIDGET (self->model_spinner), loading);
  gtk_widget_set_visible (self->cancel_button, loading);
  if (loading)
    show_loading (self);
  else if (model != NULL)
    show_model (self, model);
  else
    set_model_text (self, _ ("No model"));
  update_content (self);
}

static void
on_model_failed (EgModelLoader *loader, const GError *error, gpointer data)
{
  eg_window_show_error (data, error->message, "win.open-model", _ ("Open _Model…"));
  EG_WINDOW (data)->trace_when_loaded = FALSE;
  eg_window_update (data);
}

static void
on_model_loaded (EgModelLoader *loader, gpointer data)
{
  EgWindow *self = data;
  EgModel *model = eg_model_loader_get_model (loader);

  if (!self->offering)
    eg_banner_hide (self->banner);
  eg_model_menu_remember (self->model_menu, eg_model_get_folder (model));
  eg_prompt_panel_set_model (self->prompt_panel, model);
  eg_trace_settings_set_model (self->settings, model);
  eg_window_spell_all (self);
  check_target (self);
  check_settings (self);
  eg_window_update (self);
  if (self->trace_when_loaded)
    eg_window_trace (self);
}

static void
on_model_menu_opens (GtkMenuButton *button, gpointer data)
{
  eg_model_menu_refresh (EG_WINDOW (data)->model_menu);
}

/* The model that is shown is loaded again unless it has a tokenizer of its own. */
static void
set_tokenizer (EgWindow *self, const char *path)
{
  EgModel *model = eg_model_loader_get_model (self->loader);
  const gboolean has_its_own = model != NULL && eg_model_get_tokenizer_origin (model) < EG_TOKENIZER_SETTING;

  if (strcmp (self->tokenizer, path) == 0)
    return;
  g_free (self->tokenizer);
  self->tokenizer = g_strdup (path);
  if (eg_model_loader_get_asked_for (self->loader) != NULL && !has_its_own)
    {
      g_autofree char *asked_for = g_strdup (eg_model_loader_get_asked_for (self->loader));
      eg_window_open_model (self, asked_for);
    }
}

/* ---- actions ---- */

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
  eg_trace_page_continue (eg_window_get_page (EG_WINDOW (widget)));
}

static void
more_noise_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  EgWindow *self = EG_WINDOW (widget);
  g_autoptr (EgTraceRequest) request = eg_window_make_request (self);

  request->noise_level *= 2;
  eg_trace_settings_show (self->settings, request);
  eg_window_trace (self);
}

static void
first_prediction_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  EgWindow *self = EG_WINDOW (widget);

  eg_trace_settings_set_target (self->settings, NULL);
  eg_window_trace (self);
}

static void
examples_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  EgWindow *self = EG_WINDOW (widget);

  adw_flap_set_reveal_flap (self->flap, TRUE);
  eg_prompt_panel_open_menu (self->prompt_panel);
}

static void
open_model_named_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  eg_window_open_model (EG_WINDOW (widget), g_variant_get_string (parameter, NULL));
}

static void
cancel_loading_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  eg_model_loader_cancel (EG_WINDOW (widget)->loader);
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
on_banner_closed (EgBanner *banner, gpointer data)
{
  eg_window_discard_recovery (data);
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
  static const char *const own[] = { "colormap", "analysis", "normalized", "orientation", "tokenizer" };

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
    case PROP_NORMALIZED:
      g_value_set_boolean (value, self->normalized);
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
    case PROP_NORMALIZED:
      self->normalized = g_value_get_boolean (value);
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

static void
eg_window_dispose (GObject *object)
{
  EgWindow *self = EG_WINDOW (object);

  if (self->predictor != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->predictor, self);
      eg_predictor_ask (self->predictor, NULL, "");
    }
  g_clear_object (&self->predictor);
  if (self->loader != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->loader, self);
      eg_model_loader_cancel (self->loader);
      eg_window_stop_all (self);
    }
  g_clear_object (&self->loader);
  /* Nobody undoes any more, but what was closed just now is kept. */
  self->toast_done = NULL;
  self->front = NULL;
  g_clear_pointer (&self->closed, g_ptr_array_unref);
  gtk_widget_dispose_template (GTK_WIDGET (object), EG_TYPE_WINDOW);
  G_OBJECT_CLASS (eg_window_parent_class)->dispose (object);
}

static void
eg_window_finalize (GObject *object)
{
  EgWindow *self = EG_WINDOW (object);

  g_clear_object (&self->remembered);
  g_strfreev (self->left_behind);
  g_free (self->colormap);
  g_free (self->orientation);
  g_free (self->tokenizer);
  G_OBJECT_CLASS (eg_window_parent_class)->finalize (object);
}

static void
install_actions (GtkWidgetClass *widget_class)
{
  gtk_widget_class_install_action (widget_class, "win.trace", NULL, trace_action);
  gtk_widget_class_install_action (widget_class, "win.stop", NULL, stop_action);
  gtk_widget_class_install_action (widget_class, "win.continue", NULL, continue_action);
  gtk_widget_class_install_action (widget_class, "win.more-noise", NULL, more_noise_action);
  gtk_widget_class_install_action (widget_class, "win.first-prediction", NULL, first_prediction_action);
  gtk_widget_class_install_action (widget_class, "win.examples", NULL, examples_action);
  gtk_widget_class_install_action (widget_class, "win.fill", "(ss)", fill_action);
  gtk_widget_class_install_action (widget_class, "win.open-model-named", "s", open_model_named_action);
  gtk_widget_class_install_action (widget_class, "win.cancel-loading", NULL, cancel_loading_action);
  gtk_widget_class_install_action (widget_class, "win.panel", NULL, panel_action);
  gtk_widget_class_install_property_action (widget_class, "win.analysis", "analysis");
  gtk_widget_class_install_property_action (widget_class, "win.colormap", "colormap");
  gtk_widget_class_install_property_action (widget_class, "win.normalized", "normalized");
  gtk_widget_class_install_action (widget_class, "win.zoom-in", NULL, zoom_action);
  gtk_widget_class_install_action (widget_class, "win.zoom-out", NULL, zoom_action);
  gtk_widget_class_install_action (widget_class, "win.zoom-fit", NULL, zoom_action);
  gtk_widget_class_install_property_action (widget_class, "win.orientation", "orientation");
  gtk_widget_class_install_property_action (widget_class, "win.tokenizer", "tokenizer");
  eg_window_install_tabs (widget_class);
  eg_window_install_files (widget_class);
}

static void
install_properties (GObjectClass *object_class)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;

  properties[PROP_COLORMAP] = g_param_spec_string ("colormap", NULL, NULL, NULL, flags);
  properties[PROP_NORMALIZED] = g_param_spec_boolean ("normalized", NULL, NULL, TRUE, flags);
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
  gtk_widget_class_bind_template_child (widget_class, EgWindow, cancel_button);
  gtk_widget_class_bind_template_child (widget_class, EgWindow, model_spinner);
  gtk_widget_class_bind_template_child (widget_class, EgWindow, model_label);
  gtk_widget_class_bind_template_child (widget_class, EgWindow, title);
  gtk_widget_class_bind_template_child (widget_class, EgWindow, trace_button);
  gtk_widget_class_bind_template_child (widget_class, EgWindow, trace_label);
  gtk_widget_class_bind_template_child (widget_class, EgWindow, trace_icon);
  gtk_widget_class_bind_template_child (widget_class, EgWindow, main_button);
  gtk_widget_class_bind_template_child (widget_class, EgWindow, banner);
  gtk_widget_class_bind_template_child (widget_class, EgWindow, content);
  gtk_widget_class_bind_template_child (widget_class, EgWindow, tabs);
  gtk_widget_class_bind_template_child (widget_class, EgWindow, prompt_panel);
  gtk_widget_class_bind_template_child (widget_class, EgWindow, predictions);
  gtk_widget_class_bind_template_child (widget_class, EgWindow, settings);
  gtk_widget_class_bind_template_callback (widget_class, on_prompt_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_setting_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_target_chosen);
  gtk_widget_class_bind_template_callback (widget_class, on_banner_closed);
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
  install_properties (object_class);

  g_type_ensure (EG_TYPE_BANNER);
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
  self->normalized = self->analysis_shown = TRUE;
  self->target_valid = self->settings_valid = TRUE;
  self->closed = g_ptr_array_new_with_free_func (g_object_unref);
  self->loader = eg_model_loader_new ();
  self->predictor = eg_predictor_new (EG_N_PREDICTIONS);
  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_menu_button_set_menu_model (self->main_button, get_menu ("main_menu"));
  adw_tab_view_set_menu_model (self->tabs, get_menu ("tab_menu"));
  g_signal_connect (self->loader, "changed", G_CALLBACK (on_loader_changed), self);
  g_signal_connect (self->loader, "loaded", G_CALLBACK (on_model_loaded), self);
  g_signal_connect (self->loader, "failed", G_CALLBACK (on_model_failed), self);
  g_signal_connect (self->predictor, "predicted", G_CALLBACK (on_predicted), self);
  g_signal_connect_swapped (self->prompt_panel, "activated", G_CALLBACK (eg_window_trace), self);
  eg_window_accept_drops (self);
}

EgWindow *
eg_window_new (EgApplication *application, EgUnsaved *unsaved)
{
  EgWindow *self = g_object_new (EG_TYPE_WINDOW, "application", application, NULL);
  GSettings *settings = application != NULL ? eg_application_get_settings (application) : NULL;

  self->unsaved = unsaved;
  self->model_menu = eg_model_menu_get_default (settings);
  gtk_menu_button_set_menu_model (self->model_button, eg_model_menu_get_menu (self->model_menu));
  gtk_menu_button_set_create_popup_func (self->model_button, on_model_menu_opens, self, NULL);
  bind_settings (self, settings);
  eg_prompt_panel_set_menu (self->prompt_panel, eg_prompt_menu_get_default (settings));
  eg_window_update (self);
  return self;
}

void
eg_window_open_model (EgWindow *self, const char *name)
{
  g_return_if_fail (EG_IS_WINDOW (self));

  const EgTokenizerChoice choice = { .setting = *self->tokenizer != '\0' ? self->tokenizer : NULL };
  g_autofree char *demo = name == NULL || strcmp (name, "demo") == 0 ? eg_model_find_demo () : NULL;

  eg_model_loader_open (self->loader, demo != NULL ? demo : name, &choice);
}

void
eg_window_set_texts (EgWindow *self, const char *prompt, const char *subject)
{
  g_return_if_fail (EG_IS_WINDOW (self));

  eg_prompt_panel_set_texts (self->prompt_panel, prompt, subject);
}

void
eg_window_trace (EgWindow *self)
{
  g_return_if_fail (EG_IS_WINDOW (self));

  EgModel *model = eg_model_loader_get_model (self->loader);

  /* A number that is still being typed counts. */
  eg_trace_settings_commit (self->settings);
  self->trace_when_loaded = eg_model_loader_is_loading (self->loader);
  if (model == NULL || self->trace_when_loaded || !eg_prompt_panel_get_valid (self->prompt_panel)
      || !self->target_valid || !self->settings_valid)
    return;
  g_autoptr (EgTraceRequest) request = eg_window_make_request (self);
  EgTracePage *page = eg_window_page_for (self, request);
  if (page == self->automatic && eg_trace_page_get_result (page) != NULL)
    self->automatic = NULL;
  eg_trace_page_start (page, model, request);
  eg_window_select_page (self, page);
  eg_prompt_menu_remember (self->remembered, request->prompt, request->subject);
}

void
eg_window_trace_by_itself (EgWindow *self)
{
  g_return_if_fail (EG_IS_WINDOW (self));

  self->automatic = eg_window_add_page (self);
  eg_window_trace (self);
}
