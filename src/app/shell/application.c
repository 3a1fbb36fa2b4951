/* What a command line or a desktop asks for becomes windows; actions and keys of the program. */
#include "app/shell/application.h"

#include "app/ask/prompt-menu.h"
#include "app/shell/guide-window.h"
#include "app/shell/settings.h"
#include "app/shell/tour.h"
#include "app/shell/window.h"

#include <glib/gi18n.h>

struct _EgApplication
{
  AdwApplication parent_instance;
  GSettings *settings;
  EgUnsaved *unsaved; /* NULL: there is no place for it */
};

G_DEFINE_FINAL_TYPE (EgApplication, eg_application, ADW_TYPE_APPLICATION)

static const GOptionEntry options[] = {
  { "version", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_NONE, NULL, N_ ("Print the version and exit"), NULL },
  { "model", 'm', G_OPTION_FLAG_NONE, G_OPTION_ARG_FILENAME, NULL,
    N_ ("Open the model in this folder, or of this name"), N_ ("MODEL") },
  { "prompt", 'p', G_OPTION_FLAG_NONE, G_OPTION_ARG_STRING, NULL, N_ ("Fill in this prompt"), N_ ("TEXT") },
  { "subject", 's', G_OPTION_FLAG_NONE, G_OPTION_ARG_STRING, NULL, N_ ("Mark this part of the prompt"),
    N_ ("TEXT") },
  { "trace", 't', G_OPTION_FLAG_NONE, G_OPTION_ARG_NONE, NULL, N_ ("Start the trace at once"), NULL },
  { G_OPTION_REMAINING, 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_FILENAME_ARRAY, NULL, NULL, N_ ("[FILE.npz …]") },
  { NULL },
};

/* The one that was in front last; a study's window is none. */
static EgWindow *
get_window (EgApplication *self)
{
  for (GList *l = gtk_application_get_windows (GTK_APPLICATION (self)); l != NULL; l = l->next)
    if (EG_IS_WINDOW (l->data))
      return EG_WINDOW (l->data);
  return NULL;
}

/* What a command line or a desktop asks for. */
typedef struct
{
  const char *model, *prompt, *subject;
  gboolean trace;
  char **files; /* paths, or NULL */
} Wish;

/* The first window is filled with the first example, and traced at once: the first thing that is seen is a
 * picture. Of the demo model, that is: the last model that was open may take minutes. */
static void
fill_first (EgWindow *window, const Wish *wish, const char *last_model)
{
  const char *prompt, *subject;

  eg_prompt_menu_first (&prompt, &subject);
  eg_window_set_texts (window, prompt, subject);
  eg_window_open_model (window, wish->model != NULL ? wish->model : last_model);
  if (wish->files == NULL && (wish->model != NULL || last_model == NULL))
    eg_window_trace_by_itself (window);
}

/* The one of the last time, if it is still there; NULL: the demo model. (transfer full) (nullable) */
static char *
get_last_model (EgApplication *self)
{
  g_autofree char *folder
      = self->settings != NULL ? g_settings_get_string (self->settings, "last-model") : NULL;

  return folder != NULL && g_file_test (folder, G_FILE_TEST_IS_DIR) ? g_steal_pointer (&folder) : NULL;
}

static void
fulfil (EgApplication *self, const Wish *wish)
{
  const gboolean has_texts = wish->prompt != NULL || wish->subject != NULL;
  EgWindow *window = get_window (self);
  const gboolean is_new = window == NULL;
  g_autofree char *last_model = get_last_model (self);

  if (is_new)
    window = eg_window_new (GTK_APPLICATION (self), self->settings, self->unsaved);
  if (has_texts)
    eg_window_set_texts (window, wish->prompt != NULL ? wish->prompt : "",
                         wish->subject != NULL ? wish->subject : "");
  if (is_new && !has_texts)
    fill_first (window, wish, last_model);
  else if (wish->model != NULL || is_new)
    eg_window_open_model (window, wish->model != NULL ? wish->model : last_model);
  if (wish->trace)
    eg_window_trace (window);
  /* Before the windows of studies that files bring, which are to be in front of it. */
  gtk_window_present (GTK_WINDOW (window));
  for (char **file = wish->files; file != NULL && *file != NULL; file++)
    eg_window_open_file (window, *file);
  if (is_new)
    eg_window_offer_recovery (window);
  if (is_new)
    eg_tour_offer (GTK_WINDOW (window), self->settings);
}

static void
eg_application_activate (GApplication *application)
{
  const Wish wish = { 0 };
  fulfil (EG_APPLICATION (application), &wish);
}

/* From a desktop's file manager. */
static void
eg_application_open (GApplication *application, GFile **files, int n, const char *hint)
{
  g_autoptr (GStrvBuilder) paths = g_strv_builder_new ();

  for (int i = 0; i < n; i++)
    if (g_file_peek_path (files[i]) != NULL)
      g_strv_builder_add (paths, g_file_peek_path (files[i]));
  g_auto (GStrv) all = g_strv_builder_end (paths);
  const Wish wish = { .files = all };
  fulfil (EG_APPLICATION (application), &wish);
}

/* Answered by the process that was started, before there is any display. */
static int
eg_application_handle_local_options (GApplication *application, GVariantDict *dict)
{
  if (!g_variant_dict_contains (dict, "version"))
    return -1;
  g_print ("Engram %s\n", ENGRAM_VERSION);
  return 0;
}

/* Relative to where the command was given, which may be another process. (transfer full) */
static char *
get_path (GApplicationCommandLine *command_line, const char *argument)
{
  g_autoptr (GFile) file = g_application_command_line_create_file_for_arg (command_line, argument);
  char *path = g_file_get_path (file);

  return path != NULL ? path : g_strdup (argument);
}

static int
eg_application_command_line (GApplication *application, GApplicationCommandLine *command_line)
{
  GVariantDict *dict = g_application_command_line_get_options_dict (command_line);
  Wish wish = { 0 };
  const char *model = NULL;
  g_autofree char *path = NULL;
  g_autofree const char **arguments = NULL;
  g_autoptr (GStrvBuilder) files = g_strv_builder_new ();

  g_variant_dict_lookup (dict, "model", "^&ay", &model);
  g_variant_dict_lookup (dict, "prompt", "&s", &wish.prompt);
  g_variant_dict_lookup (dict, "subject", "&s", &wish.subject);
  g_variant_dict_lookup (dict, "trace", "b", &wish.trace);
  g_variant_dict_lookup (dict, G_OPTION_REMAINING, "^a&ay", &arguments);
  if (model != NULL)
    {
      path = get_path (command_line, model);
      wish.model = g_file_test (path, G_FILE_TEST_EXISTS) ? path : model;
    }
  for (gsize i = 0; arguments != NULL && arguments[i] != NULL; i++)
    {
      g_autofree char *file = get_path (command_line, arguments[i]);
      g_strv_builder_add (files, file);
    }
  g_auto (GStrv) all = g_strv_builder_end (files);
  wish.files = arguments != NULL ? all : NULL;
  fulfil (EG_APPLICATION (application), &wish);
  return 0;
}

static gpointer
hold_window (gconstpointer window, gpointer data)
{
  return g_object_ref ((gpointer)window);
}

/* Of all windows: one that goes may take others with it. */
static void
for_each_window (GtkApplication *application, GFunc func)
{
  GList *windows = g_list_copy_deep (gtk_application_get_windows (application), hold_window, NULL);

  g_list_foreach (windows, func, NULL);
  g_list_free_full (windows, g_object_unref);
}

/* Closing gives a window its chance to put things away. Studies go with theirs, and are there again at the
 * next start. */
static void
close_main_window (gpointer window, gpointer data)
{
  if (EG_IS_WINDOW (window))
    gtk_window_close (window);
}

static void
destroy_window (gpointer window, gpointer data)
{
  gtk_window_destroy (window);
}

static void
on_quit (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  for_each_window (data, close_main_window);
}

static void
on_about (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  adw_show_about_window (gtk_application_get_active_window (data), "application-name", _ ("Engram"),
                         "application-icon", EG_APPLICATION_ID, "version", ENGRAM_VERSION, "developer-name",
                         _ ("The Engram authors"), "license-type", GTK_LICENSE_MIT_X11, "comments",
                         _ ("Causal tracing for language models: which states recall a fact"), NULL);
}

/* For scripts, which have no file dialog: over D-Bus, as the windows' own actions are not. */
static void
on_export_to (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  EgWindow *window = get_window (data);
  const char *path, *picture;

  g_variant_get (parameter, "(&s&s)", &path, &picture);
  if (window != NULL)
    eg_window_export_to (window, path, picture);
}

static EgUnsaved *
open_unsaved (void)
{
  g_autofree char *folder = eg_unsaved_get_default_folder ();
  g_autoptr (GError) error = NULL;
  EgUnsaved *unsaved = eg_unsaved_new (folder, &error);

  if (unsaved == NULL)
    g_printerr ("Engram: traces that are not saved cannot be kept: %s\n", error->message);
  return unsaved;
}

static void
on_tour (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  EgWindow *window = get_window (data);

  if (window != NULL)
    eg_tour_start (GTK_WINDOW (window));
}

static void
on_guide (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  GtkWindow *window = gtk_application_get_active_window (data);

  if (window != NULL)
    eg_guide_window_show (window);
}

static void
eg_application_startup (GApplication *application)
{
  static const GActionEntry actions[] = {
    { .name = "quit", .activate = on_quit },
    { .name = "about", .activate = on_about },
    { .name = "tour", .activate = on_tour },
    { .name = "guide", .activate = on_guide },
    { .name = "export-to", .activate = on_export_to, .parameter_type = "(ss)" },
  };
  static const struct
  {
    const char *action, *accels[4];
  } accelerators[] = {
    { "win.trace", { "<Control>Return", "F5" } },
    { "win.stop", { "Escape" } },
    { "win.open", { "<Control>o" } },
    { "win.open-model", { "<Control><Shift>o" } },
    { "win.study", { "<Control><Shift>s" } },
    { "win.find", { "<Control>f" } },
    { "win.copy", { "<Control><Shift>c" } },
    { "win.print", { "<Control>p" } },
    { "win.reopen-tab", { "<Control><Shift>t" } },
    { "win.export", { "<Control>e" } },
    { "win.save", { "<Control>s" } },
    { "win.panel", { "F9" } },
    { "win.analysis", { "F8" } },
    { "win.zoom-in", { "<Control>plus", "<Control>equal", "<Control>KP_Add" } },
    { "win.zoom-out", { "<Control>minus", "<Control>KP_Subtract" } },
    { "win.zoom-fit", { "<Control>0", "<Control>KP_0" } },
    { "win.close-tab", { "<Control>w" } },
    { "app.guide", { "F1" } },
    { "app.quit", { "<Control>q" } },
  };
  EgApplication *self = EG_APPLICATION (application);

  G_APPLICATION_CLASS (eg_application_parent_class)->startup (application);
  self->settings = eg_settings_new (EG_APPLICATION_ID);
  self->unsaved = open_unsaved ();
  g_action_map_add_action_entries (G_ACTION_MAP (self), actions, G_N_ELEMENTS (actions), self);
  for (gsize i = 0; i < G_N_ELEMENTS (accelerators); i++)
    gtk_application_set_accels_for_action (GTK_APPLICATION (self), accelerators[i].action,
                                           (const char **)accelerators[i].accels);
  gtk_window_set_default_icon_name (EG_APPLICATION_ID);
}

/* A session that ends does not ask the windows: what they have under way is put away here. */
static void
eg_application_shutdown (GApplication *application)
{
  for_each_window (GTK_APPLICATION (application), destroy_window);
  G_APPLICATION_CLASS (eg_application_parent_class)->shutdown (application);
}

static void
eg_application_finalize (GObject *object)
{
  EgApplication *self = EG_APPLICATION (object);

  g_clear_object (&self->settings);
  g_clear_pointer (&self->unsaved, eg_unsaved_free);
  G_OBJECT_CLASS (eg_application_parent_class)->finalize (object);
}

static void
eg_application_class_init (EgApplicationClass *klass)
{
  GApplicationClass *application_class = G_APPLICATION_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = eg_application_finalize;
  application_class->startup = eg_application_startup;
  application_class->shutdown = eg_application_shutdown;
  application_class->activate = eg_application_activate;
  application_class->open = eg_application_open;
  application_class->command_line = eg_application_command_line;
  application_class->handle_local_options = eg_application_handle_local_options;
}

static void
eg_application_init (EgApplication *self)
{
  GApplication *application = G_APPLICATION (self);

  g_application_add_main_option_entries (application, options);
  g_application_set_option_context_summary (
      application,
      _ ("Shows which states of a language model recall a fact: without arguments, in an example."));
}

EgApplication *
eg_application_new (void)
{
  return g_object_new (EG_TYPE_APPLICATION, "application-id", EG_APPLICATION_ID, "flags",
                       G_APPLICATION_HANDLES_COMMAND_LINE | G_APPLICATION_HANDLES_OPEN, "resource-base-path",
                       "/io/github/engram_app/Engram", "register-session", TRUE, NULL);
}
