#!/bin/sh
# pyvene 0.1.8 with transformers 5.24.0 and PyTorch 2.15.0: a call of an IntervenableModel first removes every forward hook
# and pre-hook of the model under it, whoever set it. A noising or recording hook of one's own is not there in that call,
# and never again, without a word, though its handle lives. transformers' own hooks go too: where hidden states had been
# asked for before, GPT-2 and Llama then give an empty tuple; asked for first afterwards, they are there.
. "$(dirname "$0")/lib.sh"
packages torch==2.15.0 transformers==5.24.0 numpy==2.4.6 pyvene==0.1.8
export OMP_NUM_THREADS=1 TRANSFORMERS_VERBOSITY=error
python_here 2>"$folder/log" <<'PY' || { cat "$folder/log" >&2; exit 1; }
from importlib.metadata import version
import torch, pyvene
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

ends = dict(vocab_size=50, bos_token_id=0, eos_token_id=0)
makers = {
    "GPT-2": lambda: GPT2LMHeadModel(GPT2Config(n_embd=24, n_layer=3, n_head=2, **ends)),
    "Llama": lambda: LlamaForCausalLM(LlamaConfig(hidden_size=24, num_hidden_layers=3, num_attention_heads=2, intermediate_size=48, **ends)),
}
ids = torch.arange(8)[None]

def noised(name, asked_before):
    torch.manual_seed(0)
    model = makers[name]().eval()
    noise = torch.randn(3, 24)
    calls = []

    def hook(module, inputs, output):
        calls.append(1)
        output = output.clone()
        output[:, 1:4] += noise
        return output

    ask = lambda: len(model(ids, output_hidden_states=True).hidden_states)
    where = {"sources->base": ([[[7]]], [[[7]]])}
    with torch.no_grad():
        clean = model(ids).logits
        states = ask() if asked_before else "not asked for"
        model.get_input_embeddings().register_forward_hook(hook)
        corrupted = model(ids).logits
        kind = pyvene.RepresentationConfig(1, "block_output", intervention_type=pyvene.VanillaIntervention)
        traced = pyvene.IntervenableModel(pyvene.IntervenableConfig(kind), model)
        assert torch.equal(model(ids).logits, corrupted)
        calls.clear()
        inside = traced({"input_ids": ids}, [{"input_ids": ids}], where)[1].logits
        after = model(ids).logits
    off = lambda logits: (logits - clean).abs().max().item()
    return off(corrupted), off(inside), off(after), len(calls), states, ask()

print("pyvene", version("pyvene"), "transformers", version("transformers"), "PyTorch", torch.__version__)
for name in makers:
    for asked_before in (True, False):
        corrupted, inside, after, calls, states, states_after = noised(name, asked_before)
        print(f"{name}: the hook's noise moves logits by {corrupted:.3f}; in pyvene's call by {inside:.3f}, in the model afterwards by {after:.3f}; "
              f"the hook ran {calls} times; hidden states before: {states}, after: {states_after}")
        assert corrupted > 0.1 and max(inside, after) < 1e-5 and calls == 0
        assert (states, states_after) == ((4, 0) if asked_before else ("not asked for", 4))
PY
