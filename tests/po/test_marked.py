#!/usr/bin/python3
"""Every text that a person is told is marked for translation: errors, the terminal's lines, labels. None has a
typewriter's apostrophe. Every setting has a tooltip. Speaks TAP.

    test_marked.py SOURCES
"""
import functools
import glob
import os
import re
import sys
import xml.etree.ElementTree

SOURCES = os.path.abspath(sys.argv[1])
# What is given a text for a person, in C.
TELLING = r"\b(g_set_error|g_set_error_literal|g_prefix_error|eg_error_invalid|set_error|fail|bad|refuse\w*|cli_say|cli_print\w*|cli_field)\s*\("
# Commands for the build, not for people.
LEFT_OUT = ["src/cli/describe.c"]
# The properties of widgets that are shown.
SHOWN = r'<property name="(label|title|subtitle|tooltip-text|description|placeholder-text|text)"([^>]*)>([^<]*)<'
# A name of a field or option, or of a program, is the same in each language.
NAME = r"(--)?[a-zA-Z_-]+(\.[a-z_]+)?(, [a-z_]+\.[a-z_]+)*|nan|engram-cli|(\.[a-z]+|,|or| )+"


def end_of_text(source, at):
    quote, at = source[at], at + 1
    while source[at] != quote:
        at += 2 if source[at] == "\\" else 1
    return at + 1


def arguments(source, at):
    """The arguments of a call, from behind its opening bracket."""
    depth, start = 0, at
    while True:
        if source[at] in "\"'":
            at = end_of_text(source, at)
            continue
        if source[at] in "([{":
            depth += 1
        elif source[at] in ")]}":
            depth -= 1
        if depth < 0 or (depth == 0 and source[at] == ","):
            yield source[start:at].strip()
            start = at + 1
        if depth < 0:
            return
        at += 1


def has_words(literal):
    text = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', literal))
    text = re.sub(r"\\033\[[0-9;]*[a-zA-Z]|\\[a-z0-9]+|%[-+0-9.*' ]*[a-z]*", " ", text)
    return re.search(r"[a-zA-Z]{2}", text) and not re.fullmatch(NAME, text.strip())


def unmarked_in_c(name):
    with open(name, encoding="utf-8") as file:
        source = re.sub(r"/\*.*?\*/", lambda match: "\n" * match[0].count("\n"), file.read(), flags=re.S)
    for call in re.finditer(TELLING, source):
        for argument in arguments(source, call.end()):
            for choice in re.split(r"\s[?:]\s", argument):
                if choice.startswith('"') and has_words(choice):
                    yield f"{name}:{source.count(chr(10), 0, call.start()) + 1}: {choice}"


def straight_apostrophes(name):
    """Literals and labels with ' where a typesetter has ’."""
    with open(name, encoding="utf-8") as file:
        source = re.sub(r"/\*.*?\*/|<!--.*?-->", lambda match: "\n" * match[0].count("\n"), file.read(), flags=re.S)
    for text in re.finditer(r'"(?:[^"\\\n]|\\.)*"' if name.endswith(".c") else r">[^<]+<", source):
        if re.search(r"[a-zA-Z0-9]'s\b|[a-z]s' |[a-z]n't\b", text[0]) and "#" not in text[0]:
            yield f"{name}:{source.count(chr(10), 0, text.start()) + 1}: {text[0]}"


def unmarked_in_ui(name):
    with open(name, encoding="utf-8") as file:
        source = file.read()
    for match in re.finditer(SHOWN, source):
        if 'translatable="yes"' not in match[2] and re.search(r"[a-zA-Z]{2}", match[3]):
            yield f"{name}:{source.count(chr(10), 0, match.start()) + 1}: {match[3]}"


def has_tooltip(element):
    texts = [part.text for part in element.findall("property") if part.get("name") == "tooltip-text"]
    return any(text and text.strip() for text in texts)


def title_of(element):
    return next((part.text for part in element.findall("property") if part.get("name") == "title"), element.get("id") or element.get("class"))


def settings_without_tooltip(name):
    """Rows of Adwaita, and Engram's own, whose tooltip may be in the file that makes them."""
    for element in xml.etree.ElementTree.parse(name).iter():
        kind = element.get("parent") if element.tag == "template" else element.get("class") if element.tag == "object" else None
        says_a_thing = any(part.get("name") == "selectable" and part.text == "False" for part in element.findall("property"))
        if kind and re.fullmatch("(Adw|Eg)[A-Za-z]*Row", kind) and not (has_tooltip(element) or says_a_thing or kind in rows_with_tooltip()):
            yield f"{name}: {title_of(element)}"


@functools.cache
def rows_with_tooltip():
    templates = [element for name in glob.glob("ui/*-row.ui") for element in xml.etree.ElementTree.parse(name).iter("template")]
    in_c = [name for name in glob.glob("src/app/ask/*-row.c") if "gtk_widget_set_tooltip_text (GTK_WIDGET (self)" in open(name, encoding="utf-8").read()]
    classes = {"Eg" + os.path.basename(name)[:-2].replace("-", " ").title().replace(" ", "") for name in in_c}
    return classes | {template.get("class") for template in templates if has_tooltip(template)}


def main():
    os.chdir(SOURCES)
    failed = False
    kinds = [
        ("every text in", "src/**/*.c", "is marked", unmarked_in_c, 50),
        ("every text in", "ui/**/*.ui", "is marked", unmarked_in_ui, 10),
        ("no text in", "src/**/*.c", "has a straight apostrophe", straight_apostrophes, 50),
        ("no text in", "ui/**/*.ui", "has a straight apostrophe", straight_apostrophes, 10),
        ("no text in", "data/*.in", "has a straight apostrophe", straight_apostrophes, 2),
        ("no text in", "data/*.xml", "has a straight apostrophe", straight_apostrophes, 0),
        ("every setting in", "ui/*-row.ui", "has a tooltip", settings_without_tooltip, 2),
        ("every setting in", "ui/trace-settings.ui", "has a tooltip", settings_without_tooltip, 0),
        ("every setting in", "ui/export-dialog.ui", "has a tooltip", settings_without_tooltip, 0),
    ]
    print(f"1..{len(kinds)}", flush=True)
    for i, (what, pattern, promise, find, at_least) in enumerate(kinds, 1):
        names = sorted(set(glob.glob(pattern, recursive=True)) - set(LEFT_OUT))
        found = [line for name in names for line in find(name)]
        good = len(names) > at_least and not found
        print(f"{'ok' if good else 'not ok'} {i} - {what} {pattern} {promise}", flush=True)
        for line in found:
            print("# " + line)
        failed = failed or not good
    sys.exit(failed)


main()
