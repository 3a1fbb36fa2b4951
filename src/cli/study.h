/* engram-cli study: its parts, each a command of its own. */
#pragma once

#include "cli/common.h"
#include "study/study-folder.h"

G_BEGIN_DECLS

extern const CliCommand cli_study_run, cli_study_merge, cli_study_show, cli_study_compare, cli_study_slurm;

/* eg_study_counts_to_json() of the shard's facts. (transfer full) */
JsonObject *cli_study_counts_to_json (EgStudyFolder *folder);

/* The same as a line for a person. */
void cli_study_print_counts (EgStudyFolder *folder);

/* An option that is there or not. @typed: %NULL if not; @counts: whether it could change what is asked for */
typedef struct
{
  const char *typed, *name;
  gboolean counts;
} CliIdleOption;

/* Says so of the first option that was typed for nothing; the exit code. */
int cli_study_refuse_idle (const CliIdleOption *options, gsize n);

G_END_DECLS
