#!/usr/bin/python3
"""engram-cli trace, stopped at any moment and gone on with: nothing is lost, nothing is half-written, and the bits are those of
a trace that nobody stopped. Speaks TAP.

    test_resume.py SOURCES ENGRAM-CLI [KILLS [SEED]]
"""
import functools
import os
import random
import re
import resource
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import zipfile

SOURCES, PROGRAM = (os.path.abspath(argument) for argument in sys.argv[1:3])
KILLS = int(sys.argv[3]) if len(sys.argv) > 3 else 30
SEED = int(sys.argv[4]) if len(sys.argv) > 4 else random.randrange(1 << 30)
sys.path.insert(0, os.path.join(SOURCES, "tests/install"))
import tap  # noqa: E402

FOLDER = tempfile.mkdtemp(prefix="engram-resume-")
DEMO = os.path.join(SOURCES, "data/demo")
PROMPT = "The Eiffel Tower is located in"
SUBJECT = ["--subject", "Eiffel Tower"]
# Each with rounds of samples, several grids or metrics, or cells that are one run.
REQUESTS = [
    [*SUBJECT, "--samples", "10", "--metric", "all"],
    [*SUBJECT, "--samples", "4", "--until-sem", "0.02", "--max-samples", "16"],
    [*SUBJECT, "--samples", "8", "--site", "resid,mixer,state", "--sweep", "positions", "--noise", "1.5"],
    [*SUBJECT, "--corrupt", "swap:Space Needle", "--direction", "damage", "--site", "resid,ssm"],
]
EXIT = {signal.SIGINT: 130, signal.SIGTERM: 143}


def start(*arguments, cwd=FOLDER, **how):
    return subprocess.Popen([PROGRAM, "trace", *arguments], cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, **how)


def has_unnamed_files():
    try:
        os.close(os.open(FOLDER, os.O_TMPFILE | os.O_RDWR))
    except OSError:
        return False
    return True


HAS_UNNAMED = has_unnamed_files()


def run(*arguments, **how):
    """(exit status, standard error)"""
    with start(*arguments, **how) as process:
        return process.wait(), process.stderr.read()


def arrays(path):
    """Name → bytes of all arrays, with their checksums checked; not the time that it took."""
    with zipfile.ZipFile(path) as file:
        return {name: file.read(name) for name in file.namelist() if name not in ("seconds.npy", "date.npy")}


def is_complete(path):
    return struct.unpack("<q", arrays(path)["complete.npy"][-8:])[0] == 1


def undisturbed(request, name):
    path = os.path.join(FOLDER, name)
    begin = time.monotonic()
    status, err = run(PROMPT, *request, "-o", path)
    assert status == 0, err
    return arrays(path), time.monotonic() - begin


def new_folder():
    return tempfile.mkdtemp(prefix="run-", dir=FOLDER)


def one_sentence(err):
    return err.startswith("engram-cli: ") and err.count("\n") == 1


def check_left(folder, how, status, err):
    """What a process that was sent a signal has left behind."""
    path = os.path.join(folder, "a.npz")
    others = [name for name in os.listdir(folder) if name != "a.npz"]
    exists = os.path.exists(path)
    # A file that is killed between its last two steps is whole, and has its first name.
    for name in others if HAS_UNNAMED else []:
        assert re.fullmatch(r"\.engram-[0-9a-f]{16}\.npz", name) and arrays(os.path.join(folder, name)), name
        os.remove(os.path.join(folder, name))
        assert how == signal.SIGKILL
    if how in EXIT:
        # Before the program's first lines, the signal itself ends it; at the end of the trace, it comes too late.
        assert status in (0, -how, EXIT[how]), (status, err)
    if exists:
        arrays(path)  # whole
    if status == 0:
        assert is_complete(path)
    elif how in EXIT and err:
        assert one_sentence(err), err
        assert ("engram-cli trace --resume a.npz" in err) == exists or "Stopped before anything" in err, err
    return exists


def kill_and_resume(chance, request, seconds, expected):
    """Stops a trace, and what goes on with it, until one comes to its end."""
    folder = new_folder()
    path = os.path.join(folder, "a.npz")
    arguments = [PROMPT, *request, "-o", "a.npz"]
    for _ in range(chance.choice([1, 1, 1, 3])):
        how = chance.choice([signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
        with start(*arguments, "--save-every", chance.choice(["0.01", "3600"]), "--threads", str(chance.choice([1, 2])), cwd=folder) as process:
            time.sleep(chance.random() * seconds * 1.1)
            process.send_signal(how)
            status = process.wait(timeout=60)
            err = process.stderr.read()
        if check_left(folder, how, status, err):
            arguments = ["--resume", "a.npz"]
    status, err = run(*arguments, "--threads", str(chance.choice([1, 2, 3])), cwd=folder)
    assert status == 0, err
    found = arrays(path)
    assert found.keys() == expected.keys(), found.keys() ^ expected.keys()
    different = [name for name in found if found[name] != expected[name]]
    assert not different, different
    shutil.rmtree(folder)


def test_a_trace_that_is_killed_goes_on_to_the_same_bits():
    chance = random.Random(SEED)
    print(f"# seed {SEED}", flush=True)
    references = [undisturbed(request, f"full-{i}.npz") for i, request in enumerate(REQUESTS)]
    for i in range(KILLS):
        expected, seconds = references[i % len(REQUESTS)]
        kill_and_resume(chance, REQUESTS[i % len(REQUESTS)], seconds, expected)


@functools.cache
def stopped():
    """A file of a trace that was stopped in its midst, and what the program said."""
    folder = new_folder()
    with start(PROMPT, *SUBJECT, "--samples", "9999", "-o", "a.npz", "--save-every", "0.01", cwd=folder) as process:
        while not os.path.exists(os.path.join(folder, "a.npz")):
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 130
        err = process.stderr.read()
    return os.path.join(folder, "a.npz"), err


def test_an_interruption_says_how_far_and_how_to_go_on():
    assert re.fullmatch(r"engram-cli: Stopped at \d+%, which a\.npz has: “engram-cli trace --resume a\.npz” goes on from there\n", stopped()[1]), stopped()[1]
    assert not is_complete(stopped()[0])


def test_a_stopped_trace_is_read_by_numpy_and_drawn():
    assert subprocess.run([PROGRAM, "plot", stopped()[0], "-o", os.path.join(FOLDER, "a.svg")], check=False).returncode == 0
    try:
        import numpy
    except ImportError:
        print("# no numpy here")
        return
    with numpy.load(stopped()[0]) as file:
        values, known = file["sample_values"], file["sample_known"]
        assert values.dtype == numpy.float64 and known.dtype == bool and values.shape == known.shape
        counts = known.sum(axis=-1)
        assert (counts >= file["scores_samples"]).all()
        assert file["sample_low"].shape == values.shape[-1:]
        assert "samples=9999" in file["request"]


def refused(*arguments, status=2, words):
    found, err = run(*arguments)
    assert found == status and one_sentence(err), (found, err)
    for word in words:
        assert word in err, (word, err)


def test_what_contradicts_the_file_is_refused():
    for option in (["--samples", "10"], ["--site", "mixer"], ["--target", " Rome"], ["--seed", "7"], ["--replace"], ["--noise", "2"]):
        refused("--resume", stopped()[0], *option, words=[option[0], "--resume"])
    refused("Another prompt", "--resume", stopped()[0], words=["prompt", "--resume"])
    refused("--resume", stopped()[0], "--device", "cuda:1", words=["--device"])
    refused("--resume", stopped()[0], "--save-every", "never", words=["--save-every"])
    refused("--resume", stopped()[0], "--model", os.path.join(SOURCES, "tests/golden/models/gpt2-bin"), status=1, words=["another model"])
    refused("--resume", os.path.join(FOLDER, "missing.npz"), status=1, words=["missing.npz"])
    refused("--resume", os.path.join(SOURCES, "tests/golden/example_trace.npz"), "--samples", "3", words=["--samples"])


def test_other_weights_are_refused():
    model = os.path.join(FOLDER, "other")
    shutil.copytree(DEMO, model)
    path = next(os.path.join(model, name) for name in os.listdir(model) if name.endswith(".safetensors"))
    with open(path, "r+b") as file:
        file.seek(-4096, os.SEEK_END)
        tail = bytearray(file.read())
        tail[:] = tail[2048:] + tail[:2048]
        file.seek(-4096, os.SEEK_END)
        file.write(tail)
    refused("--resume", stopped()[0], "--model", model, status=1, words=["the same runs give other numbers"])


def test_a_file_without_values_of_samples_is_refused():
    folder = new_folder()
    path = os.path.join(folder, "old.npz")
    with zipfile.ZipFile(stopped()[0]) as source, zipfile.ZipFile(path, "w") as old:
        for name in source.namelist():
            if not name.startswith(("sample_", "request", "model_")):
                old.writestr(name, source.read(name))
    refused("--resume", path, status=1, words=["old.npz", "values of single samples", "trace anew"])


def test_a_damaged_file_is_refused():
    folder = new_folder()
    for damaged in ("request", "sample_values", "sample_known", "sample_low", "sample_high", "model_sizes", "input_ids"):
        path = os.path.join(folder, f"{damaged}.npz")
        with zipfile.ZipFile(stopped()[0]) as source, zipfile.ZipFile(path, "w") as file:
            for name in source.namelist():
                file.writestr(name, source.read("complete.npy" if name == damaged + ".npy" else name))
        refused("--resume", path, status=1, words=["other numbers" if damaged == "sample_high" else damaged])


def test_a_complete_file_is_shown_again():
    folder = new_folder()
    path = os.path.join(folder, "a.npz")
    assert run(PROMPT, *SUBJECT, "-o", path)[0] == 0
    before = open(path, "rb").read()
    result = subprocess.run([PROGRAM, "trace", "--resume", path, "-o", os.path.join(folder, "a.csv")], capture_output=True, text=True, check=False)
    assert result.returncode == 0 and result.stderr == "" and "Eiffel" in result.stdout
    assert open(path, "rb").read() == before and os.path.exists(os.path.join(folder, "a.csv"))


def limit_files():
    """As a full disk: files end after 2 KiB, less than one save."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (2048, 2048))


def test_a_full_disk_is_said_once_and_the_trace_goes_on():
    folder = new_folder()
    status, err = run(PROMPT, *SUBJECT, "--samples", "300", "-o", "a.npz", "--save-every", "0.01", cwd=folder, preexec_fn=limit_files)
    said = err.splitlines()
    assert status == 1 and len(said) == 2, err
    assert said[0].endswith("; the trace goes on") and "a.npz" in said[1], err
    assert os.listdir(folder) == []


def test_a_folder_that_vanishes_is_said_and_the_trace_goes_on():
    folder = new_folder()
    with start(PROMPT, *SUBJECT, "--samples", "300", "-o", os.path.join(folder, "a.npz"), "--save-every", "0.01", "--json") as process:
        while not os.path.exists(os.path.join(folder, "a.npz")):
            time.sleep(0.005)
        while os.path.exists(folder):
            shutil.rmtree(folder, ignore_errors=True)
        status, err = process.wait(), process.stderr.read()
    assert status == 1 and 1 <= err.count("\n") <= 2 and "No such folder" in err, err


def test_a_model_that_is_cut_short_ends_the_trace_and_keeps_the_file():
    folder = new_folder()
    model = os.path.join(folder, "model")
    shutil.copytree(DEMO, model)
    weights = next(os.path.join(model, name) for name in os.listdir(model) if name.endswith(".safetensors"))
    with start(PROMPT, *SUBJECT, "--samples", "9999", "--model", model, "-o", "a.npz", "--save-every", "0.01", cwd=folder) as process:
        while not os.path.exists(os.path.join(folder, "a.npz")):
            time.sleep(0.005)
        os.truncate(weights, os.path.getsize(weights) // 2)
        status, err = process.wait(timeout=60), process.stderr.read()
    assert status == 1 and one_sentence(err) and os.path.basename(weights) in err, err
    # What was saved before is whole, and true: with the weights as they were, it goes on.
    shutil.rmtree(model)
    shutil.copytree(DEMO, model)
    saved = os.stat(os.path.join(folder, "a.npz")).st_ino
    with start("--resume", "a.npz", "--save-every", "0.01", cwd=folder) as process:
        while os.stat(os.path.join(folder, "a.npz")).st_ino == saved:
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 143
        assert "Stopped at" in process.stderr.read()


try:
    tap.run([value for name, value in list(globals().items()) if name.startswith("test_")])
finally:
    shutil.rmtree(FOLDER, ignore_errors=True)
