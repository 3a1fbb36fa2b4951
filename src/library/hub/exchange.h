/* One request to the Hub, with its redirections. All of it is for the thread that made the connection. */
#pragma once

#include "library/hub/place.h"

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _EgConnection EgConnection;

/* place must outlive it. (transfer full) */
EgConnection *eg_connection_new (const EgHubPlace *place);
void eg_connection_free (EgConnection *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgConnection, eg_connection_free)

/**
 * EgExchange: what came back.
 * @status: of HTTP; a redirection only where it leads to another server and was not to be followed there
 * @etag: the content's, without quotes: X-Linked-Etag of the Hub itself, else ETag; %NULL without one
 * @commit: X-Repo-Commit; @problem: X-Error-Code; %NULL without one
 * @size: X-Linked-Size, else Content-Length; −1 without one
 * @range_start, @range_size: of Content-Range; −1 without one
 * @retry_after: seconds, −1 without
 * @body: of a GET
 */
typedef struct
{
  guint status;
  char *etag, *commit, *problem;
  gint64 size, range_start, range_size, retry_after;
  GInputStream *body;
} EgExchange;

void eg_exchange_free (EgExchange *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgExchange, eg_exchange_free)

/* Asks for url with "GET" or "HEAD", from a byte on (0: all). A HEAD is answered by the Hub itself; a GET is
 * followed to other servers, which are not sent the token. Errors are the network's, or EG_ERROR_FORMAT where
 * redirections have no end or lead to something else than a server. (transfer full) */
EgExchange *eg_connection_send (EgConnection *self,
                                const char *method,
                                const char *url,
                                guint64 from,
                                GCancellable *cancellable,
                                GError **error);

/* The same, again after a while where the network or the server fails, or says that there were too many
 * requests. */
EgExchange *eg_connection_ask (
    EgConnection *self, const char *method, const char *url, GCancellable *cancellable, GError **error);

/* Whether the same request may go well later. */
gboolean eg_exchange_is_temporary (const EgExchange *self);

/* Waits before the attempt-th repetition (from 0): what the server asks for, or a moment. FALSE when
 * cancelled, or when the server asks for more patience than a person has, which the error says. exchange: may
 * be NULL. */
gboolean
eg_exchange_wait (const EgExchange *exchange, guint attempt, GCancellable *cancellable, GError **error);

/* Why there is no content, in a sentence; name: of the model. Returns: FALSE. */
gboolean eg_exchange_fail (const EgExchange *self, const EgHubPlace *place, const char *name, GError **error);

G_END_DECLS
