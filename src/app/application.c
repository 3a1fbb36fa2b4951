#include "app/application.h"

#include "app/prompt-menu.h"
#include "app/settings.h"
#include "app/tour.h"
#include "app/window.h"

#include <glib/gi18n.h>

struct _EgApplication
{
  AdwApplication parent_instance;
  GSettings *settings;
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
  { NULL },
};

static EgWindow *
get_window (EgApplication *self)
{
  GtkWindow *window = gtk_application_get_active_window (GTK_APPLICATION (self));
  return window != NULL && EG_IS_WINDOW (window) ? EG_WINDOW (window) : NULL;
}

/* The first window is filled with the first example, and traced at once: the first thing that is seen is a
 * picture. */
static EgWindow *
ensure_window (
    EgApplication *self, const char *model, const char *prompt, const char *subject, gboolean trace)
{
  EgWindow *window = get_window (self);
  const gboolean is_new = window == NULL;

  if (is_new)
    window = eg_window_new (self);
  if (prompt != NULL || subject != NULL)
    eg_window_set_texts (window, prompt != NULL ? prompt : "", subject != NULL ? subject : "");
  else if (is_new)
    {
      eg_prompt_menu_first (&prompt, &subject);
      eg_window_set_texts (window, prompt, subject);
      trace = TRUE;
    }
  if (model != NULL || is_new)
    eg_window_open_model (window, model);
  if (trace)
    eg_window_trace (window);
  gtk_window_present (GTK_WINDOW (window));
  if (is_new)
    eg_tour_offer (GTK_WINDOW (window), self->settings);
  return window;
}

static void
eg_application_activate (GApplication *application)
{
  ensure_window (EG_APPLICATION (application), NULL, NULL, NULL, FALSE);
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

static int
eg_application_command_line (GApplication *application, GApplicationCommandLine *command_line)
{
  GVariantDict *dict = g_application_command_line_get_options_dict (command_line);
  const char *model = NULL, *prompt = NULL, *subject = NULL;
  g_autofree char *path = NULL;
  gboolean trace = FALSE;

  g_variant_dict_lookup (dict, "model", "^&ay", &model);
  g_variant_dict_lookup (dict, "prompt", "&s", &prompt);
  g_variant_dict_lookup (dict, "subject", "&s", &subject);
  g_variant_dict_lookup (dict, "trace", "b", &trace);
  if (model != NULL)
    {
      /* Relative to where the command was given, which may be another process. */
      g_autoptr (GFile) file = g_application_command_line_create_file_for_arg (command_line, model);
      path = g_file_get_path (file);
      if (path == NULL || !g_file_test (path, G_FILE_TEST_EXISTS))
        {
          g_free (path);
          path = g_strdup (model);
        }
    }
  ensure_window (EG_APPLICATION (application), path, prompt, subject, trace);
  return 0;
}

static void
on_quit (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  /* Closing gives every window its chance to put things away. */
  for (GList *l = g_list_copy (gtk_application_get_windows (data)); l != NULL; l = g_list_delete_link (l, l))
    gtk_window_close (l->data);
}

static void
on_about (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  adw_show_about_window (gtk_application_get_active_window (data), "application-name", _ ("Engram"),
                         "application-icon", EG_APPLICATION_ID, "version", ENGRAM_VERSION, "developer-name",
                         _ ("The Engram authors"), "license-type", GTK_LICENSE_MIT_X11, "comments",
                         _ ("Causal tracing for Mamba language models: which states recall a fact"), NULL);
}

/* For scripts and tests, which have no file dialog: over D-Bus, as the windows' own actions are not. */
static void
on_export_to (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  EgWindow *window = get_window (data);

  if (window != NULL)
    eg_window_export_to (window, g_variant_get_string (parameter, NULL));
}

static void
on_tour (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  GtkWindow *window = gtk_application_get_active_window (data);

  if (window != NULL)
    eg_tour_start (window);
}

static void
eg_application_startup (GApplication *application)
{
  static const GActionEntry actions[] = {
    { .name = "quit", .activate = on_quit },
    { .name = "about", .activate = on_about },
    { .name = "tour", .activate = on_tour },
    { .name = "export-to", .activate = on_export_to, .parameter_type = "s" },
  };
  static const struct
  {
    const char *action, *accels[4];
  } accelerators[] = {
    { "win.trace", { "<Control>Return", "F5" } },
    { "win.stop", { "Escape" } },
    { "win.open-model", { "<Control>o" } },
    { "win.export", { "<Control>e" } },
    { "win.save", { "<Control>s" } },
    { "win.panel", { "F9" } },
    { "win.analysis", { "F8" } },
    { "win.zoom-in", { "<Control>plus", "<Control>equal", "<Control>KP_Add" } },
    { "win.zoom-out", { "<Control>minus", "<Control>KP_Subtract" } },
    { "win.zoom-fit", { "<Control>0", "<Control>KP_0" } },
    { "window.close", { "<Control>w" } },
    { "app.quit", { "<Control>q" } },
  };
  EgApplication *self = EG_APPLICATION (application);

  G_APPLICATION_CLASS (eg_application_parent_class)->startup (application);
  self->settings = eg_settings_new (EG_APPLICATION_ID);
  g_action_map_add_action_entries (G_ACTION_MAP (self), actions, G_N_ELEMENTS (actions), self);
  for (gsize i = 0; i < G_N_ELEMENTS (accelerators); i++)
    gtk_application_set_accels_for_action (GTK_APPLICATION (self), accelerators[i].action,
                                           (const char **)accelerators[i].accels);
  gtk_window_set_default_icon_name (EG_APPLICATION_ID);
}

static void
eg_application_finalize (GObject *object)
{
  g_clear_object (&EG_APPLICATION (object)->settings);
  G_OBJECT_CLASS (eg_application_parent_class)->finalize (object);
}

static void
eg_application_class_init (EgApplicationClass *klass)
{
  GApplicationClass *application_class = G_APPLICATION_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = eg_application_finalize;
  application_class->startup = eg_application_startup;
  application_class->activate = eg_application_activate;
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
      _ ("Shows which states of a Mamba language model recall a fact: without arguments, in an example."));
}

EgApplication *
eg_application_new (void)
{
  return g_object_new (EG_TYPE_APPLICATION, "application-id", EG_APPLICATION_ID, "flags",
                       G_APPLICATION_HANDLES_COMMAND_LINE, "resource-base-path",
                       "/io/github/engram_app/Engram", NULL);
}

GSettings *
eg_application_get_settings (EgApplication *self)
{
  return self->settings;
}

void
eg_application_hold_default (void)
{
  if (g_application_get_default () != NULL)
    g_application_hold (g_application_get_default ());
}

void
eg_application_release_default (void)
{
  if (g_application_get_default () != NULL)
    g_application_release (g_application_get_default ());
}
