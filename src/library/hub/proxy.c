/* GLib's resolver of proxies, with another scheme for those that want a password. */
#include "library/hub/proxy.h"

#include "library/hub/tunnel.h"

#include <string.h>

#define EG_TYPE_PROXY_RESOLVER (eg_proxy_resolver_get_type ())
G_DECLARE_FINAL_TYPE (EgProxyResolver, eg_proxy_resolver, EG, PROXY_RESOLVER, GObject)

struct _EgProxyResolver
{
  GObject parent_instance;
  GProxyResolver *usual;
};

static void proxy_resolver_iface_init (GProxyResolverInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (EgProxyResolver,
                               eg_proxy_resolver,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_PROXY_RESOLVER, proxy_resolver_iface_init))

/* "http://name:password@host:3128" → the same with the other scheme; others stay. (transfer full) */
static char *
translate (const char *proxy, gboolean is_secure)
{
  g_autoptr (GUri) uri = g_uri_parse (proxy, G_URI_FLAGS_HAS_PASSWORD, NULL);
  if (!is_secure || uri == NULL || g_uri_get_password (uri) == NULL
      || !g_str_equal (g_uri_get_scheme (uri), "http") || !eg_tunnel_register ())
    return g_strdup (proxy);
  return g_strconcat (EG_TUNNEL_SCHEME, strchr (proxy, ':'), NULL);
}

static gboolean
is_supported (GProxyResolver *resolver)
{
  return g_proxy_resolver_is_supported (EG_PROXY_RESOLVER (resolver)->usual);
}

/* Those of the usual resolver, translated, in their place. */
static char **
translate_all (char **proxies, const char *uri)
{
  const gboolean is_secure = g_ascii_strncasecmp (uri, "https:", strlen ("https:")) == 0;
  for (char **proxy = proxies; proxy != NULL && *proxy != NULL; proxy++)
    {
      char *translated = translate (*proxy, is_secure);
      g_free (*proxy);
      *proxy = translated;
    }
  return proxies;
}

/* no_proxy=*, which libproxy 0.4 does not know. */
static gboolean
is_switched_off (void)
{
  const char *lower = g_getenv ("no_proxy"), *upper = g_getenv ("NO_PROXY");
  return g_strcmp0 (lower != NULL ? lower : upper, "*") == 0;
}

static char **
lookup (GProxyResolver *resolver, const char *uri, GCancellable *cancellable, GError **error)
{
  static const char *const direct[] = { "direct://", NULL };
  if (is_switched_off ())
    return g_strdupv ((char **)direct);
  return translate_all (
      g_proxy_resolver_lookup (EG_PROXY_RESOLVER (resolver)->usual, uri, cancellable, error), uri);
}

static void
lookup_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  GError *error = NULL;
  char **proxies = lookup (source, task_data, cancellable, &error);
  if (proxies != NULL)
    g_task_return_pointer (task, proxies, (GDestroyNotify)g_strfreev);
  else
    g_task_return_error (task, error);
}

static void
lookup_async (GProxyResolver *resolver,
              const char *uri,
              GCancellable *cancellable,
              GAsyncReadyCallback callback,
              gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (resolver, cancellable, callback, user_data);
  g_task_set_task_data (task, g_strdup (uri), g_free);
  g_task_run_in_thread (task, lookup_in_thread);
}

static char **
lookup_finish (GProxyResolver *resolver, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
proxy_resolver_iface_init (GProxyResolverInterface *iface)
{
  iface->is_supported = is_supported;
  iface->lookup = lookup;
  iface->lookup_async = lookup_async;
  iface->lookup_finish = lookup_finish;
}

static void
eg_proxy_resolver_finalize (GObject *object)
{
  g_object_unref (EG_PROXY_RESOLVER (object)->usual);
  G_OBJECT_CLASS (eg_proxy_resolver_parent_class)->finalize (object);
}

static void
eg_proxy_resolver_class_init (EgProxyResolverClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = eg_proxy_resolver_finalize;
}

static void
eg_proxy_resolver_init (EgProxyResolver *self)
{
  self->usual = g_object_ref (g_proxy_resolver_get_default ());
}

GProxyResolver *
eg_proxy_resolver_new (void)
{
  return g_object_new (EG_TYPE_PROXY_RESOLVER, NULL);
}

char *
eg_proxy_get_authorization (GProxyResolver *self, GUri *uri, GCancellable *cancellable)
{
  /* GLib tunnels https by itself, with the password. */
  if (!g_str_equal (g_uri_get_scheme (uri), "http"))
    return NULL;
  g_autofree char *address = g_uri_to_string (uri);
  g_auto (GStrv) proxies = g_proxy_resolver_lookup (self, address, cancellable, NULL);
  g_autoptr (GUri) proxy = proxies != NULL && proxies[0] != NULL
                               ? g_uri_parse (proxies[0], G_URI_FLAGS_HAS_PASSWORD, NULL)
                               : NULL;
  if (proxy == NULL || g_uri_get_password (proxy) == NULL || !g_str_equal (g_uri_get_scheme (proxy), "http"))
    return NULL;
  g_autofree char *text = g_strdup_printf ("%s:%s", g_uri_get_user (proxy), g_uri_get_password (proxy));
  g_autofree char *coded = g_base64_encode ((const guchar *)text, strlen (text));
  return g_strconcat ("Basic ", coded, NULL);
}
