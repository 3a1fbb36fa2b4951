/* A study's beginning. */
#include "cli/study-begin.h"

#include "core/error.h"
#include "core/number.h"
#include "study/facts.h"

#include <glib/gi18n.h>

void
cli_study_plan_init (CliStudyPlan *self)
{
  *self = (CliStudyPlan){ .min_effect = EG_STUDY_MIN_EFFECT, .shard = 1, .n_shards = 1 };
}

gboolean
cli_study_plan_read_shard (CliStudyPlan *self, const char *text, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (text, "/", 2);
  guint64 shard, n_shards;
  if (g_strv_length (parts) != 2)
    return eg_error_invalid (error, _ ("--shard is I/N, the Ith of N parts: 2/7"));
  if (!eg_parse_integer ("--shard", parts[1], 1, CLI_STUDY_MAX, &n_shards, error)
      || !eg_parse_integer ("--shard", parts[0], 1, n_shards, &shard, error))
    return FALSE;
  self->shard = (gsize)shard;
  self->n_shards = (gsize)n_shards;
  return TRUE;
}

EgStudyFolder *
cli_study_begin (const CliStudyPlan *self,
                 const char *folder,
                 const char *facts,
                 EgModel *model,
                 const EgTraceRequest *request,
                 EgTraceField *which,
                 GError **error)
{
  g_autoptr (EgStudySettings) settings = eg_study_settings_new (model, request);
  settings->is_estimated = self->estimate;
  settings->min_effect = self->min_effect;
  settings->shard = self->shard;
  settings->n_shards = self->n_shards;
  return eg_study_settings_check (settings, which, error)
                 && eg_study_settings_check_model (settings, model, which, error)
             ? eg_study_folder_begin (folder, facts, self->limit, settings, error)
             : NULL;
}

char *
cli_study_find_facts (const char *facts)
{
  char *demo = g_str_equal (facts, "demo") && !g_file_test (facts, G_FILE_TEST_EXISTS) ? eg_facts_find_demo ()
                                                                                       : NULL;
  return demo != NULL ? demo : g_strdup (facts);
}
