#!/usr/bin/env python3
"""Writes rounding.json: how far float32 takes the golden models' numbers from float64, whoever computes them.

    make_rounding.py [MODEL…]      beside models/ and corruptions/, which make_models.py, make_ssm.py and make_corruptions.py make

A network whose channels are renumbered is the same network, and its sums are taken in another order: in float64 nothing
changes, in float32 the rounding does. So ORDERS renumberings of a model are ORDERS ways of rounding that are as good as any
processor's, and the largest distance of any of them from float64, over the cells of many traces, is what the model's
conditioning makes of float32. It knows nothing of Engram's kernels, OpenBLAS's or the processor's.
Beside it stands what an error would change: the median distance between a cell's score and those of the cells next to it.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

import hook_tracer
from make_corruptions import measure
import mamba2_reference
import mamba_reference
from mamba2_reference import Mamba2Reference
from mamba_reference import Capture, MambaReference, window_layers

HERE = Path(__file__).resolve().parent
MODELS = ("expand2", "deep", "half", "sharded", "narrow", "epsilon", "falcon-hub", "falcon-half", "falcon-sharded",
          "mamba2-groups", "mamba2-half", "mamba2-sharded", "mamba2-deep")
ORDERS = 16
METRICS = ("prob", "logprob", "logit", "logit-diff", "kl")
# Of the clean run: all logits, in units of the largest; the rows after every layer, in units of 1 + their size.
RELATIVE = ("logits", "resid")


def reference_of(name):
    return (Mamba2Reference, mamba2_reference.SITES) if name.startswith("mamba2-") else (MambaReference, mamba_reference.SITES)


def mamba1_rows(model, random, d):
    """Of a layer of Mamba-1: each tensor's axes in another order of inner channels, states and ranks."""
    D, N, R = (random.permutation(n) for n in (model.D, model.N, model.R))
    both = np.concatenate([D, model.D + D])
    low = np.concatenate([R, model.R + N, model.R + model.N + N])
    return {
        "norm.weight": [d],
        "mixer.in_proj.weight": [both, d],
        "mixer.in_proj.bias": [both],
        "mixer.conv1d.weight": [D],
        "mixer.conv1d.bias": [D],
        "mixer.x_proj.weight": [low, D],
        "mixer.dt_proj.weight": [D, R],
        "mixer.dt_proj.bias": [D],
        "mixer.A_log": [D, N],
        "mixer.D": [D],
        "mixer.out_proj.weight": [d, D],
        "mixer.out_proj.bias": [d],
    }


def mamba2_rows(model, random, d):
    """Of a layer of Mamba-2: groups, heads within a group, a head's channels and a group's states in another order."""
    H, P, G, N = model.H, model.P, model.G, model.N
    groups = random.permutation(G)
    heads = np.concatenate([g * (H // G) + random.permutation(H // G) for g in groups])
    D = np.concatenate([h * P + random.permutation(P) for h in heads])
    states = np.concatenate([g * N + random.permutation(N) for g in groups])
    xbc = np.concatenate([D, H * P + states, H * P + G * N + states])
    rows = np.concatenate([D, H * P + xbc, H * P + len(xbc) + heads])
    return {
        "norm.weight": [d],
        "mixer.in_proj.weight": [rows, d],
        "mixer.in_proj.bias": [rows],
        "mixer.conv1d.weight": [xbc],
        "mixer.conv1d.bias": [xbc],
        "mixer.dt_bias": [heads],
        "mixer.A_log": [heads],
        "mixer.D": [heads],
        "mixer.norm.weight": [D],
        "mixer.out_proj.weight": [d, D],
        "mixer.out_proj.bias": [d],
    }


def renumber(model, random):
    """The model with its channels, and what each layer has of them, in another order."""
    weights = model.weights
    d = random.permutation(model.d)
    for name in ("backbone.embeddings.weight", "lm_head.weight"):
        if name in weights:
            weights[name] = weights[name][:, d]
    weights["backbone.norm_f.weight"] = weights["backbone.norm_f.weight"][d]
    for layer in range(model.L):
        rows = (mamba2_rows if isinstance(model, Mamba2Reference) else mamba1_rows)(model, random, d)
        for name, orders in rows.items():
            name = f"backbone.layers.{layer}.{name}"
            if name not in weights:
                continue
            for axis, order in enumerate(orders):
                weights[name] = weights[name].index_select(axis, torch.as_tensor(order))
    return torch.as_tensor(d)


def restore_each(cells, source, site, samples):
    """A hook over [cells · samples, …] that gives each cell's samples the source's values where the cell says."""

    def hook(this, layer, position, value):
        if this != site:
            return value
        here = torch.tensor([(layer, position) in cell for cell in cells]).repeat_interleave(samples)
        ones = [1] * (value.dim() - 1)
        there = source[this, layer, position]
        return torch.where(here.reshape(-1, *ones), there.repeat(len(value) // len(there), *ones), value)

    return hook


def requests_of(name, model, tokenizer):
    """(clean embeddings [T, d], corrupted ones [S, T, d], site, window, direction, against); of prompts that are only run,
    all but the first are None."""
    against = tokenizer.token_to_id("Ġold")
    golden = json.loads((HERE / "models" / name / "golden.json").read_text())
    for prompt in golden["logits"]:
        yield model.embed(prompt["token_ids"]).float(), *[None] * 5
    goldens = golden["traces"]
    for golden in goldens:
        clean = model.embed(golden["token_ids"]).float()
        corrupted, _ = hook_tracer.corrupt(
            clean, *golden["subject_range"], golden["samples"], golden["noise_level"], golden["seed"]
        )
        yield clean, corrupted, golden["site"], golden["window"], "restore", against
    golden = goldens[0]
    clean = model.embed(golden["token_ids"]).float()
    corrupted, _ = hook_tracer.corrupt(clean, *golden["subject_range"], 2, golden["noise_level"], golden["seed"])
    for site in reference_of(name)[1]:
        for direction in ("restore", "damage"):
            yield clean, corrupted, site, 1, direction, against
    for document in json.loads((HERE / "corruptions" / "golden.json").read_text())["models"]:
        for golden in document["traces"] if document["model"] == name else ():
            if "noisy" not in golden:
                continue
            clean = model.embed(golden["token_ids"]).float()
            first, last = golden["corrupted_range"]
            corrupted = clean[None].repeat(golden["samples"], 1, 1)
            noisy = torch.tensor(golden["noisy"], dtype=torch.float32)
            corrupted[:, first : last + 1] = noisy.reshape(golden["samples"], last + 1 - first, -1)
            yield clean, corrupted, golden["site"], golden["window"], "restore", golden["against_id"]


def compute(model, request, order=None):
    """Every metric of every cell and sample, and of the clean and corrupted runs, [n] each; the clean run's logits and rows
    after each layer; and the scores [L, T]."""
    clean, corrupted, site, window, direction, against = request
    if order is not None:
        clean = clean[:, order]
    T, clean_run = len(clean), Capture()
    clean_logits = model.forward(clean[None], clean_run)
    target = int(clean_logits[0].argmax())
    resid = torch.cat([clean_run.values["resid", l, t] for l in range(model.L) for t in range(T)]).double()
    values = {
        "logits": clean_logits[0].double().numpy(),
        "resid": (resid if order is None else resid[:, torch.argsort(order)]).numpy(),
    }
    if corrupted is None:
        return target, values, np.zeros((0, 0))
    if order is not None:
        corrupted = corrupted[..., order]
    samples, corrupted_run = len(corrupted), Capture()
    corrupted_logits = model.forward(corrupted, corrupted_run)
    cells = [{(a, t) for a in window_layers(l, window, model.L)} for l in range(model.L) for t in range(T)]
    source, base = (clean_run, corrupted) if direction == "restore" else (corrupted_run, clean[None])
    hook = restore_each(cells, source.values, site, samples)
    restored = model.forward(base.expand(samples, -1, -1).repeat(len(cells), 1, 1), hook)
    found = measure(torch.cat([clean_logits, corrupted_logits, restored]), clean_logits, target, against)
    values.update({metric: found[metric].numpy() for metric in METRICS})
    return target, values, found["prob"][1 + samples :].reshape(model.L, T, samples).mean(-1).numpy()


def distance(name, found, truth):
    error = np.abs(found - truth)
    if name == "logits":
        error = error / np.abs(truth).max()
    if name == "resid":
        error = error / (1 + np.abs(truth))
    return float(error.max())


@torch.no_grad()
def make(name):
    folder = HERE / "models" / name
    reference, _ = reference_of(name)
    exact = reference(folder, torch.float64)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    requests = list(requests_of(name, exact, tokenizer))
    truths = [compute(exact, request) for request in requests]
    worst = dict.fromkeys(METRICS + RELATIVE, 0.0)
    random = np.random.RandomState(1)
    for n in range(ORDERS):
        model = reference(folder)
        order = renumber(model, random)
        if n == 0:
            wide = reference(folder, torch.float64)
            order_of_wide = renumber(wide, np.random.RandomState(2))
        for request, (target, truth, _) in zip(requests, truths):
            if n == 0:
                same = compute(wide, request, order_of_wide)[1]
                assert all(distance(number, same[number], truth[number]) < 1e-10 for number in truth)
            found_target, found, _ = compute(model, request, order)
            assert found_target == target
            for number in truth:
                worst[number] = max(worst[number], distance(number, found[number], truth[number]))
    steps = np.concatenate([np.abs(np.diff(scores, axis=axis)).ravel() for _, _, scores in truths for axis in (0, 1)])
    # Those that are the same run of either cell apart.
    step = np.median(steps[steps > 1e-9])
    result = {number: float(f"{value:.2g}") for number, value in dict(worst, step=step).items()}
    print(name, len(requests), "traces:", result)
    return result


def main():
    torch.set_num_threads(1)
    path = HERE / "rounding.json"
    document = json.loads(path.read_text()) if sys.argv[1:] else {}
    document.update({name: make(name) for name in sys.argv[1:] or MODELS})
    document = {name: document[name] for name in MODELS if name in document}
    text = ",\n".join(f" {json.dumps(name)}: {json.dumps(values)}" for name, values in document.items())
    path.write_text("{\n" + text + "\n}\n")


if __name__ == "__main__":
    main()
