#!/usr/bin/env bash
# Fuzzes every target for MINUTES each, from its corpus on: tests/fuzz/run.sh MINUTES [TARGET…]
# Needs clang and its libFuzzer (Debian: clang, libclang-rt-14-dev). What is found stays in _build-fuzz/found/TARGET/, new
# inputs that reach new code in _build-fuzz/corpus/TARGET/. The last line counts runs and reports.
set -u
here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
minutes=${1:?usage: run.sh MINUTES [TARGET…]}
shift
cd "$here/../.." || exit 1
build=_build-fuzz
[ -e "$build/build.ninja" ] ||
  CC=clang CXX=clang++ meson setup "$build" --buildtype=debugoptimized -Dfuzz=true -Dapp=disabled -Dcuda=disabled -Db_lundef=false \
    -Db_sanitize=address,undefined -Dc_args='-fsanitize=fuzzer-no-link -fno-sanitize-recover=undefined' || exit 1
[ $# -gt 0 ] || set -- $(cd "$here/corpus" && echo *)
ninja -C "$build" "${@/#/tests/fuzz/fuzz-}" || exit 1

total=0 reports=0
for target; do
  mkdir -p "$build/corpus/$target" "$build/found/$target"
  log=$build/found/$target.log
  # GLib's own caches are no leaks; what only a hostile file can ask for is refused, not tried.
  ASAN_OPTIONS=allocator_may_return_null=1:detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1 \
    LSAN_OPTIONS=suppressions=$here/../lsan.supp G_SLICE=always-malloc LC_ALL=C.UTF-8 \
    "$build/tests/fuzz/fuzz-$target" -max_total_time=$((60 * minutes)) -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 \
    -max_len=16384 -artifact_prefix="$build/found/$target/" "$build/corpus/$target" "$here/corpus/$target" 2>"$log"
  status=$?
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  total=$((total + ${runs:-0}))
  [ $status = 0 ] || reports=$((reports + 1))
  echo "$target: ${runs:-no} runs, $([ $status = 0 ] && echo nothing found || echo "REPORT: $log")"
done
echo "$total runs, $reports reports"
[ $reports = 0 ]
