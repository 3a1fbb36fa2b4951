#!/usr/bin/env python3
"""A study of many facts beside the same traces one by one, estimated, and beside ROME's own loop in PyTorch, in seconds of the processor.

    compare_study.py STUDY-BENCH [--facts 64] [--layers 24] [--width 768] [--rome-facts 2] [--rome-every 24] [--skip-rome]

STUDY-BENCH is the build's tests/bench/study-bench. Makes a Mamba of random weights (by default of mamba-130m's size), and facts of 8 to 14
tokens, as many of each length, from the demo's. ROME's way is measured on --rome-facts of them, the shortest to the longest evenly, and there on
the cells of one layer in --rome-every: a pass over the whole network costs the same whatever is put back. It counts for all facts by
their passes' rows: layers × tokens passes of tokens × samples rows each. One thread each.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
LENGTHS, SAMPLES = range(8, 15), 10

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path[:0] = [str(HERE), str(ROOT / "tests" / "golden")]
import packages  # noqa: E402

packages.need("torch", "transformers", "tokenizers", "safetensors", "numpy")

import numpy as np  # noqa: E402
import torch  # noqa: E402
from tokenizers import Tokenizer  # noqa: E402

import hook_tracer  # noqa: E402
from random_model import TOKENIZER, make_model  # noqa: E402


def make_facts(tokenizer, count):
    """Facts by turns of 8, 9, … 14 tokens: demo's, some after a few words more."""
    facts = {length: [] for length in LENGTHS}
    for line in (ROOT / "data" / "demo" / "facts.jsonl").read_text().splitlines():
        fact = json.loads(line)
        for before in ("", "In fact, ", "As everybody knows, ", "As everybody here knows very well, "):
            prompt = before + fact["prompt"]
            found = facts.get(len(tokenizer.encode(prompt).ids))
            if found is not None and len(found) <= count // len(LENGTHS):
                found.append({"prompt": prompt, "subject": fact["subject"]})
                break
    return [facts[LENGTHS[i % len(LENGTHS)]][i // len(LENGTHS)] for i in range(count)]


@torch.no_grad()
def time_rome(model, tokenizer, fact, every):
    """Seconds of the processor for each row of a pass."""
    encoding = tokenizer.encode(fact["prompt"])
    n_layers, n_tokens = len(model.backbone.layers), len(encoding.ids)
    first, last = hook_tracer.subject_range(encoding, fact["prompt"], fact["subject"])
    embeddings = model.backbone.embeddings(torch.tensor(encoding.ids))
    corrupted, _ = hook_tracer.corrupt(embeddings, first, last, SAMPLES, 3.0, 1)
    clean = hook_tracer.capture(model, embeddings[None], "resid")
    layers = range(every // 2, n_layers, every)
    begin = time.process_time()
    for layer in layers:
        for t in range(n_tokens):
            torch.softmax(hook_tracer.restored_logits(model, corrupted, clean, "resid", [layer], t), -1)
    return (time.process_time() - begin) / (len(layers) * n_tokens * n_tokens * SAMPLES)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("study_bench", type=Path)
    parser.add_argument("--facts", type=int, default=64)
    parser.add_argument("--layers", type=int, default=24)
    parser.add_argument("--width", type=int, default=768)
    parser.add_argument("--rome-facts", type=int, default=2)
    parser.add_argument("--rome-every", type=int, default=24)
    parser.add_argument("--skip-rome", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(1)
    tokenizer = Tokenizer.from_file(str(TOKENIZER))
    facts = make_facts(tokenizer, args.facts)
    with tempfile.TemporaryDirectory(prefix="engram-compare-") as name:
        folder = Path(name)
        model = make_model(folder, args.layers, args.width)
        path = folder / "facts.jsonl"
        path.write_text("".join(json.dumps({"id": str(i), **fact}) + "\n" for i, fact in enumerate(facts)))
        output = subprocess.run([args.study_bench.resolve(), folder, path, "0", "1"], check=True, capture_output=True, text=True).stdout
    bench = json.loads(output)
    print(output.strip())
    if args.skip_rome:
        return
    lengths = sorted((len(tokenizer.encode(fact["prompt"]).ids), i) for i, fact in enumerate(facts))
    chosen = [facts[lengths[round(j)][1]] for j in np.linspace(0, len(facts) - 1, args.rome_facts)]
    cost = np.mean([time_rome(model, tokenizer, fact, args.rome_every) for fact in chosen])
    rows = sum(args.layers * length * length * SAMPLES for length, _ in lengths)
    part = bench["traced"] / bench["facts"]
    print(f"ROME's way, by {args.rome_facts} facts' passes: {cost * rows * part:.0f} s, {cost * rows * part / bench['study']:.1f} × the study")


main()
