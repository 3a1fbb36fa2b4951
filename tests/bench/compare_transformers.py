#!/usr/bin/env python3
"""A trace of another family against PyTorch's, in one run on the same checkpoint, and the same scores.

    compare_transformers.py ENGRAM-CLI [--family gpt2|gpt_neox|mamba2|falcon_mamba] [--site resid] [--samples 10] [--every N] [--compiled]
                            [--trace-bench PROGRAM]

Makes a model of random weights, of gpt2's, pythia-160m's or mamba2-130m's size, and traces the prompt with Engram and as ROME does it:
transformers and forward hooks, one batch a cell (--every N: of every N-th layer's cells only, whose time counts N times). `resid` of GPT-2
also by suffix_gpt2.py, which continues runs as Engram does, with MKL's products and with oneDNN's, with --compiled by torch.compile, too.
--trace-bench names the build's tests/bench/trace-bench: it says what part of the rate of packed products Engram has. One thread each; what counts is the processor's time of either. Fails when a
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
from suffix_gpt2 import SuffixTracer  # noqa: E402

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
def trace_as_rome(model, tokenizer, site, samples, every):
    """Seconds of the processor, and the scores [L, T]: NaN of layers that are left out."""
    encoding = tokenizer.encode(PROMPT)
    first, last = hook_tracer.subject_range(encoding, PROMPT, SUBJECT)
    n_layers, n_tokens = model.config.num_hidden_layers, len(encoding.ids)
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
    scores, layers = np.full((n_layers, n_tokens), np.nan), range(every // 2, n_layers, every)
    start = time.process_time()
    for layer in layers:
        scores[layer] = [torch.softmax(run(corrupted, [(layer, put(layer, t))]).double(), -1)[:, target].mean() for t in range(n_tokens)]
    return (time.process_time() - start) * n_layers / len(layers), scores


@torch.no_grad()
def trace_suffixes(model, tokenizer, samples, compiled, products):
    """The same of GPT-2, continuing runs. products: "highest" are MKL's, "medium" are oneDNN's."""
    encoding = tokenizer.encode(PROMPT)
    first, last = hook_tracer.subject_range(encoding, PROMPT, SUBJECT)
    torch.set_float32_matmul_precision(products)
    tracer, times = SuffixTracer(model, compiled), []
    embeddings = model.get_input_embeddings()(torch.tensor(encoding.ids))
    corrupted, _ = hook_tracer.corrupt(embeddings, first, last, samples, 3.0, 1)
    # What is compiled, and what libraries do once, is not counted.
    for _ in range(3):
        start = time.process_time()
        scores = tracer.trace(embeddings, corrupted, first)
        times.append(time.process_time() - start)
    torch.set_float32_matmul_precision("highest")
    return min(times[1:]), scores


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
    parser.add_argument("--every", type=int, default=1, metavar="N", help="of ROME's way, the cells of every N-th layer only")
    parser.add_argument("--compiled", action="store_true", help="the tracer that continues runs by torch.compile, too")
    parser.add_argument("--trace-bench", type=Path, metavar="PROGRAM", help="measure the part of the packed rate, too")
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(1)
    model = MODELS[args.family]().eval()
    with tempfile.TemporaryDirectory(prefix="engram-compare-") as folder:
        model.save_pretrained(folder)
        shutil.copy(TOKENIZER, Path(folder) / "tokenizer.json")
        runs = [trace_with_engram(args.engram.resolve(), folder, args.site, args.samples) for _ in range(2)]
        bench = args.trace_bench and subprocess.run([args.trace_bench.resolve(), folder, "8", "2", "trace"], check=True,
                                                    capture_output=True, text=True).stdout.strip()
    engram, opening, scores = min(runs, key=lambda it: it[0])
    tokenizer = Tokenizer.from_file(str(TOKENIZER))
    rome, expected = trace_as_rome(model, tokenizer, args.site, args.samples, args.every)
    difference = np.nanmax(abs(scores - expected)) / np.nanmax(expected)
    ways = {"ROME's way" + (f" (one layer in {args.every})" if args.every > 1 else ""): rome}
    if args.family == "gpt2" and args.site == "resid":
        for compiled in [False, True] if args.compiled else [False]:
            for products, library in (("highest", "MKL"), ("medium", "oneDNN")):
                way = f"PyTorch that continues runs, {'compiled, ' if compiled else ''}{library}"
                ways[way], found = trace_suffixes(model, tokenizer, args.samples, compiled, products)
                assert abs(found - scores).max() < min(5e-5, 1e-3 * scores.max())
    print(f"{args.family}, {args.site}: {scores.shape[0]} layers, {scores.shape[1]} tokens, {args.samples} samples; torch {torch.__version__}")
    print(f"Engram {engram:.2f} s of the processor in all, {opening:.2f} s of them to open and predict")
    for way, taken in ways.items():
        print(f"{way} {taken:.2f} s: {taken / engram:.1f} times, {taken / max(engram - opening, 1e-3):.1f} times without")
    if bench:
        print(f"trace-bench {bench}")
    print(f"largest difference of a score: {difference:.1e} of the largest, {np.nanmax(expected):.1e}")
    if not difference <= 1e-5:
        sys.exit("the scores are wrong by more than 1e-5 of the largest")


main()
