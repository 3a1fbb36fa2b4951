#!/usr/bin/env python3
"""A trace of `resid` by a library of others, as its users write it: one batch a cell. For compare.py, which runs it by a Python that
has the library (compare.py says how to make one).

    peer_tracer.py WAY MODEL PROMPT SUBJECT SAMPLES THREADS EVERY

WAY is transformer_lens (TransformerBridge and run_with_hooks), nnsight, or nnsight_skipping (of a cell's run, the layers up to the
restored one are skipped). MODEL is a model of transformers, a folder. Of every EVERY-th layer only, from the (EVERY / 2)-th one on. Prints, as JSON:
the library's version, the rows of the layers traced, and the seconds that their cells took: of the wall, and of the processor.
"""
import importlib.metadata
import json
import os
import sys
import time
from pathlib import Path

import torch
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM

sys.path.append(str(Path(__file__).resolve().parents[1] / "golden"))
import hook_tracer  # noqa: E402


class TransformerLens:
    package = "transformer-lens"

    def __init__(self, model):
        from transformer_lens.model_bridge import TransformerBridge

        self.bridge = TransformerBridge.boot_transformers(model.name_or_path, hf_model=model)

    def run(self, embeddings, hooks):
        return self.bridge.run_with_hooks(embeddings, fwd_hooks=hooks, use_cache=False)[:, -1]

    def clean_run(self, embeddings, n_layers):
        kept = {}

        def keep(value, hook):
            kept[hook.name] = value.clone()

        names = [f"blocks.{layer}.hook_out" for layer in range(n_layers)]
        logits = self.run(embeddings, [(name, keep) for name in names])
        return [kept[name] for name in names], logits

    def cell(self, corrupted, before, clean, layer, t):
        def put(value, hook):
            value[:, t] = clean[layer][0, t]
            return value

        return self.run(corrupted, [(f"blocks.{layer}.hook_out", put)])


class NNsight:
    package = "nnsight"

    def __init__(self, model):
        import nnsight

        self.model, self.base = nnsight.NNsight(model), model.base_model_prefix

    def layers(self):
        base = getattr(self.model, self.base)
        return base.layers if hasattr(base, "layers") else base.h

    def clean_run(self, embeddings, n_layers):
        kept, model, layers = [], self.model, self.layers()
        with model.trace(inputs_embeds=embeddings, use_cache=False):
            for layer in range(n_layers):
                kept.append(layers[layer].output.clone().save())
            logits = model.lm_head.output[:, -1].save()
        return kept, logits

    def cell(self, corrupted, before, clean, layer, t):
        model, layers = self.model, self.layers()
        with model.trace(inputs_embeds=corrupted, use_cache=False):
            layers[layer].output[:, t] = clean[layer][0, t]
            logits = model.lm_head.output[:, -1].save()
        return logits


class NNsightSkipping(NNsight):
    def cell(self, corrupted, before, clean, layer, t):
        model, layers = self.model, self.layers()
        rows = before[layer].clone()
        rows[:, t] = clean[layer][0, t]
        with model.trace(inputs_embeds=corrupted, use_cache=False):
            for index in range(layer + 1):
                layers[index].skip(rows)
            logits = model.lm_head.output[:, -1].save()
        return logits


WAYS = {"transformer_lens": TransformerLens, "nnsight": NNsight, "nnsight_skipping": NNsightSkipping}


def clock():
    return [time.monotonic(), time.process_time()]


@torch.no_grad()
def main():
    way, folder, prompt, subject, samples, threads, every = sys.argv[1:]
    torch.set_num_threads(int(threads))
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    peer = WAYS[way](model)
    encoding = Tokenizer.from_file(os.path.join(folder, "tokenizer.json")).encode(prompt)
    first, last = hook_tracer.subject_range(encoding, prompt, subject)
    n_layers = model.config.num_hidden_layers
    embeddings = model.get_input_embeddings()(torch.tensor(encoding.ids))
    corrupted, _ = hook_tracer.corrupt(embeddings, first, last, int(samples), 3.0, 1)
    clean, logits = peer.clean_run(embeddings[None], n_layers)
    before, _ = peer.clean_run(corrupted, n_layers)
    target = int(logits[0].argmax())
    begin, rows = clock(), {}
    for layer in range(int(every) // 2, n_layers, int(every)):
        rows[layer] = [float(torch.softmax(peer.cell(corrupted, before, clean, layer, t).double(), -1)[:, target].mean())
                       for t in range(len(encoding.ids))]
    seconds = [end - start for start, end in zip(begin, clock())]
    print(json.dumps({"version": importlib.metadata.version(peer.package), "rows": rows, "seconds": seconds}))


main()
