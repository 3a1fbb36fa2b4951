#!/usr/bin/env python3
"""A trace's time against PyTorch's, in one run on the same checkpoint, and the same scores.

    compare.py ENGRAM-CLI [--layers 24] [--width 768] [--samples 10] [--threads N] [--skip-notebook] [--skip-rome]
               [--skip-compiled] [--transformer-lens VENV] [--nnsight VENV] [--every N] [--history RELEASE [--shared]] [--json FILE]

Makes a Mamba of random weights (by default of mamba-130m's size), and traces "The Eiffel Tower is located in" with
transformers and forward hooks, one forward pass a (cell, sample) as notebooks do it; the same with one batch a
cell as ROME does it; with a tracer of our own in PyTorch that continues runs as Engram does (suffix_tracer.py), as it is and by
torch.compile (whose compiling is not counted), each with MKL's products and with oneDNN's; and with Engram. --transformer-lens and
--nnsight name virtual environments with those libraries, which trace, too (peer_tracer.py; one batch a cell); without them they are
left out:
    python3 -m venv VENV && VENV/bin/pip install transformer-lens==4.3.0
    python3 -m venv VENV && VENV/bin/pip install nnsight==0.8.1
--every N takes, of the ways that are passes over the whole network, the cells of every N-th layer only, and counts their time N
times: their cells cost the same in all layers, or, where layers are skipped, the less the later the layer, evenly. --history adds
the ratios to history.json. Times are of the wall; on a machine that others use, too, those of the processor, printed beside
them, say more. Then some of the cells again in float64: fails when Engram's scores differ from those
by more than 1e-5. (Float32 runs of 24 layers differ among themselves by as much: both errors are printed.) Needs torch,
transformers and tokenizers: when they are missing, it makes a virtual environment beside this file and starts again in it.
"""
import argparse
import json
import os
import platform
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
from suffix_tracer import SuffixTracer  # noqa: E402
from random_model import TOKENIZER, make_model  # noqa: E402

# The virtual environment's option, its library's release, and the ways that it can trace.
PEERS = {
    "transformer_lens": ("transformer-lens", "4.3.0", {"transformer_lens": "TransformerLens 4.3.0"}),
    "nnsight": ("nnsight", "0.8.1", {"nnsight": "nnsight 0.8.1", "nnsight_skipping": "nnsight 0.8.1, layers skipped"}),
}


def assert_near(found, expected):
    """Scores in float32, which of random weights may all be small. NaN where a way left a cell out."""
    assert np.nanmax(abs(found - expected)) < min(5e-5, 1e-3 * expected.max())


def clock():
    """[seconds of the wall, of the processor] of this process and of those that it waited for"""
    times = os.times()
    return np.array([time.monotonic(), times.user + times.system + times.children_user + times.children_system])


@torch.no_grad()
def trace_with_hooks(model, tokenizer, samples, batched, every):
    """Seconds and the scores [L, T]. batched: all samples of a cell in one forward pass. every: see --every."""
    encoding = tokenizer.encode(PROMPT)
    first, last = hook_tracer.subject_range(encoding, PROMPT, SUBJECT)
    embeddings = model.backbone.embeddings(torch.tensor(encoding.ids))
    corrupted, _ = hook_tracer.corrupt(embeddings, first, last, samples, 3.0, 1)
    target = int(hook_tracer.last_logits(model, embeddings[None])[0].argmax())
    clean = hook_tracer.capture(model, embeddings[None], "resid")
    parts = [corrupted] if batched else list(corrupted[:, None])
    n_layers, n_tokens = len(model.backbone.layers), len(encoding.ids)
    scores = np.full((n_layers, n_tokens), np.nan)
    layers = range(every // 2, n_layers, every)
    start = clock()
    for layer in layers:
        for position in range(n_tokens):
            logits = torch.cat(
                [hook_tracer.restored_logits(model, part, clean, "resid", [layer], position) for part in parts]
            )
            scores[layer, position] = torch.softmax(logits.double(), -1)[:, target].mean()
    return (clock() - start) * n_layers / len(layers), scores


def trace_with_peers(folder, args, shape):
    """{way: (seconds, scores)} of the libraries whose virtual environments are there."""
    found = {}
    for option, (package, version, ways) in PEERS.items():
        python = getattr(args, option) and getattr(args, option).absolute() / "bin" / "python"
        if not python or not python.exists():
            print(f"{package} is left out: --{option.replace('_', '-')} names no virtual environment with {package}=={version}")
            continue
        for way, name in ways.items():
            command = [python, HERE / "peer_tracer.py", way, folder, PROMPT, SUBJECT, args.samples, args.threads, args.every]
            output = subprocess.run(list(map(str, command)), check=True, stdout=subprocess.PIPE, text=True).stdout
            document = json.loads(output.splitlines()[-1])
            if document["version"] != version:
                sys.exit(f"{python} has {package} {document['version']}; compared is {version}")
            scores = np.full(shape, np.nan)
            for layer, row in document["rows"].items():
                scores[int(layer)] = row
            found[name] = np.array(document["seconds"]) * shape[0] / len(document["rows"]), scores
    return found


@torch.no_grad()
def trace_suffixes(model, tokenizer, samples, compiled, products):
    """The same by suffix_tracer. products: "highest" are MKL's, "medium" are oneDNN's."""
    encoding = tokenizer.encode(PROMPT)
    first, last = hook_tracer.subject_range(encoding, PROMPT, SUBJECT)
    torch.set_float32_matmul_precision(products)
    tracer = SuffixTracer(model, compiled)
    # What is compiled, and what libraries do once, is not counted.
    for _ in range(2):
        start = clock()
        embeddings = model.backbone.embeddings(torch.tensor(encoding.ids))
        corrupted, _ = hook_tracer.corrupt(embeddings, first, last, samples, 3.0, 1)
        scores = tracer.trace(embeddings, corrupted, first)
        taken = clock() - start
    torch.set_float32_matmul_precision("highest")
    return taken, scores


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
    start = clock()
    document = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    # The trace alone, but of the processor the whole program.
    return np.array([document["seconds"], (clock() - start)[1]]), np.array(document["scores"])


def add_to_history(release, ways, engram, bench, error, shared):
    """A row of history.json: how many times Engram's time each way takes, by the wall and by the processor; shared: others
    use the machine, and what the wall says is left out."""
    path = HERE / "history.json"
    rows = json.loads(path.read_text()) if path.exists() else []
    machine = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "")
    by_wall = lambda number: None if shared else round(float(number), 3)  # noqa: E731
    rows.append({
        "release": release, "date": time.strftime("%Y-%m-%d"), "machine": machine, "threads": bench["threads"],
        "products": f"{bench['gemm']} ({bench['kernels']})", "torch": torch.__version__.split("+")[0],
        "seconds": by_wall(engram[0]), "cpu_seconds": round(float(engram[1]), 3), "share_of_sgemm": by_wall(bench["ratio"]),
        "error": float(f"{error:.2g}"),
        "ways": {way: [by_wall(taken[0] / engram[0]), round(float(taken[1] / engram[1]), 2)] for way, taken in ways.items()},
    })
    path.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("engram", type=Path)
    parser.add_argument("--layers", type=int, default=24)
    parser.add_argument("--width", type=int, default=768)
    parser.add_argument("--samples", type=int, default=10)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--repeats", type=int, default=3, help="of Engram's trace; the median counts")
    parser.add_argument("--skip-notebook", action="store_true", help="leave out the slowest way")
    parser.add_argument("--skip-rome", action="store_true", help="leave out the second slowest, too")
    parser.add_argument("--skip-compiled", action="store_true", help="do without torch.compile")
    parser.add_argument("--transformer-lens", type=Path, metavar="VENV", help="trace with TransformerLens, too")
    parser.add_argument("--nnsight", type=Path, metavar="VENV", help="trace with nnsight, too")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="of whole passes, the cells of every N-th layer only")
    parser.add_argument("--history", metavar="RELEASE", help="add the ratios to history.json under this name")
    parser.add_argument("--shared", action="store_true", help="others use the machine: keep the processor's times alone")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    program = args.engram.resolve()

    with tempfile.TemporaryDirectory(prefix="engram-compare-") as name:
        folder = Path(name)
        model = make_model(folder, args.layers, args.width)
        tokenizer = Tokenizer.from_file(str(TOKENIZER))
        runs = [trace_with_engram(program, folder, args.samples, args.threads) for _ in range(args.repeats)]
        ways = {}
        for compiled in [False] if args.skip_compiled else [False, True]:
            for products, library in (("highest", "MKL"), ("medium", "oneDNN")):
                way = f"PyTorch that continues runs, {'compiled, ' if compiled else ''}{library}"
                ways[way], found = trace_suffixes(model, tokenizer, args.samples, compiled, products)
                expected = found if len(ways) == 1 else expected
                assert_near(found, expected)
        if not args.skip_rome:
            rome, again = trace_with_hooks(model, tokenizer, args.samples, True, args.every)
            ways = {"one batch a cell (ROME)": rome, **ways}
            assert_near(again, expected)
        if not args.skip_rome and not args.skip_notebook:
            notebook, again = trace_with_hooks(model, tokenizer, args.samples, False, args.every)
            ways = {"one pass a cell and sample (notebook)": notebook, **ways}
            assert_near(again, expected)
        for way, (taken, again) in trace_with_peers(folder, args, expected.shape).items():
            ways[way] = taken
            assert_near(again, expected)
            assert_near(again, runs[0][1])
        runs += [trace_with_engram(program, folder, args.samples, args.threads) for _ in range(args.repeats)]
        bench = json.loads(
            subprocess.run(
                [program, "bench", "--model", folder, "--samples", str(args.samples), "--threads", str(args.threads), "--json"],
                check=True, capture_output=True, text=True,
            ).stdout
        )
    engram = np.median([seconds for seconds, _ in runs], axis=0)
    scores = runs[0][1]
    assert all((again == scores).all() for _, again in runs), "two traces of one request differ"
    exact = exact_scores(model, tokenizer, args.samples, [divmod(i, scores.shape[1]) for i in range(0, scores.size, 7)])
    difference = max(abs(scores[cell] - value) for cell, value in exact.items())
    of_torch = max(abs(expected[cell] - value) for cell, value in exact.items())

    print(f"{platform.machine()}, {args.threads} threads; torch {torch.__version__}; products by {bench['gemm']} ({bench['kernels']})")
    if args.every > 1:
        print(f"of passes over the whole network, one layer's cells in {args.every}, whose time counts {args.every} times")
    print(f"{args.layers} layers of width {args.width}, {expected.shape[1]} tokens, {args.samples} samples, {expected.size} cells")
    for way, time_taken in ways.items():
        ratio = time_taken / engram
        print(f"{way:50} {time_taken[0]:8.2f} s {ratio[0]:6.1f} × Engram's; processor {time_taken[1]:8.2f} s {ratio[1]:6.1f} ×")
    walls = [taken[0] for taken, _ in runs]
    print(f"{'Engram':50} {engram[0]:8.2f} s, from {min(walls):.2f} to {max(walls):.2f};  processor {engram[1]:8.2f} s")
    print(f"{bench['gflops']:.0f} GFLOP/s, {100 * bench['ratio']:.0f}% of sgemm's {bench['sgemm_gflops']:.0f}")
    print(f"from float64, on {len(exact)} cells: Engram's scores {difference:.1e}, PyTorch's in float32 {of_torch:.1e}")
    print(f"Engram's from PyTorch's in float32, on all: {abs(scores - expected).max():.1e}")
    if args.json:
        listed = {way: list(map(float, taken)) for way, taken in ways.items()}
        document = {"ways": listed, "engram": list(map(float, engram)), "difference": float(difference), "bench": bench}
        args.json.write_text(json.dumps(document, indent=2) + "\n")
    if args.history:
        add_to_history(args.history, ways, engram, bench, float(difference), args.shared)
    if not difference <= 1e-5:
        sys.exit("the scores are wrong by more than 1e-5")


main()
