/* The options of `engram-cli trace` that say how the prompt is corrupted and what is measured. */
#pragma once

#include "trace/ask/request.h"

G_BEGIN_DECLS

/* As they were typed; to be zeroed before and cleared after. */
typedef struct
{
  char *corrupt, *scale, *span;
  gboolean replace;
  char *noise, *samples, *seed;
  char *metric, *against;
  char *until_sem, *max_samples;
} CliCorruptionOptions;

void cli_corruption_options_clear (CliCorruptionOptions *self);

/* Into a request; FALSE, said, when one of them makes no sense, or where some do not go together. */
gboolean cli_corruption_options_apply (const CliCorruptionOptions *self, EgTraceRequest *request);

G_END_DECLS
