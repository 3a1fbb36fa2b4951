#!/usr/bin/python3
"""Writes tests/MAP.md: what the tests promise, by their own names, folder by folder.

    make_map.py          writes it anew
"""
import ast
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import tree  # noqa: E402

STRING = r'"((?:\\.|[^"\\\n])*)"'
HEADER = """# What the tests promise

Made by `structure/make_map.py` from the names of the tests; the test `structure` compares. “…” stands for what a program fills
in: a model, a backend. A program without names of its own is here with the sentence at its head.
"""


def names_in_array(code, name):
    """The strings of a static array of this name, or the first one of each of its structs; none where there is none."""
    match = re.search(rf"\b{name}\[\]\s*=\s*\{{(.*?)\}};", code, re.S)
    if not match:
        return []
    structs = re.findall(rf"\{{\s*{STRING}", match[1])
    return structs if structs else re.findall(STRING, match[1])


def expand(code, call, arguments):
    """The paths that g_strdup_printf() or g_strconcat() makes, with the program's own lists in place of what they fill in."""
    literals = re.findall(STRING, arguments)
    path = literals[0] if call == "g_strdup_printf" else literals[0] + "%s"
    rest = [part.strip() for part in arguments.split(",")[1:]]
    filled = re.match(r"(\w+?)(?:\[i\])?(?:\.name)?$", rest[0 if call == "g_strconcat" else -1])
    found = []
    if filled:
        found = names_in_array(code, filled[1]) or names_in_array(code, filled[1] + "s")
    before, _, _ = path.rpartition("%s")
    return [(before + it if found else path).replace("%s", "…") for it in found or [""]] if "%s" in path else [path]


def names_in_c(text):
    code = tree.blank(text, keep_strings=True)
    names = []
    for match in re.finditer(rf"\bg_test_add\w*\s*\(\s*(?:{STRING}|(\w+)\s*,)", code):
        if match[1]:
            names.append(match[1])
            continue
        made = re.findall(rf"\b{match[2]} = (g_strdup_printf|g_strconcat) \((\"[^;]*)\);", code[: match.start()])
        if made:
            names += expand(code, *made[-1])
    return names


def names_in_python(text):
    top = ast.parse(text).body
    bodies = [top, *(node.body for node in top if isinstance(node, ast.ClassDef))]
    functions = [node.name for body in bodies for node in body if isinstance(node, ast.FunctionDef)]
    return [name.removeprefix("test_").replace("_", " ") for name in functions if name.startswith("test_")]


def head_of(path, text):
    """The first sentence of a file about itself."""
    if path.suffix == ".py":
        head = ast.get_docstring(ast.parse(text)) or ""
    elif path.suffix == ".sh":
        head = " ".join(line[2:] for line in text.split("\n")[1:8] if line.startswith("# "))
    else:
        match = re.match(r"/\*(.*?)\*/", text, re.S)
        # Up to what is set apart: how it is called.
        head = re.split(r"\n \*(?:   |\n)", match[1])[0].replace("\n * ", "\n") if match else ""
    head = " ".join(head.split("\n\n")[0].split())
    return re.split(r"(?<=\.) (?=[A-Z])", head)[0].replace("; speaks TAP.", ".").rstrip(": ")


def is_program(path, text):
    if path.suffix == ".py":
        return path.name.startswith("test_")
    if path.suffix == ".sh":
        return path.name == "gpu-check.sh"
    return bool(re.search(r"^main \(|\bLLVMFuzzerTestOneInput\b", text, re.M)) and path.name != "replay.c"


def describe(path):
    """A file's lines of the map; none for one that is no test."""
    text = path.read_text(encoding="utf-8")
    if not is_program(path, text):
        return []
    names = names_in_python(text) if path.suffix == ".py" else names_in_c(text) if path.suffix != ".sh" else []
    if not names:
        return [f"**{path.name}**: {head_of(path, text)}" if head_of(path, text) else f"**{path.name}**", ""]
    return [f"**{path.name}**", "", *[f"- {name}" for name in names], ""]


def make_map(tests):
    """The text of MAP.md for a folder of tests."""
    lines = HEADER.split("\n")
    paths = [path for path in sorted(tests.rglob("*")) if path.suffix in (".c", ".cc", ".py", ".sh") and path.is_file()]
    for folder in sorted({path.parent for path in paths}):
        described = [line for path in paths if path.parent == folder for line in describe(path)]
        if described:
            name = str(folder.relative_to(tests))
            lines += [f"## {'tests' if name == '.' else name}", "", *described]
    return "\n".join(lines).rstrip("\n") + "\n"


if __name__ == "__main__":
    here = Path(__file__).resolve().parent.parent
    (here / "MAP.md").write_text(make_map(here), encoding="utf-8")
