#!/usr/bin/env bash
# On a machine with an NVIDIA GPU: builds, compares every op and whole traces with the processor's, and prints a table of
# times, operations and bytes a second to paste into kernels/README.md.
#   tests/gpu-check.sh [--large]     --large: a random checkpoint of 2.8b's size, too (11 GB of disk)
# Needs nvcc with cuBLAS; compute-sanitizer is used when it is found; the
# random checkpoints are made with PyTorch and transformers.
set -u
here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
cd "$here" || exit 1
build=${ENGRAM_GPU_BUILD_DIR:-$here/_build-gpu}
passed=0 failed=0 skipped=0

check() {
  local name=$1
  shift
  echo
  echo "== $name"
  if "$@"; then passed=$((passed + 1)); else
    failed=$((failed + 1))
    echo "FAILED: $name"
  fi
}

skip() {
  echo
  echo "== $1: skipped, $2"
  skipped=$((skipped + 1))
}

build_all() {
  [ -e "$build/build.ninja" ] || meson setup "$build" --buildtype=release -Dcuda=enabled -Dapp=disabled || return 1
  ninja -C "$build"
}

# A trace on the processor and on the GPU: scores within a tolerance; their times.
compare_traces() {
  local model=$1 precision=$2 tolerance=$3 folder
  folder=$(mktemp -d) || return 1
  local trace=("$build/src/cli/engram-cli" trace "The Eiffel Tower is located in" --subject "Eiffel Tower" --json)
  [ -z "$model" ] || trace+=(--model "$model")
  "${trace[@]}" --device cpu >"$folder/cpu.json" &&
    "${trace[@]}" --device cuda --precision "$precision" >/dev/null && # what is loaded once
    "${trace[@]}" --device cuda --precision "$precision" >"$folder/gpu.json" &&
    python3 - "$folder" "$tolerance" "${model:-demo}" "$precision" <<'PYTHON'
import json, sys

folder, tolerance, model, precision = sys.argv[1], float(sys.argv[2]), sys.argv[3], sys.argv[4]
cpu, gpu = (json.load(open(f"{folder}/{name}.json")) for name in ("cpu", "gpu"))
worst = max(abs(a - b) for x, y in zip(cpu["scores"], gpu["scores"]) for a, b in zip(x, y))
print(f"| {model} | {gpu['device']} | {precision} | cpu {cpu['seconds']:.3f} s | gpu {gpu['seconds']:.3f} s "
      f"| x{cpu['seconds'] / gpu['seconds']:.1f} | greatest difference {worst:.2g} |")
sys.exit(not (worst <= tolerance and gpu["device"].startswith("cuda")))
PYTHON
  local status=$?
  rm -rf "$folder"
  return $status
}

random_checkpoint() { # NAME LAYERS WIDTH
  local folder=${TMPDIR:-/tmp}/engram-random-$1
  [ -e "$folder/config.json" ] || (cd tests/bench && python3 -c "
import pathlib, sys, random_model
folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
random_model.make_model(folder, int(sys.argv[2]), int(sys.argv[3]))" "$folder" "$2" "$3") >&2 || return 1
  echo "$folder"
}

check "build" build_all
[ "$failed" = 0 ] || exit 1
ops=$build/tests/engine/backend-ops
check "every op beside the processor's" "$ops" --backend cuda
check "in tf32" "$ops" --backend cuda --precision tf32
check "in bf16" "$ops" --backend cuda --precision bf16
if command -v compute-sanitizer >/dev/null; then
  # One array a cudaMalloc, so that their bounds are seen.
  for tool in memcheck racecheck initcheck synccheck; do
    check "compute-sanitizer $tool" env ENGRAM_CUDA_NO_POOL=1 \
      compute-sanitizer --tool "$tool" --error-exitcode 1 "$ops" --backend cuda
  done
else
  skip "compute-sanitizer" "it is not on the PATH"
fi
check "the demo model" compare_traces "" fp32 1e-5
if python3 -c 'import torch, transformers' 2>/dev/null; then
  model=$(random_checkpoint 130m 24 768) && {
    check "130m's size" compare_traces "$model" fp32 1e-5
    check "130m's size in tf32" compare_traces "$model" tf32 1e-2
    check "130m's size in bf16" compare_traces "$model" bf16 5e-2
  }
  if [ "${1:-}" = --large ]; then
    model=$(random_checkpoint 2.8b 64 2560) && check "2.8b's size" compare_traces "$model" fp32 1e-5
  else
    skip "2.8b's size" "--large was not given"
  fi
else
  skip "random checkpoints" "Python has no PyTorch with transformers"
fi

echo
echo "== times: large shapes, microseconds, GB/s of what must be moved, GFLOP/s"
nvidia-smi --query-gpu=name,driver_version,clocks.max.sm,clocks.max.mem,power.limit --format=csv 2>/dev/null
"$ops" --backend cuda --time | sed -n 's/^ok [0-9]* //p' | tail -n 18

echo
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
