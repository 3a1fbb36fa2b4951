#!/usr/bin/python3
"""engram-cli in each language: what a person reads is translated and stays in columns, with the locale's numbers; what a
machine reads is the same everywhere. Speaks TAP.

    test_terminal.py SOURCES ENGRAM-CLI
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unicodedata

SOURCES, PROGRAM = (os.path.abspath(argument) for argument in sys.argv[1:3])
sys.path.insert(0, os.path.join(SOURCES, "tests/install"))
import tap  # noqa: E402

FOLDER = tempfile.mkdtemp(prefix="engram-terminal-")
TRACE = ["trace", "The Eiffel Tower is located in", "--subject", "Eiffel Tower", "--samples", "2", "--noise", "2.5", "--threads", "1"]
DAMAGED = os.path.join(FOLDER, "damaged")


def languages():
    with open(os.path.join(SOURCES, "po/LINGUAS"), encoding="utf-8") as file:
        return file.read().split()


def run(*arguments, language=None, **values):
    """(exit status, standard output, standard error)"""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("LANG", "LC_", "XDG_", "HF_"))}
    env.update(HOME=FOLDER, LC_ALL="C.UTF-8", LANGUAGE=language or "C", **values)
    result = subprocess.run([PROGRAM, *arguments], env=env, capture_output=True, text=True, check=False)
    return result.returncode, result.stdout, result.stderr


def columns(text):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def values_column(text):
    """Where the values begin, in columns of the terminal: the same for each "label  value" of the first paragraph."""
    found = set()
    for line in text.split("\n\n")[0].splitlines():
        match = re.match(r"(\S+(?: \S+)*  +)\S|( +)\S", line)
        assert match, line
        found.add(columns(match[1] or match[2]))
    return found


def damaged_model():
    os.makedirs(DAMAGED, exist_ok=True)
    shutil.copy(os.path.join(SOURCES, "data/demo/config.json"), DAMAGED)
    with open(os.path.join(DAMAGED, "model.safetensors"), "wb") as file:
        file.write(b"\x40\0\0\0\0\0\0\0{")
    return DAMAGED


def test_labels_are_translated_and_in_columns():
    for command in [[*TRACE], ["info"], ["bench", "--tokens", "4", "--samples", "1", "--threads", "1"]]:
        english = run(*command)[1]
        label = english.split()[0]
        assert len(values_column(english)) == 1, english
        for language in languages():
            status, text, errors = run(*command, language=language)
            assert status == 0, errors
            assert len(values_column(text)) == 1, f"{language}: {values_column(text)}\n{text}"
            assert text.count("\n") == english.count("\n"), text
            # "prompt" is one in German, Spanish and Brazilian, "trace" in French; the line after it is not.
            same = [line for line in text.splitlines() if line in english.splitlines()]
            assert len(same) < english.count("\n") / 2, f"{language}, {label}: {same}"


def test_the_models_table_is_translated_and_in_columns():
    damaged_model()
    english = run("models")[1]
    assert "can be traced" in english and "Looked in" in english
    for language in languages():
        text = run("models", language=language)[1]
        head, first = text.splitlines()[:2]
        assert "can be traced" not in text and "Looked in" not in text, text
        assert columns(head[: head.rindex("  ")]) == columns(first[: first.rindex("  ")]), text


def test_what_is_wrong_with_a_file_is_said_in_each_language():
    english = run("info", damaged_model())[2]
    assert "the file may be cut short" in english, english
    for language in languages():
        status, _, text = run("info", DAMAGED, language=language)
        assert status == 1 and "model.safetensors" in text and "cut short" not in text, text
        assert "header" not in text, text


def german():
    """The environment of a German locale, made for this test where the system's own source of it is there."""
    locale = os.path.join(FOLDER, "locales", "de_DE.UTF-8")
    if not os.path.exists(locale):
        os.makedirs(os.path.dirname(locale), exist_ok=True)
        if shutil.which("localedef") is None:
            raise tap.Skip("localedef is not installed")
        made = subprocess.run(["localedef", "-i", "de_DE", "-f", "UTF-8", locale], capture_output=True, text=True, check=False)
        if not os.path.exists(locale):
            raise tap.Skip("the German locale cannot be made: " + made.stderr.strip().splitlines()[0])
    return {"LOCPATH": os.path.dirname(locale), "LC_ALL": "de_DE.UTF-8", "LANGUAGE": "de"}


def in_locale(*arguments, **values):
    env = {name: value for name, value in os.environ.items() if not name.startswith(("LANG", "LC_", "XDG_", "HF_"))}
    result = subprocess.run([PROGRAM, *arguments], env=dict(env, HOME=FOLDER, **values), capture_output=True, check=False)
    assert result.returncode == 0, result.stderr.decode()
    return result.stdout


def test_numbers_for_a_person_have_the_locales_comma():
    text = in_locale(*TRACE, **german()).decode()
    # The option's 2.5 was read as such, and is said with a comma.
    assert re.search(r"Rauschen 2,5 × 0,\d+", text), text
    assert not re.search(r"\d\.\d", text.replace("Eiffel", "")), text
    predicted = in_locale("predict", "The Eiffel Tower is located in", **german()).decode()
    assert re.match(r" *0,\d{4}  ", predicted), predicted


def test_machine_output_is_the_same_in_every_locale():
    outputs = []
    for i, values in enumerate([{"LC_ALL": "C"}, german()]):
        csv, json = (os.path.join(FOLDER, f"machine-{i}.{ending}") for ending in ["csv", "json"])
        document = in_locale(*TRACE, "--json", "-o", csv, "-o", json, **values)
        stream = in_locale(*TRACE, "--stream", **values)
        saved = []
        for name in [csv, json]:
            with open(name, "rb") as file:
                saved.append(file.read())
        times = rb'"(seconds|elapsed)" ?: ?[0-9.e+-]+|"date" ?: ?"[^"]*"|# date: [0-9-]+'
        # Of each cell the last event: how many come before it is a matter of time.
        events = {re.match(rb'[^:]*:[^,]*(,"layer":\d+,"position":\d+)?', line)[0]: line for line in stream.splitlines()}
        parts = [document, *saved, b"\n".join(sorted(events.values()))]
        outputs.append([re.sub(times, b"", part) for part in parts])
    for one, other in zip(*outputs):
        assert b"0." in one
        assert one == other, [pair for pair in zip(one.splitlines(), other.splitlines()) if pair[0] != pair[1]][:3]


try:
    tap.run([value for name, value in list(globals().items()) if name.startswith("test_")])
finally:
    shutil.rmtree(FOLDER, ignore_errors=True)
