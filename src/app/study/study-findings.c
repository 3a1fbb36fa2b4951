/* Has summaries made of what is known, as often as they take little of the time. */
#include "app/study/study-findings.h"

#include "app/parts/hold.h"

#define LEAST_MS    500 /* between two computations */
#define PAUSES      5   /* so many times as long as one takes, the next one waits */
#define MOST_VALUES 1e7 /* facts by layers by sites: with more, intervals would take minutes */

struct _EgStudyFindings
{
  GObject parent_instance;
  EgStudying *studying;
  GPtrArray *summaries; /* of EgStudySummary: all facts', then each relation's; NULL: none yet */
  gboolean computing, outdated;
  guint timeout;
  guint generation; /* of facts: what is computed of those before is not shown */
  gint64 duration;  /* of the last computation, µs */
};

enum
{
  CHANGED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (EgStudyFindings, eg_study_findings, G_TYPE_OBJECT)

typedef struct
{
  EgStudyValues *values; /* lent */
  guint n_resamples, generation;
  gint64 start;
} Job;

static void
compute_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const Job *job = task_data;
  GPtrArray *summaries = g_ptr_array_new_with_free_func ((GDestroyNotify)eg_study_summary_free);

  for (gssize i = -1; i < (gssize)job->values->relations->len; i++)
    g_ptr_array_add (summaries, eg_study_summary_new (job->values, i, job->n_resamples));
  g_task_return_pointer (task, summaries, (GDestroyNotify)g_ptr_array_unref);
}

static void schedule (EgStudyFindings *self);

static void
on_computed (GObject *source, GAsyncResult *result, gpointer data)
{
  EgStudyFindings *self = EG_STUDY_FINDINGS (source);
  const Job *job = g_task_get_task_data (G_TASK (result));
  g_autoptr (GPtrArray) summaries = g_task_propagate_pointer (G_TASK (result), NULL);

  eg_program_release ();
  self->computing = FALSE;
  eg_studying_give_back (self->studying, job->values);
  if (job->generation == self->generation)
    {
      self->duration = g_get_monotonic_time () - job->start;
      g_clear_pointer (&self->summaries, g_ptr_array_unref);
      self->summaries = g_steal_pointer (&summaries);
      g_signal_emit (self, signals[CHANGED], 0);
    }
  if (self->outdated)
    schedule (self);
}

/* Whether the study rests, and so few numbers that intervals are soon there. */
static gboolean
wants_intervals (EgStudyFindings *self, const EgStudyValues *values)
{
  const EgStudySettings *settings = values->settings;
  const double n = (double)values->rows->len * (double)settings->n_layers * (double)settings->n_sites;

  return eg_studying_get_state (self->studying) != EG_STUDYING_RUNNING && n <= MOST_VALUES;
}

static void
compute (EgStudyFindings *self)
{
  EgStudyValues *values = eg_studying_lend_values (self->studying);
  Job *job = g_new0 (Job, 1);
  g_autoptr (GTask) task = g_task_new (self, NULL, on_computed, NULL);

  self->outdated = FALSE;
  g_task_set_task_data (task, job, g_free);
  if (values == NULL)
    return;
  *job = (Job){ values, wants_intervals (self, values) ? EG_STATISTICS_RESAMPLES : 0, self->generation,
                g_get_monotonic_time () };
  self->computing = TRUE;
  eg_program_hold ();
  g_task_run_in_thread (task, compute_in_thread);
}

static gboolean
on_timeout (gpointer data)
{
  EgStudyFindings *self = data;

  self->timeout = 0;
  compute (self);
  return G_SOURCE_REMOVE;
}

static void
schedule (EgStudyFindings *self)
{
  self->outdated = TRUE;
  if (self->computing || self->timeout != 0)
    return;
  self->timeout = g_timeout_add (MAX (LEAST_MS, (guint)(PAUSES * self->duration / 1000)), on_timeout, self);
}

/* Other facts: what was said of those before holds no more. */
static void
on_rows_changed (EgStudyFindings *self)
{
  g_clear_pointer (&self->summaries, g_ptr_array_unref);
  self->duration = 0;
  self->generation++;
  g_signal_emit (self, signals[CHANGED], 0);
  schedule (self);
}

static void
on_state_changed (EgStudyFindings *self)
{
  const EgStudyingState state = eg_studying_get_state (self->studying);

  if (state == EG_STUDYING_PAUSED || state == EG_STUDYING_FINISHED)
    schedule (self);
}

static void
eg_study_findings_dispose (GObject *object)
{
  EgStudyFindings *self = EG_STUDY_FINDINGS (object);

  g_clear_handle_id (&self->timeout, g_source_remove);
  if (self->studying != NULL)
    g_signal_handlers_disconnect_by_data (self->studying, self);
  g_clear_object (&self->studying);
  g_clear_pointer (&self->summaries, g_ptr_array_unref);
  G_OBJECT_CLASS (eg_study_findings_parent_class)->dispose (object);
}

static void
eg_study_findings_class_init (EgStudyFindingsClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = eg_study_findings_dispose;
  signals[CHANGED] = g_signal_new ("changed", EG_TYPE_STUDY_FINDINGS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                   G_TYPE_NONE, 0);
}

static void
eg_study_findings_init (EgStudyFindings *self)
{
}

EgStudyFindings *
eg_study_findings_new (EgStudying *studying)
{
  EgStudyFindings *self = g_object_new (EG_TYPE_STUDY_FINDINGS, NULL);

  self->studying = g_object_ref (studying);
  g_signal_connect_swapped (studying, "rows-changed", G_CALLBACK (on_rows_changed), self);
  g_signal_connect_swapped (studying, "progress", G_CALLBACK (schedule), self);
  g_signal_connect_swapped (studying, "state-changed", G_CALLBACK (on_state_changed), self);
  return self;
}

const EgStudySummary *
eg_study_findings_get (EgStudyFindings *self, const char *relation)
{
  g_return_val_if_fail (EG_IS_STUDY_FINDINGS (self), NULL);

  for (guint i = 0; self->summaries != NULL && i < self->summaries->len; i++)
    {
      const EgStudySummary *summary = self->summaries->pdata[i];
      if (g_strcmp0 (summary->relation, relation) == 0)
        return summary;
    }
  return NULL;
}

const EgStudySummary *const *
eg_study_findings_get_relations (EgStudyFindings *self, gsize *n)
{
  g_return_val_if_fail (EG_IS_STUDY_FINDINGS (self), NULL);

  *n = self->summaries != NULL ? self->summaries->len - 1 : 0;
  return self->summaries != NULL ? (const EgStudySummary *const *)self->summaries->pdata + 1 : NULL;
}

GPtrArray *
eg_study_findings_hold (EgStudyFindings *self)
{
  g_return_val_if_fail (EG_IS_STUDY_FINDINGS (self), NULL);

  return self->summaries != NULL ? g_ptr_array_ref (self->summaries) : NULL;
}
