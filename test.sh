#!/usr/bin/env bash
# Installs what the tests need, builds with AddressSanitizer and UndefinedBehaviorSanitizer and runs every test, the
# window's under Xvfb. Arguments go to `meson test` (./test.sh --suite cli). The last line is "N passed, N failed".
# --all, as the first argument, runs the slow ones too: packages that are really built, installed and started.
# ENGRAM_TEST_BUILD_DIR names another folder to build in.
set -eu
here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
build=$(realpath -m -- "${ENGRAM_TEST_BUILD_DIR:-$here/_build-test}")
cd "$here"
all=no
if [ "${1:-}" = --all ]; then
  all=yes
  shift
fi

. .ci/packages.sh
need_build
need_window
need_screen
[ "$all" = no ] || need_packaging
need 'GCC' cmd:gcc 'gcc' 'gcc' 'gcc'
[ -e "$(gcc -print-file-name=libasan.so 2>/dev/null)" ] ||
  need 'the sanitizers' file:/nonexistent 'gcc' 'libasan libubsan' 'gcc-libs'
need 'a C++ compiler' cmd:g++ 'g++' 'gcc-c++' 'gcc'
/usr/bin/python3 -c 'import gi; gi.require_version ("Atspi", "2.0"); from gi.repository import Atspi' 2>/dev/null ||
  need 'PyGObject with Atspi' file:/nonexistent 'python3-gi gir1.2-atspi-2.0' 'python3-gobject' 'python-gobject'
need_numpy
need 'OpenSSL' cmd:openssl 'openssl' 'openssl' 'openssl'
need 'the German locale' file:/usr/share/i18n/locales/de_DE 'locales' 'glibc-locale-source' 'glibc'
need 'ImageMagick' cmd:import 'imagemagick' 'ImageMagick' 'imagemagick'
need 'pdftotext' cmd:pdftotext 'poppler-utils' 'poppler-utils' 'poppler'
need 'rsvg-convert' cmd:rsvg-convert 'librsvg2-bin' 'librsvg2-tools' 'librsvg'
install_missing

failed_before_tests() {
  echo "$1"
  echo "0 passed, 1 failed"
  exit 1
}

if [ ! -e "$build/build.ninja" ]; then
  # The CUDA engine is tested on cuda-host; nvcc takes a minute that no test here uses.
  CC=gcc meson setup "$build" "$here" --werror -Db_sanitize=address,undefined -Db_lundef=false -Dcuda=disabled \
    -Dc_args=-g1 -Dcpp_args=-g1 ||
    failed_before_tests "The build could not be set up."
fi
ninja -C "$build" || failed_before_tests "The build failed."

[ "$all" = yes ] || set -- --no-suite slow "$@"
# Those are .ci/run's, from a faster build.
set -- --no-suite kernels-whole --no-suite unsanitized "$@"

logs=$build/meson-logs
rm -f "$logs"/testlog*
run_tests() {
  G_SLICE=always-malloc UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1${UBSAN_OPTIONS:+:$UBSAN_OPTIONS}" \
    meson test -C "$build" --no-rebuild --print-errorlogs --timeout-multiplier 3 "$@" </dev/null
}
set +e
run_tests "$@"
status=$?
# The window's tests drive a program by what they see of it, and an overtaken machine shows it late: such a one is run once
# more, alone, and that it was is said.
again=$(.ci/results.py "$logs" to-run-again)
# shellcheck disable=SC2086
[ -z "$again" ] || run_tests --suite gui --num-processes 1 --logbase testlog-again $again
set -e

.ci/results.py "$logs" count "$status"
