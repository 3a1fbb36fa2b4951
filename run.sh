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

# A folder that is set up holds this stamp: for which sources, and whether the window's libraries were looked for.
stamp=$build/engram-source
wanted=$here
[ -z "$display" ] || wanted="$here, with the window"
case $(cat "$stamp" 2>/dev/null) in
  "$wanted" | "$here, with the window") ;;
  *)
    . "$here/.ci/packages.sh"
    need_build
    [ -z "$display" ] || need_window
    install_missing
    mkdir -p "$build"
    again=()
    [ ! -e "$build/build.ninja" ] || again=(--wipe)
    meson setup "$build" "$here" --buildtype=release -Dtests=false "${again[@]}" >&2 || {
      echo "The build could not be set up; Meson says why above." >&2
      exit 1
    }
    printf '%s\n' "$wanted" >"$stamp"
    ;;
esac

if ! ninja -C "$build" -n 2>&1 | grep -q 'no work to do'; then
  echo "Building Engram: about a minute the first time …" >&2
  ninja -C "$build" >&2 || {
    echo "Engram could not be built; the compiler says why above." >&2
    exit 1
  }
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
