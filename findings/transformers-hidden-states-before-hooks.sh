#!/bin/sh
# transformers 5.24.0, a forward hook that replaces what a layer gives, and output_hidden_states=True in the same run. GPT-2,
# GPT-NeoX and Llama note hidden states by hooks of their own, set at the first call that asks for them and never removed:
# a hook set before that call is seen in hidden_states, one set after it is not, though the layers behind it get the patch
# and logits are the same. So a logit lens of a patched run shows the unpatched layer, or not, by what a notebook ran
# before. Mamba, Mamba-2 and BLOOM always show the patch; with register_forward_hook(…, prepend=True) all of them do.
. "$(dirname "$0")/lib.sh"
packages torch==2.15.0 transformers==5.24.0
export OMP_NUM_THREADS=1 TRANSFORMERS_VERBOSITY=error
python_here 2>"$folder/log" <<'PY' || { cat "$folder/log" >&2; exit 1; }
import torch, transformers
from transformers import (BloomConfig, BloomForCausalLM, GPT2Config, GPT2LMHeadModel, GPTNeoXConfig, GPTNeoXForCausalLM, LlamaConfig,
                          LlamaForCausalLM, Mamba2Config, Mamba2ForCausalLM, MambaConfig, MambaForCausalLM)

size = dict(hidden_size=24, vocab_size=50, bos_token_id=0, eos_token_id=0)
heads = dict(num_attention_heads=2, intermediate_size=48, num_hidden_layers=4)
makers = {
    "GPT-2": lambda: GPT2LMHeadModel(GPT2Config(n_embd=24, n_layer=4, n_head=2, vocab_size=50, bos_token_id=0, eos_token_id=0)),
    "GPT-NeoX": lambda: GPTNeoXForCausalLM(GPTNeoXConfig(**size, **heads)),
    "Llama": lambda: LlamaForCausalLM(LlamaConfig(**size, **heads)),
    "Mamba": lambda: MambaForCausalLM(MambaConfig(**size, num_hidden_layers=4)),
    "Mamba-2": lambda: Mamba2ForCausalLM(Mamba2Config(**size, num_hidden_layers=4, num_heads=6, head_dim=8, n_groups=1, state_size=16, chunk_size=8)),
    "BLOOM": lambda: BloomForCausalLM(BloomConfig(**size, n_layer=4, n_head=2)),
}
ids = torch.arange(7)[None]

def patched(make, asked_before, **how):
    torch.manual_seed(0)
    model = make().eval()
    layers = next(module for module in model.modules() if isinstance(module, torch.nn.ModuleList))
    new = torch.linspace(-1, 2, 24)

    def hook(module, inputs, output):
        rest = output[1:] if isinstance(output, tuple) else None
        hidden = (output if rest is None else output[0]).clone()
        hidden[:, 2] = new
        return hidden if rest is None else (hidden, *rest)

    with torch.no_grad():
        if asked_before:
            model(ids, output_hidden_states=True)
        handle = layers[1].register_forward_hook(hook, **how)
        run = model(ids, output_hidden_states=True)
        handle.remove()
        plain = model(ids).logits
    assert not torch.allclose(run.logits, plain, atol=1e-4)
    return any(torch.equal(states[0, 2], new) for states in run.hidden_states), run

by_order = {"GPT-2", "GPT-NeoX", "Llama"}
print("transformers", transformers.__version__, "PyTorch", torch.__version__)
for name, make in makers.items():
    (fresh, one), (later, two) = patched(make, False), patched(make, True)
    same = torch.equal(one.logits, two.logits)
    print(f"{name:8}: the patch is in hidden_states: {fresh}; where hidden states had been asked for before: {later}; the same patched logits: {same}")
    assert fresh and later == (name not in by_order) and same, name
    assert patched(make, True, prepend=True)[0], name
    differ = [i for i, (a, b) in enumerate(zip(one.hidden_states, two.hidden_states)) if not torch.equal(a, b)]
    assert differ == ([2] if name in by_order else []), (name, differ)
PY
