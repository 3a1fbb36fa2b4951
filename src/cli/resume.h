/* Traces that are stopped, and those that go on: --resume. */
#pragma once

#include "cli/common.h"
#include "cli/request-options.h"
#include "trace/run/keeper.h"
#include "trace/run/saved.h"

G_BEGIN_DECLS

/* The file of a trace that was stopped, or is complete. NULL, said, when it cannot be read, or when what was
 * typed beside --resume (the prompt may be missing: NULL) asks for something else than the file does.
 * (transfer full) */
EgSavedTrace *cli_resume_load (const char *path,
                               const char *prompt,
                               const CliRequestOptions *typed,
                               const CliOptions *options,
                               int *status);

/* Names the model and the tokenizer of the file where the options name none. */
void cli_resume_complete_options (const EgSavedTrace *self, CliOptions *options);

/* The .npz files among a trace's outputs. (transfer container) */
const char **cli_resume_list_files (char *const *outputs);

/* A trace was stopped: saves what it left (NULL: nothing yet) into the keeper's files, the first of which is
 * said, with how far it is and how to go on. share: of the work, 0 … 1. */
void cli_resume_leave (EgTraceKeeper *keeper,
                       const char *const *files,
                       const EgTracePartial *left,
                       const EgTraceResult *result,
                       double share);

G_END_DECLS
