#!/bin/sh
# Run by `meson dist`: gives every file of the tarball the time of the last commit, so that it is the same each time.
set -eu
date=$(git -C "$MESON_SOURCE_ROOT" log -1 --format=%ct)
find "$MESON_DIST_ROOT" -exec touch -h -d "@$date" {} +
