#!/usr/bin/env bash
# On a machine with an NVIDIA GPU: builds, compares every op and whole traces with the processor's, takes their times and
# prints tables of them to paste into kernels/README.md. About ten minutes.
#   tests/gpu-check.sh [--no-large] [--rehearse]
#     --no-large   without the checkpoint of 2.8b's size (6 GB of disk, a trace on the processor of a minute or more)
#     --rehearse   without a GPU: the same steps on tests/cuda-host, with small models in place of large ones
# Needs nvcc with cuBLAS, and what the README names for a build, which it installs. compute-sanitizer is used when it is
# found. All that it makes lies in _build-gpu ($ENGRAM_GPU_BUILD_DIR names another folder). The last line is
# "N passed, N failed, N skipped".
set -u
here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
cd "$here" || exit 1
build=$(realpath -m -- "${ENGRAM_GPU_BUILD_DIR:-$here/_build-gpu}")
tables=$build/gpu-check.md
large=yes rehearse=no
for argument; do
  case $argument in
    --no-large) large=no ;;
    --rehearse) rehearse=yes ;;
    *)
      echo "Usage: tests/gpu-check.sh [--no-large] [--rehearse]" >&2
      exit 2
      ;;
  esac
done
passed=0 failed=0 skipped=0

check() { # NAME COMMAND…
  local name=$1 begin=$SECONDS
  shift
  echo
  echo "== $name"
  if "$@"; then
    passed=$((passed + 1))
    echo "ok: $name ($((SECONDS - begin)) s)"
  else
    failed=$((failed + 1))
    echo "FAILED: $name ($((SECONDS - begin)) s)"
    return 1
  fi
}

skip() { # NAME WHY
  echo
  echo "== $1: skipped, $2"
  skipped=$((skipped + 1))
}

finish() {
  if [ -s "$tables" ]; then
    echo
    echo "== tables ($tables)"
    cat "$tables"
  fi
  echo
  echo "$passed passed, $failed failed, $skipped skipped"
  [ "$failed" = 0 ]
  exit
}

PATH=$PATH:/usr/local/cuda/bin
find_nvcc() {
  nvcc=$(command -v nvcc) && return
  echo "There is no nvcc, neither on the PATH nor in /usr/local/cuda/bin: install NVIDIA's CUDA toolkit 13."
  return 1
}

prepare() {
  . .ci/packages.sh
  need_build
  need 'a C++ compiler' cmd:g++ 'g++' 'gcc-c++' 'gcc'
  install_missing
}

build_all() {
  local cuda=enabled
  [ "$rehearse" = no ] || cuda=disabled
  [ -e "$build/build.ninja" ] || meson setup "$build" --buildtype=release -Dcuda=$cuda -Dapp=disabled || return 1
  ninja -C "$build"
}

gpu_is_usable() {
  local said
  said=$("$build/src/cli/engram-cli" info) || return 1
  grep '^cuda ' <<<"$said"
  ! grep -q '^cuda *not used' <<<"$said"
}

# A failed op or one without its line would be no proof: every line is looked at.
ops_agree() {
  local said wanted status
  said=$("$build/tests/engine/backend-ops" --backend cuda "$@")
  status=$?
  grep -v '^ok' <<<"$said"
  wanted=$(sed -n 's/^1\.\.//p' <<<"$said")
  echo "$(grep -c '^ok' <<<"$said") of ${wanted:-no} cases agree"
  [ "$status" = 0 ] && [ "$(grep -c '^ok' <<<"$said")" = "$wanted" ]
}

time_ops() {
  local small=()
  [ "$rehearse" = no ] || small=(--small)
  {
    echo
    nvidia-smi --query-gpu=name,driver_version,clocks.max.sm,clocks.max.mem,power.limit --format=csv,noheader 2>/dev/null
    echo
    "$build/tests/engine/backend-ops" --backend cuda --time "${small[@]}"
  } >>"$tables"
}

random_model() { # NAME LAYERS WIDTH TYPE
  model=$build/random/$1
  [ -e "$model/config.json" ] || "$build/tests/bench/random-model" "$model" "$2" "$3" "$4"
}

header=(--header)
compare_traces() { # OPTION… of trace-device
  [ "$rehearse" = no ] || set -- --samples 1 --processor-samples 1 --repeats 1 "$@"
  [ "${#header[@]}" = 0 ] || echo >>"$tables"
  "$build/tests/bench/trace-device" "${header[@]}" "$@" >>"$tables" || return 1
  header=()
  tail -n 1 "$tables"
}

# Whether there is room for so many GiB on the disk of the build, and in memory.
has_room() {
  local disk memory
  disk=$(df -Pk "$build" | awk 'NR == 2 { print int ($4 / 1048576) }')
  memory=$(awk '/^MemAvailable/ { print int ($2 / 1048576) }' /proc/meminfo)
  echo "$disk GiB of disk and $memory GiB of memory are free"
  [ "$disk" -ge "$1" ] && [ "$memory" -ge "$2" ]
}

sanitize() { # TOOL
  local said status
  # One array a cudaMalloc, so that their bounds are seen.
  said=$(ENGRAM_CUDA_NO_POOL=1 timeout 90 compute-sanitizer --tool "$1" --error-exitcode 1 \
    "$build/tests/engine/backend-ops" --backend cuda 2>&1)
  status=$?
  grep -E '^=========|^not ok' <<<"$said" | head -n 30
  if [ "$status" = 124 ]; then
    echo "(stopped after 90 s, $(grep -c '^ok' <<<"$said") cases in)"
    ! grep -qE '^========= (Invalid|Error|Uninit|Race|Barrier)|^not ok' <<<"$said"
    return
  fi
  [ "$status" = 0 ]
}

if [ "$rehearse" = no ]; then
  check "nvcc" find_nvcc || finish
  # cuBLAS beside nvcc, where the system does not know of it.
  for folder in lib64 lib; do
    [ ! -d "$(dirname "$nvcc")/../$folder" ] ||
      export LD_LIBRARY_PATH="$(dirname "$nvcc")/../$folder${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
  done
else
  export ENGRAM_LIBRARY_DIR=$build/tests/cuda-host
fi
export ENGRAM_DATA_DIR=$here/data
check "packages" prepare || finish
check "build" build_all || finish
: >"$tables"
check "the GPU is usable" gpu_is_usable || finish
check "every op beside the processor's" ops_agree
check "products in tf32" ops_agree --precision tf32
check "products in bf16" ops_agree --precision bf16

check "the demo model" compare_traces
layers=24 width=768
[ "$rehearse" = no ] || layers=3 width=48
check "a checkpoint of 130m's size" random_model 130m $layers $width f32 && {
  check "130m's size" compare_traces --model "$model"
  check "130m's size, the host's part" "$build/tests/bench/queue-time" "$model"
  check "130m's size in tf32" compare_traces --model "$model" --precision tf32 --tolerance 1e-2
  check "130m's size in bf16" compare_traces --model "$model" --precision bf16 --tolerance 5e-2
}
layers=64 width=2560 disk=7 memory=12
[ "$rehearse" = no ] || layers=4 width=64 disk=0 memory=0
if [ "$large" = no ]; then
  skip "2.8b's size" "--no-large was given"
elif ! has_room $disk $memory; then
  skip "2.8b's size" "it takes $disk GiB of disk and $memory GiB of memory"
else
  check "a checkpoint of 2.8b's size" random_model 2.8b $layers $width bf16 &&
    check "2.8b's size" compare_traces --model "$model" --processor-samples 1 --repeats 2
fi
check "times of ops" time_ops

if [ "$rehearse" = yes ]; then
  skip "compute-sanitizer" "this is a rehearsal"
elif ! command -v compute-sanitizer >/dev/null; then
  skip "compute-sanitizer" "it is neither on the PATH nor in /usr/local/cuda/bin"
else
  for tool in memcheck racecheck initcheck synccheck; do
    check "compute-sanitizer $tool" sanitize $tool
  done
fi
finish
