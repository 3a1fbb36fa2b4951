#!/bin/sh
# GLib 2.74.6 (Debian 12): g_get_num_processors(), which is documented to say how many threads run at once for this process,
# counts the machine's processors, though the process may use but one of them, as under taskset or Slurm's binding of tasks.
# coreutils' nproc and OpenMP count one. On a node of 128 a task with 4 then starts 128 threads.
# Needs a C compiler, GLib's headers, taskset and a machine with two processors.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >count.c <<'C'
#include <glib.h>
#include <omp.h>

int
main (void)
{
  g_print ("%u.%u.%u %u %d\n", glib_major_version, glib_minor_version, glib_micro_version, g_get_num_processors (),
           omp_get_num_procs ());
  return 0;
}
C
# shellcheck disable=SC2046
cc -fopenmp count.c -o count $(pkg-config --cflags --libs glib-2.0)
unset OMP_NUM_THREADS OMP_PLACES OMP_PROC_BIND
whole=$(nproc)
[ "$whole" -gt 1 ] || { echo "this needs a machine with two processors"; exit 1; }
first=$(taskset -pc $$ | sed 's/.*: *//; s/[-,].*//')
taskset -c "$first" ./count >counted
read -r version glib openmp <counted
echo "GLib $version, one of $whole processors allowed: GLib counts $glib, OpenMP $openmp, nproc $(taskset -c "$first" nproc)"
[ "$version" = 2.74.6 ]
[ "$openmp" = 1 ]
[ "$(taskset -c "$first" nproc)" = 1 ]
[ "$glib" -ge "$whole" ]
