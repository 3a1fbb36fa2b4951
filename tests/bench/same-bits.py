#!/usr/bin/env python3
"""This tree's engram-cli beside that of an earlier revision: the same bits, the same files, the same speed.

    same-bits.py [--base REVISION] [--bits] [--old-files [--keep FOLDER]] [--time [--within PERCENT]] [--only WORD]

Builds the base revision (by default 1c901f3, the end of the first wave) and this tree, both --buildtype=release, in
_build-same-bits, where the base is found again the next time. What follows, by default --bits:

  --bits       some 100 requests of all kinds (trace_requests.py) through both: every array of the .npz, every value of the
               JSON and every line of the CSV must be the same in every bit; or with --near DISTANCE, numbers of the .npz
               and the JSON within that (relative, of those greater than 1), where the base multiplied otherwise. Fields may be added, none may be gone;
               the seconds taken and the version are not looked at. Where the number of threads alone differs, this
               tree's own numbers must not. Wrong requests must be refused by both.
  --old-files  every .npz that the base's engram-cli writes, others that lie in tests/golden, and some as a stopped
               trace leaves them: both draw them, and the pictures must be the same bytes. (Settings, which no picture
               shows, are for the tests of results to check.) What the window keeps unsaved are such files: with --keep,
               they are left in FOLDER/engram/unsaved, and XDG_STATE_HOME=FOLDER engram offers to open them.
  --time       both trace in turns, A B A B: this tree may take PERCENT (2) longer, by the median of the pairs' ratios,
               which an otherwise idle machine is needed for. Their numbers, of layers as wide as mamba-130m's, must
               be the same, too.

Exit status 1 when anything differs. Needs Python, Git, and what a build needs; nothing of the tree but engram-cli's
command line, Meson's options, data/ and tests/golden.
"""
import argparse
import json
import os
import statistics
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import npz_files
import random_checkpoint
import trace_requests

ROOT = trace_requests.ROOT
FOLDER = ROOT / "_build-same-bits"
BASE = "1c901f3"
UNLIKE = {"seconds", "elapsed", "date", "engram_version", "device"}
# What info says of the machine at this moment.
UNLIKE_INFO = {"available", "cuda"}
TOKENIZER = ROOT / "data" / "tokenizers" / "gpt-neox-20b" / "tokenizer.json"
ENVIRONMENT = {**{k: v for k, v in os.environ.items() if not k.startswith("ENGRAM_")}, "LC_ALL": "C.UTF-8"}


# ---- building ----


def must(*command, **options):
    """Runs it; ends with what it said when it fails."""
    command = [str(part) for part in command]
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)
    if done.returncode != 0:
        sys.exit(f"{done.stdout}\nsame-bits: {command[0]} failed")
    return done.stdout


def build(source, folder):
    """The path of the engram-cli that the source builds."""
    if not (folder / "build.ninja").exists():
        print(f"Setting up {folder.relative_to(ROOT)} …", flush=True)
        options = ["--buildtype=release", "-Dapp=disabled", "-Dtests=false", "-Dcuda=disabled"]
        must("meson", "setup", folder, source, *options, env=ENVIRONMENT)
    must("ninja", "-C", folder, env=ENVIRONMENT)
    found = [path for path in folder.rglob("engram-cli") if path.is_file() and os.access(path, os.X_OK)]
    if len(found) != 1:
        sys.exit(f"same-bits: {folder} has {len(found)} programs engram-cli")
    return found[0]


def build_base(revision):
    commit = must("git", "-C", ROOT, "rev-parse", "--verify", revision + "^{commit}").strip()
    source = FOLDER / commit[:12]
    if not source.exists():
        # A copy, not a work tree, which would stay in the repository's list when this is interrupted.
        with tempfile.TemporaryDirectory(dir=FOLDER) as name:
            must("git", "-C", ROOT, "archive", "--output", Path(name) / "source.tar", commit)
            (Path(name) / "source").mkdir()
            must("tar", "-xf", Path(name) / "source.tar", "-C", Path(name) / "source")
            (Path(name) / "source").rename(source)
    return build(source, source / "_build")


# ---- running and comparing ----


class Answer:
    """What a program made of a request: exit status, the JSON, the arrays, the CSV."""

    def __init__(self, program, request, path):
        outputs = [f"--output={path}.npz", f"--output={path}.csv"] if request.command == "trace" else []
        done = subprocess.run([program, *request.line(), *outputs], capture_output=True, text=True, env=ENVIRONMENT)
        self.status, self.said = done.returncode, done.stderr.strip()
        self.document, self.arrays, self.table = None, {}, None
        if done.returncode == 0:
            self.document = read_stream(done.stdout) if "--stream" in request.arguments else read_json(done.stdout)
        if done.returncode == 0 and outputs:
            self.arrays = npz_files.read(f"{path}.npz")
            self.table = Path(f"{path}.csv").read_text().splitlines()


class Spelt(str):
    """A number as it is spelt: it reads back exactly, so that another spelling is another number."""


# How far numbers may be from each other.
distance = 0


def near(old, new):
    return old == new or abs(old - new) <= distance * max(1, abs(old))


def read_json(text):
    return json.loads(text, parse_float=Spelt)


def read_stream(text):
    """The result, and the last estimate of each cell: how many come before it is a matter of time."""
    document = {}
    for line in text.splitlines():
        event = read_json(line)
        cell = event["event"] == "cell"
        document["-".join(str(event.get(name)) for name in ("site", "layer", "position")) if cell else "result"] = event
    return document


def compare_values(old, new, unlike, where="", added=None):
    """(number of values compared, [differences]) of two JSON documents."""
    if isinstance(old, dict) and isinstance(new, dict):
        n, wrong = 0, [f"{where}{name} is gone" for name in old if name not in new and name not in unlike]
        if added is not None:
            added.update(f"{where}{name}" for name in new if name not in old)
        for name in old.keys() & new.keys() - unlike:
            more, differences = compare_values(old[name], new[name], unlike, f"{where}{name}.", added)
            n, wrong = n + more, wrong + differences
        return n, wrong
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        pairs = [compare_values(a, b, unlike, f"{where}{i}.", added) for i, (a, b) in enumerate(zip(old, new))]
        return sum(n for n, _ in pairs), [text for _, differences in pairs for text in differences]
    if type(old) is type(new) and (old == new or isinstance(old, Spelt) and near(float(old), float(new))):
        return 1, []
    return 1, [f"{where.rstrip('.')}: {str(old)[:40]} became {str(new)[:40]}"]


def arrays_near(old, new):
    """Whether both are floats of the same shape, close to each other; NaN stands beside NaN."""
    if distance == 0 or old.dtype != new.dtype or old.shape != new.shape or old.dtype[1] != "f":
        return False
    return all(near(a, b) or (a != a and b != b) for a, b in zip(old.values(), new.values()))


def compare_arrays(old, new):
    wrong = [f"the array {name} is gone" for name in old if name not in new and name not in UNLIKE]
    for name in old:
        text = npz_files.difference(old[name], new[name]) if name in new and name not in UNLIKE else None
        if text is not None and not arrays_near(old[name], new[name]):
            wrong.append(f"{name}: {text}")
    return wrong


def compare_answers(request, old, new, added):
    """(arrays, values, [differences])"""
    if request.refused or old.status != 0 or new.status != 0:
        wrong = [] if old.status == new.status else [f"the exit status {old.status} became {new.status}: {new.said}"]
        if (old.status != 0) != request.refused:
            wrong.append(f"the base's exit status is {old.status}: {old.said}")
        return 0, 0, wrong
    unlike = UNLIKE | (UNLIKE_INFO if request.command == "info" else set())
    n, in_document = compare_values(old.document, new.document, unlike, added=added)
    added.update(f"{name} (array)" for name in new.arrays if name not in old.arrays)
    wrong = compare_arrays(old.arrays, new.arrays) + in_document
    if old.table != new.table and distance == 0:
        wrong.append("the CSV differs")
    return len(old.arrays), n, wrong


def say(name, model, arrays, values, verdict):
    print(f"{name:44} {model:11} {arrays:>7} {values:>7}  {verdict}", flush=True)


def compare_bits(base, program, requests, folder):
    """The number of requests that differ."""
    answers, added, n_wrong, n_values = {}, set(), 0, 0
    say("request", "model", "arrays", "values", "bits")
    for request in requests:
        old = Answer(base, request, folder / f"{request.name}-old")
        new = answers[request.name] = Answer(program, request, folder / f"{request.name}-new")
        n_arrays, n, wrong = compare_answers(request, old, new, added)
        if request.same_as in answers:
            others = compare_arrays(answers[request.same_as].arrays, new.arrays)
            wrong += [f"unlike {request.same_as}: {text}" for text in others]
        n_wrong, n_values = n_wrong + bool(wrong), n_values + n
        verdict = "refused" if request.refused else "same"
        if wrong:
            verdict = wrong[0] + (f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else "")
        say(request.name, request.model, n_arrays or "", n or "", verdict)
    if added:
        print(f"added: {', '.join(sorted(added))}")
    print(f"{len(requests)} requests, {n_values} values of JSON beside their arrays: {n_wrong or 'none'} differ")
    return n_wrong


# ---- old files ----


def stop_half_way(arrays):
    """What a trace that was stopped leaves: scores of few samples, and cells without any."""
    arrays = dict(arrays)
    for name, array in arrays.items():
        if name.startswith("scores"):
            size = int(array.dtype[2:])
            nan = struct.pack("<f" if size == 4 else "<d", float("nan"))
            data = bytearray(array.data)
            for i in range(0, len(data), 3 * size):
                data[i : i + size] = nan
            arrays[name] = npz_files.Array(array.dtype, array.shape, data)
    n = int.from_bytes(arrays["samples"].data, "little")
    for name in [name for name in arrays if name.startswith("scores") and not name.startswith("scores_sem")]:
        counts = [0 if i % 3 == 0 else max(n // 2, 1) for i in range(len(arrays[name].values()))]
        data = b"".join(count.to_bytes(8, "little") for count in counts)
        arrays[name.replace("scores", "scores_samples", 1)] = npz_files.Array("<i8", arrays[name].shape, data)
    arrays["complete"] = npz_files.Array("<i8", (), (0).to_bytes(8, "little"))
    return arrays


def write_old_files(base, requests, folder):
    for request in requests:
        if request.command == "trace" and not request.refused:
            answer = Answer(base, request, folder / request.name)
            Path(f"{folder / request.name}.csv").unlink(missing_ok=True)
            if answer.arrays and answer.arrays["metric"].values() == ["prob"] and "scores_kl" not in answer.arrays:
                npz_files.write(folder / f"{request.name}-stopped.npz", stop_half_way(answer.arrays))


def draw(program, path, picture):
    """(exit status, what it said, the bytes)"""
    picture.unlink(missing_ok=True)
    command = [program, "plot", path, f"--output={picture}", "--raw"]
    done = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT)
    return done.returncode, done.stderr.strip(), picture.read_bytes() if done.returncode == 0 else b""


def compare_old_files(base, program, requests, folder, keep):
    """The number of files that are not opened as before."""
    files = folder
    if keep is not None:
        files = keep / "engram" / "unsaved" / "same-bits"
        files.mkdir(parents=True, exist_ok=True)
    write_old_files(base, requests, files)
    written = sorted(files.glob("*.npz"))
    paths = written + sorted(trace_requests.GOLDEN.rglob("*.npz"))
    n_wrong, n_refused = 0, 0
    for path in paths:
        old, new = draw(base, path, folder / "old.svg"), draw(program, path, folder / "new.svg")
        wrong = None
        if old[0] != 0 and path in written:
            wrong = f"not even the base opens it: {old[1]}"
        elif (old[0] == 0) != (new[0] == 0):
            wrong = f"the exit status {old[0]} became {new[0]}: {new[1]}"
        elif old[2] != new[2]:
            wrong = "the pictures differ"
        n_wrong, n_refused = n_wrong + (wrong is not None), n_refused + (old[0] != 0)
        if wrong is not None:
            print(f"{path.name}: {wrong}")
    print(f"{len(paths)} old files, {n_refused} of them refused by both: {n_wrong or 'none'} opened otherwise than before")
    return n_wrong


# ---- speed ----


def time_trace(program, command):
    """(seconds of the trace alone, of all processors for the whole program, the JSON)"""
    before = os.times()
    done = subprocess.run([program, *command], capture_output=True, text=True, env=ENVIRONMENT)
    after = os.times()
    if done.returncode != 0:
        sys.exit(f"same-bits: {done.stderr}")
    used = after.children_user + after.children_system - before.children_user - before.children_system
    document = read_json(done.stdout)
    return float(document["seconds"]), used, document


def compare_speed(base, program, folder, pairs, within):
    """The number of traces that take too long, or have other numbers: these are wider than what --bits traces."""
    model = folder / "random"
    random_checkpoint.write(model, 24, 768)
    text, subject = trace_requests.EIFFEL
    usual = ["trace", text, "--subject", subject, "--device", "cpu", "--json"]
    demo = ["--model", str(trace_requests.MODELS["demo"][0])]
    large = ["--model", str(model), "--tokenizer", str(TOKENIZER)]
    works = {
        "demo, all sites, 40 samples": (pairs * 3, [*usual, *demo, "--site", "all", "--samples", "40"]),
        "mamba-130m's size, resid": (pairs, [*usual, *large, "--samples", "10"]),
        "mamba-130m's size, state": (pairs, [*usual, *large, "--samples", "2", "--site", "state"]),
    }
    n_wrong = 0
    print(f"{'trace':30} {'pairs':>5} {'base s':>8} {'tree s':>8} {'ratio':>7} {'lowest':>7} {'CPU':>7}")
    for name, (n, command) in works.items():
        one, two = time_trace(base, command), time_trace(program, command)
        _, wrong = compare_values(one[2], two[2], UNLIKE)
        # In turns, and each first as often as the other.
        runs = []
        for i in range(n):
            first, second = (base, program) if i % 2 == 0 else (program, base)
            one, two = time_trace(first, command), time_trace(second, command)
            runs.append((one, two) if i % 2 == 0 else (two, one))
        old, new = [a[0] for a, _ in runs], [b[0] for _, b in runs]
        ratio = statistics.median(b / a for a, b in zip(old, new))
        used = statistics.median(b[1] / a[1] for a, b in runs)
        slow = ratio > 1 + within / 100
        n_wrong += slow or bool(wrong)
        print(
            f"{name:30} {n:5} {statistics.median(old):8.3f} {statistics.median(new):8.3f} {ratio:7.3f}"
            f" {min(new) / min(old):7.3f} {used:7.3f}  {'too slow' if slow else 'within'}{', but ' + wrong[0] if wrong else ''}",
            flush=True,
        )
    return n_wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", default=BASE, metavar="REVISION")
    parser.add_argument("--bits", action="store_true", help="compare numbers (what is done when nothing else is asked for)")
    parser.add_argument("--near", type=float, default=0, metavar="DISTANCE", help="what numbers may differ by (default: 0)")
    parser.add_argument("--old-files", action="store_true", help="open the base's files")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="leave them there")
    parser.add_argument("--time", action="store_true", help="compare the speed")
    parser.add_argument("--pairs", type=int, default=5, help="of runs that are timed (default: 5)")
    parser.add_argument("--within", type=float, default=2, metavar="PERCENT")
    parser.add_argument("--only", default="", metavar="WORD", help="only requests whose name has it")
    parser.add_argument("--base-cli", type=Path, help="an engram-cli that was built of the base")
    parser.add_argument("--cli", type=Path, help="an engram-cli that was built of this tree")
    args = parser.parse_args()
    global distance
    distance = args.near

    FOLDER.mkdir(exist_ok=True)
    base = args.base_cli.resolve() if args.base_cli else build_base(args.base)
    program = args.cli.resolve() if args.cli else build(ROOT, FOLDER / "tree")
    requests = [request for request in trace_requests.all_requests() if args.only in request.name]
    n_wrong = 0
    with tempfile.TemporaryDirectory(prefix="engram-same-bits-") as name:
        folder = Path(name)
        if args.bits or not (args.old_files or args.time):
            n_wrong += compare_bits(base, program, requests, folder)
        if args.old_files:
            files = folder / "files"
            files.mkdir()
            n_wrong += compare_old_files(base, program, requests, files, args.keep)
        if args.time:
            n_wrong += compare_speed(base, program, folder, args.pairs, args.within)
    sys.exit(n_wrong > 0)


main()
