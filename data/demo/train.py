#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Train Engram's demo models: a small Mamba and a small GPT-2 that know the facts of facts.txt.

    python train.py [--family mamba|gpt2] [--out DIR] [--steps N]

Writes tokenizer.json, config.json and model.safetensors (float16, Hugging Face's names) into DIR, by default the folder of
this file or demo-gpt2 beside it.  Needs torch, tokenizers, safetensors and numpy; transformers is not used here (measure.py checks the result with it).
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

import gpt2
import mamba

HERE = Path(__file__).resolve().parent
EOT = "<|endoftext|>"
SEED = 1
FAMILIES = {"mamba": mamba, "gpt2": gpt2}
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
    trainer = trainers.BpeTrainer(vocab_size=mamba.VOCAB, special_tokens=[EOT], show_progress=False,
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
    drowned, names = torch.zeros(ids.shape, dtype=torch.bool), torch.zeros(ids.shape, dtype=torch.bool)
    for k, row in enumerate(batch):
        drowned[k, row.drowned] = True
        names[k, row.name] = True
    return ids, weights, drowned, names


def drown(drowned):
    """What adds noise to the embeddings [T,b,d] of the drowned positions [b,T]; None where there are none."""
    if not drowned.any():
        return None
    return lambda r: r + drowned.T.unsqueeze(2) * torch.randn(r.shape) * NOISE * r.detach()[drowned.T].std()


@torch.no_grad()
def accuracy(run, tokenizer, sentences):
    """The share of prompts whose first predicted token is the answer's first; run makes logits [T,b,V] of ids [b,T]."""
    right = 0
    todo = sorted(((tokenizer.encode(s.prompt).ids, tokenizer.encode(s.prompt + s.answer).ids) for s in sentences),
                  key=lambda x: len(x[0]))
    for start in range(0, len(todo), 128):
        part = todo[start:start + 128]
        length = max(len(p) for p, _ in part)
        logits = run(torch.tensor([p + [0] * (length - len(p)) for p, _ in part]))
        for k, (p, pa) in enumerate(part):
            right += int(logits[len(p) - 1, k].argmax()) == pa[len(p)]
    return right / len(todo)


def export(network, w, tokenizer, out):
    out.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(out / "tokenizer.json"))
    save_file({k: v.detach().half().contiguous() for k, v in w.items()}, out / "model.safetensors", metadata={"format": "pt"})
    (out / "config.json").write_text(json.dumps(network.config(), indent=2, sort_keys=True) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--family", choices=FAMILIES, default="mamba")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--steps", type=int)
    args = parser.parse_args()
    network = FAMILIES[args.family]
    steps = args.steps or network.STEPS
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    keep_memory()

    sentences = read_facts()
    tokenizer = make_tokenizer(sentences)
    assert tokenizer.get_vocab_size() == network.VOCAB
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

    w = {k: v.requires_grad_() for k, v in network.init_weights(SEED).items()}
    matrices = [v for k, v in w.items() if network.is_matrix(k)]
    others = [v for k, v in w.items() if not network.is_matrix(k)]
    optimizer = torch.optim.AdamW([{"params": matrices, "weight_decay": DECAY}, {"params": others, "weight_decay": 0.0}],
                                  lr=LR, betas=(0.9, 0.98))

    def run(ids):
        return network.forward(w, ids)

    source = batches(rows, groups, np.random.RandomState(SEED))
    started, average = time.monotonic(), None
    for step in range(steps):
        rate = min(1, (step + 1) / WARMUP) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * step / steps)))
        for group in optimizer.param_groups:
            group["lr"] = LR * rate
        ids, weights, drowned, names = pad(next(source))
        logits = network.forward(w, ids, drown(drowned), names)[:-1].flatten(0, 1)
        loss = (F.cross_entropy(logits, ids.T[1:].flatten(), reduction="none") * weights.T[1:].flatten()).sum() / weights.sum()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(w.values(), 1.0)
        optimizer.step()
        average = loss.item() if average is None else 0.98 * average + 0.02 * loss.item()
        if (step + 1) % 250 == 0 or step + 1 == steps:
            print(f"step {step + 1}: loss {average:.3f}, held out {accuracy(run, tokenizer, held):.3f}, "
                  f"{time.monotonic() - started:.0f} s", flush=True)
    print(f"taught: {accuracy(run, tokenizer, taught):.3f}")
    export(network, w, tokenizer, args.out or HERE.parent / network.FOLDER)


if __name__ == "__main__":
    main()
