"""The fastest trace that one writes in PyTorch knowing what Engram knows, as suffix_tracer.py has it, of transformers' GPT2LMHeadModel.

Of each position, all layers' cells and all samples go through the network as one batch, to which each layer adds its cells; a
cell (l, t) begins at layer l + 1 and position t, with the keys and values that the corrupted run had before it. Nothing is computed before
the subject, and of the last layer's outputs the last position's alone. For `resid`.
"""

import numpy as np
import torch
import torch.nn.functional as F


def weights_of(block):
    parts = (block.ln_1, block.attn.c_attn, block.attn.c_proj, block.ln_2, block.mlp.c_fc, block.mlp.c_proj)
    return tuple(weight for part in parts for weight in (part.weight, part.bias))


def project(x, weight, bias):
    """Of GPT-2's Conv1D, whose weight is [in, out]."""
    return torch.addmm(bias, x.reshape(-1, x.shape[-1]), weight).unflatten(0, x.shape[:-1])


def run_layer(weights, eps, n_heads, r, past_k, past_v, mask, only_last):
    """r [B, n, d], past_k and past_v [B, H, p, d / H], mask [n, p + n]: what the layer makes of r, or of its last row; k and v of the rows."""
    norm_1, bias_1, attn, attn_bias, proj, proj_bias, norm_2, bias_2, fc, fc_bias, out, out_bias = weights
    d = r.shape[-1:]
    q, k, v = project(F.layer_norm(r, d, norm_1, bias_1, eps), attn, attn_bias).unflatten(-1, (3, n_heads, -1)).permute(2, 0, 3, 1, 4)
    if only_last:
        r, q, mask = r[:, -1:], q[:, :, -1:], mask[-1:]
    mixed = F.scaled_dot_product_attention(q, torch.cat([past_k, k], 2), torch.cat([past_v, v], 2), attn_mask=mask)
    r = r + project(mixed.transpose(1, 2).flatten(2), proj, proj_bias)
    return r + project(F.gelu(project(F.layer_norm(r, d, norm_2, bias_2, eps), fc, fc_bias), approximate="tanh"), out, out_bias), k, v


class Run:
    """Of each layer: r before it, k and v of every position from `first` on."""

    def __init__(self, first):
        self.first, self.r, self.k, self.v = first, [], [], []


class SuffixTracer:
    def __init__(self, model, compiled=False):
        self.model, self.eps, self.n_heads = model, model.config.layer_norm_epsilon, model.config.n_head
        self.layers = [weights_of(block) for block in model.transformer.h]
        self.run_layer = torch.compile(run_layer, dynamic=True) if compiled else run_layer

    def step(self, index, r, past, only_last=False):
        n, p = r.shape[1], past[0].shape[2]
        mask = torch.ones(n, p + n, dtype=torch.bool).tril(p)
        return self.run_layer(self.layers[index], self.eps, self.n_heads, r, *past, mask, only_last)

    def past(self, index, clean, corrupted, position, n):
        """Keys and values before a position, n times over: the clean run's up to where the corrupted one begins."""
        parts = []
        for name in ("k", "v"):
            empty = torch.zeros(n, self.n_heads, 0, self.model.config.n_embd // self.n_heads)
            before = getattr(clean, name)[index].expand(n, -1, -1, -1) if clean is not None else empty
            if corrupted is None:
                parts.append(before[:, :, :position])
                continue
            own = getattr(corrupted, name)[index]
            parts.append(torch.cat([before[:, :, : corrupted.first], own[:, :, : position - corrupted.first]], 2))
        return parts

    def whole_run(self, r, clean, first):
        run = Run(first)
        for index in range(len(self.layers)):
            past = self.past(index, clean, None, first, r.shape[0])
            run.r.append(r)
            r, k, v = self.step(index, r, past)
            run.k.append(k)
            run.v.append(v)
        return run, self.logits(r[:, -1])

    def logits(self, last):
        norm = self.model.transformer.ln_f
        return F.linear(F.layer_norm(last, last.shape[-1:], norm.weight, norm.bias, self.eps), self.model.lm_head.weight)

    def cells_of(self, clean, corrupted, position):
        """The logits [layers − 1, S, V] of the cells of a position, but for the last layer's."""
        samples, batch, n_layers = corrupted.r[0].shape[0], None, len(self.layers)
        for index in range(1, n_layers):
            rows = corrupted.r[index][:, position - corrupted.first :].clone()
            rows[:, 0] = clean.r[index][0, position]
            batch = rows if batch is None else torch.cat([batch, rows])
            past = [part.repeat(index, 1, 1, 1) for part in self.past(index, clean, corrupted, position, samples)]
            batch, _, _ = self.step(index, batch, past, index == n_layers - 1)
        return self.logits(batch[:, -1]).unflatten(0, (n_layers - 1, samples))

    @torch.no_grad()
    def trace(self, embeddings, corrupted_embeddings, first):
        """The scores [L, T] of the target, the clean run's first prediction."""
        n_layers, n_tokens = len(self.layers), embeddings.shape[0]
        placed = self.model.transformer.wpe.weight[:n_tokens]
        clean, logits = self.whole_run((embeddings + placed)[None], None, 0)
        target = int(logits[0].argmax())
        high = float(torch.softmax(logits[0], -1)[target])
        corrupted, logits = self.whole_run((corrupted_embeddings + placed)[:, first:], clean, first)
        scores = np.full((n_layers, n_tokens), float(torch.softmax(logits, -1)[:, target].mean()))
        for position in range(first, n_tokens):
            probabilities = torch.softmax(self.cells_of(clean, corrupted, position), -1)[..., target]
            scores[:-1, position] = probabilities.double().mean(-1)
        scores[-1, -1] = high
        return scores
