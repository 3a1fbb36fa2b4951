# Sourced by each finding: a Python of its own in a temporary folder, with pinned public packages, gone at the end.
#   packages NAME==VERSION…     installs them; where FINDINGS_PYTHON is a Python that has just these, it is used instead
#   python_here                 runs the program on standard input with them
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

packages() {
  if [ -n "${FINDINGS_PYTHON:-}" ] && "$FINDINGS_PYTHON" - "$@" <<'PY'
import importlib.metadata, sys

def version(name):
    try:
        return importlib.metadata.version(name).split("+")[0]
    except importlib.metadata.PackageNotFoundError:
        return None

sys.exit(any(version(pin.split("==")[0]) != pin.split("==")[1] for pin in sys.argv[1:]))
PY
  then
    mkdir -p "$folder/python/bin"
    printf '#!/bin/sh\nexec "%s" "$@"\n' "$FINDINGS_PYTHON" >"$folder/python/bin/python"
    chmod +x "$folder/python/bin/python"
    return
  fi
  python3 -m venv "$folder/python"
  "$folder/python/bin/pip" install --quiet --disable-pip-version-check --no-cache-dir "$@"
}

python_here() {
  (cd "$folder" && "$folder/python/bin/python" -W ignore -)
}
