#!/usr/bin/env python3
"""Writes tokenizers/NAME/: the files of a tokenizer as people have them, and expected.jsonl: [text, [id, …], [start, end, …]] by
line, with the tokens that are put before a text (needs transformers 5.24, tokenizers 0.23).

json-*     a tokenizer.json, in `tokenizers`' own reading: pre-tokenizers, a token before the text
config-*   a tokenizer.json with a tokenizer_config.json, in that of transformers' AutoTokenizer
pair-*     vocab.json and merges.txt, and what may lie beside them; likewise
"""
import json
import pathlib
import shutil
import tempfile

from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers, trainers
from transformers import AutoTokenizer

from make_tokenizer import NASTY, SENTENCES, random_texts

OUT = pathlib.Path(__file__).resolve().parent / "tokenizers"
CL100K = r"""(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"""
QWEN2 = r"""(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"""
GPT2 = r"""'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"""
O200K = r"""[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"""
# Assigned after Unicode 14, which the oldest regular expressions of ours know.
NEWER = {"\u1c89", "\ua7cb", "\U00010d40", "\U0002ebf0", "\U00010efd", "\U00010efe", "\U00010eff"}


def trained():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.train_from_iterator(SENTENCES, trainers.BpeTrainer(
        vocab_size=340, special_tokens=["<|endoftext|>"], initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), show_progress=False))
    return tokenizer


def byte_level(**more):
    return dict(type="ByteLevel", add_prefix_space=False, trim_offsets=True, use_regex=True) | more


def split(pattern, behavior="Isolated", invert=False):
    return dict(type="Split", pattern=pattern if isinstance(pattern, dict) else {"Regex": pattern}, behavior=behavior, invert=invert)


def sequence(*parts):
    return dict(type="Sequence", pretokenizers=list(parts))


def json_kinds():
    """name → the changes to tokenizer.json's root."""
    late = byte_level(use_regex=False)
    template = dict(type="TemplateProcessing", single=[{"SpecialToken": {"id": "<|endoftext|>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
                    pair=[{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
                    special_tokens={"<|endoftext|>": {"id": "<|endoftext|>", "ids": [0], "tokens": ["<|endoftext|>"]}})
    trim = dict(type="ByteLevel", add_prefix_space=False, trim_offsets=True, use_regex=True)
    kinds = {
        "one": dict(pre_tokenizer=sequence(byte_level())),
        "gpt2": dict(pre_tokenizer=sequence(split(GPT2), late)),
        "llama3": dict(pre_tokenizer=sequence(split(CL100K), late), post_processor=dict(type="Sequence", processors=[trim, template])),
        "qwen2": dict(normalizer={"type": "NFC"}, pre_tokenizer=sequence(split(QWEN2), late)),
        "o200k": dict(pre_tokenizer=sequence(split(O200K), late)),
        "qwen2-prefix-space": dict(pre_tokenizer=sequence(split(QWEN2), late | dict(add_prefix_space=True))),
        "removed": dict(pre_tokenizer=sequence(split(GPT2, "Removed", True), late)),
        "digits": dict(pre_tokenizer=sequence(dict(type="Digits", individual_digits=True), byte_level())),
        "digits-together": dict(pre_tokenizer=sequence(dict(type="Digits", individual_digits=False), byte_level(add_prefix_space=True))),
        "falcon": dict(pre_tokenizer=sequence(dict(type="Punctuation", behavior="Contiguous"), byte_level(), dict(type="Digits", individual_digits=False),
                                              split("[0-9][0-9][0-9]"))),
        "bos": dict(post_processor=template),
        "bos-twice": dict(post_processor=template | dict(single=[template["single"][0]] * 2 + template["single"][1:])),
        "text": dict(pre_tokenizer=sequence(split({"String": "a."}, "MergedWithNext"), late)),
        "characters": dict(pre_tokenizer=sequence(split({"String": ""}), late)),
        "lines": dict(pre_tokenizer=sequence(split(r"^\w+|[^\S\n]+$|\d{,2}x", "Contiguous"), byte_level())),
        "escapes": dict(pre_tokenizer=sequence(split(r"(?<=\x61)\u0062|\t\v|[\s\-\]]{2,3}|\W(?!\p{^L})|\D\d", "Isolated"), late)),
    }
    for behavior in ("Removed", "MergedWithPrevious", "MergedWithNext", "Contiguous"):
        kinds["split-" + behavior.lower()] = dict(pre_tokenizer=sequence(split(r"[aeiou ]", behavior), byte_level()))
        kinds["split-" + behavior.lower() + "-invert"] = dict(pre_tokenizer=sequence(split(r"[aeiou ]", behavior, True), late))
    return kinds


def texts(name, extras=(), n=30):
    chosen = NASTY[:70:2] + SENTENCES[::9] + random_texts(name, n, ["<|endoftext|>", "12345", "\r\n", "'S", *extras])
    return [text for text in chosen if not NEWER & set(text) and all(ord(c) < 0x2ebf0 or ord(c) > 0x33480 for c in text)]


def write_expected(folder, rows):
    with open(folder / "expected.jsonl", "w", encoding="utf-8", newline="\n") as file:
        for text, ids, offsets in rows:
            line = json.dumps([text, ids, [x for span in offsets for x in span]], ensure_ascii=False, separators=(",", ":"))
            file.write(line.replace("\\u0000", "\U0010fffd") + "\n")


def new_folder(name):
    folder = OUT / name
    folder.mkdir(parents=True)
    return folder


def make_json(base):
    for name, changes in json_kinds().items():
        folder = new_folder("json-" + name)
        text = json.dumps(base | changes, ensure_ascii=False)
        (folder / "tokenizer.json").write_text(text, encoding="utf-8")
        tokenizer = Tokenizer.from_str(text)
        encodings = [(text, tokenizer.encode(text)) for text in texts(name)]
        write_expected(folder, [(text, it.ids, it.offsets) for text, it in encodings])


def ask_transformers(folder, name, model_type, extras=()):
    with tempfile.TemporaryDirectory() as place:
        for file in folder.iterdir():
            shutil.copy(file, place)
        if not (folder / "config.json").exists():
            (pathlib.Path(place) / "config.json").write_text(json.dumps({"model_type": model_type}))
        tokenizer = AutoTokenizer.from_pretrained(place)
        rows = []
        for text in texts(name, extras):
            it = tokenizer(text, return_offsets_mapping=True)
            rows.append((text, it["input_ids"], it["offset_mapping"]))
        write_expected(folder, rows)


def make_config(base):
    """In transformers the class says whether the tokenizer's pre_tokenizer is built anew."""
    cases = {
        "true": dict(add_prefix_space=True),
        "true-neox": dict(add_prefix_space=True, tokenizer_class="GPTNeoXTokenizer"),
        "true-neox-fast": dict(add_prefix_space=True, tokenizer_class="GPTNeoXTokenizerFast"),
        "false-neox": dict(add_prefix_space=False, tokenizer_class="GPTNeoXTokenizer"),
        "true-gpt2": dict(add_prefix_space=True, tokenizer_class="GPT2Tokenizer"),
        "true-fast": dict(add_prefix_space=True, tokenizer_class="PreTrainedTokenizerFast"),
        "false-fast": dict(add_prefix_space=False, tokenizer_class="PreTrainedTokenizerFast"),
        "true-unknown": dict(add_prefix_space=True, tokenizer_class="MyTokenizer"),
    }
    for name, config in cases.items():
        folder = new_folder("config-" + name)
        # What GPTNeoXTokenizer builds, so that nothing but the space can differ; the file says the opposite.
        root = dict(base, normalizer=None if "gpt2" in name else {"type": "NFC"}, post_processor=None,
                    pre_tokenizer=byte_level(add_prefix_space=name.startswith("false")))
        (folder / "tokenizer.json").write_text(json.dumps(root, ensure_ascii=False), encoding="utf-8")
        config = dict(config, model_max_length=1000000000000000019884624838656, bos_token="<|endoftext|>", eos_token="<|endoftext|>",
                      unk_token="<|endoftext|>", pad_token="<|endoftext|>")
        (folder / "tokenizer_config.json").write_text(json.dumps(config))
        ask_transformers(folder, name, "mamba")


def token(content, **flags):
    return dict(dict(content=content, single_word=False, lstrip=False, rstrip=False, normalized=False, special=False), **flags)


def make_pairs(base):
    ends = dict(bos_token="<|endoftext|>", eos_token="<|endoftext|>", unk_token="<|endoftext|>")
    decoder = {"0": token("<|endoftext|>", special=True), "345": token("<two>", lstrip=True), "344": token("<one>", rstrip=True, normalized=True),
               "343": token("é", normalized=True)}
    cases = {
        "bare": {},
        "gpt2": {"config.json": {"model_type": "gpt2"}},
        "class-gpt2": {"tokenizer_config.json": dict(ends, tokenizer_class="GPT2Tokenizer")},
        "class-in-config": {"config.json": {"model_type": "mamba", "tokenizer_class": "GPT2TokenizerFast"}},
        "prefix-space": {"tokenizer_config.json": dict(ends, add_prefix_space=True)},
        "bos": {"tokenizer_config.json": dict(ends, add_bos_token=True)},
        "bos-gpt2": {"tokenizer_config.json": dict(ends, bos_token="<s>", add_bos_token=True, tokenizer_class="GPT2Tokenizer")},
        "decoder": {"tokenizer_config.json": dict(ends, added_tokens_decoder=decoder, tokenizer_class="GPT2Tokenizer"),
                    "added_tokens.json": {"<ignored>": 350}},
        "decoder-neox": {"tokenizer_config.json": dict(ends, added_tokens_decoder=decoder, pad_token="<pad>", tokenizer_class="GPTNeoXTokenizer")},
        "added": {"added_tokens.json": {"<two>": 999, "<one>": 500, "e\u0301": 600, "<|padding|>": 400}},
        "added-special": {"added_tokens.json": {"<two>": 341, "<one>": 340}, "special_tokens_map.json": dict(
            ends, pad_token="<two>", mask_token=token("<mask>", lstrip=True), additional_special_tokens=["<x>", "<y>"])},
        "extra": {"tokenizer_config.json": dict(ends, extra_special_tokens=["<x>", "<y>"], sep_token="<sep>", tokenizer_class="GPT2Tokenizer")},
        "special-object": {"tokenizer_config.json": dict(ends, pad_token=dict(token("<pad>", lstrip=True), __type="AddedToken"))},
        "windows": {},
    }
    for name, files in cases.items():
        folder = new_folder("pair-" + name)
        (folder / "vocab.json").write_text(json.dumps(base["model"]["vocab"], ensure_ascii=False), encoding="utf-8")
        merges = [m if isinstance(m, str) else " ".join(m) for m in base["model"]["merges"]]
        lines = (["#version: 0.2"] if name != "gpt2" else []) + merges
        (folder / "merges.txt").write_text(("\r\n" if name == "windows" else "\n").join(lines) + "\n", encoding="utf-8", newline="")
        for file, content in files.items():
            (folder / file).write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
        ask_transformers(folder, name, "mamba", ["<one>", "<two>", " <one> ", " <two> ", "<x>", "<pad>", " <mask>", "<sep>", "<s>", "e\u0301", "é", "<|padding|>"])


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    base = json.loads(trained().to_str())
    base["decoder"] = {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}
    make_json(base)
    make_config(base)
    make_pairs(base)


if __name__ == "__main__":
    main()
