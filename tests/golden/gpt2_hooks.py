"""transformers' GPT2LMHeadModel with forward hooks at every site, in the shape of gpt2_reference.py: what makes a trace of
one makes a trace of the other, and the two must agree."""

from contextlib import ExitStack

import torch

from mamba_reference import keep


class HookedGPT2:
    """model computes in float32, or in float64 after widened()."""

    def __init__(self, model):
        self.model = model
        self.blocks = model.transformer.h
        self.L = len(self.blocks)
        # (layers, FROM, TO, heads or None for all): there, the positions TO do not attend to the positions FROM.
        self.cut = None

    def embed(self, token_ids):
        return self.model.transformer.wte.weight[torch.as_tensor(token_ids)]

    def forward(self, embeddings, hook=keep):
        """The last position's logits [S, V], from embeddings [S, T, d], to which transformers adds the positions'."""
        return self.all_logits(embeddings, hook)[:, -1]

    def all_logits(self, embeddings, hook=keep):
        """[S, T, V]"""
        with ExitStack() as stack:
            for layer, block in enumerate(self.blocks):
                for handle in self._register(layer, block, hook):
                    stack.callback(handle.remove)
            return self.model(inputs_embeds=embeddings, use_cache=False).logits

    def _register(self, layer, block, hook):
        def visit(site, value):
            rows = [hook(site, layer, t, value[:, t]) for t in range(value.shape[1])]
            return torch.stack(rows, 1)

        def visit_thirds(module, inputs, output):
            thirds = output.split(output.shape[-1] // 3, -1)
            return torch.cat([visit(site, part) for site, part in zip(("query", "key", "value"), thirds)], -1)

        def visit_input(module, inputs):
            return (visit("heads", inputs[0]),)

        def visit_first(module, inputs, output):
            return (visit("attn", output[0]), *output[1:])

        def visit_output(site):
            return lambda module, inputs, output: visit(site, output)

        yield block.attn.c_attn.register_forward_hook(visit_thirds)
        yield block.attn.c_proj.register_forward_pre_hook(visit_input)
        yield block.attn.register_forward_hook(visit_first)
        yield block.mlp.act.register_forward_hook(visit_output("mlp_act"))
        yield block.mlp.register_forward_hook(visit_output("mlp"))
        yield block.register_forward_hook(visit_output("resid"))
        if self.cut and layer in self.cut[0]:
            yield block.attn.register_forward_pre_hook(self._mask, with_kwargs=True)

    def _mask(self, module, inputs, options):
        mask = options["attention_mask"].expand(-1, module.num_heads, -1, -1).clone()
        for t in self.cut[2]:
            for head in range(module.num_heads) if self.cut[3] is None else self.cut[3]:
                mask[:, head, t, list(self.cut[1])] = -torch.inf
        return inputs, dict(options, attention_mask=mask)


def widened(model):
    """model itself, which computes in float64 from now on: without the step through float32 that
    reorder_and_upcast_attn makes of the scores, and that changes nothing else."""
    model = model.double()
    for block in model.transformer.h:
        block.attn.reorder_and_upcast_attn = False
    return model
