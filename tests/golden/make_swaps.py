#!/usr/bin/env python3
"""Makes swaps.json: traces where another subject, of another length, stands in the subject's place.

    make_swaps.py      beside models/, which make_models.py makes

The prompt and the swapped one are aligned from their ends (design.md §4): the prompt's position t is t + shift in the
swapped one, and has no counterpart where that lies before the first token that differs. Computed by mamba_reference.py in
float64: the cells of one trace side by side, each a whole run of the swapped prompt (of the prompt itself, when it is
damaged).
"""

import json
from pathlib import Path

import torch
from tokenizers import Tokenizer

from make_sites import CARRIED, HERE, MODELS, Family, cells_of
from mamba_reference import SITES, Capture, MambaReference

# Shorter and longer than the subject, which stands in the middle of the prompt, at its beginning, and at its end.
SWAPS = (("The Eiffel Tower is in", "Eiffel Tower", "Rome"), ("The Eiffel Tower is in", "Eiffel", "Marie Curie"),
         ("Eiffel Tower is in", "Eiffel Tower", "Rome"), ("Rome is in", "Rome", "The Eiffel Tower"),
         ("The town of Rome", "Rome", "Marie Curie"), ("The old town of Marie Curie", "Marie Curie", "Rome"))
FROZEN = (("resid", ["mixer"]), ("state", ["conv"]), ("mixer", ["state", "delta"]))
MAMBA = Family(SITES, CARRIED, FROZEN, ())


class Swap:
    """One prompt, its swapped one, and the runs of both."""

    def __init__(self, model, tokenizer, prompt, subject, text):
        self.model, self.names = model, {"prompt": prompt, "subject": subject, "swap": text}
        ids, swapped = (tokenizer.encode(p).ids for p in (prompt, prompt.replace(subject, text)))
        self.T, self.shift = len(ids), len(swapped) - len(ids)
        assert self.shift != 0
        self.first = next(t for t, (a, b) in enumerate(zip(ids, swapped)) if a != b)
        self.rows = {"restore": model.embed(swapped)[None], "damage": model.embed(ids)[None]}
        self.runs = {direction: Capture() for direction in self.rows}
        logits = {direction: model.forward(self.rows[direction], self.runs[direction]) for direction in self.rows}
        self.target = int(logits["damage"][0].argmax())
        self.ends = {name: float(torch.softmax(logits[side][0], -1)[self.target])
                     for name, side in (("low_score", "restore"), ("high_score", "damage"))}

    def counterpart(self, t):
        """Of the prompt's position, the swapped prompt's, or None."""
        if t < self.first:
            return t
        return t + self.shift if t + self.shift >= self.first else None

    def trace(self, site, sweep, window, direction, frozen=()):
        pairs = [(t, self.counterpart(t)) for t in range(self.T) if self.counterpart(t) is not None]
        # Of the run's positions, the prompt's, and the position where the source has the value.
        prompts = {s if direction == "restore" else t: t for t, s in pairs}
        sources = {s: t for t, s in pairs} if direction == "restore" else dict(pairs)
        cells = cells_of(sweep, window, self.model.L, self.T)
        source, base = self.runs["damage" if direction == "restore" else "restore"].values, self.runs[direction].values

        def hook(this, layer, position, value):
            if this not in frozen and this != site:
                return value
            restored = torch.tensor([position in prompts and (layer, prompts[position]) in cell for cell in cells])
            restored = restored.reshape(-1, *[1] * (value.dim() - 1))
            if this in frozen:
                value = torch.where(restored, value, base[this, layer, position])
            if this == site and bool(restored.any()):
                value = torch.where(restored, source[this, layer, sources[position]], value)
            return value

        logits = self.model.forward(self.rows[direction].repeat(len(cells), 1, 1), hook)
        scores = [float(f"{x:.7g}") for x in torch.softmax(logits, -1)[:, self.target]]
        if sweep in ("cells", "positions"):
            scores = [x if self.counterpart(i % self.T) is not None else None for i, x in enumerate(scores)]
        return {"site": site, "sweep": sweep, "window": window, "direction": direction, "freeze": list(frozen),
                "scores": scores}

    def traces(self, family):
        for direction in self.rows:
            for site in family.sites:
                yield self.trace(site, "cells", 1, direction)
                yield self.trace(site, "layers", 3, direction)
                yield self.trace(site, "positions", 1, direction)
            yield self.trace("resid", "cells", 3, direction)
            for site in family.carried:
                yield self.trace(site, "carry", 1, direction)
                yield self.trace(site, "carry", 3, direction)
            for site, frozen in family.frozen:
                yield self.trace(site, "cells", 1, direction, frozen)
                yield self.trace(site, "layers", 3, direction, frozen)


@torch.no_grad()
def swaps_of(model, tokenizer, family):
    swaps = (Swap(model, tokenizer, *names) for names in SWAPS)
    return [{**swap.names, **swap.ends, "traces": list(swap.traces(family))} for swap in swaps]


def make(name):
    folder = HERE / "models" / name
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    return swaps_of(MambaReference(folder, torch.float64), tokenizer, MAMBA)


def main():
    document = {name: make(name) for name in MODELS}
    (HERE / "swaps.json").write_text(json.dumps(document, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
