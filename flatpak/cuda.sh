#!/usr/bin/env bash
# Makes the Flatpak's optional extension io.github.engram_app.Engram.Cuda: libengram-cuda.so, built with nvcc, and the
# cuBLAS that it needs, at the place where the program looks for its module. Exports a bundle
# (_build-flatpak/engram-cuda.flatpak) and installs it for the user.
#   flatpak/cuda.sh [--no-install] [--module FILE]
#     --no-install     leaves it at the bundle
#     --module FILE    a module that is built already (for the tests: a stand-in); nothing is added to it
# ENGRAM_FLATPAK_BUILD_DIR names another folder to build in. The driver's own libraries come into the sandbox with
# Flathub's org.freedesktop.Platform.GL.nvidia, its devices with the manifest's --device=dri.
set -eu
here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
root=$(dirname "$here")
app=io.github.engram_app.Engram
branch=master # as flatpak-builder names the program's
build=$(realpath -m -- "${ENGRAM_FLATPAK_BUILD_DIR:-$root/_build-flatpak}")
install=yes module=
while [ $# -gt 0 ]; do
  case $1 in
    --no-install) install=no ;;
    --module)
      module=${2:?--module wants a file}
      shift
      ;;
    *)
      echo "Usage: flatpak/cuda.sh [--no-install] [--module FILE]" >&2
      exit 2
      ;;
  esac
  shift
done

. "$root/.ci/packages.sh"
need 'Flatpak' cmd:flatpak 'flatpak' 'flatpak' 'flatpak'
[ -n "$module" ] || need_build
install_missing

# cuBLAS as the module found it when it was linked: the file of a name that ldd says.
copy_library() { # NAME MODULE TO
  local path
  path=$(LD_LIBRARY_PATH=$cuda_libraries ldd "$2" | awk -v name="$1" '$1 == name { print $3 }')
  [ -e "$path" ] || {
    echo "There is no $1, which the module needs: is cuBLAS of CUDA 13 installed?" >&2
    return 1
  }
  cp -L "$path" "$3/"
}

tree=$build/cuda
rm -rf "$tree"
mkdir -p "$tree/files"
if [ -n "$module" ]; then
  cp -L "$module" "$tree/files/libengram-cuda.so"
else
  PATH=$PATH:/usr/local/cuda/bin
  nvcc=$(command -v nvcc) || {
    echo "There is no nvcc, neither on the PATH nor in /usr/local/cuda/bin: install NVIDIA's CUDA toolkit 13." >&2
    exit 1
  }
  toolkit=$(dirname "$(dirname "$(readlink -f "$nvcc")")")
  cuda_libraries=$toolkit/lib64:$toolkit/lib
  [ -e "$build/cuda-build/build.ninja" ] ||
    meson setup "$build/cuda-build" "$root" --buildtype=release -Dcuda=enabled -Dapp=disabled -Dtests=false
  ninja -C "$build/cuda-build" kernels/libengram-cuda.so
  cp "$build/cuda-build/kernels/libengram-cuda.so" "$tree/files/"
  for library in libcublas.so.13 libcublasLt.so.13; do
    copy_library "$library" "$tree/files/libengram-cuda.so" "$tree/files"
  done
fi
cat >"$tree/metadata" <<METADATA
[Runtime]
name=$app.Cuda

[ExtensionOf]
ref=app/$app/$(flatpak --default-arch)/$branch
METADATA

flatpak build-export --runtime --files=files "$build/repo" "$tree" "$branch"
flatpak build-bundle --runtime "$build/repo" "$build/engram-cuda.flatpak" "$app.Cuda" "$branch"
echo "The bundle: $build/engram-cuda.flatpak"
if [ "$install" = yes ]; then
  flatpak --user install -y --noninteractive --reinstall "$build/engram-cuda.flatpak"
  echo "Installed. What it finds: flatpak run --command=engram-cli $app info"
fi
