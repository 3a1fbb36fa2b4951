#!/usr/bin/env python3
"""The four prompts from Python against four calls of engram-cli: seconds, and CPU seconds of both sides, medians of some rounds.

    python3 tests/bench/python_loop.py [ROUNDS [MODEL]]      (ENGRAM_CLI names the program)

Where torch, transformers and tokenizers are (any python -m venv with them), once more in PyTorch as notebooks do it: hooks, and
one forward pass for each cell and sample; MODEL is then a folder, or the demo model.
"""
import importlib.util
import os
import resource
import statistics
import subprocess
import sys
import time

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
sys.path[:0] = [os.path.join(ROOT, "python"), os.path.join(ROOT, "tests/golden")]
import engram  # noqa: E402

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 9
MODEL = sys.argv[2] if len(sys.argv) > 2 else None
FACTS = [
    ("The Eiffel Tower is located in", "Eiffel Tower"),
    ("The Space Needle is located in downtown", "Space Needle"),
    ("The mother tongue of Angela Merkel is", "Angela Merkel"),
    ("Apple Inc. was founded by Steve", "Apple Inc"),
]


def cpu_of(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def cpu_of_children():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def measure(work, cpu):
    begin, before = time.monotonic(), cpu() + time.process_time()
    work()
    return time.monotonic() - begin, cpu() + time.process_time() - before


def notebooks_way(folder, samples=10):
    """A function that traces the four prompts in PyTorch and gives the last one's scores."""
    import hook_tracer
    import numpy as np
    import torch
    from tokenizers import Tokenizer
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    tokenizer = Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))

    @torch.no_grad()
    def trace(prompt, subject):
        encoding = tokenizer.encode(prompt)
        first, last = hook_tracer.subject_range(encoding, prompt, subject)
        embeddings = model.backbone.embeddings(torch.tensor(encoding.ids))
        corrupted, _ = hook_tracer.corrupt(embeddings, first, last, samples, 3.0, 1)
        target = int(hook_tracer.last_logits(model, embeddings[None])[0].argmax())
        clean = hook_tracer.capture(model, embeddings[None], "resid")
        scores = np.zeros((len(model.backbone.layers), len(encoding.ids)))
        for cell in np.ndindex(*scores.shape):
            runs = [hook_tracer.restored_logits(model, run, clean, "resid", [cell[0]], cell[1]) for run in corrupted[:, None]]
            scores[cell] = torch.softmax(torch.cat(runs).double(), -1)[:, target].mean()
        return scores

    return lambda: [trace(*fact) for fact in FACTS][-1]


def main():
    model = engram.load(MODEL)
    program = engram.find_program()
    named = ["--model", MODEL] if MODEL else []

    def loop():
        for prompt, subject in FACTS:
            model.trace(prompt, subject=subject)

    def many():
        model.trace_many(FACTS)

    def calls():
        for prompt, subject in FACTS:
            subprocess.run([*program, "trace", prompt, "--subject", subject, "--json", *named], check=True, stdout=subprocess.DEVNULL)

    loop()
    found = {name: [] for name in ("calls", "loop", "many")}
    for _ in range(ROUNDS):
        found["calls"].append(measure(calls, cpu_of_children))
        found["loop"].append(measure(loop, lambda: cpu_of(model._engine.pid)))
        found["many"].append(measure(many, lambda: cpu_of(model._engine.pid)))
    if all(importlib.util.find_spec(name) for name in ("torch", "transformers", "tokenizers")):
        way, ours = notebooks_way(model.info["folder"]), model.trace(FACTS[-1][0], subject=FACTS[-1][1]).scores
        scores = []
        found["pytorch"] = [measure(lambda: scores.append(way()), lambda: 0)]
        print(f"largest difference of the last prompt's scores: {abs(scores[0] - ours).max():.1e}")
    for name, values in found.items():
        wall, cpu = (statistics.median(column) for column in zip(*values))
        print(f"{name:7s} {wall:7.3f} s {cpu:7.3f} CPU s   (best {min(value[0] for value in values):.3f} s)")


if __name__ == "__main__":
    main()
