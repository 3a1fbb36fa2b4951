#!/bin/sh
# inseq 0.7.1, layer_integrated_gradients and layer_deeplift of a decoder (GPT-2, Mamba): exactly 0 for each token, of whatever
# layer, without a word. The model always runs on the prompt's own ids, so that baseline and input are the same run.
# Captum's LayerIntegratedGradients, which inseq calls, gives what it should on the same model and ids.
. "$(dirname "$0")/lib.sh"
packages torch==2.15.0 transformers==5.24.0 numpy==2.4.6 inseq==0.7.1
export OMP_NUM_THREADS=1 TRANSFORMERS_VERBOSITY=error
python_here 2>"$folder/log" <<'PY' || { cat "$folder/log" >&2; exit 1; }
from importlib.metadata import version
import inseq, torch
from captum.attr import LayerIntegratedGradients
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import GPT2Config, GPT2LMHeadModel, MambaConfig, MambaForCausalLM, PreTrainedTokenizerFast

plain = Tokenizer(models.WordLevel({w: i for i, w in enumerate(["<eos>", "<unk>"] + [f"w{i}" for i in range(48)])}, unk_token="<unk>"))
plain.pre_tokenizer = pre_tokenizers.Whitespace()
tokenizer = PreTrainedTokenizerFast(tokenizer_object=plain, eos_token="<eos>", bos_token="<eos>", pad_token="<eos>", unk_token="<unk>")
torch.manual_seed(0)
gpt2 = GPT2LMHeadModel(GPT2Config(n_embd=32, n_layer=3, n_head=2, vocab_size=50, bos_token_id=0, eos_token_id=0, initializer_range=0.3)).eval()
mamba = MambaForCausalLM(MambaConfig(hidden_size=32, num_hidden_layers=2, vocab_size=50)).eval()
prompt, answer = "w1 w2 w3 w4", "w9"
ids = torch.tensor([tokenizer(prompt)["input_ids"]])
target = tokenizer(answer)["input_ids"][0]

print("inseq", version("inseq"), "Captum", version("captum"), "transformers", version("transformers"))
for name, model, layers in ("GPT-2", gpt2, ["transformer.wte", "transformer.h.1.mlp"]), ("Mamba", mamba, ["backbone.embeddings", "backbone.layers.0"]):
    score = lambda ids: model(ids).logits[:, -1].softmax(-1)[:, target]
    with torch.no_grad():
        fall = (score(ids) - score(torch.ones_like(ids))).item()
    for layer in layers:
        captum = LayerIntegratedGradients(score, model.get_submodule(layer)).attribute(ids, torch.ones_like(ids), n_steps=50)
        captum = (captum if torch.is_tensor(captum) else captum[0])[0].sum(-1)
        for method in "layer_integrated_gradients", "layer_deeplift":
            wrapped = inseq.load_model(model, method, tokenizer=tokenizer, target_layer=layer)
            found = wrapped.attribute(prompt, f"{prompt} {answer}", show_progress=False)[0].target_attributions[:4]
            print(f"{name}, {layer}: {method} {found.sum((1, 2)).tolist()}")
            assert not found.any() and not found.isnan().any()
            wrapped.attribution_method.unhook()
        print(f"{'':7}Captum {[round(x, 6) for x in captum.tolist()]}, sum {captum.sum().item():.6f}, probability less that of <unk>s {fall:.6f}")
        assert captum.abs().max() > 1e-5
    wrapped = inseq.load_model(model, "integrated_gradients", tokenizer=tokenizer)
    found = wrapped.attribute(prompt, f"{prompt} {answer}", show_progress=False, n_steps=200)[0].target_attributions[:4]
    print(f"{'':7}inseq's integrated_gradients, sum {found.sum().item():.6f}")
    assert abs(found.sum().item() - fall) < 1e-4
PY
