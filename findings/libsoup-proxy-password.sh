#!/bin/sh
# libsoup 3.2.3 (Debian 12): a proxy that wants a password, which stands in its address. The first request goes without; what
# the proxy has refused is repeated with the password, but at the proxy's own address: over http always, over https
# where the connection is kept. GLib's own CONNECT sends the password at once. no_proxy=* is not known to libproxy 0.4.
# Needs python3-gi, gir1.2-soup-3.0 and glib-networking of the system, no package from PyPI.
set -eu
for variable in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY; do unset "$variable"; done
/usr/bin/python3 -W ignore - <<'PY'
import http.server, os, threading

log = []

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # as proxies do: where the connection is closed, CONNECT is repeated as it should

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        log.append((self.command, self.path, "Proxy-Authorization" in self.headers))
        let = self.headers.get("Proxy-Authorization") is not None
        self.send_response(200 if let else 407)
        self.send_header("Proxy-Authenticate", 'Basic realm="x"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_CONNECT = do_GET

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
port = server.server_port
os.environ["http_proxy"] = os.environ["https_proxy"] = f"http://name:secret@127.0.0.1:{port}"

import gi

gi.require_version("Soup", "3.0")
from gi.repository import Gio, GLib, Soup

def ask(address):
    log.clear()
    session = Soup.Session()
    try:
        session.send_and_read(Soup.Message.new("GET", address), None)
    except GLib.Error:
        pass  # the proxy leads nowhere
    return list(log)

plain, secure = ask("http://example.invalid/file"), ask("https://example.invalid/file")
print(f"libsoup {Soup.get_major_version()}.{Soup.get_minor_version()}.{Soup.get_micro_version()}:", plain, secure)
assert plain == [("GET", "http://example.invalid/file", False), ("GET", f"http://127.0.0.1:{port}/", True)]
assert secure[:2] == [("CONNECT", "example.invalid:443", False), ("CONNECT", f"127.0.0.1:{port}", True)]

log.clear()
client = Gio.SocketClient()
try:
    client.connect_to_uri("https://example.invalid/", 443, None)
except GLib.Error:
    pass
print("GLib's own CONNECT:", log)
assert log[0] == ("CONNECT", "example.invalid:443", True)

os.environ["no_proxy"] = "*"
found = Gio.ProxyResolver.get_default().lookup("http://example.invalid/", None)
print("no_proxy=*:", found)
assert found != ["direct://"]
PY
