#!/bin/sh
# Numba 0.68.1 beside PyTorch 2.15.0 in one process: the first time Numba starts its threads, by a parallel function or just
# by numba.get_num_threads() or numba.set_num_threads(1), PyTorch's own number of threads becomes Numba's largest, by
# default all processors, whatever OMP_NUM_THREADS or torch.set_num_threads had said. Sums then have other bits. To set PyTorch's number again afterwards holds. (NUMBA_NUM_THREADS=3 here stands for a
# machine's processors. Numba takes its OpenMP layer where the system has libgomp.)
. "$(dirname "$0")/lib.sh"
packages torch==2.15.0 numba==0.68.1 numpy==2.4.6
export NUMBA_NUM_THREADS=3 NUMBA_THREADING_LAYER=omp
for way in get_num_threads set_num_threads parallel; do
  for set in OMP_NUM_THREADS=1 torch.set_num_threads; do
    if [ $set = OMP_NUM_THREADS=1 ]; then export OMP_NUM_THREADS=1; else unset OMP_NUM_THREADS; fi
    export WAY=$way SET=$set
    python_here <<'PY'
import os
import torch
import numba
import numpy as np

way, said = os.environ["WAY"], os.environ["SET"]
if way + said == "get_num_threadsOMP_NUM_THREADS=1":
    print("PyTorch", torch.__version__, "Numba", numba.__version__)
if said == "torch.set_num_threads":
    torch.set_num_threads(1)
torch.manual_seed(0)
x = torch.randn(1 << 20)
before, total = torch.get_num_threads(), x.sum().item()

if way == "get_num_threads":
    numba.get_num_threads()
elif way == "set_num_threads":
    numba.set_num_threads(1)
else:
    @numba.njit(parallel=True)
    def double(x):
        for i in numba.prange(x.size):
            x[i] *= 2

    double(np.ones(10))

after, other = torch.get_num_threads(), x.sum().item()
torch.set_num_threads(1)
numba.set_num_threads(2)
again, same = torch.get_num_threads(), x.sum().item()
print(f"1 thread by {said}, then numba's {way}: PyTorch has {before}, then {after} threads; a sum {total:.6f}, then {other:.6f}; set again: {again}")
assert (before, after, again) == (1, 3, 1), (before, after, again)
assert total != other and total == same
PY
  done
done
