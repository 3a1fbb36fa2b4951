#!/bin/sh
# huggingface_hub 0.36.0, 1.33.0, 2.4.0: a download that was interrupted left blobs/ETAG.incomplete, the name that 0.36 and the years
# before gave it. 0.36 goes on with it; 1.33 and 2.4 begin anew and leave it behind for good, beside the whole file.
# The Hub is that of the tests (tests/hub/hub_server.py), on the loopback.
. "$(dirname "$0")/lib.sh"
server=$(cd "$(dirname "$0")/../tests/hub" && pwd)
for version in 0.36.0 1.33.0 2.4.0; do
  python3 -m venv "$folder/$version"
  "$folder/$version/bin/pip" install --quiet --disable-pip-version-check --no-cache-dir huggingface_hub==$version
done
cat >"$folder/parts.py" <<'PY'
import os, subprocess, sys, tempfile

folder, server = sys.argv[1:]
sys.path.insert(0, server)
from hub_server import Hub

WEIGHTS = bytes(range(256)) * 4000
FETCH = "from huggingface_hub import snapshot_download; snapshot_download('a/b')"
found = {}
for version in ("0.36.0", "1.33.0", "2.4.0"):
    with Hub({"a/b": {"config.json": b"{}", "model.safetensors": WEIGHTS}}) as hub, tempfile.TemporaryDirectory() as home:
        blobs = os.path.join(home, "hub/models--a--b/blobs")
        os.makedirs(blobs)
        with open(os.path.join(blobs, hub.repos["a/b"].etag("model.safetensors") + ".incomplete"), "wb") as part:
            part.write(WEIGHTS[:500000])
        kept = {name: value for name, value in os.environ.items() if "proxy" not in name.lower() and not name.startswith("HF_")}
        environment = {**kept, "HF_HOME": home, "HF_ENDPOINT": hub.url, "HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
        subprocess.run([os.path.join(folder, version, "bin/python"), "-c", FETCH], env=environment, check=True, stderr=subprocess.DEVNULL)
        ranges = [headers.get("Range") for command, kind, _, headers in hub.log if (command, kind) == ("GET", "storage")]
        found[version] = ranges, sum(name.endswith(".incomplete") for name in os.listdir(blobs))
        print(f"{version}: ranges asked for {ranges}, parts left {found[version][1]}")
assert found == {"0.36.0": (["bytes=500000-"], 0), "1.33.0": ([None], 1), "2.4.0": ([None], 1)}
PY
python3 "$folder/parts.py" "$folder" "$server"
