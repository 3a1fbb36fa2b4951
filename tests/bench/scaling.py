#!/usr/bin/env python3
"""A trace's time against layers, tokens, samples and threads, as a picture and as a table.

    scaling.py ENGRAM-CLI [-o scaling.svg]
    scaling.py --history [-o history.svg]

Models of random weights and width 256; each point is the best of three runs of `engram-cli bench`. Dashed: the needed
operations, scaled to the first point. --history measures nothing: it draws history.json, how many times Engram's time
PyTorch's ways took, release by release. Makes a virtual environment beside this file when packages are missing.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import packages  # noqa: E402

packages.need("torch", "transformers", "tokenizers", "safetensors", "numpy", "matplotlib")

import matplotlib  # noqa: E402

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

from random_model import make_model  # noqa: E402

WIDTH = 256


def measure(program, folder, **options):
    command = [program, "bench", "--json", "--model", folder]
    for name, value in options.items():
        command += [f"--{name}", str(value)]
    runs = [json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout) for _ in range(3)]
    return min(runs, key=lambda run: run["seconds"])


def draw_history(output):
    rows = json.loads((HERE / "history.json").read_text())
    names = list(dict.fromkeys(name for row in rows for name in row["ways"]))
    figure, axis = plt.subplots(figsize=(7, 3.6), layout="constrained")
    for name in names:
        # By the wall where that is known, and by the processor on machines that others used.
        points = [(x, next((v for v in row["ways"][name] if v is not None), None)) for x, row in enumerate(rows) if name in row["ways"]]
        axis.plot(*zip(*[(x, y) for x, y in points if y is not None]), "o-", label=name)
    axis.set(ylabel="times Engram's time", yscale="log", xticks=range(len(rows)),
             xticklabels=[f"{row['release']}\n{row['machine']}" for row in rows])
    axis.legend(fontsize="small")
    figure.savefig(output)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("engram", type=Path, nargs="?")
    parser.add_argument("--history", action="store_true", help="draw history.json, and measure nothing")
    parser.add_argument("-o", "--output", type=Path)
    args = parser.parse_args()
    args.output = args.output or Path("history.svg" if args.history else "scaling.svg")
    if args.history:
        draw_history(args.output)
        return
    if args.engram is None:
        parser.error("which engram-cli?")
    program = args.engram.resolve()
    n_threads = len(os.sched_getaffinity(0))
    usual = {"tokens": 12, "samples": 10, "threads": n_threads}

    with tempfile.TemporaryDirectory(prefix="engram-scaling-") as name:
        folders = {layers: Path(name) / str(layers) for layers in (4, 8, 16, 32)}
        for layers, folder in folders.items():
            make_model(folder, layers, WIDTH)
        series = {
            "layers": [(layers, measure(program, folder, **usual)) for layers, folder in folders.items()],
            "tokens": [(n, measure(program, folders[8], **{**usual, "tokens": n})) for n in (8, 16, 32, 64)],
            "samples": [(n, measure(program, folders[8], **{**usual, "samples": n})) for n in (3, 10, 30, 100)],
            "threads": [(n, measure(program, folders[8], **{**usual, "threads": n})) for n in range(1, n_threads + 1)],
        }

    figure, axes = plt.subplots(1, 4, figsize=(14, 3.4), layout="constrained")
    for axis, (what, points) in zip(axes, series.items()):
        xs = [x for x, _ in points]
        seconds = [run["seconds"] for _, run in points]
        axis.plot(xs, seconds, "o-")
        scale = seconds[0] / points[0][1]["gflop"]
        if what == "threads":
            axis.plot(xs, [seconds[0] / x for x in xs], "--", color="gray")
        else:
            axis.plot(xs, [scale * run["gflop"] for _, run in points], "--", color="gray")
        axis.set(xlabel=what, ylabel="seconds", xscale="log", yscale="log", xticks=xs, xticklabels=xs)
        axis.minorticks_off()
        for x, run in points:
            print(f"{what:8} {x:5}  {run['seconds']:8.3f} s  {run['gflop']:9.1f} GFLOP  {100 * run['ratio']:3.0f}% of sgemm")
    figure.savefig(args.output)
    print(f"speed-up of {n_threads} threads over one: {series['threads'][0][1]['seconds'] / series['threads'][-1][1]['seconds']:.2f}")


main()
