#!/usr/bin/env python3
"""Writes tokenizer-mixes.jsonl: random mixes of tokenizer.json (or vocab.json and merges.txt) with what may lie beside it, and what
AutoTokenizer of transformers 5.24 makes of them. A line is {"files": {name: its root}, "texts": [[text, [id, …]], …]}, or
{"files": …, "refused": true} where it raises; vocabulary and merges are those of the first line, and "model" says so.
Needs transformers 5.24, tokenizers 0.23.3. `--show N` writes N mixes with their seeds elsewhere, for a search for more.
"""
import argparse
import copy
import json
import os
import pathlib
import random
import tempfile

os.environ["TRANSFORMERS_VERBOSITY"] = "critical"
from transformers import AutoTokenizer

from make_tokenizer import SENTENCES
from make_tokenizer_kinds import byte_level, sequence, split, trained, GPT2, QWEN2

OUT = pathlib.Path(__file__).resolve().parent / "tokenizer-mixes.jsonl"
CONTENTS = ["<|endoftext|>", "<|padding|>", "<one>", "<two>", "<mask>", "é", "e\u0301", "Ġthe", "tower", " in", "<x><y>", "<x>", "[A]"]
NAMES = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"]
CLASSES = ["GPTNeoXTokenizer", "GPTNeoXTokenizerFast", "GPT2Tokenizer", "GPT2TokenizerFast", "PreTrainedTokenizerFast", "TokenizersBackend",
           "MyTokenizer", "LlamaTokenizerFast", "CodeGenTokenizerFast", "Qwen2Tokenizer"]
FLAGS = ["single_word", "lstrip", "rstrip", "normalized", "special"]


class Mix:
    def __init__(self, seed):
        self.random = random.Random(f"mix {seed}")

    def chance(self, p):
        return self.random.random() < p

    def pick(self, values):
        return self.random.choice(values)

    def token(self, *, every=True):
        """An AddedToken as a dictionary; not every: some flags only."""
        flags = {name: self.chance(0.3) for name in FLAGS if every or self.chance(0.5)}
        return {"content": self.pick(CONTENTS), **flags}

    def named(self, *, objects):
        """A token by its text, null, or an object of the form that the file has."""
        if self.chance(0.1):
            return None
        if objects and self.chance(0.3):
            it = self.token()
            if objects == "typed":
                it["__type"] = "AddedToken"
            return it
        return self.pick(CONTENTS)

    def numbers(self, n):
        return self.random.sample(range(338, 352), n) if self.chance(0.8) else [0] + self.random.sample(range(1, 360), n - 1)

    def tokenizer_json(self, base):
        root = copy.deepcopy(base)
        tokens = {}
        for _ in range(self.random.randrange(5)):
            it = self.token()
            tokens[it["content"]] = it
        if self.chance(0.7):
            tokens["<|endoftext|>"] = self.token() | {"content": "<|endoftext|>"}
        root["added_tokens"] = []
        taken = set()
        for content, it in tokens.items():
            number = base["model"]["vocab"].get(content)
            number = number if number is not None else self.random.randrange(340, 400)
            if number not in taken:
                taken.add(number)
                root["added_tokens"].append({"id": number, **it})
        root["added_tokens"].sort(key=lambda it: it["id"])
        # The library warns, and gives the numbers that come next.
        root["normalizer"] = {"type": "NFC"} if self.chance(0.5) else None
        root["pre_tokenizer"] = byte_level(add_prefix_space=self.chance(0.3))
        if self.chance(0.2):
            root["pre_tokenizer"] = sequence(dict(type="Digits", individual_digits=True), byte_level())
        elif self.chance(0.2):
            root["pre_tokenizer"] = sequence(split(self.pick([GPT2, QWEN2])), byte_level(use_regex=False))
        root["post_processor"] = byte_level() if self.chance(0.3) else None
        if self.chance(0.2) and "<|endoftext|>" in tokens:
            root["post_processor"] = dict(
                type="TemplateProcessing", single=[{"SpecialToken": {"id": "<|endoftext|>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
                pair=[{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
                special_tokens={"<|endoftext|>": {"id": "<|endoftext|>", "ids": [0], "tokens": ["<|endoftext|>"]}})
        if self.chance(0.1):
            root["model"]["ignore_merges"] = True
        root["decoder"] = byte_level()
        return root

    def tokenizer_config(self, has_class):
        config = {}
        if has_class:
            config["tokenizer_class"] = self.pick(CLASSES)
        if self.chance(0.3):
            config["add_prefix_space"] = self.chance(0.5)
        if self.chance(0.2):
            config["add_bos_token"] = self.chance(0.7)
        if self.chance(0.5):
            n = self.random.randrange(1, 5)
            config["added_tokens_decoder"] = {str(number): self.token(every=self.chance(0.7)) for number in self.numbers(n)}
        for name in NAMES:
            if self.chance(0.3):
                config[name] = self.named(objects="typed")
        for name in ("extra_special_tokens", "additional_special_tokens"):
            if self.chance(0.2):
                config[name] = [self.named(objects="typed") or "<two>" for _ in range(self.random.randrange(3))]
        if self.chance(0.1):
            config["extra_special_tokens"] = {"image_token": self.pick(CONTENTS)}
        if self.chance(0.1):
            config["video_token"] = self.pick(CONTENTS)
        members = list(config.items())
        self.random.shuffle(members)
        return dict(members)

    def files(self, base):
        files = {"config.json": {"model_type": self.pick(["mamba", "mamba", "gpt2", "mamba2", "gpt_neox"])}}
        pair = self.chance(0.25)
        has_class = self.chance(0.6)
        if pair:
            files["vocab.json"] = files["merges.txt"] = "model"
        else:
            files["tokenizer.json"] = self.tokenizer_json(base)
        if has_class or self.chance(0.6):
            files["tokenizer_config.json"] = self.tokenizer_config(has_class)
        if self.chance(0.4):
            files["special_tokens_map.json"] = {name: self.named(objects="plain") for name in NAMES if self.chance(0.3)}
            if self.chance(0.3):
                files["special_tokens_map.json"]["additional_special_tokens"] = [self.pick(CONTENTS) for _ in range(2)]
        if self.chance(0.4):
            contents = self.random.sample(CONTENTS, self.random.randrange(1, 4))
            files["added_tokens.json"] = dict(zip(contents, self.numbers(len(contents))))
        return files

    def texts(self):
        pieces = CONTENTS + [" ", "  ", "\n", "The tower", " 123", "don't", "e", "\u0301"]
        for _ in range(6):
            yield "".join(self.pick(pieces) + self.pick(["", " ", ""]) for _ in range(self.random.randrange(1, 7)))
        yield self.pick(SENTENCES)


def write_files(folder, files, base):
    for name, root in files.items():
        text = json.dumps(root, ensure_ascii=False)
        if name == "merges.txt":
            text = "\n".join(it if isinstance(it, str) else " ".join(it) for it in base["model"]["merges"]) + "\n"
        elif name == "vocab.json":
            text = json.dumps(base["model"]["vocab"], ensure_ascii=False)
        elif name == "tokenizer.json":
            text = json.dumps(root | {"model": base["model"] | root["model"]}, ensure_ascii=False)
        (pathlib.Path(folder) / name).write_text(text, encoding="utf-8")


def thin(files):
    """Without what all of them share."""
    files = copy.deepcopy(files)
    if "tokenizer.json" in files:
        files["tokenizer.json"]["model"] = {name: value for name, value in files["tokenizer.json"]["model"].items() if name == "ignore_merges"}
    return files


def file_counts(files):
    """Whether ours reads tokenizer.json as it stands where AutoTokenizer would not (docs/whose-numbers.md): no class is named, and the file
    says what the class of the model's type does not build."""
    root = files.get("tokenizer.json")
    named = files.get("tokenizer_config.json", {}).get("tokenizer_class")
    if root is None or named is not None:
        return False
    return (root["pre_tokenizer"]["type"] != "ByteLevel" or root["model"].get("ignore_merges", False)
            or (root["post_processor"] is not None and root["post_processor"]["type"] == "TemplateProcessing"))


def may_differ(files, text):
    """A token that only the class of the model's type has, beyond the vocabulary: ours does not make it up."""
    beside = {"tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"}
    return "tokenizer.json" in files and not beside & set(files) and "<|padding|>" in text


def answer(files, texts, base):
    with tempfile.TemporaryDirectory() as folder:
        write_files(folder, files, base)
        try:
            tokenizer = AutoTokenizer.from_pretrained(folder)
            return [[text, tokenizer(text)["input_ids"]] for text in texts]
        except Exception:
            return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--from", dest="first", type=int, default=0)
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--out", default=OUT)
    arguments = parser.parse_args()
    base = json.loads(trained().to_str())
    with open(arguments.out, "w", encoding="utf-8", newline="\n") as out:
        out.write(json.dumps({"model": base["model"]}, ensure_ascii=False, separators=(",", ":")) + "\n")
        seed, written = arguments.first, 0
        while written < arguments.count:
            mix = Mix(seed)
            seed += 1
            files = mix.files(base)
            texts = [text for text in mix.texts() if not may_differ(files, text)]
            if file_counts(files):
                continue
            written += 1
            rows = answer(files, texts, base)
            line = {"seed": seed - 1, "files": thin(files)} | ({"refused": True} if rows is None else {"texts": rows})
            out.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
