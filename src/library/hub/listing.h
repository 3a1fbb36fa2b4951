/* What a repository of the Hub has of a model, and which of it a trace needs. */
#pragma once

#include "library/hub/exchange.h"

G_BEGIN_DECLS

/**
 * EgHubFile:
 * @name: in the repository: a plain file name
 * @size: in bytes
 * @hash: SHA-256 of the content (64 digits), or git's id of it as a blob (40 digits)
 * @here: whether the cache has it
 */
typedef struct
{
  char *name;
  guint64 size;
  char *hash;
  gboolean here;
} EgHubFile;

/**
 * EgHubListing:
 * @name: "OWNER/NAME"; @revision: as it was asked for; @commit: 40 digits
 * @files: (element-type EgHubFile): those that a trace needs, small ones first
 */
typedef struct
{
  char *name, *revision, *commit;
  GPtrArray *files;
} EgHubListing;

void eg_hub_listing_free (EgHubListing *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgHubListing, eg_hub_listing_free)

/* Whether this can be a model's name on the Hub: "OWNER/NAME", or "NAME" alone (of old models: "gpt2"). */
gboolean eg_hub_is_name (const char *name);

/* Asks the Hub. revision: a branch, a tag or a commit. Nothing that it says is trusted: names, hashes and
 * sizes are checked. EG_ERROR_NOT_FOUND, EG_ERROR_INVALID, EG_ERROR_FORMAT, EG_ERROR_UNSUPPORTED (there are
 * no weights that Engram reads). (transfer full) */
EgHubListing *eg_hub_listing_fetch (EgConnection *connection,
                                    const EgHubPlace *place,
                                    const char *name,
                                    const char *revision,
                                    GCancellable *cancellable,
                                    GError **error);

/* Whether text has n digits of a hexadecimal number, and nothing else. */
gboolean eg_hub_is_hash (const char *text, gsize n);

G_END_DECLS
