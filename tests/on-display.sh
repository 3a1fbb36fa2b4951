#!/bin/bash
# on-display.sh WIDTHxHEIGHTxDEPTH COMMAND ARGUMENT…: runs the command on a display of its own. The X server chooses the
# number itself, so that any number of tests can start at the same moment (xvfb-run -a looks for one and then takes it).
screen=$1
shift
numbers=$(mktemp -u)
mkfifo "$numbers" || exit 1
Xvfb -displayfd 3 -screen 0 "$screen" -nolisten tcp -noreset 3>"$numbers" 2>/dev/null &
server=$!
trap 'kill "$server" 2>/dev/null; wait "$server" 2>/dev/null' EXIT
# A server that cannot start leaves nothing to read.
read -r number <"$numbers"
rm -f "$numbers"
if [ -z "$number" ]; then
  echo "Bail out! Xvfb did not start"
  exit 1
fi
unset XAUTHORITY
DISPLAY=:$number "$@"
