"""GPT-2 written out step by step, with a hook at every site: the sites of the design page §11.

As mamba_reference.py: one layer after another and, inside a layer, one position after another, so that every formula
stands alone and every site is one row. It reads a checkpoint in the Hugging Face layout by itself and shares no code with
transformers.

Letters: S sequences at once (samples), T positions, d = n_embd, H = n_head, k = d / H, m = n_inner.
"""

import json
import math
from pathlib import Path

import torch
from safetensors.torch import load_file

from mamba_reference import keep

SITES = ("resid", "attn", "mlp", "query", "key", "value", "heads", "mlp_act")
# What later positions of the layer read, too.
CARRIED = ("key", "value")


def gelu_new(x):
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def gelu(x):
    return 0.5 * x * (1 + torch.erf(x / math.sqrt(2)))


def relu(x):
    return x.clamp(min=0)


ACTIVATIONS = {"gelu_new": gelu_new, "gelu": gelu, "relu": relu}


def stored_weights(folder):
    """Every tensor of a checkpoint as it is stored, without `transformer.` before its name."""
    index = folder / "model.safetensors.index.json"
    if index.exists():
        files = sorted(set(json.loads(index.read_text())["weight_map"].values()))
    else:
        files = ["model.safetensors"]
    if (folder / "pytorch_model.bin").exists():
        stored = torch.load(folder / "pytorch_model.bin", weights_only=True)
    else:
        stored = {name: value for file in files for name, value in load_file(folder / file).items()}
    return {name.removeprefix("transformer."): value for name, value in stored.items()}


def heads_of(heads, n):
    """[n] 1 for the heads that are cut, 0 for the others; None: all are."""
    return torch.tensor([1.0 if heads is None or h in heads else 0.0 for h in range(n)], dtype=torch.float64)


class GPT2Reference:
    """A checkpoint in folder, every weight widened to dtype, and the arithmetic done in dtype.

    A hook is called once for each (site, layer, position) and returns the value to go on with, [S, …]: resid, attn, mlp,
    query, key, value, heads [S, d] (the heads side by side); mlp_act [S, m]."""

    def __init__(self, folder, dtype=torch.float64):
        config = json.loads((folder / "config.json").read_text())
        self.weights = {name: value.to(dtype) for name, value in stored_weights(folder).items()}
        self.dtype = dtype
        self.d, self.H, self.L = config["n_embd"], config["n_head"], config["n_layer"]
        self.k = self.d // self.H
        self.eps = config["layer_norm_epsilon"]
        self.activation = ACTIVATIONS[config["activation_function"]]
        self.scales = [
            (self.k**-0.5 if config.get("scale_attn_weights", True) else 1.0)
            / (layer + 1 if config.get("scale_attn_by_inverse_layer_idx", False) else 1)
            for layer in range(self.L)
        ]
        # (layers, FROM, TO): there, the positions TO do not attend to the positions FROM.
        self.cut = None

    def embed(self, token_ids):
        """The tokens' rows of wte, [T, d], to which forward() adds the positions'."""
        return self.weights["wte.weight"][torch.as_tensor(token_ids)]

    def forward(self, embeddings, hook=keep):
        """The last position's logits [S, V], from embeddings [S, T, d]."""
        return self.all_logits(embeddings, hook)[:, -1]

    def all_logits(self, embeddings, hook=keep):
        """[S, T, V]"""
        r = [embeddings[:, t].to(self.dtype) + self.weights["wpe.weight"][t] for t in range(embeddings.shape[1])]
        for layer in range(self.L):
            r = self._layer(layer, r, hook)
        head = self.weights.get("lm_head.weight", self.weights["wte.weight"])
        return torch.stack([self._norm(row, "ln_f") @ head.T for row in r], 1)

    def _norm(self, r, name):
        centred = r - r.mean(-1, keepdim=True)
        scaled = centred / torch.sqrt((centred * centred).mean(-1, keepdim=True) + self.eps)
        return scaled * self.weights[name + ".weight"] + self.weights[name + ".bias"]

    def _linear(self, x, name):
        """Stored [in, out]."""
        return x @ self.weights[name + ".weight"] + self.weights[name + ".bias"]

    def _layer(self, layer, r, hook):
        name = f"h.{layer}."
        layers, come_from, goes_to, heads_cut = self.cut or ((), (), (), None)
        keys, values, after = [], [], []
        for t, row in enumerate(r):
            q, k, v = self._linear(self._norm(row, name + "ln_1"), name + "attn.c_attn").split(self.d, -1)
            q = hook("query", layer, t, q)
            keys.append(hook("key", layer, t, k).reshape(-1, self.H, self.k))
            values.append(hook("value", layer, t, v).reshape(-1, self.H, self.k))

            read = range(t + 1)
            q = q.reshape(-1, self.H, self.k)
            scores = torch.stack([(q * keys[u]).sum(-1) * self.scales[layer] for u in read])  # [·, S, H]
            if layer in layers and t in goes_to:
                scores = torch.where(heads_of(heads_cut, self.H) * torch.tensor([u in come_from for u in read])[:, None, None] > 0, -torch.inf, scores)
            weights = torch.exp(scores - scores.max(0).values)
            weights = weights / weights.sum(0)
            heads = sum(weight[..., None] * values[u] for weight, u in zip(weights, read))
            heads = hook("heads", layer, t, heads.reshape(-1, self.d))
            o = hook("attn", layer, t, self._linear(heads, name + "attn.c_proj"))
            middle = hook("resid_mid", layer, t, row + o)

            a = self.activation(self._linear(self._norm(middle, name + "ln_2"), name + "mlp.c_fc"))
            a = hook("mlp_act", layer, t, a)
            o = hook("mlp", layer, t, self._linear(a, name + "mlp.c_proj"))
            after.append(hook("resid", layer, t, middle + o))
        return after
