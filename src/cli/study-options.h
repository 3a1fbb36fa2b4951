/* The options that `study run` and `study slurm` share: what each of the facts is asked. */
#pragma once

#include "cli/common.h"
#include "cli/request-options.h"

G_BEGIN_DECLS

/**
 * CliStudyOptions: as they were typed; to be zeroed before and cleared after.
 * @limit, @min_effect: once cli_study_options_make_request() has read them; 0 for no limit
 */
typedef struct
{
  CliRequestOptions request;
  char *folder, *limit_text, *min_effect_text;
  gboolean estimate;
  guint64 limit;
  double min_effect;
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

/* Where the facts lie: “demo” is the demo models’ own, unless there is a file of that name. (transfer full)
 */
char *cli_study_options_find_facts (const char *facts);

G_END_DECLS
