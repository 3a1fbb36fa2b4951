"""Causal tracing by forward hooks on transformers' MambaForCausalLM, or its kin: nothing clever, every restored run a whole forward pass.

Written after ROME's trace_with_patch: noise on the subject's embeddings, and hooks that overwrite a block's output with
the clean run's. The network's arithmetic is the model's (float32, or float64 with widened()); softmax and the averages
over samples are float64.
"""

import copy
import math
from contextlib import ExitStack
from unittest import mock

import numpy as np
import torch

from mamba_reference import window_layers


class DoubleNorm(torch.nn.Module):
    """transformers' MambaRMSNorm without its step through float32."""

    def __init__(self, norm):
        super().__init__()
        self.weight = norm.weight
        self.eps = norm.variance_epsilon

    def forward(self, r):
        return self.weight * (r * torch.rsqrt(r.pow(2).mean(-1, keepdim=True) + self.eps))


class DoubleGatedNorm(torch.nn.Module):
    """transformers' MambaRMSNormGated without its step through float32."""

    def __init__(self, norm):
        super().__init__()
        self.weight, self.eps, self.width = norm.weight, norm.variance_epsilon, norm.group_size

    def forward(self, y, gate):
        y = y * torch.nn.functional.silu(gate)
        groups = y.unflatten(-1, (-1, self.width))
        return self.weight * (groups * torch.rsqrt(groups.pow(2).mean(-1, keepdim=True) + self.eps)).flatten(-2)


def widened(model):
    """A copy of model that computes in float64, inside `with all_double():`."""
    model = copy.deepcopy(model).double()
    model.backbone.norm_f = DoubleNorm(model.backbone.norm_f)
    for block in model.backbone.layers:
        block.norm = DoubleNorm(block.norm)
        block.residual_in_fp32 = False
        if hasattr(block.mixer, "norm"):
            block.mixer.norm = DoubleGatedNorm(block.mixer.norm)
    return model


def all_double():
    """transformers calls .float() on A, B, Δ's bias, D, and the logits."""
    return mock.patch.object(torch.Tensor, "float", torch.Tensor.double)


def subject_range(encoding, prompt, subject):
    """First and last token (inclusive) whose characters overlap the subject's."""
    start = prompt.index(subject)
    end = start + len(subject)
    inside = [t for t, (first, last) in enumerate(encoding.offsets) if first < end and last > start]
    return inside[0], inside[-1]


def site_module(model, site, layer):
    block = model.backbone.layers[layer]
    return {"resid": block, "mixer": block.mixer}[site]


def last_logits(model, embeddings):
    return model(inputs_embeds=embeddings, use_cache=False).logits[:, -1]


def capture(model, embeddings, site):
    """The output at site of every layer, [L][S, T, d]."""
    outputs = {}
    with ExitStack() as stack:
        for layer in range(len(model.backbone.layers)):

            def keep(module, inputs, output, layer=layer):
                outputs[layer] = output.clone()

            handle = site_module(model, site, layer).register_forward_hook(keep)
            stack.callback(handle.remove)
        last_logits(model, embeddings)
    return [outputs[layer] for layer in range(len(outputs))]


def restored_logits(model, embeddings, clean, site, layers, position):
    with ExitStack() as stack:
        for layer in layers:

            def overwrite(module, inputs, output, layer=layer):
                output = output.clone()
                output[:, position] = clean[layer][0, position]
                return output

            handle = site_module(model, site, layer).register_forward_hook(overwrite)
            stack.callback(handle.remove)
        return last_logits(model, embeddings)


def corrupt(embeddings, first, last, samples, noise_level, seed):
    """The embeddings [T, d] with noise on the rows first … last: [S, T, d], and σ."""
    subject = embeddings[first : last + 1].double().numpy()
    sigma = float(np.std(subject, ddof=1))
    noise = noise_level * sigma * np.random.RandomState(seed).randn(samples, *subject.shape)
    corrupted = embeddings[None].repeat(samples, 1, 1)
    corrupted[:, first : last + 1] = torch.from_numpy((subject + noise).astype(np.float32))
    return corrupted, sigma


def standard_error(probabilities):
    """Of the mean over the last axis; None for one sample."""
    samples = probabilities.shape[-1]
    if samples == 1:
        return np.full(probabilities.shape[:-1], None, dtype=object)
    return probabilities.std(-1, ddof=1) / math.sqrt(samples)


@torch.no_grad()
def trace(model, tokenizer, request):
    """A whole trace as a dictionary, and the corrupted embeddings and per-sample scores [L, T, S] it was made with."""
    encoding = tokenizer.encode(request["prompt"])
    first, last = subject_range(encoding, request["prompt"], request["subject"])
    embeddings = model.backbone.embeddings(torch.tensor(encoding.ids))
    corrupted, sigma = corrupt(
        embeddings, first, last, request["samples"], request["noise_level"], request["seed"]
    )

    clean_logits = last_logits(model, embeddings[None])[0]
    target = int(clean_logits.argmax())

    def target_probability(logits):
        return torch.softmax(logits.double(), -1)[..., target].numpy()

    n_layers = len(model.backbone.layers)
    clean = capture(model, embeddings[None], request["site"])
    per_sample = np.array(
        [
            [
                target_probability(
                    restored_logits(
                        model,
                        corrupted,
                        clean,
                        request["site"],
                        window_layers(layer, request["window"], n_layers),
                        t,
                    )
                )
                for t in range(len(encoding.ids))
            ]
            for layer in range(n_layers)
        ]
    )
    low = target_probability(last_logits(model, corrupted))
    result = dict(
        request,
        token_ids=encoding.ids,
        subject_range=[first, last],
        target_id=target,
        noise_std=sigma,
        high_score=float(target_probability(clean_logits)),
        low_score=float(low.mean()),
        low_score_samples=low.tolist(),
        low_score_sem=standard_error(low).tolist(),
        scores=per_sample.mean(-1).tolist(),
        scores_sem=standard_error(per_sample).tolist(),
    )
    return result, corrupted, per_sample
