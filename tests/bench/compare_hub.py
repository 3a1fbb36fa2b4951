#!/usr/bin/env python3
"""Engram's cache and huggingface_hub's, file by file, after both fetched the same model from the same Hub of our own; then
transformers opens ours offline, and Engram theirs.

    python3 -m venv V && V/bin/pip install huggingface_hub==2.4.0 transformers==5.24.0 torch
    V/bin/python tests/bench/compare_hub.py [ENGRAM-CLI]

Without transformers, as beside huggingface_hub 0.36.0 or 1.33.0, the caches alone are compared.
"""
import hashlib
import importlib.util
import os
import subprocess
import sys
import tempfile

SOURCES = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
PROGRAM = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else os.path.join(SOURCES, "_build/src/cli/engram-cli")
sys.path.insert(0, os.path.join(SOURCES, "tests/hub"))
from hub_server import Hub  # noqa: E402

NAME, PROMPT = "engram/tiny", "The Eiffel Tower is located in"
FILES = ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"]
# What only one of them writes, and why it makes no difference to what opens the cache.
ONLY_THEIRS = ("trees/",)  # a list of the repository, for listing it offline
FETCH = "import sys; from huggingface_hub import snapshot_download; snapshot_download(sys.argv[1], allow_patterns=sys.argv[2:])"
OPEN = """
import sys, torch
from transformers import AutoModelForCausalLM, AutoTokenizer
tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
model = AutoModelForCausalLM.from_pretrained(sys.argv[1], dtype=torch.float32)
with torch.no_grad():
    logits = model(**tokenizer(sys.argv[2], return_tensors="pt")).logits[0, -1]
print(repr(tokenizer.decode([int(logits.argmax())])), float(logits.softmax(-1).max()))
"""


def read(name):
    with open(os.path.join(SOURCES, "data/demo", name), "rb") as file:
        return file.read()


def tree(folder):
    """Path → what is there: a link's target, or a file's hash."""
    found = {}
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            if os.path.islink(path):
                what = "→ " + os.readlink(path)
            else:
                with open(path, "rb") as file:
                    what = hashlib.sha256(file.read()).hexdigest()
            found[os.path.relpath(path, folder)] = what
    return found


def run(home, url, *command, **more):
    environment = {**os.environ, "HF_HOME": home, "HF_ENDPOINT": url, "HF_HUB_DISABLE_XET": "1", "OMP_NUM_THREADS": "1", **more}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{command[0]} ended with {done.returncode}:\n{done.stderr[-3000:]}")
    return done.stdout.strip()


def main():
    files = {name: read(name) for name in FILES if os.path.exists(os.path.join(SOURCES, "data/demo", name))}
    with Hub({NAME: {**files, "README.md": b"#", "pytorch_model.bin": b"x"}}) as hub, tempfile.TemporaryDirectory() as folder:
        theirs, ours = os.path.join(folder, "theirs"), os.path.join(folder, "ours")
        run(theirs, hub.url, sys.executable, "-c", FETCH, NAME, *files)
        run(ours, hub.url, PROGRAM, "pull", NAME)
        a, b = tree(os.path.join(theirs, "hub")), tree(os.path.join(ours, "hub"))
        different = 0
        for path in sorted(set(a) | set(b)):
            same = a.get(path) == b.get(path)
            expected = any(part in path for part in ONLY_THEIRS) or path == "CACHEDIR.TAG"
            different += not same and not expected
            print("same     " if same else "expected " if expected else "DIFFERENT", path, "" if same else f"theirs: {a.get(path)}, ours: {b.get(path)}")
        if importlib.util.find_spec("transformers") is not None:
            print("transformers opens ours offline:", run(ours, hub.url, sys.executable, "-c", OPEN, NAME, PROMPT, HF_HUB_OFFLINE="1"))
        print("Engram opens theirs offline:", run(theirs, hub.url, PROGRAM, "predict", PROMPT, "--model", NAME, "--top", "1", HF_HUB_OFFLINE="1"))
        n = len(hub.log)
        run(theirs, hub.url, PROGRAM, "pull", NAME)
        run(ours, hub.url, sys.executable, "-c", FETCH, NAME, *files)
        again = [entry[:3] for entry in hub.log[n:] if entry[1] == "storage"]
        print("fetched again by the other:", again or "nothing")
    sys.exit(bool(different or again))


if __name__ == "__main__":
    main()
