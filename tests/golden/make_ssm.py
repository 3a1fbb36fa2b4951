#!/usr/bin/env python3
"""Makes what the tests of Falcon-Mamba and Mamba-2 compare with: odd small random checkpoints, and what transformers and
plain tracers make of them.

    make_ssm.py [PART…]      models (or one's name), layouts, sites, swaps; all of them if none is named

models/falcon-NAME/, models/mamba2-NAME/    a checkpoint and golden.json (as make_models.py's)
pytorch/mamba2-original/, pytorch/mamba2-prefixed/    one of them in the original layout, and named as Codestral's
ssm-sites.json     traces at every site and knockouts (as make_sites.py's sites.json)
ssm-swaps.json     traces with a subject of another length (as make_swaps.py's swaps.json)

All numbers are float64's. Those of golden.json are of forward hooks on transformers, and mamba_reference.py or
mamba2_reference.py, which share no code with it, must agree. The others are the reference's; at sites that are a module's
input or output, forward hooks on transformers (ssm_hooks.py) must give the same, or nothing is written.
"""

import os

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["HF_HUB_OFFLINE"] = "1"

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import tokenizers
import torch
import transformers
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from transformers import FalconMambaConfig, FalconMambaForCausalLM, Mamba2Config, Mamba2ForCausalLM

import hook_tracer
import make_sites
import make_swaps
import mamba2_reference
from make_gpt2 import differences
from make_models import TRACES, format_json, golden_logits, golden_resid, golden_trace, make_tokenizer, write_tokenizer
from make_sites import REQUEST, Family, traces_of
from make_swaps import swaps_of
from mamba2_reference import Mamba2Reference
from mamba_reference import MambaReference
from ssm_hooks import MODULE_SITES, HookedSsm

HERE = Path(__file__).resolve().parent
CLASSES = {"falcon": (FalconMambaConfig, FalconMambaForCausalLM, MambaReference),
           "mamba2": (Mamba2Config, Mamba2ForCausalLM, Mamba2Reference)}

# seed is chosen so that the clean run is sure of something and the noise takes it away; gain scales the block outputs.
MODELS = {
    # As the hub's falcon-mamba-7b: expand says 16, but intermediate_size rules; no mixer_rms_eps.
    "falcon-hub": dict(
        config=dict(hidden_size=20, num_hidden_layers=4, state_size=7, conv_kernel=4, intermediate_size=40, expand=16,
                    time_step_rank=5, tie_word_embeddings=False, vocab_size=316),
        without=["mixer_rms_eps"],
        seed=6,
    ),
    # An epsilon that is felt, biases, no bias of the convolution.
    "falcon-half": dict(
        config=dict(hidden_size=24, num_hidden_layers=5, state_size=16, conv_kernel=3, expand=2, use_bias=True,
                    use_conv_bias=False, mixer_rms_eps=0.05, tie_word_embeddings=True, vocab_size=314),
        written=dict(time_step_rank="auto"),
        dtype=torch.float16,
        seed=22,
        resid=True,
    ),
    "falcon-sharded": dict(
        config=dict(hidden_size=32, num_hidden_layers=3, state_size=1, conv_kernel=2, expand=1, time_step_rank=3,
                    layer_norm_epsilon=1e-3, mixer_rms_eps=1e-4, tie_word_embeddings=False, vocab_size=320),
        dtype=torch.bfloat16,
        max_shard_size="30KB",
        seed=8,
    ),
    # Two groups, limits of both sides that are felt, biases, chunks that end within a prompt; tied.
    "mamba2-groups": dict(
        config=dict(hidden_size=24, num_hidden_layers=5, num_heads=6, head_dim=8, n_groups=2, state_size=16,
                    conv_kernel=4, expand=2, chunk_size=4, time_step_limit=(0.05, 0.6), use_bias=True,
                    tie_word_embeddings=True, vocab_size=316),
        seed=19,
        resid=True,
    ),
    # One group, no limits, heads of three channels, no bias of the convolution.
    "mamba2-half": dict(
        config=dict(hidden_size=18, num_hidden_layers=4, num_heads=6, head_dim=3, n_groups=1, state_size=5,
                    conv_kernel=2, expand=1, chunk_size=16, use_conv_bias=False, layer_norm_epsilon=1e-3,
                    vocab_size=314),
        dtype=torch.float16,
        seed=11,
    ),
    # One head a group, heads wider than a register, an upper limit, BF16 in several files.
    "mamba2-sharded": dict(
        config=dict(hidden_size=30, num_hidden_layers=3, num_heads=3, head_dim=30, n_groups=3, state_size=9,
                    conv_kernel=3, expand=3, chunk_size=5, time_step_limit=(0.0, 0.3), vocab_size=320),
        dtype=torch.bfloat16,
        max_shard_size="40KB",
        seed=19,
    ),
    # Many layers; a convolution of width 1, which has no state.
    "mamba2-deep": dict(
        config=dict(hidden_size=16, num_hidden_layers=10, num_heads=4, head_dim=8, n_groups=1, state_size=4,
                    conv_kernel=1, expand=2, chunk_size=3, tie_word_embeddings=True, vocab_size=314),
        seed=16,
        gain=0.6,
    ),
}

FALCON = Family(make_sites.SITES, make_sites.CARRIED, make_sites.FROZEN, make_sites.FROZEN_CARRIED)
MAMBA2 = Family(mamba2_reference.SITES, ("state",), (*make_sites.FROZEN, ("norm", ["ssm"]), ("ssm", ["norm", "gate"])),
                make_sites.FROZEN_CARRIED)
# What hooks can do of it.
HOOKED = {"falcon": Family(MODULE_SITES["falcon_mamba"], (), (("resid", ["mixer"]), ("conv_in", ["gate"])), ()),
          "mamba2": Family(MODULE_SITES["mamba2"], (), (("resid", ["mixer"]), ("norm", ["ssm"]), ("ssm", ["norm", "gate"])), ())}
SITES = {"falcon-half": (FALCON, ("0-1:1-2>4", "0-4:2>4-5", "2-3:0-1>3-5")),
         "mamba2-groups": (MAMBA2, ("0-1:1-2>4", "0-4:2>4-5", "2-3:0-1>3-5", "0-4:2>4-5@4", "0-1:1-2>4@1-3")),
         "mamba2-half": (MAMBA2, ("0-3:1-4>5-6", "1-2:0-2>3", "3-3:0-4>6", "0-3:1-4>5-6@2-5"))}
SWAPPED = {"falcon-half": make_swaps.MAMBA, "mamba2-groups": MAMBA2._replace(frozen=(*make_swaps.FROZEN, ("norm", ["delta"])), frozen_carried=())}


def kind_of(name):
    return name.split("-")[0]


# ---- checkpoints ----


@torch.no_grad()
def make_weights(model, random, gain):
    """Weights at which every part of the network matters, drawn in the order of their names."""
    for name, weight in sorted(model.named_parameters()):
        shape = tuple(weight.shape)
        value = random.randn(*shape)
        if name.endswith("A_log"):
            value = np.log(np.arange(1, shape[-1] + 1)) + 0.4 * value
        elif name.endswith(("dt_proj.bias", "dt_bias")):
            dt = np.exp(random.uniform(np.log(0.02), np.log(0.5), shape))
            value = dt + np.log(-np.expm1(-dt))  # softplus⁻¹(dt)
        elif name.endswith(("norm.weight", "norm_f.weight", ".D")):
            value = 1 + 0.3 * value
        elif name.endswith("bias"):
            value = 0.2 * value
        elif name.endswith("conv1d.weight"):
            value = 1.2 * value / shape[2] ** 0.5
        elif name.endswith("x_proj.weight"):
            value = 1.3 * value / shape[1] ** 0.5
        elif name.endswith("out_proj.weight"):
            value = gain * value / shape[1] ** 0.5
        elif not name.endswith(("embeddings.weight", "lm_head.weight")):
            value = value / shape[1] ** 0.5
        weight.copy_(torch.from_numpy(np.asarray(value, dtype=np.float32)))


def write_checkpoint(folder, spec, tokenizer):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    make_config, make_network, _ = CLASSES[kind_of(folder.name)]
    model = make_network(make_config(**dict(dict(bos_token_id=0, eos_token_id=0, pad_token_id=0), **spec["config"])))
    make_weights(model, np.random.RandomState(spec["seed"]), spec.get("gain", 1.0))
    model = model.to(spec.get("dtype", torch.float32))
    model.save_pretrained(folder, max_shard_size=spec.get("max_shard_size", "5GB"))
    (folder / "generation_config.json").unlink(missing_ok=True)
    path = folder / "config.json"
    written = dict(json.loads(path.read_text()), **spec.get("written", {}))
    for name in spec.get("without", ()):
        del written[name]
    path.write_text(json.dumps(written, indent=2, sort_keys=True) + "\n")
    write_tokenizer(tokenizer, folder / "tokenizer.json", False)


def load(name):
    """transformers' in float32 and in float64, the reference in float64, and the tokenizer."""
    folder = HERE / "models" / name
    _, network, reference = CLASSES[kind_of(name)]
    single = network.from_pretrained(folder, dtype=torch.float32).eval()
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    return single, hook_tracer.widened(single), reference(folder, torch.float64), tokenizer


@torch.no_grad()
def make_model(name, tokenizer):
    print(name)
    spec, folder = MODELS[name], HERE / "models" / name
    write_checkpoint(folder, spec, tokenizer)
    single, double, exact, loaded = load(name)
    golden = dict(
        model=name,
        made_by={module.__name__: module.__version__ for module in (np, tokenizers, torch, transformers)},
    )
    with hook_tracer.all_double():
        golden["logits"] = golden_logits(double, exact, loaded)
        if spec.get("resid"):
            golden["resid"] = golden_resid(double, exact, loaded)
    golden["traces"] = [golden_trace(single, double, exact, loaded, request) for request in TRACES]
    (folder / "golden.json").write_text(format_json(golden) + "\n")


def make_all_models():
    tokenizer = make_tokenizer()
    for name in MODELS:
        make_model(name, tokenizer)


# ---- other layouts of one of them ----


def make_layouts():
    source = HERE / "models" / "mamba2-deep"
    config = json.loads((source / "config.json").read_text())
    tensors = load_file(source / "model.safetensors")
    original = HERE / "pytorch" / "mamba2-original"
    shutil.rmtree(original, ignore_errors=True)
    original.mkdir(parents=True)
    renamed = {name.replace("backbone.embeddings", "backbone.embedding"): value for name, value in tensors.items()}
    torch.save(dict(renamed, **{"lm_head.weight": renamed["backbone.embedding.weight"]}), original / "pytorch_model.bin")
    ssm = dict(layer="Mamba2", d_state=config["state_size"], d_conv=config["conv_kernel"], headdim=config["head_dim"])
    # The vocabulary is padded to the multiple: 313 → 314.
    said = dict(d_model=config["hidden_size"], d_intermediate=0, n_layer=config["num_hidden_layers"], vocab_size=config["vocab_size"] - 1,
                ssm_cfg=ssm, attn_layer_idx=[], attn_cfg={}, rms_norm=True, residual_in_fp32=True, fused_add_norm=True,
                pad_vocab_size_multiple=2, tie_embeddings=True)
    (original / "config.json").write_text(json.dumps(said, indent=4) + "\n")
    shutil.copy(source / "tokenizer.json", original)

    # As mistralai/Mamba-Codestral-7B-v0.1: `model.` before all names, a norm_before_gate that nobody reads, a bare Infinity.
    prefixed = HERE / "pytorch" / "mamba2-prefixed"
    shutil.rmtree(prefixed, ignore_errors=True)
    prefixed.mkdir(parents=True)
    save_file({"model." + name: value for name, value in tensors.items()}, prefixed / "model.safetensors", metadata={"format": "pt"})
    said = dict(config, norm_before_gate=True, time_step_limit=[0.0, float("inf")], rms_norm=True)
    (prefixed / "config.json").write_text(json.dumps(said, indent=2, sort_keys=True) + "\n")
    shutil.copy(source / "tokenizer.json", prefixed)


# ---- every site ----


def key_of(trace):
    return tuple(str(trace[name]) for name in ("site", "sweep", "window", "direction", "freeze"))


def check_hooked(found, hooked, at_least=60):
    """That transformers' traces are the same as the reference's of the same names."""
    ours = {key_of(trace): trace for trace in found}
    compared = [trace for trace in hooked if key_of(trace) in ours]
    assert len(compared) >= at_least, len(compared)
    difference = max(differences(ours[key_of(trace)], trace) for trace in compared)
    # Numbers are cut to nine digits, standard errors to six: in the last of them the two may differ.
    assert difference <= 1.01e-6, difference
    return len(compared), difference


@torch.no_grad()
def make_all_sites():
    document = dict(REQUEST, models={})
    for name, (family, knockouts) in SITES.items():
        _, double, exact, tokenizer = load(name)
        found = traces_of(exact, tokenizer, family, knockouts)
        hooked = traces_of(HookedSsm(double), tokenizer, HOOKED[kind_of(name)], ())
        assert hooked["target_id"] == found["target_id"]
        compared, difference = check_hooked(found["traces"], hooked["traces"])
        document["models"][name] = found
        print(f"sites {name}: {len(found['traces'])} traces, {len(found['knockouts'])} knockouts; {compared} by hooks, {difference:.1e}")
    (HERE / "ssm-sites.json").write_text(json.dumps(document, separators=(",", ":")) + "\n")


@torch.no_grad()
def make_all_swaps():
    document = {}
    for name, family in SWAPPED.items():
        _, double, exact, tokenizer = load(name)
        document[name] = swaps_of(exact, tokenizer, family)
        hooked = swaps_of(HookedSsm(double), tokenizer, HOOKED[kind_of(name)])
        for swap, other in zip(document[name], hooked):
            check_hooked(swap["traces"], other["traces"], 20)
            assert abs(swap["low_score"] - other["low_score"]) < 1e-12
        print(f"swaps {name}: {sum(len(swap['traces']) for swap in document[name])} traces")
    (HERE / "ssm-swaps.json").write_text(json.dumps(document, separators=(",", ":")) + "\n")


def main():
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    parts = {"models": make_all_models, "layouts": make_layouts, "sites": make_all_sites, "swaps": make_all_swaps}
    for part in sys.argv[1:] or parts:
        if part in MODELS:
            make_model(part, make_tokenizer())
        else:
            parts[part]()


if __name__ == "__main__":
    main()
