"""transformers' Mamba2ForCausalLM and FalconMambaForCausalLM with plain forward hooks at the sites that are a module's
input or output, in the shape of mamba2_reference.py: what makes a trace of one makes a trace of the other."""

from contextlib import ExitStack

import torch

import hook_tracer
from mamba_reference import keep

# Of the sites, those that hooks reach.
MODULE_SITES = {"falcon_mamba": ("resid", "mixer", "conv_in", "gate"),
                "mamba2": ("resid", "mixer", "conv_in", "gate", "ssm", "norm")}


class HookedSsm:
    """model computes in float64, after hook_tracer.widened()."""

    def __init__(self, model):
        self.model = model
        self.blocks = model.backbone.layers
        self.L = len(self.blocks)
        self.cut = None  # nothing can be cut

    def embed(self, token_ids):
        return self.model.backbone.embeddings.weight[torch.as_tensor(token_ids)]

    def forward(self, embeddings, hook=keep):
        """The last position's logits [S, V], from embeddings [S, T, d]."""
        with ExitStack() as stack:
            stack.enter_context(hook_tracer.all_double())
            for layer, block in enumerate(self.blocks):
                for handle in self._register(layer, block, hook):
                    stack.callback(handle.remove)
            return self.model(inputs_embeds=embeddings, use_cache=False).logits[:, -1]

    def _register(self, layer, block, hook):
        mixer = block.mixer

        def visit(site, value):
            return torch.stack([hook(site, layer, t, value[:, t]) for t in range(value.shape[1])], 1)

        def visit_output(site):
            return lambda module, inputs, output: visit(site, output)

        def visit_input_rows(module, inputs, output):
            if not hasattr(mixer, "conv_dim"):
                x, z = output.chunk(2, -1)
                return torch.cat([visit("conv_in", x), visit("gate", z)], -1)
            z, x, dt = output.split([mixer.intermediate_size, mixer.conv_dim, mixer.num_heads], -1)
            return torch.cat([visit("gate", z), visit("conv_in", x), dt], -1)

        yield mixer.in_proj.register_forward_hook(visit_input_rows)
        if hasattr(mixer, "norm"):
            yield mixer.norm.register_forward_pre_hook(lambda module, inputs: (visit("ssm", inputs[0]), *inputs[1:]))
            yield mixer.norm.register_forward_hook(visit_output("norm"))
        yield mixer.register_forward_hook(visit_output("mixer"))
        yield block.register_forward_hook(visit_output("resid"))
