/* Some cells by the device and by the reference, in a thread that the main loop looks after. */
#include "app/models/verify-dialog.h"

#include "app/parts/hold.h"
#include "app/parts/later.h"
#include "app/parts/progress-view.h"
#include "trace/run/verify.h"

#include <glib/gi18n.h>

#define UPDATE_MS 100
#define MARGIN    24

struct _EgVerifyDialog
{
  AdwWindow parent_instance;
  EgProgressView *progress;
  GCancellable *cancellable;
  struct Job *job; /* while it runs */
  guint timeout;
};

G_DEFINE_FINAL_TYPE (EgVerifyDialog, eg_verify_dialog, ADW_TYPE_WINDOW)

/* What the thread knows; per_mille is all that it shares while it runs. */
typedef struct Job
{
  gatomicrefcount refs;
  GWeakRef dialog;
  EgModel *model;
  EgDevice device;
  int per_mille;
  EgVerification found;
  char *device_name; /* as it was placed */
} Job;

static void
job_unref (gpointer data)
{
  Job *self = data;

  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_weak_ref_clear (&self->dialog);
  eg_model_unref (self->model);
  g_free (self->device_name);
  g_free (self);
}

/* ---- in the thread ---- */

static void
on_progress (double done, gpointer data)
{
  g_atomic_int_set (&((Job *)data)->per_mille, (int)(1000 * done));
}

static void
verify_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Job *job = task_data;
  GError *error = NULL;

  if (eg_verify_on_device (job->model, &job->device, cancellable, on_progress, job, &job->found,
                           &job->device_name, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

/* ---- what is shown ---- */

static gboolean
on_timeout (gpointer data)
{
  EgVerifyDialog *self = data;
  const double done = g_atomic_int_get (&self->job->per_mille) / 1000.0;
  g_autofree char *text = g_strdup_printf ("%.0f%%", 100 * done);

  eg_progress_view_show (self->progress, done, text);
  return G_SOURCE_CONTINUE;
}

/* (transfer full) */
static char *
describe (const Job *job)
{
  return g_strdup_printf (
      /* TRANSLATORS: how many cells of a trace; the device, as “cpu”; a difference of two probabilities, as
       * 3.1e-07; the numbers of a layer and of a token. */
      _ ("Of %zu cells computed by %s, the one farthest from double precision is off by %.1e (layer %zu, "
         "token "
         "%zu)"),
      job->found.n_cells, job->device_name, job->found.largest, job->found.layer, job->found.position);
}

static void
on_verified (GObject *source, GAsyncResult *result, gpointer data)
{
  const Job *job = g_task_get_task_data (G_TASK (result));
  g_autoptr (EgVerifyDialog) self = g_weak_ref_get (&((Job *)(gpointer)job)->dialog);
  g_autoptr (GError) error = NULL;
  const gboolean ok = g_task_propagate_boolean (G_TASK (result), &error);

  eg_program_release ();
  if (self == NULL || g_cancellable_is_cancelled (self->cancellable))
    return;
  g_clear_handle_id (&self->timeout, g_source_remove);
  g_clear_pointer (&self->job, job_unref);
  g_autofree char *sentence = ok ? describe (job) : g_strdup (error->message);
  eg_progress_view_end (self->progress, sentence);
}

static void
begin (EgVerifyDialog *self, EgModel *model, const EgDevice *device)
{
  g_autoptr (GTask) task = g_task_new (NULL, self->cancellable, on_verified, NULL);

  self->job = g_new0 (Job, 1);
  g_atomic_ref_count_init (&self->job->refs);
  g_weak_ref_init (&self->job->dialog, self);
  self->job->model = eg_model_ref (eg_model_get_origin (model));
  self->job->device = *device;
  g_atomic_ref_count_inc (&self->job->refs);
  g_task_set_task_data (task, self->job, job_unref);
  self->timeout = g_timeout_add (UPDATE_MS, on_timeout, self);
  eg_program_hold ();
  g_task_run_in_thread (task, verify_in_thread);
}

/* ---- the object ---- */

static void
on_stop (EgVerifyDialog *self)
{
  eg_destroy_later (GTK_WINDOW (self));
}

static void
eg_verify_dialog_dispose (GObject *object)
{
  EgVerifyDialog *self = EG_VERIFY_DIALOG (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_handle_id (&self->timeout, g_source_remove);
  g_clear_pointer (&self->job, job_unref);
  G_OBJECT_CLASS (eg_verify_dialog_parent_class)->dispose (object);
}

static void
eg_verify_dialog_finalize (GObject *object)
{
  g_object_unref (EG_VERIFY_DIALOG (object)->cancellable);
  G_OBJECT_CLASS (eg_verify_dialog_parent_class)->finalize (object);
}

static void
eg_verify_dialog_class_init (EgVerifyDialogClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = eg_verify_dialog_dispose;
  G_OBJECT_CLASS (klass)->finalize = eg_verify_dialog_finalize;
}

static void
eg_verify_dialog_init (EgVerifyDialog *self)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
  GtkWidget *progress
      = eg_progress_view_new (_ ("Computing some cells as traces do, and in double precision"));

  self->cancellable = g_cancellable_new ();
  self->progress = EG_PROGRESS_VIEW (progress);
  g_signal_connect_swapped (progress, "stop", G_CALLBACK (on_stop), self);
  gtk_widget_set_vexpand (progress, TRUE);
  gtk_widget_set_margin_start (progress, MARGIN);
  gtk_widget_set_margin_end (progress, MARGIN);
  gtk_widget_set_margin_bottom (progress, MARGIN);
  gtk_box_append (GTK_BOX (box), adw_header_bar_new ());
  gtk_box_append (GTK_BOX (box), progress);
  adw_window_set_content (ADW_WINDOW (self), box);
  gtk_window_set_default_size (GTK_WINDOW (self), 420, 260);
  gtk_window_set_destroy_with_parent (GTK_WINDOW (self), TRUE);
}

GtkWindow *
eg_verify_dialog_show (GtkWindow *parent, EgModel *model, const EgDevice *device)
{
  EgVerifyDialog *self = g_object_new (EG_TYPE_VERIFY_DIALOG, "transient-for", parent, NULL);
  /* TRANSLATORS: a window’s title: a model, whose numbers are looked at. */
  g_autofree char *title = g_strdup_printf (_ ("Verify %s"), eg_model_get_name (model));

  gtk_window_set_title (GTK_WINDOW (self), title);
  begin (self, model, device);
  gtk_window_present (GTK_WINDOW (self));
  return GTK_WINDOW (self);
}
