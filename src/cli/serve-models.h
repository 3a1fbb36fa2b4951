/* The models that `engram-cli serve` keeps open. */
#pragma once

#include "library/model.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* By the name and the tokenizer that they were asked for by. (transfer full): g_hash_table_unref() */
GHashTable *cli_serve_models_new (void);

/* The model that the members "model" and "tokenizer" of a request name, opened at its first use. Without a
 * name, the demo model. (transfer none): NULL with *field (transfer full) where the fault is the name's. */
EgModel *cli_serve_models_open (
    GHashTable *self, JsonObject *members, GCancellable *cancellable, char **field, GError **error);

/* Closes it; FALSE where it was not open. */
gboolean cli_serve_models_close (
    GHashTable *self, JsonObject *members, gboolean *closed, char **field, GError **error);

G_END_DECLS
