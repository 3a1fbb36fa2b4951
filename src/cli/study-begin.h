/* A study's beginning, for whoever runs it: the command line, or a request to serve. */
#pragma once

#include "library/model.h"
#include "study/study-folder.h"

G_BEGIN_DECLS

/* The largest limit, and the largest number of shards. */
#define CLI_STUDY_MAX G_MAXINT32

/**
 * CliStudyPlan: what is asked beside a trace's request.
 * @limit: of facts; 0 for all
 * @shard, @n_shards: 1 and 1 for all
 */
typedef struct
{
  gboolean estimate;
  double min_effect;
  gsize limit, shard, n_shards;
} CliStudyPlan;

/* As it is where nobody says anything. */
void cli_study_plan_init (CliStudyPlan *self);

/* "2/7" into the plan. EG_ERROR_INVALID. */
gboolean cli_study_plan_read_shard (CliStudyPlan *self, const char *text, GError **error);

/* Begins the study of a file's facts in a folder, or goes on with it: eg_study_folder_begin(), and
 * EG_ERROR_INVALID where the request is none of a study or of this model, with the field in *which
 * (EG_N_FIELDS where it is about none). (transfer full) */
EgStudyFolder *cli_study_begin (const CliStudyPlan *self,
                                const char *folder,
                                const char *facts,
                                EgModel *model,
                                const EgTraceRequest *request,
                                EgTraceField *which,
                                GError **error);

/* Where the facts lie: “demo” is the demo models’ own, unless there is a file of that name. (transfer full)
 */
char *cli_study_find_facts (const char *facts);

G_END_DECLS
