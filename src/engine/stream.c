/* A stream's failure as a GError. */
#include "engine/stream.h"

#include "core/error.h"

gboolean
eg_stream_check (const EgBackend *backend, EgStream *stream, GError **error)
{
  const char *why = NULL;
  const EgStreamState state = backend->check ? backend->check (stream, &why) : EG_STREAM_WORKS;
  if (state == EG_STREAM_WORKS)
    return TRUE;
  g_set_error_literal (error, EG_ERROR, state == EG_STREAM_NO_MEMORY ? EG_ERROR_MEMORY : EG_ERROR_DEVICE,
                       why);
  return FALSE;
}

void
eg_stream_wait (const EgBackend *backend, EgStream *stream)
{
  if (backend->wait)
    backend->wait (stream);
}
