#!/usr/bin/env python3
"""Makes what the tests of GPT-NeoX compare with: odd small random checkpoints, and what transformers makes of them.

    make_neox.py [PART…]      models, sites, swaps; all of them if none is named

models/neox-NAME/    a checkpoint and golden.json (as make_models.py's)
neox-sites.json      traces at every site and knockouts (as make_sites.py's sites.json)
neox-swaps.json      traces with a subject of another length (as make_swaps.py's swaps.json)

All numbers are float64's, of forward hooks on transformers' GPTNeoXForCausalLM; neox_reference.py, which shares no code
with it, must agree, or nothing is written: to 1e-12 in golden.json, to the last digits elsewhere.
"""

import json
import shutil
import sys

import make_gpt2
import numpy as np
import tokenizers
import torch
import transformers
from make_gpt2 import differences, golden_logits, golden_resid, golden_trace
from make_models import ADA, CORPUS, CURIE, EIFFEL, LOGITS_PROMPTS, ROME, SEINE, TOWER, ZOE, format_json, request
from make_sites import REQUEST, Family, traces_of
from make_swaps import swaps_of
from neox_hooks import HookedNeoX
from neox_reference import CARRIED, SITES, NeoXReference
from safetensors.torch import save_file
from tokenizers import Tokenizer
from transformers import GPTNeoXConfig, GPTNeoXForCausalLM

HERE = make_gpt2.HERE

TRACES = [
    request(EIFFEL),
    request(EIFFEL, "attn"),
    request(EIFFEL, "mlp", window=3),
    request(ROME, "mlp", noise_level=1.5),
    request(CURIE, "attn", window=10, seed=7),
    request(ADA, window=10, samples=5),
    request(SEINE, "mlp", window=10, seed=4294967295),
    request(TOWER, "attn", window=3, samples=1, noise_level=0.5),
    request(ROME, "value", window=3),
    request(CURIE, "key"),
    request(ADA, "query", window=3),
    request(SEINE, "heads"),
    request(ZOE, "mlp_act", window=3, samples=2),
]

# As make_gpt2.py's; rope: rotary_pct and rotary_emb_base of an old config.json, or rope_parameters.
MODELS = {
    # As Pythia's: an old config.json, and the buffers of 2022 beside the weights.
    "neox-pythia": dict(
        config=dict(num_hidden_layers=3, num_attention_heads=3, hidden_size=24, intermediate_size=40, vocab_size=313,
                    rotary_pct=0.25, rotary_emb_base=10000),
        old_config=True, buffers=True, seed=1, resid=True,
    ),
    # One layer after the other, no bias in the attention, an odd number of rotated numbers (3 of 5, so 4), F16, tied.
    "neox-serial": dict(
        config=dict(num_hidden_layers=4, num_attention_heads=4, hidden_size=20, intermediate_size=33, vocab_size=320,
                    rotary_pct=0.6, rotary_emb_base=100, use_parallel_residual=False, attention_bias=False,
                    tie_word_embeddings=True, layer_norm_eps=1e-3),
        dtype=torch.float16, seed=1, sharp=2.0, resid=True,
    ),
    # Every number rotated, gelu_new, BF16, in files.
    "neox-sharded": dict(
        config=dict(num_hidden_layers=5, num_attention_heads=7, hidden_size=28, intermediate_size=30, vocab_size=314,
                    rotary_pct=1.0, rotary_emb_base=500, hidden_act="gelu_new"),
        dtype=torch.bfloat16, max_shard_size="50KB", seed=1,
    ),
    # A pickle whose head is lm_head; nothing rotated, relu, one after the other.
    "neox-bin": dict(
        config=dict(num_hidden_layers=2, num_attention_heads=3, hidden_size=21, intermediate_size=18, vocab_size=317,
                    rotary_pct=0.0, hidden_act="relu", use_parallel_residual=False),
        pickle=True, seed=1, gain=1.5,
    ),
    "neox-deep": dict(
        config=dict(num_hidden_layers=12, num_attention_heads=2, hidden_size=16, intermediate_size=24, vocab_size=313,
                    rotary_pct=0.5, rotary_emb_base=10000),
        dtype=torch.float16, seed=1, gain=0.6, resid=True,
    ),
}

FAMILY = Family(SITES, CARRIED, make_gpt2.FROZEN, make_gpt2.FROZEN_CARRIED)
SWAPPED = make_gpt2.SWAPPED
KNOCKOUTS = {
    "neox-serial": ("0-3:1-4>5-6", "1-2:0-2>3", "3-3:0-4>6", "0-3:1-4>5-6@3", "1-2:0-2>3@0-2"),
    "neox-deep": ("0-1:1-2>4", "0-11:1-4>6", "2-3:0-1>3-5", "5-11:0-5>6", "4-9:0-0>1-6", "0-11:1-4>6@0"),
}


@torch.no_grad()
def make_weights(model, random, gain=1.0, sharp=1.5):
    """Weights at which every part of the network matters, drawn in the order of their names."""
    k = model.gpt_neox.layers[0].attention.head_size
    for name, weight in sorted(model.named_parameters()):
        shape = tuple(weight.shape)
        value = random.randn(*shape)
        if "norm" in name:
            value = 1 + 0.3 * value if name.endswith("weight") else 0.2 * value
        elif name.endswith("bias"):
            value = 0.2 * min(gain, 1) * value
        elif name.endswith("lm_head.weight"):
            value = 2 * value
        elif name.endswith("query_key_value.weight"):
            value = (value / shape[1] ** 0.5).reshape(-1, 3, k, shape[1])
            value[:, :2] *= sharp
            value = value.reshape(shape)
        elif name.endswith(("dense.weight", "dense_4h_to_h.weight")):
            value = gain * value / shape[1] ** 0.5
        elif name.endswith("dense_h_to_4h.weight"):
            value = 1.2 * value / shape[1] ** 0.5
        weight.copy_(torch.from_numpy(value.astype(np.float32)))


def old_config(written, config):
    """As EleutherAI's files of 2022 have it."""
    dropped = ("rope_parameters", "attention_bias", "dtype", "transformers_version")
    kept = {name: value for name, value in written.items() if name not in dropped}
    return dict(kept, rotary_pct=config["rotary_pct"], rotary_emb_base=config["rotary_emb_base"], torch_dtype="float16")


def buffers_of(model):
    """What older versions stored beside the weights, for each layer."""
    for number, layer in enumerate(model.gpt_neox.layers):
        name = f"gpt_neox.layers.{number}.attention."
        yield name + "bias", torch.tril(torch.ones(32, 32, dtype=torch.uint8)).reshape(1, 1, 32, 32)
        yield name + "masked_bias", torch.tensor(-1e9)
        yield name + "rotary_emb.inv_freq", torch.ones(max(1, layer.attention.rotary_ndims // 2))


def write_checkpoint(folder, spec, tokenizer):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    model = GPTNeoXForCausalLM(GPTNeoXConfig(**spec["config"], bos_token_id=312, eos_token_id=312))
    options = {name: spec[name] for name in ("gain", "sharp") if name in spec}
    make_weights(model, np.random.RandomState(spec["seed"]), **options)
    model = model.to(spec.get("dtype", torch.float32))
    model.save_pretrained(folder, max_shard_size=spec.get("max_shard_size", "5GB"))
    (folder / "generation_config.json").unlink(missing_ok=True)
    path = folder / "config.json"
    if spec.get("old_config"):
        path.write_text(json.dumps(old_config(json.loads(path.read_text()), spec["config"]), indent=2, sort_keys=True) + "\n")
    state = {name: value.detach() for name, value in model.named_parameters()}
    if spec.get("pickle"):
        (folder / "model.safetensors").unlink()
        torch.save(state, folder / "pytorch_model.bin")
    elif spec.get("buffers"):
        state["embed_out.weight"] = state.pop("lm_head.weight")
        save_file({**state, **dict(buffers_of(model))}, folder / "model.safetensors", metadata={"format": "pt"})
    make_gpt2.write_tokenizer_json(tokenizer, folder / "tokenizer.json")


def load_model(folder, dtype):
    model = GPTNeoXForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="sdpa").eval()
    return HookedNeoX(model.to(dtype))


@torch.no_grad()
def make_model(name, tokenizer):
    print(name)
    spec, folder = MODELS[name], HERE / "models" / name
    write_checkpoint(folder, spec, tokenizer)
    loaded = Tokenizer.from_file(str(folder / "tokenizer.json"))
    single, double, reference = load_model(folder, torch.float32), load_model(folder, torch.float64), NeoXReference(folder)
    golden = dict(
        model=name,
        made_by={module.__name__: module.__version__ for module in (np, tokenizers, torch, transformers)},
        logits=golden_logits(single, double, reference, loaded, LOGITS_PROMPTS),
    )
    if spec.get("resid"):
        golden["resid"] = golden_resid(double, reference, loaded)
    golden["traces"] = [golden_trace(single, double, reference, loaded, r) for r in TRACES]
    (folder / "golden.json").write_text(format_json(golden) + "\n")


def both(name, make):
    """What make(model, tokenizer) makes of transformers; that it makes the same of neox_reference.py."""
    folder = HERE / "models" / name
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    made = make(load_model(folder, torch.float64), tokenizer)
    difference = differences(make(NeoXReference(folder), tokenizer), made)
    assert difference <= 1.01e-7, difference
    print(f"{name}: own {difference:.1e}")
    return made


@torch.no_grad()
def make_sites():
    found = {name: both(name, lambda model, tokenizer: traces_of(model, tokenizer, FAMILY, KNOCKOUTS[name])) for name in KNOCKOUTS}
    (HERE / "neox-sites.json").write_text(json.dumps(dict(REQUEST, models=found), separators=(",", ":")) + "\n")


@torch.no_grad()
def make_swaps():
    name = "neox-pythia"
    found = {name: both(name, lambda model, tokenizer: swaps_of(model, tokenizer, SWAPPED))}
    (HERE / "neox-swaps.json").write_text(json.dumps(found, separators=(",", ":")) + "\n")


def make_models():
    tokenizer = make_gpt2.train_tokenizer(CORPUS, 313)
    for name in MODELS:
        make_model(name, tokenizer)


def main():
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    parts = {"models": make_models, "sites": make_sites, "swaps": make_swaps}
    for part in sys.argv[1:] or parts:
        parts[part]()


if __name__ == "__main__":
    main()
