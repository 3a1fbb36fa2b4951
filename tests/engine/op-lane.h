/* A backend at work on one op after another: memory, inputs drawn at random, and all that was written. */
#pragma once

#include "engine/backend.h"

G_BEGIN_DECLS

/**
 * OpLane:
 * @repeats: how often an op is run again to take its time; 0: not at all
 * @seconds: (out) of the last case's op, one run
 * @out: (out) of float: all that the op has written
 * @memory: device memory of the case
 */
typedef struct
{
  EgBackend *backend;
  EgStream *stream;
  guint repeats;
  double seconds;
  GArray *out;
  GPtrArray *memory;
} OpLane;

void op_lane_init (OpLane *lane, EgBackend *backend);
void op_lane_init_threads (OpLane *lane, EgBackend *backend, gsize n_threads);
void op_lane_clear (OpLane *lane);

/* Gives the case's memory back. */
void op_lane_release (OpLane *lane);

/* All of these give device memory of the case. */
float *op_upload (OpLane *lane, const float *values, gsize n);

/* n numbers of [low, high). */
float *op_draw (OpLane *lane, GRand *rand, gsize n, double low, double high);

/* What an op writes into, filled, so that what it must not write is seen, too. */
float *op_blank (OpLane *lane, gsize n);

/* Elements of a type: F16 of 2^−3 … 2^1, BF16 of 2^−31 … 1. */
EgMatrix op_draw_matrix (OpLane *lane, GRand *rand, EgDType dtype, gsize rows, gsize cols);

/* n floats of device memory join what the op has written. */
void op_append (OpLane *lane, const float *from, gsize n);

void op_wait (OpLane *lane);

/* Runs an op, and again as often as its time is to be taken. READ: what takes its output. */
#define OP_RUN(lane, READ, ...)                                                                              \
  G_STMT_START                                                                                               \
  {                                                                                                          \
    __VA_ARGS__;                                                                                             \
    READ;                                                                                                    \
    op_wait (lane);                                                                                          \
    const gint64 begin = g_get_monotonic_time ();                                                            \
    for (guint repeat = 0; repeat < (lane)->repeats; repeat++)                                               \
      __VA_ARGS__;                                                                                           \
    op_wait (lane);                                                                                          \
    (lane)->seconds = (double)(g_get_monotonic_time () - begin) / 1e6 / MAX ((lane)->repeats, 1);            \
  }                                                                                                          \
  G_STMT_END

G_END_DECLS
