/* How far a number may be from the golden one: tests/README.md says where tolerances come from. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Twice what golden/rounding.json has for a golden model, in its unit. @number: a metric's name, "logits" or
 * "resid". */
double rounding_tolerance (const char *model, const char *number);

/* Both missing (NaN), or no farther apart than the tolerance. What comes nearest to its tolerance is said
 * when the test ends. */
void rounding_assert_near (double found, double expected, double tolerance);

G_END_DECLS
