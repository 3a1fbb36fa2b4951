/* Traces by `engram-cli serve`. */
#pragma once

#include "cli/serve-inbox.h"

G_BEGIN_DECLS

/* The members that a request for a trace has beside its options; ended by NULL. */
extern const char *const cli_serve_trace_members[];

/* Sends the events "start" and "progress", and gives the members of "result"; of a trace that was cancelled
 * once there was something to show, with what there is. models: serve-models.h. (transfer full): NULL with an
 * error, and *field where it is about one. */
JsonObject *cli_serve_trace (GHashTable *models, const CliRequest *request, char **field, GError **error);

/* The same for its estimates alone, without events before the last one. */
extern const char *const cli_serve_estimate_members[];
JsonObject *cli_serve_estimate (GHashTable *models, const CliRequest *request, char **field, GError **error);

G_END_DECLS
