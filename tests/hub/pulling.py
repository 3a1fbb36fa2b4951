"""What the tests of the Hub have in common: a small model on a Hub of our own, a cache, and engram-cli between them.

    SCRIPT SOURCES ENGRAM-CLI
"""
import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile

from hub_server import Hub, git_id

SOURCES, PROGRAM = (os.path.abspath(argument) for argument in sys.argv[1:3])
NAME = "engram/tiny"
PROMPT = "The Eiffel Tower is located in"
PATIENCE = 120
CERTIFICATES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


def demo_files():
    folder = os.path.join(SOURCES, "data/demo")
    files = {}
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        with open(os.path.join(folder, name), "rb") as file:
            files[name] = file.read()
    return files


FILES = demo_files()
WEIGHTS = FILES["model.safetensors"]
EXTRA = {"README.md": b"# Read me", "pytorch_model.bin": b"not wanted" * 2000, ".gitattributes": b"*"}


class Cache:
    """A cache of its own, and the environment that names it."""

    def __init__(self, hub):
        self.hub = hub
        self.folder = tempfile.mkdtemp(prefix="engram-hub-")
        self.repository = os.path.join(self.folder, "hub/models--engram--tiny")

    def environment(self, **more):
        kept = {n: v for n, v in os.environ.items() if not n.startswith(("HF_", "HUGGING", "TRANSFORMERS_")) and "proxy" not in n.lower() and n not in CERTIFICATES}
        return {**kept, "HF_ENDPOINT": self.hub.url, "HF_HOME": self.folder, "HF_HUB_DOWNLOAD_TIMEOUT": "5", **more}

    def start(self, *arguments, **more):
        return subprocess.Popen([PROGRAM, *(arguments or ("pull", NAME))], env=self.environment(**more), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # fmt: skip

    def run(self, *arguments, **more):
        process = self.start(*arguments, **more)
        out, err = process.communicate(timeout=PATIENCE)
        return process.returncode, out, err

    def pull(self, *arguments, **more):
        status, out, err = self.run("pull", NAME, "--json", *arguments, **more)
        assert status == 0, err
        return json.loads(out)

    def refused(self, *arguments, **more):
        status, out, err = self.run(*(arguments or ("pull", NAME)), **more)
        assert status in (1, 2) and err.startswith("engram-cli: ") and err.count("\n") == 1, (status, out, err)
        return err

    def blobs(self):
        folder = os.path.join(self.repository, "blobs")
        return sorted(os.listdir(folder)) if os.path.isdir(folder) else []

    def check(self, files=FILES):
        """The cache is what huggingface_hub would have left."""
        repo = self.hub.repos[NAME]
        with open(os.path.join(self.repository, "refs/main")) as file:
            assert file.read() == repo.commit
        snapshot = os.path.join(self.repository, "snapshots", repo.commit)
        assert sorted(os.listdir(snapshot)) == sorted(files), os.listdir(snapshot)
        for name, content in files.items():
            etag = hashlib.sha256(content).hexdigest() if repo.is_large(name) else git_id(content)
            path = os.path.join(snapshot, name)
            assert os.readlink(path) == f"../../blobs/{etag}", os.readlink(path)
            with open(path, "rb") as file:
                assert file.read() == content
        assert not [blob for blob in self.blobs() if "incomplete" in blob], self.blobs()


@contextlib.contextmanager
def cache(files=None, **how):
    with Hub({NAME: {**FILES, **EXTRA} if files is None else files}, **how) as hub:
        made = Cache(hub)
        try:
            yield made
        finally:
            shutil.rmtree(made.folder)


def count(hub, kind, command="GET"):
    return len([entry for entry in hub.log if entry[:2] == (command, kind)])
