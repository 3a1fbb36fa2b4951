#!/usr/bin/env python3
"""Writes the table of README's section “Speed” from history.json, which compare.py adds to.

    speed_table.py [--check]

--check writes nothing, and fails when the table is another one. Needs Python alone.
"""
import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
README = HERE.parent.parent / "README.md"
BEGIN, END = "<!-- begin: tests/bench/speed_table.py -->\n", "<!-- end: tests/bench/speed_table.py -->\n"
NOTEBOOK, ROME = "one pass a cell and sample (notebook)", "one batch a cell (ROME)"


def ratio(way):
    """[by the wall, by the processor]: what is known, the wall first; the other one is marked."""
    if way is None or way == [None, None]:
        return "–"
    wall, processor = way
    return f"{wall:.0f} ×" if wall is not None else f"{processor:.0f} ×*"


def best_of_others(ways):
    """The ratio of the fastest way that is neither of the usual two."""
    others = [way for name, way in ways.items() if name not in (NOTEBOOK, ROME)]
    known = [[pair[i] for pair in others if pair[i] is not None] for i in (0, 1)]
    if not others:
        return "–"
    return f"{min(known[0]):.1f} ×" if known[0] else f"{min(known[1]):.1f} ×*"


def row(it):
    time = f"{it['seconds']:.2f} s" if it["seconds"] is not None else f"{it['cpu_seconds']:.2f} s*"
    share = f"{100 * it['share_of_sgemm']:.0f}%" if it["share_of_sgemm"] is not None else "–"
    error = f"{it['error']:.1e}" if it["error"] is not None else "–"
    ways = it["ways"]
    cells = [it["release"], it["date"], f"{it['machine']}, {it['threads']} thread{'s' if it['threads'] != 1 else ''}", it["products"], time, share, error,
             ratio(ways.get(NOTEBOOK)), ratio(ways.get(ROME)), best_of_others(ways)]
    return "| " + " | ".join(cells) + " |\n"


def table(rows):
    head = ["Engram", "measured", "machine", "products", "its time", "of sgemm's best", "error", "notebooks' way", "ROME's way",
            "the best PyTorch"]
    lines = ["| " + " | ".join(head) + " |\n", "|" + "---|" * len(head) + "\n"]
    return "".join(lines + [row(it) for it in rows])


def main():
    text = README.read_text()
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    made = before + BEGIN + table(json.loads((HERE / "history.json").read_text())) + END + after
    if made == text:
        return
    if "--check" in sys.argv[1:]:
        sys.exit("README's table of speeds is not that of tests/bench/history.json: run tests/bench/speed_table.py")
    README.write_text(made)


main()
