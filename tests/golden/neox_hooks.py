"""transformers' GPTNeoXForCausalLM with forward hooks at every site, in the shape of neox_reference.py: what makes a trace of
one makes a trace of the other, and the two must agree."""

from contextlib import ExitStack

import torch

from mamba_reference import keep


class HookedNeoX:
    """model computes in float32, or in float64 after .double(), with attn_implementation="sdpa": the eager one takes its
    softmax through float32."""

    def __init__(self, model):
        self.model = model
        self.layers = model.gpt_neox.layers
        self.L = len(self.layers)
        # (layers, FROM, TO, heads or None for all): there, the positions TO do not attend to the positions FROM.
        self.cut = None

    def embed(self, token_ids):
        return self.model.gpt_neox.embed_in.weight[torch.as_tensor(token_ids)]

    def forward(self, embeddings, hook=keep):
        """The last position's logits [S, V], from embeddings [S, T, d]."""
        return self.all_logits(embeddings, hook)[:, -1]

    def all_logits(self, embeddings, hook=keep):
        """[S, T, V]"""
        with ExitStack() as stack:
            for number, layer in enumerate(self.layers):
                for handle in self._register(number, layer, hook):
                    stack.callback(handle.remove)
            return self.model(inputs_embeds=embeddings, use_cache=False).logits

    def _register(self, number, layer, hook):
        def visit(site, value):
            rows = [hook(site, number, t, value[:, t]) for t in range(value.shape[1])]
            return torch.stack(rows, 1)

        def visit_heads(module, inputs, output):
            """q, k and v of each head in turn."""
            heads = output.unflatten(-1, (-1, 3, layer.attention.head_size))
            parts = [visit(site, heads[..., i, :].flatten(-2)) for i, site in enumerate(("query", "key", "value"))]
            return torch.stack([part.unflatten(-1, (-1, heads.shape[-1])) for part in parts], -2).flatten(-3)

        def visit_input(module, inputs):
            return (visit("heads", inputs[0]),)

        def visit_first(module, inputs, output):
            return (visit("attn", output[0]), *output[1:])

        def visit_output(site):
            return lambda module, inputs, output: visit(site, output)

        yield layer.attention.query_key_value.register_forward_hook(visit_heads)
        yield layer.attention.dense.register_forward_pre_hook(visit_input)
        yield layer.attention.register_forward_hook(visit_first)
        yield layer.mlp.act.register_forward_hook(visit_output("mlp_act"))
        yield layer.mlp.register_forward_hook(visit_output("mlp"))
        yield layer.register_forward_hook(visit_output("resid"))
        if self.cut and number in self.cut[0]:
            yield layer.attention.register_forward_pre_hook(self._mask, with_kwargs=True)

    def _mask(self, module, inputs, options):
        T = inputs[0].shape[1]
        n_heads = module.config.num_attention_heads
        mask = torch.full((T, T), -torch.inf, dtype=inputs[0].dtype).triu(1)[None, None].repeat(1, n_heads, 1, 1)
        for t in self.cut[2]:
            for head in range(n_heads) if self.cut[3] is None else self.cut[3]:
                mask[:, head, t, list(self.cut[1])] = -torch.inf
        return inputs, dict(options, attention_mask=mask)
