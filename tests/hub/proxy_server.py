"""An HTTP proxy of our own on the loopback: whole addresses for http, CONNECT for https. It remembers what it was asked for.

    with Proxy(credentials="name:secret") as proxy:
        proxy.url, proxy.log         # of ("GET", address, headers)
"""
import base64
import http.client
import http.server
import select
import socket
import threading
import urllib.parse


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def is_let_through(self):
        proxy = self.server.proxy
        proxy.log.append((self.command, self.path, dict(self.headers)))
        wanted = None if proxy.credentials is None else "Basic " + base64.b64encode(proxy.credentials.encode()).decode()
        if wanted is None or self.headers.get("Proxy-Authorization") == wanted:
            return True
        self.send_response(407)
        self.send_header("Proxy-Authenticate", 'Basic realm="proxy"')
        self.send_header("Content-Length", "0")
        self.end_headers()
        return False

    def do_GET(self):
        if not self.is_let_through():
            return
        address = urllib.parse.urlsplit(self.path)
        asked = http.client.HTTPConnection(address.hostname, address.port)
        headers = {name: value for name, value in self.headers.items() if not name.lower().startswith("proxy-")}
        asked.request(self.command, urllib.parse.urlunsplit(("", "", *address[2:])), headers={**headers, "Connection": "close"})
        answer = asked.getresponse()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("connection", "transfer-encoding", "date", "server"):
                self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.read())
        asked.close()

    do_HEAD = do_GET

    def do_CONNECT(self):
        if not self.is_let_through():
            return
        host, _, port = self.path.rpartition(":")
        with socket.create_connection((host.strip("[]"), int(port))) as other:
            self.send_response(200)
            self.end_headers()
            self.carry(other)
        self.close_connection = True

    def carry(self, other):
        ways = {self.connection: other, other: self.connection}
        while True:
            for one in select.select(list(ways), [], [])[0]:
                data = one.recv(65536)
                if not data:
                    return
                ways[one].sendall(data)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # a client that goes away is none


class Proxy:
    def __init__(self, credentials=None):
        self.credentials, self.log = credentials, []

    def __enter__(self):
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.proxy = self
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        name = "" if self.credentials is None else self.credentials + "@"
        self.url = f"http://{name}127.0.0.1:{self.server.server_port}"
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
