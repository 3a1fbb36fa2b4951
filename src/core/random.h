/* numpy.random.RandomState, number by number: MT19937 (Matsumoto & Nishimura 1998) seeded by init_genrand,
 * NumPy's legacy polar method for normal numbers, with its cached second value, and gamma numbers from these
 * (Marsaglia & Tsang 2000). */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  guint32 state[624];
  guint index;
  gboolean has_gauss; /* NumPy's "has_gauss": the polar method's second value waits in `gauss` */
  double gauss;
} EgRandomState;

/* RandomState(seed) for seed in 0 … 2³²−1. */
void eg_random_state_init (EgRandomState *self, guint32 seed);

guint32 eg_random_state_uint32 (EgRandomState *self);

/* random_sample(): 53 bits, in [0, 1). */
double eg_random_state_double (EgRandomState *self);

/* standard_normal(), one call of randn(). */
double eg_random_state_normal (EgRandomState *self);

/* randint(n): a whole number in [0, n), n ≥ 1. */
guint32 eg_random_state_below (EgRandomState *self, guint32 n);

/* uniform(-1, 1). */
double eg_random_state_uniform (EgRandomState *self);

/* chisquare(degrees), for degrees > 2. */
double eg_random_state_chisquare (EgRandomState *self, double degrees);

G_END_DECLS
