#include "app/window.h"

#include "app/analysis-pane.h"
#include "app/cell-text.h"
#include "app/export-dialog.h"
#include "app/heatmap-view.h"
#include "app/map-help.h"
#include "app/path-dialog.h"
#include "app/predictor.h"
#include "app/prediction-list.h"
#include "app/prompt-menu.h"
#include "app/prompt-panel.h"
#include "app/trace-settings.h"
#include "app/tracing.h"
#include "model/locate.h"
#include "plot/label.h"

#include <glib/gi18n.h>
#include <string.h>

/* Texts follow the numbers at most this often. */
#define UPDATE_MS 100

struct _EgWindow
{
  AdwApplicationWindow parent_instance;
  EgModel *model;
  EgModel *traced_model; /* only to tell it from the present one */
  GCancellable *loading; /* of the model that is being loaded */
  gboolean trace_when_loaded, target_valid;
  EgTracing *tracing;
  EgPredictor *predictor;
  EgColormap colormap;
  EgScale scale;
  EgOrientation orientation;
  guint update_timeout;
  GSettings *remembered; /* NULL: nothing is */
  char *model_asked_for; /* by name or path, loaded or not */
  char *tokenizer;       /* of models without one; "": GPT-NeoX's */

  AdwFlap *flap;
  AdwToastOverlay *toasts;
  AdwToast *toast; /* the one that is shown, of the overlay; or NULL */
  GtkWidget *model_button;
  GtkSpinner *model_spinner;
  GtkLabel *model_label;
  AdwWindowTitle *title;
  GtkButton *trace_button;
  GtkWidget *banner;
  GtkLabel *banner_label;
  GtkButton *banner_button;
  GtkStack *content;
  EgPromptPanel *prompt_panel;
  EgPredictionList *predictions;
  EgTraceSettings *settings;
  GtkLabel *clean, *corrupted, *progress_label, *sentence;
  GtkProgressBar *progress_bar;
  EgHeatmapView *heatmap;
  EgAnalysisPane *analysis;
};

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

/* action and label: of a button that helps, or NULL. */
static void
show_banner (EgWindow *self, const char *text, gboolean error, const char *action, const char *label)
{
  gtk_label_set_text (self->banner_label, text);
  gtk_widget_set_visible (GTK_WIDGET (self->banner_button), action != NULL);
  gtk_actionable_set_action_name (GTK_ACTIONABLE (self->banner_button), action);
  if (label != NULL)
    gtk_button_set_label (self->banner_button, label);
  if (error)
    gtk_widget_add_css_class (self->banner, "error");
  else
    gtk_widget_remove_css_class (self->banner, "error");
  gtk_widget_set_visible (self->banner, TRUE);
}

static void
hide_banner (EgWindow *self)
{
  gtk_widget_set_visible (self->banner, FALSE);
}

static void
on_toast_dismissed (AdwToast *toast, EgWindow *self)
{
  self->toast = NULL;
}

static void
show_toast (EgWindow *self, const char *text)
{
  g_autofree char *escaped = g_markup_escape_text (text, -1);

  /* A text takes the place of the one before: toasts would queue, and be read too late. */
  if (self->toast != NULL)
    {
      adw_toast_set_title (self->toast, escaped);
      return;
    }
  self->toast = adw_toast_new (escaped);
  g_signal_connect_object (self->toast, "dismissed", G_CALLBACK (on_toast_dismissed), self, 0);
  adw_toast_overlay_add_toast (self->toasts, self->toast);
}

/* ---- the request ---- */

static EgTraceRequest *
make_request (EgWindow *self)
{
  EgTraceRequest *request = eg_trace_request_new (eg_prompt_panel_get_prompt (self->prompt_panel),
                                                  eg_prompt_panel_get_subject (self->prompt_panel));
  request->subject_offset = eg_prompt_panel_get_subject_offset (self->prompt_panel);
  eg_trace_settings_fill (self->settings, request);
  return request;
}

/* Whether the map shows another trace than Trace would make now. */
static gboolean
is_outdated (EgWindow *self)
{
  const EgTraceRequest *shown = eg_tracing_get_request (self->tracing);
  g_autoptr (EgTraceRequest) now = make_request (self);

  return shown != NULL && (self->traced_model != self->model || !eg_trace_request_equal (shown, now));
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
update_actions (EgWindow *self)
{
  /* A field that loses the focus because the window goes away still says that it has changed. */
  if (self->tracing == NULL)
    return;

  const EgTracingState state = eg_tracing_get_state (self->tracing);
  const gboolean running = state == EG_TRACING_RUNNING;
  const gboolean can_trace
      = self->model != NULL && eg_prompt_panel_get_valid (self->prompt_panel) && self->target_valid;
  const gboolean has_result = eg_tracing_get_result (self->tracing) != NULL;
  const gboolean outdated = is_outdated (self);

  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.trace", can_trace);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.stop", running);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.export", has_result);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.save", has_result);

  /* Settings that changed while a trace is under way make Stop a Trace again: it starts at once with the new
   * ones. */
  const gboolean stop = running && !outdated;
  gtk_button_set_label (self->trace_button, stop ? _ ("_Stop") : _ ("_Trace"));
  gtk_actionable_set_action_name (GTK_ACTIONABLE (self->trace_button), stop ? "win.stop" : "win.trace");
  set_css_class (self->trace_button, "suggested-action", !stop && (outdated || state != EG_TRACING_DONE));
  eg_heatmap_view_set_dimmed (self->heatmap, outdated);
}

/* ---- what is shown of the trace ---- */

static void
update_title (EgWindow *self)
{
  const EgTraceResult *result = eg_tracing_get_result (self->tracing);

  if (result->target == NULL)
    return;
  g_autofree char *target = eg_token_to_label (result->target);
  g_autofree char *title = g_strdup_printf ("%s → “%s”", result->subject, target);
  adw_window_title_set_title (self->title, title);
  gtk_window_set_title (GTK_WINDOW (self), title);
}

static char *
describe_progress (EgWindow *self)
{
  gsize done, total;
  double elapsed, left;

  eg_tracing_get_progress (self->tracing, &done, &total, &elapsed, &left);
  const guint percent = total > 0 ? (guint)(done * 100 / total) : 0;
  switch (eg_tracing_get_state (self->tracing))
    {
    case EG_TRACING_RUNNING:
      if (total == 0)
        return g_strdup (_ ("Starting…"));
      if (left < 0)
        return g_strdup_printf (_ ("%'zu of %'zu"), done, total);
      {
        g_autofree char *duration = eg_format_duration (left);
        return g_strdup_printf (_ ("%'zu of %'zu · %s left"), done, total, duration);
      }
    case EG_TRACING_STOPPED:
      return g_strdup_printf (_ ("Stopped at %u%%"), percent);
    case EG_TRACING_DONE:
      {
        const EgTraceResult *result = eg_tracing_get_result (self->tracing);
        const gsize n_cells = result->n_layers * result->n_tokens;
        g_autofree char *seconds = eg_format_duration (result->seconds);
        return g_strdup_printf (_ ("%'zu cells in %s"), n_cells, seconds);
      }
    case EG_TRACING_IDLE:
    case EG_TRACING_FAILED:
    default:
      return g_strdup ("");
    }
}

static void
update_progress (EgWindow *self)
{
  const gboolean running = eg_tracing_get_state (self->tracing) == EG_TRACING_RUNNING;
  g_autofree char *progress = describe_progress (self);
  g_autofree char *rate = NULL;
  gsize done, total;
  double elapsed, left;

  eg_tracing_get_progress (self->tracing, &done, &total, &elapsed, &left);
  if (running && elapsed > 0)
    rate = g_strdup_printf (_ ("%.0f cells a second"),
                            (double)done / eg_tracing_get_request (self->tracing)->samples / elapsed);
  gtk_label_set_text (self->progress_label, progress);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->progress_label), rate);
  gtk_widget_set_visible (GTK_WIDGET (self->progress_bar), running);
  gtk_progress_bar_set_fraction (self->progress_bar, total > 0 ? (double)done / (double)total : 0);
}

/* Everything about the trace that is text. */
static void
update_texts (EgWindow *self)
{
  const EgTraceResult *result = eg_tracing_get_result (self->tracing);

  update_progress (self);
  /* What the last trace found stays until the first numbers of the new one. */
  if (result == NULL)
    return;
  g_autofree char *clean = eg_format_probability (result->high_score);
  g_autofree char *corrupted = eg_format_probability (result->low_score);
  g_autofree char *sentence = eg_trace_result_describe (result);
  gtk_label_set_text (self->clean, clean);
  gtk_label_set_text (self->corrupted, corrupted);
  gtk_label_set_text (self->sentence, sentence != NULL ? sentence : "");
  eg_analysis_pane_set_result (self->analysis, eg_tracing_get_result (self->tracing));
  update_title (self);
  eg_heatmap_view_announce (self->heatmap);
}

static gboolean
on_update_timeout (gpointer data)
{
  EgWindow *self = data;

  self->update_timeout = 0;
  update_texts (self);
  return G_SOURCE_REMOVE;
}

static void
on_tracing_progress (EgTracing *tracing, const EgTraceCell *cells, gulong n_cells, gpointer data)
{
  EgWindow *self = data;

  eg_heatmap_view_set_result (self->heatmap, eg_tracing_get_result (tracing));
  eg_heatmap_view_update_cells (self->heatmap, cells, n_cells);
  gtk_stack_set_visible_child_name (self->content, "map");
  if (self->update_timeout == 0)
    self->update_timeout = g_timeout_add (UPDATE_MS, on_update_timeout, self);
}

static void
on_tracing_state (EgTracing *tracing, gpointer data)
{
  EgWindow *self = data;
  const EgTracingState state = eg_tracing_get_state (tracing);
  g_autofree char *warning = NULL;

  switch (state)
    {
    case EG_TRACING_RUNNING:
      hide_banner (self);
      break;
    case EG_TRACING_DONE:
      warning = eg_trace_result_warning (eg_tracing_get_result (tracing));
      if (warning != NULL)
        show_banner (self, warning, FALSE, NULL, NULL);
      break;
    case EG_TRACING_FAILED:
      show_banner (self, eg_tracing_get_error (tracing)->message, TRUE, "win.trace", _ ("Try Again"));
      break;
    case EG_TRACING_IDLE:
    case EG_TRACING_STOPPED:
    default:
      break;
    }
  g_clear_handle_id (&self->update_timeout, g_source_remove);
  update_texts (self);
  update_actions (self);
}

/* ---- pins ---- */

static void
on_pins_changed (EgHeatmapView *heatmap, gpointer data)
{
  gsize n;
  const EgCell *pins = eg_heatmap_view_get_pins (heatmap, &n);
  eg_analysis_pane_set_pins (EG_WINDOW (data)->analysis, pins, n);
}

static void
on_cursor_moved (EgHeatmapView *heatmap, gpointer data)
{
  eg_analysis_pane_set_layer (EG_WINDOW (data)->analysis, eg_heatmap_view_get_layer (heatmap));
}

static void
on_unpin_all (EgAnalysisPane *pane, gpointer data)
{
  eg_heatmap_view_unpin_all (EG_WINDOW (data)->heatmap);
}

/* ---- the prompt ---- */

static void
on_prompt_changed (EgPromptPanel *panel, gpointer data)
{
  EgWindow *self = data;

  if (self->predictor == NULL)
    return;
  eg_prediction_list_set_outdated (self->predictions, TRUE);
  eg_predictor_ask (self->predictor, self->model, eg_prompt_panel_get_prompt (panel));
  update_actions (self);
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
  g_autoptr (EgTraceRequest) request = make_request (self);
  g_autoptr (GError) error = NULL;
  const char *message = NULL;

  self->target_valid = TRUE;
  if (self->model != NULL && request->target != NULL)
    {
      g_autoptr (GPtrArray) notes = g_ptr_array_new_with_free_func (g_free);
      guint32 id;
      self->target_valid
          = eg_trace_find_target (eg_model_get_tokenizer (self->model), request->target, &id, notes, &error);
      message = error != NULL ? error->message : notes->len > 0 ? notes->pdata[0] : NULL;
      eg_trace_settings_set_message (self->settings, message, error != NULL);
    }
  else
    eg_trace_settings_set_message (self->settings, NULL, FALSE);
}

static void
on_setting_changed (EgTraceSettings *settings, gpointer data)
{
  EgWindow *self = data;

  if (self->tracing == NULL)
    return;
  check_target (self);
  eg_prediction_list_set_target (self->predictions, eg_trace_settings_get_target (self->settings));
  update_actions (self);
}

static void
on_target_chosen (EgPredictionList *list, const char *text, gpointer data)
{
  eg_trace_settings_set_target (EG_WINDOW (data)->settings, text);
}

/* ---- the model ---- */

/* As wide as its text, up to a limit; where there is no room for that, an icon takes the text's place. */
static void
set_model_text (EgWindow *self, const char *text)
{
  gtk_label_set_width_chars (self->model_label, (int)MIN (g_utf8_strlen (text, -1), 28));
  gtk_label_set_text (self->model_label, text);
}

static void
update_model (EgWindow *self)
{
  g_autofree char *text = NULL, *tooltip = NULL;

  gtk_spinner_set_spinning (self->model_spinner, self->loading != NULL);
  gtk_widget_set_visible (GTK_WIDGET (self->model_spinner), self->loading != NULL);
  if (self->model == NULL)
    {
      set_model_text (self, self->loading != NULL ? _ ("Loading…") : _ ("No model"));
      return;
    }
  const EgModelConfig *config = eg_model_get_config (self->model);
  const char *name = eg_model_get_name (self->model);
  text = g_strdup_printf (_ ("%s · %zu layers"), strcmp (name, "demo") == 0 ? _ ("Demo model") : name,
                          config->n_layers);
  g_autofree char *bytes = g_format_size (eg_model_get_n_bytes (self->model));
  const char *origin = eg_tokenizer_origin_describe (eg_model_get_tokenizer_origin (self->model));
  tooltip = g_strdup_printf (_ ("%'zu parameters, %s, %s\n%s\nTokenizer: %s\n%s"),
                             eg_model_get_n_parameters (self->model), eg_model_get_dtype_name (self->model),
                             bytes, eg_model_get_folder (self->model), origin,
                             eg_model_get_tokenizer_path (self->model));
  set_model_text (self, text);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->model_button), tooltip);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->model_button), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                  tooltip, -1);
}

typedef struct
{
  GWeakRef window;
  GCancellable *cancellable;
} Loading;

static void
on_model_opened (GObject *source, GAsyncResult *result, gpointer data)
{
  Loading *loading = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (EgModel) model = eg_model_open_finish (result, &error);
  g_autoptr (EgWindow) self = g_weak_ref_get (&loading->window);
  const gboolean current = self != NULL && self->loading == loading->cancellable;

  g_weak_ref_clear (&loading->window);
  g_object_unref (loading->cancellable);
  g_free (loading);
  eg_application_release_default ();
  if (!current)
    return;
  g_clear_object (&self->loading);
  if (model == NULL)
    {
      show_banner (self, error->message, TRUE, "win.open-model", _ ("Open Model…"));
      if (self->model == NULL)
        gtk_stack_set_visible_child_name (self->content, "no-model");
      update_model (self);
      return;
    }

  eg_tracing_stop (self->tracing);
  g_clear_pointer (&self->model, eg_model_unref);
  self->model = g_steal_pointer (&model);
  hide_banner (self);
  update_model (self);
  eg_prompt_panel_set_model (self->prompt_panel, self->model);
  eg_trace_settings_set_model (self->settings, self->model);
  check_target (self);
  if (gtk_stack_get_visible_child_name (self->content) != NULL
      && strcmp (gtk_stack_get_visible_child_name (self->content), "no-model") == 0)
    gtk_stack_set_visible_child_name (self->content, "start");
  if (self->trace_when_loaded)
    eg_window_trace (self);
}

static void
on_model_chosen (GtkWindow *window, const char *path)
{
  eg_window_open_model (EG_WINDOW (window), path);
}

static void
on_tokenizer_chosen (GtkWindow *window, const char *path)
{
  g_object_set (window, "tokenizer", path, NULL);
}

/* The model that is shown is loaded again unless it has a tokenizer of its own. */
static void
set_tokenizer (EgWindow *self, const char *path)
{
  const gboolean has_its_own
      = self->model != NULL && eg_model_get_tokenizer_origin (self->model) < EG_TOKENIZER_SETTING;

  if (strcmp (self->tokenizer, path) == 0)
    return;
  g_free (self->tokenizer);
  self->tokenizer = g_strdup (path);
  if (self->model_asked_for != NULL && !has_its_own)
    {
      g_autofree char *model = g_strdup (self->model_asked_for);
      eg_window_open_model (self, model);
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
  eg_tracing_stop (EG_WINDOW (widget)->tracing);
}

static void
open_model_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  eg_path_dialog_show (GTK_WINDOW (widget), _ ("Open a Model’s Folder"), NULL, NULL, on_model_chosen);
}

static void
choose_tokenizer_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  eg_path_dialog_show (GTK_WINDOW (widget), _ ("Open a Tokenizer"), "json", _ ("Tokenizers (JSON)"),
                       on_tokenizer_chosen);
}

static void
open_demo_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  eg_window_open_model (EG_WINDOW (widget), NULL);
}

static EgFigureOptions
figure_options (EgWindow *self)
{
  EgFigureOptions options;

  eg_figure_options_init (&options);
  options.style.colormap = self->colormap;
  options.style.scale = self->scale;
  options.style.orientation = self->orientation;
  return options;
}

static void
on_exported (const char *path, const GError *error, gpointer data)
{
  EgWindow *self = data;

  if (error != NULL)
    {
      show_banner (self, error->message, TRUE, "win.export", _ ("Export…"));
      return;
    }
  g_autofree char *name = g_path_get_basename (path);
  g_autofree char *text = g_strdup_printf (_ ("Saved %s"), name);
  show_toast (self, text);
}

static void
show_export (EgWindow *self, const char *ending)
{
  EgTraceResult *result = eg_tracing_get_result (self->tracing);
  const EgFigureOptions options = figure_options (self);

  if (result != NULL)
    eg_export_dialog_show (GTK_WINDOW (self), result, &options, ending, on_exported);
}

static void
export_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  show_export (EG_WINDOW (widget), "svg");
}

static void
save_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  show_export (EG_WINDOW (widget), "npz");
}

static void
export_to_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  eg_window_export_to (EG_WINDOW (widget), g_variant_get_string (parameter, NULL));
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
  const double factor = g_str_has_suffix (name, "in")    ? EG_ZOOM_STEP
                        : g_str_has_suffix (name, "out") ? 1 / EG_ZOOM_STEP
                                                         : 0;
  eg_heatmap_view_zoom (EG_WINDOW (widget)->heatmap, factor);
}

static void
close_banner_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  hide_banner (EG_WINDOW (widget));
}

/* ---- the object ---- */

static void
bind_settings (EgWindow *self, GSettings *settings)
{
  if (settings == NULL)
    return;
  self->remembered = g_object_ref (settings);
  g_settings_bind (settings, "window-width", self, "default-width", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (settings, "window-height", self, "default-height", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (settings, "window-maximized", self, "maximized", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (settings, "colormap", self, "colormap", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (settings, "analysis", self, "analysis", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (settings, "normalized", self, "normalized", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (settings, "orientation", self, "orientation", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (settings, "tokenizer", self, "tokenizer", G_SETTINGS_BIND_DEFAULT);
  eg_trace_settings_bind (self->settings, settings);
}

static void
eg_window_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  EgWindow *self = EG_WINDOW (object);

  switch (id)
    {
    case PROP_COLORMAP:
      g_value_set_string (value, eg_colormap_get_name (self->colormap));
      break;
    case PROP_NORMALIZED:
      g_value_set_boolean (value, self->scale == EG_SCALE_NORMALIZED);
      break;
    case PROP_ORIENTATION:
      g_value_set_string (value, eg_orientation_get_name (self->orientation));
      break;
    case PROP_TOKENIZER:
      g_value_set_string (value, self->tokenizer);
      break;
    case PROP_ANALYSIS:
      g_value_set_boolean (value,
                           self->analysis != NULL && gtk_widget_get_visible (GTK_WIDGET (self->analysis)));
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
      if (eg_colormap_from_name (g_value_get_string (value), &self->colormap, NULL))
        eg_heatmap_view_set_colormap (self->heatmap, self->colormap);
      break;
    case PROP_NORMALIZED:
      self->scale = g_value_get_boolean (value) ? EG_SCALE_NORMALIZED : EG_SCALE_RAW;
      eg_heatmap_view_set_scale (self->heatmap, self->scale);
      break;
    case PROP_ORIENTATION:
      if (eg_orientation_from_name (g_value_get_string (value), &self->orientation, NULL))
        eg_heatmap_view_set_orientation (self->heatmap, self->orientation);
      break;
    case PROP_TOKENIZER:
      set_tokenizer (self, g_value_get_string (value));
      break;
    case PROP_ANALYSIS:
      gtk_widget_set_visible (GTK_WIDGET (self->analysis), g_value_get_boolean (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
eg_window_dispose (GObject *object)
{
  EgWindow *self = EG_WINDOW (object);

  g_clear_handle_id (&self->update_timeout, g_source_remove);
  if (self->loading != NULL)
    g_cancellable_cancel (self->loading);
  g_clear_object (&self->loading);
  if (self->tracing != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->tracing, self);
      eg_tracing_stop (self->tracing);
    }
  g_clear_object (&self->tracing);
  if (self->predictor != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->predictor, self);
      eg_predictor_ask (self->predictor, NULL, "");
    }
  g_clear_object (&self->predictor);
  g_clear_pointer (&self->model, eg_model_unref);
  g_clear_pointer (&self->traced_model, eg_model_unref);
  gtk_widget_dispose_template (GTK_WIDGET (object), EG_TYPE_WINDOW);
  G_OBJECT_CLASS (eg_window_parent_class)->dispose (object);
}

static void
eg_window_finalize (GObject *object)
{
  g_clear_object (&EG_WINDOW (object)->remembered);
  g_free (EG_WINDOW (object)->model_asked_for);
  g_free (EG_WINDOW (object)->tokenizer);
  G_OBJECT_CLASS (eg_window_parent_class)->finalize (object);
}

static void
install_actions (GtkWidgetClass *widget_class)
{
  gtk_widget_class_install_action (widget_class, "win.trace", NULL, trace_action);
  gtk_widget_class_install_action (widget_class, "win.stop", NULL, stop_action);
  gtk_widget_class_install_action (widget_class, "win.fill", "(ss)", fill_action);
  gtk_widget_class_install_action (widget_class, "win.open-model", NULL, open_model_action);
  gtk_widget_class_install_action (widget_class, "win.choose-tokenizer", NULL, choose_tokenizer_action);
  gtk_widget_class_install_action (widget_class, "win.open-demo", NULL, open_demo_action);
  gtk_widget_class_install_action (widget_class, "win.export", NULL, export_action);
  gtk_widget_class_install_action (widget_class, "win.save", NULL, save_action);
  gtk_widget_class_install_action (widget_class, "win.export-to", "s", export_to_action);
  gtk_widget_class_install_action (widget_class, "win.panel", NULL, panel_action);
  gtk_widget_class_install_action (widget_class, "win.zoom-in", NULL, zoom_action);
  gtk_widget_class_install_action (widget_class, "win.zoom-out", NULL, zoom_action);
  gtk_widget_class_install_action (widget_class, "win.zoom-fit", NULL, zoom_action);
  gtk_widget_class_install_action (widget_class, "win.close-banner", NULL, close_banner_action);
  gtk_widget_class_install_property_action (widget_class, "win.analysis", "analysis");
  gtk_widget_class_install_property_action (widget_class, "win.colormap", "colormap");
  gtk_widget_class_install_property_action (widget_class, "win.normalized", "normalized");
  gtk_widget_class_install_property_action (widget_class, "win.orientation", "orientation");
  gtk_widget_class_install_property_action (widget_class, "win.tokenizer", "tokenizer");
}

static void
bind_template (GtkWidgetClass *widget_class)
{
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/engram_app/Engram/window.ui");
  gtk_widget_class_bind_template_child (widget_class, EgWindow, flap);
  gtk_widget_class_bind_template_child (widget_class, EgWindow, toasts);
  gtk_widget_class_bind_template_child (widget_class, EgWindow, model_button);
  gtk_widget_class_bind_template_child (widget_class, EgWindow, model_spinner);
  gtk_widget_class_bind_template_child (widget_class, EgWindow, model_label);
  gtk_widget_class_bind_template_child (widget_class, EgWindow, title);
  gtk_widget_class_bind_template_child (widget_class, EgWindow, trace_button);
  gtk_widget_class_bind_template_child (widget_class, EgWindow, banner);
  gtk_widget_class_bind_template_child (widget_class, EgWindow, banner_label);
  gtk_widget_class_bind_template_child (widget_class, EgWindow, banner_button);
  gtk_widget_class_bind_template_child (widget_class, EgWindow, content);
  gtk_widget_class_bind_template_child (widget_class, EgWindow, prompt_panel);
  gtk_widget_class_bind_template_child (widget_class, EgWindow, predictions);
  gtk_widget_class_bind_template_child (widget_class, EgWindow, settings);
  gtk_widget_class_bind_template_child (widget_class, EgWindow, clean);
  gtk_widget_class_bind_template_child (widget_class, EgWindow, corrupted);
  gtk_widget_class_bind_template_child (widget_class, EgWindow, progress_bar);
  gtk_widget_class_bind_template_child (widget_class, EgWindow, progress_label);
  gtk_widget_class_bind_template_child (widget_class, EgWindow, sentence);
  gtk_widget_class_bind_template_child (widget_class, EgWindow, heatmap);
  gtk_widget_class_bind_template_child (widget_class, EgWindow, analysis);
  gtk_widget_class_bind_template_callback (widget_class, on_pins_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_cursor_moved);
  gtk_widget_class_bind_template_callback (widget_class, on_unpin_all);
  gtk_widget_class_bind_template_callback (widget_class, on_prompt_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_setting_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_target_chosen);
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
  properties[PROP_COLORMAP]
      = g_param_spec_string ("colormap", NULL, NULL, NULL, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  properties[PROP_NORMALIZED]
      = g_param_spec_boolean ("normalized", NULL, NULL, TRUE, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  properties[PROP_ORIENTATION]
      = g_param_spec_string ("orientation", NULL, NULL, NULL, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  properties[PROP_TOKENIZER]
      = g_param_spec_string ("tokenizer", NULL, NULL, "", G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  properties[PROP_ANALYSIS]
      = g_param_spec_boolean ("analysis", NULL, NULL, TRUE, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  g_type_ensure (EG_TYPE_ANALYSIS_PANE);
  g_type_ensure (EG_TYPE_HEATMAP_VIEW);
  g_type_ensure (EG_TYPE_MAP_HELP);
  g_type_ensure (EG_TYPE_PREDICTION_LIST);
  g_type_ensure (EG_TYPE_PROMPT_PANEL);
  g_type_ensure (EG_TYPE_TRACE_SETTINGS);
  bind_template (widget_class);
  install_actions (widget_class);
}

static void
eg_window_init (EgWindow *self)
{
  self->tokenizer = g_strdup ("");
  self->target_valid = TRUE;
  self->tracing = eg_tracing_new ();
  self->predictor = eg_predictor_new (EG_N_PREDICTIONS);
  gtk_widget_init_template (GTK_WIDGET (self));
  g_signal_connect (self->tracing, "progress", G_CALLBACK (on_tracing_progress), self);
  g_signal_connect (self->tracing, "state-changed", G_CALLBACK (on_tracing_state), self);
  g_signal_connect (self->predictor, "predicted", G_CALLBACK (on_predicted), self);
  g_signal_connect_swapped (self->prompt_panel, "activated", G_CALLBACK (eg_window_trace), self);
  update_texts (self);
  update_actions (self);
}

EgWindow *
eg_window_new (EgApplication *application)
{
  EgWindow *self = g_object_new (EG_TYPE_WINDOW, "application", application, NULL);

  GSettings *settings = eg_application_get_settings (application);
  g_autoptr (GMenuModel) prompts = eg_prompt_menu_new (settings);

  bind_settings (self, settings);
  eg_prompt_panel_set_menu (self->prompt_panel, prompts);
  return self;
}

void
eg_window_open_model (EgWindow *self, const char *name)
{
  g_return_if_fail (EG_IS_WINDOW (self));

  const EgTokenizerChoice choice = { .setting = *self->tokenizer != '\0' ? self->tokenizer : NULL };
  Loading *loading = g_new0 (Loading, 1);

  if (self->loading != NULL)
    g_cancellable_cancel (self->loading);
  g_clear_object (&self->loading);
  g_free (self->model_asked_for);
  self->model_asked_for = name != NULL ? g_strdup (name) : eg_model_find_demo ();
  self->loading = g_cancellable_new ();
  g_weak_ref_init (&loading->window, self);
  loading->cancellable = g_object_ref (self->loading);
  update_model (self);
  eg_application_hold_default ();
  eg_model_open_async (self->model_asked_for, &choice, self->loading, on_model_opened, loading);
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

  /* A number that is still being typed counts. */
  eg_trace_settings_commit (self->settings);
  self->trace_when_loaded = self->loading != NULL;
  if (self->model == NULL || self->loading != NULL || !eg_prompt_panel_get_valid (self->prompt_panel)
      || !self->target_valid)
    return;
  g_autoptr (EgTraceRequest) request = make_request (self);
  g_clear_pointer (&self->traced_model, eg_model_unref);
  self->traced_model = eg_model_ref (self->model);
  eg_tracing_start (self->tracing, self->model, request);
  eg_prompt_menu_remember (self->remembered, request->prompt, request->subject);
}

void
eg_window_export_to (EgWindow *self, const char *path)
{
  g_return_if_fail (EG_IS_WINDOW (self));

  EgTraceResult *result = eg_tracing_get_result (self->tracing);
  const EgFigureOptions options = figure_options (self);
  g_autoptr (GError) error = NULL;

  if (result == NULL)
    {
      show_toast (self, _ ("There is nothing to export yet"));
      return;
    }
  eg_export_result (result, &options, path, &error);
  on_exported (path, error, self);
}
