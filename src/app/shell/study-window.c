/* Turns actions into calls of the study, and says in title and buttons how far it is. */
#include "app/shell/study-window.h"

#include "app/models/get-model-dialog.h"
#include "app/models/model-button.h"
#include "app/models/verify-dialog.h"
#include "app/parts/messages.h"
#include "app/parts/path-dialog.h"
#include "app/parts/tooltips.h"
#include "app/shell/study-comparing.h"
#include "app/shell/study-exporter.h"
#include "app/study/fact-trace.h"
#include "app/study/study-list.h"
#include "app/study/study-page.h"
#include "library/locate.h"

#include <glib/gi18n.h>
#include <string.h>

struct _EgStudyWindow
{
  AdwApplicationWindow parent_instance;
  EgStudyParts parts; /* its draft NULL: the window has closed */
  EgStudying *studying;
  EgMessages *messages;
  GtkWindow *getting;   /* weak: the dialog that gets a model, while it is there */
  GtkWindow *verifying; /* weak: the one that verifies it */

  EgModelButton *model_button;
  GtkMenuButton *main_button;
  AdwWindowTitle *title;
  GtkButton *start_button, *pause_button, *open_button;
  GtkLabel *start_label;
  EgBanner *banner;
  AdwToastOverlay *toasts;
  GtkStack *content;
  EgStudyList *earlier;
  EgStudyPage *page;
};

enum
{
  CHANGED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (EgStudyWindow, eg_study_window, ADW_TYPE_APPLICATION_WINDOW)

/* ---- what follows from its parts ---- */

static void
enable (EgStudyWindow *self, const char *action, gboolean on)
{
  gtk_widget_action_set_enabled (GTK_WIDGET (self), action, on);
}

static void
update_buttons (EgStudyWindow *self, EgStudyingState state)
{
  const gboolean running = state == EG_STUDYING_RUNNING;
  const gboolean can_start = state == EG_STUDYING_READY || state == EG_STUDYING_PAUSED;
  const gboolean has_model = eg_draft_get_model (self->parts.draft) != NULL;
  /* TRANSLATORS: a button: the study goes on where it was paused. */
  const char *text = state == EG_STUDYING_PAUSED ? _ ("_Resume")
                                                 /* TRANSLATORS: a button: the study begins. */
                                                 : _ ("_Start");

  gtk_label_set_text_with_mnemonic (self->start_label, text);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->start_button), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  gtk_label_get_text (self->start_label), -1);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->start_button),
                               has_model ? NULL : _ ("There is no model yet"));
  gtk_widget_set_visible (GTK_WIDGET (self->start_button), can_start);
  gtk_widget_set_visible (GTK_WIDGET (self->pause_button), running);
  enable (self, "win.trace", can_start && has_model);
  enable (self, "win.stop", running);
  enable (self, "win.verify-model", has_model);
  enable (self, "win.open", !running && state != EG_STUDYING_READING);
  enable (self, "win.save", state > EG_STUDYING_READING);
  enable (self, "win.export", eg_studying_get_folder (self->studying) != NULL);
  enable (self, "win.compare", eg_studying_get_folder (self->studying) != NULL);
  enable (self, "win.show-folder", eg_studying_get_folder (self->studying) != NULL);
}

static void
update (EgStudyWindow *self)
{
  const EgStudyingState state = eg_studying_get_state (self->studying);
  const char *name = eg_studying_get_name (self->studying);
  const EgStudySettings *settings = eg_studying_get_settings (self->studying);

  EgModel *model = eg_draft_get_model (self->parts.draft);
  update_buttons (self, state);
  adw_window_title_set_title (self->title, name != NULL ? name : _ ("Study"));
  const EgDemo *demo = settings != NULL ? eg_demo_find (settings->model) : NULL;
  adw_window_title_set_subtitle (self->title, demo != NULL       ? _ (demo->label)
                                              : settings != NULL ? settings->model
                                                                 : "");
  gtk_window_set_title (GTK_WINDOW (self), name != NULL ? name : _ ("Study"));
  gtk_widget_set_visible (GTK_WIDGET (self->model_button), settings == NULL || state == EG_STUDYING_PAUSED);
  gtk_stack_set_visible_child_name (self->content, name != NULL                   ? "study"
                                                   : state == EG_STUDYING_READING ? "reading"
                                                                                  : "empty");
  eg_study_page_set_draft (self->page, eg_draft_get_request (self->parts.draft),
                           model != NULL ? eg_model_get_name (model) : "");
}

static void
on_state_changed (EgStudyWindow *self)
{
  const EgStudyingState state = eg_studying_get_state (self->studying);

  if (state == EG_STUDYING_RUNNING)
    eg_messages_clear_error (self->messages);
  update (self);
  g_signal_emit (self, signals[CHANGED], 0);
}

/* The window that has the study of this folder, if it is one of this program's. (transfer none) (nullable) */
static EgStudyWindow *
find_other (EgStudyWindow *self, const char *path)
{
  g_autofree char *wanted = g_canonicalize_filename (path, NULL);

  for (GList *l = gtk_application_get_windows (gtk_window_get_application (GTK_WINDOW (self))); l != NULL;
       l = l->next)
    {
      EgStudyWindow *other = EG_IS_STUDY_WINDOW (l->data) ? EG_STUDY_WINDOW (l->data) : NULL;
      EgStudyFolder *folder = other != NULL && other != self && other->studying != NULL
                                  ? eg_studying_get_folder (other->studying)
                                  : NULL;
      g_autofree char *its
          = folder != NULL ? g_canonicalize_filename (eg_study_folder_get_path (folder), NULL) : NULL;
      if (g_strcmp0 (its, wanted) == 0)
        return other;
    }
  return NULL;
}

static void
on_failed (EgStudying *studying, const GError *error, gpointer data)
{
  EgStudyWindow *self = data;
  const char *busy = eg_studying_get_busy (studying);
  EgStudyWindow *other = busy != NULL ? find_other (self, busy) : NULL;

  if (other != NULL)
    {
      eg_messages_show (other->messages, _ ("This study is in this window already"));
      gtk_window_present (GTK_WINDOW (other));
      return;
    }
  eg_messages_show_error (self->messages, error->message, "win.open", _ ("_Open Another…"));
}

/* ---- opening ---- */

void
eg_study_window_open (EgStudyWindow *self, const char *path)
{
  g_return_if_fail (EG_IS_STUDY_WINDOW (self));

  if (eg_studying_get_state (self->studying) == EG_STUDYING_RUNNING)
    {
      eg_messages_show (self->messages, _ ("Pause this study first"));
      return;
    }
  eg_messages_clear_error (self->messages);
  eg_studying_read (self->studying, path);
}

static void
on_path (GtkWindow *parent, const char *path, gpointer data)
{
  eg_study_window_open (EG_STUDY_WINDOW (parent), path);
}

static void
open_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  eg_path_dialog_open_file (GTK_WINDOW (widget), _ ("Open Facts"), NULL, on_path, NULL);
}

static void
open_study_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  eg_path_dialog_open_folder (GTK_WINDOW (widget), _ ("Open a Study’s Folder"), on_path, NULL);
}

static void
open_demo_facts_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  g_autofree char *folder = eg_demo_get_folder (&eg_demos[0]);
  g_autofree char *path = g_build_filename (folder, "facts.jsonl", NULL);

  eg_study_window_open (EG_STUDY_WINDOW (widget), path);
}

static void
on_open_earlier (EgStudyList *list, const char *path, gpointer data)
{
  eg_study_window_open (data, path);
}

static gboolean
on_drop (GtkDropTarget *target, const GValue *value, double x, double y, gpointer data)
{
  const GSList *files = gdk_file_list_get_files (g_value_get_boxed (value));

  if (files == NULL || g_file_peek_path (files->data) == NULL)
    return FALSE;
  eg_study_window_open (data, g_file_peek_path (files->data));
  return TRUE;
}

/* ---- running ---- */

static void
start (EgStudyWindow *self)
{
  const EgStudyingState state = eg_studying_get_state (self->studying);
  EgModel *model = eg_draft_get_model (self->parts.draft);

  if (model != NULL && (state == EG_STUDYING_READY || state == EG_STUDYING_PAUSED))
    eg_studying_start (self->studying, model, eg_draft_get_request (self->parts.draft));
}

static void
start_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  start (EG_STUDY_WINDOW (widget));
}

static void
pause_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  eg_studying_pause (EG_STUDY_WINDOW (widget)->studying);
}

/* ---- one fact ---- */

/* What the study keeps of it, or else, where it keeps no cells, a new trace. */
static void
show_fact (EgStudyWindow *self, const EgFactRow *row)
{
  EgStudyFolder *folder = eg_studying_get_folder (self->studying);
  g_autoptr (EgStudyFact) known = NULL;
  g_autoptr (GError) error = NULL;
  EgModel *model = eg_draft_get_model (self->parts.draft);

  if (folder != NULL && !eg_study_folder_get (folder, eg_studying_find (self->studying, row), &known, &error))
    {
      eg_messages_show_error (self->messages, error->message, NULL, NULL);
      return;
    }
  g_autoptr (EgTraceResult) result
      = known != NULL ? eg_fact_trace_new (eg_study_folder_get_settings (folder), known) : NULL;
  if (result != NULL)
    {
      if (model != NULL)
        eg_trace_result_spell (result, eg_model_get_tokenizer (model));
      eg_tabs_show_result (self->parts.tabs, result, NULL, NULL, NULL);
      return;
    }
  g_autoptr (EgTraceRequest) request
      = eg_studying_make_request (self->studying, row, eg_draft_get_request (self->parts.draft));
  eg_draft_show (self->parts.draft, request);
  gtk_widget_activate_action (GTK_WIDGET (self->parts.window), "win.trace", NULL);
}

static void
on_open_fact (EgStudyPage *page, EgFactRow *row, gpointer data)
{
  EgStudyWindow *self = data;

  show_fact (self, row);
  gtk_window_present (self->parts.window);
}

/* ---- files ---- */

static void
save_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  EgStudyWindow *self = EG_STUDY_WINDOW (widget);
  eg_study_exporter_save (GTK_WINDOW (self), self->studying, self->messages);
}

static void
export_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  EgStudyWindow *self = EG_STUDY_WINDOW (widget);
  eg_study_exporter_export (GTK_WINDOW (self), self->studying, self->page, self->messages);
}

static void
compare_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  EgStudyWindow *self = EG_STUDY_WINDOW (widget);
  eg_study_comparing_ask (GTK_WINDOW (self), self->studying, self->page, self->messages);
}

static void
show_folder_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  EgStudyFolder *folder = eg_studying_get_folder (EG_STUDY_WINDOW (widget)->studying);

  if (folder == NULL)
    return;
  g_autofree char *uri = g_filename_to_uri (eg_study_folder_get_path (folder), NULL, NULL);
  if (uri != NULL)
    gtk_show_uri (GTK_WINDOW (widget), uri, GDK_CURRENT_TIME);
}

static void
find_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  eg_study_page_find (EG_STUDY_WINDOW (widget)->page);
}

static void
close_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  gtk_window_close (GTK_WINDOW (widget));
}

/* Models are the other window's. */
static void
forward_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  gtk_widget_activate_action_variant (GTK_WIDGET (EG_STUDY_WINDOW (widget)->parts.window), name, parameter);
}

static void
on_got_model (const char *folder, gpointer data)
{
  forward_action (data, "win.open-model-named", g_variant_new_string (folder));
}

/* Over this window, and one at a time. */
static void
get_model_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  EgStudyWindow *self = EG_STUDY_WINDOW (widget);

  if (self->getting != NULL)
    gtk_window_present (self->getting);
  else
    g_set_weak_pointer (&self->getting,
                        eg_get_model_dialog_show (GTK_WINDOW (self), NULL, on_got_model, self));
}

static void
verify_model_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  EgStudyWindow *self = EG_STUDY_WINDOW (widget);

  if (self->verifying != NULL)
    gtk_window_present (self->verifying);
  else
    g_set_weak_pointer (&self->verifying,
                        eg_verify_dialog_show (GTK_WINDOW (self), eg_draft_get_model (self->parts.draft),
                                               &eg_draft_get_request (self->parts.draft)->device));
}

/* ---- the object ---- */

/* Of all windows: a GtkPopoverMenu of GTK 4.8 keeps the model that it shows. */
static GMenuModel *
get_menu (void)
{
  static GtkBuilder *builder;

  if (builder == NULL)
    builder = gtk_builder_new_from_resource ("/io/github/engram_app/Engram/menus.ui");
  return G_MENU_MODEL (gtk_builder_get_object (builder, "study_menu"));
}

static void
eg_study_window_dispose (GObject *object)
{
  EgStudyWindow *self = EG_STUDY_WINDOW (object);

  if (self->parts.draft != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->parts.draft, self);
      g_signal_handlers_disconnect_by_data (self->studying, self);
      eg_studying_pause (self->studying);
      eg_messages_end (self->messages);
    }
  g_clear_weak_pointer (&self->getting);
  g_clear_weak_pointer (&self->verifying);
  g_clear_object (&self->parts.draft);
  g_clear_object (&self->studying);
  g_clear_object (&self->messages);
  gtk_widget_dispose_template (GTK_WIDGET (object), EG_TYPE_STUDY_WINDOW);
  G_OBJECT_CLASS (eg_study_window_parent_class)->dispose (object);
}

static void
install_actions (GtkWidgetClass *widget_class)
{
  static const struct
  {
    const char *name, *parameter;
    GtkWidgetActionActivateFunc activate;
  } actions[] = {
    { "win.trace", NULL, start_action },
    { "win.stop", NULL, pause_action },
    { "win.open", NULL, open_action },
    { "win.open-study", NULL, open_study_action },
    { "win.open-demo-facts", NULL, open_demo_facts_action },
    { "win.save", NULL, save_action },
    { "win.export", NULL, export_action },
    { "win.compare", NULL, compare_action },
    { "win.show-folder", NULL, show_folder_action },
    { "win.find", NULL, find_action },
    { "win.close-tab", NULL, close_action },
    { "win.study", NULL, forward_action },
    { "win.open-model", NULL, forward_action },
    { "win.open-model-named", "s", forward_action },
    { "win.get-model", NULL, get_model_action },
    { "win.verify-model", NULL, verify_model_action },
    { "win.cancel-loading", NULL, forward_action },
    { "win.choose-tokenizer", NULL, forward_action },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (actions); i++)
    gtk_widget_class_install_action (widget_class, actions[i].name, actions[i].parameter,
                                     actions[i].activate);
}

static void
bind_template (GtkWidgetClass *widget_class)
{
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/engram_app/Engram/study-window.ui");
  gtk_widget_class_bind_template_child (widget_class, EgStudyWindow, model_button);
  gtk_widget_class_bind_template_child (widget_class, EgStudyWindow, main_button);
  gtk_widget_class_bind_template_child (widget_class, EgStudyWindow, title);
  gtk_widget_class_bind_template_child (widget_class, EgStudyWindow, start_button);
  gtk_widget_class_bind_template_child (widget_class, EgStudyWindow, start_label);
  gtk_widget_class_bind_template_child (widget_class, EgStudyWindow, pause_button);
  gtk_widget_class_bind_template_child (widget_class, EgStudyWindow, open_button);
  gtk_widget_class_bind_template_child (widget_class, EgStudyWindow, banner);
  gtk_widget_class_bind_template_child (widget_class, EgStudyWindow, toasts);
  gtk_widget_class_bind_template_child (widget_class, EgStudyWindow, content);
  gtk_widget_class_bind_template_child (widget_class, EgStudyWindow, earlier);
  gtk_widget_class_bind_template_child (widget_class, EgStudyWindow, page);
  gtk_widget_class_bind_template_callback (widget_class, on_open_earlier);
  gtk_widget_class_bind_template_callback (widget_class, on_open_fact);
}

static void
eg_study_window_class_init (EgStudyWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = eg_study_window_dispose;
  g_type_ensure (EG_TYPE_BANNER);
  g_type_ensure (EG_TYPE_MODEL_BUTTON);
  g_type_ensure (EG_TYPE_STUDY_LIST);
  g_type_ensure (EG_TYPE_STUDY_PAGE);
  bind_template (widget_class);
  install_actions (widget_class);
  signals[CHANGED] = g_signal_new ("changed", EG_TYPE_STUDY_WINDOW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                   G_TYPE_NONE, 0);
}

static void
eg_study_window_init (EgStudyWindow *self)
{
  GtkDropTarget *target = gtk_drop_target_new (GDK_TYPE_FILE_LIST, GDK_ACTION_COPY);

  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_menu_button_set_menu_model (self->main_button, get_menu ());
  g_signal_connect (target, "drop", G_CALLBACK (on_drop), self);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (target));
  eg_tooltips_give_way (GTK_WIDGET (self));
}

EgStudyWindow *
eg_study_window_new (const EgStudyParts *parts)
{
  EgStudyWindow *self
      = g_object_new (EG_TYPE_STUDY_WINDOW, "application", gtk_window_get_application (parts->window), NULL);

  self->parts = *parts;
  /* It may outlive the window that made it, when both are closed at once. */
  g_object_ref (self->parts.draft);
  self->studying = eg_studying_new (parts->folder);
  self->messages = eg_messages_new (self->banner, self->toasts);
  eg_model_button_set_loader (self->model_button, parts->loader, parts->settings);
  eg_study_page_set_studying (self->page, self->studying);
  g_object_bind_property (parts->look, "colormap", self->page, "colormap", G_BINDING_SYNC_CREATE);
  g_signal_connect_swapped (parts->draft, "changed", G_CALLBACK (update), self);
  g_signal_connect_swapped (self->studying, "state-changed", G_CALLBACK (on_state_changed), self);
  g_signal_connect (self->studying, "failed", G_CALLBACK (on_failed), self);
  eg_study_list_refresh (self->earlier, parts->folder);
  update (self);
  gtk_window_set_focus (GTK_WINDOW (self), GTK_WIDGET (self->open_button));
  return self;
}

gboolean
eg_study_window_is_empty (EgStudyWindow *self)
{
  g_return_val_if_fail (EG_IS_STUDY_WINDOW (self), FALSE);

  return eg_studying_get_state (self->studying) == EG_STUDYING_EMPTY;
}

gboolean
eg_study_window_is_running (EgStudyWindow *self)
{
  g_return_val_if_fail (EG_IS_STUDY_WINDOW (self), FALSE);

  return self->studying != NULL && eg_studying_get_state (self->studying) == EG_STUDYING_RUNNING;
}

const char *
eg_study_window_get_unfinished (EgStudyWindow *self)
{
  g_return_val_if_fail (EG_IS_STUDY_WINDOW (self), NULL);

  return self->studying != NULL ? eg_studying_get_unfinished (self->studying) : NULL;
}
