/* Studies by `engram-cli serve`: docs/serve.md. */
#pragma once

#include "cli/serve-inbox.h"
#include "trace/ask/fields.h"

G_BEGIN_DECLS

/* The members that a request for a study has beside its options, and these: ended by NULL, EG_N_FIELDS. */
extern const char *const cli_serve_study_members[];
const EgTraceField *cli_serve_study_list_options (void);

/* Runs a study, or goes on with it: sends the events "start" and "progress", and gives the members of
 * "result"; of one that was cancelled, with what there is. models: serve-models.h. (transfer full): NULL with
 * an error, and *field where it is about one. */
JsonObject *cli_serve_study (GHashTable *models, const CliRequest *request, char **field, GError **error);

/* What a folder says, without a model. */
extern const char *const cli_serve_study_show_members[];
JsonObject *
cli_serve_study_show (GHashTable *models, const CliRequest *request, char **field, GError **error);

G_END_DECLS
