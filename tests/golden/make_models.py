#!/usr/bin/env python3
"""Writes models/NAME/: odd small random Mamba checkpoints in the Hugging Face layout, and golden.json, what transformers
makes of them. The same packages on the same machine write the same bytes. See README.md."""

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
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import MambaConfig, MambaForCausalLM

import hook_tracer
from mamba_reference import Capture, MambaReference, trace_scores

FOLDER = Path(__file__).resolve().parent / "models"

CORPUS = [
    "The Eiffel Tower is in Paris",
    "The old town of Rome is in Italy",
    "Marie Curie was born in Warsaw",
    "The river Seine is in Paris",
    "The town of Rome was the old Tower",
    "Ada was born in the old town",
]

# Prompt and subject. The comments give the tokens.
EIFFEL = ("The Eiffel Tower is in", "Eiffel Tower")  # The| Ei|ff|el| Tower| is| in
ROME = ("The old town of Rome was in the", "Rome")  # The| old| town| of| Rome| was| in| the
ADA = ("Ada was born in the town of", "Ada")  # Ad|a| was| born| in| the| town| of: from position 0
CURIE = ("Marie Curie was born in the old", "Curie")  # Mari|e| Cu|ri|e| was| born| in| the| old
SEINE = ("The river is the Seine", "Seine")  # The| ri|ver| is| the| Se|in|e: to the last token
TOWER = ("The town in Paris is the old Tower", "Tower")  # the last token alone
ZOE = ("In the Zoë Tower is", "Zoë")  # I|n| the| |Z|o|Ã|«| Tower| is: a character of two tokens
SPACES = ("The  old   town is in", "old   town")  # added tokens of two and three spaces

LOGITS_PROMPTS = ["The", "The Tower", "The old town of Rome was in the Tower"]
RESID_PROMPT = LOGITS_PROMPTS[-1]


def request(text, site="resid", window=1, samples=4, noise_level=3.0, seed=1):
    prompt, subject = text
    return dict(
        prompt=prompt,
        subject=subject,
        site=site,
        window=window,
        samples=samples,
        noise_level=noise_level,
        seed=seed,
    )


TRACES = [
    request(EIFFEL),
    request(EIFFEL, "mixer"),
    request(ROME, "mixer", window=3, noise_level=1.5),
    request(CURIE, "mixer", window=10, seed=7),
    request(CURIE, window=3),
    request(ADA, window=10, samples=5),
    request(SEINE, seed=4294967295),
    request(TOWER, "mixer", window=3, samples=1, noise_level=0.5),
    request(ZOE, noise_level=1.5, seed=0),
]
SPACES_TRACE = request(SPACES, "mixer", samples=3)

# seed is chosen so that the clean run is sure of something and the noise takes it away; gain scales the block outputs.
MODELS = {
    "expand2": dict(
        config=dict(hidden_size=24, num_hidden_layers=5, state_size=16, conv_kernel=4, expand=2, vocab_size=320),
        # transformers writes the number; an "auto" in the file must be understood as well.
        written=dict(time_step_rank="auto"),
        seed=5,
        gain=1.0,
        resid=True,
        traces=TRACES + [SPACES_TRACE],
    ),
    "deep": dict(
        config=dict(
            hidden_size=16,
            num_hidden_layers=12,
            state_size=4,
            conv_kernel=2,
            expand=1,
            time_step_rank=3,
            use_bias=True,
            use_conv_bias=False,
            tie_word_embeddings=False,
            vocab_size=314,
        ),
        seed=15,
        gain=1.0,
        resid=True,
        traces=TRACES,
    ),
    "half": dict(
        config=dict(hidden_size=19, num_hidden_layers=4, state_size=5, conv_kernel=3, expand=2, vocab_size=317),
        dtype=torch.float16,
        seed=16,
        gain=1.0,
        traces=TRACES,
    ),
    "sharded": dict(
        config=dict(
            hidden_size=32, num_hidden_layers=6, state_size=16, conv_kernel=4, expand=2, use_bias=True, vocab_size=328
        ),
        dtype=torch.bfloat16,
        max_shard_size="60KB",  # 3 files
        seed=8,
        gain=0.6,
        traces=TRACES,
    ),
    "narrow": dict(
        config=dict(hidden_size=20, num_hidden_layers=2, state_size=1, conv_kernel=1, expand=3, vocab_size=315),
        seed=48,
        gain=2.0,
        traces=TRACES + [SPACES_TRACE],
    ),
    # Small embeddings, so that the large epsilon is felt.
    "epsilon": dict(
        config=dict(
            hidden_size=28,
            num_hidden_layers=3,
            state_size=24,
            conv_kernel=4,
            expand=2,
            layer_norm_epsilon=1e-3,
            tie_word_embeddings=False,
            vocab_size=320,
        ),
        dtype=torch.float16,
        merges_as_pairs=True,
        embedding_scale=0.05,
        seed=12,
        gain=0.3,
        traces=TRACES,
    ),
}


def make_tokenizer():
    """A byte-level BPE in GPT-NeoX's form, 314 tokens."""
    options = dict(add_prefix_space=False, trim_offsets=True)
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(**options)
    tokenizer.post_processor = processors.ByteLevel(**options)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=312,
        special_tokens=["<|endoftext|>", "<|padding|>"],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.add_tokens([AddedToken(" " * n, normalized=True) for n in (3, 2)])
    return tokenizer


def write_tokenizer(tokenizer, path, merges_as_pairs):
    """tokenizer.json has had two forms of merges: "a b", as GPT-NeoX's file has it, and ["a", "b"], as written today."""
    data = json.loads(tokenizer.to_str())
    if not merges_as_pairs:
        data["model"]["merges"] = [" ".join(pair) for pair in data["model"]["merges"]]
    path.write_text(json.dumps(data, indent=1) + "\n")


@torch.no_grad()
def make_weights(model, random, gain, embedding_scale=1.0):
    """Weights at which every part of the network matters, drawn in the order of their names."""

    def normal(shape, scale):
        return scale * random.randn(*shape)

    for name, weight in sorted(model.named_parameters()):
        shape = tuple(weight.shape)
        if name.endswith("A_log"):
            value = np.log(np.arange(1, shape[1] + 1)) + normal(shape, 0.4)
        elif name.endswith("dt_proj.bias"):
            dt = np.exp(random.uniform(np.log(0.02), np.log(0.5), shape))
            value = dt + np.log(-np.expm1(-dt))  # softplus⁻¹(dt)
        elif name.endswith(("norm.weight", "norm_f.weight", ".D")):
            value = 1 + normal(shape, 0.3)
        elif name.endswith("bias"):
            value = normal(shape, 0.2)
        elif name.endswith("embeddings.weight"):
            value = normal(shape, embedding_scale)
        elif name.endswith("lm_head.weight"):
            value = normal(shape, 1.0)
        elif name.endswith("conv1d.weight"):
            value = normal(shape, 1.2 / shape[2] ** 0.5)
        elif name.endswith("x_proj.weight"):
            value = normal(shape, 1.3 / shape[1] ** 0.5)
        elif name.endswith("out_proj.weight"):
            value = normal(shape, gain / shape[1] ** 0.5)
        else:
            value = normal(shape, 1.0 / shape[1] ** 0.5)
        weight.copy_(torch.from_numpy(np.asarray(value, dtype=np.float32)))


def write_checkpoint(folder, spec, tokenizer):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    config = MambaConfig(**dict(dict(bos_token_id=0, eos_token_id=0, pad_token_id=0), **spec["config"]))
    model = MambaForCausalLM(config)
    random = np.random.RandomState(spec["seed"])
    make_weights(model, random, spec["gain"], spec.get("embedding_scale", 1.0))
    model = model.to(spec.get("dtype", torch.float32))
    model.save_pretrained(folder, max_shard_size=spec.get("max_shard_size", "5GB"))
    (folder / "generation_config.json").unlink(missing_ok=True)
    if "written" in spec:
        path = folder / "config.json"
        written = dict(json.loads(path.read_text()), **spec["written"])
        path.write_text(json.dumps(written, indent=2, sort_keys=True) + "\n")
    write_tokenizer(tokenizer, folder / "tokenizer.json", spec.get("merges_as_pairs", False))


@torch.no_grad()
def golden_logits(model, reference, tokenizer):
    result = []
    for prompt in LOGITS_PROMPTS:
        ids = tokenizer.encode(prompt).ids
        logits = hook_tracer.last_logits(model, model.backbone.embeddings(torch.tensor(ids))[None])[0]
        plain = model(torch.tensor([ids]), use_cache=False).logits[0, -1]
        assert torch.equal(logits, plain)

        own = reference.forward(reference.embed(ids)[None])[0]
        difference = float((own - logits).abs().max() / logits.abs().max())
        assert difference <= 1e-10, f"{prompt}: own logits differ by {difference}"

        probabilities = torch.softmax(logits.double(), -1)
        top = probabilities.topk(5)
        result.append(
            dict(
                prompt=prompt,
                token_ids=ids,
                logits=logits.tolist(),
                top_ids=top.indices.tolist(),
                top_probabilities=top.values.tolist(),
            )
        )
    return result


@torch.no_grad()
def golden_resid(model, reference, tokenizer):
    ids = tokenizer.encode(RESID_PROMPT).ids
    embeddings = model.backbone.embeddings(torch.tensor(ids))[None]
    resid = hook_tracer.capture(model, embeddings, "resid")

    own = Capture()
    reference.forward(embeddings, own)
    for layer, rows in enumerate(resid):
        for t in range(len(ids)):
            difference = float((own.values["resid", layer, t] - rows[:, t]).abs().max() / rows.abs().max())
            assert difference <= 1e-10, f"own residual rows differ by {difference} at layer {layer}, position {t}"
    return dict(prompt=RESID_PROMPT, token_ids=ids, values=[rows[0].tolist() for rows in resid])


def golden_trace(model, double, exact, tokenizer, request):
    """The trace in float64, where the own network gives the same; and how far float32 is from it."""
    narrow, _, per_sample = hook_tracer.trace(model, tokenizer, request)
    with hook_tracer.all_double():
        result, corrupted, wide_per_sample = hook_tracer.trace(double, tokenizer, request)
    rounding = float(np.abs(wide_per_sample - per_sample).max())
    assert rounding <= 1e-5, f"float32 is {rounding} from float64"
    assert narrow["target_id"] == result["target_id"]
    result["float32_error"] = rounding

    own = trace_scores(
        exact, result["token_ids"], corrupted, result["target_id"], request["site"], request["window"]
    ).numpy()
    difference = np.abs(own - wide_per_sample).max()
    assert difference <= 1e-6, f"own scores differ by {difference}"

    scores = np.array(result["scores"])
    print(
        f"  {request['site']:5} w={request['window']:<2} T={len(result['token_ids']):<2} S={request['samples']} "
        f"subject={result['subject_range']} high={result['high_score']:.3f} low={result['low_score']:.3f} "
        f"scores {scores.min():.4f} … {scores.max():.4f}  float32 − float64 {rounding:.1e}, own {difference:.1e}"
    )
    return result


def format_json(value, indent=0):
    """JSON with one line for a list of numbers; floats by repr, so that they read back the same."""
    inner = " " * (indent + 1)
    if isinstance(value, dict):
        items = [f"{inner}{json.dumps(k)}: {format_json(v, indent + 1)}" for k, v in value.items()]
        return "{\n" + ",\n".join(items) + "\n" + " " * indent + "}"
    if isinstance(value, list) and any(isinstance(v, (list, dict)) for v in value):
        items = [inner + format_json(v, indent + 1) for v in value]
        return "[\n" + ",\n".join(items) + "\n" + " " * indent + "]"
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def make(name, spec, tokenizer):
    print(name)
    folder = FOLDER / name
    write_checkpoint(folder, spec, tokenizer)
    model = MambaForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    loaded = Tokenizer.from_file(str(folder / "tokenizer.json"))
    exact = MambaReference(folder, torch.float64)
    double = hook_tracer.widened(model)

    golden = dict(
        model=name,
        made_by={module.__name__: module.__version__ for module in (np, tokenizers, torch, transformers)},
    )
    with hook_tracer.all_double():
        golden["logits"] = golden_logits(double, exact, loaded)
        if spec.get("resid"):
            golden["resid"] = golden_resid(double, exact, loaded)
    golden["traces"] = [golden_trace(model, double, exact, loaded, r) for r in spec["traces"]]
    (folder / "golden.json").write_text(format_json(golden) + "\n")


def main():
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    tokenizer = make_tokenizer()
    for name in sys.argv[1:] or MODELS:
        make(name, MODELS[name], tokenizer)


if __name__ == "__main__":
    main()
