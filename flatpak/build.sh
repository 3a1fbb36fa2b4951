#!/usr/bin/env bash
# Builds Engram as a Flatpak, exports a bundle (_build-flatpak/engram.flatpak) and installs it for the user.
#   flatpak/build.sh               everything; --no-install leaves it at the bundle
# ENGRAM_FLATPAK_BUILD_DIR names another folder to build in; ENGRAM_FLATPAK_WITHOUT leaves out modules that the runtime
# brings (for the tests' stand-in, flatpak/test-runtime.sh).
set -eu
here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
root=$(dirname "$here")
app=io.github.engram_app.Engram
build=$(realpath -m -- "${ENGRAM_FLATPAK_BUILD_DIR:-$root/_build-flatpak}")
flathub=https://dl.flathub.org/repo/flathub.flatpakrepo
# Where those who install the bundle get its runtime from; empty where nothing can be fetched.
runtime_repo=${ENGRAM_FLATPAK_RUNTIME_REPO-$flathub}
install=yes
case ${1:-} in
  '') ;;
  --no-install) install=no ;;
  *)
    echo "Usage: flatpak/build.sh [--no-install]" >&2
    exit 2
    ;;
esac

. "$root/.ci/packages.sh"
need 'Flatpak' cmd:flatpak 'flatpak' 'flatpak' 'flatpak'
need 'flatpak-builder' cmd:flatpak-builder 'flatpak-builder' 'flatpak-builder' 'flatpak-builder'
need 'Python' cmd:python3 'python3' 'python3' 'python'
install_missing

mkdir -p "$build"
manifest=$build/$app.json
python3 "$here/manifest.py" "$here/$app.json" "$manifest" "$root" ${ENGRAM_FLATPAK_WITHOUT:-}
branch=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["runtime-version"])' "$manifest")

dependencies=()
if ! flatpak info "org.gnome.Sdk//$branch" >/dev/null 2>&1; then
  flatpak --user remote-add --if-not-exists flathub "$flathub"
  dependencies=(--install-deps-from=flathub)
fi
# rofiles-fuse protects the builder's cache, and needs FUSE, which containers lack.
[ -w /dev/fuse ] && command -v fusermount >/dev/null || dependencies+=(--disable-rofiles-fuse)
flatpak-builder --user --force-clean --state-dir="$build/state" --repo="$build/repo" "${dependencies[@]}" "$build/app" "$manifest"
flatpak build-bundle ${runtime_repo:+--runtime-repo="$runtime_repo"} "$build/repo" "$build/engram.flatpak" "$app"
echo "The bundle: $build/engram.flatpak"
if [ "$install" = yes ]; then
  flatpak --user install -y --noninteractive --reinstall "$build/engram.flatpak"
  echo "Installed. Start it with: flatpak run $app"
fi
