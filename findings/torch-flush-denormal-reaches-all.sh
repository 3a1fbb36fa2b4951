#!/bin/sh
# PyTorch 2.15.0 on x86-64: torch.set_flush_denormal(True) sets the processor's mode for the calling thread, and threads
# started later inherit it. From then on NumPy, and Python's own float arithmetic, lose numbers below 1.2e-38 and 2.2e-308:
# a probability of 1e-40 becomes 0 and its logarithm -inf, in code that never calls PyTorch.
. "$(dirname "$0")/lib.sh"
packages torch==2.15.0 numpy==2.4.6
python_here <<'PY'
import threading
import numpy as np, torch

def half():
    small = np.array([1e-40], np.float32)
    tiny = float("4e-320")
    return float((small * np.float32(0.5))[0]), tiny * 0.5

def in_a_thread():
    found = []
    thread = threading.Thread(target=lambda: found.append(half()))
    thread.start()
    thread.join()
    return found[0]

before = half()
torch.set_flush_denormal(True)
after, inherited = half(), in_a_thread()
torch.set_flush_denormal(False)
print("PyTorch", torch.__version__, "NumPy", np.__version__)
print("before:", before, "after:", after, "in a new thread:", inherited, "switched off again:", half())
assert before[0] > 0 and before[1] > 0
assert after == inherited == (0.0, 0.0)
assert half() == before
PY
