#!/bin/sh
# transformers 5.24.0, output_hidden_states: each model gives one more tensor than it has layers. Of GPT-2, GPT-NeoX and Llama the
# first is what goes into layer 0, so that layer i's output is number i + 1. Of Mamba, Falcon-Mamba, Mamba-2 and RWKV the first
# is layer 0's output, already: what goes in is nowhere, and number i + 1 is the next layer's. The last is normed in all of them,
# so that counts agree and nothing tells. Bamba and Jamba, Mamba layers too, count as GPT-2 does. archscope 0.2.7, made for both
# kinds, counts as for GPT-2: its “residual of layer 0” of a Mamba is layer 1's, and its lens shows the last layer twice.
. "$(dirname "$0")/lib.sh"
packages torch==2.15.0 transformers==5.24.0 archscope==0.2.7
export OMP_NUM_THREADS=1 TRANSFORMERS_VERBOSITY=error
python_here 2>"$folder/log" <<'PY' || { cat "$folder/log" >&2; exit 1; }
import torch, transformers
from archscope.backends import Backend
from transformers import (BambaConfig, BambaForCausalLM, FalconMambaConfig, FalconMambaForCausalLM, GPT2Config, GPT2LMHeadModel,
                          GPTNeoXConfig, GPTNeoXForCausalLM, JambaConfig, JambaForCausalLM, LlamaConfig, LlamaForCausalLM,
                          Mamba2Config, Mamba2ForCausalLM, MambaConfig, MambaForCausalLM, RwkvConfig, RwkvForCausalLM)

torch.manual_seed(0)
size = dict(hidden_size=32, num_hidden_layers=3, vocab_size=50)
heads = dict(num_attention_heads=2, intermediate_size=64)
mamba2 = dict(mamba_n_heads=8, mamba_d_head=8, mamba_n_groups=1, mamba_d_state=16)
models = {
    "GPT-2": GPT2LMHeadModel(GPT2Config(n_embd=32, n_layer=3, n_head=2, vocab_size=50)),
    "GPT-NeoX": GPTNeoXForCausalLM(GPTNeoXConfig(**size, **heads)),
    "Llama": LlamaForCausalLM(LlamaConfig(**size, **heads)),
    "Bamba": BambaForCausalLM(BambaConfig(**size, **heads, **mamba2, num_key_value_heads=2, attn_layer_indices=[1])),
    "Jamba": JambaForCausalLM(JambaConfig(**size, **heads, num_key_value_heads=2, attn_layer_period=2, attn_layer_offset=1, num_experts=2,
                                          mamba_d_state=8, mamba_dt_rank=4)),
    "Mamba": MambaForCausalLM(MambaConfig(**size)),
    "Falcon-Mamba": FalconMambaForCausalLM(FalconMambaConfig(**size, intermediate_size=64)),
    "Mamba-2": Mamba2ForCausalLM(Mamba2Config(**size, num_heads=8, head_dim=8, n_groups=1, state_size=16, chunk_size=8)),
    "RWKV": RwkvForCausalLM(RwkvConfig(**size, attention_hidden_size=32)),
}
shifted = {"Mamba", "Falcon-Mamba", "Mamba-2", "RWKV"}
ids = torch.tensor([[3, 4, 5, 6, 7, 8, 9]])
print("PyTorch", torch.__version__, "transformers", transformers.__version__)
for name, model in models.items():
    model.eval()
    for parameter in model.parameters():
        if parameter.dim() > 1:
            parameter.data += 0.1 * torch.randn_like(parameter)
    layers = next(m for m in model.modules() if isinstance(m, torch.nn.ModuleList) and len(m) == 3)
    seen = {}

    def before(module, args, kwargs):
        seen["what goes in"] = (args[0] if args else kwargs["hidden_states"]).clone()

    def after(i):
        return lambda module, args, out: seen.update({f"layer {i}": (out if torch.is_tensor(out) else out[0]).clone()})

    hooks = [layers[0].register_forward_pre_hook(before, with_kwargs=True)] + [m.register_forward_hook(after(i)) for i, m in enumerate(layers)]
    with torch.no_grad():
        states = model(ids, output_hidden_states=True, use_cache=False).hidden_states
    for hook in hooks:
        hook.remove()
    found = [[k for k, v in seen.items() if torch.allclose(v, state, atol=1e-6)] for state in states]
    found = [k[0] if k else "normed" for k in found]
    print(f"{name:12}:", ", ".join(found))
    outputs = ["layer 0", "layer 1", "layer 2"]
    assert found == (outputs if name in shifted else ["what goes in"] + outputs[:2]) + ["normed"], name
    if name in ("GPT-2", "Mamba"):
        named = Backend.for_model(model).extract({"input_ids": ids}, ["layer_0.residual"])[0].activations
        really = next(k for k, v in seen.items() if torch.allclose(v, named, atol=1e-6))
        print(f"{'':12}  archscope's layer_0.residual is that of {really}")
        assert really == ("layer 1" if name in shifted else "layer 0")
PY
