#include "cli/corruption-options.h"

#include "cli/common.h"

#include <glib/gi18n.h>

void
cli_corruption_options_clear (CliCorruptionOptions *self)
{
  g_free (self->corrupt);
  g_free (self->scale);
  g_free (self->span);
  g_free (self->noise);
  g_free (self->samples);
  g_free (self->seed);
  g_free (self->metric);
  g_free (self->against);
  g_free (self->until_sem);
  g_free (self->max_samples);
}

/* Says that an option was typed for nothing. */
static gboolean
refuse (const char *option, const char *typed, const char *why)
{
  if (typed == NULL)
    return TRUE;
  cli_say ("%s: %s", option, why);
  return FALSE;
}

/* What a swap and noise that follows a text have no use for. Other things that do not go together are seen by
 * the request itself. */
static gboolean
check_together (const CliCorruptionOptions *self, const EgCorruption *corruption)
{
  if (corruption->kind == EG_CORRUPTION_SWAP)
    {
      const char *why = _ ("swapping the subject draws no noise and makes one run");
      return refuse ("--noise-scale", self->scale, why) && refuse ("--noise", self->noise, why)
             && refuse ("--samples", self->samples, why) && refuse ("--seed", self->seed, why)
             && refuse ("--until-sem", self->until_sem, why)
             && refuse ("--max-samples", self->max_samples, why)
             && refuse ("--replace", self->replace ? "" : NULL, why);
    }
  if (!eg_corruption_uses_level (corruption)
      && !refuse ("--noise", self->noise, _ ("noise that follows a text has the text's own level")))
    return FALSE;
  return self->until_sem != NULL
         || refuse ("--max-samples", self->max_samples, _ ("it bounds what --until-sem adds; use --samples"));
}

static gboolean
parse_numbers (const CliCorruptionOptions *self, EgTraceRequest *request)
{
  guint64 samples = request->samples, max_samples = request->max_samples, seed = request->seed;
  if ((self->samples != NULL && !cli_parse_integer ("--samples", self->samples, 1, EG_MAX_SAMPLES, &samples))
      || (self->max_samples != NULL
          && !cli_parse_integer ("--max-samples", self->max_samples, 1, EG_MAX_SAMPLES, &max_samples))
      || (self->seed != NULL && !cli_parse_integer ("--seed", self->seed, 0, G_MAXUINT32, &seed))
      || (self->noise != NULL
          && !cli_parse_number ("--noise", self->noise, 0, EG_MAX_NOISE, &request->noise_level))
      || (self->until_sem != NULL
          && !cli_parse_number ("--until-sem", self->until_sem, 0, 1e6, &request->until_sem)))
    return FALSE;
  request->samples = (guint)samples;
  request->max_samples = self->max_samples != NULL ? (guint)max_samples : MAX ((guint)samples, 1000);
  request->seed = (guint32)seed;
  return TRUE;
}

static gboolean
parse_names (const CliCorruptionOptions *self, EgTraceRequest *request, GError **error)
{
  EgCorruption *corruption = &request->corruption;
  request->all_metrics = g_strcmp0 (self->metric, "all") == 0;
  return (self->corrupt == NULL || eg_corruption_parse_kind (corruption, self->corrupt, error))
         && (self->scale == NULL || eg_corruption_parse_scale (corruption, self->scale, error))
         && (self->span == NULL || eg_corruption_parse_span (corruption, self->span, error))
         && (self->metric == NULL || request->all_metrics
             || eg_metric_from_name (self->metric, &request->metric, error));
}

gboolean
cli_corruption_options_apply (const CliCorruptionOptions *self, EgTraceRequest *request)
{
  if (!cli_check_text ("--corrupt", self->corrupt) || !cli_check_text ("--span", self->span)
      || !cli_check_text ("--metric", self->metric) || !cli_check_text ("--against", self->against))
    return FALSE;
  g_autoptr (GError) error = NULL;
  request->corruption.replace = self->replace;
  request->against = g_strdup (self->against);
  if (!parse_names (self, request, &error))
    {
      cli_fail (error);
      return FALSE;
    }
  return check_together (self, &request->corruption) && parse_numbers (self, request);
}
