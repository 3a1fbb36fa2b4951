/* The noise that corrupts a subject (design §6): numpy.random.RandomState(seed).randn(samples, tokens, d),
 * draw by draw. */
#pragma once

#include "core/random.h"

G_BEGIN_DECLS

/* σ: the unbiased standard deviation of n values (two passes, double precision); 0 for fewer than two. */
double eg_noise_std (const float *values, gsize n);

/* to[i] = round (from[i] + scale·randn ()), the sum in double precision; in place allowed. Takes n draws. */
void eg_noise_add (EgRandomState *random, double scale, const float *from, gsize n, float *to);

G_END_DECLS
