#!/usr/bin/env python3
"""A trace of another family against PyTorch's, in one run on the same checkpoint, and the same scores.

    compare_transformers.py ENGRAM-CLI [--family gpt2|gpt_neox|mamba2|falcon_mamba] [--site resid] [--samples 10]

Makes a model of random weights, of gpt2's, pythia-160m's or mamba2-130m's size, and traces the prompt with Engram and as ROME does it:
transformers and forward hooks, one batch a cell. One thread each; what counts is the processor's time of either. Fails when a
score differs from PyTorch's in float32 by more than 1e-5 of the largest.
"""
import argparse
import json
import resource
import shutil
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
from transformers import FalconMambaConfig, FalconMambaForCausalLM, GPT2Config, GPT2LMHeadModel  # noqa: E402
from transformers import GPTNeoXConfig, GPTNeoXForCausalLM, Mamba2Config, Mamba2ForCausalLM  # noqa: E402

import hook_tracer  # noqa: E402
from random_model import TOKENIZER  # noqa: E402

MODELS = {
    "gpt2": lambda: GPT2LMHeadModel(GPT2Config(vocab_size=50280)),
    "gpt_neox": lambda: GPTNeoXForCausalLM(
        GPTNeoXConfig(vocab_size=50304, hidden_size=768, num_hidden_layers=12, num_attention_heads=12, intermediate_size=3072)
    ),
    "mamba2": lambda: Mamba2ForCausalLM(
        Mamba2Config(vocab_size=50288, hidden_size=768, num_hidden_layers=24, num_heads=24, n_groups=1, tie_word_embeddings=True)
    ),
    "falcon_mamba": lambda: FalconMambaForCausalLM(FalconMambaConfig(vocab_size=50280, hidden_size=768, num_hidden_layers=24)),
}


def module_of(model, site, layer):
    base = model.base_model
    block = (base.h if hasattr(base, "h") else base.layers)[layer]
    names = {"resid": [], "attn": ["attn", "attention"], "mlp": ["mlp"], "mixer": ["mixer"]}[site]
    return next((getattr(block, name) for name in names if hasattr(block, name)), block)


@torch.no_grad()
def trace_as_rome(model, tokenizer, site, samples):
    """Seconds of the processor, and the scores [L, T]."""
    encoding = tokenizer.encode(PROMPT)
    first, last = hook_tracer.subject_range(encoding, PROMPT, SUBJECT)
    n_layers, n_tokens = model.config.num_hidden_layers, len(encoding.ids)
    start = time.process_time()
    embeddings = model.get_input_embeddings()(torch.tensor(encoding.ids))
    corrupted, _ = hook_tracer.corrupt(embeddings, first, last, samples, 3.0, 1)
    clean = [None] * n_layers

    def run(rows, hooks):
        handles = [module_of(model, site, layer).register_forward_hook(hook) for layer, hook in hooks]
        try:
            return model(inputs_embeds=rows, use_cache=False).logits[:, -1]
        finally:
            for handle in handles:
                handle.remove()

    def keep(layer):
        def hook(_module, _inputs, output):
            clean[layer] = (output[0] if isinstance(output, tuple) else output)[0].clone()
        return hook

    def put(layer, t):
        def hook(_module, _inputs, output):
            value = (output[0] if isinstance(output, tuple) else output).clone()
            value[:, t] = clean[layer][t]
            return (value, *output[1:]) if isinstance(output, tuple) else value
        return hook

    target = int(run(embeddings[None], [(layer, keep(layer)) for layer in range(n_layers)])[0].argmax())
    scores = [[torch.softmax(run(corrupted, [(layer, put(layer, t))]).double(), -1)[:, target].mean() for t in range(n_tokens)]
              for layer in range(n_layers)]
    return time.process_time() - start, np.array(scores)


def trace_with_engram(program, folder, site, samples):
    """Seconds of the processor beyond those of opening the model and a prediction, and the scores."""
    def run(*arguments):
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        command = [program, *arguments, "--model", folder, "--json", "--threads", "1"]
        document = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before, document

    opening, _ = run("predict", PROMPT)
    seconds, document = run("trace", PROMPT, "--subject", SUBJECT, "--site", site, "--samples", str(samples))
    return seconds, opening, np.array(document["scores"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("engram", type=Path)
    parser.add_argument("--family", choices=MODELS, default="gpt_neox")
    parser.add_argument("--site", choices=["resid", "attn", "mlp", "mixer"], default="resid")
    parser.add_argument("--samples", type=int, default=10)
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(1)
    model = MODELS[args.family]().eval()
    with tempfile.TemporaryDirectory(prefix="engram-compare-") as folder:
        model.save_pretrained(folder)
        shutil.copy(TOKENIZER, Path(folder) / "tokenizer.json")
        engram, opening, scores = trace_with_engram(args.engram.resolve(), folder, args.site, args.samples)
    rome, expected = trace_as_rome(model, Tokenizer.from_file(str(TOKENIZER)), args.site, args.samples)
    difference = abs(scores - expected).max() / expected.max()
    print(f"{args.family}, {args.site}: {scores.shape[0]} layers, {scores.shape[1]} tokens, {args.samples} samples; torch {torch.__version__}")
    print(f"ROME's way {rome:.2f} s of the processor, Engram {engram:.2f} s in all, {opening:.2f} s of them to open and predict: "
          f"{rome / engram:.1f} times, {rome / max(engram - opening, 1e-3):.1f} times without")
    print(f"largest difference of a score: {difference:.1e} of the largest, {expected.max():.1e}")
    if not difference <= 1e-5:
        sys.exit("the scores are wrong by more than 1e-5 of the largest")


main()
