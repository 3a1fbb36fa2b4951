#include "core/half.h"
#include "core/random.h"

#include <math.h>
#include <string.h>

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  return g_test_run ();
}
