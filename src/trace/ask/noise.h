/* The noise that corrupts a prompt (design §6): sample by sample, token by token, numpy.random.RandomState's
 * numbers in ROME's order, prng (samples, tokens, d). */
#pragma once

#include "core/random.h"
#include "library/model.h"
#include "trace/ask/corruption.h"

G_BEGIN_DECLS

/* σ: the unbiased standard deviation of n values (two passes, double precision); 0 for fewer than two. */
double eg_noise_std (const float *values, gsize n);

/* One stream of samples. Not to be used by two threads at once. */
typedef struct _EgNoise EgNoise;

/* Noise for the rows [n_rows, d] of a span's embeddings, of which prompt's σ is taken; reads what the scale
 * needs. Of a text, the root of the covariance is the symmetric one, which has no arbitrary signs; ROME takes
 * V·√S of an SVD, whose columns' signs and order are its library's, so that its numbers are these turned by
 * an orthogonal matrix: of the same distribution. Its χ² numbers are RandomState (2).chisquare (k, 1000);
 * here they go on after 1000. The corruption must have passed eg_corruption_check(), and not be a swap.
 * EG_ERROR_INVALID when the noise would be 0. (transfer full) */
EgNoise *eg_noise_new (EgModel *model,
                       const EgCorruption *corruption,
                       double level,
                       guint32 seed,
                       const float *rows,
                       gsize n_rows,
                       GCancellable *cancellable,
                       GError **error);
void eg_noise_free (EgNoise *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EgNoise, eg_noise_free)

/* σ, to which the level is relative; NaN for noise that follows a text. */
double eg_noise_get_std (const EgNoise *self);

/* The next sample: to [n_rows, d] = from + noise, or noise alone where it replaces; summed in double
 * precision and rounded once, in place allowed. */
void eg_noise_draw (EgNoise *self, const float *from, float *to);

G_END_DECLS
