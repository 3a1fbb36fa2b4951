#!/bin/sh
# ipykernel 6.29.5 against 7.4.0: what a thread shows after its cell has ended. A display goes to whichever cell runs then.
# A print was lost in 6.29.5 and goes to the running cell in 7.4.0; so there clear_output() of a thread that draws
# progress erases what another cell has printed. update() of a display handle alone comes back to its own cell in both.
. "$(dirname "$0")/lib.sh"
packages ipykernel==6.29.5 nbclient==0.11.0 nbformat==5.11.1
cat >"$folder/cells.py" <<'PY'
import json
import nbclient, nbformat

START = "import threading, time\nfrom IPython.display import HTML, clear_output, display\n"

def outputs(body, second):
    cells = [START + body + "\nthreading.Thread(target=later).start()", second + "; time.sleep(1.5)"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbclient.NotebookClient(notebook).execute()
    return [[output.get("text") or output.get("data", {}).get("text/html") for output in cell.outputs] for cell in notebook.cells]

print(json.dumps({
    "print": outputs("def later():\n  time.sleep(.5); print('late')", "1"),
    "display": outputs("def later():\n  time.sleep(.5); display(HTML('late'))", "1"),
    "update": outputs("handle = display(HTML('first'), display_id=True)\ndef later():\n  time.sleep(.5); handle.update(HTML('late'))", "1"),
    "clear": outputs("def later():\n  time.sleep(.5); clear_output(); print('late')", "print('of the second cell')"),
}))
PY
OLD=$("$folder/python/bin/python" "$folder/cells.py" 2>"$folder/log")
"$folder/python/bin/pip" install --quiet --disable-pip-version-check --no-cache-dir ipykernel==7.4.0
NEW=$("$folder/python/bin/python" "$folder/cells.py" 2>"$folder/log")
export OLD NEW
python_here <<'PY'
import json, os

old, new = json.loads(os.environ["OLD"]), json.loads(os.environ["NEW"])
print("ipykernel 6.29.5:", old)
print("ipykernel 7.4.0: ", new)
for found in (old, new):
    assert found["display"] == [[], ["late"]] and found["update"] == [["late"], []]
assert old["print"] == [[], []]
assert new["print"] == [[], ["late\n"]]
assert new["clear"] == [[], ["late\n"]]
PY
