/* A study's threads: each takes the next fact that nothing is known of, until there is none. */
#include "study/study-run.h"

#include "core/error.h"
#include "core/processors.h"
#include "study/results-file.h"
#include "study/trace-fact.h"
#include "trace/run/waiting.h"

#include <glib/gi18n.h>
#include <pthread.h>

#define MAX_THREADS 256

/**
 * @model: as it is placed; @start: when it began, microseconds
 * @lock: of all that is below; @moved: a fact is done
 * @n_new: facts of this run; @n_active: facts under way
 */
typedef struct
{
  int refs;
  EgStudyFolder *folder;
  EgModel *model;
  guint n_threads;
  GCancellable *cancellable;
  GMainContext *context;
  EgStudyProgressFunc progress;
  gpointer progress_data;
  gint64 start;
  pthread_mutex_t lock;
  pthread_cond_t moved;
  EgFactReader *reader;
  GError *error;
  gsize n_new, n_active;
} Run;

static Run *
run_ref (Run *self)
{
  __atomic_add_fetch (&self->refs, 1, __ATOMIC_RELAXED);
  return self;
}

static void
run_unref (gpointer data)
{
  Run *self = data;
  if (__atomic_sub_fetch (&self->refs, 1, __ATOMIC_ACQ_REL) > 0)
    return;
  g_clear_pointer (&self->folder, eg_study_folder_unref);
  eg_model_unref (self->model);
  g_clear_object (&self->cancellable);
  g_main_context_unref (self->context);
  g_clear_pointer (&self->reader, eg_fact_reader_free);
  g_clear_error (&self->error);
  pthread_mutex_destroy (&self->lock);
  pthread_cond_destroy (&self->moved);
  g_free (self);
}

/* ---- telling ---- */

/* A fact on its way to the caller's main context. */
typedef struct
{
  Run *run;
  EgStudyProgress progress;
} News;

static void
news_free (gpointer data)
{
  News *self = data;
  if (self->progress.fact != NULL)
    eg_study_fact_unref (self->progress.fact);
  eg_study_folder_unref (self->progress.folder);
  run_unref (self->run);
  g_free (self);
}

static gboolean
tell_in_context (gpointer data)
{
  News *self = data;
  self->run->progress (&self->progress, self->run->progress_data);
  return G_SOURCE_REMOVE;
}

/* With the lock, so that news come in their order. fact: or NULL */
static void
tell (Run *self, EgStudyFact *fact)
{
  if (self->progress == NULL)
    return;
  News *news = g_new0 (News, 1);
  EgStudyProgress *progress = &news->progress;
  news->run = run_ref (self);
  progress->folder = eg_study_folder_ref (self->folder);
  progress->fact = fact != NULL ? eg_study_fact_ref (fact) : NULL;
  progress->done = eg_study_folder_count_done (self->folder);
  progress->total = eg_study_folder_count_facts (self->folder);
  eg_study_folder_count_states (self->folder, progress->counts);
  progress->elapsed = (double)(g_get_monotonic_time () - self->start) / G_USEC_PER_SEC;
  progress->rate = self->n_new > 0 ? (double)self->n_new / progress->elapsed : 0;
  progress->left = self->n_new > 0 ? (double)(progress->total - progress->done) / progress->rate : -1;
  g_autoptr (GSource) source = g_idle_source_new ();
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, tell_in_context, news, news_free);
  g_source_attach (source, self->context);
}

/* ---- working ---- */

/* The next fact that nothing is known of; NULL when there is none, or no more is to be done. With the lock.
 */
static EgFact *
take_fact (Run *self)
{
  g_autoptr (EgFact) fact = NULL;
  do
    {
      g_clear_pointer (&fact, eg_fact_free);
      if (self->error != NULL || g_cancellable_set_error_if_cancelled (self->cancellable, &self->error)
          || !eg_fact_reader_next (self->reader, &fact, &self->error))
        return NULL;
    }
  while (fact != NULL && eg_study_folder_has (self->folder, fact->index));
  if (fact == NULL || fact->index < eg_study_folder_get_settings (self->folder)->n_facts)
    return g_steal_pointer (&fact);
  eg_error_invalid (&self->error, _ ("The folder “%s” has another study, which differs in %s"),
                    eg_study_folder_get_path (self->folder), _ ("the facts"));
  return NULL;
}

/* Where memory is short because others use it, it may do once one of them is done: FALSE where there is none.
 */
static gboolean
wait_for_memory (Run *self, const GError *error)
{
  if (!g_error_matches (error, EG_ERROR, EG_ERROR_MEMORY))
    return FALSE;
  pthread_mutex_lock (&self->lock);
  const gboolean waits = self->n_active > 1;
  const gsize n_new = self->n_new;
  self->n_active--;
  while (waits && self->n_active > 0 && self->n_new == n_new && self->error == NULL)
    pthread_cond_wait (&self->moved, &self->lock);
  self->n_active++;
  pthread_mutex_unlock (&self->lock);
  return waits;
}

/* (transfer full) */
static EgStudyFact *
run_fact (Run *self, EgFactTracer *tracer, const EgFact *fact, GError **error)
{
  for (;;)
    {
      GError *problem = NULL;
      EgStudyFact *found = eg_fact_tracer_run (tracer, eg_fact_copy (fact), &problem);
      if (found != NULL)
        return found;
      if (!wait_for_memory (self, problem))
        {
          if (!g_error_matches (problem, G_IO_ERROR, G_IO_ERROR_CANCELLED))
            /* TRANSLATORS: what a fact is called; a sentence about what went wrong follows. */
            g_prefix_error (&problem, _ ("Fact “%s”: "), fact->id);
          g_propagate_error (error, problem);
          return NULL;
        }
      g_error_free (problem);
    }
}

/* (transfer full) error */
static void
take_result (Run *self, EgStudyFact *found, GError *error)
{
  if (found != NULL)
    eg_study_folder_add (self->folder, found, &error);
  pthread_mutex_lock (&self->lock);
  if (error == NULL)
    {
      self->n_new++;
      tell (self, found);
    }
  else if (self->error == NULL)
    self->error = g_steal_pointer (&error);
  g_clear_error (&error);
  self->n_active--;
  pthread_cond_broadcast (&self->moved);
  pthread_mutex_unlock (&self->lock);
}

static gpointer
work (gpointer data)
{
  Run *self = data;
  g_autoptr (EgFactTracer) tracer
      = eg_fact_tracer_new (self->model, eg_study_folder_get_settings (self->folder), self->cancellable);
  for (;;)
    {
      pthread_mutex_lock (&self->lock);
      g_autoptr (EgFact) fact = take_fact (self);
      self->n_active += fact != NULL;
      pthread_mutex_unlock (&self->lock);
      if (fact == NULL)
        return NULL;
      GError *error = NULL;
      g_autoptr (EgStudyFact) found = run_fact (self, tracer, fact, &error);
      take_result (self, found, error);
    }
}

static void
work_with_threads (Run *self)
{
  g_autofree GThread **threads = g_new0 (GThread *, self->n_threads);
  /* Where there is none to be had, the others take its work. */
  for (guint i = 1; i < self->n_threads; i++)
    threads[i] = g_thread_try_new ("engram-study", work, self, NULL);
  work (self);
  for (guint i = 1; i < self->n_threads; i++)
    if (threads[i] != NULL)
      g_thread_join (threads[i]);
}

/* The model on the device that the study is to be computed on. */
static gboolean
place (Run *self, GError **error)
{
  const EgTraceRequest *request = eg_study_folder_get_settings (self->folder)->request;
  if (request->device.kind == EG_DEVICE_CPU)
    return TRUE;
  EgBackend *backend = eg_device_open (&request->device, error);
  EgModel *placed = backend != NULL ? eg_model_place (self->model, backend, error) : NULL;
  if (placed == NULL)
    return FALSE;
  eg_model_unref (self->model);
  self->model = placed;
  if (backend->n_lanes > 0)
    self->n_threads = MIN (self->n_threads, (guint)backend->n_lanes);
  return TRUE;
}

/* The model in its place, and the facts, if the shard has any. */
static gboolean
prepare (Run *self, GError **error)
{
  if (!eg_study_settings_check_model (eg_study_folder_get_settings (self->folder), self->model, NULL, error)
      || !place (self, error))
    return FALSE;
  if (eg_study_folder_count_facts (self->folder) > 0)
    self->reader = eg_study_folder_read_facts (self->folder, error);
  return self->reader != NULL || eg_study_folder_count_facts (self->folder) == 0;
}

static void
run_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Run *self = data;
  GError *error = NULL;
  self->start = g_get_monotonic_time ();
  if (prepare (self, &error))
    {
      pthread_mutex_lock (&self->lock);
      tell (self, NULL);
      pthread_mutex_unlock (&self->lock);
      if (self->reader != NULL)
        work_with_threads (self);
      error = g_steal_pointer (&self->error);
    }
  if (error == NULL)
    eg_study_finish (self->folder, &error);
  /* The task may live on for a moment: the folder is free as soon as the caller hears of the end. */
  g_clear_pointer (&self->folder, eg_study_folder_unref);
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

/* ---- from outside ---- */

void
eg_study_run_async (EgStudyFolder *folder,
                    EgModel *model,
                    guint threads,
                    GCancellable *cancellable,
                    EgStudyProgressFunc progress,
                    gpointer progress_data,
                    GAsyncReadyCallback callback,
                    gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  Run *self = g_new0 (Run, 1);
  *self = (Run){ .refs = 1,
                 .folder = eg_study_folder_ref (folder),
                 .model = eg_model_ref (eg_model_get_origin (model)),
                 .n_threads = threads > 0 ? MIN (threads, MAX_THREADS) : eg_processors_available (),
                 .cancellable = cancellable != NULL ? g_object_ref (cancellable) : NULL,
                 .context = g_main_context_ref_thread_default (),
                 .progress = progress,
                 .progress_data = progress_data };
  pthread_mutex_init (&self->lock, NULL);
  pthread_cond_init (&self->moved, NULL);
  g_task_set_source_tag (task, eg_study_run_async);
  g_task_set_task_data (task, self, run_unref);
  g_task_run_in_thread (task, run_in_thread);
}

gboolean
eg_study_run_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* ---- waiting for it ---- */

gboolean
eg_study_run (EgStudyFolder *folder,
              EgModel *model,
              guint threads,
              GCancellable *cancellable,
              EgStudyProgressFunc progress,
              gpointer progress_data,
              GError **error)
{
  EgWaiting waiting;
  eg_waiting_begin (&waiting);
  eg_study_run_async (folder, model, threads, cancellable, progress, progress_data, eg_waiting_callback,
                      &waiting);
  g_autoptr (GAsyncResult) answer = eg_waiting_end (&waiting);
  return eg_study_run_finish (answer, error);
}
