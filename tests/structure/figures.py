#!/usr/bin/python3
"""Prints the figures of a tree's structure, as Markdown: files and lines a folder, circles, lengths, words.

    figures.py [SOURCES]     this tree, or another, which may be an old one: git archive REVISION src | tar x -C FOLDER
"""
import re
import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import rules  # noqa: E402
import tree  # noqa: E402

# As one greps for them; GPtrArray is no GPT.
WORDS = {"direction": r"\bdirection\b", "mamba": r"(?i:mamba)", "gpt": r"(?i:gpt)(?!r)"}
ABOVE = ("trace", "study", "plot", "cli", "app")


def print_table(head, rows):
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(str(it) for it in row) + " |")
    print()


def print_folders(files):
    folders = {}
    for file in files.values():
        folders.setdefault(file.folder, []).append(file)
    rows = [(name, len(of), sum(it.n_lines for it in of), max(it.n_lines for it in of)) for name, of in sorted(folders.items())]
    rows.append(("all", len(files), sum(it.n_lines for it in files.values()), max(it.n_lines for it in files.values())))
    print_table(["folder of src/", "files", "lines", "longest file"], rows)


def print_circles(files):
    inner = {stem: owner for stem, owner in rules.INNER.items() if stem + ".h" in files}
    circles = tree.find_circles(tree.component_graph(files, inner))
    print(f"Circles of includes: {len(circles)}, with {sum(len(it) for it in circles)} components\n")
    for circle in circles:
        print("- " + ", ".join(circle))
    print()


def print_functions(files):
    functions = sorted((it for file in files.values() for it in file.functions()), key=lambda it: -it.lines)
    lengths = [it.lines for it in functions]
    over = sum(it > 40 for it in lengths)
    print(f"{len(lengths)} functions, brace to brace: median {statistics.median(lengths):g}, over 40 lines {over} ({100 * over / len(lengths):.1f}%), over 60 {sum(it > 60 for it in lengths)}\n")
    print_table(["lines", "function", "file"], [(it.lines, it.name, it.path) for it in functions[:10]])


def print_words(files):
    rows = []
    for word, text in WORDS.items():
        pattern = re.compile(text)
        in_text = [it for it in files.values() if pattern.search(it.text)]
        above = [it for it in in_text if it.path.startswith(tuple(room + "/" for room in ABOVE))]
        in_code = [it for it in above if pattern.search(it.code) or any(pattern.search(header) for header in it.quoted)]
        rows.append((word, len(in_text), len(above), len(in_code)))
    print_table(["word", "files of src/ that have it", "of those in " + ", ".join(ABOVE), "in names or includes there"], rows)


def main():
    sources = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent.parent
    files = tree.read_tree(sources / "src")
    print_folders(files)
    print_circles(files)
    print_functions(files)
    print_words(files)


main()
