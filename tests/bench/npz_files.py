"""NumPy's .npz files with Python's own library: read, compared bit for bit, and written."""
import ast
import math
import struct
import zipfile

# Of little-endian numbers, by NumPy's name of the type.
FORMATS = {"f4": "f", "f8": "d", "i8": "q", "i4": "i", "u4": "I", "u8": "Q", "i1": "b", "u1": "B", "b1": "?"}


class Array:
    """dtype as NumPy spells it («<f4», «<U12»), shape, and the bytes of the elements."""

    def __init__(self, dtype, shape, data):
        self.dtype, self.shape, self.data = dtype, tuple(shape), bytes(data)

    def __eq__(self, other):
        return (self.dtype, self.shape, self.data) == (other.dtype, other.shape, other.data)

    def values(self):
        """All elements, row after row."""
        kind = self.dtype.lstrip("<>|=")
        if kind[0] == "U":
            width = 4 * int(kind[1:])
            parts = (self.data[i : i + width] for i in range(0, len(self.data), width)) if width else [b""]
            return [part.decode("utf-32-le").rstrip("\0") for part in parts]
        return [value for (value,) in struct.iter_unpack("<" + FORMATS[kind], self.data)]


def parse_npy(data):
    if data[:6] != b"\x93NUMPY":
        raise ValueError("this is no .npy file")
    size, start = (struct.unpack("<H", data[8:10])[0], 10) if data[6] == 1 else (struct.unpack("<I", data[8:12])[0], 12)
    header = ast.literal_eval(data[start : start + size].decode("utf-8"))
    if header["fortran_order"] and len(header["shape"]) > 1:
        raise ValueError("its elements are stored column after column")
    return Array(header["descr"], header["shape"], data[start + size :])


def format_npy(array):
    header = str({"descr": array.dtype, "fortran_order": False, "shape": array.shape})
    header += " " * (-(10 + len(header) + 1) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + array.data


def read(path):
    """{name: Array}"""
    with zipfile.ZipFile(path) as file:
        return {name.removesuffix(".npy"): parse_npy(file.read(name)) for name in file.namelist()}


def write(path, arrays):
    with zipfile.ZipFile(path, "w") as file:
        for name, array in arrays.items():
            file.writestr(name + ".npy", format_npy(array))


def bits(value):
    """What two values have in common that are the same: a float's bits, so that −0 is not 0 and NaN is NaN."""
    return struct.pack("<d", value) if isinstance(value, float) else value


def difference(old, new):
    """How one array differs from another, in words; None: not in a bit."""
    if old == new:
        return None
    if (old.dtype[1], old.shape) != (new.dtype[1], new.shape):
        return f"{old.dtype} {list(old.shape)} became {new.dtype} {list(new.shape)}"
    pairs = [(a, b) for a, b in zip(old.values(), new.values()) if bits(a) != bits(b)]
    if not pairs:
        return f"{old.dtype} became {new.dtype}"
    text = f"{len(pairs)} of {max(math.prod(old.shape), 1)} differ"
    if all(isinstance(value, float) for pair in pairs for value in pair):
        return f"{text}, by {max(abs(a - b) for a, b in pairs):.1e}"
    return f"{text}: {pairs[0][0]!r} became {pairs[0][1]!r}"
