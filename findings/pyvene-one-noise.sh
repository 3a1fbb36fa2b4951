#!/bin/sh
# pyvene 0.1.8 (transformers 5.24.0), the intervention for causal tracing: all rows of a batch get the same noise, each run
# and each new model gets it again, so that the mean over ten noised rows is one sample ten times. noise_level=… is taken
# without a word and changes nothing. And a subject must have four tokens.
. "$(dirname "$0")/lib.sh"
packages torch==2.15.0 transformers==5.24.0 numpy==2.4.6 pyvene==0.1.8
export OMP_NUM_THREADS=1 TRANSFORMERS_VERBOSITY=error
python_here 2>"$folder/log" <<'PY' || { cat "$folder/log" >&2; exit 1; }
from importlib.metadata import version
import torch, pyvene
from transformers import GPT2Config, GPT2LMHeadModel

torch.manual_seed(0)
model = GPT2LMHeadModel(GPT2Config(n_embd=48, n_layer=2, n_head=2, vocab_size=50, bos_token_id=0, eos_token_id=0)).eval()
ids = torch.arange(9).repeat(10, 1)
seen = []

class Watched(torch.nn.LayerNorm):
    def forward(self, hidden):
        seen.append(hidden.clone())
        return super().forward(hidden)

model.transformer.h[0].ln_1.__class__ = Watched
plain = (model.transformer.wte(ids) + model.transformer.wpe(torch.arange(9))).detach()

def noise(positions, given=None):
    how = dict(intervention=given) if given else dict(intervention_type=pyvene.NoiseIntervention)
    traced = pyvene.IntervenableModel(pyvene.IntervenableConfig(pyvene.RepresentationConfig(0, "block_input", **how)), model)
    with torch.no_grad():
        outputs = traced({"input_ids": ids}, unit_locations={"base": [[positions] * len(ids)]})[1]
    added = seen.pop() - plain
    assert not added[:, [i for i in range(9) if i not in positions]].any()
    return added[:, positions], outputs.logits[:, -1]

first, logits = noise([1, 2, 3, 4])
again, _ = noise([1, 2, 3, 4])
elsewhere, _ = noise([2, 3, 4, 5])
asked, _ = noise([1, 2, 3, 4], pyvene.NoiseIntervention(embed_dim=48, noise_level=5.0))
rows = len({tuple(row.flatten().tolist()) for row in first})
print("pyvene", version("pyvene"), "transformers", version("transformers"), "PyTorch", torch.__version__)
print("10 rows of a batch: different noises:", rows, "- spread of the ten logits:", (logits - logits[0]).abs().max().item())
print("a new model and a second run: the same noise:", torch.equal(first, again))
print("other positions: the same noise to rounding:", torch.allclose(first, elsewhere, atol=1e-6))
print("standard deviation by default:", round(first[0].std().item(), 4), "with noise_level=5.0:", round(asked[0].std().item(), 4))
assert rows == 1 and torch.equal(first, again) and torch.allclose(first, elsewhere, atol=1e-6)
assert first.any() and (logits - logits[0]).abs().max() < 1e-5 and torch.equal(first, asked)
for few in [1, 2], [1, 2, 3, 4, 5]:
    try:
        noise(few)
    except RuntimeError as error:
        print("a subject of", len(few), "tokens:", error)
    else:
        raise AssertionError("other numbers of tokens are taken")
PY
