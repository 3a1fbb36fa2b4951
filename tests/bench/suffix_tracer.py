"""The fastest trace that one writes in PyTorch knowing what Engram knows: runs that continue other runs.

Of each position, all layers' cells and all samples go through the network as one batch, to which each layer adds its
cells: a cell (l, t) begins at layer l + 1 and position t, with the state and the last conv inputs that the corrupted run
had there. Nothing is computed before the subject, and of the last layer's outputs the last position's alone. Layers are one function, which
torch.compile may have. For `resid`, of transformers' MambaForCausalLM.
"""

import numpy as np
import torch
import torch.nn.functional as F


class Layer:
    """The weights of a block, turned as products want them."""

    def __init__(self, block):
        mixer = block.mixer
        self.norm, self.eps = block.norm.weight, block.norm.variance_epsilon
        self.in_proj, self.out_proj = mixer.in_proj.weight, mixer.out_proj.weight
        self.taps, self.conv_bias = mixer.conv1d.weight[:, 0].T.contiguous(), mixer.conv1d.bias
        self.x_proj, self.dt_proj, self.dt_bias = mixer.x_proj.weight, mixer.dt_proj.weight, mixer.dt_proj.bias
        self.a, self.skip = -torch.exp(mixer.A_log.float()), mixer.D
        self.sizes = [mixer.time_step_rank, mixer.ssm_state_size, mixer.ssm_state_size]

    def weights(self):
        return (self.norm, self.in_proj, self.taps, self.conv_bias, self.x_proj, self.dt_proj, self.dt_bias, self.a, self.skip,
                self.out_proj)


def run_layer(weights, sizes, eps, r, history, h, only_last):
    """r [B, n, d], history [B, K − 1, D], h [B, D, N]: what the layer makes of r; x [B, n, D]; h after each row."""
    norm, in_proj, taps, conv_bias, x_proj, dt_proj, dt_bias, a, skip, out_proj = weights
    n = r.shape[1]
    rows = r * torch.rsqrt(r.pow(2).mean(-1, keepdim=True) + eps) * norm
    x, z = F.linear(rows, in_proj).chunk(2, -1)
    read = torch.cat([history, x], 1)
    c = F.silu(sum(read[:, k : k + n] * taps[k] for k in range(taps.shape[0])) + conv_bias)
    delta, b, read_c = F.linear(c, x_proj).split(sizes, -1)
    delta = F.softplus(F.linear(delta, dt_proj, dt_bias))
    states, outputs = [], []
    for t in range(n):
        h = torch.exp(delta[:, t, :, None] * a) * h + (delta[:, t] * c[:, t])[..., None] * b[:, t, None, :]
        states.append(h)
        if not only_last or t == n - 1:
            outputs.append((h * read_c[:, t, None, :]).sum(-1) + skip * c[:, t])
    y = torch.stack(outputs, 1) * F.silu(z[:, n - len(outputs) :])
    return r[:, n - len(outputs) :] + F.linear(y, out_proj), x, states


class Run:
    """Of each layer: r before it, x and h of every position from `first` on."""

    def __init__(self, first):
        self.first, self.r, self.x, self.h = first, [], [], []


class SuffixTracer:
    def __init__(self, model, compiled=False):
        self.model = model
        self.layers = [Layer(block) for block in model.backbone.layers]
        # One function a number of positions: more than torch compiles by default before it gives up.
        torch._dynamo.config.recompile_limit = 64
        self.run_layer = torch.compile(run_layer, dynamic=True) if compiled else run_layer

    def step(self, index, r, history, h, only_last=False):
        layer = self.layers[index]
        return self.run_layer(layer.weights(), layer.sizes, layer.eps, r, history, h, only_last)

    def continued(self, base, before, index, position, n):
        """history and h of layer `index` before a position: of the run `base`, or of the one that it continues."""
        run = base if base is not None and position > base.first else before
        taps, (D, N) = self.layers[index].taps.shape[0], self.layers[index].a.shape
        h = run.h[index][position - run.first - 1] if run is not None and position > 0 else torch.zeros(1, D, N)
        rows = []
        for p in range(position - taps + 1, position):
            run = base if base is not None and p >= base.first else before
            rows.append(run.x[index][:, p - run.first].expand(n, D) if p >= 0 else torch.zeros(n, D))
        return torch.stack(rows, 1), h.expand(n, D, N)

    def whole_run(self, r, before, first):
        """A run of all layers, kept; its probabilities' logits."""
        run = Run(first)
        for index in range(len(self.layers)):
            history, h = self.continued(None, before, index, first, r.shape[0])
            run.r.append(r)
            r, x, states = self.step(index, r, history, h)
            run.x.append(x)
            run.h.append(states)
        run.r.append(r)
        return run, self.logits(r[:, -1])

    def logits(self, last):
        norm = self.model.backbone.norm_f
        last = last * torch.rsqrt(last.pow(2).mean(-1, keepdim=True) + norm.variance_epsilon) * norm.weight
        return F.linear(last, self.model.lm_head.weight)

    def cells_of(self, clean, corrupted, position):
        """The logits [layers − 1, S, V] of the cells of a position, but for the last layer's."""
        samples, batch = corrupted.r[0].shape[0], None
        n_layers = len(self.layers)
        for index in range(1, n_layers):
            rows = corrupted.r[index][:, position - corrupted.first :].clone()
            rows[:, 0] = clean.r[index][0, position]
            batch = rows if batch is None else torch.cat([batch, rows])
            history, h = self.continued(corrupted, clean, index, position, samples)
            batch, _, _ = self.step(index, batch, history.repeat(index, 1, 1), h.repeat(index, 1, 1), index == n_layers - 1)
        return self.logits(batch[:, -1]).unflatten(0, (n_layers - 1, samples))

    @torch.no_grad()
    def trace(self, embeddings, corrupted_embeddings, first):
        """The scores [L, T] of the target, the clean run's first prediction."""
        n_layers, n_tokens = len(self.layers), embeddings.shape[0]
        clean, logits = self.whole_run(embeddings[None], None, 0)
        target = int(logits[0].argmax())
        high = float(torch.softmax(logits[0], -1)[target])
        corrupted, logits = self.whole_run(corrupted_embeddings[:, first:], clean, first)
        scores = np.full((n_layers, n_tokens), float(torch.softmax(logits, -1)[:, target].mean()))
        for position in range(first, n_tokens):
            probabilities = torch.softmax(self.cells_of(clean, corrupted, position), -1)[..., target]
            scores[:-1, position] = probabilities.double().mean(-1)
        scores[-1, -1] = high
        return scores
