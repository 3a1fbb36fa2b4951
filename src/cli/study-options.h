/* The options that `study run` and `study slurm` share: what each of the facts is asked. */
#pragma once

#include "cli/common.h"
#include "cli/request-options.h"
#include "cli/study-begin.h"

G_BEGIN_DECLS

/**
 * CliStudyOptions: as they were typed; to be zeroed before and cleared after.
 * @plan: what was typed beside the request, once cli_study_options_make_request() has read it
 */
typedef struct
{
  CliRequestOptions request;
  char *folder, *limit_text, *min_effect_text;
  CliStudyPlan plan;
} CliStudyOptions;

void cli_study_options_clear (CliStudyOptions *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CliStudyOptions, cli_study_options_clear)

/* Parses a command line with them, and with the command's own entries, ended by { NULL }; its argument is a
 * file of facts. FALSE: with the exit code in *status. */
gboolean cli_study_options_parse (CliStudyOptions *self,
                                  CliOptions *options,
                                  const CliCommand *command,
                                  const GOptionEntry *own,
                                  int argc,
                                  char **argv,
                                  const char **facts,
                                  int *status);

/* One request for all facts. (transfer full): NULL, said, where one of the options makes no sense. */
EgTraceRequest *cli_study_options_make_request (CliStudyOptions *self, const CliOptions *options);

G_END_DECLS
