/* Whether a stream's ops have worked, as an error. */
#pragma once

#include "engine/backend.h"

G_BEGIN_DECLS

/* EG_ERROR_MEMORY or EG_ERROR_DEVICE when one of the stream's ops has failed. */
gboolean eg_stream_check (const EgBackend *backend, EgStream *stream, GError **error);

G_END_DECLS
