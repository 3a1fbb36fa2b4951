#!/bin/sh
# Awkward Array 2.14.0, ak.softmax(x, axis=-1), by its documentation along the last axis. Of an array that came from a NumPy
# matrix (so: of regular lists) each number is divided by the sum that belongs to its column's number, not to its row:
# rows of a square one, as attention scores are, do not add up to 1, and nothing is said; one that is not square is an
# error. With keepdims=True, or as lists of their own lengths ("var"), the same numbers are right. And no maximum is taken
# off before exp, so probabilities of float32 logits around -100 lose digits, and around -120 all are nan.
. "$(dirname "$0")/lib.sh"
packages awkward==2.14.0 awkward_cpp==57 numpy==2.4.6
python_here <<'PY'
import awkward as ak, numpy as np

def exact(x):
    e = np.exp(x.astype(float) - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)

def rows(x, **options):
    return ak.to_numpy(ak.softmax(x, axis=-1, **options))

print("Awkward Array", ak.__version__)
scores = np.random.RandomState(0).randn(4, 4)
square = rows(ak.Array(scores))
ragged = rows(ak.from_regular(ak.Array(scores)))
kept = rows(ak.Array(scores), keepdims=True)
print("rows of 4 x 4 scores add up to", square.sum(-1).round(3), "regular;", ragged.sum(-1), "ragged;", kept.sum(-1), "regular, keepdims=True")
e = np.exp(scores)
assert np.allclose(square, e / e.sum(-1)[None, :], rtol=1e-12) and abs(square.sum(-1) - 1).max() > 0.2
assert np.allclose(ragged, exact(scores), rtol=1e-12) and np.allclose(kept, exact(scores), rtol=1e-12)
head = rows(ak.Array(scores[None]))
print("one head of 4 x 4: rows add up to", head[0].sum(-1).round(3))
assert np.allclose(head[0], square, rtol=1e-12)
try:
    rows(ak.Array(scores[:3]))
    refused = False
except ValueError:
    refused = True
print("3 x 4:", "refused" if refused else "taken")
assert refused

logits = np.random.RandomState(0).randn(1000).astype(np.float32) * 3
for level in (-30, -100, -105, -120):
    moved = logits + np.float32(level)
    p = rows(ak.unflatten(moved, [1000]))[0]
    wrong = np.max(abs(p / exact(moved) - 1)[exact(moved) > 1e-3])
    print(f"1000 float32 logits around {level}: most likely {p.max():.5f}, is {exact(moved).max():.5f}; of those beyond 0.001 wrong by up to {wrong:.1e}")
    assert np.isnan(wrong) if level == -120 else wrong < 2e-6 if level == -30 else wrong > 1e-4
PY
