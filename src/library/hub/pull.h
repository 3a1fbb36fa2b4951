/* Fetches a model from the Hub into Hugging Face's cache. Blocks; for a thread that may. */
#pragma once

#include "library/hub/listing.h"

G_BEGIN_DECLS

/**
 * EgHubProgress:
 * @file: under way
 * @done, @total: bytes of all files, those that were there included
 * @rate: bytes a second, of what is being fetched; @left: seconds; negative while unknown
 */
typedef struct
{
  const char *file;
  guint64 done, total;
  double rate, left;
} EgHubProgress;

typedef void (*EgHubProgressFunc) (const EgHubProgress *progress, gpointer user_data);

/* What there is of a model, and what of it the cache has. revision: NULL for "main". Nothing is written.
 * (transfer full) */
EgHubListing *eg_hub_list (const EgHubPlace *place,
                           const char *name,
                           const char *revision,
                           GCancellable *cancellable,
                           GError **error);

/* Bytes of all files of a listing. */
guint64 eg_hub_listing_get_bytes (const EgHubListing *listing);

/* Of those, bytes that need not be fetched any more: of whole files and of parts. */
guint64 eg_hub_count_here (const EgHubPlace *place, const EgHubListing *listing);

/* Fetches what the cache does not have, and makes its revision the listing's. An interrupted one keeps what
 * is there, and the next one goes on with it. G_IO_ERROR_NO_SPACE before anything is fetched for which there
 * is no room. progress: may be NULL. Returns: the folder, (transfer full). */
char *eg_hub_pull (const EgHubPlace *place,
                   EgHubListing *listing,
                   EgHubProgressFunc progress,
                   gpointer user_data,
                   GCancellable *cancellable,
                   GError **error);

G_END_DECLS
