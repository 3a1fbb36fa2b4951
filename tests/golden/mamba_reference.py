"""Mamba-1 and Falcon-Mamba written out step by step, with a hook at every site: the network of the design page §3, and the sites of §4.

One layer after another and, inside a layer, one position after another, so that every formula stands alone and every
site is one row. It reads a checkpoint in the Hugging Face layout by itself and shares no code with transformers.

Letters: S sequences at once (samples), T positions, d = d_model, D = d_inner, N = d_state, K = d_conv, R = dt_rank.
"""

import json
import math
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file

SITES = ("resid", "mixer", "conv_in", "conv", "gate", "delta", "B", "C", "selection", "state", "conv_state", "ssm")


def keep(site, layer, position, value):
    """A hook that changes nothing. A hook is called once for each (site, layer, position) and returns the value to go on
    with, [S, …]:  resid, mixer [S, d]; conv_in, conv, gate, delta, ssm [S, D]; B, C [S, N]; selection [S, D + 2N] (Δ, B
    and C side by side); state [S, D, N]; conv_state [S, K−1, D] (oldest first, zero before the first position)."""
    return value


class MambaReference:
    """A checkpoint in folder, every weight widened to dtype, and the arithmetic done in dtype."""

    def __init__(self, folder, dtype=torch.float32):
        folder = Path(folder)
        config = json.loads((folder / "config.json").read_text())
        index = folder / "model.safetensors.index.json"
        files = {"model.safetensors"}
        if index.exists():
            files = set(json.loads(index.read_text())["weight_map"].values())
        self.weights = {}
        for name in sorted(files):
            self.weights.update({k: v.to(dtype) for k, v in load_file(folder / name).items()})

        self.dtype = dtype
        self.d = config["hidden_size"]
        self.D = config.get("intermediate_size", config["expand"] * self.d)
        self.N = config["state_size"]
        self.K = config["conv_kernel"]
        rank = config["time_step_rank"]
        self.R = math.ceil(self.d / 16) if rank == "auto" else rank
        self.L = config["num_hidden_layers"]
        self.eps = config["layer_norm_epsilon"]
        # Falcon-Mamba's: of the RMSNorm without weights of δ, B and C.
        self.selection_eps = config.get("mixer_rms_eps", 1e-6) if config["model_type"] == "falcon_mamba" else None
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

    def _weightless_norm(self, x):
        return x / torch.sqrt((x * x).mean(-1, keepdim=True) + self.selection_eps)

    def _layer(self, layer, r, hook):
        prefix = f"backbone.layers.{layer}."

        def weight(name):
            return self.weights[prefix + name]

        def bias(name):
            return self.weights.get(prefix + name, 0.0)

        A = -torch.exp(weight("mixer.A_log"))
        W_conv = weight("mixer.conv1d.weight")[:, 0, :]  # [D, K]
        samples = r[0].shape[0]
        conv_state = r[0].new_zeros(samples, self.K - 1, self.D)
        h = r[0].new_zeros(samples, self.D, self.N)
        layers, come_from, goes_to, _ = self.cut or ((), (), (), None)
        part = torch.zeros_like(h)  # of h: what FROM put there
        after = []

        for t, row in enumerate(r):
            n = self._norm(row, prefix + "norm.weight")
            x, z = (n @ weight("mixer.in_proj.weight").T + bias("mixer.in_proj.bias")).split(self.D, -1)
            x = hook("conv_in", layer, t, x)
            z = hook("gate", layer, t, z)

            # The K − 1 rows before this one, then this one.
            window = torch.cat([conv_state, x[:, None, :]], 1)
            c = F.silu((window * W_conv.T).sum(1) + bias("mixer.conv1d.bias"))
            c = hook("conv", layer, t, c)
            conv_state = hook("conv_state", layer, t, window[:, 1:])

            low_rank, B, C = (c @ weight("mixer.x_proj.weight").T).split([self.R, self.N, self.N], -1)
            if self.selection_eps is not None:
                low_rank, B, C = (self._weightless_norm(part) for part in (low_rank, B, C))
            delta = F.softplus(low_rank @ weight("mixer.dt_proj.weight").T + weight("mixer.dt_proj.bias"))
            delta = hook("delta", layer, t, delta)
            B = hook("B", layer, t, B)
            C = hook("C", layer, t, C)
            selection = hook("selection", layer, t, torch.cat([delta, B, C], -1))
            delta, B, C = selection.split([self.D, self.N, self.N], -1)

            update = delta[:, :, None] * B[:, None, :] * c[:, :, None]
            part = torch.exp(delta[:, :, None] * A) * part + (update if t in come_from else 0)
            h = torch.exp(delta[:, :, None] * A) * h + update
            h = hook("state", layer, t, h)
            read = h - part if layer in layers and t in goes_to else h
            y = (C[:, None, :] * read).sum(-1) + weight("mixer.D") * c
            y = hook("ssm", layer, t, y)

            o = (y * F.silu(z)) @ weight("mixer.out_proj.weight").T + bias("mixer.out_proj.bias")
            o = hook("mixer", layer, t, o)
            after.append(hook("resid", layer, t, row + o))
        return after


class Capture:
    """A hook that keeps every value of a run."""

    def __init__(self):
        self.values = {}

    def __call__(self, site, layer, position, value):
        self.values[site, layer, position] = value
        return value


def restore(clean, site, layers, position):
    """A hook that puts back the clean run's value at (site, each of layers, position)."""

    def hook(this_site, layer, this_position, value):
        if this_site == site and layer in layers and this_position == position:
            return clean.values[site, layer, position].expand_as(value)
        return value

    return hook


def window_layers(layer, window, n_layers):
    """The layers that a window around layer restores, as ROME counts them."""
    return range(max(0, layer - window // 2), min(n_layers, layer - (-window // 2)))


@torch.no_grad()
def trace_scores(model, token_ids, corrupted, target_id, site, window):
    """P(target) of every sample, restored at every cell: [L, T, S], from the corrupted embeddings [S, T, d]."""
    clean = Capture()
    model.forward(model.embed(token_ids)[None], clean)
    cells = [
        [
            model.forward(corrupted, restore(clean, site, window_layers(layer, window, model.L), t))
            for t in range(len(token_ids))
        ]
        for layer in range(model.L)
    ]
    logits = torch.stack([torch.stack(row) for row in cells])
    return torch.softmax(logits.double(), -1)[..., target_id]
