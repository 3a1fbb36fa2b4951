#!/bin/sh
# safetensors 0.8.0, safetensors.numpy.save(): a transposed, strided, reversed or broadcast array is written with the right
# shape and other numbers, without a word: the memory behind the view is taken in its own order. 0.5.3 wrote them right.
# Who converts a checkpoint with x.T must write np.ascontiguousarray(x.T).
. "$(dirname "$0")/lib.sh"
packages safetensors==0.8.0 numpy==2.4.6
cat >"$folder/views.py" <<'PY'
import numpy as np, safetensors
from safetensors.numpy import load, save

x = np.arange(12, dtype=np.float32).reshape(3, 4)
views = {"whole": x, "transposed": x.T, "strided": x[:, ::2], "reversed": x[::-1], "broadcast": np.broadcast_to(x[0], (3, 4))}
found = {name: bool(np.array_equal(load(save({"w": view}))["w"], view)) for name, view in views.items()}
copied = all(np.array_equal(load(save({"w": np.ascontiguousarray(view)}))["w"], view) for view in views.values())
print("safetensors", safetensors.__version__, "reads back what was saved:", found, "as contiguous copies:", copied)
PY
NEW=$("$folder/python/bin/python" "$folder/views.py")
python3 -m venv "$folder/old"
"$folder/old/bin/pip" install --quiet --disable-pip-version-check --no-cache-dir safetensors==0.5.3 numpy==2.4.6
OLD=$("$folder/old/bin/python" "$folder/views.py")
export OLD NEW
python_here <<'PY'
import os

print(os.environ["OLD"])
print(os.environ["NEW"])
wrong = "{'whole': True, 'transposed': False, 'strided': False, 'reversed': False, 'broadcast': False}"
assert wrong in os.environ["NEW"] and os.environ["NEW"].endswith("True")
assert "False" not in os.environ["OLD"]
PY
