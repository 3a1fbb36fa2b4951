#!/bin/sh
# ipykernel 7.4.0, jupyter_client 8.10.0: "interrupt" of a cell goes to the kernel's whole process group. A program that
# the kernel has started and keeps (a server of a module's, say) gets SIGINT too and dies, unless it has a session of its own.
. "$(dirname "$0")/lib.sh"
packages ipykernel==7.4.0 jupyter_client==8.10.0
export JUPYTER_PLATFORM_DIRS=1 JUPYTER_DATA_DIR="$folder/data" JUPYTER_RUNTIME_DIR="$folder/run"
python_here 2>"$folder/log" <<'PY'
import time
import ipykernel, jupyter_client
from jupyter_client.manager import start_new_kernel

CELL = """
import subprocess, sys, time
PROGRAM = "import time\\ntry:\\n  time.sleep(30)\\nexcept KeyboardInterrupt:\\n  raise SystemExit(7)"
kept = [subprocess.Popen([sys.executable, "-c", PROGRAM], start_new_session=own) for own in (False, True)]
try:
    time.sleep(20)
except KeyboardInterrupt:
    pass
time.sleep(1)
print([child.poll() for child in kept])
for child in kept:
    child.kill()
"""
manager, client = start_new_kernel(kernel_name="python3")
client.execute(CELL)
time.sleep(4)
manager.interrupt_kernel()
text = ""
while "]" not in text:
    message = client.get_iopub_msg(timeout=30)
    if message["msg_type"] == "stream" and message["content"]["name"] == "stdout":
        text += message["content"]["text"]
manager.shutdown_kernel(now=True)
print("ipykernel", ipykernel.__version__, "jupyter_client", jupyter_client.__version__)
print("status of a child of the kernel's group, and of one in its own session:", text.strip())
assert text.strip() == "[7, None]", text
PY
