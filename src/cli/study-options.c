/* What each of a study's facts is asked. */
#include "cli/study-options.h"

#include "core/number.h"
#include "study/settings.h"

#include <glib/gi18n.h>

void
cli_study_options_clear (CliStudyOptions *self)
{
  cli_request_options_clear (&self->request);
  g_free (self->folder);
  g_free (self->limit_text);
  g_free (self->min_effect_text);
}

/* (transfer full) */
static GOptionEntry *
join (const GOptionEntry *first, const GOptionEntry *second)
{
  GArray *entries = g_array_new (TRUE, TRUE, sizeof (GOptionEntry));
  for (const GOptionEntry *it = first; it->long_name != NULL; it++)
    g_array_append_vals (entries, it, 1);
  for (const GOptionEntry *it = second; it->long_name != NULL; it++)
    g_array_append_vals (entries, it, 1);
  return (GOptionEntry *)(void *)g_array_free (entries, FALSE);
}

gboolean
cli_study_options_parse (CliStudyOptions *self,
                         CliOptions *options,
                         const CliCommand *command,
                         const GOptionEntry *own,
                         int argc,
                         char **argv,
                         const char **facts,
                         int *status)
{
  const GOptionEntry shared[] = {
    { "limit", 0, 0, G_OPTION_ARG_FILENAME, &self->limit_text, N_ ("Only the first N facts"), "N" },
    { "min-effect", 0, 0, G_OPTION_ARG_FILENAME, &self->min_effect_text,
      N_ ("Set facts apart where corruption takes less than this part of the probability (default: 0.05)"),
      "PART" },
    { "estimate", 0, 0, G_OPTION_ARG_NONE, &self->plan.estimate,
      N_ ("Estimate all facts to first order, in place of tracing them"), NULL },
    { NULL },
  };
  EgTraceField fields[EG_N_FIELDS + 1];
  cli_study_plan_init (&self->plan);
  eg_study_settings_list_fields (fields);
  g_autofree GOptionEntry *more = join (own, shared);
  g_autofree GOptionEntry *entries = cli_request_options_list (&self->request, fields, more);
  return cli_options_parse (options, command, entries, argc, argv, status)
         && cli_options_get_argument (options, _ ("file of facts"), facts, status);
}

static gboolean
read_numbers (CliStudyOptions *self)
{
  guint64 limit = 0;
  if (self->limit_text != NULL && !cli_parse_integer ("--limit", self->limit_text, 1, CLI_STUDY_MAX, &limit))
    return FALSE;
  self->plan.limit = (gsize)limit;
  /* What is no number is refused as one that is out of bounds. */
  if (self->min_effect_text != NULL
      && !eg_parse_number ("--min-effect", self->min_effect_text, -1, 1, &self->plan.min_effect, NULL))
    self->plan.min_effect = -1;
  return TRUE;
}

/* What is wrong whatever the model, as eg_study_settings_check() says it. */
static gboolean
check (const CliStudyOptions *self, EgTraceRequest *request)
{
  g_autoptr (GError) error = NULL;
  const EgStudySettings settings = { .request = request,
                                     .min_effect = self->plan.min_effect,
                                     .is_estimated = self->plan.estimate,
                                     .shard = self->plan.shard,
                                     .n_shards = self->plan.n_shards };
  if (self->request.texts[EG_FIELD_ESTIMATE_STEPS] != NULL && !self->plan.estimate)
    cli_say (_ ("--ig means something beside --estimate alone"));
  else if (!eg_study_settings_check (&settings, NULL, &error))
    cli_fail (error);
  else
    return TRUE;
  return FALSE;
}

EgTraceRequest *
cli_study_options_make_request (CliStudyOptions *self, const CliOptions *options)
{
  g_autoptr (EgTraceRequest) request = eg_trace_request_new (NULL, NULL);
  if (!read_numbers (self) || !cli_request_options_apply (&self->request, request) || !check (self, request))
    return NULL;
  request->device = options->device;
  return g_steal_pointer (&request);
}
