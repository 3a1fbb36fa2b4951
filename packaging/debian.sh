#!/usr/bin/env bash
# Makes a Debian source package and the package from it, of what is committed.
#   packaging/debian.sh FOLDER [--source]     into FOLDER, which must not exist; --source leaves it at the source package
set -eu
here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
root=$(dirname "$here")
folder=$(realpath -m -- "${1:?names the folder that is to be made}")
version=$(sed -n "s/^ *version: '\([^']*\)',.*/\1/p" "$root/meson.build" | head -n 1)
# The same source is the same package, byte by byte.
date=$(git -C "$root" log -1 --format=%ct)
export SOURCE_DATE_EPOCH=$date
mkdir "$folder"
name=engram-$version

git -C "$root" archive --format=tar --prefix="$name/" HEAD | xz -T1 >"$folder/engram_$version.orig.tar.xz"
tar -C "$folder" -xf "$folder/engram_$version.orig.tar.xz"
cp -r "$here/debian" "$folder/$name/debian"
cat >"$folder/$name/debian/changelog" <<CHANGELOG
engram ($version-1) unstable; urgency=medium

  * What is new is in the file NEWS.

 -- The Engram authors <engram@engram-app.invalid>  $(date -u -R -d "@$date")
CHANGELOG
printf 'NEWS\nREADME.md\ndocs\n' >"$folder/$name/debian/engram.docs"
cd "$folder/$name"
if [ "${2:-}" = --source ]; then
  dpkg-buildpackage -us -uc -S -d
else
  dpkg-buildpackage -us -uc
fi
