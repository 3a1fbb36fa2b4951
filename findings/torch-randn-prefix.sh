#!/bin/sh
# PyTorch 2.15.0 on a processor, torch.randn with one seed: fewer numbers are not the first ones of more. Below 16 numbers
# it draws by another way; past 16, when the count is no multiple of 16, the last 16 are drawn anew. So "the same seed with
# more samples" changes the noise of the first samples, or not, by how many tokens and channels there are. float64 is
# another stream; rand() and NumPy's RandomState have no such edges.
. "$(dirname "$0")/lib.sh"
packages torch==2.15.0 numpy==2.4.6
python_here <<'PY'
import numpy as np, torch

def draw(*shape, dtype=torch.float32):
    torch.manual_seed(1)
    return torch.randn(*shape, dtype=dtype)

def agree(n):
    one, many = draw(n), draw(64)
    return next((i for i in range(n) if one[i] != many[i]), n)

found = {n: agree(n) for n in (8, 15, 16, 17, 20, 31, 32, 40)}
print("PyTorch", torch.__version__)
print("of randn(n), so many are the first of randn(64):", found)
print("4 samples are the first of 8, of 3 tokens x 5 channels:", torch.equal(draw(4, 3, 5), draw(8, 3, 5)[:4]))
print("4 samples are the first of 8, of 2 tokens x 8 channels:", torch.equal(draw(4, 2, 8), draw(8, 2, 8)[:4]))
assert found == {8: 0, 15: 0, 16: 16, 17: 1, 20: 4, 31: 15, 32: 32, 40: 24}, found
assert not torch.equal(draw(4, 3, 5), draw(8, 3, 5)[:4]) and torch.equal(draw(4, 2, 8), draw(8, 2, 8)[:4])
assert not torch.allclose(draw(64, dtype=torch.float64).float(), draw(64))
assert np.array_equal(np.random.RandomState(1).randn(60), np.random.RandomState(1).randn(120)[:60])
PY
