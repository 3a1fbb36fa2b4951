#!/bin/sh
# on-xvfb.sh PROGRAM ARGUMENT…: runs a test of widgets on a screen of its own; skips, in TAP, where that cannot be.
for tool in dbus-run-session Xvfb xdotool; do
  if ! command -v "$tool" >/dev/null; then
    echo "1..0 # SKIP $tool is not installed"
    exit 0
  fi
done
unset WAYLAND_DISPLAY GTK_THEME DBUS_SESSION_BUS_ADDRESS
XDG_RUNTIME_DIR=$(mktemp -d)
trap 'rm -rf "$XDG_RUNTIME_DIR"' EXIT
# GTK and its libraries keep much until the program ends.
export XDG_RUNTIME_DIR GSK_RENDERER=cairo GDK_BACKEND=x11 GTK_A11Y=test GTK_USE_PORTAL=0 ADW_DISABLE_PORTAL=1 LC_ALL=C.UTF-8 \
  ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
dbus-run-session -- "$(dirname "$0")/../on-display.sh" 1280x900x24 "$@"
