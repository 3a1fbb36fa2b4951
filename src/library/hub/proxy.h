/* Proxies that want a name and a password. libsoup 3.2 repeats what such a proxy has refused at the proxy's
 * own address; so here they are told both at once, as the environment's address of the proxy has them. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* GLib's proxies; for https, those with a password are reached by GLib's own CONNECT, which sends it, in
 * place of libsoup's. (transfer full) */
GProxyResolver *eg_proxy_resolver_new (void);

/* What a request for an address of http must send as Proxy-Authorization; NULL: nothing. May ask the network.
 * (transfer full) (nullable) */
char *eg_proxy_get_authorization (GProxyResolver *self, GUri *uri, GCancellable *cancellable);

G_END_DECLS
