#!/usr/bin/env bash
# Makes a stand-in for org.gnome.Platform and org.gnome.Sdk from this distribution's installed packages (Debian,
# Ubuntu), where the real ones cannot be fetched, and installs both into $FLATPAK_USER_DIR. It is for tests alone:
#   FLATPAK_USER_DIR=/tmp/flatpak flatpak/test-runtime.sh
# The stand-in has the real one's name and branch, so that the manifest is used as it is.
set -eu
here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
: "${FLATPAK_USER_DIR:?names the installation that gets the stand-in; never the one that you use}"
branch=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["runtime-version"])' \
  "$here/io.github.engram_app.Engram.json")
arch=$(flatpak --default-arch)
work=$(mktemp -d "${TMPDIR:-/tmp}/engram-runtime-XXXXXX")
trap 'rm -rf "$work"' EXIT

platform_packages=(
  bash coreutils dconf-gsettings-backend findutils fontconfig fonts-dejavu-core grep gsettings-desktop-schemas
  glib-networking hicolor-icon-theme adwaita-icon-theme libadwaita-1-0 libgtk-4-1 libgtk-4-bin libjson-glib-1.0-0 librsvg2-common
  libsoup-3.0-0
  libopenblas0-pthread libc-bin locales sed shared-mime-info xkb-data
)
sdk_packages=(
  "${platform_packages[@]}" appstream appstream-util binutils desktop-file-utils gcc gettext libadwaita-1-dev libc6-dev libglib2.0-bin
  libgtk-4-dev libjson-glib-dev libopenblas-dev libsoup-3.0-dev libsysprof-4-dev libsysprof-capture-4-dev make meson ninja-build pkg-config python3 tar xz-utils
)

# The installed packages that these need, themselves included.
closure() {
  local present=() package
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' && present+=("$package")
  done
  apt-cache depends --recurse --installed --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces \
    --no-enhances "${present[@]}" | grep '^[a-z]' | sort -u
}

# Their files as paths under /usr, without what a sandbox never reads and what is too large for a test.
files() {
  local package
  for package in $(closure "$@"); do
    case $package in
      libgl1-mesa-dri* | libllvm* | libicu-dev | libvulkan-dev | libz3* | libstdc++-*-dev | libgirepository1.0-dev) ;;
      *) dpkg -L "$package" 2>/dev/null || true ;;
    esac
  done | sed -n -E 's#^/(usr/)?((lib|lib64|bin|sbin|include|libexec|share)/.+)$#\2#p' |
    grep -v -E '^share/(doc|man|info|locale|lintian|gtk-doc|bash-completion|help)/|\.gir$|/lib(openblas|blas|lapack)[^/]*\.a$' |
    sort -u | while IFS= read -r file; do
    [ ! -d "/usr/$file" ] || [ -L "/usr/$file" ] || continue
    [ ! -e "/usr/$file" ] || printf '%s\n' "$file"
  done
}

# What packages leave to their scripts: indexes and caches, the system's choices among alternatives, and the
# configuration that programs read.
finish() {
  local tree=$1 link target file
  find /usr/bin /usr/lib /usr/include -maxdepth 3 -type l -lname '/etc/alternatives/*' -printf '%P\t%H\n' 2>/dev/null |
    while IFS=$'\t' read -r link top; do
      target=$(readlink -f "$top/$link") || continue
      [ -e "$tree/${target#/usr/}" ] || continue
      mkdir -p "$(dirname "$tree/${top#/usr/}/$link")"
      ln -sfn "$target" "$tree/${top#/usr/}/$link"
    done
  for file in lib/*/gdk-pixbuf-2.0/*/loaders.cache lib/*/gio/modules/giomodule.cache share/glib-2.0/schemas/gschemas.compiled \
    share/mime/mime.cache share/mime/magic share/icons/*/icon-theme.cache share/mime/globs2 share/mime/aliases \
    share/mime/subclasses lib/locale/C.utf8; do
    for file in /usr/$file; do
      [ ! -e "$file" ] || (cd /usr && cp -a --parents "${file#/usr/}" "$tree")
    done
  done
  mkdir -p "$tree/etc"
  cp -aL /etc/fonts "$tree/etc/"
  cp -a /etc/ld.so.conf "$tree/etc/" && cp -a /etc/ld.so.conf.d "$tree/etc/"
  [ -e "$tree/bin/sh" ] || ln -s bash "$tree/bin/sh"
  # Flatpak looks for it in the PATH of the sandbox.
  [ -e "$tree/bin/ldconfig" ] || ln -s ../sbin/ldconfig "$tree/bin/ldconfig"
}

# A compiled locale a language, for the tests of translations.
add_locales() {
  local tree=$1 name
  command -v localedef >/dev/null || return 0
  mkdir -p "$tree/lib/locale"
  for name in de_DE es_ES fr_FR ja_JP pt_BR ru_RU zh_CN; do
    [ ! -e "/usr/share/i18n/locales/$name" ] || localedef --no-archive -i "$name" -f UTF-8 "$tree/lib/locale/$name.utf8" || true
  done
}

# make NAME PACKAGE…
make() {
  local name=$1 tree=$work/$1
  shift
  mkdir -p "$tree/usr" "$tree/files"
  files "$@" >"$work/$name.list"
  tar -C /usr --no-recursion -T "$work/$name.list" -c | tar -C "$tree/usr" -x
  finish "$tree/usr"
  cat >"$tree/metadata" <<METADATA
[Runtime]
name=$name
runtime=org.gnome.Platform/$arch/$branch
sdk=org.gnome.Sdk/$arch/$branch
METADATA
  flatpak build-export --runtime --no-update-summary --timestamp=2000-01-01T00:00:00Z "$work/repo" "$tree" "$branch" >/dev/null
  rm -rf "$tree"
}

ostree --version >/dev/null 2>&1 && ostree --repo="$work/repo" init --mode=bare-user-only
make org.gnome.Platform "${platform_packages[@]}"
make org.gnome.Sdk "${sdk_packages[@]}"
flatpak build-update-repo "$work/repo" >/dev/null
flatpak --user remote-delete --force engram-test-runtime 2>/dev/null || true
flatpak --user remote-add --no-gpg-verify engram-test-runtime "file://$work/repo"
flatpak --user install -y --noninteractive --reinstall engram-test-runtime "org.gnome.Platform//$branch" "org.gnome.Sdk//$branch"
# The repository goes with this script; what is installed stays.
flatpak --user remote-modify --disable engram-test-runtime
