/* Work is counted in a thread after a pause of the edits; rates are kept for the program. */
#include "app/shell/expected-time.h"

#include "app/parts/hold.h"
#include "preview/worth.h"
#include "trace/plan/expected-work.h"

#include <math.h>

#define PAUSE_MS 200

/* Of a run over few rows, products reach n / (n + this) of the rate of wide ones (OpenBLAS, one core: 46 of
 * 236 GFLOP/s at 10 rows, 181 at 60). */
#define HALF_RATE_ROWS 40.0

/* Floating-point operations of a trace, and of its estimate. */
typedef struct
{
  double trace, estimate;
} Work;

struct _EgExpectedTime
{
  GObject parent_instance;
  EgDraft *draft;
  guint timeout;          /* 0: no pause is waited for */
  GCancellable *counting; /* NULL: nothing is counted */
  Work work;              /* of the draft; NaN: not known */
};

enum
{
  CHANGED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (EgExpectedTime, eg_expected_time, G_TYPE_OBJECT)

/* ---- rates ---- */

typedef struct
{
  double flops_per_second;
  gboolean measured; /* by a trace */
} Rate;

static GHashTable *
get_rates (void)
{
  static GHashTable *rates; /* of Rate, by model and device */

  if (rates == NULL)
    rates = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return rates;
}

/* (transfer full) */
static char *
make_key (EgModel *model, const EgDevice *device)
{
  g_autofree char *name = eg_device_get_name (device);
  return g_strdup_printf ("%s\n%s", name, eg_model_get_folder (model));
}

/* What a trace has measured is not guessed again. */
static void
put_rate (char *key, double flops, double seconds, gboolean measured)
{
  const Rate *before = g_hash_table_lookup (get_rates (), key);

  if (!(flops > 0) || !(seconds > 0) || (!measured && before != NULL && before->measured))
    {
      g_free (key);
      return;
    }
  Rate *rate = g_new (Rate, 1);
  *rate = (Rate){ flops / seconds, measured };
  g_hash_table_replace (get_rates (), key, rate);
}

/* ---- counting ---- */

typedef struct
{
  EgModel *model;
  EgTraceRequest *request;
  gsize n_tokens; /* of a prediction; 0: the work of the request's trace is counted */
  double seconds; /* that it took; NaN: of a draft */
} Count;

static void
count_free (gpointer data)
{
  Count *self = data;

  eg_model_unref (self->model);
  eg_trace_request_free (self->request);
  g_free (self);
}

/* A prediction is the processor's, whatever traces. */
static gboolean
may_take_gpu (const EgDevice *device)
{
  if (device->kind != EG_DEVICE_AUTO)
    return device->kind == EG_DEVICE_CUDA;
  g_autoptr (GPtrArray) gpus = eg_device_list_cuda (NULL);
  return gpus != NULL;
}

/* What wide products would have done in the time of this narrow one. */
static double
count_prediction (const Count *self)
{
  const double rows = (double)self->n_tokens;

  return may_take_gpu (&self->request->device)
             ? NAN
             : eg_expected_work_of_run (self->model, self->n_tokens) * (rows + HALF_RATE_ROWS) / rows;
}

static void
count_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const Count *count = task_data;
  const Work work = { count->n_tokens > 0 ? count_prediction (count)
                                          : eg_expected_work (count->model, count->request, NULL),
                      eg_preview_expected_work (count->model, count->request) };

  g_task_return_pointer (task, g_memdup2 (&work, sizeof work), g_free);
}

static void
on_counted (GObject *source, GAsyncResult *result, gpointer data)
{
  EgExpectedTime *self = EG_EXPECTED_TIME (source);
  const Count *count = g_task_get_task_data (G_TASK (result));
  g_autofree Work *work = g_task_propagate_pointer (G_TASK (result), NULL);

  eg_program_release ();
  if (work == NULL)
    return; /* cancelled */
  if (isnan (count->seconds))
    {
      self->work = *work;
      g_clear_object (&self->counting);
    }
  else
    put_rate (make_key (count->model, &count->request->device), work->trace, count->seconds,
              count->n_tokens == 0);
  g_signal_emit (self, signals[CHANGED], 0);
}

static void
start_counting (EgExpectedTime *self,
                EgModel *model,
                const EgTraceRequest *request,
                gsize n_tokens,
                double seconds,
                GCancellable *cancellable)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, on_counted, NULL);
  Count *count = g_new (Count, 1);

  *count = (Count){ eg_model_ref (model), eg_trace_request_copy (request), n_tokens, seconds };
  g_task_set_task_data (task, count, count_free);
  eg_program_hold ();
  g_task_run_in_thread (task, count_in_thread);
}

static gboolean
on_pause (gpointer data)
{
  EgExpectedTime *self = data;

  self->timeout = 0;
  self->counting = g_cancellable_new ();
  start_counting (self, eg_draft_get_model (self->draft), eg_draft_get_request (self->draft), 0, NAN,
                  self->counting);
  return G_SOURCE_REMOVE;
}

static void
forget (EgExpectedTime *self)
{
  g_clear_handle_id (&self->timeout, g_source_remove);
  if (self->counting != NULL)
    g_cancellable_cancel (self->counting);
  g_clear_object (&self->counting);
  self->work = (Work){ NAN, NAN };
}

static void
on_draft_changed (EgExpectedTime *self)
{
  forget (self);
  if (eg_draft_can_trace (self->draft, NULL))
    self->timeout = g_timeout_add (PAUSE_MS, on_pause, self);
  g_signal_emit (self, signals[CHANGED], 0);
}

/* ---- the object ---- */

static void
eg_expected_time_dispose (GObject *object)
{
  EgExpectedTime *self = EG_EXPECTED_TIME (object);

  forget (self);
  g_clear_object (&self->draft);
  G_OBJECT_CLASS (eg_expected_time_parent_class)->dispose (object);
}

static void
eg_expected_time_class_init (EgExpectedTimeClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = eg_expected_time_dispose;
  signals[CHANGED] = g_signal_new ("changed", EG_TYPE_EXPECTED_TIME, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                   G_TYPE_NONE, 0);
}

static void
eg_expected_time_init (EgExpectedTime *self)
{
  self->work = (Work){ NAN, NAN };
}

EgExpectedTime *
eg_expected_time_new (EgDraft *draft)
{
  EgExpectedTime *self = g_object_new (EG_TYPE_EXPECTED_TIME, NULL);

  self->draft = g_object_ref (draft);
  g_signal_connect_object (draft, "changed", G_CALLBACK (on_draft_changed), self, G_CONNECT_SWAPPED);
  return self;
}

static double
get_seconds (EgExpectedTime *self, const EgDevice *device, double flops)
{
  EgModel *model = eg_draft_get_model (self->draft);

  if (model == NULL || isnan (flops))
    return NAN;
  g_autofree char *key = make_key (model, device);
  const Rate *rate = g_hash_table_lookup (get_rates (), key);
  return rate != NULL ? flops / rate->flops_per_second : NAN;
}

double
eg_expected_time_get (EgExpectedTime *self)
{
  g_return_val_if_fail (EG_IS_EXPECTED_TIME (self), NAN);

  return get_seconds (self, &eg_draft_get_request (self->draft)->device, self->work.trace);
}

/* By the processor, whose rate is not known where a GPU traces. */
double
eg_expected_time_get_estimate (EgExpectedTime *self)
{
  g_return_val_if_fail (EG_IS_EXPECTED_TIME (self), NAN);

  const EgDevice *device = &eg_draft_get_request (self->draft)->device;
  return may_take_gpu (device) ? NAN : get_seconds (self, device, self->work.estimate);
}

void
eg_expected_time_learn_from_prediction (EgExpectedTime *self, EgModel *model, const EgPrediction *prediction)
{
  g_return_if_fail (EG_IS_EXPECTED_TIME (self) && prediction != NULL);

  start_counting (self, model, eg_draft_get_request (self->draft), prediction->n_tokens, prediction->seconds,
                  NULL);
}

void
eg_expected_time_learn_from_trace (EgExpectedTime *self, EgModel *model, const EgTraceResult *result)
{
  g_return_if_fail (EG_IS_EXPECTED_TIME (self));

  /* Of a part of its cells, no work is counted. */
  if (!result->estimated)
    start_counting (self, model, result->request, 0, result->seconds, NULL);
}
