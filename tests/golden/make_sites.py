#!/usr/bin/env python3
"""Makes sites.json: scores of traces at every site, in every sweep, window and direction, with frozen sites and cut paths.

    make_sites.py      beside models/, which make_models.py makes

Computed by mamba_reference.py in float64 from the noise of NumPy: all cells of one trace side by side, each a whole run
whose values a mask puts back. The reference is first checked against transformers' logits in models/*/golden.json.
"""

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from tokenizers import Tokenizer

import hook_tracer
from mamba_reference import SITES, Capture, MambaReference, keep, window_layers

HERE = Path(__file__).resolve().parent
MODELS = ("deep", "expand2")
PROMPT, SUBJECT = "The Eiffel Tower is in", "Eiffel Tower"
SAMPLES, LEVEL, SEED = 2, 3.0, 1
REQUEST = {"prompt": PROMPT, "subject": SUBJECT, "samples": SAMPLES, "noise_level": LEVEL, "seed": SEED}
FROZEN = (("resid", ["mixer"]), ("resid", ["state", "gate"]), ("state", ["conv"]), ("mixer", ["conv_state", "delta"]),
          # the restored site itself, everywhere else
          ("state", ["state"]), ("resid", ["resid"]), ("conv_state", ["conv_state"]), ("selection", ["delta", "state"]))
CARRIED = ("state",)
FROZEN_CARRIED = (("state", ["state"]), ("state", ["gate"]))
KNOCKOUTS = ("0-1:1-2>4", "0-4:2>4-5", "2-3:0-1>3-5")


class Family(NamedTuple):
    """What is traced of a family's models: FROZEN_CARRIED are the frozen sites of sweeps of kind carry."""

    sites: tuple
    carried: tuple
    frozen: tuple
    frozen_carried: tuple


MAMBA = Family(SITES, CARRIED, FROZEN, FROZEN_CARRIED)


def cells_of(sweep, window, L, T):
    """Of each cell, the (layer, position) pairs that it restores."""
    def around(layer):
        return window_layers(layer, window, L)

    if sweep == "cells":
        return [{(a, t) for a in around(l)} for l in range(L) for t in range(T)]
    if sweep == "carry":
        return [{(a, u) for a in around(l) for u in range(t, T)} for l in range(L) for t in range(T)]
    if sweep == "layers":
        return [{(a, t) for a in around(l) for t in range(T)} for l in range(L)]
    return [{(a, t) for a in range(L)} for t in range(T)]


def put(site, cells, source, base, frozen):
    """A hook over [cells · samples, …]: the source's values where a cell restores; elsewhere the base's at frozen sites."""
    def hook(this, layer, position, value):
        shape = (len(cells), SAMPLES, *value.shape[1:])
        value = value.reshape(shape)
        restored = torch.tensor([(layer, position) in cell for cell in cells]).reshape(-1, *[1] * (value.dim() - 1))
        if this in frozen:
            value = torch.where(restored, value, base[this, layer, position].expand(shape))
        if this == site:
            value = torch.where(restored, source[this, layer, position].expand(shape), value)
        return value.reshape(-1, *shape[2:])

    return hook


def numbers(values):
    return [float(f"{value:.9g}") for value in values]


@torch.no_grad()
def traces_of(model, tokenizer, family, knockouts):
    """model has L, embed(), forward() and cut, as MambaReference has them."""
    encoding = tokenizer.encode(PROMPT)
    T, L = len(encoding.ids), model.L
    first, last = hook_tracer.subject_range(encoding, PROMPT, SUBJECT)
    embeddings = model.embed(encoding.ids)
    corrupted, _ = hook_tracer.corrupt(embeddings.float(), first, last, SAMPLES, LEVEL, SEED)
    inputs = {"restore": corrupted.double(), "damage": embeddings[None].repeat(SAMPLES, 1, 1)}
    runs = {}
    for direction, rows in inputs.items():
        runs[direction] = Capture()
        logits = model.forward(rows, runs[direction])
        if direction == "damage":
            target = int(logits[0].argmax())

    def probability(logits):
        return torch.softmax(logits, -1)[:, target].numpy()

    def scores(site, sweep, window, direction, frozen=()):
        cells = cells_of(sweep, window, L, T)
        other = "damage" if direction == "restore" else "restore"
        hook = put(site, cells, runs[other].values, runs[direction].values, frozen)
        rows = inputs[direction].repeat(len(cells), 1, 1)
        found = probability(model.forward(rows, hook)).reshape(len(cells), SAMPLES)
        trace = {"site": site, "sweep": sweep, "window": window, "direction": direction, "freeze": list(frozen),
                 "scores": numbers(found.mean(-1))}
        if window == 1:
            trace["sem"] = [float(f"{x:.6g}") for x in found.std(-1, ddof=1) / SAMPLES**0.5]
        return trace

    traces = []
    for site in family.sites:
        for direction in inputs:
            for sweep in ("cells", "layers") + (("carry",) if site in family.carried else ()):
                traces += [scores(site, sweep, window, direction) for window in (1, 3, 10)]
            traces.append(scores(site, "positions", 1, direction))
    for site, frozen in family.frozen:
        traces += [scores(site, "cells", window, "restore", frozen) for window in (1, 3)]
        traces += [scores(site, sweep, 1, "damage", frozen) for sweep in ("cells", "layers", "positions")]
    traces += [scores(site, "carry", 1, direction, frozen) for direction in inputs for site, frozen in family.frozen_carried]

    cut = []
    for text in knockouts:
        layers, paths = text.partition("@")[0].split(":")
        heads = [int(h) for h in text.partition("@")[2].split("-") if h]
        heads = range(heads[0], heads[-1] + 1) if heads else None
        (begin, end), sides = map(int, layers.split("-")), []
        for side in paths.split(">"):
            ends = [int(t) for t in side.split("-")]
            sides.append(range(ends[0], ends[-1] + 1))
        for window in (1, 3):
            found = []
            for l in range(L):
                model.cut = ([a for a in window_layers(l, window, L) if begin <= a <= end], *sides, heads)
                found.append(probability(model.forward(embeddings[None], keep))[0])
            model.cut = None
            scored = [x if begin <= max(window_layers(l, window, L)) and min(window_layers(l, window, L)) <= end else None
                      for l, x in enumerate(numbers(found))]
            cut.append({"knockout": text, "window": window, "scores": scored})
    return {"target_id": target, "traces": traces, "knockouts": cut}


@torch.no_grad()
def make(name):
    folder = HERE / "models" / name
    model = MambaReference(folder, torch.float64)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    for golden in json.loads((folder / "golden.json").read_text())["logits"]:
        logits = model.forward(model.embed(golden["token_ids"])[None])[0]
        assert np.abs(logits.numpy() - golden["logits"]).max() < 1e-4
    return traces_of(model, tokenizer, MAMBA, KNOCKOUTS)


def main():
    document = dict(REQUEST)
    document["models"] = {name: make(name) for name in MODELS}
    (HERE / "sites.json").write_text(json.dumps(document, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
