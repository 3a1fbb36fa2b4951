/* Whether a stream's ops have worked, as an error; waiting for them. */
#pragma once

#include "engine/backend.h"

G_BEGIN_DECLS

/* EG_ERROR_MEMORY or EG_ERROR_DEVICE when one of the stream's ops has failed. */
gboolean eg_stream_check (const EgBackend *backend, EgStream *stream, GError **error);

/* After it, other streams may read what this one's ops wrote. */
void eg_stream_wait (const EgBackend *backend, EgStream *stream);

G_END_DECLS
