/* A GProxy that hands all on to GLib's for "http". */
#include "library/hub/tunnel.h"

#define EG_TYPE_TUNNEL (eg_tunnel_get_type ())
G_DECLARE_FINAL_TYPE (EgTunnel, eg_tunnel, EG, TUNNEL, GObject)

struct _EgTunnel
{
  GObject parent_instance;
  GProxy *http;
};

static void tunnel_iface_init (GProxyInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (EgTunnel,
                               eg_tunnel,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_PROXY, tunnel_iface_init))

static GIOStream *
tunnel_connect (
    GProxy *proxy, GIOStream *stream, GProxyAddress *address, GCancellable *cancellable, GError **error)
{
  return g_proxy_connect (EG_TUNNEL (proxy)->http, stream, address, cancellable, error);
}

static void
on_connected (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  GError *error = NULL;
  GIOStream *stream = g_proxy_connect_finish (G_PROXY (source), result, &error);
  if (stream != NULL)
    g_task_return_pointer (task, stream, g_object_unref);
  else
    g_task_return_error (task, error);
}

static void
tunnel_connect_async (GProxy *proxy,
                      GIOStream *stream,
                      GProxyAddress *address,
                      GCancellable *cancellable,
                      GAsyncReadyCallback callback,
                      gpointer user_data)
{
  g_proxy_connect_async (EG_TUNNEL (proxy)->http, stream, address, cancellable, on_connected,
                         g_task_new (proxy, cancellable, callback, user_data));
}

static GIOStream *
tunnel_connect_finish (GProxy *proxy, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static gboolean
tunnel_supports_hostname (GProxy *proxy)
{
  return g_proxy_supports_hostname (EG_TUNNEL (proxy)->http);
}

static void
tunnel_iface_init (GProxyInterface *iface)
{
  iface->connect = tunnel_connect;
  iface->connect_async = tunnel_connect_async;
  iface->connect_finish = tunnel_connect_finish;
  iface->supports_hostname = tunnel_supports_hostname;
}

static void
eg_tunnel_finalize (GObject *object)
{
  g_clear_object (&EG_TUNNEL (object)->http);
  G_OBJECT_CLASS (eg_tunnel_parent_class)->finalize (object);
}

static void
eg_tunnel_class_init (EgTunnelClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = eg_tunnel_finalize;
}

static void
eg_tunnel_init (EgTunnel *self)
{
  self->http = g_proxy_get_default_for_protocol ("http");
}

gboolean
eg_tunnel_register (void)
{
  static gsize once;
  if (g_once_init_enter (&once))
    {
      /* The point is there once GLib's own proxies are. */
      g_autoptr (GProxy) http = g_proxy_get_default_for_protocol ("http");
      if (http != NULL)
        g_io_extension_point_implement (G_PROXY_EXTENSION_POINT_NAME, EG_TYPE_TUNNEL, EG_TUNNEL_SCHEME, 0);
      g_once_init_leave (&once, http != NULL ? 2 : 1);
    }
  return once == 2;
}
