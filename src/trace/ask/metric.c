/* The metrics: their names, and each one’s formula. */
#include "trace/ask/metric.h"

#include "core/error.h"

#include <glib/gi18n.h>
#include <math.h>

static const struct
{
  const char *name, *title;
  gboolean smaller_is_better;
} metrics[EG_N_METRICS] = {
  /* TRANSLATORS: a metric: that of the answer. */
  [EG_METRIC_PROB] = { "prob", N_ ("Probability"), FALSE },
  [EG_METRIC_LOGPROB] = { "logprob", N_ ("Log probability"), FALSE },
  /* TRANSLATORS: a metric: what the model computes of a token before it is made a probability. */
  [EG_METRIC_LOGIT] = { "logit", N_ ("Logit"), FALSE },
  [EG_METRIC_LOGIT_DIFF] = { "logit-diff", N_ ("Logit difference"), FALSE },
  [EG_METRIC_KL] = { "kl", N_ ("KL divergence"), TRUE },
  /* TRANSLATORS: a metric: the place of the answer among all tokens, by probability. */
  [EG_METRIC_RANK] = { "rank", N_ ("Rank"), TRUE },
};

const char *
eg_metric_get_name (EgMetric metric)
{
  g_return_val_if_fail (metric < EG_N_METRICS, NULL);
  return metrics[metric].name;
}

const char *
eg_metric_get_title (EgMetric metric)
{
  g_return_val_if_fail (metric < EG_N_METRICS, NULL);
  return _ (metrics[metric].title);
}

gboolean
eg_metric_is_better (EgMetric metric, double a, double b)
{
  g_return_val_if_fail (metric < EG_N_METRICS, FALSE);
  return metrics[metric].smaller_is_better ? a < b : a > b;
}

static char *
format_percent (double probability)
{
  const double value = probability * 100;
  if (value > 0 && value < 0.1)
    return g_strdup (_ ("under 0.1%"));
  if (value < 9.95 || (value > 99 && value < 99.95))
    return g_strdup_printf ("%.1f%%", value);
  return g_strdup_printf ("%.0f%%", value);
}

char *
eg_metric_format (EgMetric metric, double value)
{
  if (metric == EG_METRIC_PROB)
    return format_percent (value);
  const double size = fabs (value);
  g_autofree char *digits = g_strdup_printf (size < 0.0995 ? "%.2g" : size < 99.95 ? "%.2f" : "%.1f", size);
  return g_strconcat (value < 0 ? "−" : "", digits, NULL);
}

gboolean
eg_metric_from_name (const char *name, EgMetric *metric, GError **error)
{
  g_autoptr (GString) names = g_string_new (NULL);
  for (EgMetric m = 0; m < EG_N_METRICS; m++)
    {
      if (g_str_equal (name, metrics[m].name))
        {
          *metric = m;
          return TRUE;
        }
      g_string_append_printf (names, "%s%s", m == 0 ? "" : ", ", metrics[m].name);
    }
  g_set_error (error, EG_ERROR, EG_ERROR_INVALID,
               _ ("There is no metric “%s”; the metrics are %s; all, by itself, is all of them"), name,
               names->str);
  return FALSE;
}

/* Σ_v P_clean(v)·ln P(v), of the run whose answers these are. */
static double
expected_log_probability (const EgHeadRow *row, double weight_sum)
{
  return row->weighted / weight_sum - row->max - log (row->sum);
}

/* What rounding takes from it below 0 is put back; what is no number stays none. */
static double
divergence (const EgHeadRow *run, const EgHeadRow *clean, double weight_sum)
{
  const double kl = expected_log_probability (clean, weight_sum) - expected_log_probability (run, weight_sum);
  return kl > 0 || isnan (kl) ? kl : 0;
}

double
eg_metric_value (EgMetric metric, const EgHeadRow *run, const EgHeadRow *clean, double weight_sum)
{
  switch (metric)
    {
    case EG_METRIC_PROB:
      return exp (run->target - run->max) / run->sum;
    case EG_METRIC_LOGPROB:
      return run->target - run->max - log (run->sum);
    case EG_METRIC_LOGIT:
      return run->target;
    case EG_METRIC_LOGIT_DIFF:
      return run->target - run->against;
    case EG_METRIC_KL:
      return divergence (run, clean, weight_sum);
    case EG_METRIC_RANK:
      return isnan (run->target) ? (double)NAN : (double)run->above + 1;
    case EG_N_METRICS:
      break;
    }
  g_return_val_if_reached (NAN);
}
