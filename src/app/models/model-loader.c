/* Opens a model and reads its weights in a thread, while the main loop looks how far it is. */
#include "app/models/model-loader.h"

#include "app/parts/hold.h"

#define UPDATE_MS 100

struct _EgModelLoader
{
  GObject parent_instance;
  EgModel *model;
  char *asked_for;
  GCancellable *cancellable; /* of what is being loaded; tells it from what was before */
  struct Job *job;
  guint timeout;
};

enum
{
  CHANGED,
  LOADED,
  FAILED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (EgModelLoader, eg_model_loader, G_TYPE_OBJECT)

/* What the thread knows; per_mille is all that it shares while it runs. */
typedef struct Job
{
  gatomicrefcount refs;
  char *name, *given, *setting;
  int per_mille;
} Job;

static void
job_unref (Job *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_free (self->name);
  g_free (self->given);
  g_free (self->setting);
  g_free (self);
}

static void
load_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Job *job = task_data;
  const EgTokenizerChoice choice = { job->given, job->setting };
  GError *error = NULL;
  g_autoptr (EgModel) model = eg_model_open_with_tokenizer (job->name, &choice, cancellable, &error);
  const gsize n = model != NULL ? eg_model_get_n_tensors (model) : 0;
  const double all = model != NULL ? (double)eg_model_get_n_bytes (model) : 0;
  gsize done = 0;

  for (gsize i = 0; i < n && !g_cancellable_is_cancelled (cancellable); i++)
    {
      done += eg_model_prefetch (model, i);
      g_atomic_int_set (&job->per_mille, (int)(1000.0 * (double)done / all));
    }
  if (model != NULL)
    g_task_return_pointer (task, g_steal_pointer (&model), (GDestroyNotify)eg_model_unref);
  else
    g_task_return_error (task, error);
}

static void
stop (EgModelLoader *self)
{
  g_clear_handle_id (&self->timeout, g_source_remove);
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->job, job_unref);
}

static void
on_loaded (GObject *source, GAsyncResult *result, gpointer data)
{
  EgModelLoader *self = EG_MODEL_LOADER (source);
  g_autoptr (GError) error = NULL;
  g_autoptr (EgModel) model = g_task_propagate_pointer (G_TASK (result), &error);

  eg_program_release ();
  if (self->cancellable != g_task_get_cancellable (G_TASK (result)))
    return;
  stop (self);
  if (model != NULL)
    {
      g_clear_pointer (&self->model, eg_model_unref);
      self->model = g_steal_pointer (&model);
    }
  g_signal_emit (self, signals[CHANGED], 0);
  if (error != NULL)
    g_signal_emit (self, signals[FAILED], 0, error);
  else
    g_signal_emit (self, signals[LOADED], 0);
}

static gboolean
on_timeout (gpointer data)
{
  g_signal_emit (data, signals[CHANGED], 0);
  return G_SOURCE_CONTINUE;
}

static void
eg_model_loader_dispose (GObject *object)
{
  EgModelLoader *self = EG_MODEL_LOADER (object);

  stop (self);
  g_clear_pointer (&self->model, eg_model_unref);
  G_OBJECT_CLASS (eg_model_loader_parent_class)->dispose (object);
}

static void
eg_model_loader_finalize (GObject *object)
{
  g_free (EG_MODEL_LOADER (object)->asked_for);
  G_OBJECT_CLASS (eg_model_loader_parent_class)->finalize (object);
}

static void
eg_model_loader_class_init (EgModelLoaderClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = eg_model_loader_dispose;
  G_OBJECT_CLASS (klass)->finalize = eg_model_loader_finalize;
  signals[CHANGED] = g_signal_new ("changed", EG_TYPE_MODEL_LOADER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                   G_TYPE_NONE, 0);
  signals[LOADED]
      = g_signal_new ("loaded", EG_TYPE_MODEL_LOADER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[FAILED] = g_signal_new ("failed", EG_TYPE_MODEL_LOADER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                  G_TYPE_NONE, 1, G_TYPE_POINTER);
}

static void
eg_model_loader_init (EgModelLoader *self)
{
}

EgModelLoader *
eg_model_loader_new (void)
{
  return g_object_new (EG_TYPE_MODEL_LOADER, NULL);
}

void
eg_model_loader_open (EgModelLoader *self, const char *name, const EgTokenizerChoice *choice)
{
  g_return_if_fail (EG_IS_MODEL_LOADER (self) && name != NULL);

  Job *job = g_new0 (Job, 1);
  g_atomic_ref_count_init (&job->refs);
  job->name = g_strdup (name);
  job->given = choice != NULL ? g_strdup (choice->given) : NULL;
  job->setting = choice != NULL ? g_strdup (choice->setting) : NULL;

  stop (self);
  g_free (self->asked_for);
  self->asked_for = g_strdup (job->name);
  self->cancellable = g_cancellable_new ();
  self->job = job;
  g_atomic_ref_count_inc (&job->refs);
  g_autoptr (GTask) task = g_task_new (self, self->cancellable, on_loaded, NULL);
  g_task_set_task_data (task, job, (GDestroyNotify)job_unref);
  eg_program_hold ();
  self->timeout = g_timeout_add (UPDATE_MS, on_timeout, self);
  g_signal_emit (self, signals[CHANGED], 0);
  g_task_run_in_thread (task, load_in_thread);
}

void
eg_model_loader_show (EgModelLoader *self, EgModel *model)
{
  g_return_if_fail (EG_IS_MODEL_LOADER (self) && model != NULL);

  stop (self);
  g_free (self->asked_for);
  self->asked_for = g_strdup (eg_model_get_folder (model));
  eg_model_ref (model);
  g_clear_pointer (&self->model, eg_model_unref);
  self->model = model;
  g_signal_emit (self, signals[CHANGED], 0);
  g_signal_emit (self, signals[LOADED], 0);
}

void
eg_model_loader_cancel (EgModelLoader *self)
{
  g_return_if_fail (EG_IS_MODEL_LOADER (self));

  if (self->cancellable == NULL)
    return;
  stop (self);
  g_signal_emit (self, signals[CHANGED], 0);
}

EgModel *
eg_model_loader_get_model (EgModelLoader *self)
{
  return self->model;
}

gboolean
eg_model_loader_is_loading (EgModelLoader *self)
{
  return self->cancellable != NULL;
}

double
eg_model_loader_get_progress (EgModelLoader *self)
{
  return self->job != NULL ? g_atomic_int_get (&self->job->per_mille) / 1000.0 : 0;
}

const char *
eg_model_loader_get_asked_for (EgModelLoader *self)
{
  return self->asked_for;
}
