#!/usr/bin/python3
"""engram-cli study: killed at any moment, cut into shards, run by any number of threads, it ends in the same bytes; files of facts
that are broken are refused by their line. Speaks TAP.

    test_study.py SOURCES ENGRAM-CLI [KILLS [SEED]]
"""
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

SOURCES, PROGRAM = (os.path.abspath(argument) for argument in sys.argv[1:3])
KILLS = int(sys.argv[3]) if len(sys.argv) > 3 else 12
SEED = int(sys.argv[4]) if len(sys.argv) > 4 else random.randrange(1 << 30)
sys.path.insert(0, os.path.join(SOURCES, "tests/install"))
import tap  # noqa: E402

FOLDER = tempfile.mkdtemp(prefix="engram-study-")
FILES = ("study.json", "facts.jsonl", "journal", "results.npz")
QUICK = ["--limit", "20", "--samples", "2", "--site", "resid,ssm"]


def start(*arguments):
    return subprocess.Popen([PROGRAM, "study", *arguments], cwd=FOLDER, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def run(*arguments, status=0):
    with start(*arguments) as process:
        out, err = process.communicate()
    assert process.returncode == status, (arguments, process.returncode, err)
    return out, err


def read_folder(name):
    files = {}
    for file in FILES:
        with open(os.path.join(FOLDER, name, file), "rb") as content:
            files[file] = content.read()
    assert sorted(os.listdir(os.path.join(FOLDER, name))) == sorted([".lock", *FILES]), "something is left over"
    return files


def undisturbed():
    begin = time.monotonic()
    run("run", "demo", "--folder", "whole", *QUICK)
    return read_folder("whole"), time.monotonic() - begin


def kill_once(rng, seconds):
    """Whether it came to its end before it was killed."""
    with start("run", "demo", "--folder", "killed", *QUICK, "--threads", str(rng.randint(1, 3))) as process:
        try:
            out, err = process.communicate(timeout=rng.uniform(0, 1.1 * seconds))
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return False
    assert process.returncode == 0, err
    return True


def test_killed_at_any_moment_it_ends_in_the_same_bytes():
    rng = random.Random(SEED)
    print(f"# seed {SEED}")
    whole, seconds = undisturbed()
    kills = ends = 0
    while kills < KILLS or ends == 0:
        if not kill_once(rng, seconds if kills < KILLS else 60):
            kills += 1
            continue
        assert read_folder("killed") == whole
        shutil.rmtree(os.path.join(FOLDER, "killed"))
        ends += 1
    print(f"# {kills} kills, {ends} times to the end")


def test_one_three_and_seven_shards_merged_are_one_run():
    whole = read_folder("whole")
    for n in (3, 7):
        names = [f"shard-{i}-of-{n}" for i in range(1, n + 1)]
        for i, name in enumerate(names, 1):
            run("run", "demo", "--folder", name, *QUICK, "--shard", f"{i}/{n}", "--threads", str(i % 3 + 1))
        out, err = run("merge", *reversed(names), "--folder", f"merged-{n}", "--json")
        assert err == "" and json.loads(out)["facts"]["total"] == 20
        assert read_folder(f"merged-{n}") == whole
    run("run", "demo", "--folder", "one", *QUICK, "--shard", "1/1")
    run("merge", "one", "--folder", "merged-1")
    assert read_folder("merged-1") == read_folder("one") == whole


def journal_size(name):
    path = os.path.join(FOLDER, name, "journal")
    return os.path.getsize(path) if os.path.exists(path) else 0


def test_a_signal_stops_it_and_it_says_how_far_it_is():
    facts = ["run", "demo", "--folder", "stopped"]
    for number, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        before = journal_size("stopped")
        with start(*facts) as process:
            while journal_size("stopped") == before and process.poll() is None:
                time.sleep(0.01)
            process.send_signal(number)
            out, err = process.communicate()
        assert process.returncode == status and "Stopped: " in err and " of 1015 facts are in stopped" in err, (process.returncode, err)


def test_facts_are_lines_of_json():
    out, _ = run("show", "whole", "--facts")
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line["index"] for line in lines] == list(range(20))
    first = lines[0]
    assert first["id"] == "location-1" and first["subject_range"] == [1, 2] and first["relation"] == "location"
    assert first["expected"] == "Paris" and first["target"] == " Paris" and first["state"] == "traced"
    assert len(first["scores"]) == 8 and len(first["scores"][0]) == len(first["tokens"]) == 6
    assert len(first["sites"]["ssm"]["scores_sem"]) == 8
    assert first["low_score"] < 0.05 < 0.9 < first["high_score"]


def test_a_folder_is_gone_on_with_by_its_own_study_alone():
    for more in (["--samples", "3"], ["--limit", "19"], ["--model", "demo-gpt2", "--site", "resid"], ["--shard", "1/2"], ["--min-effect", "0.2"], ["--estimate"]):
        _, err = run("run", "demo", "--folder", "whole", *QUICK, *more, status=1)
        assert "another study" in err or "site" in err, err
    _, err = run("merge", "whole", "one", "--folder", "nowhere", status=1)
    assert "same shard" in err
    _, err = run("show", "nothing-here", status=1)
    assert "There is no study" in err


def change_json(path, change):
    with open(path, encoding="utf-8") as file:
        document = json.load(file)
    change(document)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(document, file)


def fewer_merges(tokenizer):
    del tokenizer["model"]["merges"][-20:]


def copy_model(name):
    folder = os.path.join(FOLDER, name)
    shutil.copytree(os.path.join(os.environ["ENGRAM_DATA_DIR"], "demo"), folder)
    return folder


def assert_other(name, what, *options, change):
    """After the change the first shard is not gone on with, and the second one is another study's."""
    shard = ["run", "demo", "--limit", "4", "--samples", "2", *options]
    run(*shard, "--folder", f"{name}-1", "--shard", "1/2")
    change()
    _, err = run(*shard, "--folder", f"{name}-1", "--shard", "1/2", status=1)
    assert f"differs in {what}" in err, err
    run(*shard, "--folder", f"{name}-2", "--shard", "2/2")
    _, err = run("merge", f"{name}-1", f"{name}-2", "--folder", f"{name}-merged", status=1)
    assert f"differ in {what}" in err, err


def test_another_tokenizer_configuration_or_noise_text_is_another_study():
    model = copy_model("changing")
    config, tokenizer = (os.path.join(model, name) for name in ("config.json", "tokenizer.json"))
    assert_other("tokenizer", "the tokenizer", "--model", model, change=lambda: change_json(tokenizer, fewer_merges))
    assert_other("config", "the model", "--model", model, change=lambda: change_json(config, lambda it: it.update(layer_norm_epsilon=1e-4)))
    put("noise.txt", "The Eiffel Tower is located in Paris\nBig Ben is in London\n" * 20)
    noise = ["--corrupt", "student-t:5", "--noise-scale", "text:noise.txt"]
    assert_other("noise", "--noise-scale", *noise, change=lambda: put("noise.txt", "The Louvre is located in\nParis is a town\n" * 20))


def test_a_study_of_before_there_were_digests_is_gone_on_with():
    shutil.copytree(os.path.join(FOLDER, "whole"), os.path.join(FOLDER, "older"))
    path = os.path.join(FOLDER, "older/study.json")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    older = "".join(line for line in text.splitlines(True) if "config_digest" not in line and "tokenizer_digest" not in line)
    assert older != text
    put("older/study.json", older)
    run("run", "demo", "--folder", "older", *QUICK)
    with open(path, encoding="utf-8") as file:
        assert file.read() == older


def test_shards_without_a_fact_are_done_at_once_and_merged():
    for i in range(1, 5):
        out, _ = run("run", "demo", "--folder", f"few-{i}", "--limit", "2", "--samples", "2", "--shard", f"{i}/4", "--json")
        assert json.loads(out)["facts"]["total"] == (i <= 2)
    run("merge", *(f"few-{i}" for i in range(1, 5)), "--folder", "few")
    run("run", "demo", "--folder", "few-whole", "--limit", "2", "--samples", "2")
    assert read_folder("few") == read_folder("few-whole")
    run("show", "few-4")


WRONG = (["--sweep", "layers"], ["--metric", "all"], ["--min-effect", "1"], ["--min-effect", "-1"], ["--min-effect", "x"], ["--estimate", "--freeze", "mixer"], ["--estimate", "--metric", "rank"], ["--ig", "5"])


def test_a_wrong_option_is_told_by_the_exit_code():
    for options in WRONG:
        run("run", "demo", "--folder", "wrong", "--limit", "2", *options, status=2)
        run("slurm", "demo", "--folder", "wrong", "--shards", "2", *options, status=2)
        assert not os.path.exists(os.path.join(FOLDER, "wrong")), options
    run("show", "whole", "-o", "x.svg", "--colormap", "nope", status=2)
    run("show", "whole", "-o", "x.svg", "--width", "nope", status=2)
    run("run", "demo", "--folder", "all-effects", "--limit", "1", "--samples", "2", "--min-effect", "0")


def test_for_slurm_all_is_looked_at_before():
    slurm = ["slurm", "demo", "--folder", "for-slurm", "--shards", "2"]
    run(*slurm, "--model", "nope", status=1)
    put("same.jsonl", '{"prompt": "a is", "subject": "a", "id": 1}\n' * 2)
    _, err = run("slurm", "same.jsonl", "--folder", "for-slurm", "--shards", "2", status=1)
    assert "has the id" in err
    run(*slurm, "--json", "--submit", status=2)
    assert not os.path.exists(os.path.join(FOLDER, "for-slurm"))
    out, _ = run(*slurm, "--json")
    document = json.loads(out)
    assert document["shards"] == 2 and sorted(document["scripts"] + ["log"]) == sorted(os.listdir(document["folder"]))


def put(name, content):
    path = os.path.join(FOLDER, name)
    with open(path, "wb") as file:
        file.write(content.encode())
    return path


def test_broken_facts_are_refused_by_their_line_and_odd_ones_set_apart():
    known = '{"prompt": "The Eiffel Tower is located in", "subject": "%s", "target": "%s", "id": %s}\n'
    broken = {
        "broken.jsonl": (known % ("Eiffel Tower", "Paris", 1) + '{"prompt": "x"\n', "broken.jsonl:2: "),
        "twice.jsonl": (known % ("Eiffel Tower", "Paris", 1) + known % ("Eiffel", "Paris", 1), "twice.jsonl:2: the fact of line 1 has the id “1”, too"),
        "nothing.csv": ("prompt,subject\n", "nothing.csv: there are no facts"),
        "letter.txt": ("Dear Sir,\n", "letter.txt:1: this is no file of facts"),
    }
    for name, (content, message) in broken.items():
        put(name, content)
        _, err = run("run", name, "--folder", "broken", status=1)
        assert message in err, err
        assert not os.path.exists(os.path.join(FOLDER, "broken")), "nothing is left where nothing was begun"
    run("run", "missing.jsonl", "--folder", "broken", status=1)
    assert not os.path.exists(os.path.join(FOLDER, "broken"))
    put("odd.jsonl", known % ("Eiffel Tower", "Paris", 1) + known % ("Big Ben", "Paris", 2) + known % ("Eiffel Tower", "Rome", 3) + known % ("The", "Paris", 4))
    out, _ = run("run", "odd.jsonl", "--folder", "odd", "--json")
    assert json.loads(out)["facts"] == {"total": 4, "traced": 1, "unknown": 1, "unaffected": 1, "failed": 1}


def test_a_damaged_journal_is_gone_on_with_from_before_the_damage():
    shutil.copytree(os.path.join(FOLDER, "whole"), os.path.join(FOLDER, "damaged"))
    path = os.path.join(FOLDER, "damaged/journal")
    with open(path, "r+b") as file:
        file.seek(os.path.getsize(path) // 2)
        file.write(b"\0\0\0\0")
    os.remove(os.path.join(FOLDER, "damaged/results.npz"))
    run("run", "demo", "--folder", "damaged", *QUICK)
    assert read_folder("damaged") == read_folder("whole"), "what came after the damage is computed again"


def test_under_slurm_it_takes_the_threads_that_it_is_given():
    environment = dict(os.environ, SLURM_CPUS_ON_NODE="3")
    done = subprocess.run([PROGRAM, "study", "run", "demo", "--folder", "on-slurm", *QUICK], cwd=FOLDER, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert read_folder("on-slurm") == read_folder("whole")


try:
    tap.run([value for name, value in list(globals().items()) if name.startswith("test_")])
finally:
    shutil.rmtree(FOLDER, ignore_errors=True)
