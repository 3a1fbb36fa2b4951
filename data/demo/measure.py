#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measure one of Engram's demo models, float16 weights as committed, with transformers.

    python measure.py [--model DIR] [--trace]

Prints, for the prompts of train.py, the clean and the corrupted probability of the answer (10 samples, seed 1, noise level 3),
then the accuracy on the sentences that were held out and on those that were taught, and the size of the files.
With --trace it also prints each prompt's trace: the normalized probability with `resid` restored at each layer and token.
"""
import argparse
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM

from train import HERE, PROMPTS, accuracy, read_facts

SAMPLES, SEED, LEVEL = 10, 1, 3.0


class Demo:
    def __init__(self, folder):
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
        base = self.model.base_model
        self.layers = base.layers if self.model.config.model_type == "mamba" else base.h

    def probabilities(self, embeds, restore=None):
        """The last token's probabilities; restore is (layer, position, value) for the residual after that layer."""
        def put(_module, _inputs, output):
            output = output.clone()
            output[:, restore[1]] = restore[2]
            return output
        hook = self.layers[restore[0]].register_forward_hook(put) if restore else None
        try:
            return self.model(inputs_embeds=embeds, use_cache=False).logits[:, -1].softmax(-1)
        finally:
            if hook:
                hook.remove()

    def prompt(self, prompt, subject, answer, trace):
        encoding = self.tokenizer.encode(prompt)
        start = prompt.index(subject)
        end = start + len(subject)
        span = [i for i, (a, b) in enumerate(encoding.offsets) if a < end and b > start]
        first, last = span[0], span[-1]
        [target] = self.tokenizer.encode(answer).ids

        embeds = self.model.get_input_embeddings()(torch.tensor([encoding.ids]))
        values = embeds[0, first:last + 1].double()
        noise = np.random.RandomState(SEED).randn(SAMPLES, len(span), values.shape[1]) * LEVEL * values.std().item()
        corrupted = embeds.repeat(SAMPLES, 1, 1)
        corrupted[:, first:last + 1] = (values + torch.from_numpy(noise)).float()

        clean = self.probabilities(embeds)[0]
        low = self.probabilities(corrupted).mean(0)
        print(f"\n{prompt} ->{answer}   subject tokens {encoding.tokens[first:last + 1]}")
        print(f"  clean {clean[target]:.4f}   corrupted {low[target]:.4f}")
        for name, p in (("clean", clean), ("corrupted", low)):
            top = p.topk(5)
            print(f"  {name} top five:", ", ".join(f"{self.tokenizer.decode([i])!r} {v:.3f}" for v, i in zip(*map(torch.Tensor.tolist, top))))
        if not trace:
            return
        values = []
        hooks = [layer.register_forward_hook(lambda _m, _i, out: values.append(out[0].clone())) for layer in self.layers]
        self.probabilities(embeds)
        for hook in hooks:
            hook.remove()
        print("  layer " + " ".join(f"{t.replace('Ġ', '_')[:8]:>8}" for t in encoding.tokens))
        for layer, rows in enumerate(values):
            scores = [self.probabilities(corrupted, (layer, t, row))[:, target].mean() for t, row in enumerate(rows)]
            normalized = [float(((s - low[target]) / (clean[target] - low[target])).clamp(0, 1)) for s in scores]
            print(f"  {layer:5} " + " ".join(f"{x:8.2f}" for x in normalized))


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, default=HERE)
    parser.add_argument("--trace", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(1)

    demo = Demo(args.model)
    for prompt, subject, answer in PROMPTS:
        demo.prompt(prompt, subject, answer, args.trace)

    def logits(ids):
        return demo.model(ids, use_cache=False).logits.transpose(0, 1)

    sentences = read_facts()
    print()
    for name, part in (("held out", [s for s in sentences if s.held_out]), ("taught", [s for s in sentences if not s.held_out])):
        print(f"{name}: {accuracy(logits, demo.tokenizer, part):.1%} of {len(part)} prompts answered with the right first token")
    relations = defaultdict(list)
    for s in sentences:
        if s.held_out:
            relations[s.relation].append(s)
    print("held out, by relation:", ", ".join(f"{k} {accuracy(logits, demo.tokenizer, v):.0%}" for k, v in relations.items()))
    for file in ("model.safetensors", "tokenizer.json", "config.json"):
        print(f"{file}: {(args.model / file).stat().st_size} bytes")


if __name__ == "__main__":
    main()
