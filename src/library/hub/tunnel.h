/* GLib's own way through an HTTP proxy, under a scheme that libsoup does not take for itself. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define EG_TUNNEL_SCHEME "engram-tunnel"

/* Makes the scheme known to GLib: "engram-tunnel://name:password@host:port" is a proxy then, which is sent
 * name and password with the first CONNECT. FALSE where GLib has no such way itself. */
gboolean eg_tunnel_register (void);

G_END_DECLS
