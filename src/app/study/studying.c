/* Reads facts and folders in a thread, has the study run, and keeps its rows up to date. */
#include "app/study/studying.h"

#include "app/parts/file-name.h"
#include "app/parts/hold.h"
#include "core/error.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#define MOST_FOLDERS 1000 /* of the same facts and model, with other settings each */

struct _EgStudying
{
  GObject parent_instance;
  EgStudyingState state;
  char *studies;         /* where they are made */
  char *path, *name;     /* what was read last */
  EgStudyFolder *folder; /* NULL: only facts */
  gboolean owns_folder;  /* it was begun or resumed here, and not only read */
  GListStore *rows;
  GStrv relations;
  gsize counts[EG_N_FACT_ROW_STATES];
  EgStudyValues *values; /* of what is known; NULL: there is no folder */
  gboolean lent;         /* a thread reads the values: what is new waits */
  GPtrArray *waiting;    /* of EgStudyFact */
  double rate, left;
  GCancellable *cancellable; /* of what is under way; tells it from those before; NULL: nothing is */
  EgStudyingState before;    /* where it goes back to when reading fails */
  char *opening;             /* the folder that is read, or NULL */
  char *busy;                /* of the last failure: the folder at which somebody else is at work, or NULL */
};

enum
{
  STATE_CHANGED,
  ROWS_CHANGED,
  PROGRESS,
  FAILED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (EgStudying, eg_studying, G_TYPE_OBJECT)

static void
set_state (EgStudying *self, EgStudyingState state)
{
  self->state = state;
  g_signal_emit (self, signals[STATE_CHANGED], 0);
}

/* ---- rows ---- */

static void
fill_row (EgFactRow *row, const EgStudyFact *known)
{
  row->state = (EgFactRowState)(EG_FACT_ROW_TRACED + known->state);
  row->clean = known->clean;
  row->corrupted = known->corrupted;
  g_free (row->message);
  row->message
      = known->state == EG_STUDY_UNKNOWN && known->prediction != NULL
            ? g_strdup_printf (/* TRANSLATORS: of a fact: what the model says in place of the answer. */
                               _ ("Set apart: the model predicts “%s”"), known->prediction)
            : g_strdup (known->problem);
  if (row->answer == NULL)
    row->answer = g_strdup (known->target != NULL ? known->target : known->prediction);
}

/* What a thread has read. */
typedef struct
{
  GPtrArray *rows;
  GStrv relations;
  EgStudyFolder *folder;
  EgStudyValues *values;
  gsize counts[EG_N_FACT_ROW_STATES];
} Facts;

static void
facts_free (gpointer data)
{
  Facts *self = data;

  g_ptr_array_unref (self->rows);
  g_strfreev (self->relations);
  g_clear_pointer (&self->folder, eg_study_folder_unref);
  g_clear_pointer (&self->values, eg_study_values_free);
  g_free (self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Facts, facts_free)

static Facts *
facts_new (void)
{
  Facts *self = g_new0 (Facts, 1);

  self->rows = g_ptr_array_new_with_free_func (g_object_unref);
  return self;
}

/* reader: (transfer full) (nullable): FALSE at once. */
static gboolean
read_all (Facts *self, EgFactReader *reader, GCancellable *cancellable, GError **error)
{
  g_autoptr (EgFactReader) own = reader;
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GStrvBuilder) relations = g_strv_builder_new ();

  while (own != NULL && !g_cancellable_set_error_if_cancelled (cancellable, error))
    {
      g_autoptr (EgFact) fact = NULL;
      if (!eg_fact_reader_next (own, &fact, error))
        return FALSE;
      if (fact == NULL)
        {
          self->relations = g_strv_builder_end (relations);
          self->counts[EG_FACT_ROW_WAITING] = self->rows->len;
          return TRUE;
        }
      g_ptr_array_add (self->rows, eg_fact_row_new (fact));
      if (fact->relation != NULL && g_hash_table_add (seen, g_strdup (fact->relation)))
        g_strv_builder_add (relations, fact->relation);
    }
  return FALSE;
}

/* Of what the folder knows already. */
static gboolean
fill_all (Facts *self, GCancellable *cancellable, GError **error)
{
  self->values = eg_study_values_new (eg_study_folder_get_settings (self->folder), self->rows->len);
  for (guint i = 0; i < self->rows->len; i++)
    {
      g_autoptr (EgStudyFact) known = NULL;
      EgFactRow *row = self->rows->pdata[i];
      if (g_cancellable_set_error_if_cancelled (cancellable, error)
          || !eg_study_folder_get (self->folder, i, &known, error))
        return FALSE;
      if (known == NULL)
        continue;
      fill_row (row, known);
      eg_study_values_add (self->values, known);
      self->counts[EG_FACT_ROW_WAITING]--;
      self->counts[row->state]++;
    }
  return TRUE;
}

/* folder: (transfer full) (nullable): NULL at once. (transfer full) (nullable) */
static Facts *
facts_new_of_folder (EgStudyFolder *folder, GCancellable *cancellable, GError **error)
{
  g_autoptr (Facts) self = facts_new ();

  self->folder = folder;
  if (folder == NULL || !read_all (self, eg_study_folder_read_facts (folder, error), cancellable, error)
      || !fill_all (self, cancellable, error))
    return NULL;
  return g_steal_pointer (&self);
}

/* Those that a thread reads go when it gives them back. */
static void
set_values (EgStudying *self, EgStudyValues *values)
{
  if (!self->lent)
    g_clear_pointer (&self->values, eg_study_values_free);
  self->lent = FALSE;
  g_ptr_array_set_size (self->waiting, 0);
  self->values = values;
}

static void
add_value (EgStudying *self, EgStudyFact *known)
{
  if (self->lent)
    g_ptr_array_add (self->waiting, eg_study_fact_ref (known));
  else
    eg_study_values_add (self->values, known);
}

EgStudyValues *
eg_studying_lend_values (EgStudying *self)
{
  g_return_val_if_fail (EG_IS_STUDYING (self) && !self->lent, NULL);

  self->lent = self->values != NULL;
  return self->values;
}

void
eg_studying_give_back (EgStudying *self, EgStudyValues *values)
{
  g_return_if_fail (EG_IS_STUDYING (self) && values != NULL);

  if (values != self->values || !self->lent)
    {
      eg_study_values_free (values);
      return;
    }
  self->lent = FALSE;
  for (guint i = 0; i < self->waiting->len; i++)
    eg_study_values_add (self->values, self->waiting->pdata[i]);
  g_ptr_array_set_size (self->waiting, 0);
}

static void
take_facts (EgStudying *self, Facts *facts)
{
  const guint n_before = g_list_model_get_n_items (G_LIST_MODEL (self->rows));

  g_clear_pointer (&self->folder, eg_study_folder_unref);
  self->folder = g_steal_pointer (&facts->folder);
  set_values (self, g_steal_pointer (&facts->values));
  g_strfreev (self->relations);
  self->relations = g_steal_pointer (&facts->relations);
  memcpy (self->counts, facts->counts, sizeof self->counts);
  g_list_store_splice (self->rows, 0, n_before, facts->rows->pdata, facts->rows->len);
  g_signal_emit (self, signals[ROWS_CHANGED], 0);
}

/* The place of a fact, whose index ascends, but not by ones where this is a shard; G_MAXSIZE: nowhere. */
static gsize
find_index (EgStudying *self, gsize index)
{
  guint low = 0, high = g_list_model_get_n_items (G_LIST_MODEL (self->rows));

  while (low < high)
    {
      const guint middle = low + (high - low) / 2;
      g_autoptr (EgFactRow) row = g_list_model_get_item (G_LIST_MODEL (self->rows), middle);
      if (row->index == index)
        return middle;
      if (row->index < index)
        low = middle + 1;
      else
        high = middle;
    }
  return G_MAXSIZE;
}

gsize
eg_studying_find (EgStudying *self, const EgFactRow *row)
{
  g_return_val_if_fail (EG_IS_STUDYING (self) && row != NULL, G_MAXSIZE);
  return find_index (self, row->index);
}

/* ---- reading ---- */

gboolean
eg_studying_is_folder (const char *path)
{
  g_autofree char *settings = g_build_filename (path, "study.json", NULL);
  return g_file_test (settings, G_FILE_TEST_IS_REGULAR);
}

gboolean
eg_studying_is_facts (const char *path)
{
  static const char *const endings[] = { ".jsonl", ".json", ".csv", ".tsv", ".txt" };
  g_autofree char *lower = g_ascii_strdown (path, -1);

  for (gsize i = 0; i < G_N_ELEMENTS (endings); i++)
    if (g_str_has_suffix (lower, endings[i]))
      return TRUE;
  return FALSE;
}

/* What a thread is to do: to read the path, or, with a model, to make or to find its study's folder. */
typedef struct
{
  char *path, *studies;
  EgModel *model;
  EgTraceRequest *request;
  char *busy; /* the folder that is another’s, by the thread */
} Job;

static void
job_free (gpointer data)
{
  Job *self = data;

  g_free (self->path);
  g_free (self->studies);
  g_free (self->busy);
  g_clear_pointer (&self->model, eg_model_unref);
  g_clear_pointer (&self->request, eg_trace_request_free);
  g_free (self);
}

/* "facts, demo", "facts, demo 2": without what no file name may have. (transfer full) */
static char *
propose_folder (const Job *job, guint number)
{
  g_autofree char *base = g_path_get_basename (job->path);
  char *dot = strrchr (base, '.');
  if (dot != NULL && dot != base)
    *dot = '\0';
  g_autofree char *name = number == 1
                              ? g_strdup_printf ("%s, %s", base, eg_model_get_name (job->model))
                              : g_strdup_printf ("%s, %s %u", base, eg_model_get_name (job->model), number);
  return g_build_filename (job->studies, eg_file_name_clean (name), NULL);
}

/* The folder of the same study, or the next that is free; a study that somebody else is at work on is not
 * begun a second time. (transfer full) */
static EgStudyFolder *
begin (Job *job, GError **error)
{
  g_autoptr (EgStudySettings) settings = eg_study_settings_new (job->model, job->request);

  if (!eg_study_settings_check (settings, NULL, error))
    return NULL;
  g_mkdir_with_parents (job->studies, 0700); /* what fails is said of the folder within */
  for (guint i = 1; i <= MOST_FOLDERS; i++)
    {
      g_autofree char *path = propose_folder (job, i);
      const gboolean is_there = g_file_test (path, G_FILE_TEST_EXISTS);
      g_autoptr (GError) own = NULL;
      EgStudyFolder *folder = eg_study_folder_begin (path, job->path, 0, settings, &own);
      if (folder != NULL)
        return folder;
      if (!is_there || !g_error_matches (own, EG_ERROR, EG_ERROR_INVALID) || i == MOST_FOLDERS)
        {
          if (g_error_matches (own, EG_ERROR, EG_ERROR_BUSY))
            job->busy = g_steal_pointer (&path);
          g_propagate_error (error, g_steal_pointer (&own));
          return NULL;
        }
    }
  return NULL;
}

/* (transfer full) */
static EgStudyFolder *
resume (Job *job, GError **error)
{
  g_autoptr (GError) own = NULL;
  EgStudyFolder *folder = eg_study_folder_resume (job->path, &own);

  if (g_error_matches (own, EG_ERROR, EG_ERROR_BUSY))
    job->busy = g_strdup (job->path);
  if (folder == NULL)
    g_propagate_error (error, g_steal_pointer (&own));
  return folder;
}

static void
work_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Job *job = task_data;
  const gboolean is_folder = eg_studying_is_folder (job->path);
  g_autoptr (GError) error = NULL;
  g_autoptr (Facts) facts = NULL;

  if (job->model != NULL)
    facts = facts_new_of_folder (is_folder ? resume (job, &error) : begin (job, &error), cancellable, &error);
  else if (is_folder)
    facts = facts_new_of_folder (eg_study_folder_open (job->path, &error), cancellable, &error);
  else
    {
      facts = facts_new ();
      if (!read_all (facts, eg_fact_reader_open (job->path, &error), cancellable, &error))
        g_clear_pointer (&facts, facts_free);
    }
  if (facts != NULL)
    g_task_return_pointer (task, g_steal_pointer (&facts), facts_free);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static void
work (EgStudying *self, Job *job, GAsyncReadyCallback callback)
{
  if (self->state == EG_STUDYING_READING)
    g_cancellable_cancel (self->cancellable);
  else
    self->before = self->state;
  g_clear_object (&self->cancellable);
  self->cancellable = g_cancellable_new ();
  g_free (self->opening);
  self->opening = eg_studying_is_folder (job->path) ? g_strdup (job->path) : NULL;
  g_autoptr (GTask) task = g_task_new (self, self->cancellable, callback, NULL);

  g_task_set_task_data (task, job, job_free);
  g_task_set_check_cancellable (task, FALSE);
  eg_program_hold ();
  set_state (self, EG_STUDYING_READING);
  g_task_run_in_thread (task, work_in_thread);
}

/* What a thread has read, where it is still wanted; else the state before. (transfer full) (nullable) */
static Facts *
finish_work (EgStudying *self, GAsyncResult *result)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Facts) facts = g_task_propagate_pointer (G_TASK (result), &error);

  eg_program_release ();
  if (self->cancellable != g_task_get_cancellable (G_TASK (result)))
    return NULL;
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->opening, g_free);
  if (facts != NULL)
    return g_steal_pointer (&facts);
  g_free (self->busy);
  self->busy = g_strdup (((const Job *)g_task_get_task_data (G_TASK (result)))->busy);
  set_state (self, self->before);
  if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_signal_emit (self, signals[FAILED], 0, error);
  return NULL;
}

static void
on_read (GObject *source, GAsyncResult *result, gpointer data)
{
  EgStudying *self = EG_STUDYING (source);
  const Job *job = g_task_get_task_data (G_TASK (result));
  g_autoptr (Facts) facts = finish_work (self, result);

  if (facts == NULL)
    return;
  g_free (self->path);
  self->path = g_strdup (job->path);
  g_free (self->name);
  self->name = facts->folder != NULL ? g_strdup (eg_study_folder_get_settings (facts->folder)->facts_name)
                                     : g_path_get_basename (job->path);
  self->rate = 0;
  self->left = -1;
  take_facts (self, facts);
  self->owns_folder = FALSE;
  set_state (self, self->folder == NULL                         ? EG_STUDYING_READY
                   : eg_study_folder_is_finished (self->folder) ? EG_STUDYING_FINISHED
                                                                : EG_STUDYING_PAUSED);
}

void
eg_studying_read (EgStudying *self, const char *path)
{
  g_return_if_fail (EG_IS_STUDYING (self) && self->state != EG_STUDYING_RUNNING);

  Job *job = g_new0 (Job, 1);

  job->path = g_strdup (path);
  work (self, job, on_read);
}

/* ---- running ---- */

/* What the callbacks of one run hold: a study whose window is gone finishes into nothing. */
typedef struct
{
  GWeakRef studying;
  GCancellable *cancellable;
} Run;

static void
run_free (Run *run)
{
  g_weak_ref_clear (&run->studying);
  g_object_unref (run->cancellable);
  g_free (run);
  eg_program_release ();
}

/* (transfer full): NULL when the run is no longer that of the study. */
static EgStudying *
run_get_studying (Run *run)
{
  g_autoptr (EgStudying) self = g_weak_ref_get (&run->studying);
  return self != NULL && self->cancellable == run->cancellable ? g_steal_pointer (&self) : NULL;
}

static void
on_progress (const EgStudyProgress *progress, gpointer data)
{
  g_autoptr (EgStudying) self = run_get_studying (data);

  if (self == NULL)
    return;
  self->rate = progress->rate;
  self->left = progress->left;
  const gsize at = progress->fact != NULL ? find_index (self, progress->fact->fact->index) : G_MAXSIZE;
  if (at != G_MAXSIZE)
    {
      g_autoptr (EgFactRow) row = g_list_model_get_item (G_LIST_MODEL (self->rows), (guint)at);
      self->counts[row->state]--;
      fill_row (row, progress->fact);
      self->counts[row->state]++;
      add_value (self, progress->fact);
    }
  g_signal_emit (self, signals[PROGRESS], 0);
}

static void
on_run (GObject *source, GAsyncResult *result, gpointer data)
{
  Run *run = data;
  g_autoptr (GError) error = NULL;
  const gboolean finished = eg_study_run_finish (result, &error);
  g_autoptr (EgStudying) self = run_get_studying (run);

  run_free (run);
  if (self == NULL)
    return;
  g_clear_object (&self->cancellable);
  self->left = -1;
  set_state (self, finished ? EG_STUDYING_FINISHED : EG_STUDYING_PAUSED);
  if (!finished && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_signal_emit (self, signals[FAILED], 0, error);
}

static void
run_study (EgStudying *self, EgModel *model, guint threads)
{
  Run *run = g_new0 (Run, 1);

  g_clear_object (&self->cancellable);
  self->cancellable = g_cancellable_new ();
  g_weak_ref_init (&run->studying, self);
  run->cancellable = g_object_ref (self->cancellable);
  eg_program_hold ();
  set_state (self, EG_STUDYING_RUNNING);
  eg_study_run_async (self->folder, model, threads, self->cancellable, on_progress, run, on_run, run);
}

static void
on_begun (GObject *source, GAsyncResult *result, gpointer data)
{
  EgStudying *self = EG_STUDYING (source);
  const Job *job = g_task_get_task_data (G_TASK (result));
  g_autoptr (Facts) facts = finish_work (self, result);

  if (facts == NULL)
    return;
  take_facts (self, facts);
  self->owns_folder = TRUE;
  run_study (self, job->model, job->request->threads);
}

void
eg_studying_start (EgStudying *self, EgModel *model, const EgTraceRequest *request)
{
  g_return_if_fail (EG_IS_STUDYING (self) && model != NULL && request != NULL);
  g_return_if_fail (self->state == EG_STUDYING_READY || self->state == EG_STUDYING_PAUSED);

  if (self->folder != NULL && self->owns_folder)
    {
      run_study (self, model, request->threads);
      return;
    }
  Job *job = g_new0 (Job, 1);
  job->path = g_strdup (self->path);
  job->studies = g_strdup (self->studies);
  job->model = eg_model_ref (model);
  job->request = eg_trace_request_copy (request);
  work (self, job, on_begun);
}

void
eg_studying_pause (EgStudying *self)
{
  g_return_if_fail (EG_IS_STUDYING (self));

  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
}

/* ---- the object ---- */

static void
eg_studying_dispose (GObject *object)
{
  EgStudying *self = EG_STUDYING (object);

  eg_studying_pause (self);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->folder, eg_study_folder_unref);
  set_values (self, NULL);
  g_clear_object (&self->rows);
  G_OBJECT_CLASS (eg_studying_parent_class)->dispose (object);
}

static void
eg_studying_finalize (GObject *object)
{
  EgStudying *self = EG_STUDYING (object);

  g_free (self->studies);
  g_free (self->path);
  g_free (self->opening);
  g_free (self->busy);
  g_free (self->name);
  g_strfreev (self->relations);
  g_ptr_array_unref (self->waiting);
  G_OBJECT_CLASS (eg_studying_parent_class)->finalize (object);
}

static void
eg_studying_class_init (EgStudyingClass *klass)
{
  static const char *const names[] = { "state-changed", "rows-changed", "progress" };

  G_OBJECT_CLASS (klass)->dispose = eg_studying_dispose;
  G_OBJECT_CLASS (klass)->finalize = eg_studying_finalize;
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    signals[i]
        = g_signal_new (names[i], EG_TYPE_STUDYING, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[FAILED] = g_signal_new ("failed", EG_TYPE_STUDYING, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                  G_TYPE_NONE, 1, G_TYPE_POINTER);
}

static void
eg_studying_init (EgStudying *self)
{
  self->rows = g_list_store_new (EG_TYPE_FACT_ROW);
  self->relations = g_new0 (char *, 1);
  self->waiting = g_ptr_array_new_with_free_func ((GDestroyNotify)eg_study_fact_unref);
  self->left = -1;
}

EgStudying *
eg_studying_new (const char *folder)
{
  EgStudying *self = g_object_new (EG_TYPE_STUDYING, NULL);

  self->studies = g_strdup (folder);
  return self;
}

EgStudyingState
eg_studying_get_state (EgStudying *self)
{
  return self->state;
}

GListModel *
eg_studying_get_rows (EgStudying *self)
{
  return G_LIST_MODEL (self->rows);
}

const char *const *
eg_studying_get_relations (EgStudying *self)
{
  return (const char *const *)self->relations;
}

const char *
eg_studying_get_name (EgStudying *self)
{
  return self->name;
}

EgStudyFolder *
eg_studying_get_folder (EgStudying *self)
{
  return self->folder;
}

const char *
eg_studying_get_unfinished (EgStudying *self)
{
  g_return_val_if_fail (EG_IS_STUDYING (self), NULL);

  if (self->state == EG_STUDYING_READING && self->opening != NULL)
    return self->opening;
  return self->folder != NULL && self->state != EG_STUDYING_FINISHED ? eg_study_folder_get_path (self->folder)
                                                                     : NULL;
}

const char *
eg_studying_get_busy (EgStudying *self)
{
  g_return_val_if_fail (EG_IS_STUDYING (self), NULL);

  return self->busy;
}

const EgStudySettings *
eg_studying_get_settings (EgStudying *self)
{
  return self->folder != NULL ? eg_study_folder_get_settings (self->folder) : NULL;
}

gsize
eg_studying_count (EgStudying *self, EgFactRowState state)
{
  return self->counts[state];
}

void
eg_studying_get_pace (EgStudying *self, double *rate, double *left)
{
  *rate = self->rate;
  *left = self->left;
}

EgTraceRequest *
eg_studying_make_request (EgStudying *self, const EgFactRow *row, const EgTraceRequest *settings)
{
  g_return_val_if_fail (EG_IS_STUDYING (self), NULL);

  EgTraceRequest *request
      = eg_trace_request_copy (self->folder != NULL ? eg_studying_get_settings (self)->request : settings);

  g_free (request->prompt);
  request->prompt = g_strdup (row->prompt);
  g_free (request->subject);
  request->subject = g_strdup (row->subject);
  request->subject_offset = -1;
  g_free (request->target);
  request->target = g_strdup (row->answer);
  return request;
}
