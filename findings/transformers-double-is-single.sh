#!/bin/sh
# transformers 5.24.0, models turned by .double(): GPT-2 and GPT-NeoX then compute in float64, so that autograd and central
# differences agree to eight digits. Mamba, Falcon-Mamba and Mamba-2 still scan in float32 and even return float32 logits,
# and Llama's norm goes through float32: there a step of 1e-11 changes nothing at all, and the check misses by 1e-3 to 1e-1,
# though the gradient is right. A "float64 reference" made this way is a float32 one.
. "$(dirname "$0")/lib.sh"
packages torch==2.15.0 transformers==5.24.0
export OMP_NUM_THREADS=1 TRANSFORMERS_VERBOSITY=error
python_here 2>"$folder/log" <<'PY'
import torch, transformers
from transformers import (FalconMambaConfig, FalconMambaForCausalLM, GPT2Config, GPT2LMHeadModel, GPTNeoXConfig, GPTNeoXForCausalLM,
                          LlamaConfig, LlamaForCausalLM, Mamba2Config, Mamba2ForCausalLM, MambaConfig, MambaForCausalLM)

torch.manual_seed(0)
size = dict(hidden_size=24, num_hidden_layers=2, vocab_size=50)
heads = dict(num_attention_heads=2, intermediate_size=48)
models = {
    "Mamba": MambaForCausalLM(MambaConfig(**size)),
    "Falcon-Mamba": FalconMambaForCausalLM(FalconMambaConfig(**size, intermediate_size=48)),
    "Mamba-2": Mamba2ForCausalLM(Mamba2Config(**size, num_heads=6, head_dim=8, n_groups=1, state_size=16, chunk_size=8)),
    "Llama": LlamaForCausalLM(LlamaConfig(**size, **heads)),
    "GPT-2": GPT2LMHeadModel(GPT2Config(n_embd=24, n_layer=2, n_head=2, vocab_size=50)),
    "GPT-NeoX": GPTNeoXForCausalLM(GPTNeoXConfig(**size, **heads)),
}
single = {"Mamba", "Falcon-Mamba", "Mamba-2", "Llama"}
print("PyTorch", torch.__version__, "transformers", transformers.__version__)
for name, model in models.items():
    torch.manual_seed(0)
    model.eval().double()
    for parameter in model.parameters():
        if parameter.dim() > 1:
            parameter.data += 0.3 * torch.randn_like(parameter)
    run = lambda x: model(inputs_embeds=x, use_cache=False).logits[0, -1]
    x = torch.randn(1, 9, 24, dtype=torch.float64, requires_grad=True)
    way = torch.randn_like(x)
    metric = lambda x: run(x).log_softmax(-1)[7]
    metric(x).backward()
    gradient = (x.grad * way).sum().item()
    with torch.no_grad():
        difference = ((metric(x + 1e-6 * way) - metric(x - 1e-6 * way)) / 2e-6).item()
        seen = metric(x + 1e-11 * way).item() != metric(x).item()
        kind = run(x).dtype
    off = abs(difference / gradient - 1)
    print(f"{name:12}: logits {kind}, gradient {gradient:.6f}, central difference {difference:.6f}, off by {off:.0e}, a step of 1e-11 is seen: {seen}")
    assert (off > 1e-4 and not seen) if name in single else (off < 1e-6 and seen), name
    assert (kind == torch.float32) == (name in single - {"Llama"}), name
PY
