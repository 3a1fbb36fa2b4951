"""engram-cli pull over HTTPS, with a certificate of our own, and through proxies of our own. Speaks TAP.

    test_hub_network.py SOURCES ENGRAM-CLI
"""
import os
import shutil
import subprocess
import sys
import tempfile

sys.path[:0] = [os.path.join(sys.argv[1], "tests/install"), os.path.join(sys.argv[1], "tests/hub")]
import tap  # noqa: E402
from proxy_server import Proxy  # noqa: E402
from pulling import CERTIFICATES, NAME, WEIGHTS, cache  # noqa: E402

FOLDER = tempfile.mkdtemp(prefix="engram-certificates-")
AUTHORITY, SERVER = (os.path.join(FOLDER, name) for name in ("authority.pem", "server.pem"))
KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], cwd=FOLDER, check=True, capture_output=True)


def make_certificates():
    """An authority, and what it vouches for: this machine by two names."""
    with open(os.path.join(FOLDER, "names"), "w", encoding="utf-8") as file:
        file.write("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    openssl("req", "-x509", *KEY, "-keyout", "authority.key", "-out", AUTHORITY, "-days", "2", "-subj", "/CN=Engram's tests",
            "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign")  # fmt: skip
    openssl("req", *KEY, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost")
    openssl("x509", "-req", "-in", "server.csr", "-CA", AUTHORITY, "-CAkey", "authority.key", "-CAcreateserial", "-days", "2",
            "-extfile", "names", "-out", "server.crt")  # fmt: skip
    with open(SERVER, "wb") as file:
        for name in ("server.crt", "server.key"):
            with open(os.path.join(FOLDER, name), "rb") as part:
                file.write(part.read())


def secure():
    """A cache of a Hub that speaks HTTPS."""
    if shutil.which("openssl") is None:
        raise tap.Skip("openssl is not installed")
    if not os.path.exists(SERVER):
        make_certificates()
    return cache(certificate=SERVER)


def authorizations(entries):
    return {headers.get("Authorization") for _, _, headers in entries}


def test_https_is_spoken_with_those_whom_a_named_authority_vouches_for():
    with secure() as c:
        message = c.refused()
        assert "127.0.0.1 cannot be reached" in message and "SSL_CERT_FILE" in message, message
        assert c.hub.log == []
        for variable in CERTIFICATES:
            shutil.rmtree(c.repository, ignore_errors=True)
            c.pull(**{variable: AUTHORITY})
            c.check()
        for path in ("/nonexistent", os.path.join(FOLDER, "names")):
            message = c.refused(SSL_CERT_FILE=path)
            assert f"SSL_CERT_FILE is “{path}”, which is no file of certificates" in message, message


def test_a_redirection_over_https_takes_the_token_nowhere_and_never_leads_to_http():
    with secure() as c:
        c.hub.repos[NAME].private = True
        c.pull(SSL_CERT_FILE=AUTHORITY, HF_TOKEN="good")
        c.check()
        sent = {kind: {headers.get("Authorization") for _, where, _, headers in c.hub.log if where == kind} for kind in ("hub", "storage")}
        assert sent == {"hub": {"Bearer good"}, "storage": {None}}, sent
    with secure() as c:
        c.hub.storage_url = c.hub.storage_url.replace("https:", "http:")
        assert "redirects to what is no address" in c.refused(SSL_CERT_FILE=AUTHORITY)


def test_a_cut_over_https_is_gone_on_with():
    with secure() as c:
        c.hub.cuts = [len(WEIGHTS) // 3]
        c.pull(SSL_CERT_FILE=AUTHORITY)
        c.check()
        assert [headers.get("Range") for _, kind, _, headers in c.hub.log if kind == "storage"] == [None, f"bytes={len(WEIGHTS) // 3}-"]


def test_a_proxy_for_http_is_used_and_left_out():
    for variable in ("http_proxy", "HTTP_PROXY"):
        with cache() as c, Proxy() as proxy:
            c.hub.repos[NAME].private = True
            c.pull(**{variable: proxy.url, "HF_TOKEN": "good"})
            c.check()
            assert len(proxy.log) == len(c.hub.log) == 8
            assert authorizations([entry for entry in proxy.log if entry[1].startswith(c.hub.storage_url)]) == {None}
    for left_out in ("127.0.0.1,localhost", "*"):
        with cache() as c, Proxy() as proxy:
            c.pull(http_proxy=proxy.url, no_proxy=left_out)
            assert proxy.log == [] and len(c.hub.log) == 8
    with cache() as c:
        assert "127.0.0.1 cannot be reached" in c.refused(http_proxy="http://127.0.0.1:9") and c.hub.log == []


def test_a_proxy_for_https_sees_nothing_but_where_it_leads():
    with secure() as c, Proxy() as proxy:
        c.hub.repos[NAME].private = True
        c.hub.cuts = [len(WEIGHTS) // 2]
        c.pull(https_proxy=proxy.url, SSL_CERT_FILE=AUTHORITY, HF_TOKEN="good")
        c.check()
        places = {url.rpartition("/")[2] for url in (c.hub.url, c.hub.storage_url)}
        assert {(method, path) for method, path, _ in proxy.log} == {("CONNECT", place) for place in places}, proxy.log
        assert authorizations(proxy.log) == {None}


def test_a_proxy_gets_its_password_at_once_and_nobody_else_gets_it():
    """libsoup 3.2 repeats what was refused at the proxy's own address."""
    for variable, hub in (("http_proxy", cache), ("https_proxy", secure)):
        with hub() as c, Proxy("name:se@cret") as proxy:
            c.pull(**{variable: proxy.url.replace("se@cret", "se%40cret"), "SSL_CERT_FILE": AUTHORITY})
            c.check()
            assert {headers.get("Proxy-Authorization") for _, _, headers in proxy.log} == {"Basic bmFtZTpzZUBjcmV0"}
            assert not [headers for _, _, _, headers in c.hub.log if "Proxy-Authorization" in headers]
        for wrong in ("", "name:other@"):
            with hub() as c, Proxy("name:secret") as proxy:
                message = c.refused(**{variable: proxy.url.replace("name:secret@", wrong), "SSL_CERT_FILE": AUTHORITY})
                assert "http://NAME:PASSWORD@HOST:PORT" in message and c.hub.log == [] and len(proxy.log) == 1, message


try:
    tap.run([value for name, value in list(globals().items()) if name.startswith("test_")])
finally:
    shutil.rmtree(FOLDER)
