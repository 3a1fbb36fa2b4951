"""A Hub of our own on the loopback: the protocol of Hugging Face's as far as huggingface_hub and Engram speak it, with faults
on demand.

    with Hub({"owner/name": {"config.json": b"…"}}, large={"model.safetensors"}) as hub:
        hub.url, hub.log, hub.faults
"""
import hashlib
import http.server
import json
import re
import ssl
import threading
import time
import urllib.parse


def git_id(content):
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


class Repo:
    def __init__(self, files, large):
        self.files, self.large = dict(files), large
        self.private = self.gated = False
        self.change()

    def change(self):
        """A new commit of what there is."""
        names = json.dumps({name: git_id(content) for name, content in self.files.items()}, sort_keys=True)
        self.commit = hashlib.sha1(names.encode()).hexdigest()

    def is_large(self, name):
        return any(re.fullmatch(pattern, name) for pattern in self.large)

    def etag(self, name):
        content = self.files[name]
        return hashlib.sha256(content).hexdigest() if self.is_large(name) else git_id(content)

    def sibling(self, name):
        content = self.files[name]
        entry = {"rfilename": name, "size": len(content), "blobId": git_id(content)}
        if self.is_large(name):
            entry["lfs"] = {"sha256": self.etag(name), "size": len(content), "pointerSize": 134}
        return entry

    def entry(self, name):
        """As a tree lists it."""
        content = self.files[name]
        entry = {"type": "file", "path": name, "size": len(content), "oid": git_id(content)}
        if self.is_large(name):
            entry["lfs"] = {"oid": self.etag(name), "size": len(content), "pointerSize": 134}
        return entry


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    @property
    def hub(self):
        return self.server.hub

    def answer(self, status, headers=(), body=b"", length=None):
        self.send_response(status)
        for name, value in dict(headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        path = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path)
        self.hub.log.append((self.command, self.server.kind, path, dict(self.headers)))
        for fault in list(self.hub.faults):
            if fault(self, path):
                return
        if self.server.kind == "storage":
            self.store(path)
        elif path.startswith("/api/models/"):
            self.api(path)
        else:
            self.resolve(path)

    # ---- the Hub ----

    def find(self, name):
        """The repository that this request may read; None when it was answered."""
        repo = self.hub.repos.get(name)
        token = self.headers.get("Authorization")
        if repo is None or (repo.private and token != "Bearer good"):
            self.answer(401 if token is None else 404, {"X-Error-Code": "RepoNotFound"})
        elif repo.gated and token != "Bearer good":
            self.answer(401 if token is None else 403, {"X-Error-Code": "GatedRepo"})
        else:
            return repo
        return None

    def api(self, path):
        listed = re.fullmatch(r"/api/models/([^/]+/[^/]+)/tree/([^/]+)", path)
        match = listed or re.fullmatch(r"/api/models/([^/]+(?:/[^/]+)?)(?:/revision/(.+))?", path)
        repo = self.find(match[1])
        if repo is None:
            return
        if listed:
            body = json.dumps([repo.entry(name) for name in repo.files]).encode()
            self.answer(200, {"Content-Type": "application/json", "X-Repo-Commit": repo.commit}, body)
        elif match[2] not in (None, "main", "v1", "pr/1", repo.commit):
            self.answer(404, {"X-Error-Code": "RevisionNotFound"})
        else:
            self.api_revision(match[1], repo)

    def api_revision(self, name, repo):
        document = {"id": name, "sha": repo.commit, "siblings": [repo.sibling(file) for file in repo.files]}
        self.hub.edit(document)
        self.answer(200, {"Content-Type": "application/json"}, json.dumps(document).encode())

    def resolve(self, path):
        match = re.fullmatch(r"/([^/]+(?:/[^/]+)?)/resolve/([^/]+)/(.+)", path)
        repo = self.find(match[1]) if match else self.answer(404)
        if repo is None:
            return
        name, headers = match[3], {"X-Repo-Commit": repo.commit, "Accept-Ranges": "bytes"}
        if name not in repo.files:
            self.answer(404, {**headers, "X-Error-Code": "EntryNotFound"})
        elif repo.is_large(name):
            headers.update({"X-Linked-Etag": f'"{repo.etag(name)}"', "X-Linked-Size": str(len(repo.files[name]))})
            headers["Location"] = f"{self.hub.storage_url}/{match[1]}/{name}?signed=1"
            self.answer(302, headers)
        else:
            self.content(repo.files[name], {**headers, "ETag": f'"{repo.etag(name)}"'})

    # ---- its storage ----

    def store(self, path):
        owner, name, file = path.strip("/").split("/", 2)
        self.content(self.hub.repos[f"{owner}/{name}"].files[file], {"ETag": '"storage"', "Accept-Ranges": "bytes"})

    def content(self, content, headers):
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(wanted[1]) if wanted and not self.hub.ignores_range else 0
        if start and start >= len(content):
            self.answer(416, {"Content-Range": f"bytes */{len(content)}"})
            return
        if wanted and not self.hub.ignores_range:
            headers = {**headers, "Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"}
        self.give(206 if wanted and not self.hub.ignores_range else 200, headers, content, start)

    def give(self, status, headers, content, start):
        """The body, which may be cut, drip or be another one."""
        stored = self.server.kind == "storage"
        cut = self.hub.cuts.pop(0) if stored and self.hub.cuts and self.command == "GET" else None
        body = content[start : len(content) if cut is None else max(cut, start)]
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        if self.command == "HEAD":
            return
        if self.hub.spoil:
            body = bytes(b ^ 1 for b in body)
        piece, pause = (self.hub.piece, self.hub.pause) if stored else (len(body) or 1, 0)
        for at in range(0, len(body), piece):
            self.wfile.write(body[at : at + piece])
            self.wfile.flush()
            time.sleep(pause)
        if cut is not None:
            self.close_connection = True


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, hub, kind):
        super().__init__(("127.0.0.1", 0), Handler)
        self.hub, self.kind = hub, kind
        if hub.certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(hub.certificate)
            # Not by the thread that accepts, which one client could keep waiting.
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def handle_error(self, request, client_address):
        pass  # a client that goes away is none


class Hub:
    """faults: functions of (handler, path) that answer a request and are true, or are not. cuts: of the storage's next bodies,
    after so many bytes. edit: changes what the API says. certificate: a .pem of both it and its key, for HTTPS."""

    def __init__(self, repos, large=("model.*\\.safetensors", "pytorch_model.*\\.bin"), certificate=None):
        self.certificate = certificate
        self.repos = {name: Repo(files, large) for name, files in repos.items()}
        self.log, self.faults, self.cuts = [], [], []
        self.ignores_range, self.spoil, self.piece, self.pause = False, False, 1 << 20, 0
        self.edit = lambda document: None

    def __enter__(self):
        self.servers = [Server(self, "hub"), Server(self, "storage")]
        # By another name of the loopback: another host.
        scheme = "http" if self.certificate is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self.servers[0].server_port}"
        self.storage_url = f"{scheme}://localhost:{self.servers[1].server_port}"
        return self

    def __exit__(self, *_):
        for server in self.servers:
            server.shutdown()
            server.server_close()
