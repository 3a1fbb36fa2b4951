#!/usr/bin/env bash
# Builds Engram where it is not built yet and starts it: the window on the demo model, or, without a display, the same
# trace in the terminal. Arguments go to the program (engram, or engram-cli without a display).
# ENGRAM_BUILD_DIR names another folder to build in.
set -eu
here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)

if [ -n "${ENGRAM_BUILD_DIR:-}" ]; then
  build=$(realpath -m -- "$ENGRAM_BUILD_DIR")
elif [ -w "$here" ]; then
  build=$here/_build
else
  build=${XDG_CACHE_HOME:-$HOME/.cache}/engram/build-$(printf %s "$here" | cksum | cut -d ' ' -f 1)
fi

display=${WAYLAND_DISPLAY:-}${DISPLAY:-}
window=$build/src/app/engram
cli=$build/src/cli/engram-cli

# A folder that was set up completely holds this stamp: the sources that it was set up for.
stamp=$build/engram-source
if [ "$(cat "$stamp" 2>/dev/null)" != "$here" ] || { [ -n "$display" ] && [ ! -x "$window" ]; }; then
  . "$here/.ci/packages.sh"
  need_build
  [ -z "$display" ] || need_window
  install_missing
  mkdir -p "$build"
  again=()
  [ ! -e "$build/build.ninja" ] || again=(--wipe)
  rm -f "$stamp"
  meson setup "$build" "$here" --buildtype=release -Dtests=false "${again[@]}" >&2 || {
    echo "The build could not be set up; Meson says why above." >&2
    exit 1
  }
  echo "Building Engram (about a minute, this once) …" >&2
  ninja -C "$build" >&2
  printf '%s\n' "$here" >"$stamp"
elif ! ninja -C "$build" -n 2>&1 | grep -q 'no work to do'; then
  echo "Building what has changed …" >&2
  ninja -C "$build" >&2
fi

if [ -n "$display" ] && [ -x "$window" ]; then
  exec "$window" "$@"
fi

if [ -n "$display" ]; then
  echo "The window needs GTK 4.8 and libadwaita 1.2, which this system does not have; here is the terminal's program." >&2
else
  echo "There is no display (DISPLAY and WAYLAND_DISPLAY are not set): tracing in the terminal." >&2
  echo "For the window, start ./run.sh in a graphical session, or over ssh with -X." >&2
fi
if [ $# -gt 0 ]; then
  exec "$cli" "$@"
fi
exec "$cli" trace "The Eiffel Tower is located in" --subject "Eiffel Tower"
