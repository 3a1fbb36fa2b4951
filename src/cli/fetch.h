/* Models that are fetched from the Hub because a person asked for them. */
#pragma once

#include "library/hub/pull.h"

G_BEGIN_DECLS

/* Fetches a model, with a line on a terminal that says how far it is. revision: NULL for "main". The folder
 * (transfer full). */
char *cli_fetch (const char *name, const char *revision, GCancellable *cancellable, GError **error);

/* The same, of what the Hub was asked for already. */
char *
cli_fetch_listing (const EgHubPlace *place, EgHubListing *listing, GCancellable *cancellable, GError **error);

/* Whether a name that no model here has is to be fetched: `asked` (by --pull), or by a person who answers yes
 * at the terminal. Never for what cannot be a name of the Hub. */
gboolean cli_fetch_is_wanted (const char *name, gboolean asked);

G_END_DECLS
