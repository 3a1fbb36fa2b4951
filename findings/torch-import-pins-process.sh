#!/bin/sh
# PyTorch 2.15.0 where the environment has OMP_PLACES or OMP_PROC_BIND, as some clusters set them for all jobs: `import torch`
# binds the thread that imports it to one processor, and what Python starts from then on inherits it: threads and subprocesses,
# and so pools, whatever number of workers they have. torch.get_num_threads() shows nothing of it. OMP_PROC_BIND=false binds
# nothing. To set the mask again after the import helps, and holds.
. "$(dirname "$0")/lib.sh"
packages torch==2.15.0 numpy==2.4.6
for setting in OMP_PLACES=cores OMP_PROC_BIND=true OMP_PROC_BIND=spread OMP_PROC_BIND=false; do
  (
    unset OMP_PLACES OMP_PROC_BIND GOMP_CPU_AFFINITY OMP_NUM_THREADS
    export "${setting?}" SETTING=$setting
    python_here <<'PY'
import os, subprocess, sys, threading

look = "import os; print(len(os.sched_getaffinity(0)))"

def of_child():
    return int(subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True).stdout)

def of_thread():
    found = []
    thread = threading.Thread(target=lambda: found.append(len(os.sched_getaffinity(0))))
    thread.start()
    thread.join()
    return found[0]

mask = os.sched_getaffinity(0)
if len(mask) < 2:
    sys.exit("this needs a machine with two processors")
import numpy
before = (len(os.sched_getaffinity(0)), of_child(), of_thread())
import torch
after = (len(os.sched_getaffinity(0)), of_child(), of_thread())
threads = torch.get_num_threads()
os.sched_setaffinity(0, mask)
torch.rand(1 << 20).exp().sum()
torch.rand(300, 300) @ torch.rand(300, 300)
healed = (len(os.sched_getaffinity(0)), of_child(), of_thread())
print(f"PyTorch {torch.__version__}, {os.environ['SETTING']}: processors of this thread, a subprocess and a new thread: before the import {before},")
print(f"  after it {after} (torch.get_num_threads() {threads}), with the mask set again, and after some work, {healed}")
whole = (len(mask),) * 3
assert before == healed == whole
assert after == (whole if os.environ["SETTING"].endswith("false") else (1, 1, 1)), after
PY
  )
done
