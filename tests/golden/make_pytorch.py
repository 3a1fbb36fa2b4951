#!/usr/bin/env python3
"""Makes tests/golden/pytorch/: files of torch.save, and expected.json, what is in them (needs torch, numpy, safetensors).

views/     tensors of every dtype that is read, views of shared storages with offsets and strides, a parameter, a scalar
deflated/  the same, compressed, with zip64 records
original/  models/expand2 in the original layout of mamba_ssm: other names, the head tied, no tokenizer in the folder
shards/    models/half in Hugging Face's layout, in two files with an index
old.bin    the format before PyTorch 1.6
frame-*/   the tensors of views/ as a member of another dictionary; lightning/ likewise, in a .ckpt
no-checksums/  the same as views/, without the archive's checksums
"""
import json
import shutil
import zipfile
from collections import OrderedDict, defaultdict
from pathlib import Path

import torch
from safetensors.torch import load_file

HERE = Path(__file__).resolve().parent
OUT = HERE / "pytorch"


def views():
    base = torch.arange(24, dtype=torch.float32) / 8
    grid = base.view(4, 6)
    half = torch.tensor([0.0, -1.5, 65504.0, 6e-8], dtype=torch.float16)
    return OrderedDict(
        whole=base,
        same=base,
        grid=grid,
        offset=base[5:9],
        transposed=grid.t(),
        column=grid[:, 2],
        every_other=base[1::2],
        block=grid[1:3, 2:5],
        deep=base.view(2, 3, 4).permute(2, 0, 1),
        scalar=torch.tensor(2.5),
        empty=torch.zeros(0, 3),
        half=half,
        half_offset=half[1:3],
        bfloat=torch.tensor([1.0, -2.0, 3.140625], dtype=torch.bfloat16),
        parameter=torch.nn.Parameter(torch.tensor([[1.0, 2.0]])),
        count=torch.tensor([3, 4]),
        double=torch.tensor([0.1, -1e300, 1e-50, 3.0000000001], dtype=torch.float64),
        turned=torch.complex(torch.arange(3.0), torch.tensor([1.5, -2.5, 0.0])).conj().imag,
        turned_double=torch.complex(torch.arange(2.0), torch.tensor([0.1, -2.5])).to(torch.complex128).conj().imag,
        expanded=torch.tensor([[1.0], [2.0]]).expand(2, 5),
        one_value=torch.tensor(0.25).expand(3, 4),
        attributes=with_attributes(torch.tensor([3.0, 4.0])),
        float8=torch.ones(2).to(torch.float8_e4m3fn),
        uint16=torch.ones(3).to(torch.uint16),
        complex=torch.complex(torch.ones(2), torch.ones(2)),
        conjugate=torch.complex(torch.ones(2), torch.ones(2)).conj(),
        deepest=base[:1].view([1] * 9),
    )


UNREAD = ("count", "float8", "uint16", "complex", "conjugate", "deepest")


def with_attributes(tensor):
    parameter = torch.nn.Parameter(tensor)
    parameter._no_weight_decay = True
    parameter.size_then = tensor.shape
    return parameter


def describe(tensor):
    dtype = {torch.float16: "F16", torch.bfloat16: "BF16"}.get(tensor.dtype, "F32")  # F64 is narrowed
    values = [float(value).hex() for value in tensor.detach().float().reshape(-1).tolist()]
    return {"dtype": dtype, "shape": list(tensor.shape), "values": values}


def deflate(source, target):
    with zipfile.ZipFile(source) as stored, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for info in stored.infolist():
            entry = zipfile.ZipInfo(info.filename, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            with packed.open(entry, "w", force_zip64=True) as file:
                file.write(stored.read(info))


def save(state, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(state, path)


def save_frames(state):
    """As training programs write them; what stands beside the tensors is none of a reader's business."""
    odd = {"size": torch.Size([2]), "device": torch.device("cpu"), "dtype": torch.float32, "set": {1, 2}, "big": 10**12, "rate": 0.1,
           "counts": defaultdict(int, a=1), "none": None, "nested": [{"exp_avg": torch.ones(3)}, (1, "x")]}
    lightning = {"epoch": 3, "global_step": 70000, "pytorch-lightning_version": "2.4.0", "state_dict": state, "loops": odd,
                 "callbacks": {"ModelCheckpoint{'monitor': None}": {"best_model_score": torch.tensor(0.5)}}, "optimizer_states": [odd], "lr_schedulers": []}
    frames = {"state_dict": {"state_dict": state, "epoch": 3}, "model": {"step": 10, "optimizer": odd, "model": state}, "module": {"module": state},
              "model_state_dict": {"model_state_dict": state, "loss": torch.tensor(1.0)}, "beside": dict(state, step=3, extra=odd)}
    for name, content in frames.items():
        save(content, OUT / f"frame-{name}" / "pytorch_model.bin")
    save(lightning, OUT / "lightning" / "epoch=3-step=70000.ckpt")


def save_without_checksums(state):
    torch.serialization.set_crc32_options(False)
    save(state, OUT / "no-checksums" / "pytorch_model.bin")
    torch.serialization.set_crc32_options(True)


def save_original():
    source = HERE / "models" / "expand2"
    config = json.loads((source / "config.json").read_text())
    weights = load_file(source / "model.safetensors")
    state = OrderedDict((name.replace("backbone.embeddings.", "backbone.embedding."), value) for name, value in weights.items())
    state["lm_head.weight"] = state["backbone.embedding.weight"]
    state._metadata = OrderedDict({"": {"version": 1}, "backbone": {"version": 1}})
    save(state, OUT / "original" / "pytorch_model.bin")
    original = {
        "d_model": config["hidden_size"],
        "n_layer": config["num_hidden_layers"],
        "vocab_size": config["vocab_size"] - 1,
        "ssm_cfg": {"d_state": config["state_size"], "d_conv": config["conv_kernel"], "expand": config["expand"]},
        "rms_norm": True,
        "residual_in_fp32": True,
        "fused_add_norm": True,
        "pad_vocab_size_multiple": config["vocab_size"],
    }
    (OUT / "original" / "config.json").write_text(json.dumps(original, indent=2) + "\n")
    shutil.copy(source / "tokenizer.json", OUT / "tokenizer.json")


def save_shards():
    source = HERE / "models" / "half"
    weights = load_file(source / "model.safetensors")
    names = sorted(weights)
    half = len(names) // 2
    files = {"pytorch_model-00001-of-00002.bin": names[:half], "pytorch_model-00002-of-00002.bin": names[half:]}
    for file, part in files.items():
        save({name: weights[name] for name in part}, OUT / "shards" / file)
    index = {"metadata": {}, "weight_map": {name: file for file, part in files.items() for name in part}}
    (OUT / "shards" / "pytorch_model.bin.index.json").write_text(json.dumps(index, indent=1) + "\n")
    for name in ("config.json", "tokenizer.json"):
        shutil.copy(source / name, OUT / "shards" / name)


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    state = views()
    save(state, OUT / "views" / "pytorch_model.bin")
    (OUT / "deflated").mkdir()
    deflate(OUT / "views" / "pytorch_model.bin", OUT / "deflated" / "pytorch_model.bin")
    read = {name: describe(value) for name, value in state.items() if name not in UNREAD}
    (OUT / "expected.json").write_text(json.dumps({"made_by": torch.__version__, "tensors": read}, indent=1) + "\n")
    save_frames(state)
    save_without_checksums(state)
    save_original()
    save_shards()
    torch.save({"w": torch.ones(2)}, OUT / "old.bin", _use_new_zipfile_serialization=False)


main()
