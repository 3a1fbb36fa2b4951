"""Writes study/facts.jsonl, forty facts of the demo models, and study/golden.json: what PyTorch and NumPy make of a study of them.

Run: python3 -m venv venv && venv/bin/pip install torch==2.15 transformers==5.24 tokenizers safetensors numpy==2.4.6 &&
venv/bin/python make_study.py (under tests/golden).

Each fact is traced by forward hooks on transformers' MambaForCausalLM or GPT2LMHeadModel in float64 (hook_tracer.py,
gpt2_hooks.py), at resid, with ten samples; scores are written as float32, which is what a study keeps, and all that follows is
NumPy's on these: the values by role, their means over facts, standard errors, quartiles and bootstrap intervals, and differences
of relations and of models at the same relative depth (make_statistics.py's describe(), which says each in a line).
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from transformers import GPT2LMHeadModel, MambaForCausalLM

HERE = Path(__file__).parent
DEMO = HERE.parents[1] / "data/demo"
sys.path.insert(0, str(DEMO))

import gpt2_hooks  # noqa: E402
import hook_tracer  # noqa: E402
from make_statistics import describe, describe_unpaired, plain  # noqa: E402
from train import read_facts  # noqa: E402

SAMPLES, LEVEL, SEED, MIN_EFFECT = 10, 3.0, 1, 0.05
ROLES = ["subject_first", "subject_middle", "subject_last", "after_first", "further", "last"]
# Facts that are set apart: an answer that neither model gives, and words that say nothing of it.
ODD = [
    {"prompt": "The Eiffel Tower is located in", "subject": "Eiffel Tower", "target": "London", "relation": "location"},
    {"prompt": "The Louvre is located in", "subject": "The", "target": "Paris", "relation": "location"},
]
WORDY = ["location", "tongue", "capital", "founder", "currency"]  # relations with several facts
N_FACTS = 40


def choose_facts():
    """Facts of all relations in several phrasings, more of WORDY's; targets without the space before them."""
    random = np.random.RandomState(21)
    by_relation = {}
    for s in read_facts():
        if not s.held_out:
            by_relation.setdefault(s.relation, []).append(s)
    wanted = [*by_relation, *WORDY * 5]
    facts = []
    for relation in wanted[: N_FACTS - len(ODD)]:
        sentences = by_relation[relation]
        s = sentences[random.randint(len(sentences))]
        bare = s.subject.removeprefix("the ")
        subject = bare if bare in s.prompt else bare[0].upper() + bare[1:]
        facts.append({"prompt": s.prompt, "subject": subject, "target": s.answer.strip(), "relation": relation})
    facts += ODD
    assert len(facts) == N_FACTS
    return [{"id": f"demo-{i}", **fact} for i, fact in enumerate(facts, 1)]


class Mamba:
    name = "demo"

    def __init__(self):
        self.network = hook_tracer.widened(MambaForCausalLM.from_pretrained(DEMO, dtype=torch.float32).eval())
        self.n_layers = len(self.network.backbone.layers)

    def embed(self, ids):
        return self.network.backbone.embeddings(torch.tensor(ids))

    def last_logits(self, embeddings):
        with hook_tracer.all_double():
            return hook_tracer.last_logits(self.network, embeddings)

    def capture(self, embeddings):
        with hook_tracer.all_double():
            return hook_tracer.capture(self.network, embeddings, "resid")

    def restored(self, embeddings, clean, layer, position):
        with hook_tracer.all_double():
            return hook_tracer.restored_logits(self.network, embeddings, clean, "resid", [layer], position)


class GPT2:
    name = "demo-gpt2"

    def __init__(self):
        model = GPT2LMHeadModel.from_pretrained(DEMO.parent / "demo-gpt2", dtype=torch.float32, attn_implementation="eager").eval()
        self.hooked = gpt2_hooks.HookedGPT2(gpt2_hooks.widened(model))
        self.n_layers = self.hooked.L

    def embed(self, ids):
        return self.hooked.embed(ids)

    def last_logits(self, embeddings):
        return self.hooked.forward(embeddings)

    def capture(self, embeddings):
        kept = [[] for _ in range(self.n_layers)]

        def hook(site, layer, position, value):
            if site == "resid":
                kept[layer].append(value)
            return value

        self.hooked.forward(embeddings, hook)
        return [torch.stack(rows, 1) for rows in kept]

    def restored(self, embeddings, clean, layer, position):
        def hook(site, at_layer, at_position, value):
            here = site == "resid" and at_layer == layer and at_position == position
            return clean[layer][:, position].expand_as(value) if here else value

        return self.hooked.forward(embeddings, hook)


@torch.no_grad()
def trace(model, tokenizer, fact):
    """What is known of one fact, as the study is to know it."""
    encoding = tokenizer.encode(fact["prompt"])
    first, last = hook_tracer.subject_range(encoding, fact["prompt"], fact["subject"])
    target = tokenizer.encode(f'{fact["prompt"]} {fact["target"]}').ids[len(encoding.ids)]
    embeddings = model.embed(encoding.ids).double()
    clean = torch.softmax(model.last_logits(embeddings[None])[0], -1)
    known = {"subject_range": [first, last], "n_tokens": len(encoding.ids), "target_id": target}
    if int(clean.argmax()) != target:
        return {"state": "unknown", **known}

    def probability(logits):
        return float(torch.softmax(logits, -1)[:, target].numpy().mean())

    corrupted = hook_tracer.corrupt(embeddings.float(), first, last, SAMPLES, LEVEL, SEED)[0].double()
    high, low = float(clean[target]), probability(model.last_logits(corrupted))
    known |= {"high": high, "low": low}
    if high - low < MIN_EFFECT * high:
        return {"state": "unaffected", **known}
    values = model.capture(embeddings[None])
    scores = [
        [probability(model.restored(corrupted, values, layer, t)) for t in range(len(encoding.ids))]
        for layer in range(model.n_layers)
    ]
    return {"state": "traced", **known, "scores": np.array(scores, np.float32)}


def positions(n_tokens, first, last):
    """Of each role."""
    return [
        [first],
        list(range(first + 1, last)),
        [last],
        list(range(last + 1, min(last + 2, n_tokens))),
        list(range(last + 2, n_tokens - 1)),
        [n_tokens - 1],
    ]


def by_role(known):
    """The values of a traced fact [quantity][role][layer], None where no token has the role."""
    scores = known["scores"].astype(np.float64)
    values = []
    for tokens in positions(known["n_tokens"], *known["subject_range"]):
        score = scores[:, tokens].mean(axis=1) if tokens else None
        effect = score - known["low"] if tokens else None
        values.append([score, effect, effect / (known["high"] - known["low"]) if tokens else None])
    return {quantity: [value[i] for value in values] for i, quantity in enumerate(["score", "effect", "normalized"])}


def rows(facts, quantity, role):
    """[n, layers] of those facts that have a token in the role."""
    return np.array([fact[quantity][role] for fact in facts if fact[quantity][role] is not None])


def summarize(facts):
    """Each quantity's statistics, role by role; null of a role that no fact has."""
    return {
        quantity: [plain(describe(values)) if len(values) else None for values in (rows(facts, quantity, r) for r in range(len(ROLES)))]
        for quantity in ["score", "effect", "normalized"]
    }


def at_depths(curve, n):
    """A curve over layers, read between them at n even depths."""
    return np.interp(np.linspace(0, 1, n), np.linspace(0, 1, len(curve)), curve)


def compare_models(a, b, n):
    """a and b: by id, the values by role of the traced facts."""
    both = [id for id in a if id in b]
    difference = []
    for role in range(len(ROLES)):
        pairs = [(a[id]["effect"][role], b[id]["effect"][role]) for id in both if a[id]["effect"][role] is not None]
        difference.append(plain(describe(np.array([at_depths(x, n) - at_depths(y, n) for x, y in pairs]))))
    return {"facts": len(both), "effect": difference}


def compare_relations(a, b):
    return {"effect": [plain(describe_unpaired(rows(a, "effect", r), rows(b, "effect", r))) for r in (0, 2, 5)], "roles": [0, 2, 5]}


def study(model, tokenizer, facts):
    known = [trace(model, tokenizer, fact) for fact in facts]
    traced = {fact["id"]: by_role(it) for fact, it in zip(facts, known) if it["state"] == "traced"}
    relation = {name: [traced[f["id"]] for f in facts if f["id"] in traced and f["relation"] == name] for name in WORDY}
    states = [it["state"] for it in known]
    print(model.name, {state: states.count(state) for state in set(states)}, {name: len(its) for name, its in relation.items()})
    document = {
        "model": model.name,
        "layers": model.n_layers,
        "facts": [{key: it[key].tolist() if key == "scores" else it[key] for key in it} for it in known],
        "all": summarize(list(traced.values())),
        "relations": {"location": summarize(relation["location"])},
        "location_minus_tongue": compare_relations(relation["location"], relation["tongue"]),
    }
    return document, traced


def main():
    facts = choose_facts()
    tokenizer = Tokenizer.from_file(str(DEMO / "tokenizer.json"))
    (HERE / "study").mkdir(exist_ok=True)
    (HERE / "study/facts.jsonl").write_text("".join(json.dumps(fact, ensure_ascii=False) + "\n" for fact in facts), encoding="utf-8")
    models = [Mamba(), GPT2()]
    documents, traced = zip(*[study(model, tokenizer, facts) for model in models])
    golden = {
        "studies": documents,
        "models": compare_models(*traced, max(model.n_layers for model in models)),
    }
    (HERE / "study/golden.json").write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()
