/* The fields of a trace's request as options, by the table of fields. */
#pragma once

#include "trace/ask/request.h"

G_BEGIN_DECLS

/**
 * CliRequestOptions: as they were typed; to be zeroed before and cleared after.
 * @texts, @flags: by field; NULL, FALSE where it was not typed
 */
typedef struct
{
  char *texts[EG_N_FIELDS];
  gboolean flags[EG_N_FIELDS];
} CliRequestOptions;

void cli_request_options_clear (CliRequestOptions *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CliRequestOptions, cli_request_options_clear)

/* Entries for these fields, ended by EG_N_FIELDS, and then those of the command itself, ended by { NULL }.
 * (transfer full) */
GOptionEntry *
cli_request_options_list (CliRequestOptions *self, const EgTraceField *fields, const GOptionEntry *more);

/* Into a request; FALSE, said, when one of them makes no sense, or means nothing beside the others. What it
 * takes together is for eg_trace_request_check() to say. */
gboolean cli_request_options_apply (const CliRequestOptions *self, EgTraceRequest *request);

/* Whether all that was typed is what a request has already, which file holds; FALSE, said, otherwise. */
gboolean
cli_request_options_agree (const CliRequestOptions *self, const EgTraceRequest *request, const char *file);

G_END_DECLS
