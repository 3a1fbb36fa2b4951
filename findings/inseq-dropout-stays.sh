#!/bin/sh
# inseq 0.7.1, step_scores=["mc_dropout_prob_avg"] (“the average of probability scores”): what comes is no average but a z-score, and
# the model is left in training mode. The probability of the next token of the very same call is noisy already, and so is
# every map, prediction and hook afterwards, until someone calls eval().
# Beside it: occlusion gives absolute values, so that a token that holds the answer back looks like one that brings it.
. "$(dirname "$0")/lib.sh"
packages torch==2.15.0 transformers==5.24.0 numpy==2.4.6 inseq==0.7.1
export OMP_NUM_THREADS=1 TRANSFORMERS_VERBOSITY=error
python_here 2>"$folder/log" <<'PY' || { cat "$folder/log" >&2; exit 1; }
from importlib.metadata import version
import inseq, torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

plain = Tokenizer(models.WordLevel({w: i for i, w in enumerate(["<eos>", "<unk>"] + [f"w{i}" for i in range(48)])}, unk_token="<unk>"))
plain.pre_tokenizer = pre_tokenizers.Whitespace()
tokenizer = PreTrainedTokenizerFast(tokenizer_object=plain, eos_token="<eos>", bos_token="<eos>", pad_token="<eos>", unk_token="<unk>")
torch.manual_seed(0)
model = GPT2LMHeadModel(GPT2Config(n_embd=32, n_layer=3, n_head=2, vocab_size=50, bos_token_id=0, eos_token_id=0, initializer_range=0.3)).eval()
prompt, text = "w1 w2 w3 w4", "w1 w2 w3 w4 w9 w10"
ids = torch.tensor([tokenizer(text)["input_ids"]])
with torch.no_grad():
    true = model(ids).logits[0, 3:5].softmax(-1)[[0, 1], ids[0, 4:]]
wrapped = inseq.load_model(model, "saliency", tokenizer=tokenizer)

def attribute(*scores):
    found = wrapped.attribute(prompt, text, step_scores=["probability", *scores], show_progress=False)[0]
    return found.step_scores, found.target_attributions[:4, 0].sum(-1)

print("inseq", version("inseq"), "transformers", version("transformers"))
scores, before = attribute()
print("probabilities:", true.tolist(), "- inseq's:", scores["probability"].tolist())
assert torch.allclose(scores["probability"], true) and not model.training
torch.manual_seed(1)
scores, _ = attribute("mc_dropout_prob_avg")
print("with mc_dropout_prob_avg beside them:", scores["probability"].tolist(), "- the “averages”:", scores["mc_dropout_prob_avg"].tolist())
assert torch.isclose(scores["probability"][0], true[0]) and not torch.isclose(scores["probability"][1], true[1], rtol=0.05)
assert scores["mc_dropout_prob_avg"].min() < 0 and model.training
later = [attribute() for _ in range(2)]
for scores, map in later:
    print("a later call without it:", scores["probability"].tolist(), "- map", map.tolist())
print("the map before:", before.tolist(), "- the model trains:", model.training)
assert not torch.allclose(later[0][1], later[1][1], rtol=0.05) and not torch.allclose(later[0][1], before, rtol=0.05)
model.eval()
assert torch.allclose(attribute()[1], before)

wrapped = inseq.load_model(model, "occlusion", tokenizer=tokenizer)
found = wrapped.attribute(prompt, "w1 w2 w3 w4 w9", show_progress=False)[0].target_attributions[:4].flatten()
drops = []
with torch.no_grad():
    for i in range(4):
        without = ids[:, :4].clone()
        without[0, i] = tokenizer.unk_token_id
        drops.append(true[0] - model(without).logits[0, -1].softmax(-1)[ids[0, 4]])
drops = torch.stack(drops)
print("occlusion:", found.tolist(), "- the probability falls by:", drops.tolist())
assert torch.allclose(found, drops.abs(), atol=1e-6) and drops.min() < -1e-4 < 1e-4 < drops.max()
PY
