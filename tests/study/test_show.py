#!/usr/bin/python3
"""engram-cli study show and compare: their numbers are those that NumPy makes of results.npz, and their figures and tables are
there. Speaks TAP.

    test_show.py SOURCES ENGRAM-CLI
"""
import json
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile

import numpy as np

SOURCES, PROGRAM = (os.path.abspath(argument) for argument in sys.argv[1:3])
sys.path.insert(0, os.path.join(SOURCES, "tests/install"))
import tap  # noqa: E402

FOLDER = tempfile.mkdtemp(prefix="engram-show-")
FACTS = os.path.join(SOURCES, "tests/golden/study/facts.jsonl")
ROLES = ["subject_first", "subject_middle", "subject_last", "after_first", "further", "last"]
TOLERANCE = 1e-12


def run(*arguments, status=0):
    result = subprocess.run([PROGRAM, "study", *arguments], cwd=FOLDER, capture_output=True, text=True, check=False)
    assert result.returncode == status, (arguments, result.returncode, result.stderr)
    return result.stderr if status else result.stdout


def positions(n_tokens, first, last):
    """Of each role."""
    return [[first], range(first + 1, last), [last], range(last + 1, min(last + 2, n_tokens)), range(last + 2, n_tokens - 1), [n_tokens - 1]]


def curves(folder, site, role):
    """By the facts' ids: effects over layers, and the whole of each."""
    file = np.load(os.path.join(FOLDER, folder, "results.npz"))
    scores = file["scores" if site == "resid" else "scores_" + site].astype(np.float64)
    offsets, found = file["score_offsets"], {}
    for i in np.flatnonzero(file["state"] == "traced"):
        own = scores[offsets[i] : offsets[i + 1]].reshape(int(file["layers"]), -1)
        tokens = list(positions(own.shape[1], *file["subject_range"][i])[role])
        if tokens:
            low, high = file["low_score"][i], file["high_score"][i]
            found[str(file["id"][i])] = own[:, tokens].mean(axis=1) - low, high - low, str(file["relation"][i])
    return found


def close(found, expected):
    np.testing.assert_allclose(np.array(found, float), expected, rtol=0, atol=TOLERANCE)


def check_site(document, name, role, values):
    """One role of one site, against values [n, layers]."""
    rows = np.random.RandomState(1).randint(len(values), size=(2000, len(values)))
    means = values[rows].mean(axis=1)
    lower, upper = np.percentile(means, [2.5, 97.5], axis=0)
    close(document[name][role], values.mean(axis=0))
    close(document[name + "_sem"][role], values.std(axis=0, ddof=1) / math.sqrt(len(values)))
    close(document[name + "_lower"][role], lower)
    close(document[name + "_upper"][role], upper)
    close([quartile[role] for quartile in document[name + "_quartiles"]], np.percentile(values, [25, 50, 75], axis=0))
    assert document["n"][role] == len(values)
    assert document[name + "_peak"][role] == values.mean(axis=0).argmax()


def test_a_study_of_two_sites_can_be_run():
    run("run", FACTS, "--folder", "mamba", "--site", "resid,mixer", "--limit", "30", "--samples", "3")
    run("run", FACTS, "--folder", "gpt2", "--model", "demo-gpt2", "--limit", "30", "--samples", "3")


def test_what_show_says_is_what_numpy_makes_of_the_results():
    document = json.loads(run("show", "mamba", "--json"))
    assert document["roles"] == ROLES and document["layers"] == 8 and list(document["sites"]) == ["resid", "mixer"]
    assert document["facts"] == {"total": 30, "traced": 30, "unknown": 0, "unaffected": 0, "failed": 0}
    for site, its in document["sites"].items():
        for role in range(len(ROLES)):
            facts = curves("mamba", site, role).values()
            check_site(its, "effect", role, np.array([effect for effect, _, _ in facts]))
            check_site(its, "normalized", role, np.array([effect / whole for effect, whole, _ in facts]))
    tongue = document["relations"]["tongue"]
    check_site(tongue["sites"]["mixer"], "effect", 5, np.array([e for e, _, relation in curves("mamba", "mixer", 5).values() if relation == "tongue"]))


def test_an_effect_is_what_was_done_whichever_way_a_metric_is_better():
    studies = {"kl": ["--metric", "kl"], "damage": ["--direction", "damage"], "kl-damage": ["--metric", "kl", "--direction", "damage"]}
    for folder, options in studies.items():
        run("run", FACTS, "--folder", folder, "--limit", "12", "--samples", "2", *options)
        its = json.loads(run("show", folder, "--json"))["sites"]["resid"]
        for role in range(len(ROLES)):
            facts = curves(folder, "resid", role).values()
            restored = np.array([effect for effect, _, _ in facts])
            wholes = np.array([[whole] for _, whole, _ in facts])
            sign = -1 if "kl" in folder else 1
            effects = sign * (wholes - restored if "damage" in folder else restored)
            check_site(its, "effect", role, effects)
            check_site(its, "normalized", role, effects / (sign * wholes))
            assert effects.mean(axis=0).max() > 0


def test_a_fact_is_a_line():
    lines = [json.loads(line) for line in run("show", "mamba", "--facts").splitlines()]
    assert len(lines) == 30
    for line in lines:
        for name in ["id", "prompt", "subject", "relation", "target", "high_score", "low_score", "tokens", "subject_range", "scores"]:
            assert line[name] is not None, name
        assert np.shape(line["scores"]) == (8, len(line["tokens"]))


def test_models_are_compared_fact_by_fact():
    document = json.loads(run("compare", "mamba", "gpt2", "--json"))
    assert document["paired"] and document["a"]["layers"] == 8 and document["b"]["layers"] == 6
    for role in range(len(ROLES)):
        a, b = curves("mamba", "resid", role), curves("gpt2", "resid", role)
        depths = np.linspace(0, 1, 8)
        values = np.array([a[id][0] - np.interp(depths, np.linspace(0, 1, 6), b[id][0]) for id in a if id in b])
        rows = np.random.RandomState(1).randint(len(values), size=(2000, len(values)))
        close(document["effect"]["difference"][role], values.mean(axis=0))
        close(document["effect"]["difference_lower"][role], np.percentile(values[rows].mean(axis=1), 2.5, axis=0))
        assert document["effect"]["n"][role] == len(values)


def test_sites_and_relations_of_one_study_are_compared():
    sites = json.loads(run("compare", "mamba", "--site-a", "resid", "--site-b", "mixer", "--json"))
    relations = json.loads(run("compare", "mamba", "--relation-a", "tongue", "--relation-b", "location", "--json"))
    assert sites["paired"] and sites["a"]["facts"] == sites["b"]["facts"] == 30
    assert not relations["paired"]
    a, b = ([e for e, _, r in curves("mamba", "resid", 5).values() if r == name] for name in ["tongue", "location"])
    close(relations["effect"]["difference"][5], np.mean(a, axis=0) - np.mean(b, axis=0))


def test_figures_and_tables_are_written():
    files = ["all.svg", "all.png", "all.pdf", "all.csv", "all.tex"]
    report = run("show", "mamba", *[part for name in files for part in ("-o", name)])
    run("show", "mamba", "--by", "relation", "-o", "relations.svg", "-o", "relations.tex", "--quantity", "normalized")
    run("compare", "mamba", "gpt2", "-o", "models.svg")
    assert "Last subject token" in report and "mixer: mean effect" in report

    def text(name):
        with open(os.path.join(FOLDER, name), encoding="utf-8", newline="") as file:
            return file.read()

    for words in ["30 facts in demo, by token role", "Last subject token", "Average indirect effect", "95% bootstrap", "30 traced"]:
        assert words in text("all.svg"), words
    for words in ["tongue (", "location (", "Average recovery"]:
        assert words in text("relations.svg"), words
    for words in ["A: demo, resid", "B: demo-gpt2, resid", "Relative depth"]:
        assert words in text("models.svg"), words
    assert text("all.tex").count("Last token") == 2 and text("relations.tex").count("Last token") > 10
    assert re.findall(r"(?m)^% Engram: demo, (\w+), effect", text("all.tex")) == ["resid", "mixer"]
    run("show", "mamba", "--site", "mixer", "-o", "mixer.tex")
    assert text("all.tex").endswith("\n\n" + text("mixer.tex"))
    rows = [line.split(",") for line in text("all.csv").splitlines()]
    effect = [float(row[6]) for row in rows if row[:4] == ["", "mixer", "last", "effect"]]
    close(effect, np.mean([e for e, _, _ in curves("mamba", "mixer", 5).values()], axis=0))
    for name, magic in [("all.png", b"\x89PNG"), ("all.pdf", b"%PDF")]:
        with open(os.path.join(FOLDER, name), "rb") as file:
            assert file.read(4) == magic


def test_what_makes_no_sense_is_said_in_a_sentence():
    for arguments, words in [
        (["show", "mamba", "--by", "subject"], "--by is relation"),
        (["show", "mamba", "--site", "attn"], "has no site attn; it has resid, mixer"),
        (["show", "mamba", "--quantity", "much"], "none of score, effect and normalized"),
        (["show", "mamba", "--facts", "--json"], "leave out --json"),
        (["show", "mamba", "--facts", "--site", "mixer"], "--site changes nothing"),
        (["show", "mamba", "--json", "--quantity", "score"], "--quantity changes nothing"),
        (["show", "mamba", "--title", "A title"], "--title changes nothing"),
        (["show", "mamba", "-o", "figure.csv", "--width", "page"], "--width changes nothing"),
        (["show", "mamba", "-o", "figure.txt"], ".csv, .tex"),
        (["compare", "mamba"], "with itself"),
        (["compare", "mamba", "gpt2", "--colormap", "greys"], "--colormap changes nothing"),
        (["compare", "mamba", "gpt2", "--json", "--quantity", "score"], "--quantity changes nothing"),
        (["compare", "mamba", "--relation-a", "nothing"], "the relation nothing"),
        (["slurm", FACTS, "--folder", "cluster"], "--shards"),
        (["slurm", FACTS, "--folder", "cluster", "--shards", "2", "--threads", "2"], "--cpus-per-task"),
    ]:
        said = run(*arguments, status=2)
        assert words in said and said.count("\n") == 1, said
    assert "missing" in run("slurm", "missing.csv", "--folder", "cluster", "--shards", "2", status=1)
    assert not os.path.exists(os.path.join(FOLDER, "cluster"))


try:
    tap.run([test for name, test in list(globals().items()) if name.startswith("test_")])
finally:
    shutil.rmtree(FOLDER)
