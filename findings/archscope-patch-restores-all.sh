#!/bin/sh
# archscope 0.2.7, activation_patch (“localize behavior to specific layers”; for transformers and Mamba alike): it patches a
# layer at all positions, so that every layer of a GPT-2 or GPT-NeoX with random weights “restores” 1.0 of the gap, and no layer
# can be told from another. The last one is patched with the normed state, of a Mamba each with the layer's after it: there
# the fraction is off, and that is the one thing it shows.
. "$(dirname "$0")/lib.sh"
packages torch==2.15.0 transformers==5.24.0 archscope==0.2.7
export OMP_NUM_THREADS=1 TRANSFORMERS_VERBOSITY=error
python_here 2>"$folder/log" <<'PY' || { cat "$folder/log" >&2; exit 1; }
from importlib.metadata import version
import torch
from archscope.attribute import activation_patch
from transformers import (GPT2Config, GPT2LMHeadModel, GPTNeoXConfig, GPTNeoXForCausalLM, MambaConfig, MambaForCausalLM)

torch.manual_seed(0)
size = dict(hidden_size=32, num_hidden_layers=4, vocab_size=50)
models = {
    "GPT-2": GPT2LMHeadModel(GPT2Config(n_embd=32, n_layer=4, n_head=2, vocab_size=50)),
    "GPT-NeoX": GPTNeoXForCausalLM(GPTNeoXConfig(**size, num_attention_heads=2, intermediate_size=64)),
    "Mamba": MambaForCausalLM(MambaConfig(**size)),
}
clean, other = ({"input_ids": torch.tensor([ids])} for ids in ([3, 4, 5, 6, 7], [8, 9, 10, 11, 7]))
metric = lambda out: (out.logits[0, -1, 11] - out.logits[0, -1, 22]).item()
print("archscope", version("archscope"), "transformers", version("transformers"), "PyTorch", torch.__version__)
for name, model in models.items():
    model.eval()
    for parameter in model.parameters():
        parameter.data += 0.2 * torch.randn_like(parameter)
    layers = next(m for m in model.modules() if isinstance(m, torch.nn.ModuleList) and len(m) == 4)
    restored = [activation_patch(model, clean, other, [i], metric).gap_restored for i in range(4)]
    own = []
    with torch.no_grad():
        low, high = metric(model(**other)), metric(model(**clean))
        for layer in layers:
            kept = []
            hook = layer.register_forward_hook(lambda module, args, out: kept.append(out.clone()))
            model(**clean)
            hook.remove()

            def put_back(module, args, out):
                out = out.clone()
                out[:, -1] = kept[0][:, -1]
                return out

            hook = layer.register_forward_hook(put_back)
            own.append((metric(model(**other)) - low) / (high - low))
            hook.remove()
    print(f"{name:8}: restored by layer {[round(x, 4) for x in restored]} - at the last position alone {[round(x, 4) for x in own]}")
    assert abs(own[-1] - 1) < 1e-3 and abs(own[0] - 1) > 0.05
    if name == "Mamba":
        assert all(abs(x - 1) > 1e-3 for x in restored)
    else:
        assert all(abs(x - 1) < 1e-3 for x in restored[:3]) and abs(restored[3] - 1) > 1e-3
PY
