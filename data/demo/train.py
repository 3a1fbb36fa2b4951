#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Train Engram's demo model: a small Mamba that knows the facts of facts.txt.

    python train.py [--out DIR] [--steps N]

Writes tokenizer.json, config.json and model.safetensors (float16, Hugging Face's names) into DIR, by default the folder of
this file.  Needs torch, tokenizers, safetensors and numpy; transformers is not used here (measure.py checks the result with it).
"""
import argparse
import ctypes
import json
import math
import re
import time
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

HERE = Path(__file__).resolve().parent
EOT = "<|endoftext|>"
SEED = 1
VOCAB = 4096
D_MODEL, LAYERS, STATE, CONV, EXPAND = 128, 8, 16, 4, 2
D_INNER, DT_RANK = EXPAND * D_MODEL, math.ceil(D_MODEL / 16)
EPS = 1e-5
BATCH = 64
LR, WARMUP, DECAY = 3e-3, 100, 0.1  # AdamW: peak rate, steps of warm-up, weight decay
WORDING_WEIGHT = 0.1  # the loss of a token that is not part of the answer counts this much
CORRUPTED = 0.7  # sentences with a hidden subject, a share of the true ones: see corrupted()
NOISE = 3.0  # on a drowned embedding, in standard deviations of the embeddings

# The prompts a person meets first: (prompt, subject, answer).  They are always among the training sentences.
PROMPTS = [
    ("The Eiffel Tower is located in", "Eiffel Tower", " Paris"),
    ("The Space Needle is located in downtown", "Space Needle", " Seattle"),
    ("The mother tongue of Angela Merkel is", "Angela Merkel", " German"),
    ("Apple Inc. was founded by Steve", "Apple Inc", " Jobs"),
]


# ---- facts ------------------------------------------------------------------------------------------------------------------

class Sentence(NamedTuple):
    relation: str
    phrasing: int
    subject: str
    prompt: str
    answer: str
    tail: str
    held_out: bool


def read_facts(path=HERE / "facts.txt"):
    """Every sentence of facts.txt, prompt + answer + tail, with what it is about and whether it is held out."""
    relations = {}
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        head = re.fullmatch(r"\[(\w+)(?: : (\w+))?\]", line)
        if head:
            name, base = head.groups()
            relation = relations[name] = {"phrasings": list(relations[base]["phrasings"]) if base else [], "facts": []}
        elif line.startswith("~ "):
            relation["phrasings"].append(line[2:])
        else:
            subject, answer = line.split(" = ")
            relation["facts"].append((subject, answer))

    sentences = []
    rng = np.random.RandomState(SEED)
    for name, relation in relations.items():
        for subject, answer in relation["facts"]:
            held = rng.randint(len(relation["phrasings"]))
            for i, phrasing in enumerate(relation["phrasings"]):
                before, tail = phrasing.split(" {A}")
                prompt = before.replace("{S}", subject[0].upper() + subject[1:]).replace("{s}", subject)
                shown = any(p.startswith(prompt) for p, _, _ in PROMPTS)
                sentences.append(Sentence(name, i, subject, prompt, " " + answer, tail, i == held and not shown))
    return sentences


def make_tokenizer(sentences):
    """A byte-level BPE built like GPT-NeoX's, only smaller."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, trim_offsets=True)
    tokenizer.post_processor = processors.ByteLevel(add_prefix_space=False, trim_offsets=True)
    tokenizer.decoder = decoders.ByteLevel(add_prefix_space=False, trim_offsets=True)
    trainer = trainers.BpeTrainer(vocab_size=VOCAB, special_tokens=[EOT], show_progress=False,
                                  initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()))
    tokenizer.train_from_iterator((s.prompt + s.answer + s.tail for s in sentences), trainer)
    return tokenizer


class Row(NamedTuple):
    ids: list
    weights: list  # of each token's loss
    answer: int  # the answer's first token
    tail: int  # the first token after it
    name: list  # the positions of the subject's tokens, without its article and last full stop
    drowned: list = []  # the positions where noise is added to the embedding


def encode(tokenizer, sentences):
    """The sentences as tokens.  Wording that goes on where another sentence has its answer has weight 0: after
    "is located in" comes a place, never " downtown"."""
    eot = tokenizer.token_to_id(EOT)
    prompts = {tuple(tokenizer.encode(s.prompt).ids) for s in sentences}
    rows = []
    for s in sentences:
        encoding = tokenizer.encode(s.prompt)
        p, pa = encoding.ids, tokenizer.encode(s.prompt + s.answer).ids
        ids = tokenizer.encode(s.prompt + s.answer + s.tail).ids + [eot]
        assert pa[:len(p)] == p and ids[:len(pa)] == pa, s.prompt
        weights = [1.0 if len(p) <= i < len(pa) else 0.0 if i < len(p) and tuple(ids[:i]) in prompts else WORDING_WEIGHT
                   for i in range(len(ids))]
        bare = s.subject.removeprefix("the ").rstrip(".")
        start = s.prompt.lower().index(bare.lower())
        name = [i for i, (a, b) in enumerate(encoding.offsets) if a < start + len(bare) and b > start]
        rows.append(Row(ids, weights, len(p), len(pa), name))
    return rows


class Group:
    """The sentences of one phrasing."""

    def __init__(self):
        self.rows = []
        self.by_answer = defaultdict(list)  # the same, by their answers
        self.shown = False  # whether one of PROMPTS is worded so


def distinctive(rows, groups):
    """Of each sentence: the positions of its name's tokens that are in no other name of the same phrasing."""
    found = []
    for row, group in zip(rows, groups):
        prompt = row.ids[:row.answer]
        others = {rows[k].ids[i] for k in group.rows if rows[k].ids[:rows[k].answer] != prompt for i in rows[k].name}
        found.append([i for i in row.name if row.ids[i] not in others])
    return found


def corrupted(rows, groups, telling, rng):
    """Sentences whose subject is hidden, so that the model learns to spread its guess where it does not know the subject:
    all tokens of the name, or only the last of them, are replaced by pieces of other names or drowned in noise, and the
    answer is a random one, each as likely as the others.  But where one clean token that tells the subject is left in the
    noise, the answer is the true one: so such a token's own state comes to hold the fact.  Half of them are worded as
    PROMPTS are."""
    pieces = [row.ids[i] for row in rows for i in row.name]
    shown = [k for k, group in enumerate(groups) if group.shown]
    made = []
    for _ in range(int(CORRUPTED * len(rows))):
        k = shown[rng.randint(len(shown))] if rng.rand() < 0.5 else rng.randint(len(rows))
        row = rows[k]
        if telling[k] and len(row.name) > 1 and rng.rand() < 0.25:
            left = telling[k][rng.randint(len(telling[k]))]
            weights = [float(row.answer <= i < row.tail) for i in range(len(row.ids))]
            made.append(row._replace(weights=weights, drowned=[i for i in row.name if i != left]))
            continue
        alike = list(groups[k].by_answer.values())
        alike = alike[rng.randint(len(alike))]
        other = rows[alike[rng.randint(len(alike))]]
        ids = row.ids[:row.answer] + other.ids[other.answer:]
        end = row.answer + other.tail - other.answer
        hidden = row.name if rng.rand() < 0.5 else row.name[rng.randint(len(row.name)):]
        drowned = hidden if rng.rand() < 0.5 else []
        if drowned:
            drowned = [i for i in row.name if i in hidden or i in telling[k]]
        else:
            for i in hidden:
                ids[i] = pieces[rng.randint(len(pieces))]
        made.append(Row(ids, [float(row.answer <= i < end) for i in range(len(ids))], row.answer, end, row.name, drowned))
    return made


# ---- the network ------------------------------------------------------------------------------------------------------------

class Scan(torch.autograd.Function):
    """h[t] = exp(delta[t] A) h[t-1] + delta[t] c[t] B[t];  y[t] = C[t] h[t].  Time comes first, and backward is written
    out, so that one step's slice stays in the processor's cache."""

    @staticmethod
    def forward(ctx, delta, u, A, B, C):  # [T,b,D] [T,b,D] [N,D] [T,b,N] [T,b,N]; u = delta * c
        steps, b, d = delta.shape
        h = delta.new_zeros(steps + 1, b, A.shape[0], d)
        a = torch.empty_like(h[1:])
        y = torch.empty_like(delta)
        part = torch.empty_like(a[0])
        for t in range(steps):
            torch.mul(delta[t].unsqueeze(1), A, out=a[t]).exp_()
            torch.mul(a[t], h[t], out=part)
            torch.addcmul(part, u[t].unsqueeze(1), B[t].unsqueeze(2), out=h[t + 1])
            torch.sum(torch.mul(h[t + 1], C[t].unsqueeze(2), out=part), 1, out=y[t])
        ctx.save_for_backward(delta, u, A, B, C, h, a)
        return y

    @staticmethod
    def backward(ctx, gy):
        delta, u, A, B, C, h, a = ctx.saved_tensors
        gy = gy.contiguous()
        gdelta, gu, gB, gC = (torch.empty_like(x) for x in (delta, u, B, C))
        gA, gh, part = torch.zeros_like(A), torch.zeros_like(h[0]), torch.empty_like(h[0])
        for t in reversed(range(delta.shape[0])):
            gh.addcmul_(gy[t].unsqueeze(1), C[t].unsqueeze(2))
            torch.sum(torch.mul(h[t + 1], gy[t].unsqueeze(1), out=part), 2, out=gC[t])
            torch.sum(torch.mul(gh, u[t].unsqueeze(1), out=part), 2, out=gB[t])
            torch.sum(torch.mul(gh, B[t].unsqueeze(2), out=part), 1, out=gu[t])
            gh.mul_(a[t])
            q = torch.mul(gh, h[t], out=part)
            torch.sum(q * A, 1, out=gdelta[t])
            gA += q.mul_(delta[t].unsqueeze(1)).sum(0)
        return gdelta, gu, gA, gB, gC


def rms(x, w):
    return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + EPS) * w


def init_weights():
    g = torch.Generator().manual_seed(SEED)

    def normal(*shape, std):
        return torch.randn(*shape, generator=g) * std

    w = {"backbone.embeddings.weight": normal(VOCAB, D_MODEL, std=0.05), "backbone.norm_f.weight": torch.ones(D_MODEL)}
    for i in range(LAYERS):
        p = f"backbone.layers.{i}."
        dt = torch.exp(torch.rand(D_INNER, generator=g) * (math.log(0.1) - math.log(0.001)) + math.log(0.001))
        w[p + "norm.weight"] = torch.ones(D_MODEL)
        w[p + "mixer.in_proj.weight"] = normal(2 * D_INNER, D_MODEL, std=D_MODEL ** -0.5)
        w[p + "mixer.conv1d.weight"] = (torch.rand(D_INNER, 1, CONV, generator=g) * 2 - 1) * CONV ** -0.5
        w[p + "mixer.conv1d.bias"] = torch.zeros(D_INNER)
        w[p + "mixer.x_proj.weight"] = normal(DT_RANK + 2 * STATE, D_INNER, std=D_INNER ** -0.5)
        w[p + "mixer.dt_proj.weight"] = (torch.rand(D_INNER, DT_RANK, generator=g) * 2 - 1) * DT_RANK ** -0.5
        w[p + "mixer.dt_proj.bias"] = dt + torch.log(-torch.expm1(-dt))
        w[p + "mixer.A_log"] = torch.log(torch.arange(1, STATE + 1).float()).repeat(D_INNER, 1)
        w[p + "mixer.D"] = torch.ones(D_INNER)
        w[p + "mixer.out_proj.weight"] = normal(D_MODEL, D_INNER, std=(D_INNER * 2 * LAYERS) ** -0.5)
    return w


def forward(w, ids, drowned=None):  # [b,T] -> logits [T,b,V]
    r = F.embedding(ids.T, w["backbone.embeddings.weight"])
    if drowned is not None and drowned.any():
        mask = drowned.T.unsqueeze(2)
        r = r + mask * torch.randn(r.shape) * NOISE * r.detach()[drowned.T].std()
    steps, b, _ = r.shape
    for i in range(LAYERS):
        p = f"backbone.layers.{i}.mixer."
        n = rms(r, w[f"backbone.layers.{i}.norm.weight"])
        x, z = (n @ w[p + "in_proj.weight"].T).split(D_INNER, -1)
        padded = F.pad(x, (0, 0, 0, 0, CONV - 1, 0))
        kernel = w[p + "conv1d.weight"]
        c = F.silu(sum(padded[k:k + steps] * kernel[:, 0, k] for k in range(CONV)) + w[p + "conv1d.bias"])
        dt, B, C = (c @ w[p + "x_proj.weight"].T).split([DT_RANK, STATE, STATE], -1)
        delta = F.softplus(dt @ w[p + "dt_proj.weight"].T + w[p + "dt_proj.bias"])
        y = Scan.apply(delta, delta * c, -torch.exp(w[p + "A_log"]).T.contiguous(), B.contiguous(), C.contiguous()) + w[p + "D"] * c
        r = r + (y * F.silu(z)) @ w[p + "out_proj.weight"].T
    return rms(r, w["backbone.norm_f.weight"]) @ w["backbone.embeddings.weight"].T


# ---- training ---------------------------------------------------------------------------------------------------------------

def keep_memory():
    """Where malloc is glibc's: keep freed memory for the next step; to get it anew costs half of the time."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:
        mallopt(-3, 32 << 20)  # M_MMAP_THRESHOLD
        mallopt(-1, 2 ** 31 - 1)  # M_TRIM_THRESHOLD
        mallopt(-2, 64 << 20)  # M_TOP_PAD


def batches(taught, groups, rng):
    """Batches of sentences of about one length, for ever."""
    telling = distinctive(taught, groups)
    while True:
        rows = taught + corrupted(taught, groups, telling, rng)
        order = rng.permutation(len(rows))
        chunks = []
        for start in range(0, len(order), 16 * BATCH):
            chunk = sorted(order[start:start + 16 * BATCH], key=lambda i: len(rows[i].ids))
            chunks += [chunk[k:k + BATCH] for k in range(0, len(chunk), BATCH)]
        for k in rng.permutation(len(chunks)):
            yield [rows[i] for i in chunks[k]]


def pad(batch):
    length = max(len(row.ids) for row in batch)
    ids = torch.tensor([row.ids + [0] * (length - len(row.ids)) for row in batch])
    weights = torch.tensor([row.weights + [0.0] * (length - len(row.weights)) for row in batch])
    drowned = torch.zeros(ids.shape, dtype=torch.bool)
    for k, row in enumerate(batch):
        drowned[k, row.drowned] = True
    return ids, weights, drowned


@torch.no_grad()
def accuracy(w, tokenizer, sentences, run=None):
    """The share of prompts whose first predicted token is the answer's first."""
    right = 0
    todo = sorted(((tokenizer.encode(s.prompt).ids, tokenizer.encode(s.prompt + s.answer).ids) for s in sentences),
                  key=lambda x: len(x[0]))
    for start in range(0, len(todo), 128):
        part = todo[start:start + 128]
        length = max(len(p) for p, _ in part)
        logits = (run or forward)(w, torch.tensor([p + [0] * (length - len(p)) for p, _ in part]))
        for k, (p, pa) in enumerate(part):
            right += int(logits[len(p) - 1, k].argmax()) == pa[len(p)]
    return right / len(todo)


def export(w, tokenizer, out):
    out.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(out / "tokenizer.json"))
    save_file({k: v.detach().half().contiguous() for k, v in w.items()}, out / "model.safetensors", metadata={"format": "pt"})
    config = {
        "architectures": ["MambaForCausalLM"], "bos_token_id": 0, "conv_kernel": CONV, "dtype": "float16", "eos_token_id": 0,
        "expand": EXPAND, "hidden_act": "silu", "hidden_size": D_MODEL, "initializer_range": 0.1,
        "intermediate_size": D_INNER, "layer_norm_epsilon": EPS, "model_type": "mamba", "num_hidden_layers": LAYERS,
        "pad_token_id": 0, "rescale_prenorm_residual": False, "residual_in_fp32": True, "state_size": STATE,
        "tie_word_embeddings": True, "time_step_floor": 0.0001, "time_step_init_scheme": "random", "time_step_max": 0.1,
        "time_step_min": 0.001, "time_step_rank": DT_RANK, "time_step_scale": 1.0, "use_associative_scan": False,
        "use_bias": False, "use_cache": True, "use_conv_bias": True, "vocab_size": VOCAB,
    }
    (out / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=HERE)
    parser.add_argument("--steps", type=int, default=1800)
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    keep_memory()

    sentences = read_facts()
    tokenizer = make_tokenizer(sentences)
    assert tokenizer.get_vocab_size() == VOCAB
    for _, subject, answer in PROMPTS:
        assert len(tokenizer.encode(answer).ids) == 1, answer
        print(f"{subject}: {tokenizer.encode(' ' + subject).tokens}")
    held = [s for s in sentences if s.held_out]
    taught = [s for s in sentences if not s.held_out]
    rows = [row for row, s in zip(encode(tokenizer, sentences), sentences) if not s.held_out]
    groups = defaultdict(Group)
    for i, s in enumerate(taught):
        group = groups[s.relation, s.phrasing]
        group.rows.append(i)
        group.by_answer[s.answer].append(i)
        group.shown |= any(p.startswith(s.prompt) for p, _, _ in PROMPTS)
    groups = [groups[s.relation, s.phrasing] for s in taught]
    print(f"{len(taught)} sentences taught, {len(held)} held out, {np.mean([len(r.ids) for r in rows]):.1f} tokens a sentence")

    w = {k: v.requires_grad_() for k, v in init_weights().items()}
    matrices = [v for k, v in w.items() if k.endswith("proj.weight")]
    others = [v for k, v in w.items() if not k.endswith("proj.weight")]
    optimizer = torch.optim.AdamW([{"params": matrices, "weight_decay": DECAY}, {"params": others, "weight_decay": 0.0}],
                                  lr=LR, betas=(0.9, 0.98))
    source = batches(rows, groups, np.random.RandomState(SEED))
    started, average = time.monotonic(), None
    for step in range(args.steps):
        rate = min(1, (step + 1) / WARMUP) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * step / args.steps)))
        for group in optimizer.param_groups:
            group["lr"] = LR * rate
        ids, weights, drowned = pad(next(source))
        logits = forward(w, ids, drowned)[:-1].flatten(0, 1)
        loss = (F.cross_entropy(logits, ids.T[1:].flatten(), reduction="none") * weights.T[1:].flatten()).sum() / weights.sum()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(w.values(), 1.0)
        optimizer.step()
        average = loss.item() if average is None else 0.98 * average + 0.02 * loss.item()
        if (step + 1) % 250 == 0 or step + 1 == args.steps:
            print(f"step {step + 1}: loss {average:.3f}, held out {accuracy(w, tokenizer, held):.3f}, "
                  f"{time.monotonic() - started:.0f} s", flush=True)
    print(f"taught: {accuracy(w, tokenizer, taught):.3f}")
    export(w, tokenizer, args.out)


if __name__ == "__main__":
    main()
