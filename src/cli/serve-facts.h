/* The facts that a request has: a file's path, or the facts themselves. */
#pragma once

#include "cli/serve-inbox.h"

G_BEGIN_DECLS

/**
 * CliServeFacts: to be zeroed before and cleared after.
 * @path: a file of facts (study/facts.h)
 * @folder: of a file of its own, which goes with it; %NULL where the request names one
 */
typedef struct
{
  char *path, *folder;
} CliServeFacts;

void cli_serve_facts_clear (CliServeFacts *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CliServeFacts, cli_serve_facts_clear)

/* Reads the member "facts", a path (or "demo") or a list of objects, which become a file facts.jsonl: a line
 * of it is the number of a fact in the list. FALSE with an error, and the field (transfer full). */
gboolean cli_serve_facts_read (CliServeFacts *self, JsonObject *members, char **field, GError **error);

/* Whether all facts up to the limit (0: none) can be read, and there are any. */
gboolean cli_serve_facts_check (const CliServeFacts *self, gsize limit);

/* The members of "result" for a request for a file's facts, as a study reads them. (transfer full): NULL with
 * an error, and *field where it is about one. */
extern const char *const cli_serve_facts_members[];
JsonObject *cli_serve_facts (GHashTable *models, const CliRequest *request, char **field, GError **error);

G_END_DECLS
