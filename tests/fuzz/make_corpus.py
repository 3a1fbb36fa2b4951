#!/usr/bin/env python3
"""Writes corpus/TARGET/: small inputs to begin with, most of them taken from tests/golden (which needs to be there, and nothing
else).

    make_corpus.py
"""
import json
import pathlib
import shutil
import struct
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
GOLDEN = HERE.parent / "golden"
OUT = HERE / "corpus"
BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}


def put(target, name, content):
    folder = OUT / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def safetensors(header, data=b""):
    text = json.dumps(header).encode() if isinstance(header, dict) else header
    return struct.pack("<Q", len(text)) + text + data


def make_safetensors():
    def tensor(dtype, shape, begin, end):
        return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}
    put("safetensors", "few", safetensors({"__metadata__": {"format": "pt"}, "a": tensor("F32", [2, 1], 0, 8), "b": tensor("F16", [], 8, 10)}, bytes(10)))
    put("safetensors", "wide", safetensors({"__metadata__": None, "a": tensor("F64", [2], 0, 16), "c": tensor("C64", [1], 16, 24)}, bytes(24)))
    put("safetensors", "odd", safetensors({"a": tensor("F4", [2, 3], 0, 3), "n": tensor("NEW", [9], 3, 5), "d": tensor("BF16", [1] * 9, 5, 7)}, bytes(7)))
    put("safetensors", "none", safetensors(b" {}  "))
    put("safetensors", "single", (GOLDEN / "formats/single/model.safetensors").read_bytes())


def make_torch():
    for name in ("no-checksums", "deflated", "frame-state_dict"):
        path = GOLDEN / "pytorch" / name / "pytorch_model.bin"
        put("torch", name, path.read_bytes())
    paths = [*GOLDEN.glob("pytorch/frame-*/pytorch_model.bin"), *GOLDEN.glob("pytorch/lightning/*.ckpt"), GOLDEN / "pytorch/views/pytorch_model.bin"]
    for path in paths:
        with zipfile.ZipFile(path) as archive:
            name = next(n for n in archive.namelist() if n.endswith("/data.pkl"))
            put("pickle", path.parent.name, archive.read(name))


def make_tokenizers():
    base = {"version": "1.0", "added_tokens": [], "normalizer": {"type": "NFC"}, "pre_tokenizer": BYTE_LEVEL, "post_processor": BYTE_LEVEL,
            "decoder": BYTE_LEVEL, "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2, "\u0120": 3, "<x>": 4}, "merges": ["a b"]}}
    token = {"id": 5, "content": "<y>", "single_word": True, "lstrip": True, "rstrip": True, "normalized": True, "special": False}
    template = {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<x>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
                "special_tokens": {"<x>": {"id": "<x>", "ids": [4], "tokens": ["<x>"]}}}
    late = dict(BYTE_LEVEL, use_regex=False)
    split = {"type": "Split", "pattern": {"Regex": "(?i:'s)|[^\\r\\n\\p{L}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)"}, "behavior": "Isolated", "invert": False}
    others = [{"type": "Digits", "individual_digits": True}, {"type": "Punctuation", "behavior": "Contiguous"},
              {"type": "Split", "pattern": {"String": "a"}, "behavior": "MergedWithNext", "invert": True}]
    cases = {"base": {}, "added": {"added_tokens": [token, dict(token, id=4, content="<x>", normalized=False)]}, "first": {"post_processor": template},
             "split": {"pre_tokenizer": {"type": "Sequence", "pretokenizers": [split, late]}},
             "parts": {"pre_tokenizer": {"type": "Sequence", "pretokenizers": [others[0], others[1], BYTE_LEVEL, others[2]]}},
             "pairs": {"model": dict(base["model"], merges=[["a", "b"]], ignore_merges=True, unk_token="a", fuse_unk=True)}}
    for name, changes in cases.items():
        put("tokenizer", name, json.dumps(base | changes, ensure_ascii=False))
    vocabulary, merges = json.dumps(base["model"]["vocab"], ensure_ascii=False), "#version: 0.2\na b\n"
    config = json.dumps({"add_prefix_space": True, "add_bos_token": True, "bos_token": "<s>", "added_tokens_decoder": {"7": token}, "pad_token": {"content": "<p>", "lstrip": True}})
    special = json.dumps({"eos_token": "</s>", "additional_special_tokens": ["<u>"]})
    for name, parts in {"two": [vocabulary, merges], "config": [vocabulary, merges, config], "all": [vocabulary, merges, "{}", special, json.dumps({"<q>": 9})]}.items():
        put("pair", name, "\n%%\n".join(parts))


def make_json():
    texts = {"empty": "{}", "nested": '{"model": {"vocab": {"a": 0}, "merges": ["a b"]}, "x": [[], {}, [1, -2.5e+3, true, false, null]]}',
             "texts": '{"\\u00e9\\ud83d\\ude00": "\\"\\\\\\/\\b\\f\\n\\r\\t", "é": "é"}', "names": '{"a": Infinity, "b": -Infinity, "c": NaN, "d": {"__float__": "NaN"}}',
             "twice": '{"a": 1,\n "a": 2}', "cut": '{"a": [1,'}
    for name, text in texts.items():
        put("json", name, text)
    for path in (GOLDEN / "pytorch/original/config.json", GOLDEN / "formats/sharded/model.safetensors.index.json"):
        put("json", path.name, path.read_bytes())


def make_arrays():
    for name in ("small-deflated", "versions", "written", "refused"):
        put("npz", name, (GOLDEN / f"formats/{name}.npz").read_bytes())
    put("npz", "trace", (GOLDEN / "analysis/one-cell.npz").read_bytes())
    for source in ("types", "refused", "versions"):
        with zipfile.ZipFile(GOLDEN / f"formats/{source}.npz") as archive:
            for name in archive.namelist():
                if name.endswith(".npy"):
                    put("npy", f"{source}-{name.removesuffix('.npy')}", archive.read(name))


def make_configs():
    for path in (*GOLDEN.glob("models/*/config.json"), *GOLDEN.glob("pytorch/*/config.json"), GOLDEN.parents[1] / "data/demo/config.json"):
        put("config", path.parent.name, path.read_bytes())
    original = {"d_model": 64, "n_layer": 2, "vocab_size": 509, "ssm_cfg": {"layer": "Mamba1", "d_state": 8, "dt_rank": "auto", "bias": False}, "rms_norm": True,
                "attn_layer_idx": [], "attn_cfg": {}, "d_intermediate": 0, "pad_vocab_size_multiple": 8, "tie_embeddings": True}
    hub = {"model_type": "mamba", "hidden_size": 64, "num_hidden_layers": 2, "expand": 2, "intermediate_size": 96, "time_step_rank": 4, "use_conv_bias": False,
           "rms_norm_eps": 1e-6, "hidden_act": "swish", "quantization_config": {"quant_method": "bitsandbytes", "load_in_8bit": False, "load_in_4bit": False}}
    gpt2 = {"model_type": "gpt2", "n_embd": 64, "n_head": 4, "n_inner": None, "activation_function": "gelu", "scale_attn_by_inverse_layer_idx": True}
    large = hub | {"hidden_size": 1 << 24, "expand": 1 << 24, "state_size": 1 << 24, "intermediate_size": None}
    for name, config in {"original-all": original, "hub-all": hub, "gpt2-all": gpt2, "large": large, "other": {"model_type": "llama"}}.items():
        put("config", name, json.dumps(config, indent=1))


def make_figures():
    for path in (*GOLDEN.glob("analysis/*.npz"), *GOLDEN.glob("rome/*.npz"), GOLDEN / "example_trace.npz"):
        if path.stat().st_size > 16384:
            continue
        put("figure", path.stem, path.read_bytes())
        with zipfile.ZipFile(path) as archive:
            put_arrays(path.stem + "-arrays", {name: archive.read(name) for name in archive.namelist()})
    # What the fuzzer found.
    with zipfile.ZipFile(GOLDEN / "rome/plain.npz") as archive:
        arrays = {name: archive.read(name) for name in archive.namelist()}
    put_arrays("rome-two-damaged-texts", arrays | {"prompt.npy": b"x", "answer.npy": b"x"})
    empty = b"{'descr': '<i8', 'fortran_order': False, 'shape': (0,), }"
    put_arrays("rome-no-ids", arrays | {"input_ids.npy": b"\x93NUMPY\1\0" + struct.pack("<H", len(empty)) + empty})


def put_arrays(name, arrays):
    put("figure", name, b"\n".join(b"%%" + key.encode() + b"\n" + content for key, content in arrays.items()))


def make_facts():
    put("facts", "known", json.dumps([{"known_id": 0, "subject": "Vinson Massif", "attribute": "Antarctica", "template": "{} is located in the continent",
                                       "prediction": " of", "prompt": "Vinson Massif is located in the continent", "relation_id": "P30"},
                                      {"known_id": 1, "subject": "Beats Music", "attribute": "Apple", "prompt": "Beats Music is owned by", "relation_id": None}], indent=2))
    put("facts", "counterfact", json.dumps([{"case_id": 0, "requested_rewrite": {"prompt": "The mother tongue of {} is", "relation_id": "P103", "subject": "Danielle Darrieux",
                                             "target_new": {"str": "English", "id": "Q1860"}, "target_true": {"str": "French", "id": "Q150"}}, "paraphrase_prompts": ["a", "b"]}]))
    put("facts", "lines", '{"prompt": "A {} is", "subject": "cat", "target": "x"}\n# no\n\n{"id": 7, "prompt": "B \\u00e4", "subject": "\u00e4"}\r\n')
    put("facts", "csv", '\ufeffid,subject,note,prompt,target\r\na,"Big, ""Ben""",x,"{} is\nin",London\r\nb,Louvre,,{} is in,\r\n')
    put("facts", "tsv", "prompt\tsubject\tRelation\n{} is in\tBig Ben\tlocation\n")
    put("facts", "plain", "# of no form but tabs\nBig Ben is in\tBig Ben\nThe Louvre is in\tLouvre\tParis\tlocation\tid\n")
    put("facts", "same-id", "a is\ta\t\t\t5\nb is\tb\t\t\t5\n")
    put("facts", "open-quotes", 'prompt,subject\n"a is,a\n')
    put("facts", "many-columns", "prompt,subject\na is,a,b\n")
    put("facts", "no-end", '[{"prompt": "a is", "subject": "a"}, {"prompt": "')
    put("facts", "no-comma", '[{"prompt": "a is", "subject": "a"} {"prompt": "b is", "subject": "b"}]')
    put("facts", "no-subject", '{"prompt": "a is", "subject": ""}')
    put("facts", "number", '{"prompt": 5, "subject": "5", "target": 1.5}')
    put("facts", "no-form", "nothing of the kind\n")
    # Written by "study run demo --limit 2".
    settings = json.loads((HERE / "study/study.json").read_text())
    put("facts", "settings", json.dumps(settings))
    settings["request"]["samples"] = -1
    put("facts", "settings-negative", json.dumps(settings))
    journal = (HERE / "study/journal").read_bytes()
    put("facts", "journal", journal)
    put("facts", "journal-short", journal[:-5])
    length = struct.unpack_from("<I", journal, 12)[0]
    put("facts", "record", journal[32:32 + length])


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    make_safetensors()
    make_torch()
    make_tokenizers()
    make_json()
    make_arrays()
    make_configs()
    make_figures()
    make_facts()


if __name__ == "__main__":
    main()
