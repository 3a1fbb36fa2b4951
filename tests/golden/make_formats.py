#!/usr/bin/env python3
"""Makes tests/golden/formats/: small files of the formats that Engram reads, and expected.json, what is in them.

    python make_formats.py                 writes the files (needs numpy, safetensors, torch)
    python make_formats.py --check X.npz   loads a file that Engram wrote, as numpy.load does without pickles

Numbers in expected.json are texts: hexadecimal floats (Python's float.hex), decimal integers.
"""

import json
import pathlib
import struct
import sys
import zipfile

import numpy as np

OUT = pathlib.Path(__file__).resolve().parent / "formats"


def describe_array(array):
    values = array.reshape(-1).tolist()
    described = {"shape": list(array.shape)}
    if array.dtype.kind == "U":
        described["strings"] = values
    elif array.dtype.kind == "f":
        described["doubles"] = [float(value).hex() for value in values]
    else:
        described["int64s"] = [str(int(value)) for value in values]
    return described


def arrays():
    """One array of every type that is read, in either byte order, and in either storage order."""
    made = {}
    floats = [[0.0, -0.0, 1.5], [-2.25, 6.103515625e-05, 5.960464477539063e-08], [65504.0, np.inf, np.nan]]
    for order in "<>":
        side = "le" if order == "<" else "be"
        for size in (2, 4, 8):
            made[f"f{size}_{side}"] = np.array(floats, dtype=f"{order}f{size}")
        for size in (1, 2, 4, 8):
            signed, unsigned = np.iinfo(f"i{size}"), np.iinfo(f"u{size}")
            made[f"i{size}_{side}"] = np.array([signed.min, -1, 0, 1, signed.max], dtype=f"{order}i{size}")
            largest = unsigned.max if size < 8 else signed.max
            made[f"u{size}_{side}"] = np.array([0, 1, largest], dtype=f"{order}u{size}")
        made[f"text_{side}"] = np.array([["Paris", "", "größe"], ["日本", "𝄞!", " x "]], dtype=f"{order}U7")
    made["bool"] = np.array([True, False, True])
    made["fortran"] = np.asfortranarray(np.arange(24, dtype="<i4").reshape(2, 3, 4))
    made["fortran_be"] = np.asfortranarray(np.arange(6, dtype=">f8").reshape(3, 2) / 3)
    made["fortran_text"] = np.asfortranarray(np.array([["a", "bc"], ["d", "e"], ["", "f"]]))
    made["scalar_f8"] = np.float64(0.1)
    made["scalar_i8"] = np.int64(-7)
    made["scalar_text"] = np.array(" Paris")
    made["empty"] = np.zeros((0, 3), dtype="<f4")
    made["one"] = np.array([[[[3.0]]]], dtype="<f4")
    made["über"] = np.array([1.0])
    return made


def refused():
    return {
        "object": np.array([None, {"a": 1}], dtype=object),
        "complex": np.array([1j]),
        "structured": np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f4")]),
        "date": np.array(["2020-01-01"], dtype="datetime64[D]"),
        "bytes": np.array([b"abc"]),
        "long": np.zeros(1, dtype=np.longdouble),
    }


def make_npz():
    made = arrays()
    np.savez(OUT / "types.npz", **made)
    np.savez_compressed(OUT / "types-deflated.npz", **made)
    np.savez_compressed(OUT / "small-deflated.npz", numbers=np.arange(20.0), words=np.array(["Eiffel", "Tower"]))
    np.savez(OUT / "refused.npz", allow_pickle=True, **refused())
    with zipfile.ZipFile(OUT / "versions.npz", "w") as archive:
        for major in (1, 2, 3):
            with archive.open(zipfile.ZipInfo(f"v{major}.npy"), "w", force_zip64=major > 1) as file:
                np.lib.format.write_array(file, np.arange(4.0), version=(major, 0))
        archive.writestr(zipfile.ZipInfo("notes.txt"), "not an array")
        archive.writestr(zipfile.ZipInfo("folder/"), "")
    return {name: describe_array(np.asarray(array)) for name, array in made.items()}


def make_written():
    """What test-npz.c writes must be these bytes: Python's zipfile and NumPy's own headers."""
    members = {
        "scores": np.arange(6, dtype="<f4").reshape(2, 3) / 8,
        "low_score": np.array(0.1, dtype="<f8"),
        "subject_range": np.array([4, 10], dtype="<i8"),
        "input_tokens": np.array(["The", " größe", "", "𝄞"]),
        "prompt": np.array("The mother tongue"),
        "nothing": np.array(""),
        "no_rows": np.zeros((0, 4), dtype="<f4"),
        "größe": np.array([-1], dtype="<i8"),
    }
    path = OUT / "written.npz"
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in members.items():
            info = zipfile.ZipInfo(name + ".npy", (1980, 1, 1, 0, 0, 0))
            info.create_system = 3
            info.external_attr = 0o100644 << 16
            with archive.open(info, "w") as file:
                np.lib.format.write_array(file, array, allow_pickle=False)
    check(path)


def describe_tensor(tensor):
    return {
        "dtype": {"torch.float16": "F16", "torch.bfloat16": "BF16"}.get(str(tensor.dtype), "F32"),
        "shape": list(tensor.shape),
        # F64 is narrowed.
        "values": [float(value).hex() for value in tensor.float().reshape(-1).tolist()],
    }


def make_safetensors():
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(1)
    read = {
        "f32": torch.randn(3, 5),
        "f16": torch.randn(7).half(),
        "bf16": torch.randn(2, 1, 4).bfloat16(),
        "scalar": torch.tensor(-0.75),
        "empty": torch.zeros(0, 4),
        "eight": torch.randn(1, 2, 1, 2, 1, 1, 2, 1),
        "größe": torch.tensor([float("inf"), float("nan"), -0.0]),
    }
    unread = {
        "i64": torch.arange(3),
        "bool": torch.tensor([True, False]),
        "f64": torch.randn(2).double(),
        "f8": torch.zeros(4).to(torch.float8_e4m3fn),
    }
    read["f64"] = unread.pop("f64")
    for folder in ("single", "sharded", "unaligned"):
        (OUT / folder).mkdir(parents=True, exist_ok=True)
    save_file(read | unread, OUT / "single" / "model.safetensors", metadata={"format": "pt"})

    shards = {
        "model-00001-of-00002.safetensors": {"a": read["f32"], "unnamed": read["scalar"], "n": unread["i64"]},
        "model-00002-of-00002.safetensors": {"b": read["bf16"], "c": read["f16"], "unnamed": read["f16"].clone()},
    }
    for name, tensors in shards.items():
        save_file(tensors, OUT / "sharded" / name)
    weight_map = {"a": 1, "b": 2, "c": 2, "n": 1}
    index = {
        "metadata": {"total_size": 100},
        "weight_map": {tensor: f"model-0000{n}-of-00002.safetensors" for tensor, n in weight_map.items()},
    }
    (OUT / "sharded" / "model.safetensors.index.json").write_text(json.dumps(index, indent=2) + "\n")

    # No padding behind the header, as old writers left it: the floats begin at an odd offset.
    data = np.array([1.5, -2.5], dtype="<f4").tobytes()
    header = json.dumps({"x": {"dtype": "F32", "shape": [2], "data_offsets": [0, len(data)]}})
    header += " " * (len(header) % 2 == 0)
    (OUT / "unaligned" / "model.safetensors").write_bytes(
        struct.pack("<Q", len(header)) + header.encode() + data
    )
    return {name: describe_tensor(tensor) for name, tensor in read.items()}


def check(path):
    with np.load(path, allow_pickle=False) as loaded:
        for name in loaded.files:
            array = loaded[name]
            print(name, array.dtype, array.shape, array.reshape(-1)[:4].tolist())


def main():
    if sys.argv[1:2] == ["--check"]:
        for path in sys.argv[2:]:
            check(path)
        return
    OUT.mkdir(exist_ok=True)
    expected = {"tensors": make_safetensors(), "arrays": make_npz()}
    (OUT / "expected.json").write_text(json.dumps(expected, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    make_written()


if __name__ == "__main__":
    main()
