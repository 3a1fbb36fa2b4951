#!/usr/bin/env python3
"""Writes corruptions/golden.json: for two of the golden models, the corrupted embeddings of each kind of corruption as NumPy
draws them in ROME's formulation, rounded to float32, and whole traces with every metric, by forward hooks on transformers'
MambaForCausalLM in float64.
See README.md."""

import os

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["HF_HUB_OFFLINE"] = "1"

import math
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import torch
import transformers
from tokenizers import Tokenizer
from transformers import MambaForCausalLM

import hook_tracer
from make_models import format_json
from mamba_reference import window_layers

HERE = Path(__file__).resolve().parent / "corruptions"
MODELS = Path(__file__).resolve().parent / "models"

EIFFEL = ("The Eiffel Tower is in", "Eiffel Tower")
ROME = ("The old town of Rome was in the", "Rome")
CURIE = ("Marie Curie was born in the old", "Curie")


def request(text, corruption="gaussian", **settings):
    defaults = dict(
        noise_scale="prompt", span="subject", replace=False, site="resid", window=1, samples=4, noise_level=3.0, seed=1
    )
    return dict(defaults, prompt=text[0], subject=text[1], corruption=corruption, against=" old", **settings)


TRACES = [
    request(EIFFEL, span="tokens:1-2"),
    request(EIFFEL, span="all", noise_scale="embedding", noise_level=1.0, seed=9),
    request(CURIE, noise_scale="subjects:subjects.txt", replace=True, site="mixer", window=3),
    request(EIFFEL, "uniform", noise_scale="absolute", noise_level=1.5, seed=3),
    request(ROME, "uniform", site="mixer", samples=1),
    request(CURIE, "student-t:3", samples=5),
    request(EIFFEL, "student-t:2.5", noise_scale="text:text.txt", window=3),
    request(EIFFEL, "multivariate", noise_scale="text:text.txt"),
    request(ROME, "multivariate", noise_scale="text:text.txt", replace=True, span="tokens:3-5"),
    request(ROME, "swap:Paris"),  # as many tokens
    request(CURIE, "swap:Rome", site="mixer"),  # fewer
    request(ROME, "swap:Eiffel Tower", window=3),  # more
    request(("The Eiffel Tower is in", "Eiffel"), "swap:Marie Curie"),
]


def rows_of(model, tokenizer, name):
    """E's rows of all tokens of a file's lines, each line by itself."""
    ids = [i for line in (HERE / name).read_text().split("\n") for i in tokenizer.encode(line).ids]
    return model.backbone.embeddings.weight[ids].double().numpy()


def symmetric_root(matrix):
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T


def corrupt(model, tokenizer, request, embeddings, first, last):
    """[S, T, d] float32, and σ (None where noise follows a text)."""
    kind, _, degrees = request["corruption"].partition(":")
    scale, _, file = request["noise_scale"].partition(":")
    clean = embeddings[first : last + 1].double().numpy()
    random = np.random.RandomState(request["seed"])
    shape = (request["samples"], *clean.shape)
    drawn = random.uniform(-1, 1, shape) if kind == "uniform" else random.randn(*shape)
    sigma = None
    if scale == "text":
        rows = rows_of(model, tokenizer, file)
        noise = rows.mean(0) + drawn @ symmetric_root(np.cov(rows.T))
    else:
        sigma = dict(
            prompt=lambda: np.std(clean, ddof=1),
            subjects=lambda: np.std(rows_of(model, tokenizer, file), ddof=1),
            embedding=lambda: np.std(model.backbone.embeddings.weight.double().numpy(), ddof=1),
            absolute=lambda: 1.0,
        )[scale]()
        noise = request["noise_level"] * sigma * drawn
    if kind == "student-t":
        degrees = float(degrees)
        chi2 = np.random.RandomState(2).chisquare(df=degrees, size=1000)
        factor = np.sqrt((degrees - 2) / chi2)[: shape[0] * shape[1]].reshape(shape[:2] + (1,))
        noise = factor * noise
    corrupted = embeddings[None].repeat(request["samples"], 1, 1)
    corrupted[:, first : last + 1] = torch.from_numpy((noise if request["replace"] else clean + noise).astype(np.float32))
    return corrupted, None if sigma is None else float(sigma)


def measure(logits, clean, target, against):
    """Every metric of [S, V] logits, each [S]."""
    logits, clean = logits.double(), clean.double()
    logp, clean_logp = torch.log_softmax(logits, -1), torch.log_softmax(clean, -1)
    return {
        "prob": logp[:, target].exp(),
        "logprob": logp[:, target],
        "logit": logits[:, target],
        "logit-diff": logits[:, target] - logits[:, against],
        "kl": (clean_logp.exp() * (clean_logp - logp)).sum(-1),
        "rank": 1.0 + (logits > logits[:, target : target + 1]).sum(-1),
    }


def restored_logits(model, corrupted, clean, site, layers, position, source):
    """Position `position` of the corrupted prompt gets the clean prompt's at `source`."""
    with ExitStack() as stack:
        for layer in layers:

            def overwrite(module, inputs, output, layer=layer):
                output = output.clone()
                output[:, position] = clean[layer][0, source]
                return output

            handle = hook_tracer.site_module(model, site, layer).register_forward_hook(overwrite)
            stack.callback(handle.remove)
        return hook_tracer.last_logits(model, corrupted)


def spans(tokenizer, request):
    """Clean ids, corrupted ids, first corrupted token and last, and the shift of positions from there on."""
    encoding = tokenizer.encode(request["prompt"])
    ids = encoding.ids
    first, last = hook_tracer.subject_range(encoding, request["prompt"], request["subject"])
    kind, _, text = request["corruption"].partition(":")
    if kind == "swap":
        swapped = tokenizer.encode(request["prompt"].replace(request["subject"], text)).ids
        same = next(i for i, (a, b) in enumerate(zip(ids, swapped)) if a != b)
        return ids, swapped, min(first, same), last, len(swapped) - len(ids)
    if request["span"] == "all":
        first, last = 0, len(ids) - 1
    elif request["span"].startswith("tokens:"):
        first, last = map(int, request["span"][7:].split("-"))
    return ids, None, first, last, 0


@torch.no_grad()
def trace(model, double, tokenizer, request):
    ids, swapped, first, last, shift = spans(tokenizer, request)
    embeddings = model.backbone.embeddings(torch.tensor(ids))
    sigma = None
    if swapped:
        corrupted = model.backbone.embeddings(torch.tensor(swapped))[None]
    else:
        corrupted, sigma = corrupt(model, tokenizer, request, embeddings, first, last)
    noisy, corrupted, embeddings, model = corrupted, corrupted.double(), embeddings.double(), double
    clean_logits = hook_tracer.last_logits(model, embeddings[None])
    low_logits = hook_tracer.last_logits(model, corrupted)
    target = int(clean_logits[0].argmax())
    against = tokenizer.token_to_id("Ġold")
    # By default the swapped prompt's own answer, where it has another.
    answer = int(low_logits[0].argmax())
    default = bool(swapped) and answer != target
    against = answer if default else against
    assert against != target, "choose another prompt"
    clean = hook_tracer.capture(model, embeddings[None], request["site"])
    n_layers = len(clean)
    high = measure(clean_logits, clean_logits, target, against)
    low = measure(low_logits, clean_logits, target, against)
    metrics = {
        name: dict(high_score=float(high[name]), low_score=float(low[name].mean()), scores=[], scores_sem=[])
        for name in high
    }
    for layer in range(n_layers):
        cells = []
        for t in range(len(ids)):
            position = t if t < first else t + shift
            if t >= first > position:
                cells.append(None)
                continue
            layers = window_layers(layer, request["window"], n_layers)
            logits = restored_logits(model, corrupted, clean, request["site"], layers, position, t)
            cells.append(measure(logits, clean_logits, target, against))
        for name, metric in metrics.items():
            values = [None if cell is None else cell[name].numpy() for cell in cells]
            metric["scores"].append([None if v is None else float(v.mean()) for v in values])
            metric["scores_sem"].append(
                [None if v is None or len(v) == 1 else float(v.std(ddof=1) / math.sqrt(len(v))) for v in values]
            )
    result = dict(
        {name: value for name, value in request.items() if not (default and name == "against")},
        token_ids=ids,
        corrupted_range=[first, last],
        target_id=target,
        against_id=against,
        noise_std=sigma,
        metrics=metrics,
    )
    if not swapped:
        result["noisy"] = noisy[:, first : last + 1].reshape(request["samples"], -1).tolist()
    ends = ", ".join(f"{name} {m['high_score']:.3f}/{m['low_score']:.3f}" for name, m in metrics.items())
    print(f"  {request['corruption']:14} {request['noise_scale']:22} {first}-{last} shift {shift}: {ends}")
    return result


def main():
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    golden = []
    for name in ("expand2", "deep"):
        print(name)
        model = MambaForCausalLM.from_pretrained(MODELS / name, dtype=torch.float32).eval()
        tokenizer = Tokenizer.from_file(str(MODELS / name / "tokenizer.json"))
        double = hook_tracer.widened(model)
        with hook_tracer.all_double():
            golden.append(dict(model=name, traces=[trace(model, double, tokenizer, r) for r in TRACES]))
    (HERE / "golden.json").write_text(format_json(dict(models=golden)) + "\n")


if __name__ == "__main__":
    main()
