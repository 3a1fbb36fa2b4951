#!/usr/bin/env python3
"""A trace's time against PyTorch's, in one run on the same checkpoint, and the same scores.

    compare.py ENGRAM-CLI [--layers 24] [--width 768] [--samples 10] [--threads N] [--skip-notebook] [--json FILE]

Makes a Mamba of random weights (by default of mamba-130m's size), and traces "The Eiffel Tower is located in" three
ways: with transformers and forward hooks, one forward pass a (cell, sample) as notebooks do it; the same with one batch a
cell as ROME does it; and with Engram. Then some of the cells again in float64: fails when Engram's scores differ from those
by more than 1e-5. (Float32 runs of 24 layers differ among themselves by as much: both errors are printed.) Needs torch,
transformers and tokenizers: when they are missing, it makes a virtual environment beside this file and starts again in it.
"""
import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PROMPT, SUBJECT = "The Eiffel Tower is located in", "Eiffel Tower"

sys.path[:0] = [str(HERE), str(ROOT / "tests" / "golden")]
import packages  # noqa: E402

packages.need("torch", "transformers", "tokenizers", "safetensors", "numpy")

import numpy as np  # noqa: E402
import torch  # noqa: E402
from tokenizers import Tokenizer  # noqa: E402

import hook_tracer  # noqa: E402
from random_model import TOKENIZER, make_model  # noqa: E402


@torch.no_grad()
def trace_with_hooks(model, tokenizer, samples, batched):
    """Seconds and the scores [L, T]. batched: all samples of a cell in one forward pass."""
    encoding = tokenizer.encode(PROMPT)
    first, last = hook_tracer.subject_range(encoding, PROMPT, SUBJECT)
    start = time.monotonic()
    embeddings = model.backbone.embeddings(torch.tensor(encoding.ids))
    corrupted, _ = hook_tracer.corrupt(embeddings, first, last, samples, 3.0, 1)
    target = int(hook_tracer.last_logits(model, embeddings[None])[0].argmax())
    clean = hook_tracer.capture(model, embeddings[None], "resid")
    parts = [corrupted] if batched else list(corrupted[:, None])
    n_layers, n_tokens = len(model.backbone.layers), len(encoding.ids)
    scores = np.zeros((n_layers, n_tokens))
    for layer in range(n_layers):
        for position in range(n_tokens):
            logits = torch.cat(
                [hook_tracer.restored_logits(model, part, clean, "resid", [layer], position) for part in parts]
            )
            scores[layer, position] = torch.softmax(logits.double(), -1)[:, target].mean()
    return time.monotonic() - start, scores


@torch.no_grad()
def exact_scores(model, tokenizer, samples, cells):
    """The scores of some cells in float64, {(layer, position): score}, all noise and the target as in float32."""
    encoding = tokenizer.encode(PROMPT)
    first, last = hook_tracer.subject_range(encoding, PROMPT, SUBJECT)
    embeddings = model.backbone.embeddings(torch.tensor(encoding.ids))
    corrupted, _ = hook_tracer.corrupt(embeddings, first, last, samples, 3.0, 1)
    target = int(hook_tracer.last_logits(model, embeddings[None])[0].argmax())
    wide = hook_tracer.widened(model)
    with hook_tracer.all_double():
        clean = hook_tracer.capture(wide, embeddings[None].double(), "resid")
        return {
            (layer, position): float(
                torch.softmax(
                    hook_tracer.restored_logits(wide, corrupted.double(), clean, "resid", [layer], position), -1
                )[:, target].mean()
            )
            for layer, position in cells
        }


def trace_with_engram(program, folder, samples, threads):
    command = [program, "trace", PROMPT, "--subject", SUBJECT, "--model", folder, "--json"]
    command += ["--samples", str(samples), "--threads", str(threads)]
    document = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return document["seconds"], np.array(document["scores"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("engram", type=Path)
    parser.add_argument("--layers", type=int, default=24)
    parser.add_argument("--width", type=int, default=768)
    parser.add_argument("--samples", type=int, default=10)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--repeats", type=int, default=3, help="of Engram's trace; the median counts")
    parser.add_argument("--skip-notebook", action="store_true", help="leave out the slowest way")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    program = args.engram.resolve()

    with tempfile.TemporaryDirectory(prefix="engram-compare-") as name:
        folder = Path(name)
        model = make_model(folder, args.layers, args.width)
        tokenizer = Tokenizer.from_file(str(TOKENIZER))
        runs = [trace_with_engram(program, folder, args.samples, args.threads) for _ in range(args.repeats)]
        rome, expected = trace_with_hooks(model, tokenizer, args.samples, True)
        ways = {"one batch a cell (ROME)": rome}
        if not args.skip_notebook:
            notebook, again = trace_with_hooks(model, tokenizer, args.samples, False)
            ways = {"one pass a cell and sample (notebook)": notebook, **ways}
            assert abs(again - expected).max() < 1e-5
        runs += [trace_with_engram(program, folder, args.samples, args.threads) for _ in range(args.repeats)]
        bench = json.loads(
            subprocess.run(
                [program, "bench", "--model", folder, "--samples", str(args.samples), "--threads", str(args.threads), "--json"],
                check=True, capture_output=True, text=True,
            ).stdout
        )
    seconds = statistics.median(seconds for seconds, _ in runs)
    scores = runs[0][1]
    assert all((again == scores).all() for _, again in runs), "two traces of one request differ"
    exact = exact_scores(model, tokenizer, args.samples, [divmod(i, scores.shape[1]) for i in range(0, scores.size, 7)])
    difference = max(abs(scores[cell] - value) for cell, value in exact.items())
    of_torch = max(abs(expected[cell] - value) for cell, value in exact.items())

    print(f"{platform.machine()}, {args.threads} threads; torch {torch.__version__}; OpenBLAS {bench['core']}")
    print(f"{args.layers} layers of width {args.width}, {expected.shape[1]} tokens, {args.samples} samples, {expected.size} cells")
    for way, time_taken in ways.items():
        print(f"{way:40} {time_taken:8.2f} s   {time_taken / seconds:6.1f} times Engram's")
    print(f"{'Engram':40} {seconds:8.2f} s   from {min(s for s, _ in runs):.2f} to {max(s for s, _ in runs):.2f}")
    print(f"{bench['gflops']:.0f} GFLOP/s, {100 * bench['ratio']:.0f}% of sgemm's {bench['sgemm_gflops']:.0f}")
    print(f"from float64, on {len(exact)} cells: Engram's scores {difference:.1e}, PyTorch's in float32 {of_torch:.1e}")
    print(f"Engram's from PyTorch's in float32, on all: {abs(scores - expected).max():.1e}")
    if args.json:
        document = {"ways": ways, "engram": seconds, "difference": float(difference), "bench": bench}
        args.json.write_text(json.dumps(document, indent=2) + "\n")
    if not difference <= 1e-5:
        sys.exit("the scores are wrong by more than 1e-5")


main()
