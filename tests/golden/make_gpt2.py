#!/usr/bin/env python3
"""Makes what the tests of GPT-2 compare with: odd small random checkpoints, and what transformers makes of them.

    make_gpt2.py [PART…]      models, sites, swaps, metrics, tokenizer; all of them if none is named

models/gpt2-NAME/    a checkpoint and golden.json (as make_models.py's)
gpt2-sites.json      traces at every site and knockouts (as make_sites.py's sites.json)
gpt2-swaps.json      traces with a subject of another length (as make_swaps.py's swaps.json)
gpt2-metrics.json    traces with every metric (as make_corruptions.py's corruptions/golden.json)
tokenizer-gpt2*      a tokenizer as tokenizer.json and as vocab.json and merges.txt, and its encodings

All numbers are float64's, of forward hooks on transformers' GPT2LMHeadModel; gpt2_reference.py, which shares no code
with it, must agree, or nothing is written: to 1e-12 in golden.json, to the last digits elsewhere.
"""

import os

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["HF_HUB_OFFLINE"] = "1"

import json
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import tokenizers
import torch
import transformers
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import GPT2Config, GPT2LMHeadModel, GPT2Tokenizer

import hook_tracer
import make_corruptions
import make_tokenizer
from gpt2_hooks import HookedGPT2, widened
from gpt2_reference import CARRIED, SITES, GPT2Reference
from make_models import ADA, CORPUS, CURIE, EIFFEL, LOGITS_PROMPTS, RESID_PROMPT, ROME, SEINE, TOWER, ZOE, format_json, request
from make_sites import REQUEST, Family, traces_of
from make_swaps import swaps_of
from mamba_reference import Capture, keep, restore, window_layers

HERE = Path(__file__).resolve().parent
EXACT = 1e-12

TRACES = [
    request(EIFFEL),
    request(EIFFEL, "attn"),
    request(EIFFEL, "mlp", window=3),
    request(ROME, "mlp", noise_level=1.5),
    request(ROME, "attn", window=3),
    request(CURIE, "attn", window=10, seed=7),
    request(CURIE, window=3),
    request(ADA, window=10, samples=5),
    request(SEINE, "mlp", window=10, seed=4294967295),
    request(TOWER, "attn", window=3, samples=1, noise_level=0.5),
    request(ZOE, noise_level=1.5, seed=0),
    request(ROME, "value", window=3),
    request(CURIE, "key"),
    request(ADA, "query", window=3),
    request(SEINE, "heads"),
    request(ZOE, "mlp_act", window=3, samples=2),
]

# seed is chosen so that the clean run is sure of something and the noise takes it away. sharp scales queries and keys,
# gain what the blocks add.
MODELS = {
    # As the hub's gpt2: an old config.json, no `transformer.`, the causal mask stored beside the weights.
    "gpt2-hub": dict(
        config=dict(n_layer=3, n_head=3, n_embd=24, n_positions=32, vocab_size=313),
        prefix="",
        old_config=True,
        buffers=torch.float32,
        seed=15,
        resid=True,
    ),
    # As Stanford's: scores divided by the layer's number too; vocab.json and merges.txt.
    "gpt2-half": dict(
        config=dict(
            n_layer=4,
            n_head=2,
            n_embd=20,
            n_positions=16,
            n_inner=40,
            activation_function="gelu",
            scale_attn_by_inverse_layer_idx=True,
            reorder_and_upcast_attn=True,
            vocab_size=320,
        ),
        dtype=torch.float16,
        vocabulary_files=True,
        seed=147,
        sharp=2.5,
    ),
    "gpt2-sharded": dict(
        config=dict(
            n_layer=5,
            n_head=7,
            n_embd=28,
            n_positions=21,
            n_inner=33,
            activation_function="relu",
            scale_attn_weights=False,
            vocab_size=314,
        ),
        max_shard_size="50KB",
        seed=106,
        sharp=1.0,
    ),
    # A pickle, with the head's weights a second name of the embedding's, and the mask as bytes.
    "gpt2-bin": dict(
        config=dict(n_layer=2, n_head=3, n_embd=21, n_positions=19, vocab_size=317),
        pickle=True,
        buffers=torch.uint8,
        seed=143,
        gain=1.5,
    ),
    # Small embeddings, so that the large epsilon is felt; a head of its own; no more positions than the longest prompt has.
    "gpt2-untied": dict(
        config=dict(
            n_layer=3,
            n_head=1,
            n_embd=18,
            n_positions=10,
            n_inner=50,
            layer_norm_epsilon=1e-2,
            tie_word_embeddings=False,
            vocab_size=315,
        ),
        dtype=torch.float16,
        prompts=["The old town of Rome was in the Tower is"],
        embedding_scale=0.05,
        seed=78,
        gain=0.05,
    ),
    "gpt2-deep": dict(
        config=dict(n_layer=12, n_head=4, n_embd=16, n_positions=32, n_inner=24, vocab_size=313),
        dtype=torch.float16,
        seed=72,
        gain=0.6,
        resid=True,
    ),
}

FROZEN = (("resid", ["mlp"]), ("resid", ["attn"]), ("resid", ["key", "value"]), ("attn", ["mlp"]), ("mlp_act", ["attn"]),
          ("value", ["heads"]), ("key", ["query"]), ("heads", ["mlp_act", "query"]),
          # the restored site itself, everywhere else
          ("resid", ["resid"]), ("attn", ["attn"]), ("value", ["value"]))
FROZEN_CARRIED = (("value", ["value"]), ("key", ["query"]), ("value", ["key", "mlp"]))
FAMILY = Family(SITES, CARRIED, FROZEN, FROZEN_CARRIED)
SWAPPED = Family(SITES, CARRIED, (("resid", ["mlp"]), ("value", ["attn"]), ("attn", ["query", "mlp_act"])), ())
# Some of them cut what nobody reads: in the last layer, what positions before the last attend to.
KNOCKOUTS = {
    "gpt2-hub": ("0-1:1-2>4", "0-2:1-4>6", "1-2:0-1>3-5", "0-2:0-5>6", "2-2:1-3>4-5", "0-2:1-4>6@1", "1-2:0-1>3-5@0-1"),
    "gpt2-half": ("0-3:1-4>5-6", "1-2:0-2>3", "3-3:0-4>6", "0-3:1-4>5-6@1"),
    "gpt2-deep": ("0-1:1-2>4", "0-11:1-4>6", "2-3:0-1>3-5", "5-11:0-5>6", "4-9:0-0>1-6", "0-11:1-4>6@2", "4-9:0-0>1-6@1-3"),
}
METRICS = [
    make_corruptions.request(EIFFEL, site="attn", samples=2),
    make_corruptions.request(ROME, "uniform", noise_scale="absolute", site="mlp", window=3, samples=2),
    make_corruptions.request(CURIE, "student-t:3", noise_scale="embedding", site="value", samples=3),
    make_corruptions.request(EIFFEL, "multivariate", noise_scale="text:text.txt", span="tokens:1-2", samples=2),
]
TEXTS = [
    "", " ", "  ", "The Eiffel Tower is located in", "  The Space  Needle   is", "I'm sure they've said it's 'fine'; he'd know, we'll see",
    "DON'T SHOUT, IT'S 3'S TURN", "## Title\n\n### Part #1\n", "#", "##", "# #", "###", "#version: 0.2", "#version: 0.2\n# # x",
    "a\n\n  b\t\tc \r\n", "trailing   ", "\n", "12345 67 1,000.5 1e-5", "x = y[i] + 3; // ok", "<|endoftext|>", "a<|endoftext|> b",
    "<|endoftext|", " <|endoftext|><|endoftext|> ", "Zoë", "Zoe\u0308", "L’été à Noël — « déjà vu »", "Příliš žluťoučký kůň",
    "Широкая электрификация", "Ξεσκεπάζω", "שלום עולם", "السَّلَامُ ١٢٣", "नमस्ते दुनिया", "你好，世界！2024年", "こんにちは", "안녕 하세요",
    "😀😃 👍🏽 👩‍👩‍👧", "½ x² ①", "\u00a0a\u3000b\u2003", "\u200bzero\u200d", "a\0b", "\U0010ffff", "aaaaaaaaaaaaaaaaaaaa", " 's 't 're",
]


def digits(value, n):
    """Lists of floats of any depth, each as its n first digits."""
    if isinstance(value, np.ndarray | torch.Tensor):
        value = value.tolist()
    if isinstance(value, list):
        return [digits(v, n) for v in value]
    return float(f"{value:.{n}g}") if isinstance(value, float) else value


def nine_digits(value):
    return digits(value, 9)


# ---- tokenizers ----


def train_tokenizer(texts, vocabulary_size):
    """A byte-level BPE as the hub's tokenizer.json of gpt2 is: no normalizer, offsets with their spaces, one added token at
    the end."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary_size - 1,
        special_tokens=[],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.add_special_tokens(["<|endoftext|>"])
    return tokenizer


def vocabulary_of(tokenizer):
    """Tokens by id, and merges as the lines of merges.txt."""
    model = json.loads(tokenizer.to_str())["model"]
    vocabulary = dict(sorted(model["vocab"].items(), key=lambda item: item[1]))
    vocabulary["<|endoftext|>"] = len(vocabulary)
    return vocabulary, [" ".join(pair) for pair in model["merges"]]


def write_tokenizer_json(tokenizer, path):
    """In the words of 2020, when gpt2's was written: a model without a type, merges as texts, an empty unk_token."""
    vocabulary, merges = vocabulary_of(tokenizer)
    description = json.loads(tokenizer.to_str())
    description["added_tokens"][0]["normalized"] = True
    for part in ("pre_tokenizer", "post_processor", "decoder"):
        del description[part]["use_regex"]
    description["model"] = dict(dropout=None, unk_token="", continuing_subword_prefix="", end_of_word_suffix="", fuse_unk=False,
                                vocab=vocabulary, merges=merges)
    path.write_text(json.dumps(description, ensure_ascii=False, separators=(",", ":")))


def write_vocabulary_files(tokenizer, folder):
    """As gpt2's: vocab.json in ASCII, merges.txt under a line that says which version."""
    vocabulary, merges = vocabulary_of(tokenizer)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *merges, ""]), encoding="utf-8")


def read_vocabulary_files(folder):
    vocabulary = json.loads((folder / "vocab.json").read_text())
    lines = (folder / "merges.txt").read_text(encoding="utf-8").split("\n")[1:-1]
    return GPT2Tokenizer(vocab=vocabulary, merges=[tuple(line.split(" ")) for line in lines]).backend_tokenizer


def make_tokenizer_files():
    # "# #" is the first line of merges.txt after the version's, and no comment.
    headings = ["## Title ## #### # # ###", "# ## ### ####"] * 4
    tokenizer = train_tokenizer(make_tokenizer.SENTENCES + headings, 420)
    write_tokenizer_json(tokenizer, HERE / "tokenizer-gpt2.json")
    write_vocabulary_files(tokenizer, HERE / "tokenizer-gpt2")
    assert "# #" in vocabulary_of(tokenizer)[1]
    texts = TEXTS + [text for text in make_tokenizer.NASTY[:140] if len(text) < 40] + make_tokenizer.SENTENCES[::3]
    extras = ["<|endoftext|>", "#", "# #"]
    texts += [text for text in make_tokenizer.random_texts("gpt2", 260, extras) if len(text) < 25]
    make_tokenizer.write_encodings(HERE / "tokenizer-gpt2.jsonl", tokenizer, texts)
    others = Tokenizer.from_file(str(HERE / "tokenizer-gpt2.json")), read_vocabulary_files(HERE / "tokenizer-gpt2")
    for text in texts:
        wanted = tokenizer.encode(text)
        for other in others:
            found = other.encode(text)
            assert (found.ids, found.offsets) == (wanted.ids, wanted.offsets), text
    print(f"tokenizer: {len(texts)} texts, {tokenizer.get_vocab_size()} tokens")


# ---- checkpoints ----


@torch.no_grad()
def make_weights(model, random, gain=1.0, sharp=1.5, embedding_scale=1.0):
    """Weights at which every part of the network matters, drawn in the order of their names."""
    for name, weight in sorted(model.named_parameters()):
        shape = tuple(weight.shape)
        value = random.randn(*shape)
        if name.endswith(("ln_1.weight", "ln_2.weight", "ln_f.weight")):
            value = 1 + 0.3 * value
        elif name.endswith("bias"):
            value = (0.2 if "ln_" in name else 0.2 * min(gain, 1)) * value
        elif name.endswith("wte.weight"):
            value = embedding_scale * value
        elif name.endswith("wpe.weight"):
            value = 0.4 * embedding_scale * value
        elif name.endswith("lm_head.weight"):
            value = 2 * value
        elif name.endswith("c_attn.weight"):
            value = value / shape[0] ** 0.5
            value[:, : 2 * shape[0]] *= sharp
        elif name.endswith("c_proj.weight"):
            value = gain * value / shape[0] ** 0.5
        elif name.endswith("c_fc.weight"):
            value = 1.2 * value / shape[0] ** 0.5
        weight.copy_(torch.from_numpy(value.astype(np.float32)))


def old_config(config):
    """The fields of the hub's gpt2, and no others."""
    names = ("activation_function attn_pdrop bos_token_id embd_pdrop eos_token_id initializer_range layer_norm_epsilon model_type "
             "n_embd n_head n_layer n_positions resid_pdrop summary_activation summary_first_dropout "
             "summary_proj_to_labels summary_type summary_use_proj vocab_size").split()
    return dict({name: config[name] for name in names}, architectures=["GPT2LMHeadModel"], n_ctx=config["n_positions"],
                task_specific_params={"text-generation": {"do_sample": True, "max_length": 50}})


def causal_masks(spec):
    """What older versions stored beside the weights, for each layer."""
    n = spec["config"]["n_positions"]
    for layer in range(spec["config"]["n_layer"]):
        name = f"{spec.get('prefix', 'transformer.')}h.{layer}.attn."
        yield name + "bias", torch.tril(torch.ones(n, n)).reshape(1, 1, n, n).to(spec["buffers"])
        yield name + "masked_bias", torch.tensor(-1e4)


def write_checkpoint(folder, spec, tokenizer):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    model = GPT2LMHeadModel(GPT2Config(**spec["config"], bos_token_id=312, eos_token_id=312))
    options = {name: spec[name] for name in ("gain", "sharp", "embedding_scale") if name in spec}
    make_weights(model, np.random.RandomState(spec["seed"]), **options)
    model = model.to(spec.get("dtype", torch.float32))
    model.save_pretrained(folder, max_shard_size=spec.get("max_shard_size", "5GB"))
    (folder / "generation_config.json").unlink(missing_ok=True)
    if "buffers" in spec:
        state = model.state_dict() if spec.get("pickle") else dict(model.named_parameters())
        state = {name.replace("transformer.", spec.get("prefix", "transformer.")): value.detach() for name, value in state.items()}
        state.update(causal_masks(spec))
        (folder / "model.safetensors").unlink()
        if spec.get("pickle"):
            torch.save(state, folder / "pytorch_model.bin")
        else:
            save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    path = folder / "config.json"
    if spec.get("old_config"):
        path.write_text(json.dumps(old_config(json.loads(path.read_text())), indent=2, sort_keys=True) + "\n")
    if spec.get("vocabulary_files"):
        write_vocabulary_files(tokenizer, folder)
    else:
        write_tokenizer_json(tokenizer, folder / "tokenizer.json")


def load_tokenizer(folder):
    if (folder / "tokenizer.json").exists():
        return Tokenizer.from_file(str(folder / "tokenizer.json"))
    return read_vocabulary_files(folder)


def load_model(folder, dtype):
    model = GPT2LMHeadModel.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    return HookedGPT2(widened(model) if dtype == torch.float64 else model)


# ---- golden.json ----


def compare(what, found, expected, tolerance):
    difference = float(np.abs(np.asarray(found) - np.asarray(expected)).max())
    assert difference <= tolerance, f"{what}: {difference}"
    return difference


def golden_logits(single, double, reference, tokenizer, prompts):
    result = []
    for prompt in prompts:
        ids = tokenizer.encode(prompt).ids
        logits = double.all_logits(double.embed(ids)[None])[0]
        compare(prompt, reference.all_logits(reference.embed(ids)[None])[0], logits, EXACT * float(logits.abs().max()))
        # Without hooks, and with token ids in place of embeddings.
        compare(prompt, double.model(torch.tensor([ids]), use_cache=False).logits[0], logits, 0)
        rounded = single.model(torch.tensor([ids]), use_cache=False).logits[0]
        error = compare(prompt, rounded, logits, 1e-5 * float(logits.abs().max()))
        top = torch.softmax(logits[-1], -1).topk(5)
        result.append(dict(prompt=prompt, token_ids=ids, logits=nine_digits(logits[-1]), float32_error=error,
                           top_ids=top.indices.tolist(), top_probabilities=nine_digits(top.values)))
    # Of the last prompt, every position's.
    result[-1]["all_logits"] = digits(logits, 7)
    return result


def golden_resid(double, reference, tokenizer):
    ids = tokenizer.encode(RESID_PROMPT).ids
    runs = [Capture(), Capture()]
    for model, run in zip((double, reference), runs):
        model.forward(model.embed(ids)[None], run)
    values = [torch.stack([run.values["resid", l, t][0] for l in range(double.L) for t in range(len(ids))]) for run in runs]
    compare("resid", *values, EXACT * float(values[0].abs().max()))
    return dict(prompt=RESID_PROMPT, token_ids=ids, values=nine_digits(values[0].reshape(double.L, len(ids), -1)))


def trace(model, tokenizer, request):
    """As hook_tracer.trace(), and per-sample scores [L, T, S]."""
    encoding = tokenizer.encode(request["prompt"])
    first, last = hook_tracer.subject_range(encoding, request["prompt"], request["subject"])
    embeddings = model.embed(encoding.ids)
    corrupted, sigma = hook_tracer.corrupt(
        embeddings.float(), first, last, request["samples"], request["noise_level"], request["seed"]
    )
    corrupted = corrupted.to(embeddings.dtype)
    clean = Capture()
    clean_logits = model.forward(embeddings[None], clean)[0]
    target = int(clean_logits.argmax())

    def probability(logits):
        return torch.softmax(logits.double(), -1)[..., target].numpy()

    def restored(layer, t):
        layers = window_layers(layer, request["window"], model.L)
        return probability(model.forward(corrupted, restore(clean, request["site"], layers, t)))

    per_sample = np.array([[restored(layer, t) for t in range(len(encoding.ids))] for layer in range(model.L)])
    low = probability(model.forward(corrupted, keep))
    result = dict(
        request,
        token_ids=encoding.ids,
        subject_range=[first, last],
        target_id=target,
        noise_std=sigma,
        high_score=float(probability(clean_logits)),
        low_score=float(low.mean()),
        low_score_samples=nine_digits(low),
        low_score_sem=hook_tracer.standard_error(low).tolist(),
        scores=nine_digits(per_sample.mean(-1)),
        scores_sem=nine_digits(hook_tracer.standard_error(per_sample)),
    )
    return result, per_sample


def golden_trace(single, double, reference, tokenizer, request):
    result, per_sample = trace(double, tokenizer, request)
    other, own = trace(reference, tokenizer, request)
    difference = compare("own scores", own, per_sample, EXACT)
    _, rounded = trace(single, tokenizer, request)
    result["float32_error"] = compare("float32", rounded, per_sample, 5e-6)
    assert result["noise_std"] == other["noise_std"] and result["target_id"] == other["target_id"]
    scores = np.array(result["scores"])
    print(f"  {request['site']:7} w={request['window']:<2} T={len(result['token_ids']):<2} S={request['samples']} "
          f"subject={result['subject_range']} high={result['high_score']:.3f} low={result['low_score']:.3f} "
          f"scores {scores.min():.4f} … {scores.max():.4f}  float32 {result['float32_error']:.1e}, own {difference:.1e}")
    return result


@torch.no_grad()
def make_model(name, tokenizer):
    print(name)
    spec, folder = MODELS[name], HERE / "models" / name
    write_checkpoint(folder, spec, tokenizer)
    loaded = load_tokenizer(folder)
    single, double = load_model(folder, torch.float32), load_model(folder, torch.float64)
    reference = GPT2Reference(folder)
    golden = dict(
        model=name,
        made_by={module.__name__: module.__version__ for module in (np, tokenizers, torch, transformers)},
        logits=golden_logits(single, double, reference, loaded, LOGITS_PROMPTS + spec.get("prompts", [])),
    )
    if spec.get("resid"):
        golden["resid"] = golden_resid(double, reference, loaded)
    golden["traces"] = [golden_trace(single, double, reference, loaded, r) for r in TRACES]
    (folder / "golden.json").write_text(format_json(golden) + "\n")


# ---- every site ----


def differences(found, expected):
    """Of two documents of the same form, the largest difference of a number."""
    if isinstance(expected, dict):
        assert found.keys() == expected.keys()
        return max(differences(found[key], expected[key]) for key in expected)
    if isinstance(expected, list):
        assert len(found) == len(expected)
        return max((differences(a, b) for a, b in zip(found, expected)), default=0)
    if isinstance(expected, float):
        return abs(found - expected)
    assert found == expected
    return 0


def both(name, make):
    """What make(model, tokenizer) makes of transformers; that it makes the same of gpt2_reference.py."""
    folder = HERE / "models" / name
    tokenizer = load_tokenizer(folder)
    made = make(load_model(folder, torch.float64), tokenizer)
    # Numbers are cut to nine digits, or seven: in the last of them the two may differ.
    difference = differences(make(GPT2Reference(folder), tokenizer), made)
    assert difference <= 1.01e-7, difference
    return made, difference


@torch.no_grad()
def make_sites():
    document = dict(REQUEST, models={})
    for name, knockouts in KNOCKOUTS.items():
        found, difference = both(name, lambda model, tokenizer: traces_of(model, tokenizer, FAMILY, knockouts))
        document["models"][name] = found
        print(f"sites {name}: {len(found['traces'])} traces, {len(found['knockouts'])} knockouts, own {difference:.1e}")
    (HERE / "gpt2-sites.json").write_text(json.dumps(document, separators=(",", ":")) + "\n")


@torch.no_grad()
def make_swaps():
    document = {}
    for name in ("gpt2-hub",):
        document[name], difference = both(name, lambda model, tokenizer: swaps_of(model, tokenizer, SWAPPED))
        print(f"swaps {name}: {sum(len(swap['traces']) for swap in document[name])} traces, own {difference:.1e}")
    (HERE / "gpt2-swaps.json").write_text(json.dumps(document, separators=(",", ":")) + "\n")


# ---- every metric ----


def measured_trace(model, tokenizer, request):
    ids, _, first, last, _ = make_corruptions.spans(tokenizer, request)
    wte = model.model.transformer.wte
    embeddings = model.embed(ids).float()
    mamba = SimpleNamespace(backbone=SimpleNamespace(embeddings=wte))
    noisy, sigma = make_corruptions.corrupt(mamba, tokenizer, request, embeddings, first, last)
    clean = Capture()
    clean_logits = model.forward(embeddings.double()[None], clean)
    target, against = int(clean_logits[0].argmax()), tokenizer.token_to_id("Ġ" + request["against"].strip())
    assert against != target, "choose another prompt"

    def measure(logits):
        # A rank of float32's is the same: no other logit is near the target's.
        others = torch.cat([logits[:, :target], logits[:, target + 1 :]], 1)
        assert (others - logits[:, target : target + 1]).abs().min() > 1e-4, "choose another seed"
        return make_corruptions.measure(logits, clean_logits, target, against)

    def restored(layer, t):
        layers = window_layers(layer, request["window"], model.L)
        return measure(model.forward(noisy.double(), restore(clean, request["site"], layers, t)))

    high, low = measure(clean_logits), measure(model.forward(noisy.double(), keep))
    cells = [[restored(layer, t) for t in range(len(ids))] for layer in range(model.L)]
    metrics = {}
    for name in high:
        values = np.array([[cell[name].numpy() for cell in row] for row in cells])
        metrics[name] = dict(high_score=float(high[name]), low_score=float(low[name].mean()), scores=nine_digits(values.mean(-1)),
                             scores_sem=nine_digits(hook_tracer.standard_error(values)))
    return dict(request, token_ids=ids, corrupted_range=[first, last], target_id=target, against_id=against, noise_std=sigma,
                metrics=metrics, noisy=nine_digits(noisy[:, first : last + 1].reshape(request["samples"], -1)))


@torch.no_grad()
def make_metrics():
    made = []
    for name in ("gpt2-hub",):
        folder = HERE / "models" / name
        model, tokenizer = load_model(folder, torch.float64), load_tokenizer(folder)
        made.append(dict(model=name, traces=[measured_trace(model, tokenizer, r) for r in METRICS]))
        for found in made[-1]["traces"]:
            ends = ", ".join(f"{name} {m['high_score']:.3f}/{m['low_score']:.3f}" for name, m in found["metrics"].items())
            print(f"metrics {name}: {found['corruption']}: {ends}")
    (HERE / "gpt2-metrics.json").write_text(format_json(dict(models=made)) + "\n")


def make_models():
    tokenizer = train_tokenizer(CORPUS, 313)
    for name in MODELS:
        make_model(name, tokenizer)


def main():
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    parts = {"models": make_models, "sites": make_sites, "swaps": make_swaps, "metrics": make_metrics, "tokenizer": make_tokenizer_files}
    for part in sys.argv[1:] or parts:
        parts[part]()


if __name__ == "__main__":
    main()
