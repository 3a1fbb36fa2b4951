/* The highest values of a row, by a heap of k. */
#include "engine/cpu/top.h"

#include <math.h>
#include <stdlib.h>

static int
compare (gconstpointer a, gconstpointer b)
{
  const EgTopValue *x = a, *y = b;
  const float left = isnan (x->value) ? -INFINITY : x->value, right = isnan (y->value) ? -INFINITY : y->value;
  if (left != right)
    return left > right ? -1 : 1;
  return x->index < y->index ? -1 : 1;
}

/* heap: of k, none before the one above it in order, so that the root is the one to go first; its i-th may be
 * out of place. */
static void
sift (EgTopValue *heap, gsize k, gsize i)
{
  for (;;)
    {
      gsize last = i;
      for (gsize child = 2 * i + 1; child <= 2 * i + 2 && child < k; child++)
        if (compare (&heap[child], &heap[last]) > 0)
          last = child;
      if (last == i)
        return;
      const EgTopValue other = heap[i];
      heap[i] = heap[last];
      heap[last] = other;
      i = last;
    }
}

double
eg_cpu_top (EgTopValue *found, const float *values, gsize n, gsize k)
{
  for (gsize i = 0; i < k; i++)
    found[i] = (EgTopValue){ i, values[i] };
  for (gsize i = k / 2; i-- > 0;)
    sift (found, k, i);
  for (gsize i = k; i < n; i++)
    {
      const EgTopValue it = { i, values[i] };
      if (compare (&it, &found[0]) > 0)
        continue;
      found[0] = it;
      sift (found, k, 0);
    }
  qsort (found, k, sizeof *found, compare);

  double sum = 0;
  for (gsize i = 0; i < n; i++)
    sum += exp ((double)values[i] - (double)found[0].value);
  return sum;
}
