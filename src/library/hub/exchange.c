/* HTTP by libsoup: redirections, credentials, patience, and what statuses mean. */
#include "library/hub/exchange.h"

#include "core/error.h"
#include "library/hub/proxy.h"

#include <glib/gi18n.h>
#include <libsoup/soup.h>
#include <string.h>

#define MAX_REDIRECTS 10
#define MAX_REPEATS   4
#define MAX_PATIENCE  300   /* seconds */
#define NAP           50000 /* microseconds */

struct _EgConnection
{
  const EgHubPlace *place;
  GUri *endpoint;
  GProxyResolver *proxies;
  SoupSession *session;
};

EgConnection *
eg_connection_new (const EgHubPlace *place)
{
  EgConnection *self = g_new0 (EgConnection, 1);
  self->place = place;
  self->endpoint = g_uri_parse (place->endpoint, G_URI_FLAGS_NONE, NULL);
  self->proxies = eg_proxy_resolver_new ();
  self->session = soup_session_new_with_options ("timeout", place->timeout, "user-agent", "engram ",
                                                 "proxy-resolver", self->proxies, NULL);
  if (place->certificates != NULL)
    soup_session_set_tls_database (self->session, place->certificates);
  soup_session_remove_feature_by_type (self->session, SOUP_TYPE_CONTENT_DECODER);
  /* It repeats what a proxy has refused at the proxy's own address (proxy.h). */
  soup_session_remove_feature_by_type (self->session, SOUP_TYPE_AUTH_MANAGER);
  return self;
}

void
eg_connection_free (EgConnection *self)
{
  g_object_unref (self->session);
  g_object_unref (self->proxies);
  g_uri_unref (self->endpoint);
  g_free (self);
}

void
eg_exchange_free (EgExchange *self)
{
  g_free (self->etag);
  g_free (self->commit);
  g_free (self->problem);
  g_clear_object (&self->body);
  g_free (self);
}

/* ---- one request ---- */

static int
port_of (GUri *uri)
{
  const int port = g_uri_get_port (uri);
  return port > 0 ? port : g_str_equal (g_uri_get_scheme (uri), "https") ? 443 : 80;
}

/* The Hub itself: the same scheme, host and port. */
static gboolean
is_endpoint (const EgConnection *self, GUri *uri)
{
  return g_str_equal (g_uri_get_scheme (uri), g_uri_get_scheme (self->endpoint))
         && g_ascii_strcasecmp (g_uri_get_host (uri), g_uri_get_host (self->endpoint)) == 0
         && port_of (uri) == port_of (self->endpoint);
}

static SoupMessage *
new_message (const EgConnection *self, const char *method, GUri *uri, guint64 from, GCancellable *cancellable)
{
  g_autofree char *to_proxy = eg_proxy_get_authorization (self->proxies, uri, cancellable);
  SoupMessage *message = soup_message_new_from_uri (method, uri);
  SoupMessageHeaders *headers = soup_message_get_request_headers (message);
  soup_message_add_flags (message, SOUP_MESSAGE_NO_REDIRECT);
  soup_message_headers_replace (headers, "Accept-Encoding", "identity");
  if (self->place->token != NULL && is_endpoint (self, uri))
    {
      g_autofree char *value = g_strconcat ("Bearer ", self->place->token, NULL);
      soup_message_headers_replace (headers, "Authorization", value);
    }
  if (to_proxy != NULL)
    soup_message_headers_replace (headers, "Proxy-Authorization", to_proxy);
  if (from > 0)
    soup_message_headers_set_range (headers, (goffset)from, -1);
  return message;
}

/* A whole number ≥ 0, or −1. */
static gint64
number_of (const char *text)
{
  guint64 value;
  return text != NULL && g_ascii_string_to_unsigned (text, 10, 0, G_MAXINT64, &value, NULL) ? (gint64)value
                                                                                            : -1;
}

/* 'W/"abc"' → "abc". (transfer full) */
static char *
plain_etag (const char *text)
{
  if (g_str_has_prefix (text, "W/"))
    text += 2;
  const gsize n = strlen (text);
  return n >= 2 && text[0] == '"' && text[n - 1] == '"' ? g_strndup (text + 1, n - 2) : g_strdup (text);
}

static void
take (char **field, const char *value)
{
  if (*field == NULL && value != NULL)
    *field = g_strdup (value);
}

/* What the Hub's own headers say stays as redirections are followed; what another server says of itself
 * counts only where the Hub said nothing. */
static void
read_headers (EgExchange *self, SoupMessage *message, gboolean of_hub)
{
  SoupMessageHeaders *headers = soup_message_get_response_headers (message);
  const char *linked = soup_message_headers_get_one (headers, "X-Linked-Etag");
  const char *etag = linked != NULL ? linked : soup_message_headers_get_one (headers, "ETag");
  const gint64 linked_size = number_of (soup_message_headers_get_one (headers, "X-Linked-Size"));
  goffset start, end, total;
  self->status = soup_message_get_status (message);
  const gboolean is_last = self->status < 300 || self->status >= 400;
  if (self->etag == NULL && etag != NULL && of_hub && (linked != NULL || is_last))
    self->etag = plain_etag (etag);
  if (of_hub)
    {
      take (&self->commit, soup_message_headers_get_one (headers, "X-Repo-Commit"));
      take (&self->problem, soup_message_headers_get_one (headers, "X-Error-Code"));
    }
  if (self->size < 0 && of_hub)
    self->size = linked_size;
  if (self->size < 0 && is_last)
    self->size = number_of (soup_message_headers_get_one (headers, "Content-Length"));
  self->retry_after = number_of (soup_message_headers_get_one (headers, "Retry-After"));
  if (soup_message_headers_get_content_range (headers, &start, &end, &total))
    {
      self->range_start = start;
      self->range_size = total;
    }
}

/* Where a redirection leads. NULL with an error. (transfer full) */
static GUri *
get_location (SoupMessage *message, GUri *from, GError **error)
{
  const char *location
      = soup_message_headers_get_one (soup_message_get_response_headers (message), "Location");
  g_autoptr (GUri) uri
      = location != NULL ? g_uri_parse_relative (from, location, SOUP_HTTP_URI_FLAGS, NULL) : NULL;
  const char *scheme = uri != NULL ? g_uri_get_scheme (uri) : "";
  const gboolean is_web = g_str_equal (scheme, "https")
                          || (g_str_equal (scheme, "http") && g_str_equal (g_uri_get_scheme (from), "http"));
  if (is_web && g_uri_get_host (uri) != NULL && *g_uri_get_host (uri) != '\0')
    return g_steal_pointer (&uri);
  g_set_error (error, EG_ERROR, EG_ERROR_FORMAT,
               _ ("%s redirects to what is no address that may be followed"), g_uri_get_host (from));
  return NULL;
}

static gboolean
is_redirect (guint status)
{
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static void
set_proxy_error (GError **error)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_PROXY_AUTH_FAILED,
               _ ("The proxy wants another name and password (407): they stand before its address in "
                  "http_proxy or https_proxy, as in http://NAME:PASSWORD@HOST:PORT"));
}

/* What GLib says of an address, and what to do where that is known. */
static void
set_unreachable (GUri *uri, const GError *problem, GError **error)
{
  const char *host = g_uri_get_host (uri);
  if (g_error_matches (problem, G_IO_ERROR, G_IO_ERROR_PROXY_AUTH_FAILED)
      || g_error_matches (problem, G_IO_ERROR, G_IO_ERROR_PROXY_NEED_AUTH))
    set_proxy_error (error);
  else if (g_error_matches (problem, G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE))
    g_set_error (error, G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE,
                 _ ("%s cannot be reached: nobody who is trusted here vouches for its certificate; "
                    "SSL_CERT_FILE names a file of others to trust"),
                 host);
  else
    {
      g_propagate_error (error, g_error_copy (problem));
      g_prefix_error (error, _ ("%s cannot be reached: "), host);
    }
}

EgExchange *
eg_connection_send (EgConnection *self,
                    const char *method,
                    const char *url,
                    guint64 from,
                    GCancellable *cancellable,
                    GError **error)
{
  g_autoptr (GUri) uri = g_uri_parse (url, SOUP_HTTP_URI_FLAGS, error);
  g_autoptr (EgExchange) exchange = g_new0 (EgExchange, 1);
  exchange->size = exchange->range_start = exchange->range_size = exchange->retry_after = -1;
  for (guint i = 0; uri != NULL && i <= MAX_REDIRECTS; i++)
    {
      g_autoptr (GError) problem = NULL;
      g_autoptr (SoupMessage) message = new_message (self, method, uri, from, cancellable);
      g_clear_object (&exchange->body);
      exchange->body = soup_session_send (self->session, message, cancellable, &problem);
      if (exchange->body == NULL)
        {
          if (!g_cancellable_set_error_if_cancelled (cancellable, error))
            set_unreachable (uri, problem, error);
          return NULL;
        }
      read_headers (exchange, message, is_endpoint (self, uri));
      if (!is_redirect (exchange->status))
        return g_steal_pointer (&exchange);
      GUri *next = get_location (message, uri, error);
      g_uri_unref (g_steal_pointer (&uri));
      uri = next;
      if (uri != NULL && !is_endpoint (self, uri) && g_str_equal (method, "HEAD"))
        return g_steal_pointer (&exchange);
    }
  if (uri != NULL)
    g_set_error (error, EG_ERROR, EG_ERROR_FORMAT, _ ("%s redirects without an end"),
                 g_uri_get_host (self->endpoint));
  return NULL;
}

/* ---- patience ---- */

gboolean
eg_exchange_is_temporary (const EgExchange *self)
{
  return self->status == 429 || self->status == 408 || self->status >= 500;
}

gboolean
eg_exchange_wait (const EgExchange *exchange, guint attempt, GCancellable *cancellable, GError **error)
{
  const gint64 asked = exchange != NULL ? exchange->retry_after : -1;
  if (asked > MAX_PATIENCE)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_BUSY,
                   _ ("The server has had too many requests, and asks for patience: try again in %d minutes"),
                   (int)MIN ((asked + 59) / 60, G_MAXINT));
      return FALSE;
    }
  const gint64 microseconds
      = asked >= 0 ? asked * G_USEC_PER_SEC : (gint64)(G_USEC_PER_SEC / 4) << MIN (attempt, 5);
  const gint64 end = g_get_monotonic_time () + microseconds;
  while (g_get_monotonic_time () < end && !g_cancellable_is_cancelled (cancellable))
    g_usleep (NAP);
  return !g_cancellable_set_error_if_cancelled (cancellable, error);
}

/* Whether the network's error may be gone the next time. */
static gboolean
is_worth_repeating (const GError *error, GCancellable *cancellable)
{
  return error->domain != EG_ERROR && error->domain != G_URI_ERROR && error->domain != G_RESOLVER_ERROR
         && error->domain != G_TLS_ERROR
         && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED)
         && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PROXY_AUTH_FAILED)
         && !g_cancellable_is_cancelled (cancellable);
}

EgExchange *
eg_connection_ask (
    EgConnection *self, const char *method, const char *url, GCancellable *cancellable, GError **error)
{
  for (guint attempt = 0;; attempt++)
    {
      g_autoptr (GError) problem = NULL;
      g_autoptr (EgExchange) exchange = eg_connection_send (self, method, url, 0, cancellable, &problem);
      const gboolean again = exchange != NULL ? eg_exchange_is_temporary (exchange)
                                              : is_worth_repeating (problem, cancellable);
      if (again && attempt < MAX_REPEATS)
        {
          if (!eg_exchange_wait (exchange, attempt, cancellable, error))
            return NULL;
          continue;
        }
      if (problem != NULL)
        g_propagate_error (error, g_steal_pointer (&problem));
      return g_steal_pointer (&exchange);
    }
}

/* ---- what statuses mean ---- */

gboolean
eg_exchange_fail (const EgExchange *self, const EgHubPlace *place, const char *name, GError **error)
{
  if (g_strcmp0 (self->problem, "GatedRepo") == 0)
    g_set_error (error, EG_ERROR, EG_ERROR_NOT_FOUND,
                 _ ("%s is gated: ask for access at %s/%s, and name a token of yours in HF_TOKEN"), name,
                 place->endpoint, name);
  else if (g_strcmp0 (self->problem, "RevisionNotFound") == 0)
    g_set_error (error, EG_ERROR, EG_ERROR_NOT_FOUND, _ ("%s has no such revision"), name);
  else if (self->status == 401)
    g_set_error (error, EG_ERROR, EG_ERROR_NOT_FOUND,
                 place->token != NULL
                     ? _ ("There is no model %s on the Hub, or the token that was sent is not valid (401)")
                     : _ ("There is no public model %s on the Hub; for a private one, name a token in "
                          "HF_TOKEN (401)"),
                 name);
  else if (self->status == 403)
    g_set_error (error, EG_ERROR, EG_ERROR_NOT_FOUND, _ ("The Hub does not let this token read %s (403)"),
                 name);
  else if (self->status == 404)
    g_set_error (error, EG_ERROR, EG_ERROR_NOT_FOUND, _ ("There is no model %s on the Hub (404)"), name);
  else if (self->status == 407)
    set_proxy_error (error);
  else if (self->status == 429)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_BUSY,
                 _ ("The Hub has had too many requests from here: try again later (429)"));
  else if (self->status >= 500)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, _ ("The Hub does not work at the moment (%u)"),
                 self->status);
  else
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, _ ("The Hub answered in a way that is not known (%u)"),
                 self->status);
  return FALSE;
}
