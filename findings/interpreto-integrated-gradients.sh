#!/bin/sh
# interpreto 0.5.2, IntegratedGradients: gradients on the way are multiplied by the point of the way, not by input less baseline,
# and absolute values are taken before the sum over the way. So with the input as its own baseline, where each attribution
# must be 0, they are larger than from zeros; of a linear function they are half the mean of |weight · input| over channels; none
# is negative, and the sum has nothing to do with what the output rises by. More steps change nothing.
. "$(dirname "$0")/lib.sh"
packages torch==2.15.0 transformers==5.24.0 numpy==2.4.6 interpreto==0.5.2
export OMP_NUM_THREADS=1 TRANSFORMERS_VERBOSITY=error
python_here 2>"$folder/log" <<'PY' || { cat "$folder/log" >&2; exit 1; }
from importlib.metadata import version
import torch
from interpreto import Granularity, IntegratedGradients
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

plain = Tokenizer(models.WordLevel({w: i for i, w in enumerate(["<eos>", "<unk>"] + [f"w{i}" for i in range(48)])}, unk_token="<unk>"))
plain.pre_tokenizer = pre_tokenizers.Whitespace()
tokenizer = PreTrainedTokenizerFast(tokenizer_object=plain, eos_token="<eos>", bos_token="<eos>", pad_token="<eos>", unk_token="<unk>")
torch.manual_seed(0)
model = GPT2LMHeadModel(GPT2Config(n_embd=32, n_layer=3, n_head=2, vocab_size=50, bos_token_id=0, eos_token_id=0, initializer_range=0.3)).eval()
prompt, answer = "w1 w2 w3 w4", "w9"
ids = torch.tensor([tokenizer(prompt)["input_ids"] + tokenizer(answer)["input_ids"]])
rows = model.transformer.wte(ids).detach()

def logit(rows):
    return model(inputs_embeds=rows).logits[:, 3, ids[0, 4]]

def interpreto(baseline, steps):
    explainer = IntegratedGradients(model, tokenizer, granularity=Granularity.ALL_TOKENS, n_perturbations=steps, baseline=baseline)
    return explainer.explain(prompt, answer)[0].attributions[0, :4]

def own(baseline, steps=2000):
    way = baseline + (rows - baseline) * ((torch.arange(steps) + 0.5) / steps)[:, None, None]
    way.requires_grad_()
    return (torch.autograd.grad(logit(way).sum(), way)[0].mean(0) * (rows - baseline)[0]).sum(-1)[:4]

print("interpreto", version("interpreto"), "transformers", version("transformers"))
with torch.no_grad():
    rise = (logit(rows) - logit(0 * rows)).item()
right = own(0 * rows)
print(f"from zeros the logit rises by {rise:.4f}; integrated gradients {[round(x, 4) for x in right.tolist()]}, sum {right.sum().item():.4f}")
assert abs(right.sum().item() - rise) < 1e-3 and right.min() < 0
for steps in 10, 500:
    found = interpreto(None, steps)
    print(f"  interpreto, {steps} steps: {[round(x, 4) for x in found.tolist()]}, sum {found.sum().item():.4f}, times the width {32 * found.sum().item():.4f}")
    assert (found > 0).all() and abs(32 * found.sum().item() - rise) > 0.5 and abs(found.sum().item() - rise) > 0.5
same = interpreto(rows[0].clone(), 10)
print("the input as its own baseline:", [round(x, 4) for x in same.tolist()], "- integrated gradients", own(rows).tolist())
assert (same > found).all() and not own(rows).any()

def straight(**inputs):
    return type("Output", (), {"logits": inputs["inputs_embeds"].cumsum(1) @ weights})()

weights = torch.randn(32, 50)
usual, model.forward = model.forward, lambda **inputs: straight(**inputs) if "inputs_embeds" in inputs else usual(**inputs)
linear = interpreto(None, 10)
exact = (rows[0, :4] * weights[:, ids[0, 4]]).abs().mean(-1)
print("a linear function: interpreto over the mean of |weight · input|:", (linear / exact).tolist())
assert torch.allclose(linear, exact / 2, rtol=1e-3)
PY
