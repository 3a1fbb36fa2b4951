"""Mamba-2 written out step by step, with a hook at every site: src/network/mamba2/private.h has the equations.

As mamba_reference.py: one layer after another and, inside a layer, one position after another, so that every formula
stands alone and every site is one row. It reads a checkpoint in the Hugging Face layout by itself and shares no code with
transformers.

Letters: S sequences at once (samples), d = d_model, H heads of width P, D = H·P, G groups, N = d_state, K = d_conv.
"""

import json
import math
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file

from mamba_reference import keep

SITES = ("resid", "mixer", "conv_in", "conv", "gate", "delta", "B", "C", "selection", "state", "conv_state", "ssm", "norm")


def number(value):
    """transformers 5 writes infinity as {"__float__": "Infinity"}."""
    return float(value["__float__"]) if isinstance(value, dict) else float(value)


def heads_of(heads, n):
    """[n] 1 for the heads that are cut, 0 for the others; None: all are."""
    return torch.tensor([1.0 if heads is None or h in heads else 0.0 for h in range(n)], dtype=torch.float64)


class Mamba2Reference:
    """A checkpoint in folder, every weight widened to dtype, and the arithmetic done in dtype.

    A hook is called once for each (site, layer, position) and returns the value to go on with, [S, …]: resid, mixer
    [S, d]; conv_in, conv [S, D + 2·G·N] (x, B and C side by side); gate, ssm, norm [S, D]; delta [S, H]; B, C [S, G·N];
    selection [S, H + 2·G·N]; state [S, H, P, N]; conv_state [S, K−1, D + 2·G·N]."""

    def __init__(self, folder, dtype=torch.float32):
        folder = Path(folder)
        config = json.loads((folder / "config.json").read_text())
        index = folder / "model.safetensors.index.json"
        files = {"model.safetensors"}
        if index.exists():
            files = set(json.loads(index.read_text())["weight_map"].values())
        self.weights = {}
        for name in sorted(files):
            for key, value in load_file(folder / name).items():
                self.weights[key.removeprefix("model.")] = value.to(dtype)

        self.dtype = dtype
        self.d, self.L = config["hidden_size"], config["num_hidden_layers"]
        self.H, self.P, self.G = config["num_heads"], config["head_dim"], config["n_groups"]
        self.N, self.K, self.D = config["state_size"], config["conv_kernel"], self.H * self.P
        self.eps = config["layer_norm_epsilon"]
        self.least, self.most = (number(x) for x in config.get("time_step_limit") or (0, math.inf))
        # (layers, FROM, TO): there, what the positions FROM put into h is left out of what TO reads of it.
        self.cut = None

    def embed(self, token_ids):
        """The rows of E, [T, d]."""
        return self.weights["backbone.embeddings.weight"][torch.as_tensor(token_ids)]

    def forward(self, embeddings, hook=keep):
        """The last position's logits [S, V], from embeddings [S, T, d]."""
        r = [embeddings[:, t].to(self.dtype) for t in range(embeddings.shape[1])]
        for layer in range(self.L):
            r = self._layer(layer, r, hook)
        head = self.weights.get("lm_head.weight", self.weights["backbone.embeddings.weight"])
        return self._norm(r[-1], "backbone.norm_f.weight") @ head.T

    def _norm(self, r, name):
        return r / torch.sqrt((r * r).mean(-1, keepdim=True) + self.eps) * self.weights[name]

    def _gated(self, y, z, weight):
        y = y * F.silu(z)
        parts = [part / torch.sqrt((part * part).mean(-1, keepdim=True) + self.eps) for part in y.chunk(self.G, -1)]
        return torch.cat(parts, -1) * weight

    def _by_head(self, x):
        """B or C [S, G·N] as each head has it, [S, H, 1, N]."""
        groups = x.reshape(-1, self.G, self.N)
        return torch.stack([groups[:, head // (self.H // self.G)] for head in range(self.H)], 1)[:, :, None]

    def _layer(self, layer, r, hook):
        prefix = f"backbone.layers.{layer}."

        def weight(name):
            return self.weights[prefix + name]

        def bias(name):
            return self.weights.get(prefix + name, 0.0)

        GN, width = self.G * self.N, self.D + 2 * self.G * self.N
        A = -torch.exp(weight("mixer.A_log"))
        W_conv = weight("mixer.conv1d.weight")[:, 0, :]
        samples = r[0].shape[0]
        conv_state = r[0].new_zeros(samples, self.K - 1, width)
        h = r[0].new_zeros(samples, self.H, self.P, self.N)
        layers, come_from, goes_to, heads_cut = self.cut or ((), (), (), None)
        part = torch.zeros_like(h)  # of h: what FROM put there
        after = []

        for t, row in enumerate(r):
            n = self._norm(row, prefix + "norm.weight")
            z, x, dt = (n @ weight("mixer.in_proj.weight").T + bias("mixer.in_proj.bias")).split([self.D, width, self.H], -1)
            x = hook("conv_in", layer, t, x)
            z = hook("gate", layer, t, z)

            window = torch.cat([conv_state, x[:, None, :]], 1)
            u = F.silu((window * W_conv.T).sum(1) + bias("mixer.conv1d.bias"))
            u = hook("conv", layer, t, u)
            conv_state = hook("conv_state", layer, t, window[:, 1:])

            c, B, C = u.split([self.D, GN, GN], -1)
            delta = F.softplus(dt + weight("mixer.dt_bias")).clamp(self.least, self.most)
            delta = hook("delta", layer, t, delta)
            B = hook("B", layer, t, B)
            C = hook("C", layer, t, C)
            selection = hook("selection", layer, t, torch.cat([delta, B, C], -1))
            delta, B, C = selection.split([self.H, GN, GN], -1)

            c = c.reshape(-1, self.H, self.P)
            decay = torch.exp(delta * A)[:, :, None, None]
            update = delta[:, :, None, None] * self._by_head(B) * c[..., None]
            part = decay * part + (update * heads_of(heads_cut, self.H)[:, None, None] if t in come_from else 0)
            h = decay * h + update
            h = hook("state", layer, t, h)
            read = h - part if layer in layers and t in goes_to else h
            y = (self._by_head(C) * read).sum(-1) + weight("mixer.D")[:, None] * c
            y = hook("ssm", layer, t, y.reshape(-1, self.D))

            y = hook("norm", layer, t, self._gated(y, z, weight("mixer.norm.weight")))
            o = y @ weight("mixer.out_proj.weight").T + bias("mixer.out_proj.bias")
            o = hook("mixer", layer, t, o)
            after.append(hook("resid", layer, t, row + o))
        return after
