/* The button, the question, the thread and the toast. */
#include "app/shell/picture-exporter.h"

#include "app/parts/file-name.h"
#include "app/parts/hold.h"

#include <glib/gi18n.h>

#define KEY "eg-picture-exporter"

/* Of the window's picture; in an atomic box, since the window may go while it is written. */
typedef struct
{
  GWeakRef toasts, parent;
  EgPictureFunc write;
  gpointer drawing;
  GDestroyNotify clear;
} Picture;

static void
picture_clear (gpointer data)
{
  Picture *self = data;

  g_weak_ref_clear (&self->toasts);
  g_weak_ref_clear (&self->parent);
  self->clear (self->drawing);
}

static void
picture_unref (gpointer data)
{
  g_atomic_rc_box_release_full (data, picture_clear);
}

void
eg_picture_ask_path (GtkWindow *window, const char *name, EgPathFunc func, gpointer data)
{
  const EgFileKind kinds[]
      = { { "svg", _ ("SVG image") }, { "pdf", _ ("PDF document") }, { "png", _ ("PNG image") } };

  eg_path_dialog_save (window, _ ("Export Figure"), name, kinds, G_N_ELEMENTS (kinds), func, data);
}

/* ---- writing ---- */

typedef struct
{
  Picture *picture;
  char *path;
} Job;

static void
job_free (gpointer data)
{
  Job *self = data;

  picture_unref (self->picture);
  g_free (self->path);
  g_free (self);
}

static void
write_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Job *job = data;
  GError *error = NULL;

  if (job->picture->write (job->picture->drawing, job->path, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

/* The window is gone: its parent says what could not be done. */
static void
show_error (GtkWindow *parent, const char *text)
{
  GtkWidget *dialog = adw_message_dialog_new (parent, _ ("Export Figure"), text);

  adw_message_dialog_add_response (ADW_MESSAGE_DIALOG (dialog), "close", _ ("_Close"));
  gtk_window_present (GTK_WINDOW (dialog));
}

static void
on_written (GObject *source, GAsyncResult *result, gpointer data)
{
  const Job *job = g_task_get_task_data (G_TASK (result));
  g_autoptr (AdwToastOverlay) toasts = g_weak_ref_get (&job->picture->toasts);
  g_autoptr (GError) error = NULL;

  eg_program_release ();
  g_task_propagate_boolean (G_TASK (result), &error);
  if (toasts == NULL)
    {
      g_autoptr (GtkWindow) parent = g_weak_ref_get (&job->picture->parent);
      if (error != NULL && parent != NULL)
        show_error (parent, error->message);
      return;
    }
  g_autofree char *name = g_path_get_basename (job->path);
  g_autofree char *text = error == NULL ? g_strdup_printf (_ ("Saved %s"), name) : g_strdup (error->message);
  g_autofree char *escaped = g_markup_escape_text (text, -1);
  AdwToast *toast = adw_toast_new (escaped);
  /* An error stays until it is closed. */
  if (error != NULL)
    adw_toast_set_timeout (toast, 0);
  adw_toast_overlay_add_toast (toasts, toast);
}

static void
on_path (GtkWindow *parent, const char *path, gpointer data)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, on_written, NULL);
  Job *job = g_new0 (Job, 1);

  *job = (Job){ g_atomic_rc_box_acquire (g_object_get_data (G_OBJECT (parent), KEY)), g_strdup (path) };
  g_task_set_task_data (task, job, job_free);
  eg_program_hold ();
  g_task_run_in_thread (task, write_in_thread);
}

/* ---- the button ---- */

static void
ask (GtkWindow *window)
{
  g_autofree char *name = eg_file_name_clean (
      g_strconcat (/* TRANSLATORS: a file’s name: the picture of two maps beside each other. */
                   _ ("comparison"), ".svg", NULL));

  eg_picture_ask_path (window, name, on_path, NULL);
}

static gboolean
on_shortcut (GtkWidget *widget, GVariant *arguments, gpointer data)
{
  ask (GTK_WINDOW (widget));
  return GDK_EVENT_STOP;
}

static void
add_button (GtkWindow *window, AdwHeaderBar *bar)
{
  GtkWidget *button = gtk_button_new_with_mnemonic (_ ("_Export Figure…"));
  GtkEventController *keys = gtk_shortcut_controller_new ();

  g_signal_connect_object (button, "clicked", G_CALLBACK (ask), window, G_CONNECT_SWAPPED);
  adw_header_bar_pack_start (bar, button);
  gtk_shortcut_controller_set_scope (GTK_SHORTCUT_CONTROLLER (keys), GTK_SHORTCUT_SCOPE_GLOBAL);
  gtk_shortcut_controller_add_shortcut (
      GTK_SHORTCUT_CONTROLLER (keys), gtk_shortcut_new (gtk_keyval_trigger_new (GDK_KEY_e, GDK_CONTROL_MASK),
                                                        gtk_callback_action_new (on_shortcut, NULL, NULL)));
  gtk_widget_add_controller (GTK_WIDGET (window), keys);
}

void
eg_picture_exporter_add (GtkWindow *window,
                         AdwHeaderBar *bar,
                         AdwToastOverlay *toasts,
                         EgPictureFunc write,
                         gpointer drawing,
                         GDestroyNotify clear)
{
  Picture *self = g_atomic_rc_box_new0 (Picture);

  *self = (Picture){ .write = write, .drawing = drawing, .clear = clear };
  g_weak_ref_init (&self->toasts, toasts);
  g_weak_ref_init (&self->parent, gtk_window_get_transient_for (window));
  if (g_object_get_data (G_OBJECT (window), KEY) == NULL)
    add_button (window, bar);
  g_object_set_data_full (G_OBJECT (window), KEY, self, picture_unref);
}
