#!/usr/bin/env python3
"""Makes attribution.json: what putting values back changes to first order, by PyTorch's autograd.

    make_attribution.py [MODEL…]      beside models/, which make_models.py, make_gpt2.py, make_ssm.py and make_neox.py make;
                                      all, if none is named

The networks are mamba_reference.py, mamba2_reference.py, gpt2_reference.py and neox_reference.py in float64, plain formulas
without a cut in the gradient (each is checked against transformers' logits first). At every site, layer and position a zero is added to the value, and the gradient
with respect to it is multiplied with the difference of the clean run's value from the corrupted one's.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

import gpt2_reference
import hook_tracer
import make_sites
import mamba2_reference
from gpt2_reference import GPT2Reference
from mamba2_reference import Mamba2Reference
from mamba_reference import SITES, Capture, MambaReference
from neox_reference import NeoXReference

HERE = Path(__file__).resolve().parent
PROMPT, SUBJECT, AGAINST = "The Eiffel Tower is in", "Eiffel Tower", "is"
SAMPLES, LEVEL, SEED, STEPS = 2, 3.0, 1, 3
ATTENTION_SITES = (*gpt2_reference.SITES, "resid_mid")
# By the beginning of a model's name.
NETWORKS = {"gpt2": (GPT2Reference, ATTENTION_SITES), "neox": (NeoXReference, ATTENTION_SITES),
            "mamba2": (Mamba2Reference, mamba2_reference.SITES)}
# Weightless norms; groups of heads, and limits of the step sizes; layers in turn, and in parallel.
MODELS = ("expand2", "deep", "gpt2-hub", "gpt2-deep", "falcon-hub", "mamba2-groups", "neox-serial", "neox-pythia")
METRICS = ("logprob", "logit", "logit-diff", "kl")
# What later positions read by themselves: where those are put, too, the own position's reading alone counts.
APART = ("state", "conv_state")


def measure(logits, clean, target, against, metric):
    """[S]"""
    if metric == "logit":
        return logits[:, target]
    if metric == "logit-diff":
        return logits[:, target] - logits[:, against]
    logs = torch.log_softmax(logits, -1)
    if metric == "kl":
        own = torch.log_softmax(clean, -1)
        return (own.exp() * (own - logs)).sum(-1)
    return logs[:, target]


class Zeros:
    """A hook that adds a zero everywhere, or at one (site, layer) to values that nothing before has a part in."""

    def __init__(self, only=None):
        self.zeros, self.only = {}, only

    def __call__(self, site, layer, position, value):
        if self.only is not None and (site, layer) != self.only:
            return value
        zero = torch.zeros_like(value, requires_grad=True)
        self.zeros[site, layer, position] = zero
        return (value if self.only is None else value.detach()) + zero


def dots_of(model, rows, measured, source, base, only=None):
    """Of every (site, layer, position): ∇·(source − base), [S]."""
    hook = Zeros(only)
    total = measured(model.forward(rows, hook)).sum()
    keys = list(hook.zeros)
    gradients = torch.autograd.grad(total, [hook.zeros[key] for key in keys], allow_unused=True)
    found = {}
    for key, gradient in zip(keys, gradients):
        if gradient is None:
            gradient = torch.zeros_like(base[key])
        found[key] = (gradient * (source[key] - base[key])).reshape(SAMPLES, -1).sum(-1).detach()
    return found


def table(dots, site, L, T):
    """[L·T·S]"""
    return [float(f"{x:.9g}") for l in range(L) for t in range(T) for x in dots[site, l, t]]


def make(name):
    folder = HERE / "models" / name
    network, sites = NETWORKS.get(name.split("-")[0], (MambaReference, SITES))
    model = network(folder, torch.float64)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    for golden in json.loads((folder / "golden.json").read_text())["logits"]:
        logits = model.forward(model.embed(golden["token_ids"])[None])[0]
        assert np.abs(logits.detach().numpy() - golden["logits"]).max() < 1e-4
    encoding = tokenizer.encode(PROMPT)
    L, T = model.L, len(encoding.ids)
    first, last = hook_tracer.subject_range(encoding, PROMPT, SUBJECT)
    embeddings = model.embed(encoding.ids)
    corrupted, _ = hook_tracer.corrupt(embeddings.float(), first, last, SAMPLES, LEVEL, SEED)
    inputs = {"restore": corrupted.double(), "damage": embeddings[None].repeat(SAMPLES, 1, 1)}
    runs, logits = {}, {}
    for direction, rows in inputs.items():
        runs[direction] = Capture()
        logits[direction] = model.forward(rows, runs[direction]).detach()
    clean = logits["damage"][0]
    target, against = int(clean.argmax()), tokenizer.encode(" " + AGAINST).ids[0]
    assert target != against

    def measured(metric):
        return lambda found: measure(found, clean, target, against, metric)

    document = {"target_id": target, "sites": list(sites), "dots": [], "estimates": []}
    kept = {}
    for direction in inputs:
        other = "damage" if direction == "restore" else "restore"
        source, base = runs[other].values, runs[direction].values
        for metric in METRICS if direction == "restore" else METRICS[:1]:
            dots = dots_of(model, inputs[direction], measured(metric), source, base)
            kept[direction, metric] = dots
            document["dots"].append({"direction": direction, "metric": metric, "steps": 0,
                                     "values": {site: table(dots, site, L, T) for site in sites}})
        parts = []
        for k in range(STEPS):
            middle = inputs[direction] + (k + 0.5) / STEPS * (inputs[other] - inputs[direction])
            parts.append(dots_of(model, middle, measured("logprob"), source, base))
        means = {key: sum(part[key] for part in parts) / STEPS for key in parts[0]}
        kept[direction, "steps"] = means
        document["dots"].append({"direction": direction, "metric": "logprob", "steps": STEPS,
                                 "values": {site: table(means, site, L, T) for site in sites}})
        lows = torch.log_softmax(logits[direction], -1)[:, target]
        # log p comes to no more than one of both runs has.
        most = torch.maximum(lows, torch.log_softmax(logits[other], -1)[:, target])
        for site in sites:
            alone = kept[direction, "logprob"]
            if site in APART:
                alone = {}
                for l in range(L):
                    alone |= dots_of(model, inputs[direction], measured("logprob"), source, base, only=(site, l))
            for sweep, window in (("cells", 1), ("cells", 3), ("layers", 1), ("positions", 1), ("carry", 1)):
                if sweep == "carry" and site not in ("state", "key", "value"):
                    continue
                dots = alone if sweep in ("layers", "carry") else kept[direction, "logprob"]
                cells = [sum(dots[site, l, t] for l, t in cell) for cell in make_sites.cells_of(sweep, window, L, T)]
                found = [torch.exp(torch.minimum(lows + dot, most)).mean() for dot in cells]
                document["estimates"].append({"direction": direction, "site": site, "sweep": sweep, "window": window,
                                              "values": [float(f"{x:.9g}") for x in found]})
    return document


def main():
    torch.set_num_threads(1)
    file = HERE / "attribution.json"
    document = {"prompt": PROMPT, "subject": SUBJECT, "against": AGAINST, "samples": SAMPLES, "noise_level": LEVEL,
                "seed": SEED, "models": json.loads(file.read_text())["models"] if file.exists() else {}}
    document["models"] |= {name: make(name) for name in sys.argv[1:] or MODELS}
    file.write_text(json.dumps(document, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
