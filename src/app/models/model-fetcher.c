/* Asks the Hub and fetches in a thread, while the main loop looks how far it is. */
#include "app/models/model-fetcher.h"

#include "app/parts/duration-text.h"
#include "app/parts/hold.h"
#include "library/hub/pull.h"

#include <glib/gi18n.h>

#define UPDATE_MS 200

/* How far it is: bytes, and bytes a second and seconds, negative while unknown. */
typedef struct
{
  guint64 done, total;
  double rate, left;
} Progress;

struct _EgModelFetcher
{
  GObject parent_instance;
  EgFetchState state;
  char *name, *folder, *problem;
  Progress progress;
  struct Job *job; /* of what is under way; tells it from what was before; NULL: nothing is */
  GCancellable *cancellable;
  guint timeout;
};

enum
{
  CHANGED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (EgModelFetcher, eg_model_fetcher, G_TYPE_OBJECT)

/* ---- the thread ---- */

/* What the thread knows; progress is shared while it runs.
 * @fetches: not only asks
 * @here: bytes that were here before: parts, too, which are gone on with when it is their turn
 */
typedef struct Job
{
  gatomicrefcount refs;
  char *name;
  gboolean fetches;
  guint64 here;
  GMutex mutex;
  Progress progress;
} Job;

static void
job_unref (Job *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_free (self->name);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

static void
job_tell (Job *self, Progress progress)
{
  g_mutex_lock (&self->mutex);
  self->progress = progress;
  g_mutex_unlock (&self->mutex);
}

static Progress
job_look (Job *self)
{
  g_mutex_lock (&self->mutex);
  const Progress progress = self->progress;
  g_mutex_unlock (&self->mutex);
  return progress;
}

static void
on_progress (const EgHubProgress *progress, gpointer user_data)
{
  Job *job = user_data;
  job_tell (job,
            (Progress){ MAX (progress->done, job->here), progress->total, progress->rate, progress->left });
}

static void
work_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Job *job = task_data;
  GError *error = NULL;
  g_autofree char *folder = NULL;
  g_autoptr (EgHubPlace) place = eg_hub_place_new (&error);
  g_autoptr (EgHubListing) listing
      = place != NULL ? eg_hub_list (place, job->name, NULL, cancellable, &error) : NULL;
  if (listing != NULL)
    {
      job->here = eg_hub_count_here (place, listing);
      job_tell (job, (Progress){ job->here, eg_hub_listing_get_bytes (listing), -1, -1 });
    }
  if (listing != NULL && job->fetches)
    folder = eg_hub_pull (place, listing, on_progress, job, cancellable, &error);
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, g_steal_pointer (&folder), g_free);
}

/* ---- the main loop ---- */

static void
set_state (EgModelFetcher *self, EgFetchState state)
{
  self->state = state;
  g_signal_emit (self, signals[CHANGED], 0);
}

static void
take_progress (EgModelFetcher *self)
{
  const Progress progress = job_look (self->job);
  if (progress.total > 0)
    self->progress = progress;
}

static gboolean
on_timeout (gpointer data)
{
  EgModelFetcher *self = data;
  take_progress (self);
  g_signal_emit (self, signals[CHANGED], 0);
  return G_SOURCE_CONTINUE;
}

/* What is under way is told that it is not wanted, and not listened to any more. */
static void
leave (EgModelFetcher *self)
{
  g_clear_handle_id (&self->timeout, g_source_remove);
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->job, job_unref);
  g_clear_pointer (&self->problem, g_free);
}

static void
on_worked (GObject *source, GAsyncResult *result, gpointer data)
{
  EgModelFetcher *self = EG_MODEL_FETCHER (source);
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_task_propagate_pointer (G_TASK (result), &error);

  eg_program_release ();
  if (self->job == NULL || self->job != g_task_get_task_data (G_TASK (result)))
    return;
  take_progress (self);
  leave (self);
  if (error != NULL)
    self->problem = g_strdup (error->message);
  g_free (self->folder);
  self->folder = g_steal_pointer (&folder);
  set_state (self, error != NULL ? EG_FETCH_FAILED : self->folder != NULL ? EG_FETCH_DONE : EG_FETCH_KNOWN);
}

static void
begin (EgModelFetcher *self, gboolean fetches)
{
  leave (self);
  Job *job = g_new0 (Job, 1);
  g_atomic_ref_count_init (&job->refs);
  g_mutex_init (&job->mutex);
  job->name = g_strdup (self->name);
  job->fetches = fetches;
  g_atomic_ref_count_inc (&job->refs);
  self->job = job;
  self->progress.rate = self->progress.left = -1;
  self->cancellable = g_cancellable_new ();
  g_autoptr (GTask) task = g_task_new (self, self->cancellable, on_worked, NULL);
  g_task_set_task_data (task, job, (GDestroyNotify)job_unref);
  eg_program_hold ();
  if (fetches)
    self->timeout = g_timeout_add (UPDATE_MS, on_timeout, self);
  g_task_run_in_thread (task, work_in_thread);
  set_state (self, fetches ? EG_FETCH_RUNNING : EG_FETCH_ASKING);
}

static void
eg_model_fetcher_dispose (GObject *object)
{
  leave (EG_MODEL_FETCHER (object));
  G_OBJECT_CLASS (eg_model_fetcher_parent_class)->dispose (object);
}

static void
eg_model_fetcher_finalize (GObject *object)
{
  EgModelFetcher *self = EG_MODEL_FETCHER (object);
  g_free (self->name);
  g_free (self->folder);
  G_OBJECT_CLASS (eg_model_fetcher_parent_class)->finalize (object);
}

static void
eg_model_fetcher_class_init (EgModelFetcherClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = eg_model_fetcher_dispose;
  G_OBJECT_CLASS (klass)->finalize = eg_model_fetcher_finalize;
  signals[CHANGED] = g_signal_new ("changed", EG_TYPE_MODEL_FETCHER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                   G_TYPE_NONE, 0);
}

static void
eg_model_fetcher_init (EgModelFetcher *self)
{
}

EgModelFetcher *
eg_model_fetcher_new (void)
{
  return g_object_new (EG_TYPE_MODEL_FETCHER, NULL);
}

void
eg_model_fetcher_ask (EgModelFetcher *self, const char *name)
{
  g_return_if_fail (EG_IS_MODEL_FETCHER (self) && name != NULL);

  g_free (self->name);
  self->name = g_strdup (name);
  self->progress = (Progress){ 0, 0, -1, -1 };
  begin (self, FALSE);
}

void
eg_model_fetcher_fetch (EgModelFetcher *self)
{
  g_return_if_fail (EG_IS_MODEL_FETCHER (self) && self->name != NULL);

  if (self->state != EG_FETCH_RUNNING)
    begin (self, TRUE);
}

void
eg_model_fetcher_stop (EgModelFetcher *self)
{
  g_return_if_fail (EG_IS_MODEL_FETCHER (self));

  if (self->job == NULL)
    return;
  take_progress (self);
  leave (self);
  set_state (self, EG_FETCH_STOPPED);
}

EgFetchState
eg_model_fetcher_get_state (EgModelFetcher *self)
{
  return self->state;
}

const char *
eg_model_fetcher_get_folder (EgModelFetcher *self)
{
  return self->folder;
}

const char *
eg_model_fetcher_get_problem (EgModelFetcher *self)
{
  return self->problem;
}

guint64
eg_model_fetcher_get_done (EgModelFetcher *self)
{
  return self->progress.done;
}

guint64
eg_model_fetcher_get_total (EgModelFetcher *self)
{
  return self->progress.total;
}

char *
eg_model_fetcher_describe (EgModelFetcher *self)
{
  const Progress *it = &self->progress;
  if (it->total == 0)
    return g_strdup ("");
  g_autofree char *done = g_format_size (it->done), *total = g_format_size (it->total);
  if (it->rate <= 0 || it->left < 0)
    /* TRANSLATORS: how much is here of a model's files, of how much: “120 MB of 517 MB”. */
    return g_strdup_printf (_ ("%s of %s"), done, total);
  g_autofree char *rate = g_format_size ((guint64)it->rate), *left = eg_format_duration (it->left);
  /* TRANSLATORS: how much of how much; a rate (“3.1 MB”/s); how long it still takes (“2 min 5 s”). */
  return g_strdup_printf (_ ("%s of %s · %s/s · %s left"), done, total, rate, left);
}
