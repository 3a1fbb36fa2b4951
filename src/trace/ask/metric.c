/* The metrics: their names, and each one’s formula. */
#include "trace/ask/metric.h"

#include "core/error.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

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

/* Between 0.1% and 10%, and again near all of it, a tenth says something. */
static int
percent_decimals (double percent)
{
  return percent < 9.95 || (percent > 99 && percent < 99.95) ? 1 : 0;
}

static char *
format_percent (double probability)
{
  const double percent = probability * 100;
  if (percent > 0 && percent < 0.1)
    return g_strdup (_ ("under 0.1%"));
  /* TRANSLATORS: a percentage and its decimals; in some languages a no-break space comes before the sign. */
  return g_strdup_printf (_ ("%.*f%%"), percent_decimals (percent), percent);
}

/* No "-0.00", and the sign as it is typeset. */
static char *
format_fixed (double value, int decimals)
{
  g_autofree char *digits = g_strdup_printf ("%.*f", decimals, fabs (value));
  return g_strconcat (value < 0 && strspn (digits, "0.,") < strlen (digits) ? "−" : "", digits, NULL);
}

char *
eg_metric_format (EgMetric metric, double value)
{
  if (metric == EG_METRIC_PROB)
    return format_percent (value);
  const double size = fabs (value);
  if (size >= 0.0995)
    return format_fixed (value, size < 99.95 ? 2 : 1);
  g_autofree char *digits = g_strdup_printf ("%.2g", size);
  return g_strconcat (value < 0 ? "−" : "", digits, NULL);
}

char *
eg_metric_format_with_error (EgMetric metric, double value, double sem)
{
  g_autofree char *number = NULL, *error = NULL;
  if (metric == EG_METRIC_PROB)
    {
      const double percent = value * 100, shown = sem * 100;
      if (isnan (sem) || shown < 0.05)
        return eg_metric_format (metric, value);
      const int decimals = shown < 0.95 ? 1 : percent_decimals (percent);
      number = g_strdup_printf (_ ("%.*f%%"), decimals, percent);
      error = g_strdup_printf (_ ("%.*f%%"), decimals, shown);
    }
  else
    {
      if (isnan (sem) || sem < 0.005)
        return eg_metric_format (metric, value);
      const int decimals = fabs (value) >= 99.95 && sem >= 0.05 ? 1 : 2;
      number = format_fixed (value, decimals);
      error = format_fixed (sem, decimals);
    }
  return g_strdup_printf ("%s ± %s", number, error);
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
  return eg_error_invalid (error,
                           _ ("There is no metric “%s”; the metrics are %s; all, by itself, is all of them"),
                           name, names->str);
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
