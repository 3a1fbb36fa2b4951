# SPDX-License-Identifier: MIT
"""The demo model's network: a small Mamba.  train.py trains it."""
import math

import torch
import torch.nn.functional as F

VOCAB = 4096
D_MODEL, LAYERS, STATE, CONV, EXPAND = 128, 8, 16, 4, 2
D_INNER, DT_RANK = EXPAND * D_MODEL, math.ceil(D_MODEL / 16)
EPS = 1e-5
STEPS = 1800
FOLDER = "demo"
EMBEDDING = "backbone.embeddings.weight"


def is_matrix(name):
    """Whether weight decay is for it."""
    return name.endswith("proj.weight")


class Scan(torch.autograd.Function):
    """h[t] = exp(delta[t] A) h[t-1] + delta[t] c[t] B[t];  y[t] = C[t] h[t].  Time comes first, and backward is written
    out, so that one step's slice stays in the processor's cache."""

    @staticmethod
    def forward(ctx, delta, u, A, B, C):  # [T,b,D] [T,b,D] [N,D] [T,b,N] [T,b,N]; u = delta * c
        steps, b, d = delta.shape
        h = delta.new_zeros(steps + 1, b, A.shape[0], d)
        a = torch.empty_like(h[1:])
        y = torch.empty_like(delta)
        part = torch.empty_like(a[0])
        for t in range(steps):
            torch.mul(delta[t].unsqueeze(1), A, out=a[t]).exp_()
            torch.mul(a[t], h[t], out=part)
            torch.addcmul(part, u[t].unsqueeze(1), B[t].unsqueeze(2), out=h[t + 1])
            torch.sum(torch.mul(h[t + 1], C[t].unsqueeze(2), out=part), 1, out=y[t])
        ctx.save_for_backward(delta, u, A, B, C, h, a)
        return y

    @staticmethod
    def backward(ctx, gy):
        delta, u, A, B, C, h, a = ctx.saved_tensors
        gy = gy.contiguous()
        gdelta, gu, gB, gC = (torch.empty_like(x) for x in (delta, u, B, C))
        gA, gh, part = torch.zeros_like(A), torch.zeros_like(h[0]), torch.empty_like(h[0])
        for t in reversed(range(delta.shape[0])):
            gh.addcmul_(gy[t].unsqueeze(1), C[t].unsqueeze(2))
            torch.sum(torch.mul(h[t + 1], gy[t].unsqueeze(1), out=part), 2, out=gC[t])
            torch.sum(torch.mul(gh, u[t].unsqueeze(1), out=part), 2, out=gB[t])
            torch.sum(torch.mul(gh, B[t].unsqueeze(2), out=part), 1, out=gu[t])
            gh.mul_(a[t])
            q = torch.mul(gh, h[t], out=part)
            torch.sum(q * A, 1, out=gdelta[t])
            gA += q.mul_(delta[t].unsqueeze(1)).sum(0)
        return gdelta, gu, gA, gB, gC


def rms(x, w):
    return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + EPS) * w


def init_weights(seed):
    g = torch.Generator().manual_seed(seed)

    def normal(*shape, std):
        return torch.randn(*shape, generator=g) * std

    w = {"backbone.embeddings.weight": normal(VOCAB, D_MODEL, std=0.05), "backbone.norm_f.weight": torch.ones(D_MODEL)}
    for i in range(LAYERS):
        p = f"backbone.layers.{i}."
        dt = torch.exp(torch.rand(D_INNER, generator=g) * (math.log(0.1) - math.log(0.001)) + math.log(0.001))
        w[p + "norm.weight"] = torch.ones(D_MODEL)
        w[p + "mixer.in_proj.weight"] = normal(2 * D_INNER, D_MODEL, std=D_MODEL ** -0.5)
        w[p + "mixer.conv1d.weight"] = (torch.rand(D_INNER, 1, CONV, generator=g) * 2 - 1) * CONV ** -0.5
        w[p + "mixer.conv1d.bias"] = torch.zeros(D_INNER)
        w[p + "mixer.x_proj.weight"] = normal(DT_RANK + 2 * STATE, D_INNER, std=D_INNER ** -0.5)
        w[p + "mixer.dt_proj.weight"] = (torch.rand(D_INNER, DT_RANK, generator=g) * 2 - 1) * DT_RANK ** -0.5
        w[p + "mixer.dt_proj.bias"] = dt + torch.log(-torch.expm1(-dt))
        w[p + "mixer.A_log"] = torch.log(torch.arange(1, STATE + 1).float()).repeat(D_INNER, 1)
        w[p + "mixer.D"] = torch.ones(D_INNER)
        w[p + "mixer.out_proj.weight"] = normal(D_MODEL, D_INNER, std=(D_INNER * 2 * LAYERS) ** -0.5)
    return w


def forward(w, ids, corrupt=None, names=None):
    """ids [b,T] -> logits [T,b,V]; corrupt is applied to the embeddings [T,b,d].  Where the subjects stand (names [b,T]) is of no
    use to it."""
    r = F.embedding(ids.T, w[EMBEDDING])
    if corrupt:
        r = corrupt(r)
    steps, b, _ = r.shape
    for i in range(LAYERS):
        p = f"backbone.layers.{i}.mixer."
        n = rms(r, w[f"backbone.layers.{i}.norm.weight"])
        x, z = (n @ w[p + "in_proj.weight"].T).split(D_INNER, -1)
        padded = F.pad(x, (0, 0, 0, 0, CONV - 1, 0))
        kernel = w[p + "conv1d.weight"]
        c = F.silu(sum(padded[k:k + steps] * kernel[:, 0, k] for k in range(CONV)) + w[p + "conv1d.bias"])
        dt, B, C = (c @ w[p + "x_proj.weight"].T).split([DT_RANK, STATE, STATE], -1)
        delta = F.softplus(dt @ w[p + "dt_proj.weight"].T + w[p + "dt_proj.bias"])
        y = Scan.apply(delta, delta * c, -torch.exp(w[p + "A_log"]).T.contiguous(), B.contiguous(), C.contiguous()) + w[p + "D"] * c
        r = r + (y * F.silu(z)) @ w[p + "out_proj.weight"].T
    return rms(r, w["backbone.norm_f.weight"]) @ w["backbone.embeddings.weight"].T


def config():
    return {
        "architectures": ["MambaForCausalLM"], "bos_token_id": 0, "conv_kernel": CONV, "dtype": "float16", "eos_token_id": 0,
        "expand": EXPAND, "hidden_act": "silu", "hidden_size": D_MODEL, "initializer_range": 0.1,
        "intermediate_size": D_INNER, "layer_norm_epsilon": EPS, "model_type": "mamba", "num_hidden_layers": LAYERS,
        "pad_token_id": 0, "rescale_prenorm_residual": False, "residual_in_fp32": True, "state_size": STATE,
        "tie_word_embeddings": True, "time_step_floor": 0.0001, "time_step_init_scheme": "random", "time_step_max": 0.1,
        "time_step_min": 0.001, "time_step_rank": DT_RANK, "time_step_scale": 1.0, "use_associative_scan": False,
        "use_bias": False, "use_cache": True, "use_conv_bias": True, "vocab_size": VOCAB,
    }
