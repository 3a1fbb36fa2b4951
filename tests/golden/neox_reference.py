"""GPT-NeoX written out step by step, with a hook at every site: the sites of the design page §11.

As gpt2_reference.py, and in the same letters: S sequences at once (samples), T positions, d = hidden_size,
H = num_attention_heads, k = d / H, m = intermediate_size. It reads a checkpoint by itself and shares no code with
transformers. Angles are rounded to float32, as transformers has them.
"""

import json
import math

import torch
from safetensors.torch import load_file

from gpt2_reference import ACTIVATIONS, CARRIED, SITES
from mamba_reference import keep

__all__ = ["CARRIED", "SITES", "NeoXReference"]


def stored_weights(folder):
    """Every tensor of a checkpoint as it is stored, without `gpt_neox.` before its name."""
    if (folder / "pytorch_model.bin").exists():
        stored = torch.load(folder / "pytorch_model.bin", weights_only=True)
    else:
        stored = {name: value for file in folder.glob("*.safetensors") for name, value in load_file(file).items()}
    return {name.removeprefix("gpt_neox.").replace("lm_head", "embed_out"): value for name, value in stored.items()}


def heads_of(heads, n):
    """[n] 1 for the heads that are cut, 0 for the others; None: all are."""
    return torch.tensor([1.0 if heads is None or h in heads else 0.0 for h in range(n)], dtype=torch.float64)


class NeoXReference:
    """A checkpoint in folder, every weight widened to dtype, and the arithmetic done in dtype. Hooks as GPT2Reference's."""

    def __init__(self, folder, dtype=torch.float64):
        config = json.loads((folder / "config.json").read_text())
        self.weights = {name: value.to(dtype) for name, value in stored_weights(folder).items()}
        self.dtype = dtype
        self.d, self.H, self.L = config["hidden_size"], config["num_attention_heads"], config["num_hidden_layers"]
        self.k = self.d // self.H
        self.eps = config["layer_norm_eps"]
        self.activation = ACTIVATIONS[config["hidden_act"]]
        self.parallel = config["use_parallel_residual"]
        rope = config.get("rope_parameters") or {}
        share = rope.get("partial_rotary_factor", config.get("rotary_pct", 0.25))
        base = rope.get("rope_theta", config.get("rotary_emb_base", 10000))
        n = int(self.k * share)
        self.frequencies = [float(1 / torch.tensor(base, dtype=torch.float32) ** (torch.tensor(2.0 * i) / n))
                            for i in range(math.ceil(n / 2))]
        # (layers, FROM, TO): there, the positions TO do not attend to the positions FROM.
        self.cut = None

    def embed(self, token_ids):
        return self.weights["embed_in.weight"][torch.as_tensor(token_ids)]

    def forward(self, embeddings, hook=keep):
        """The last position's logits [S, V], from embeddings [S, T, d]."""
        return self.all_logits(embeddings, hook)[:, -1]

    def all_logits(self, embeddings, hook=keep):
        """[S, T, V]"""
        r = [embeddings[:, t].to(self.dtype) for t in range(embeddings.shape[1])]
        for layer in range(self.L):
            r = self._layer(layer, r, hook)
        head = self.weights.get("embed_out.weight", self.weights["embed_in.weight"])
        return torch.stack([self._norm(row, "final_layer_norm") @ head.T for row in r], 1)

    def _norm(self, r, name):
        centred = r - r.mean(-1, keepdim=True)
        scaled = centred / torch.sqrt((centred * centred).mean(-1, keepdim=True) + self.eps)
        return scaled * self.weights[name + ".weight"] + self.weights[name + ".bias"]

    def _linear(self, x, name):
        return x @ self.weights[name + ".weight"].T + self.weights.get(name + ".bias", 0)

    def _rotated(self, x, t):
        """Of [S, H, k]: number i and the one half of the rotated part behind it, by t·frequency."""
        x, half = x.clone(), len(self.frequencies)
        for i, frequency in enumerate(self.frequencies):
            angle = torch.tensor(float(t), dtype=torch.float32) * torch.tensor(frequency, dtype=torch.float32)
            cosine, sine = angle.cos().to(self.dtype), angle.sin().to(self.dtype)
            first, second = x[..., i].clone(), x[..., i + half].clone()
            x[..., i] = first * cosine - second * sine
            x[..., i + half] = second * cosine + first * sine
        return x

    def _mlp(self, r, name, layer, t, hook):
        normed = self._norm(r, name + "post_attention_layernorm")
        a = hook("mlp_act", layer, t, self.activation(self._linear(normed, name + "mlp.dense_h_to_4h")))
        return hook("mlp", layer, t, self._linear(a, name + "mlp.dense_4h_to_h"))

    def _layer(self, layer, r, hook):
        name = f"layers.{layer}."
        layers, come_from, goes_to, heads_cut = self.cut or ((), (), (), None)
        keys, values, after = [], [], []
        for t, row in enumerate(r):
            qkv = self._linear(self._norm(row, name + "input_layernorm"), name + "attention.query_key_value")
            q, k, v = (qkv.reshape(-1, self.H, 3, self.k)[:, :, i].reshape(-1, self.d) for i in range(3))
            q = self._rotated(hook("query", layer, t, q).reshape(-1, self.H, self.k), t)
            keys.append(self._rotated(hook("key", layer, t, k).reshape(-1, self.H, self.k), t))
            values.append(hook("value", layer, t, v).reshape(-1, self.H, self.k))

            read = range(t + 1)
            scores = torch.stack([(q * keys[u]).sum(-1) / math.sqrt(self.k) for u in read])  # [·, S, H]
            if layer in layers and t in goes_to:
                scores = torch.where(heads_of(heads_cut, self.H) * torch.tensor([u in come_from for u in read])[:, None, None] > 0, -torch.inf, scores)
            weights = torch.exp(scores - scores.max(0).values)
            weights = weights / weights.sum(0)
            heads = sum(weight[..., None] * values[u] for weight, u in zip(weights, read))
            heads = hook("heads", layer, t, heads.reshape(-1, self.d))
            o = hook("attn", layer, t, self._linear(heads, name + "attention.dense"))
            middle = hook("resid_mid", layer, t, row + o)
            m = self._mlp(row if self.parallel else middle, name, layer, t, hook)
            after.append(hook("resid", layer, t, middle + m))
        return after
