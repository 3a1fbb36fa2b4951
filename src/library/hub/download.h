/* One file of the Hub, resumed where a part of it is there, and verified before anybody sees it. */
#pragma once

#include "library/hub/listing.h"
#include "library/hub/store.h"

G_BEGIN_DECLS

/* Called with the bytes of the file that are there. */
typedef void (*EgHubBytesFunc) (guint64 bytes, gpointer user_data);

/* Fetches a file of a listing into its blob, and links it. Does nothing where it is there. An interrupted one
 * leaves its part, with which the next one goes on; a file whose hash is another than the Hub said leaves
 * nothing. */
gboolean eg_hub_download (EgConnection *connection,
                          const EgHubPlace *place,
                          const EgHubStore *store,
                          const EgHubListing *listing,
                          const EgHubFile *file,
                          EgHubBytesFunc progress,
                          gpointer user_data,
                          GCancellable *cancellable,
                          GError **error);

G_END_DECLS
