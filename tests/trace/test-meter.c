/* Every metric that a meter reads is what the run's logits say, taken by themselves in double precision. */
#include "golden.h"

#include "core/error.h"
#include "trace/run/clean-run.h"
#include "trace/run/meter.h"

#include <math.h>
#include <string.h>

#define PROMPT "The Eiffel Tower is in"

typedef struct
{
  EgModel *model;
  EgTraceRequest *request;
  EgTraceInput *input;
  EgWorkspace *clean, *other; /* the prompt's run, and a run of another one */
  EgMeter meter;
  gsize n;
  double *logits, *of_other; /* [n] */
} Metering;

static double *
take_logits (EgWorkspace *workspace, gsize n)
{
  g_autofree float *logits = g_new (float, n);
  double *wide = g_new (double, n);
  g_assert_true (eg_workspace_logits (workspace, 0, logits, NULL));
  for (gsize v = 0; v < n; v++)
    wide[v] = (double)logits[v];
  return wide;
}

static EgWorkspace *
run_text (EgModel *model, const char *text)
{
  EgWorkspace *workspace = eg_workspace_new (eg_model_get_network (model), 1);
  g_autoptr (GArray) tokens = eg_tokenizer_encode (eg_model_get_tokenizer (model), text, -1, NULL);
  g_autofree guint32 *ids = g_new (guint32, tokens->len);
  for (guint t = 0; t < tokens->len; t++)
    ids[t] = g_array_index (tokens, EgToken, t).id;
  g_assert_true (eg_clean_run (workspace, ids, tokens->len, NULL, NULL, NULL));
  return workspace;
}

/* Takes the request over. */
static void
metering_init (Metering *self, const char *name, EgTraceRequest *request)
{
  g_autoptr (GError) error = NULL;
  *self = (Metering){ .model = golden_open (name), .request = request };
  self->n = eg_model_get_sizes (self->model)->vocab_size;
  self->input = eg_trace_input_new (request, self->model, NULL, &error);
  g_assert_no_error (error);
  self->clean = run_text (self->model, PROMPT);
  self->other = run_text (self->model, "The old town of Rome");
  self->logits = take_logits (self->clean, self->n);
  self->of_other = take_logits (self->other, self->n);
  eg_meter_init (&self->meter, self->model, request);
}

static void
metering_clear (Metering *self)
{
  eg_meter_clear (&self->meter);
  eg_workspace_free (self->clean);
  eg_workspace_free (self->other);
  eg_trace_input_free (self->input);
  eg_trace_request_free (self->request);
  eg_model_unref (self->model);
  g_free (self->logits);
  g_free (self->of_other);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Metering, metering_clear)

static EgTraceRequest *
new_request (gboolean all, const char *target, const char *against)
{
  EgTraceRequest *request = eg_trace_request_new (PROMPT, "Eiffel Tower");
  request->all_metrics = all;
  request->target = g_strdup (target);
  request->against = g_strdup (against);
  return request;
}

static gsize
highest (const double *logits, gsize n)
{
  gsize best = 0;
  for (gsize v = 1; v < n; v++)
    if (logits[v] > logits[best])
      best = v;
  return best;
}

static double
log_sum (const double *logits, gsize n)
{
  const double max = logits[highest (logits, n)];
  double sum = 0;
  for (gsize v = 0; v < n; v++)
    sum += exp (logits[v] - max);
  return max + log (sum);
}

/* By the metric's definition. */
static double
expected_of (const Metering *self, EgMetric metric, const double *logits)
{
  const gsize target = self->meter.query.target;
  const double log_probability = logits[target] - log_sum (logits, self->n);
  double kl = 0;
  gsize rank = 1;
  for (gsize v = 0; v < self->n; v++)
    {
      const double of_clean = self->logits[v] - log_sum (self->logits, self->n);
      kl += exp (of_clean) * (of_clean - (logits[v] - log_sum (logits, self->n)));
      rank += logits[v] > logits[target];
    }
  const double values[EG_N_METRICS] = {
    [EG_METRIC_PROB] = exp (log_probability),
    [EG_METRIC_LOGPROB] = log_probability,
    [EG_METRIC_LOGIT] = logits[target],
    [EG_METRIC_LOGIT_DIFF] = logits[target] - logits[self->meter.query.against],
    [EG_METRIC_KL] = kl,
    [EG_METRIC_RANK] = (double)rank,
  };
  return values[metric];
}

static void
test_values (gconstpointer name)
{
  g_auto (Metering) it;
  g_autoptr (GError) error = NULL;
  metering_init (&it, name, new_request (TRUE, NULL, " old"));
  g_assert_true (eg_meter_aim (&it.meter, it.input, it.clean, 0, NULL, 0, &error));
  g_assert_cmpuint (it.meter.n_metrics, ==, EG_N_METRICS);
  g_assert_cmpuint (it.meter.query.target, ==, highest (it.logits, it.n));
  g_assert_cmpuint (it.meter.query.against, ==, it.input->against_id);
  double clean[EG_N_METRICS], other[EG_N_METRICS];
  eg_meter_read (&it.meter, it.clean, 1, TRUE, clean);
  eg_meter_read (&it.meter, it.other, 1, FALSE, other);
  g_assert_true (eg_meter_check (&it.meter, it.clean, &error));
  for (gsize m = 0; m < EG_N_METRICS; m++)
    {
      const EgMetric metric = it.meter.metrics[m];
      g_assert_cmpfloat_with_epsilon (clean[m], expected_of (&it, metric, it.logits), 1e-5);
      g_assert_cmpfloat_with_epsilon (other[m], expected_of (&it, metric, it.of_other), 1e-5);
      if (metric == EG_METRIC_KL)
        g_assert_true (clean[m] == 0 && other[m] > 0.1);
    }
}

/* A named target; the main metric first; logit-diff only where something stands against the target. */
static void
test_which (void)
{
  EgTraceRequest *request = new_request (TRUE, " old", NULL);
  request->metric = EG_METRIC_KL;
  g_auto (Metering) it;
  metering_init (&it, "expand2", request);
  g_assert_cmpint (it.meter.metrics[0], ==, EG_METRIC_KL);
  g_assert_cmpuint (it.meter.n_metrics, ==, EG_N_METRICS - 1);
  g_assert_false (eg_meter_has (&it.meter, EG_METRIC_LOGIT_DIFF));
  g_assert_true (eg_meter_aim (&it.meter, it.input, it.clean, 0, NULL, 0, NULL));
  g_assert_cmpuint (it.meter.query.target, ==, it.input->target_id);
  g_assert_true (it.meter.query.rank && it.meter.query.weights != NULL);

  g_auto (Metering) one;
  metering_init (&one, "expand2", new_request (FALSE, NULL, NULL));
  g_assert_true (eg_meter_aim (&one.meter, one.input, one.clean, 0, NULL, 0, NULL));
  g_assert_true (one.meter.n_metrics == 1 && eg_meter_has (&one.meter, EG_METRIC_PROB));
  g_assert_true (!one.meter.query.rank && one.meter.query.weights == NULL);
}

/* After a swap, the swapped prompt's own answer stands against the clean one's. */
static void
test_against_a_swap (void)
{
  EgTraceRequest *request = new_request (FALSE, NULL, NULL);
  g_autoptr (GError) error = NULL;
  request->metric = EG_METRIC_LOGIT_DIFF;
  g_assert_true (eg_corruption_parse_kind (&request->corruption, "swap:Rome", NULL));
  g_auto (Metering) it;
  metering_init (&it, "expand2", request);
  g_assert_true (eg_meter_aim (&it.meter, it.input, it.clean, 0, it.other, 0, &error));
  g_assert_cmpuint (it.meter.query.against, ==, highest (it.of_other, it.n));
  /* The same answer on both sides is nothing to measure. */
  g_assert_false (eg_meter_aim (&it.meter, it.input, it.clean, 0, it.clean, 0, &error));
  g_assert_error (error, EG_ERROR, EG_ERROR_INVALID);
  g_assert_nonnull (strstr (error->message, "are the same"));
}

/* Among all metrics it is one without a number, and no error. */
static void
test_no_difference (void)
{
  EgTraceRequest *request = new_request (TRUE, NULL, NULL);
  g_assert_true (eg_corruption_parse_kind (&request->corruption, "swap:Rome", NULL));
  g_auto (Metering) it;
  double values[EG_N_METRICS];
  metering_init (&it, "expand2", request);
  g_assert_true (eg_meter_aim (&it.meter, it.input, it.clean, 0, it.clean, 0, NULL));
  eg_meter_read (&it.meter, it.clean, 1, TRUE, values);
  for (gsize m = 0; m < it.meter.n_metrics; m++)
    g_assert_true ((isnan (values[m]) != 0) == (it.meter.metrics[m] == EG_METRIC_LOGIT_DIFF));
}

/* Rows of a run that grew beyond all numbers: no metric takes them for a good answer. */
static void
test_no_numbers (void)
{
  const EgHeadRow clean = { .max = 2, .sum = 1.5, .target = 2, .against = 1, .weighted = 1.75 };
  const double none = (double)NAN;
  const EgHeadRow lost = { none, none, none, none, none, 0 };
  for (EgMetric m = 0; m < EG_N_METRICS; m++)
    {
      g_assert_true (isnan (eg_metric_value (m, &lost, &clean, 1)));
      g_assert_false (isnan (eg_metric_value (m, &clean, &clean, 1)));
    }
  g_auto (Metering) it;
  g_autoptr (GError) error = NULL;
  metering_init (&it, "expand2", new_request (FALSE, NULL, NULL));
  it.meter.clean = lost;
  g_assert_false (eg_meter_check (&it.meter, it.clean, &error));
  g_assert_error (error, EG_ERROR, EG_ERROR_INVALID);
  g_assert_nonnull (strstr (error->message, "is no number"));
}

int
main (int argc, char **argv)
{
  static const char *const models[] = { "expand2", "gpt2-hub", "neox-pythia", NULL };
  g_test_init (&argc, &argv, NULL);
  golden_add_tests (models, "/meter/*/metrics-are-what-the-logits-say", test_values);
  g_test_add_func ("/meter/measures-what-was-asked-for", test_which);
  g_test_add_func ("/meter/a-swap-stands-against-the-clean-answer", test_against_a_swap);
  g_test_add_func ("/meter/no-difference-is-no-number", test_no_difference);
  g_test_add_func ("/meter/no-numbers-are-no-answer", test_no_numbers);
  return g_test_run ();
}
