/* Gradients of ops beside central differences of their formulas in double precision. */
#pragma once

#include "engine/back.h"

#include <math.h>
#include <string.h>

G_BEGIN_DECLS

/* Numbers that a formula reads, as a test varies them, and as an op gets them. */
typedef struct
{
  gsize n;
  double *at;
  float *narrow;
} Values;

/* n numbers of [−1, 1), by one generator for all of a program. */
Values draw (gsize n);
void drop (Values *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Values, drop)
GRand *slopes_rand (void);

/* Their magnitudes, or those negated. */
void make_signs (Values *values, float sign);

typedef double (*Formula) (gconstpointer data);

/* The slope of a formula in one number that it reads. */
double slope (Formula formula, gconstpointer data, double *x);

/* Of all of some numbers. (transfer full) */
double *slopes (Formula formula, gconstpointer data, Values *values);

/* Within 4e-6 of the largest expected one. */
void assert_close (const float *found, const double *expected, gsize n, const char *what);

/* Backends, with threads. */
typedef struct
{
  EgBackend *(*get) (void);
  gsize n_threads;
} SlopeBackend;
#define N_SLOPE_BACKENDS 3
extern const SlopeBackend slope_backends[N_SLOPE_BACKENDS];

#define FOR_EACH_BACKEND(be, stream)                                                                         \
  for (gsize b_ = 0; b_ < N_SLOPE_BACKENDS; b_++)                                                            \
    for (EgBackend *be = slope_backends[b_].get (); be; be = NULL)                                           \
      for (EgStream *stream = be->stream_new (be, slope_backends[b_].n_threads); stream;                     \
           be->stream_free (stream), stream = NULL)

static inline double
sigmoid (double x)
{
  return 1 / (1 + exp (-x));
}

G_END_DECLS
