#!/bin/sh
# gcc 12.2 (Debian 12; x86-64 with AVX2): x / (1 + exp (−x)) of an array, the exponential's argument first kept within −87 … 88 by
# two comparisons. One would guess that the bounds cost two instructions. But gcc sees that beyond a bound the exponential is a
# constant, makes a path of its own of it, and a vector then takes all paths for all numbers: two divisions, one of them by
# 1 + exp (88), whose result is below the normal numbers for every usual x, which processors divide very slowly. With one
# bound that is no constant (copysign), or with -fno-thread-jumps, there is one division; results are the same bits.
. "$(dirname "$0")/lib.sh"
[ "$(gcc -dumpfullversion)" = 12.2.0 ] || { echo "This needs gcc 12.2.0 (Debian 12)." >&2; exit 1; }
grep -qw avx2 /proc/cpuinfo || { echo "This needs a processor with AVX2." >&2; exit 1; }
cat >"$folder/silu.c" <<'C'
#include <string.h>
static inline float power (float x)
{
#ifdef ONE
  x = __builtin_fabsf (x) > 87.0f ? __builtin_copysignf (87.0f, x) : x;
#else
  x = x < -87.0f ? -87.0f : x;
  x = x > 88.0f ? 88.0f : x;
#endif
  float shifted = x * 1.44269504f + 12582912.0f, n = shifted - 12582912.0f, r = x - n * 0.693147181f;
  float p = 1.0f + r * (1.0f + r * (0.5f + r * (0.166666667f + r * (0.0416666667f + r * 0.00833333333f))));
  unsigned bits;
  memcpy (&bits, &shifted, sizeof bits);
  bits = (bits + 127u) << 23;
  float scale;
  memcpy (&scale, &bits, sizeof scale);
  return p * scale;
}
void silu (float *restrict y, const float *restrict x, int n)
{
  for (int i = 0; i < n; i++)
    y[i] = x[i] / (1.0f + power (-x[i]));
}
C
cat >"$folder/main.c" <<'C'
#include <stdio.h>
#include <time.h>
void silu (float *restrict y, const float *restrict x, int n);
static float x[4096], y[4096];
int main (void)
{
  unsigned sum = 0, bits;
  for (int i = 0; i < 4096; i++)
    x[i] = (float)(i - 2048) / 300;
  clock_t begin = clock ();
  for (int k = 0; k < 20000; k++)
    silu (y, x, 4096);
  double seconds = (double)(clock () - begin) / CLOCKS_PER_SEC;
  for (int i = 0; i < 4096; i++)
    {
      __builtin_memcpy (&bits, &y[i], 4);
      sum = sum * 31 + bits;
    }
  printf ("%u %.3f\n", sum, seconds / 20000 / 4096 * 1e9);
}
C
try() {
  name=$1
  shift
  gcc -O3 -mavx2 -mfma -fno-math-errno -fno-trapping-math "$@" -S -o "$folder/silu.s" "$folder/silu.c"
  divisions=$(grep -c 'vdivps.*ymm' "$folder/silu.s")
  gcc -o "$folder/silu" "$folder/silu.s" "$folder/main.c"
  set -- $("$folder/silu")
  echo "$name: $divisions divisions of a vector, $2 ns a number, sum of bits $1"
  bits="${bits:-} $1" times="${times:-} $2" counts="${counts:-} $divisions"
}
gcc --version | head -n 1
try "two constant bounds"
try "two constant bounds, -fno-thread-jumps" -fno-thread-jumps
try "one bound" -DONE
set -- $counts $bits $times
if [ "$1" -le "$2" ] || [ "$2" != 1 ] || [ "$3" != 1 ] || [ "$4" != "$5" ] || [ "$5" != "$6" ]; then
  exit 1
fi
awk -v two="$7" -v one="$9" 'BEGIN { print "slower by", two / one; exit !(two > 1.5 * one) }'
